// SPDX-License-Identifier: Apache-2.0
//
// What `make bench` boots. The addresses of the programs are known, for a profile.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  endpoint+: { echo: { messageMax: 4096 } },
  program+: {
    'measure-echo': {
      order: 1,
      fixed: true,
      grant: {
        server: tessera.server('echo'),
        console: tessera.own('console'),
      },
    },
    measure: {
      order: 2,
      fixed: true,
      grant: {
        echo: tessera.client('echo', 'Measure', ['words', 'data']),
        console: tessera.own('console'),
        timer: tessera.own('timer'),
      },
    },
  },
}
