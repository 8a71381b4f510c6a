// SPDX-License-Identifier: Apache-2.0
//
// `ipc`, which ends the other side of calls, `ipc-end`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'ipc',
  program+: { 'ipc-end': {} },
}
