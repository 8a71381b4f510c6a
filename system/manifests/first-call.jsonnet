// SPDX-License-Identifier: Apache-2.0
//
// The smallest system that shows a call: `hello` prints a line; `pong` is a server, and `ping` may
// call two of its three methods.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'init-min',
  endpoint+: { ping: { messageMax: 4096 } },
  program+: {
    hello: {
      order: 1,
      grant: {
        console: tessera.own('console', 'to print its line'),
      },
    },
    pong: {
      order: 2,
      grant: {
        server: tessera.server('ping', 'it answers the calls'),
        console: tessera.own('console', 'to say what goes wrong'),
      },
    },
    ping: {
      order: 3,
      grant: {
        pong: tessera.client('ping', 'Ping', ['echo', 'greet'], 'reset is left out, to be refused'),
        console: tessera.own('console', 'to say what came of the calls'),
        timer: tessera.own('timer', 'one of its calls has a limit'),
        capabilities: tessera.own('capabilities', 'it makes a facet, and revokes it'),
      },
    },
  },
}
