// SPDX-License-Identifier: Apache-2.0
//
// `threads` alone.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'threads',
}
