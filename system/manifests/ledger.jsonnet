// SPDX-License-Identifier: Apache-2.0
//
// `ledger` takes the pages of the log and `flood` fills them, while `ping` calls `pong`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  endpoint+: { ping: { messageMax: 4096 } },
  memory+: { checkpoints: { pages: 64 } },
  program+: {
    ledger: {
      order: 1,
      arguments: '500',
      keep: true,
      grant: {
        log: tessera.own('log', 'it acknowledges what it has verified'),
        'log-pages': tessera.own('log-pages', 'it reads the commits'),
        checkpoint: tessera.memory('checkpoints', true, 'it leaves there what it has verified'),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
      },
    },
    flood: {
      order: 2,
      grant: {
        console: tessera.own('console'),
        capabilities: tessera.own('capabilities'),
      },
    },
    pong: {
      order: 3,
      grant: {
        server: tessera.server('ping'),
        console: tessera.own('console'),
      },
    },
    ping: {
      order: 4,
      grant: {
        pong: tessera.client('ping', 'Ping', ['echo', 'greet']),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
        capabilities: tessera.own('capabilities'),
      },
    },
  },
}
