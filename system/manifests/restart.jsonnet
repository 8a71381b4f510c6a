// SPDX-License-Identifier: Apache-2.0
//
// `keeper`, a supervisor, which starts `mortal` again, and its client `patient`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'keeper',
  program+: { mortal: {}, patient: {} },
}
