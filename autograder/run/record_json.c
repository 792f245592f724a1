/*
 * record_json.c - a record as JSON text, and back. See record.h.
 *
 * One table a structure says which field is written under which name and how; writing and reading
 * walk the same tables, so they cannot drift.  A field that is missing keeps the value it has in an
 * empty element; a field that is there must be right: indices point into the record, kinds are
 * known words.  Numbers beyond 2^53, which a JSON reader may round, are written as "0x..." strings.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "record.h"

enum type {
    INTEGER,
    UNSIGNED,
    SIGNED_64,
    UNSIGNED_64,
    BOOLEAN,
    TEXT,        /* owned, NULL as null */
    NAME,        /* static text: kept in a pool when read */
    LETTER,      /* one character */
    PLACE,       /* struct place */
    PROCESS,     /* index, or -1 */
    PARTNER,     /* index, -1, or -2: outside the run */
    OBJECT,      /* index, or -1 */
    CALL,        /* index, or -1 */
    OBJECT_KIND, /* word */
    WAIT_KIND,   /* word */
    LIST         /* array of structures or numbers */
};

struct list;

struct field {
    const char *name;
    enum type type;
    size_t offset;
    size_t count;            /* more than 0: an array of that many */
    const struct list *list; /* LIST */
};

/* A growing array inside a structure: where it is, and how an element is added. */
struct list {
    size_t items, count; /* offsets in the owner */
    size_t size;         /* of an element */
    void *(*add)(void *owner);
    const struct field *fields;
    size_t n_fields;
};

_Static_assert(sizeof(pid_t) == sizeof(int), "a pid is written as an int");
_Static_assert(sizeof(enum object_kind) == sizeof(int), "a kind is an int");
_Static_assert(sizeof(enum wait_kind) == sizeof(int), "a kind is an int");

#define LENGTH(array) (sizeof(array) / sizeof *(array))
/* F(struct thread, tid, INTEGER): the field under its own name. */
#define F(owner, member, type)                          \
    {                                                   \
#member, type, offsetof(owner, member), 0, NULL \
    }
#define F_ARRAY(owner, member, type, n)                 \
    {                                                   \
#member, type, offsetof(owner, member), n, NULL \
    }
#define F_LIST(owner, member, list)                     \
    {                                                   \
#member, LIST, offsetof(owner, member), 0, list \
    }
