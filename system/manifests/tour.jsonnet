// SPDX-License-Identifier: Apache-2.0
//
// The tour: a prompt with a history of authority, and plugins that nobody has to trust.
local tessera = import 'tessera.libsonnet';

(import 'shell.jsonnet') {
  script:: 'tour',
  programs_listed:: ['plugin', 'plugin-host'],
  operator+:: ['history'],
  bundled+:: {
    history: tessera.client('history', 'AuthorityHistory', [
      'state',
      'refresh',
      'who',
      'holds',
      'path',
      'at',
      'diff',
      'reach',
      'uses',
      'whyNot',
      'whatIf',
      'suggest',
    ], 'for the bundles', data=4294967296),
  },
  endpoint+: { history: { messageMax: 256 } },
  program+: {
    authorityd: {
      order: 0,
      keep: true,
      grant: {
        server: tessera.server('history'),
        log: tessera.own('log', 'it closes pages, and gives away those that it has read'),
        'log-pages': tessera.own('log-pages', 'it reads the commits'),
        timer: tessera.own('timer', 'it looks at the log from time to time'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
  },
}
