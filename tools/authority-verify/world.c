// SPDX-License-Identifier: Apache-2.0
//
// Reading commits, one function a kind, from what abi/commit.h says of them. Kinds that change
// nothing about who may do what (threads, memory, limits, marks) are passed over; what names
// something that is not there is refused: no machine writes that.
#include <stdlib.h>
#include <string.h>

#include "tools/authority-verify/verify.h"

enum { SLOTS_MAX = 1 << 20 };

// --- Lists --------------------------------------------------------------------------------------

static void *room(void *old, size_t count, size_t size)
{
    void *bytes = realloc(old, count * size + 1);

    if (bytes == NULL)
        refuse("there is not enough memory for it");
    return bytes;
}

static void list_make(struct list *list, uint32_t slots, size_t size)
{
    if (slots > SLOTS_MAX)
        refuse("its machine says that it has %u slots of one kind", slots);
    *list = (struct list){.slot_count = slots, .size = size};
    list->slots = room(NULL, slots, sizeof(*list->slots));
    memset(list->slots, 0xff, slots * sizeof(*list->slots));
}

static void *item(const struct list *list, uint32_t place)
{
    return (uint8_t *)list->items + (size_t)place * list->size;
}

// The place of what is in a slot.
static uint32_t find(const struct world *world, const struct list *list, uint32_t slot)
{
    if (slot >= list->slot_count || list->slots[slot] == NOTHING)
        refuse("commit %llu names what is not there", (unsigned long long)world->seq);
    return list->slots[slot];
}

static void *put(const struct world *world, struct list *list, uint32_t slot, const void *record)
{
    if (slot >= list->slot_count || list->slots[slot] != NOTHING)
        refuse("commit %llu makes what there is no room for", (unsigned long long)world->seq);
    if (list->count == list->room) {
        list->room = list->room * 2 + 64;
        list->items = room(list->items, list->room, list->size);
    }
    list->slots[slot] = list->count;
    return memcpy(item(list, list->count++), record, list->size);
}

static void *taken(const struct world *world, struct list *list, uint32_t slot)
{
    void *record = item(list, find(world, list, slot));

    list->slots[slot] = NOTHING;
    return record;
}

const struct session *session_at(const struct world *world, uint32_t place)
{
    return item(&world->sessions, place);
}

const struct process *process_at(const struct world *world, uint32_t place)
{
    return item(&world->processes, place);
}

const struct object *object_at(const struct world *world, uint32_t place)
{
    return item(&world->objects, place);
}

const struct facet *facet_at(const struct world *world, uint32_t place)
{
    return item(&world->facets, place);
}

const struct hold *hold_at(const struct world *world, uint32_t place)
{
    return item(&world->holds, place);
}

bool job_is_killed(const struct world *world, uint32_t job)
{
    const struct job *at = item(&world->jobs, job);

    while (!at->is_killed && at->parent != NOTHING)
        at = item(&world->jobs, at->parent);
    return at->is_killed;
}

// --- Kinds --------------------------------------------------------------------------------------

static void lists_make(struct world *world, const struct commit_genesis_config *config)
{
    list_make(&world->sessions, config->sessions, sizeof(struct session));
    list_make(&world->jobs, config->jobs, sizeof(struct job));
    list_make(&world->processes, config->processes, sizeof(struct process));
    list_make(&world->objects, config->objects, sizeof(struct object));
    list_make(&world->facets, config->facets, sizeof(struct facet));
    list_make(&world->holds, config->holds, sizeof(struct hold));
}

static void genesis_config(struct world *world, const struct commit *commit)
{
    if (world->seq != 1)
        refuse("commit %llu configures the machine again", (unsigned long long)world->seq);
    lists_make(world, &commit->genesis_config);
}

static void session_create(struct world *world, const struct commit *commit)
{
    const struct commit_session_create *body = &commit->session_create;
    bool has_parent = body->parent.generation != 0;
    struct session session = {.id = body->session, .expiry_ns = body->expiry_ns};

    session.parent = has_parent ? find(world, &world->sessions, body->parent.index) : NOTHING;
    put(world, &world->sessions, body->session.index, &session);
}

