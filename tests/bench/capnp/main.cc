// SPDX-License-Identifier: Apache-2.0
//
// Runs each operation of operations.h on both sides in turns, 21 times each, and prints
// "<operation> <fields> <our nanoseconds> <theirs>": the medians, of one operation.

#include "tests/bench/capnp/operations.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace {

enum { RUNS = 21 };

const char *const names[OPERATION_COUNT] = {"build",        "read", "copy",
                                            "canonicalise", "pack", "unpack"};
const int fields[SIZE_COUNT] = {1, 8, 64, 10000};

volatile uint64_t sink;

double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

// Nanoseconds of one operation, of as many as take half a millisecond or so.
double measure(operation_run *run, int times) {
    double start = seconds();
    for (int i = 0; i < times; i++) {
        sink = sink + run();
    }
    return (seconds() - start) * 1e9 / times;
}

} // namespace

int main() {
    ours_prepare();
    theirs_prepare();
    for (int operation = 0; operation < OPERATION_COUNT; operation++) {
        for (int size = 0; size < SIZE_COUNT; size++) {
            operation_run *runs[2] = {ours[operation][size], theirs[operation][size]};
            if (runs[0]() != runs[1]()) {
                fprintf(stderr, "%s of %d fields: the two sides differ: %llu, %llu\n",
                        names[operation], fields[size], (unsigned long long)runs[0](),
                        (unsigned long long)runs[1]());
                return 1;
            }
            int times = int(5e5 / std::max(1.0, measure(runs[1], 10))) + 1;
            double values[2][RUNS];
            for (int i = 0; i < RUNS; i++) {
                values[0][i] = measure(runs[0], times);
                values[1][i] = measure(runs[1], times);
            }
            for (auto &side : values) {
                std::nth_element(side, side + RUNS / 2, side + RUNS);
            }
            printf("%s %d %.1f %.1f\n", names[operation], fields[size], values[0][RUNS / 2],
                   values[1][RUNS / 2]);
        }
    }
    return 0;
}
