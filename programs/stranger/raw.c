// SPDX-License-Identifier: Apache-2.0
//
// See raw.h.

#include "programs/stranger/raw.h"

struct stranger stranger;

// D. Lehmer's generator with the multiplier of P. L'Ecuyer; the upper bits are good enough here.
uint64_t random_word(void)
{
    stranger.random =
        stranger.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return stranger.random ^ stranger.random >> 29;
}

uint32_t random_below(uint32_t limit)
{
    return (uint32_t)(random_word() >> 16) % limit;
}

bool raw_request(const struct sqe *sqe, uint64_t timeout_ns, struct cqe *cqe)
{
    struct ring_user *ring = &tsr_self()->ring;
    *ring_user_next(ring) = *sqe;
    ring_user_publish(ring);
    for (;;) {
        int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, 1, timeout_ns);
        if (entered <= 0) {
            return false;
        }
        while (ring_user_reap(ring, cqe)) {
            if (cqe->user_data == sqe->user_data) {
                return true;
            }
        }
    }
}