#define LIST_OF(owner, member, add, fields)                                                    \
    {                                                                                          \
        offsetof(owner, member), offsetof(owner, n_##member), sizeof *((owner *)NULL)->member, \
            add, fields, LENGTH(fields)                                                        \
    }

static void *add_process(void *record)
{
    int index = record_add_process(record);
    return &((struct record *)record)->processes[index];
}

static void *add_object(void *record)
{
    int index = record_add_object(record, OBJECT_OTHER);
    return &((struct record *)record)->objects[index];
}

static void *add_call(void *record)
{
    int index = record_add_call(record);
    return &((struct record *)record)->calls[index];
}

static void *add_descriptor(void *record)
{
    int index = record_add_descriptor(record);
    return &((struct record *)record)->descriptors[index];
}

static void *add_thread(void *record)
{
    int index = record_add_thread(record);
    return &((struct record *)record)->threads[index];
}

static void *add_turn(void *owner)
{
    struct record *record = owner;
    return ARRAY_ADD(record->turns, record->n_turns);
}

static void *add_note(void *owner)
{
    struct record *record = owner;
    return ARRAY_ADD(record->notes, record->n_notes);
}

static void *add_misuse(void *owner)
{
    struct record *record = owner;
    struct misuse *misuse = ARRAY_ADD(record->misuses, record->n_misuses);
    misuse->process = -1;
    return misuse;
}

static void *add_site(void *owner)
{
    struct record *record = owner;
    return ARRAY_ADD(record->sites, record->n_sites);
}

static void *add_use(void *owner)
{
    struct race_site *site = owner;
    return ARRAY_ADD(site->uses, site->n_uses);
}

static void *add_memory(void *owner)
{
    struct record *record = owner;
    return ARRAY_ADD(record->memories, record->n_memories);
}

static void *add_wait(void *thread)
{
    return thread_add_wait(thread, WAIT_READ);
}

static void *add_type(void *owner)
{
    struct object *object = owner;
    return ARRAY_ADD(object->message_types, object->n_message_types);
}

static void *add_semaphore(void *owner)
{
    struct object *object = owner;
    struct semaphore_state *state = ARRAY_ADD(object->semaphores, object->n_semaphores);

    state->last_process = -1;
    return state;
}

static const struct field process_fields[] = {
    F(struct process, number, INTEGER),        F(struct process, pid, INTEGER),
    F(struct process, host_pid, INTEGER),      F(struct process, parent, PROCESS),
    F(struct process, adopted_by, PROCESS),    F(struct process, name, TEXT),
    F(struct process, command, TEXT),          F(struct process, own_program, BOOLEAN),
    F(struct process, execed, BOOLEAN),        F(struct process, forked_at, PLACE),
    F(struct process, started_us, SIGNED_64),  F(struct process, ended_us, SIGNED_64),
    F(struct process, began, UNSIGNED_64),     F(struct process, ended, UNSIGNED_64),
    F(struct process, wait_status, INTEGER),   F(struct process, killed_by_kit, BOOLEAN),
    F(struct process, was_zombie, BOOLEAN),    F(struct process, outlived_run, BOOLEAN),
    F(struct process, in_vfork, BOOLEAN),      F(struct process, halted, BOOLEAN),
    F(struct process, cpu_us, SIGNED_64),      F(struct process, alarm_pending, BOOLEAN),
    F(struct process, alarm_repeats, BOOLEAN), F(struct process, handled_signals, UNSIGNED_64),
    F(struct process, exits_us, SIGNED_64),    F(struct process, stopped_by, INTEGER),
};

/* An element that is a number, not a structure: a field without a name. */
static const struct field message_type_fields[] = {
    {NULL, SIGNED_64, 0, 0, NULL}
};

static const struct field semaphore_fields[] = {
    F(struct semaphore_state, value, INTEGER),
    F(struct semaphore_state, waiting_up, INTEGER),
    F(struct semaphore_state, waiting_zero, INTEGER),
    F(struct semaphore_state, last_process, PARTNER),
};

static const struct list message_types =
    LIST_OF(struct object, message_types, add_type, message_type_fields);
static const struct list semaphores =
    LIST_OF(struct object, semaphores, add_semaphore, semaphore_fields);

static const struct field object_fields[] = {
    F(struct object, kind, OBJECT_KIND),
    F(struct object, label, TEXT),
    F(struct object, path, TEXT),
    F(struct object, dev, UNSIGNED_64),
    F(struct object, ino, UNSIGNED_64),
    F(struct object, offset, UNSIGNED_64),
    F(struct object, id, INTEGER),
    F(struct object, key, SIGNED_64),
    F(struct object, mode, UNSIGNED),
    F(struct object, owner, INTEGER),
    F(struct object, made_by, CALL),
    F(struct object, was_there, BOOLEAN),
    F(struct object, outside_reads, BOOLEAN),
    F(struct object, outside_writes, BOOLEAN),
    F(struct object, left_behind, BOOLEAN),
    F(struct object, unlinked, BOOLEAN),
    F(struct object, bytes, SIGNED_64),
    F(struct object, capacity, SIGNED_64),
    F(struct object, messages, SIGNED_64),
    F_LIST(struct object, message_types, &message_types),
    F_LIST(struct object, semaphores, &semaphores),
    F(struct object, last_sender, PARTNER),
    F(struct object, last_receiver, PARTNER),
    F(struct object, attached, INTEGER),
    F(struct object, peer, OBJECT),
    F(struct object, listening, BOOLEAN),
};

static const struct field call_fields[] = {
    F(struct call, start_us, SIGNED_64),
    F(struct call, end_us, SIGNED_64),
    F(struct call, began, UNSIGNED_64),
    F(struct call, ended, UNSIGNED_64),
    F(struct call, own_tid, INTEGER),
    F(struct call, process, PROCESS),
    F(struct call, tid, INTEGER),
    F(struct call, name, NAME),
    F_ARRAY(struct call, args, UNSIGNED_64, 6),
    F(struct call, result, SIGNED_64),
    F(struct call, detail, TEXT),
    F(struct call, sample, TEXT),
    F(struct call, object, OBJECT),
    F(struct call, other, PROCESS),
    F_ARRAY(struct call, fds, INTEGER, 2),
    F(struct call, injected, BOOLEAN),
    F(struct call, place, PLACE),
};

static const struct field descriptor_fields[] = {
    F(struct descriptor, process, PROCESS),       F(struct descriptor, fd, INTEGER),
    F(struct descriptor, object, OBJECT),         F(struct descriptor, reads, BOOLEAN),
    F(struct descriptor, writes, BOOLEAN),        F(struct descriptor, nonblocking, BOOLEAN),
    F(struct descriptor, close_on_exec, BOOLEAN), F(struct descriptor, made_by, CALL),
};

static const struct field wait_fields[] = {
    F(struct wait, kind, WAIT_KIND),       F(struct wait, object, OBJECT),
    F(struct wait, fd, INTEGER),           F(struct wait, process, PROCESS),
    F(struct wait, wants_writer, BOOLEAN), F(struct wait, type, SIGNED_64),
    F(struct wait, semaphore, INTEGER),    F(struct wait, operation, INTEGER),
    F(struct wait, signals, UNSIGNED_64),  F(struct wait, holder_died, BOOLEAN),
};

static const struct list waits = LIST_OF(struct thread, waits, add_wait, wait_fields);

static const struct field thread_fields[] = {
    F(struct thread, process, PROCESS),
    F(struct thread, tid, INTEGER),
    F(struct thread, state, LETTER),
    F(struct thread, call, NAME),
    F_ARRAY(struct thread, args, UNSIGNED_64, 6),
    F(struct thread, asleep, BOOLEAN),
    F(struct thread, timed, BOOLEAN),
    F(struct thread, understood, BOOLEAN),
    F_LIST(struct thread, waits, &waits),
    F(struct thread, place, PLACE),
};

static const struct list processes = LIST_OF(struct record, processes, add_process, process_fields);
static const struct list objects = LIST_OF(struct record, objects, add_object, object_fields);
static const struct list calls = LIST_OF(struct record, calls, add_call, call_fields);
static const struct list descriptors =
    LIST_OF(struct record, descriptors, add_descriptor, descriptor_fields);
static const struct list threads = LIST_OF(struct record, threads, add_thread, thread_fields);

static const struct field place_fields[] = {
    F(struct place, file, TEXT),
    F(struct place, line, INTEGER),
    F(struct place, function, TEXT),
};

static const struct field turn_fields[] = {
    F(struct turn, process, PROCESS),
    F(struct turn, ends, BOOLEAN),
    F(struct turn, call, NAME),
    F(struct turn, place, PLACE),
};

static const struct field note_fields[] = {
    F(struct race_note, stamp, UNSIGNED_64), F(struct race_note, offset, UNSIGNED_64),
    F(struct race_note, size, INTEGER),      F(struct race_note, mapping, INTEGER),
    F(struct race_note, process, PROCESS),   F(struct race_note, tid, INTEGER),
    F(struct race_note, site, INTEGER),      F(struct race_note, kind, INTEGER),
    F(struct race_note, flags, INTEGER),
};

static const struct field use_fields[] = {
    F(struct race_use, text, TEXT),          F(struct race_use, base, TEXT),
    F(struct race_use, reads, BOOLEAN),      F(struct race_use, writes, BOOLEAN),
    F(struct race_use, offset, UNSIGNED_64), F(struct race_use, size, UNSIGNED_64),
    F(struct race_use, step, UNSIGNED_64),   F(struct race_use, count, UNSIGNED_64),
};

static const struct list uses = LIST_OF(struct race_site, uses, add_use, use_fields);

static const struct field site_fields[] = {
    F(struct race_site, place, PLACE),
    F(struct race_site, text, TEXT),
    F_LIST(struct race_site, uses, &uses),
};

static const struct field memory_fields[] = {
    F(struct race_memory, dev, UNSIGNED_64),
    F(struct race_memory, ino, UNSIGNED_64),
    F(struct race_memory, label, TEXT),
};

static const struct field misuse_fields[] = {
    F(struct misuse, process, PROCESS),   F(struct misuse, kind, TEXT),
    F(struct misuse, what, TEXT),         F(struct misuse, through, TEXT),
    F(struct misuse, place, PLACE),       F(struct misuse, about, TEXT),
    F(struct misuse, about_place, PLACE), F(struct misuse, made_place, PLACE),
};

static const struct list turns = LIST_OF(struct record, turns, add_turn, turn_fields);
static const struct list notes = LIST_OF(struct record, notes, add_note, note_fields);
static const struct list sites = LIST_OF(struct record, sites, add_site, site_fields);
static const struct list memories = LIST_OF(struct record, memories, add_memory, memory_fields);

static const struct list misuses = LIST_OF(struct record, misuses, add_misuse, misuse_fields);

static const struct field record_fields[] = {
    F(struct record, program, TEXT),
    F(struct record, kit_file, TEXT),
    F(struct record, seed, UNSIGNED_64),
    F(struct record, closed_world, BOOLEAN),
    F(struct record, own_objects, BOOLEAN),
    F(struct record, duration_us, SIGNED_64),
    F(struct record, io_watched, BOOLEAN),
    F(struct record, calls_left_out, BOOLEAN),
    F(struct record, timed_out, BOOLEAN),
    F(struct record, hung, BOOLEAN),
    F(struct record, output_flooded, BOOLEAN),
    F(struct record, too_many, SIGNED_64),
    F(struct record, snapshot_us, SIGNED_64),
    F_LIST(struct record, processes, &processes),
    F_LIST(struct record, objects, &objects),
    F_LIST(struct record, calls, &calls),
    F_LIST(struct record, descriptors, &descriptors),
    F_LIST(struct record, threads, &threads),
    F(struct record, races_watched, BOOLEAN),
    F(struct record, race_builds, BOOLEAN),
    F(struct record, notes_dropped, INTEGER),
    F(struct record, memory, SIGNED_64),
    F_LIST(struct record, turns, &turns),
    F_LIST(struct record, notes, &notes),
    F_LIST(struct record, sites, &sites),
    F_LIST(struct record, memories, &memories),
    F(struct record, memory_watched, BOOLEAN),
    F(struct record, unwatched, INTEGER),
    F_LIST(struct record, misuses, &misuses),
};

static const char *const wait_kind_names[WAIT_KINDS] = {
    [WAIT_READ] = "read",       [WAIT_WRITE] = "write",       [WAIT_OPEN] = "open",
    [WAIT_MESSAGE] = "message", [WAIT_ROOM] = "room",         [WAIT_SEMAPHORE] = "semaphore",
    [WAIT_FUTEX] = "futex",     [WAIT_CHILD] = "child",       [WAIT_LOCK] = "lock",
    [WAIT_SIGNAL] = "signal",   [WAIT_CONTINUE] = "continue", [WAIT_CONNECTION] = "connection",
};

static const char *wait_kind_name(int kind)
{
    return kind >= 0 && kind < WAIT_KINDS ? wait_kind_names[kind] : "read";
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static cJSON *need(cJSON *item)
{
    if (item == NULL)
        kit_broken("no memory to write a record");
    return item;
}

/* How many bytes of a well-formed UTF-8 character start here; 0: none does. */
static size_t utf8_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80                      ? 1
                    : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                    : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                    : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                        : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
    bool beyond = (text[0] == 0xed && text[1] >= 0xa0) || (text[0] == 0xf4 && text[1] >= 0x90);
    return overlong || beyond ? 0 : length;
}

/* JSON is UTF-8; a file name or a message of the learner's need not be: other bytes become \xNN. */
static cJSON *text_to_json(const char *text)
{
    if (text == NULL)
        return need(cJSON_CreateNull());
    char *clean = kit_alloc(4 * strlen(text) + 1);
    size_t n = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = utf8_length(at);
        if (length > 0)
            memcpy(clean + n, at, length);
        else
            snprintf(clean + n, 5, "\\x%02x", *at);
        n += length > 0 ? length : 4;
        at += length > 0 ? length : 1;
    }
    cJSON *item = need(cJSON_CreateString(clean));
    free(clean);
    return item;
}

