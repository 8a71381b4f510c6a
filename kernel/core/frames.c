// SPDX-License-Identifier: Apache-2.0
//
// Free frames of the machine's memory: a list of ranges, each described in its own first frame, so
// that a large memory costs nothing at boot. A frame that is given back is a range of one. Nothing
// in the kernel needs frames that follow each other.
#include <string.h>

#include "kernel/core/core.h"

struct range {
    uint32_t next; // NONE: the last one
    uint32_t count;
};

void frames_give(struct frames *frames, uint32_t first, uint32_t count)
{
    *(struct range *)frame_at(first) = (struct range){frames->first, count};
    frames->first = first;
    frames->free_count += count;
}

uint32_t frame_take(struct frames *frames)
{
    ASSERT(frames->free_count > 0);
    uint32_t frame = frames->first;
    struct range range = *(const struct range *)frame_at(frame);
    frames->first = range.next;
    frames->free_count -= range.count;
    if (range.count > 1) {
        frames_give(frames, frame + 1, range.count - 1);
    }
    memset(frame_at(frame), 0, PAGE_SIZE);
    return frame;
}
