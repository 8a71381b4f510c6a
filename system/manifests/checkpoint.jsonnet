// SPDX-License-Identifier: Apache-2.0
//
// `ledger`, which is started again and goes on from its checkpoints, and `scribe`, which makes
// commits meanwhile.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  memory+: { checkpoints: { pages: 64 } },
  program+: {
    ledger: {
      order: 1,
      arguments: '150',
      keep: true,
      grant: {
        log: tessera.own('log'),
        'log-pages': tessera.own('log-pages'),
        checkpoint: tessera.memory('checkpoints', true),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
      },
    },
    scribe: {
      order: 2,
      grant: {
        console: tessera.own('console'),
        capabilities: tessera.own('capabilities'),
        timer: tessera.own('timer'),
        log: tessera.own('log'),
        checkpoint: tessera.memory('checkpoints'),
      },
    },
  },
}
