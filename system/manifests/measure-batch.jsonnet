// SPDX-License-Identifier: Apache-2.0
//
// Calls in a batch and a capability that goes to and fro, for `make bench`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  endpoint+: { echo: { messageMax: 4096 }, hand: { messageMax: 512 } },
  program+: {
    'measure-echo': {
      order: 1,
      grant: {
        server: tessera.server('echo'),
        console: tessera.own('console'),
      },
    },
    'measure-token': {
      order: 1,
      grant: {
        server: tessera.server('hand'),
        console: tessera.own('console'),
      },
    },
    'measure-batch': {
      order: 2,
      grant: {
        echo: tessera.client('echo', 'Measure', ['words', 'data']),
        hand: tessera.client('hand', 'MeasureToken', ['hand', 'leave']),
        token: tessera.own('timer'),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
      },
    },
  },
}
