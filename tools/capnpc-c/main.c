// SPDX-License-Identifier: Apache-2.0
//
// capnpc-c: the plugin that makes `capnp compile -o<path to capnpc-c>:<folder>` write C.
//
// Reads the compiler's request from standard input and writes <name>.capnp.h and <name>.capnp.c
// for every file that was named on the command line. What it can't generate it refuses: one line
// on standard error that names the place in the schema, and exit status 1.

#include "unit.h"

int main(void)
{
    request_read();
    struct capnp_list_reader files = request_files(request_root());
    for (uint32_t i = 0; i < files.count; i++) {
        file_generate(capnp_list_get_struct(files, i));
    }
    // Whatever was malformed in the request was read as a default: nothing generated can be kept.
    (void)request_root();
    return 0;
}
