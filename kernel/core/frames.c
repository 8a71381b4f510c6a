// SPDX-License-Identifier: Apache-2.0
//
// Free frames of the machine's memory. A frame that was given back carries the link to the next
// one in its first word; frames never used yet stay in their ranges, untouched, so that a large
// memory costs nothing at boot. Runs of FRAME_RUN consecutive frames are kept apart: a run may be
// broken into single frames when those run out, never the other way round.
#include <string.h>

#include "kernel/core/core.h"

void frames_init(struct frames *frames, const struct frame_range *ranges, uint32_t count)
{
    ASSERT(count <= FRAME_RANGES_MAX);
    *frames = (struct frames){.range_count = count, .first_single = NONE, .first_run = NONE};
    for (uint32_t i = 0; i < count; i++) {
        frames->ranges[i] = ranges[i];
    }
}

static uint32_t range_with(const struct frames *frames, uint32_t count)
{
    for (uint32_t i = 0; i < frames->range_count; i++) {
        if (frames->ranges[i].count >= count) {
            return i;
        }
    }
    return NONE;
}

bool frames_check(const struct frames *frames, uint32_t singles, uint32_t runs)
{
    uint32_t runs_left = frames->run_count;
    for (uint32_t i = 0; i < frames->range_count; i++) {
        runs_left += frames->ranges[i].count / FRAME_RUN;
    }
    return runs <= runs_left && singles <= frames->single_count + (runs_left - runs) * FRAME_RUN;
}

static uint32_t list_take(uint32_t *first, uint32_t *count)
{
    uint32_t frame = *first;
    memcpy(first, frame_at(frame), sizeof *first);
    (*count)--;
    return frame;
}

static void list_give(uint32_t *first, uint32_t *count, uint32_t frame)
{
    memcpy(frame_at(frame), first, sizeof *first);
    *first = frame;
    (*count)++;
}

static uint32_t range_take(struct frames *frames, uint32_t count)
{
    uint32_t range = range_with(frames, count);
    ASSERT(range != NONE);
    uint32_t frame = frames->ranges[range].first;
    frames->ranges[range].first += count;
    frames->ranges[range].count -= count;
    return frame;
}

static uint32_t run_take(struct frames *frames)
{
    if (frames->first_run != NONE) {
        return list_take(&frames->first_run, &frames->run_count);
    }
    return range_take(frames, FRAME_RUN);
}

// The caller checked with frames_check, as for frame_run_take.
uint32_t frame_take(struct frames *frames)
{
    if (frames->first_single == NONE) {
        uint32_t run = run_take(frames);
        for (uint32_t i = FRAME_RUN; i > 0; i--) {
            list_give(&frames->first_single, &frames->single_count, run + i - 1);
        }
    }
    uint32_t frame = list_take(&frames->first_single, &frames->single_count);
    memset(frame_at(frame), 0, PAGE_SIZE);
    return frame;
}

uint32_t frame_run_take(struct frames *frames)
{
    uint32_t frame = run_take(frames);
    memset(frame_at(frame), 0, FRAME_RUN * PAGE_SIZE);
    return frame;
}

void frame_give(struct frames *frames, uint32_t frame)
{
    list_give(&frames->first_single, &frames->single_count, frame);
}

void frame_run_give(struct frames *frames, uint32_t frame)
{
    list_give(&frames->first_run, &frames->run_count, frame);
}
