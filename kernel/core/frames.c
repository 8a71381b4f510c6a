// SPDX-License-Identifier: Apache-2.0
//
// Free frames of the machine's memory. A frame that was given back carries the link to the next
// one in its first word; frames never used yet stay in their ranges, untouched, so that a large
// memory costs nothing at boot. Nothing in the kernel needs frames that follow each other.
#include <string.h>

#include "kernel/core/core.h"

void frames_init(struct frames *frames, const struct frame_range *ranges, uint32_t count)
{
    ASSERT(count <= FRAME_RANGES_MAX);
    *frames = (struct frames){.range_count = count, .first = NONE};
    for (uint32_t i = 0; i < count; i++) {
        frames->ranges[i] = ranges[i];
        frames->free_count += ranges[i].count;
    }
}

static uint32_t fresh_take(struct frames *frames)
{
    uint32_t range = 0;
    while (frames->ranges[range].count == 0) {
        range++;
        ASSERT(range < frames->range_count);
    }
    frames->ranges[range].count--;
    return frames->ranges[range].first++;
}

uint32_t frame_take(struct frames *frames)
{
    ASSERT(frames->free_count > 0);
    frames->free_count--;
    uint32_t frame = frames->first;
    if (frame == NONE) {
        frame = fresh_take(frames);
    } else {
        memcpy(&frames->first, frame_at(frame), sizeof frames->first);
    }
    memset(frame_at(frame), 0, PAGE_SIZE);
    return frame;
}

void frame_give(struct frames *frames, uint32_t frame)
{
    memcpy(frame_at(frame), &frames->first, sizeof frames->first);
    frames->first = frame;
    frames->free_count++;
}
