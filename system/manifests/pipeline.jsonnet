// SPDX-License-Identifier: Apache-2.0
//
// Three times `relay`, a chain of servers, and `chain`, which calls through them.
local tessera = import 'tessera.libsonnet';
// Each calls the next one of the chain.
local next(endpoint) = tessera.client(endpoint, 'Relay', ['next', 'name', 'lie', 'leave']);
local relay(number, arguments) = {
  name: 'relay',
  order: number,
  arguments: arguments,
  grant: {
    server: tessera.server('relay-%d' % number),
    console: tessera.own('console'),
  },
};

tessera.manifest {
  first: 'init-min',
  endpoint+: { ['relay-%d' % number]: { messageMax: 256 } for number in [1, 2, 3] },
  program+: {
    'relay-1': relay(1, 'the first relay') { grant+: { next: next('relay-2') } },
    'relay-2': relay(2, 'the second relay') { grant+: { next: next('relay-3') } },
    'relay-3': relay(3, 'the third relay'),
    chain: { order: 4, grant: { relay: next('relay-1'), console: tessera.own('console') } },
  },
}
