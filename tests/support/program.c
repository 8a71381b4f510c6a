// SPDX-License-Identifier: Apache-2.0
//
// Acting as a program: everything here goes through the mappings that the kernel made, with their
// rights, so that a test sees what the program would see and no more.
#include <string.h>

#include "abi/commit.h"
#include "abi/start.h"
#include "tests/support/machine.h"

// Finds the bytes from an address to the end of its page; NULL: the program would fault.
static uint8_t *page_bytes(uint32_t space, uint64_t address, uint32_t right)
{
    uint64_t inside = address - hal_space_base(space);
    const struct machine_mapping *mapping = machine_mapping_find(space, inside / PAGE_SIZE);

    if (mapping == NULL || (mapping->rights & right) == 0) {
        return NULL;
    }
    return hal_frames + (uint64_t)mapping->frame * PAGE_SIZE + inside % PAGE_SIZE;
}

static uint64_t rest_of_page(uint64_t address, uint64_t size)
{
    uint64_t rest = PAGE_SIZE - address % PAGE_SIZE;

    return size < rest ? size : rest;
}

bool machine_read(uint32_t space, uint64_t address, void *bytes, uint64_t size)
{
    uint8_t *to = bytes;

    while (size > 0) {
        uint64_t part = rest_of_page(address, size);
        const uint8_t *from = page_bytes(space, address, RIGHT_READ);
        if (from == NULL) {
            return false;
        }
        memcpy(to, from, part);
        to += part;
        address += part;
        size -= part;
    }
    return true;
}

static bool bytes_put(uint32_t space, uint64_t address, const void *bytes, uint64_t size)
{
    const uint8_t *from = bytes;

    while (size > 0) {
        uint64_t part = rest_of_page(address, size);
        uint8_t *to = page_bytes(space, address, RIGHT_WRITE);
        if (to == NULL) {
            return false;
        }
        memcpy(to, from, part);
        from += part;
        address += part;
        size -= part;
    }
    return true;
}

bool machine_write(uint32_t space, uint64_t address, const void *bytes, uint64_t size)
{
    machine_deed(MACHINE_WRITE, space, address, size, bytes);
    return bytes_put(space, address, bytes, size);
}

// --- Where the program would not look twice: a fault here is a broken test or kernel ------------

static void must_read(uint32_t space, uint64_t address, void *bytes, uint64_t size)
{
    if (!machine_read(space, address, bytes, size)) {
        machine_fail("the program can't read what the kernel gave it", address);
    }
}

static void must_write(uint32_t space, uint64_t address, const void *bytes, uint64_t size)
{
    if (!bytes_put(space, address, bytes, size)) {
        machine_fail("the program can't write what the kernel gave it", address);
    }
}

static const struct machine_thread *alive(uint32_t thread)
{
    if (thread >= MACHINE_THREADS_MAX || !machine.threads[thread].alive) {
        machine_fail("this thread does not live", thread);
    }
    return &machine.threads[thread];
}

static struct start start_of(uint32_t thread)
{
    const struct machine_thread *of = alive(thread);
    struct start start;

    must_read(of->space, of->argument, &start, sizeof(start));
    return start;
}

uint64_t machine_ring(uint32_t thread)
{
    return start_of(thread).ring;
}

static struct ring_header header_of(uint32_t thread)
{
    struct ring_header header;

    must_read(alive(thread)->space, machine_ring(thread), &header, sizeof(header));
    return header;
}

bool machine_submit(uint32_t thread, const struct sqe *sqe)
{
    struct ring_header header = header_of(thread);
    uint32_t space = alive(thread)->space;
    uint64_t ring = machine_ring(thread);
    uint32_t tail = header.sq_tail + 1;

    if (header.sq_tail - header.sq_head >= header.sq_entries) {
        return false;
    }
    machine_deed(MACHINE_SUBMIT, thread, 0, 0, sqe);
    uint64_t place = header.sq_tail & (header.sq_entries - 1);
    must_write(space, ring + header.sq_offset + place * sizeof(*sqe), sqe, sizeof(*sqe));
    must_write(space, ring + offsetof(struct ring_header, sq_tail), &tail, sizeof(tail));
    return true;
}

bool machine_reap(uint32_t thread, struct cqe *cqe)
{
    struct ring_header header = header_of(thread);
    uint32_t space = alive(thread)->space;
    uint64_t ring = machine_ring(thread);
    uint32_t head = header.cq_head + 1;

    if (header.cq_tail == header.cq_head) {
        return false;
    }
    uint64_t place = header.cq_head & (header.cq_entries - 1);
    must_read(space, ring + header.cq_offset + place * sizeof(*cqe), cqe, sizeof(*cqe));
    machine_deed(MACHINE_REAP, thread, 0, 0, cqe);
    must_write(space, ring + offsetof(struct ring_header, cq_head), &head, sizeof(head));
    return true;
}

bool machine_do(uint32_t thread, const struct sqe *sqe, struct cqe *cqe)
{
    if (!machine_run_until(thread)) {
        return false;
    }
    if (!machine_submit(thread, sqe)) {
        machine_fail("the thread's SQ is full", thread);
    }
    machine_enter(thread, 1, TIMEOUT_NONE);
    return machine.end == MACHINE_RUNS && machine.threads[thread].alive &&
           machine_reap(thread, cqe);
}

bool machine_message_read(uint32_t thread, uint32_t offset, void *bytes, uint32_t size)
{
    uint64_t area = machine_ring(thread) + header_of(thread).message_offset;

    return machine_read(alive(thread)->space, area + offset, bytes, size);
}

bool machine_message_write(uint32_t thread, uint32_t offset, const void *bytes, uint32_t size)
{
    uint64_t area = machine_ring(thread) + header_of(thread).message_offset;

    return machine_write(alive(thread)->space, area + offset, bytes, size);
}

cap_t machine_capability(uint32_t thread, const char *name)
{
    struct start start = start_of(thread);
    uint32_t space = alive(thread)->space;
    struct capset capset;

    must_read(space, start.capset, &capset, sizeof(capset));
    for (uint64_t i = 0; i < capset.count; i++) {
        struct capset_entry entry;
        must_read(space, start.capset + sizeof(capset) + i * sizeof(entry), &entry, sizeof(entry));
        if (strncmp(entry.name, name, NAME_SIZE) == 0) {
            return (cap_t){entry.cap};
        }
    }
    return (cap_t){0};
}
