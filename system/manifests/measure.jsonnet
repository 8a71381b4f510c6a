// SPDX-License-Identifier: Apache-2.0
//
// What `make bench` boots. The programs are prepared, so that a profile knows their addresses.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  endpoint+: { echo: { messageMax: 4096 } },
  program+: {
    'measure-echo': {
      order: 1,
      prepared: true,
      grant: {
        server: tessera.server('echo'),
        console: tessera.own('console'),
      },
    },
    measure: {
      order: 2,
      prepared: true,
      grant: {
        echo: tessera.client('echo', 'Measure', ['words', 'data']),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
      },
    },
  },
}
