// SPDX-License-Identifier: Apache-2.0
//
// The picture of `graph --format svg`: one moment, without a tool that lays out graphs.
#ifndef TOOLS_AUTHORITY_SVG_H
#define TOOLS_AUTHORITY_SVG_H

#include "tools/authority/authority.h"

void svg_draw(const struct history *history, struct authority_at at);

#endif
