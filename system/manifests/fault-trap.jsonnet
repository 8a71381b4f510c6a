// SPDX-License-Identifier: Apache-2.0
//
// `stray`, once for each wrong way into the kernel; and `hello`, unharmed.
local tessera = import 'tessera.libsonnet';

local misdeeds = [
  'enter-by-number',
  'enter-by-large-number',
  'enter-without-stack',
  'enter-with-flags',
  'enter-without-segments',
  'enter-by-interrupt',
  'enter-by-sysenter',
  'interrupt',
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
