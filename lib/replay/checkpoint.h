// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints (abi/checkpoint.h): a replica's state as bytes that stand for all pages before them.
//
//     size = checkpoint_size(&replay); checkpoint_write(&replay, bytes)
//
//     checkpoint_open(&checkpoint, bytes, size)       its form, and that its hash is right
//     checkpoint_load(&checkpoint, &replay, storage)  the state; then replay_page() goes on
//
// Any bytes may be opened and loaded: each record is checked as one of a log is, and what was
// loaded has to have the same canonical form. Whether the state is the right one the hash alone
// says: compare it with one from elsewhere.
#ifndef LIB_REPLAY_CHECKPOINT_H
#define LIB_REPLAY_CHECKPOINT_H

#include "abi/checkpoint.h"
#include "lib/replay/replay.h"

struct checkpoint {
    struct checkpoint_header header;
    const struct commit *records;  // header.records
    const struct commit_id *slots; // free and retired ones, of each arena
    uint8_t hash[HASH_SIZE];       // of the state
};

uint64_t checkpoint_size(const struct replay *replay);

// `bytes`: checkpoint_size() bytes, aligned to 8.
void checkpoint_write(const struct replay *replay, void *bytes);

// The state's hash alone.
void checkpoint_hash(const struct replay *replay, uint8_t hash[HASH_SIZE]);

// `bytes` are aligned to 8 and stay in use. REPLAY_CHECKPOINT_...: it is none, or broken.
struct replay_error checkpoint_open(struct checkpoint *checkpoint, const void *bytes, size_t size);

// `storage`: as for replay_init, of header.config.
struct replay_error checkpoint_load(const struct checkpoint *checkpoint, struct replay *replay,
                                    void *storage);

// The configuration of the checkpoint's machine, as the state has it.
struct state_config checkpoint_config(const struct checkpoint *checkpoint);

#endif
