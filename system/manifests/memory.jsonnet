// SPDX-License-Identifier: Apache-2.0
//
// `memory` alone.
local tessera = import 'tessera.libsonnet';

tessera.manifest {
  first: 'memory',
}