#define EXACT (INT64_C(1) << 53) /* a double holds every integer up to here */

static cJSON *unsigned_to_json(uint64_t value)
{
    char text[2 + 16 + 1];

    if (value <= (uint64_t)EXACT)
        return need(cJSON_CreateNumber((double)value));
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return need(cJSON_CreateString(text));
}

static cJSON *signed_to_json(int64_t value)
{
    if (value >= -EXACT && value <= EXACT)
        return need(cJSON_CreateNumber((double)value));
    return unsigned_to_json((uint64_t)value);
}

static cJSON *structure_to_json(const void *owner, const struct field *fields, size_t n);
static cJSON *list_to_json(const void *owner, const struct list *list);

static cJSON *value_to_json(const void *at, const struct field *field)
{
    const char letter[2] = {*(const char *)at, '\0'};

    switch (field->type) {
    case SIGNED_64:
        return signed_to_json(*(const int64_t *)at);
    case UNSIGNED_64:
        return unsigned_to_json(*(const uint64_t *)at);
    case UNSIGNED:
        return unsigned_to_json(*(const unsigned *)at);
    case BOOLEAN:
        return need(cJSON_CreateBool(*(const bool *)at));
    case TEXT:
    case NAME:
        return text_to_json(*(char *const *)at);
    case LETTER:
        return text_to_json(letter);
    case PLACE:
        return structure_to_json(at, place_fields, LENGTH(place_fields));
    case OBJECT_KIND:
        return text_to_json(object_kind_name(*(const enum object_kind *)at));
    case WAIT_KIND:
        return text_to_json(wait_kind_name(*(const int *)at));
    case INTEGER:
    case PROCESS:
    case PARTNER:
    case OBJECT:
    case CALL:
        return signed_to_json(*(const int *)at);
    case LIST:
        break; /* list_to_json() wants the owner */
    }
    return need(cJSON_CreateNull());
}

