// SPDX-License-Identifier: Apache-2.0
//
// Time and chance, from the seed alone. The clock moves a little with every reading; sometimes
// much, as if the program had computed for long, so that time slices run out and deadlines pass
// between any two entries. An idle machine sleeps by setting the clock to the armed deadline.
//
// Numbers come from xoshiro256** (Blackman and Vigna), its state filled by splitmix64 as its
// authors advise.
//
// A live machine, which somebody sits at, has the host's clock instead.
#include "hal/sim/sim.h"

#include <time.h>

enum {
    READING_NS_MIN = 50,
    READING_NS_SPREAD = 2000,
    LONG_ONE_IN = 32, // readings after a long computation
    LONG_NS_SPREAD = 1000000,
};

struct stream {
    uint64_t s[4];
};

static struct stream streams[SIM_STREAM_COUNT];
static uint64_t now_ns;
static uint64_t live_since_ns; // on the host's clock; 0: not live

static uint64_t splitmix64(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, unsigned count)
{
    return x << count | x >> (64 - count);
}

uint64_t sim_draw(enum sim_stream stream)
{
    uint64_t *s = streams[stream].s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

void sim_time_init(uint64_t seed)
{
    for (uint32_t i = 0; i < SIM_STREAM_COUNT; i++) {
        for (uint32_t word = 0; word < 4; word++) {
            streams[i].s[word] = splitmix64(&seed);
        }
    }
}

static uint64_t host_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void sim_clock_live(void)
{
    live_since_ns = host_ns();
}

uint64_t sim_clock_read(void)
{
    if (live_since_ns != 0) {
        now_ns = host_ns() - live_since_ns;
        return now_ns;
    }
    uint64_t step_ns = READING_NS_MIN + sim_draw(SIM_STREAM_CLOCK) % READING_NS_SPREAD;

    if (sim_draw(SIM_STREAM_CLOCK) % LONG_ONE_IN == 0) {
        step_ns += sim_draw(SIM_STREAM_CLOCK) % LONG_NS_SPREAD;
    }
    now_ns += step_ns;
    return now_ns;
}

void sim_clock_add(uint64_t elapsed_ns)
{
    now_ns += elapsed_ns;
}

void hal_arm(uint64_t deadline_ns)
{
    sim_cpu->armed_ns = deadline_ns;
}

bool sim_timer_take(void)
{
    if (sim_cpu->armed_ns == UINT64_MAX || now_ns < sim_cpu->armed_ns) {
        return false;
    }
    sim_cpu->armed_ns = UINT64_MAX;
    return true;
}

bool sim_clock_sleep(void)
{
    if (sim_cpu->armed_ns == UINT64_MAX) {
        return false;
    }
    if (now_ns < sim_cpu->armed_ns) {
        now_ns = sim_cpu->armed_ns;
    }
    return true;
}

void sim_clock_jump(uint64_t to_ns)
{
    now_ns = now_ns < to_ns ? to_ns : now_ns;
}
