// SPDX-License-Identifier: Apache-2.0
//
// `measure-spawn`, which starts `hello` again and again, for `make bench`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'measure-spawn',
  program+: { hello: {} },
}
