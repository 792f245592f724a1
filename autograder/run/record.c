/*
 * record.c - building a record, finding things in it, and naming its objects. See record.h.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "places.h"

/* How an object of a kind is told apart from others of its kind. */
enum naming { BY_LETTER, BY_ID, BY_PATH };

static const struct kind_words {
    const char *name;  /* object_kind_name() */
    const char *label; /* first word of a label */
    enum naming naming;
} kinds[OBJECT_KINDS] = {
    [OBJECT_PIPE] = {"pipe",                  "pipe",                BY_LETTER},
    [OBJECT_FIFO] = {"FIFO",                  "FIFO",                BY_PATH  },
    [OBJECT_QUEUE] = {"message queue",         "message queue",       BY_ID    },
    [OBJECT_SEMAPHORES] = {"semaphore set",         "semaphore set",       BY_ID    },
    [OBJECT_SEGMENT] = {"shared memory segment", "segment",             BY_ID    },
    [OBJECT_POSIX_QUEUE] = {"POSIX message queue",   "POSIX message queue", BY_PATH  },
    [OBJECT_POSIX_SEMAPHORE] = {"POSIX semaphore",       "POSIX semaphore",     BY_PATH  },
    [OBJECT_POSIX_MEMORY] = {"POSIX shared memory",   "POSIX shared memory", BY_PATH  },
    [OBJECT_SOCKET] = {"socket",                "socket",              BY_LETTER},
    [OBJECT_FILE] = {"file",                  "file",                BY_PATH  },
    [OBJECT_TERMINAL] = {"terminal",              "terminal",            BY_PATH  },
    [OBJECT_FUTEX] = {"lock",                  "lock",                BY_LETTER},
    [OBJECT_OTHER] = {"other object",          "object",              BY_PATH  },
};

struct record *record_new(void)
{
    struct record *record = kit_alloc(sizeof *record);

    record->snapshot_us = -1;
    return record;
}

static void free_place(struct place *place)
{
    free(place->file);
    free(place->function);
}

void record_clear_snapshot(struct record *record)
{
    for (size_t i = 0; i < record->n_threads; i++) {
        free(record->threads[i].waits);
        free_place(&record->threads[i].place);
    }
    free(record->threads);
    record->threads = NULL;
    record->n_threads = 0;
    free(record->descriptors);
    record->descriptors = NULL;
    record->n_descriptors = 0;
}

static void free_processes(struct record *record)
{
    for (size_t i = 0; i < record->n_processes; i++) {
        struct process *process = &record->processes[i];
        free(process->name);
        free(process->command);
        free_place(&process->forked_at);
    }
    free(record->processes);
}

static void free_objects(struct record *record)
{
    for (size_t i = 0; i < record->n_objects; i++) {
        struct object *object = &record->objects[i];
        free(object->label);
        free(object->path);
        free(object->message_types);
        free(object->semaphores);
    }
    free(record->objects);
}

static void free_call(struct call *call)
{
    free(call->detail);
    free(call->sample);
    free_place(&call->place);
    stack_free(call->stack);
}

static void free_calls(struct record *record)
{
    for (size_t i = 0; i < record->n_calls; i++)
        free_call(&record->calls[i]);
    free(record->calls);
}

static void free_site(struct race_site *site)
{
    for (size_t i = 0; i < site->n_uses; i++) {
        free(site->uses[i].text);
        free(site->uses[i].base);
    }
    free(site->uses);
    free(site->text);
    free_place(&site->place);
}

static void free_races(struct record *record)
{
    for (size_t i = 0; i < record->n_turns; i++)
        free_place(&record->turns[i].place);
    free(record->turns);
    for (size_t i = 0; i < record->n_sites; i++)
        free_site(&record->sites[i]);
    for (size_t i = 0; i < record->n_memories; i++)
        free(record->memories[i].label);
    for (size_t i = 0; i < record->n_misuses; i++)
        misuse_clear(&record->misuses[i]);
    free(record->misuses);
    free(record->notes);
    free(record->sites);
    free(record->memories);
}

void misuse_clear(struct misuse *misuse)
{
    free(misuse->kind);
    free(misuse->what);
    free(misuse->through);
    free(misuse->about);
    free_place(&misuse->place);
    free_place(&misuse->about_place);
    free_place(&misuse->made_place);
}

void record_free(struct record *record)
{
    if (record == NULL)
        return;
    record_clear_snapshot(record);
    free_processes(record);
    free_objects(record);
    free_calls(record);
    free_races(record);
    free(record->program);
    free(record->kit_file);
    free(record);
}

int record_add_process(struct record *record)
{
    struct process *process = ARRAY_ADD(record->processes, record->n_processes);

    process->number = (int)record->n_processes;
    process->parent = process->adopted_by = -1;
    process->exits_us = process->ended_us = -1;
    return (int)record->n_processes - 1;
}

int record_add_call(struct record *record)
{
    struct call *call = ARRAY_ADD(record->calls, record->n_calls);

    call->end_us = -1;
    call->process = call->object = call->other = -1;
    call->fds[0] = call->fds[1] = -1;
    return (int)record->n_calls - 1;
}

