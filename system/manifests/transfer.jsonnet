// SPDX-License-Identifier: Apache-2.0
//
// `zoo`, which starts `locker` and hands it capabilities.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'zoo',
  program+: { locker: {} },
}
