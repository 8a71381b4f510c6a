// SPDX-License-Identifier: Apache-2.0
//
// `stream`, which starts `source`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'stream',
  program+: { source: {} },
}