static size_t element_size(enum type type)
{
    return type == UNSIGNED_64 || type == SIGNED_64 ? sizeof(uint64_t) : sizeof(int);
}

static cJSON *field_to_json(const void *owner, const struct field *field)
{
    const char *at = (const char *)owner + field->offset;

    if (field->type == LIST)
        return list_to_json(owner, field->list);
    if (field->count == 0)
        return value_to_json(at, field);
    cJSON *array = need(cJSON_CreateArray());
    for (size_t i = 0; i < field->count; i++)
        cJSON_AddItemToArray(array, value_to_json(at + i * element_size(field->type), field));
    return array;
}

static cJSON *structure_to_json(const void *owner, const struct field *fields, size_t n)
{
    cJSON *object = need(cJSON_CreateObject());

    for (size_t i = 0; i < n; i++)
        if (!cJSON_AddItemToObjectCS(object, fields[i].name, field_to_json(owner, &fields[i])))
            kit_broken("no memory to write a record");
    return object;
}

static cJSON *list_to_json(const void *owner, const struct list *list)
{
    const char *items = *(char *const *)((const char *)owner + list->items);
    size_t count = *(const size_t *)((const char *)owner + list->count);
    cJSON *array = need(cJSON_CreateArray());

    for (size_t i = 0; i < count; i++) {
        const char *at = items + i * list->size;
        cJSON_AddItemToArray(array, list->fields[0].name == NULL
                                        ? value_to_json(at, &list->fields[0])
                                        : structure_to_json(at, list->fields, list->n_fields));
    }
    return array;
}

