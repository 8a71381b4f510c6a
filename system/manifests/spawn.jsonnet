// SPDX-License-Identifier: Apache-2.0
//
// `spawn`, which starts `guest` from its ELF files in many ways.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'spawn',
  program+: { guest: {}, 'guest-static': {} },
}