static void session_end(struct world *world, const struct commit *commit)
{
    uint32_t place = find(world, &world->sessions, commit->session.session.index);
    ((struct session *)item(&world->sessions, place))->is_over = true;
}

static void session_destroy(struct world *world, const struct commit *commit)
{
    ((struct session *)taken(world, &world->sessions, commit->session.session.index))->is_gone =
        true;
}

static void job_create(struct world *world, const struct commit *commit)
{
    struct commit_id parent = commit->job_create.parent;
    struct job job = {.parent = NOTHING};

    if (parent.generation != 0)
        job.parent = find(world, &world->jobs, parent.index);
    put(world, &world->jobs, commit->job_create.job.index, &job);
}

static void job_kill(struct world *world, const struct commit *commit)
{
    uint32_t place = find(world, &world->jobs, commit->job.job.index);
    ((struct job *)item(&world->jobs, place))->is_killed = true;
}

static void job_destroy(struct world *world, const struct commit *commit)
{
    taken(world, &world->jobs, commit->job.job.index);
}

static void process_create(struct world *world, const struct commit *commit)
{
    const struct commit_process_create *body = &commit->process_create;
    struct process process = {.id = body->process,
                              .job = find(world, &world->jobs, body->job),
                              .session = find(world, &world->sessions, body->session)};

    put(world, &world->processes, body->process.index, &process);
}

static struct process *process_named(struct world *world, uint32_t slot)
{
    return item(&world->processes, find(world, &world->processes, slot));
}

static void process_start(struct world *world, const struct commit *commit)
{
    process_named(world, commit->process_start.process.index)->is_started = true;
}

static void process_exit(struct world *world, const struct commit *commit)
{
    process_named(world, commit->process_exit.process.index)->is_dead = true;
}

static void process_reap(struct world *world, const struct commit *commit)
{
    ((struct process *)taken(world, &world->processes, commit->process_reap.process.index))
        ->is_gone = true;
}

static void object_create(struct world *world, const struct commit *commit)
{
    const struct commit_object_create *body = &commit->object_create;
    struct object object = {.id = body->object,
                            .kind = body->kind,
                            .root = body->root_facet.index,
                            .interface = body->interface};
    struct facet facet = {.id = body->root_facet,
                          .parent = NOTHING,
                          .interface = body->interface,
                          .methods = UINT64_MAX,
                          .expiry_ns = UINT64_MAX};

    put(world, &world->objects, body->object.index, &object);
    facet.object = world->objects.count - 1;
    put(world, &world->facets, body->root_facet.index, &facet);
}

static void object_destroy(struct world *world, const struct commit *commit)
{
    const struct object *gone = taken(world, &world->objects, commit->object_destroy.object.index);

    taken(world, &world->facets, gone->root);
}

static void facet_create(struct world *world, const struct commit *commit)
{
    const struct commit_facet_create *body = &commit->facet_create;
    uint32_t parent = find(world, &world->facets, body->parent);
    struct facet facet = {.id = body->facet,
                          .parent = parent,
                          .object = facet_at(world, parent)->object,
                          .interface = body->interface,
                          .methods = body->methods,
                          .expiry_ns = UINT64_MAX};

    put(world, &world->facets, body->facet.index, &facet);
}

static struct facet *facet_named(struct world *world, uint32_t slot)
{
    return item(&world->facets, find(world, &world->facets, slot));
}

static void facet_lease(struct world *world, const struct commit *commit)
{
    facet_named(world, commit->facet_lease.facet.index)->expiry_ns = commit->facet_lease.expiry_ns;
}

static void facet_revoke(struct world *world, const struct commit *commit)
{
    facet_named(world, commit->facet.facet.index)->is_revoked = true;
}

static void facet_destroy(struct world *world, const struct commit *commit)
{
    taken(world, &world->facets, commit->facet.facet.index);
}

// --- Holds --------------------------------------------------------------------------------------

