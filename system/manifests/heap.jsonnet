// SPDX-License-Identifier: Apache-2.0
//
// `heap` alone.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'heap',
}
