// SPDX-License-Identifier: Apache-2.0
//
// `measure-job` alone, for `make bench`.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'measure-job',
}
