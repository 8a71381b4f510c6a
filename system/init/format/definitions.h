// SPDX-License-Identifier: Apache-2.0
//
// A file of definitions:
//
//     {
//       "services": {
//         "web": {"ImagePath": "web", "Requires": ["db"], "Triggers": ["boot"], "Type": "Simple"},
//         ...
//       },
//       "mounts": {"data": {"ImagePath": "/dev/data", "Triggers": ["boot"]}},
//       "system": {"ServiceSecurity": "D:(A;CI;0xf;;;SY)", "ControlSecurity": "D:(A;;0x3;;;SY)"}
//     }
//
// Of "system", ServiceSecurity is the descriptor of the key above all services, from which those
// without one of their own inherit; ControlSecurity is that of shutdown and reload_config.
//
// The fields are those of system/init/manager/field.def. A choice is a number or its name, or true
// and false; a list of one item may be that item; null is as if the field was not given.
#ifndef INIT_FORMAT_DEFINITIONS_H
#define INIT_FORMAT_DEFINITIONS_H

#include "lib/json/json.h"
#include "system/init/manager/catalogue.h"

// Reads all of it into the catalogue's new set, as catalogue_stage() does one. What is wrong is in
// the catalogue's problems, with the line; then come catalogue_stage_end() and what follows. False
// if the text has no shape to speak of, and nothing was read.
bool definitions_read(struct catalogue *catalogue, const char *text, size_t size,
                      struct json_node *nodes, uint32_t nodes_max);

#endif
