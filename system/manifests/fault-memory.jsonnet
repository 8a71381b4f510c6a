// SPDX-License-Identifier: Apache-2.0
//
// `stray`, once for each misdeed with memory; and `hello`, which has to be unharmed.
local tessera = import 'tessera.libsonnet';

local misdeeds = [
  'read-nothing',
  'read-kernel',
  'write-text',
  'write-start',
  'execute-data',
  'execute-stack',
  'use-up-stack',
  'lose-stack',
];

tessera.manifest {
  first: 'init-min',
  program+: {
    ['stray-%02d' % i]: {
      name: 'stray',
      arguments: misdeeds[i],
      grant: { console: tessera.own('console') },
    }
    for i in std.range(0, std.length(misdeeds) - 1)
  } + {
    hello: { order: 60, grant: { console: tessera.own('console') } },
  },
}