void record_shorten(struct record *record, size_t most)
{
    int *new_index = kit_alloc((record->n_calls + 1) * sizeof *new_index);
    bool *made = kit_alloc(record->n_calls + 1);
    size_t kept = 0;

    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].made_by >= 0)
            made[record->objects[i].made_by] = true;
    for (size_t i = 0; i < record->n_descriptors; i++)
        if (record->descriptors[i].made_by >= 0)
            made[record->descriptors[i].made_by] = true;
    for (size_t i = 0; i < record->n_calls; i++) {
        bool keep = made[i] || i < most / 2 || i + most / 2 >= record->n_calls;
        new_index[i] = keep ? (int)kept : -1;
        if (keep)
            record->calls[kept++] = record->calls[i];
        else
            free_call(&record->calls[i]);
    }
    record->calls_left_out = record->calls_left_out || kept < record->n_calls;
    record->n_calls = kept;
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].made_by >= 0)
            record->objects[i].made_by = new_index[record->objects[i].made_by];
    for (size_t i = 0; i < record->n_descriptors; i++)
        if (record->descriptors[i].made_by >= 0)
            record->descriptors[i].made_by = new_index[record->descriptors[i].made_by];
    free(made);
    free(new_index);
}

int record_add_object(struct record *record, enum object_kind kind)
{
    struct object *object = ARRAY_ADD(record->objects, record->n_objects);

    object->kind = kind;
    object->id = object->made_by = object->peer = -1;
    object->bytes = object->capacity = object->messages = -1;
    object->last_sender = object->last_receiver = object->attached = -1;
    return (int)record->n_objects - 1;
}

int record_add_descriptor(struct record *record)
{
    struct descriptor *descriptor = ARRAY_ADD(record->descriptors, record->n_descriptors);

    descriptor->process = descriptor->fd = descriptor->object = descriptor->made_by = -1;
    return (int)record->n_descriptors - 1;
}

int record_add_thread(struct record *record)
{
    struct thread *thread = ARRAY_ADD(record->threads, record->n_threads);

    thread->process = -1;
    return (int)record->n_threads - 1;
}

struct wait *thread_add_wait(struct thread *thread, enum wait_kind kind)
{
    struct wait *wait = ARRAY_ADD(thread->waits, thread->n_waits);

    wait->kind = kind;
    wait->object = wait->fd = wait->process = wait->semaphore = -1;
    return wait;
}

/* The newest comes first in every search: inode numbers and pids are used again. */

int record_find_inode(const struct record *record, enum object_kind kind, uint64_t dev,
                      uint64_t ino)
{
    for (size_t i = record->n_objects; i-- > 0;) {
        const struct object *object = &record->objects[i];
        if (object->kind == kind && object->dev == dev && object->ino == ino)
            return (int)i;
    }
    return -1;
}

int record_find_id(const struct record *record, enum object_kind kind, int id)
{
    for (size_t i = record->n_objects; i-- > 0;)
        if (record->objects[i].kind == kind && record->objects[i].id == id)
            return (int)i;
    return -1;
}

int record_find_host_pid(const struct record *record, pid_t host_pid)
{
    for (size_t i = record->n_processes; i-- > 0;)
        if (record->processes[i].host_pid == host_pid && record->processes[i].ended_us < 0)
            return (int)i;
    return -1;
}

int record_find_pid(const struct record *record, pid_t pid)
{
    for (size_t i = record->n_processes; i-- > 0;)
        if (record->processes[i].pid == pid)
            return (int)i;
    return -1;
}

/* "A", "B", ..., "Z", "AA", "AB", ...: its rank among the objects of its kind. */
static void letters_of(const struct record *record, int index, char letters[static 16])
{
    char reversed[16] = "";
    size_t length = 0, rank = 0, n = 0;

    const char *word = kinds[record->objects[index].kind].label;
    for (int i = 0; i < index; i++) /* those that the kit has named otherwise do not count */
        rank += record->objects[i].kind == record->objects[index].kind &&
                strncmp(record->objects[i].label, word, strlen(word)) == 0;
    rank++;
    for (; rank > 0 && length < sizeof reversed - 1; rank = (rank - 1) / 26)
        reversed[length++] = (char)('A' + (rank - 1) % 26);
    while (length > 0)
        letters[n++] = reversed[--length];
    letters[n] = '\0';
}

static char *make_label(const struct record *record, int index)
{
    const struct object *object = &record->objects[index];
    const struct kind_words *words = &kinds[object->kind];
    char letters[16];

    if (words->naming == BY_ID && object->key == 0)
        return kit_format("%s %d (IPC_PRIVATE)", words->label, object->id);
    if (words->naming == BY_ID)
        return kit_format("%s %d (key 0x%x)", words->label, object->id, (unsigned)object->key);
    if (words->naming == BY_PATH && object->path != NULL)
        return kit_format("%s %s", words->label, object->path);
    letters_of(record, index, letters);
    if (object->path != NULL) /* several sockets carry one name: the listener and the accepted */
        return kit_format("%s %s (%s)", words->label, letters, object->path);
    return kit_format("%s %s", words->label, letters);
}

static void set_path(struct record *record, int index, const char *path)
{
    struct object *object = &record->objects[index];

    if (path != NULL && object->path == NULL) {
        object->path = kit_strdup(path);
        free(object->label);
        object->label = NULL;
    }
    if (object->label == NULL)
        object->label = make_label(record, index);
}

int record_object_by_inode(struct record *record, enum object_kind kind, uint64_t dev, uint64_t ino,
                           const char *path)
{
    int index = record_find_inode(record, kind, dev, ino);

    if (index < 0) {
        index = record_add_object(record, kind);
        record->objects[index].dev = dev;
        record->objects[index].ino = ino;
    }
    set_path(record, index, path);
    return index;
}

int record_object_by_id(struct record *record, enum object_kind kind, int id, int64_t key)
{
    int index = record_find_id(record, kind, id);

    if (index < 0) {
        index = record_add_object(record, kind);
        record->objects[index].id = id;
        record->objects[index].key = key;
    }
    set_path(record, index, NULL);
    return index;
}

const char *object_kind_name(enum object_kind kind)
{
    if ((unsigned)kind >= OBJECT_KINDS)
        return kinds[OBJECT_OTHER].name;
    return kinds[kind].name;
}
