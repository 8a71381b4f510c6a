// SPDX-License-Identifier: Apache-2.0
//
// Cap'n Proto messages without malloc: the whole library but calls (call.h). What generated code
// includes. See flat.h for the contract and for how errors are kept, tree.h for nested structs
// and lists, schema.h for the schema itself as data.

#ifndef LIB_CAPNP_CAPNP_H
#define LIB_CAPNP_CAPNP_H

#include "lib/capnp/any.h"
#include "lib/capnp/arena.h"
#include "lib/capnp/copy.h"
#include "lib/capnp/flat.h"
#include "lib/capnp/frame.h"
#include "lib/capnp/packed.h"
#include "lib/capnp/schema.h"
#include "lib/capnp/segment.h"
#include "lib/capnp/tree.h"

#endif