static uint32_t session_of(const struct world *world, uint32_t process)
{
    return process == NOTHING ? NOTHING : process_at(world, process)->session;
}

// For whom it was done: see the manual, "for session n".
static uint32_t acted_for(const struct world *world, const struct commit *commit,
                          const struct hold *hold)
{
    bool has_actor = commit->actor < world->processes.slot_count && hold->how != HOW_GENESIS;
    uint32_t actor = has_actor ? world->processes.slots[commit->actor] : NOTHING;

    if (hold->how == HOW_GENESIS)
        return NOTHING;
    if (hold->how == HOW_RETURN || hold->how == HOW_MINT)
        return session_of(world, hold->process);
    if (hold->how == HOW_CALL && hold->origin != NOTHING)
        return session_of(world, hold_at(world, hold->origin)->process);
    return session_of(world, actor);
}

static void hold_put(struct world *world, const struct commit *commit, struct hold *hold)
{
    hold->since = world->seq;
    hold->time_ns = commit->time_ns;
    hold->is_before = world->is_base;
    hold->acted_for = acted_for(world, commit, hold);
    put(world, &world->holds, hold->id.index, hold);
}

// A hold that the checkpoint has, by the commit that made it: they stand in any order.
static uint32_t hold_before(const struct world *world, uint64_t seq)
{
    for (uint32_t place = 0; place < world->base_holds; place++) {
        if (hold_at(world, place)->since == seq)
            return place;
    }
    return NOTHING;
}