char *record_to_json(const struct record *record)
{
    cJSON *json = structure_to_json(record, record_fields, LENGTH(record_fields));
    char *text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);
    if (text == NULL)
        kit_broken("no memory to write a record");
    return text;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* What is wrong, for the caller of record_from_json(): the first thing found. */
static char problem[256];

static int complain(const char *where, const char *what)
{
    if (problem[0] == '\0')
        snprintf(problem, sizeof problem, "%s: %s", where, what);
    return -1;
}

/* Names of calls are static strings in a record: one copy of each, kept until the kit ends. */
static const char *intern(const char *name)
{
    static char **pool;
    static size_t n_pool;

    for (size_t i = 0; i < n_pool; i++)
        if (strcmp(pool[i], name) == 0)
            return pool[i];
    char **copy = ARRAY_ADD(pool, n_pool);
    return *copy = kit_strdup(name);
}

/* A whole number, or "0x..." for one beyond 2^53. bits: of the type it must fit in. */
static int read_whole(const cJSON *json, const char *where, int64_t low, int64_t high,
                      int64_t *value)
{
    if (!cJSON_IsNumber(json))
        return complain(where, "not a number");
    double number = json->valuedouble;
    if (!(number >= (double)low && number <= (double)high))
        return complain(where, "the number is out of range");
    *value = (int64_t)number;
    if ((double)*value != number)
        return complain(where, "not a whole number");
    return 0;
}

