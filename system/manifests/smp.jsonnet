// SPDX-License-Identifier: Apache-2.0
//
// `crowd`, which starts `toiler` several times.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'crowd',
  program+: {
    toiler: {},
  },
}
