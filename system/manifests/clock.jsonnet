// SPDX-License-Identifier: Apache-2.0
//
// The prompt of `make run`, with the example driver beside it: `make run PROMPT=clock`, and there
// `call clock now`.
local tessera = import 'tessera.libsonnet';

(import 'prompt.jsonnet') {
  operator+:: ['clock'],
  bundled+:: {
    clock: tessera.client('clock', 'WallClock', ['now', 'nextSecond'], 'for the bundle'),
  },
} + (import '../../drivers/example/clock/policy.libsonnet')()