static int read_64(const cJSON *json, const char *where, bool is_signed, uint64_t *value)
{
    int64_t whole;
    char *end;

    if (cJSON_IsString(json) && strncmp(json->valuestring, "0x", 2) == 0) {
        *value = strtoull(json->valuestring, &end, 16);
        return *end == '\0' ? 0 : complain(where, "not a number");
    }
    if (read_whole(json, where, is_signed ? -EXACT : 0, EXACT, &whole) == -1)
        return -1;
    *value = (uint64_t)whole;
    return 0;
}

static int read_int(const cJSON *json, const char *where, int *value)
{
    int64_t whole;

    if (read_whole(json, where, INT_MIN, INT_MAX, &whole) == -1)
        return -1;
    *value = (int)whole;
    return 0;
}

static int read_text(const cJSON *json, const char *where, char **text)
{
    if (cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsString(json))
        return complain(where, "not a text");
    free(*text);
    *text = kit_strdup(json->valuestring);
    return 0;
}

static int read_name(const cJSON *json, const char *where, const char **name)
{
    if (cJSON_IsNull(json))
        return 0;
    if (!cJSON_IsString(json))
        return complain(where, "not a text");
    *name = intern(json->valuestring);
    return 0;
}

static int read_letter(const cJSON *json, const char *where, char *letter)
{
    if (!cJSON_IsString(json) || strlen(json->valuestring) > 1)
        return complain(where, "not one letter");
    *letter = json->valuestring[0];
    return 0;
}

static int read_bool(const cJSON *json, const char *where, bool *value)
{
    if (!cJSON_IsBool(json))
        return complain(where, "neither true nor false");
    *value = cJSON_IsTrue(json);
    return 0;
}

static int read_object_kind(const cJSON *json, const char *where, enum object_kind *kind)
{
    for (unsigned i = 0; cJSON_IsString(json) && i < OBJECT_KINDS; i++)
        if (strcmp(json->valuestring, object_kind_name((enum object_kind)i)) == 0) {
            *kind = (enum object_kind)i;
            return 0;
        }
    return complain(where, "no such kind of object");
}

static int read_wait_kind(const cJSON *json, const char *where, enum wait_kind *kind)
{
    for (unsigned i = 0; cJSON_IsString(json) && i < WAIT_KINDS; i++)
        if (strcmp(json->valuestring, wait_kind_names[i]) == 0) {
            *kind = (enum wait_kind)i;
            return 0;
        }
    return complain(where, "no such kind of wait");
}

static int read_unsigned(const cJSON *json, const char *where, unsigned *value)
{
    int64_t whole;

    if (read_whole(json, where, 0, UINT_MAX, &whole) == -1)
        return -1;
    *value = (unsigned)whole;
    return 0;
}

static int read_structure(const cJSON *json, const char *where, void *owner,
                          const struct field *fields, size_t n);
static int read_list(const cJSON *json, const char *where, void *owner, const struct list *list);

static int read_value(const cJSON *json, const char *where, void *at, const struct field *field)
{
    switch (field->type) {
    case SIGNED_64:
    case UNSIGNED_64:
        return read_64(json, where, field->type == SIGNED_64, at);
    case UNSIGNED:
        return read_unsigned(json, where, at);
    case BOOLEAN:
        return read_bool(json, where, at);
    case TEXT:
        return read_text(json, where, at);
    case NAME:
        return read_name(json, where, at);
    case LETTER:
        return read_letter(json, where, at);
    case PLACE:
        return read_structure(json, where, at, place_fields, LENGTH(place_fields));
    case OBJECT_KIND:
        return read_object_kind(json, where, at);
    case WAIT_KIND:
        return read_wait_kind(json, where, at);
    case INTEGER:
    case PROCESS:
    case PARTNER:
    case OBJECT:
    case CALL:
        return read_int(json, where, at);
    case LIST:
        break; /* read_list() wants the owner */
    }
    return complain(where, "cannot be read");
}

