// SPDX-License-Identifier: Apache-2.0
//
// `lender`, which starts `flooder` in a job of its own.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'lender',
  program+: { flooder: {} },
}
