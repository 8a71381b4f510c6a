// SPDX-License-Identifier: Apache-2.0
//
// What the clock's driver is granted, and nothing else: to be added to a manifest. `endpoint` is
// where its clients call it.
local tessera = import 'tessera.libsonnet';

function(endpoint='clock') {
  endpoint+: { [endpoint]: { messageMax: 128 } },
  program+: {
    clock: {
      order: 60,  // behind what people wait for
      keep: true,
      why: 'the time of day',
      grant: {
        server: tessera.server(endpoint, 'its clients call it'),
        // Bit 7 of the first port keeps non-maskable interrupts away: who has it is trusted so far.
        ports: tessera.ports(112, 2, 'the registers: which one, and that one'),
        interrupt: tessera.line(8, 'the device says there that a second is over'),
        bell: tessera.bell('where it is told'),
        console: tessera.own('console', 'to say why it ends'),
      },
    },
  },
}
