// SPDX-License-Identifier: Apache-2.0
//
// `bells`, which starts `listener`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'bells',
  program+: { listener: {} },
}
