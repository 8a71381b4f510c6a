// SPDX-License-Identifier: Apache-2.0
//
// Writes a run down as C: what is done to the machine, and what the model says must come of it, one
// call of reproduce.h a line. So a sequence that fails becomes a unit test that needs neither
// chance nor model (shrink.py).
#ifndef TESTS_PROPERTY_RECORD_H
#define TESTS_PROPERTY_RECORD_H

// From now on, into this file; ends the test where it can't be written.
void record_begin(const char *path);

// A line, if a file was begun.
__attribute__((format(printf, 1, 2))) void record(const char *format, ...);

#endif
