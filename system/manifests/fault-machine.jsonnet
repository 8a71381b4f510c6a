// SPDX-License-Identifier: Apache-2.0
//
// `stray`, once for each instruction that a program may not run; and `hello`, unharmed.
local tessera = import 'tessera.libsonnet';

local misdeeds = [
  'halt',
  'in',
  'out',
  'cli',
  'page-table',
  'msr',
  'descriptors',
  'undefined',
  'breakpoint',
  'divide',
  'single-step',
  'jump-nowhere',
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