static int read_field(const cJSON *json, const char *where, void *owner, const struct field *field)
{
    char *at = (char *)owner + field->offset;

    if (field->type == LIST)
        return read_list(json, where, owner, field->list);
    if (field->count == 0)
        return read_value(json, where, at, field);
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != (int)field->count)
        return complain(where, "not a list of the right length");
    for (size_t i = 0; i < field->count; i++)
        if (read_value(cJSON_GetArrayItem(json, (int)i), where, at + i * element_size(field->type),
                       field) == -1)
            return -1;
    return 0;
}

/* Calls and processes come by the thousand: the fields are walked as they stand in the text. */
static int read_structure(const cJSON *json, const char *where, void *owner,
                          const struct field *fields, size_t n)
{
    char path[128];
    const cJSON *item;

    if (!cJSON_IsObject(json))
        return complain(where, "not an object");
    cJSON_ArrayForEach(item, json)
    {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(item->string, fields[i].name) != 0)
                continue;
            snprintf(path, sizeof path, "%s.%s", where, fields[i].name);
            if (read_field(item, path, owner, &fields[i]) == -1)
                return -1;
        }
    }
    return 0;
}

static int read_list(const cJSON *json, const char *where, void *owner, const struct list *list)
{
    char path[128];
    const cJSON *item;
    int number = 0, result = 0;

    if (!cJSON_IsArray(json))
        return complain(where, "not a list");
    cJSON_ArrayForEach(item, json)
    {
        void *element = list->add(owner);
        snprintf(path, sizeof path, "%.100s[%d]", where, number++);
        result = list->fields[0].name == NULL
                     ? read_value(item, path, element, &list->fields[0])
                     : read_structure(item, path, element, list->fields, list->n_fields);
        if (result == -1)
            return -1;
    }
    return 0;
}

/* The judges trust every index of a record, so it is looked at once, here. */
static int check_structure(const struct record *record, const void *owner, const char *where,
                           const struct field *fields, size_t n);

static int check_list(const struct record *record, const void *owner, const char *where,
                      const struct list *list)
{
    char path[128];
    const char *items = *(char *const *)((const char *)owner + list->items);
    size_t count = *(const size_t *)((const char *)owner + list->count);

    for (size_t i = 0; i < count && list->fields[0].name != NULL; i++) {
        snprintf(path, sizeof path, "%.100s[%zu]", where, i);
        if (check_structure(record, items + i * list->size, path, list->fields, list->n_fields) ==
            -1)
            return -1;
    }
    return 0;
}

static int check_index(const char *where, int index, int lowest, size_t count)
{
    if (index < lowest || (index >= 0 && (size_t)index >= count))
        return complain(where, "the index points to nothing");
    return 0;
}

static int check_structure(const struct record *record, const void *owner, const char *where,
                           const struct field *fields, size_t n)
{
    char path[128];
    int result = 0;

    for (size_t i = 0; i < n && result == 0; i++) {
        const void *at = (const char *)owner + fields[i].offset;
        snprintf(path, sizeof path, "%.90s.%s", where, fields[i].name);
        if (fields[i].type == PROCESS)
            result = check_index(path, *(const int *)at, -1, record->n_processes);
        else if (fields[i].type == PARTNER)
            result = check_index(path, *(const int *)at, -2, record->n_processes);
        else if (fields[i].type == OBJECT)
            result = check_index(path, *(const int *)at, -1, record->n_objects);
        else if (fields[i].type == CALL)
            result = check_index(path, *(const int *)at, -1, record->n_calls);
        else if (fields[i].type == LIST)
            result = check_list(record, owner, path, fields[i].list);
    }
    return result;
}

struct record *record_from_json(const char *json, const char **error)
{
    struct record *record = record_new();
    cJSON *tree = cJSON_Parse(json);

    problem[0] = '\0';
    if (tree == NULL)
        complain("record", "the text is not JSON");
    else if (read_structure(tree, "record", record, record_fields, LENGTH(record_fields)) == 0)
        check_structure(record, record, "record", record_fields, LENGTH(record_fields));
    cJSON_Delete(tree);
    if (problem[0] == '\0')
        return record;
    record_free(record);
    if (error != NULL)
        *error = problem;
    return NULL;
}
