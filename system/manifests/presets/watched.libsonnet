// SPDX-License-Identifier: Apache-2.0
//
// The log never fills: somebody takes its pages. For manifests whose first program is init-min.
local tessera = import 'tessera.libsonnet';

{
  program+: if super.first != 'init-min' then {} else {
    ledger: {
      order: 0,
      keep: true,
      grant: {
        log: tessera.own('log', 'it acknowledges what it has verified'),
        'log-pages': tessera.own('log-pages', 'it reads the commits'),
        console: tessera.own('console', 'to say how far it is'),
        timer: tessera.own('timer', 'it looks at the log from time to time'),
      },
    },
  },
}