// A hold that there was, by the commit that made it: they stand in that order.
static uint32_t hold_since(const struct world *world, uint64_t seq)
{
    uint32_t low = world->base_holds;
    uint32_t high = world->holds.count;

    if (seq < world->base_seq)
        return hold_before(world, seq);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (hold_at(world, middle)->since < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < world->holds.count && hold_at(world, low)->since == seq ? low : NOTHING;
}

static void hold_insert(struct world *world, const struct commit *commit)
{
    const struct commit_hold_insert *body = &commit->hold_insert;
    struct hold hold = {.id = body->hold,
                        .process = find(world, &world->processes, body->process),
                        .facet = find(world, &world->facets, body->facet),
                        .origin = NOTHING,
                        .how = body->how,
                        .is_revoker = body->revoker != 0};

    if (body->how > HOW_MINT)
        refuse("commit %llu gives a hold in no known way", (unsigned long long)world->seq);
    if (body->origin.generation != 0 && !world->is_base) {
        uint32_t origin = hold_since(world, body->origin_seq);
        const struct hold *from = origin == NOTHING ? NULL : hold_at(world, origin);
        bool is_it = from != NULL && from->id.index == body->origin.index &&
                     from->id.generation == body->origin.generation;
        hold.origin = is_it ? origin : NOTHING;
    }
    hold_put(world, commit, &hold);
}

static void hold_move(struct world *world, const struct commit *commit)
{
    const struct commit_hold_move *body = &commit->hold_move;
    uint32_t origin = find(world, &world->holds, body->hold.index);
    struct hold *old = taken(world, &world->holds, body->hold.index);
    struct hold hold = *old;

    old->is_gone = true;
    if (body->how > HOW_MINT)
        refuse("commit %llu moves a hold in no known way", (unsigned long long)world->seq);
    hold.id = body->made;
    hold.process = find(world, &world->processes, body->process);
    hold.origin = origin;
    hold.how = (uint8_t)body->how;
    hold.was_moved = true;
    hold_put(world, commit, &hold);
}

static void hold_remove(struct world *world, const struct commit *commit)
{
    ((struct hold *)taken(world, &world->holds, commit->hold_remove.hold.index))->is_gone = true;
}

// --- All kinds ----------------------------------------------------------------------------------

static void (*const kinds[COMMIT_KIND_COUNT])(struct world *, const struct commit *) = {
    [COMMIT_GENESIS_CONFIG] = genesis_config, [COMMIT_SESSION_CREATE] = session_create,
    [COMMIT_SESSION_END] = session_end,       [COMMIT_SESSION_DESTROY] = session_destroy,
    [COMMIT_JOB_CREATE] = job_create,         [COMMIT_JOB_KILL] = job_kill,
    [COMMIT_JOB_DESTROY] = job_destroy,       [COMMIT_PROCESS_CREATE] = process_create,
    [COMMIT_PROCESS_START] = process_start,   [COMMIT_PROCESS_EXIT] = process_exit,
    [COMMIT_PROCESS_REAP] = process_reap,     [COMMIT_OBJECT_CREATE] = object_create,
    [COMMIT_OBJECT_DESTROY] = object_destroy, [COMMIT_FACET_CREATE] = facet_create,
    [COMMIT_FACET_LEASE] = facet_lease,       [COMMIT_FACET_REVOKE] = facet_revoke,
    [COMMIT_FACET_DESTROY] = facet_destroy,   [COMMIT_HOLD_INSERT] = hold_insert,
    [COMMIT_HOLD_MOVE] = hold_move,           [COMMIT_HOLD_REMOVE] = hold_remove,
};

// Of holds that the checkpoint has: what they were made from, where it has that, too.
static void origins_find(struct world *world, const struct base *base)
{
    uint32_t place = 0;

    for (uint64_t i = 0; i < base->header.records; i++) {
        const struct commit_hold_insert *body = &base->records[i].hold_insert;
        if (base->records[i].kind != COMMIT_HOLD_INSERT)
            continue;
        struct hold *hold = item(&world->holds, place++);
        uint32_t origin = body->origin.generation == 0 || body->origin_seq >= hold->since
                              ? NOTHING
                              : hold_before(world, body->origin_seq);
        const struct hold *from = origin == NOTHING ? NULL : hold_at(world, origin);
        if (from != NULL && from->id.index == body->origin.index &&
            from->id.generation == body->origin.generation)
            hold->origin = origin;
    }
}

static void base_apply(struct world *world, const struct base *base)
{
    world->is_base = true;
    lists_make(world, &base->header.config);
    for (uint64_t i = 0; i < base->header.records; i++) {
        const struct commit *commit = &base->records[i];
        if (commit->kind == 0 || commit->kind >= COMMIT_KIND_COUNT ||
            commit->kind <= COMMIT_GENESIS_HEAD || commit->kind == COMMIT_HOLD_MOVE)
            refuse("record %llu of its checkpoint is of a kind that none has (%u)",
                   (unsigned long long)i, commit->kind);
        world->seq = commit->kind == COMMIT_HOLD_INSERT ? commit->cause : 2;
        if (kinds[commit->kind] != NULL)
            kinds[commit->kind](world, commit);
    }
    world->is_base = false;
    world->base_holds = world->holds.count;
    world->seq = world->base_seq = base->header.seq;
    world->time_ns = base->header.time_ns;
    origins_find(world, base);
}

void world_make(struct world *world, const struct base *base, const struct log_page *pages,
                uint64_t page_count, uint64_t seq)
{
    *world = (struct world){.seq = 0};
    if (base->header.magic != 0)
        base_apply(world, base);
    for (uint64_t page = 0; page < page_count && world->seq < seq; page++) {
        for (uint32_t i = 0; i < pages[page].header.count && world->seq < seq; i++) {
            const struct commit *commit = &pages[page].records[i];
            if (commit->kind == 0 || commit->kind >= COMMIT_KIND_COUNT)
                refuse("commit %llu is of a kind that is not known (%u)",
                       (unsigned long long)world->seq, commit->kind);
            if ((world->seq == 0) != (commit->kind == COMMIT_GENESIS) ||
                (world->seq == 1) != (commit->kind == COMMIT_GENESIS_CONFIG))
                refuse("its log does not begin with a genesis and its configuration");
            if (kinds[commit->kind] != NULL)
                kinds[commit->kind](world, commit);
            world->time_ns = commit->time_ns;
            world->seq++;
        }
    }
    if (world->seq != seq)
        refuse("its log has %llu commits, not %llu", (unsigned long long)world->seq,
               (unsigned long long)seq);
}
