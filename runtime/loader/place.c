// SPDX-License-Identifier: Apache-2.0
//
// Where image, stack and thread's block go: each to a random place of what is free, so that an
// address in one says nothing of the others. Randomness is a stream of numbers that follows from
// the seed (the generator SplitMix64: a counter in steps of the golden ratio, mixed), so equal
// seeds give equal places. It is not cryptographic: who learns several places may learn the seed.
#include "runtime/loader/parts.h"

static uint64_t random_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

void loader_place_take(struct places *places, struct loader_range taken)
{
    uint32_t i = places->taken_count++;
    for (; i > 0 && places->taken[i - 1].low > taken.low; i--) {
        places->taken[i] = places->taken[i - 1];
    }
    places->taken[i] = taken;
}

// What is free behind the first `index` taken ranges, up to the next one.
static struct loader_range gap_of(const struct places *places, uint32_t index)
{
    return (struct loader_range){index == 0 ? places->range.low : places->taken[index - 1].high,
                                 index == places->taken_count ? places->range.high
                                                              : places->taken[index].low};
}

// How many addresses of a gap will do, and the first of them.
static uint64_t slots_of(struct loader_range gap, uint64_t size, uint64_t alignment,
                         uint64_t remainder, uint64_t *first)
{
    *first = gap.low + ((remainder - gap.low) & (alignment - 1));
    bool is_possible = *first >= gap.low && *first <= gap.high && gap.high - *first >= size;
    return is_possible ? (gap.high - *first - size) / alignment + 1 : 0;
}

bool loader_place_choose(struct places *places, uint64_t size, uint64_t alignment,
                         uint64_t remainder, struct loader_range *taken)
{
    uint64_t first;
    uint64_t count = 0;
    for (uint32_t i = 0; i <= places->taken_count; i++) {
        count += slots_of(gap_of(places, i), size, alignment, remainder, &first);
    }
    if (count == 0) {
        return false;
    }
    uint64_t slot = random_next(&places->random) % count;
    for (uint32_t i = 0; i <= places->taken_count; i++) {
        uint64_t here = slots_of(gap_of(places, i), size, alignment, remainder, &first);
        if (slot < here) {
            break;
        }
        slot -= here;
    }
    taken->low = first + slot * alignment;
    taken->high = taken->low + size;
    loader_place_take(places, *taken);
    return true;
}
