/*
 * replay.c - the state of a run after each of its events. See picture.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "picture_parts.h"
#include "text.h"

struct replay {
    const struct picture *picture;
    struct world *world;
    struct moment now;
};

struct replay *replay_new(const struct picture *picture)
{
    struct replay *replay = kit_alloc(sizeof *replay);

    replay->picture = picture;
    replay->world = world_new(picture->record);
    replay->now = (struct moment){-1, replay->world->processes, replay->world->objects};
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    world_free(replay->world);
    free(replay);
}

static void wake_up(struct process_now *now)
{
    if (now->life == LIFE_SLEEPS)
        now->life = LIFE_RUNS;
    now->waits = NULL;
    now->waits_object = now->waits_process = -1;
}

/* Who sleeps after this event. */
static void let_sleep(struct replay *replay)
{
    const struct picture *picture = replay->picture;
    int event = replay->now.event;

    for (size_t i = 0; i < picture->n_stretches; i++) {
        const struct stretch *stretch = &picture->stretches[i];
        int process = lane_process(picture, stretch->lane);
        bool over = stretch->last >= 0 && event >= stretch->last;
        if (event < stretch->first || over || process < 0)
            continue;
        struct process_now *now = &replay->world->processes[process];
        if (now->life != LIFE_RUNS)
            continue;
        now->life = LIFE_SLEEPS;
        now->waits = stretch->text;
        now->waits_object = stretch->object;
        now->waits_process = stretch->other;
        if (stretch->place != NULL)
            now->place = stretch->place;
    }
}

static void mark_guilty(struct replay *replay)
{
    const struct picture *picture = replay->picture;
    struct end *end = world_end(replay->world, picture->guilty_process, picture->guilty_fd);

    if (end != NULL && replay->now.event == (int)picture->n_events - 1)
        end->guilty = true;
    /* A leak is known where it happens: the process that has it may have ended by then. */
    if (end != NULL && !picture->hung)
        end->guilty = true;
}

/* The kit has ended the run, so the last snapshot is its end. */
static bool was_ended(const struct record *record)
{
    for (size_t i = 0; i < record->n_processes; i++)
        if (record->processes[i].ended_us < 0 || record->processes[i].killed_by_kit)
            return true;
    return false;
}

bool replay_next(struct replay *replay)
{
    const struct picture *picture = replay->picture;

    if (replay->now.event + 1 >= (int)picture->n_events)
        return false;
    replay->now.event++;
    for (size_t i = 0; i < picture->record->n_processes; i++)
        wake_up(&replay->world->processes[i]);
    world_apply(replay->world, &picture->events[replay->now.event]);
    if (replay->now.event == (int)picture->n_events - 1 && was_ended(picture->record))
        world_take_snapshot(replay->world);
    let_sleep(replay);
    mark_guilty(replay);
    return true;
}

const struct moment *replay_now(const struct replay *replay)
{
    return &replay->now;
}

/* ---- Contents in words ---------------------------------------------------------------------- */

enum { MOST_LISTED = 12 };

static void add_messages(struct text_buffer *out, const struct record *record, int object,
                         const struct object_now *now)
{
    bool posix = record->objects[object].kind == OBJECT_POSIX_QUEUE;

    if (now->n_messages <= 0) {
        text_add(out, "%s", now->n_messages == 0 ? "empty" : "?");
        return;
    }
    const char *one = posix ? "message, priority" : "message, type";
    const char *several = posix ? "messages, priorities" : "messages, types";
    text_add(out, "%lld %s", (long long)now->n_messages, now->n_messages == 1 ? one : several);
    for (int64_t i = 0; i < now->n_messages && i < MOST_LISTED; i++)
        if (posix ? now->messages[i].size >= 0 : now->messages[i].type != 0)
            text_add(out, " %lld", (long long)now->messages[i].type);
        else
            text_add(out, " ?");
    if (now->n_messages > MOST_LISTED)
        text_add(out, " ...");
}

static void add_values(struct text_buffer *out, const struct object_now *now)
{
    if (now->n_values == 0) {
        text_add(out, "?");
        return;
    }
    text_add(out, "value%s", now->n_values == 1 ? "" : "s");
    for (size_t i = 0; i < now->n_values && i < MOST_LISTED; i++)
        if (now->values[i] >= 0)
            text_add(out, " %d", now->values[i]);
        else
            text_add(out, " ?");
    if (now->n_values > MOST_LISTED)
        text_add(out, " ...");
}

static void add_bytes_in(struct text_buffer *out, const struct object_now *now)
{
    if (now->bytes < 0)
        text_add(out, "?");
    else if (now->bytes == 0)
        text_add(out, "empty");
    else
        text_add(out, "%lld byte%s%s", (long long)now->bytes, now->bytes == 1 ? "" : "s",
                 now->capacity > 0 && now->bytes >= now->capacity ? ", full" : "");
}

char *object_contents(const struct record *record, int object, const struct object_now *now)
{
    struct text_buffer out = {0};

    text_add_bytes(&out, "", 0);
    switch (record->objects[object].kind) {
    case OBJECT_QUEUE:
    case OBJECT_POSIX_QUEUE:
        add_messages(&out, record, object, now);
        break;
    case OBJECT_SEMAPHORES:
    case OBJECT_POSIX_SEMAPHORE:
        add_values(&out, now);
        break;
    case OBJECT_SEGMENT:
        if (now->size >= 0)
            text_add(&out, "%lld bytes, ", (long long)now->size);
        text_add(&out, "attached by %d", now->attached);
        break;
    case OBJECT_PIPE:
    case OBJECT_FIFO:
    case OBJECT_SOCKET:
        add_bytes_in(&out, now);
        break;
    default:
        break;
    }
    if (now->removed)
        text_add(&out, "%sremoved", out.length > 0 ? ", " : "");
    return out.data;
}
