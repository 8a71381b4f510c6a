// SPDX-License-Identifier: Apache-2.0
//
// `authorityd`, which answers who could do what, and `asker`, which asks it about a pipeline's
// programs: once as somebody who may know of all, once as one who may know of its own job.
local tessera = import 'tessera.libsonnet';

local asked = [
  'state',
  'who',
  'holds',
  'path',
  'at',
  'diff',
  'reach',
  'uses',
  'whyNot',
  'names',
  'named',
  'assert',
  'graph',
  'prove',
];
local history(methods, job) =
  tessera.client('history', 'AuthorityHistory', methods, data=4294967296 + job);

(import 'pipeline.jsonnet') {
  endpoint+: { history: { messageMax: 896 } },
  program+: {
    chain+: { arguments: 'stay' },
    authorityd: {
      order: 0,
      keep: true,
      grant: {
        server: tessera.server('history'),
        log: tessera.own('log'),
        'log-pages': tessera.own('log-pages'),
        timer: tessera.own('timer'),
        package: tessera.own('package'),
        console: tessera.own('console'),
      },
    },
    asker: {
      order: 9,
      grant: {
        console: tessera.own('console'),
        history: history(asked + ['refresh', 'suggest', 'whatIf'], 0),
        own: history(asked, 1),
        relay: tessera.client('relay-1', 'Relay', ['next', 'leave']),
      },
    },
  },
}
