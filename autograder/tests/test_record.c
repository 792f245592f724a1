/*
 * test_record.c - building a record, finding things in it, naming them, and JSON and back.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../run/record.h"
#include "tests.h"

/* ---- Building and finding ---------------------------------------------------------------------
 */

/* What nobody filled in says "not known". */
START_TEST(new_elements_know_nothing)
{
    struct record *record = record_new();

    ck_assert_int_eq(record->snapshot_us, -1);
    ck_assert_int_eq(record_add_process(record), 0);
    ck_assert_int_eq(record_add_process(record), 1);
    ck_assert_int_eq(record->processes[1].number, 2);
    ck_assert_int_eq(record->processes[1].parent, -1);
    ck_assert_int_eq(record->processes[1].ended_us, -1);
    int added = record_add_call(record);
    const struct call *call = &record->calls[added];
    ck_assert_int_eq(call->end_us, -1);
    ck_assert_int_eq(call->process, -1);
    ck_assert_int_eq(call->object, -1);
    ck_assert_int_eq(call->fds[1], -1);
    added = record_add_object(record, OBJECT_QUEUE);
    const struct object *object = &record->objects[added];
    ck_assert_int_eq(object->kind, OBJECT_QUEUE);
    ck_assert_int_eq(object->id, -1);
    ck_assert_int_eq(object->bytes, -1);
    ck_assert_int_eq(object->last_sender, -1);
    added = record_add_descriptor(record);
    ck_assert_int_eq(record->descriptors[added].object, -1);
    added = record_add_thread(record);
    struct thread *thread = &record->threads[added];
    ck_assert_int_eq(thread->process, -1);
    ck_assert_int_eq(thread_add_wait(thread, WAIT_CHILD)->process, -1);
    ck_assert_int_eq(thread_add_wait(thread, WAIT_LOCK)->kind, WAIT_LOCK);
    ck_assert_uint_eq(thread->n_waits, 2);
    record_clear_snapshot(record);
    ck_assert_uint_eq(record->n_threads + record->n_descriptors, 0);
    ck_assert_int_eq(record_add_thread(record), 0);
    record_free(record);
    record_free(NULL);
}
END_TEST

/* A pid may be used again: the newest process has it, and a dead one has no host pid. */
START_TEST(finds_processes)
{
    struct record *record = record_new();

    for (int i = 0; i < 3; i++) {
        int added = record_add_process(record);
        struct process *process = &record->processes[added];
        process->pid = 2;
        process->host_pid = 1000 + i / 2;
    }
    ck_assert_int_eq(record_find_pid(record, 2), 2);
    ck_assert_int_eq(record_find_pid(record, 3), -1);
    ck_assert_int_eq(record_find_host_pid(record, 1000), 1);
    record->processes[1].ended_us = 5;
    ck_assert_int_eq(record_find_host_pid(record, 1000), 0);
    record->processes[0].ended_us = 5;
    ck_assert_int_eq(record_find_host_pid(record, 1000), -1);
    ck_assert_int_eq(record_find_host_pid(record, 1001), 2);
    record_free(record);
}
END_TEST

/* The same identity is the same object; another kind or number is another one. */
START_TEST(finds_objects)
{
    struct record *record = record_new();
    int pipe = record_object_by_inode(record, OBJECT_PIPE, 0, 77, NULL);

    ck_assert_int_eq(record_object_by_inode(record, OBJECT_PIPE, 0, 77, NULL), pipe);
    ck_assert_int_ne(record_object_by_inode(record, OBJECT_PIPE, 0, 78, NULL), pipe);
    ck_assert_int_ne(record_object_by_inode(record, OBJECT_SOCKET, 0, 77, NULL), pipe);
    ck_assert_int_eq(record_find_inode(record, OBJECT_PIPE, 0, 77), pipe);
    ck_assert_int_eq(record_find_inode(record, OBJECT_PIPE, 1, 77), -1);
    int queue = record_object_by_id(record, OBJECT_QUEUE, 0, 0x1234);
    ck_assert_int_eq(record_object_by_id(record, OBJECT_QUEUE, 0, 0x1234), queue);
    ck_assert_int_eq(record_find_id(record, OBJECT_QUEUE, 0), queue);
    ck_assert_int_eq(record_find_id(record, OBJECT_SEGMENT, 0), -1);
    ck_assert_int_eq(record_find_id(record, OBJECT_QUEUE, 1), -1);
    record_free(record);
}
END_TEST

static void expect_label(const struct record *record, int object, const char *label)
{
    ck_assert_str_eq(record->objects[object].label, label);
}

/* Each object has a name that a learner can use. */
START_TEST(labels_name_objects)
{
    struct record *record = record_new();
    const char *name = "/tmp/ab";

    expect_label(record, record_object_by_inode(record, OBJECT_PIPE, 0, 1, NULL), "pipe A");
    expect_label(record, record_object_by_inode(record, OBJECT_SOCKET, 0, 1, NULL), "socket A");
    expect_label(record, record_object_by_inode(record, OBJECT_PIPE, 0, 2, NULL), "pipe B");
    expect_label(record, record_object_by_inode(record, OBJECT_SOCKET, 0, 2, "/tmp/s"),
                 "socket B (/tmp/s)");
    expect_label(record, record_object_by_inode(record, OBJECT_FIFO, 8, 1, name), "FIFO /tmp/ab");
    expect_label(record, record_object_by_inode(record, OBJECT_FILE, 8, 2, name), "file /tmp/ab");
    expect_label(record, record_object_by_id(record, OBJECT_QUEUE, 3, 0x1234),
                 "message queue 3 (key 0x1234)");
    expect_label(record, record_object_by_id(record, OBJECT_SEMAPHORES, 0, 0),
                 "semaphore set 0 (IPC_PRIVATE)");
    expect_label(record, record_object_by_id(record, OBJECT_SEGMENT, 5, (int)0xfedcba98),
                 "segment 5 (key 0xfedcba98)");
    record_free(record);
}
END_TEST

/* After Z comes AA. */
START_TEST(labels_go_on_after_z)
{
    static const struct {
        int nth;
        const char *label;
    } cases[] = {
        {1,   "pipe A"  },
        {26,  "pipe Z"  },
        {27,  "pipe AA" },
        {28,  "pipe AB" },
        {52,  "pipe AZ" },
        {53,  "pipe BA" },
        {702, "pipe ZZ" },
        {703, "pipe AAA"}
    };
    struct record *record = record_new();

    for (unsigned i = 1; i <= 703; i++)
        record_object_by_inode(record, OBJECT_PIPE, 0, i, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_label(record, cases[i].nth - 1, cases[i].label);
    record_free(record);
}
END_TEST

/* A name that is learnt later is taken up. */
START_TEST(a_path_may_come_later)
{
    struct record *record = record_new();
    int fifo = record_object_by_inode(record, OBJECT_FIFO, 8, 1, NULL);

    expect_label(record, fifo, "FIFO A");
    ck_assert_int_eq(record_object_by_inode(record, OBJECT_FIFO, 8, 1, "/tmp/late"), fifo);
    expect_label(record, fifo, "FIFO /tmp/late");
    record_object_by_inode(record, OBJECT_FIFO, 8, 1, "/tmp/other");
    ck_assert_str_eq(record->objects[fifo].path, "/tmp/late");
    record_free(record);
}
END_TEST

START_TEST(every_kind_has_a_name)
{
    for (unsigned i = 0; i < OBJECT_KINDS; i++)
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(object_kind_name((enum object_kind)i),
                             object_kind_name((enum object_kind)j));
    ck_assert_ptr_nonnull(object_kind_name(OBJECT_KINDS));
}
END_TEST

/* ---- JSON -------------------------------------------------------------------------------------
 */

/* A record in which every field has a value of its own. */
static struct record *full_record(void)
{
    struct record *record = record_new();
    record_add_process(record);
    record_add_process(record);
    record_object_by_inode(record, OBJECT_PIPE, 0, UINT64_MAX - 1, NULL);
    record_object_by_id(record, OBJECT_QUEUE, 1, 0x1234);
    record_add_call(record);
    record_add_call(record);

    record->program = kit_strdup("./pipeline cat -- \"sort\"\n\t\\");
    record->kit_file = kit_strdup("driver.c");
    record->seed = UINT64_MAX;
    record->closed_world = record->timed_out = record->hung = record->output_flooded = true;
    record->duration_us = 123456789;
    record->snapshot_us = INT64_MAX;
    record->processes[1] = (struct process){
        .number = 7,
        .pid = 3,
        .host_pid = 4321,
        .parent = 0,
        .adopted_by = 1,
        .name = kit_strdup("sort"),
        .command = kit_strdup("sort -n"),
        .own_program = true,
        .execed = true,
        .forked_at = {kit_strdup("pipeline.c"), 42, kit_strdup("start_all")},
        .started_us = 11,
        .ended_us = 22,
        .wait_status = 0x8b,
        .killed_by_kit = true,
        .was_zombie = true,
        .outlived_run = true,
        .in_vfork = true,
        .halted = true,
        .stopped_by = 19,
        .cpu_us = 33,
        .alarm_pending = true,
        .handled_signals = UINT64_C(1) << 63,
    };
    struct object *object = &record->objects[1];
    object->path = kit_strdup("@abstract");
    object->dev = 0x1003;
    object->ino = 5;
    object->offset = UINT64_MAX;
    object->key = -559038737;
    object->mode = 0640;
    object->owner = 1000;
    object->made_by = 1;
    object->outside_reads = object->outside_writes = object->left_behind = true;
    object->was_there = true;
    object->unlinked = object->listening = true;
    object->bytes = 65536;
    object->capacity = INT64_C(1) << 60;
    object->messages = 2;
    *ARRAY_ADD(object->message_types, object->n_message_types) = 7;
    *ARRAY_ADD(object->message_types, object->n_message_types) = INT64_MIN;
    *ARRAY_ADD(object->semaphores, object->n_semaphores) = (struct semaphore_state){1, 2, 3, -1};
    *ARRAY_ADD(object->semaphores, object->n_semaphores) = (struct semaphore_state){4, 5, 6, 1};
    object->last_sender = -2;
    object->last_receiver = 1;
    object->attached = 9;
    object->peer = 0;
    record->calls[1] = (struct call){
        .start_us = 100,
        .end_us = 200,
        .process = 1,
        .tid = 4322,
        .name = "pipe2",
        .args = {0x7fffdeadbeef, 1, 2, 3, UINT64_MAX, 5},
        .result = -24,
        .detail = kit_strdup("caf\303\251 \377 /tmp/x"),
        .object = 0,
        .other = 1,
        .fds = {3,    4   },
        .injected = true,
        .place = {kit_strdup("a.c"),          1,        kit_strdup("main")    },
    };
    record_add_descriptor(record);
    record->descriptors[0] = (struct descriptor){1, 5, 1, true, true, true, true, 1};
    record_add_thread(record);
    struct thread *thread = &record->threads[0];
    thread->process = 1;
    thread->tid = 4322;
    thread->state = 'S';
    thread->call = "read";
    thread->args[5] = 77;
    thread->asleep = thread->timed = thread->understood = true;
    thread->place = (struct place){kit_strdup("b.c"), 2, NULL};
    for (unsigned kind = 0; kind < WAIT_KINDS; kind++)
        *thread_add_wait(thread, (enum wait_kind)kind) =
            (struct wait){(enum wait_kind)kind, 1, 2, 0, true, -5, 3, -1, UINT64_C(1) << 62, true};
    record->own_objects = record->races_watched = record->race_builds = true;
    record->notes_dropped = 3;
    *ARRAY_ADD(record->turns, record->n_turns) = (struct turn){
        1, true, "semop", {kit_strdup("c.c"), 7, kit_strdup("take")}
    };
    *ARRAY_ADD(record->notes, record->n_notes) =
        (struct race_note){UINT64_MAX, UINT64_C(1) << 60, 8, 0, 1, 4322, 0, 2, 65};
    struct race_site *site = ARRAY_ADD(record->sites, record->n_sites);
    *site = (struct race_site){
        .place = {kit_strdup("d.c"), 9, kit_strdup("add")},
        .text = kit_strdup("p->sum[i] = 0;"),
    };
    *ARRAY_ADD(site->uses, site->n_uses) = (struct race_use){
        kit_strdup("p->sum[i]"), kit_strdup("p"), true, true, 8, 4, 16, UINT64_C(1) << 40};
    *ARRAY_ADD(record->memories, record->n_memories) =
        (struct race_memory){1, 2, kit_strdup("segment 2")};
    record->memory_watched = true;
    record->unwatched = 2;
    *ARRAY_ADD(record->misuses, record->n_misuses) = (struct misuse){
        .process = 1,
        .kind = kit_strdup("InvalidRead"),
        .what = kit_strdup("Invalid read of size 1"),
        .through = kit_strdup("strlen"),
        .place = {kit_strdup("e.c"), 10, kit_strdup("say") },
        .about = kit_strdup("Address 0x1 is 0 bytes inside a block of size 1 free'd"),
        .about_place = {kit_strdup("e.c"), 11, kit_strdup("drop")},
        .made_place = {kit_strdup("e.c"), 12, kit_strdup("make")},
    };
    return record;
}

/* What is written and read is written the same again: nothing was lost. */
START_TEST(json_round_trip_keeps_everything)
{
    struct record *record = full_record();
    const char *error = NULL;
    char *text = record_to_json(record);
    struct record *back = record_from_json(text, &error);

    ck_assert_msg(back != NULL, "%s", error);
    char *again = record_to_json(back);
    ck_assert_str_eq(again, text);
    ck_assert_str_eq(back->program, record->program);
    ck_assert(back->seed == UINT64_MAX);
    ck_assert(back->snapshot_us == INT64_MAX);
    ck_assert_int_eq(back->processes[1].wait_status, 0x8b);
    ck_assert_int_eq(back->processes[1].forked_at.line, 42);
    ck_assert(back->processes[1].handled_signals == UINT64_C(1) << 63);
    ck_assert_ptr_null(back->processes[0].name);
    ck_assert(back->objects[1].key == -559038737);
    ck_assert(back->objects[1].message_types[1] == INT64_MIN);
    ck_assert_int_eq(back->objects[1].semaphores[1].last_process, 1);
    ck_assert_int_eq(back->objects[1].last_sender, -2);
    ck_assert_str_eq(back->objects[0].label, "pipe A");
    ck_assert_str_eq(back->calls[1].name, "pipe2");
    ck_assert_ptr_null(back->calls[0].name);
    ck_assert(back->calls[1].args[4] == UINT64_MAX);
    ck_assert(back->calls[1].result == -24);
    ck_assert_int_eq(back->threads[0].state, 'S');
    ck_assert_uint_eq(back->threads[0].n_waits, WAIT_KINDS);
    ck_assert_int_eq(back->threads[0].waits[WAIT_LOCK].kind, WAIT_LOCK);
    ck_assert(back->threads[0].waits[0].type == -5);
    ck_assert_str_eq(back->calls[1].detail, "caf\303\251 \\xff /tmp/x"); /* not UTF-8: spelt out */
    free(text);
    free(again);
    record_free(record);
    record_free(back);
}
END_TEST

/* Nothing but the fields of the structures is missing from the text. */
START_TEST(json_of_an_empty_record)
{
    struct record *record = record_new();
    char *text = record_to_json(record);
    struct record *back = record_from_json(text, NULL);

    ck_assert_ptr_nonnull(back);
    ck_assert_int_eq(back->snapshot_us, -1);
    ck_assert_ptr_null(back->program);
    free(text);
    record_free(record);
    record_free(back);
}
END_TEST

/* The text of record.h, its comments blanked out. */
static char *read_header(void)
{
    const char *slash = strrchr(__FILE__, '/');
    char *path = kit_format("%.*s/../run/record.h", slash == NULL ? 1 : (int)(slash - __FILE__),
                            slash == NULL ? "." : __FILE__);
    char *text = kit_read_file(path, NULL), *end;

    ck_assert_ptr_nonnull(text);
    for (char *at = text; (at = strstr(at, "/*")) != NULL && (end = strstr(at, "*/")) != NULL;)
        memset(at, ' ', (size_t)(end + 2 - at));
    free(path);
    return text;
}

/* "uint64_t dev, ino": each name that is declared must be a name in the JSON. */
static void expect_names_written(char *declaration, const char *json)
{
    char *save;

    for (char *part = strtok_r(declaration, ",", &save); part != NULL;
         part = strtok_r(NULL, ",", &save)) {
        part[strcspn(part, "[")] = '\0';
        size_t end = strlen(part);
        while (end > 0 && strchr(" \n*", part[end - 1]) != NULL)
            part[--end] = '\0';
        char *name = part + end;
        while (name > part && strchr(" \n*", name[-1]) == NULL)
            name--;
        if (name[0] == '\0' || strncmp(name, "n_", 2) == 0 || strcmp(name, "stack") == 0)
            continue; /* a count is the length of a list; a stack is not for writing */
        char *key = kit_format("\"%s\":", name);
        ck_assert_msg(strstr(json, key) != NULL,
                      "record.h declares %s: it needs a row in record_json.c, and a value in "
                      "full_record() here",
                      name);
        free(key);
    }
}

/* Whoever adds a field to record.h is told to write it out, too. */
START_TEST(json_has_every_field)
{
    struct record *record = full_record();
    char *json = record_to_json(record), *header = read_header(), *save;
    int structures = 0;

    for (char *at = header; (at = strstr(at, "\nstruct ")) != NULL;) {
        char *open = at + strcspn(at, "{;"), *close = strstr(at, "\n};");
        at++;
        if (*open != '{' || close == NULL) /* a function that returns one */
            continue;
        *close = '\0';
        structures++;
        for (char *field = strtok_r(open + 1, ";", &save); field != NULL;
             field = strtok_r(NULL, ";", &save))
            expect_names_written(field, json);
        at = close + 1;
    }
    ck_assert_int_ge(structures, 8);
    free(header);
    free(json);
    record_free(record);
}
END_TEST

/* A record written by hand, or by an older kit: what is missing is as in an empty element. */
START_TEST(json_may_leave_things_out)
{
    const char *text = "{\"processes\":[{\"name\":\"a\"},{}],\"unheard of\":[1],"
                       "\"objects\":[{\"kind\":\"pipe\"}],\"calls\":[{\"name\":\"read\"}],"
                       "\"threads\":[{\"process\":1,\"waits\":[{\"kind\":\"child\"}]}]}";
    const char *error = NULL;
    struct record *record = record_from_json(text, &error);

    ck_assert_msg(record != NULL, "%s", error);
    ck_assert_int_eq(record->processes[1].number, 2);
    ck_assert_int_eq(record->processes[1].ended_us, -1);
    ck_assert_int_eq(record->objects[0].kind, OBJECT_PIPE);
    ck_assert_int_eq(record->calls[0].end_us, -1);
    ck_assert_int_eq(record->calls[0].fds[0], -1);
    ck_assert_int_eq(record->threads[0].waits[0].kind, WAIT_CHILD);
    ck_assert_int_eq(record->threads[0].waits[0].process, -1);
    record_free(record);
}
END_TEST

static const struct {
    const char *text, *error;
} wrong[] = {
    {"",                                             "record: the text is not JSON"                        },
    {"[]",                                           "record: not an object"                               },
    {"{\"processes\":1}",                            "record.processes: not a list"                        },
    {"{\"processes\":[1]}",                          "record.processes[0]: not an object"                  },
    {"{\"processes\":[{},{\"parent\":2}]}",
     "record.processes[1].parent: the index points to nothing"                                             },
    {"{\"processes\":[{\"parent\":-2}]}",
     "record.processes[0].parent: the index points to nothing"                                             },
    {"{\"processes\":[{\"pid\":1e30}]}",             "record.processes[0].pid: the number is out of range" },
    {"{\"processes\":[{\"pid\":1.5}]}",              "record.processes[0].pid: not a whole number"         },
    {"{\"processes\":[{\"pid\":\"1\"}]}",            "record.processes[0].pid: not a number"               },
    {"{\"processes\":[{\"name\":1}]}",               "record.processes[0].name: not a text"                },
    {"{\"processes\":[{\"forked_at\":null}]}",       "record.processes[0].forked_at: not an object"        },
    {"{\"calls\":[{\"args\":[1]}]}",                 "record.calls[0].args: not a list of the right length"},
    {"{\"calls\":[{\"object\":0}]}",                 "record.calls[0].object: the index points to nothing" },
    {"{\"objects\":[{\"kind\":\"tube\"}]}",          "record.objects[0].kind: no such kind of object"      },
    {"{\"objects\":[{\"ino\":\"0xfg\"}]}",           "record.objects[0].ino: not a number"                 },
    {"{\"objects\":[{\"last_sender\":0}]}",
     "record.objects[0].last_sender: the index points to nothing"                                          },
    {"{\"threads\":[{\"state\":\"SS\"}]}",           "record.threads[0].state: not one letter"             },
    {"{\"threads\":[{\"asleep\":0}]}",               "record.threads[0].asleep: neither true nor false"    },
    {"{\"threads\":[{\"waits\":[{\"kind\":7}]}]}",
     "record.threads[0].waits[0].kind: no such kind of wait"                                               },
    {"{\"threads\":[{\"waits\":[{\"object\":3}]}]}",
     "record.threads[0].waits[0].object: the index points to nothing"                                      },
};

/* What is wrong is said, with the place. */
START_TEST(json_errors_are_said)
{
    const char *error = NULL;
    struct record *record = record_from_json(wrong[_i].text, &error);

    ck_assert_ptr_null(record);
    ck_assert_str_eq(error, wrong[_i].error);
}
END_TEST

/* The text is JSON that any other reader accepts, whatever bytes a learner's program used. */
START_TEST(json_is_utf8)
{
    static const char *const odd[][2] = {
        {"\xc3\xa9",         "\xc3\xa9"            },
        {"\xc0\x80",         "\\xc0\\x80"          },
        {"\xed\xa0\x80",     "\\xed\\xa0\\x80"     },
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"    },
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xe2\x82",         "\\xe2\\x82"          },
        {"\x01\x1b[0m",      "\x01\x1b[0m"         },
    };

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct record *record = record_new();
        record->program = kit_strdup(odd[i][0]);
        char *text = record_to_json(record);
        cJSON *json = cJSON_Parse(text);
        ck_assert_ptr_nonnull(json);
        ck_assert_str_eq(cJSON_GetObjectItem(json, "program")->valuestring, odd[i][1]);
        cJSON_Delete(json);
        free(text);
        record_free(record);
    }
}
END_TEST

static Suite *make_record_suite(void)
{
    Suite *suite = suite_create("record");
    TCase *building = tcase_create("building"), *json = tcase_create("json");

    tcase_add_test(building, new_elements_know_nothing);
    tcase_add_test(building, finds_processes);
    tcase_add_test(building, finds_objects);
    tcase_add_test(building, labels_name_objects);
    tcase_add_test(building, labels_go_on_after_z);
    tcase_add_test(building, a_path_may_come_later);
    tcase_add_test(building, every_kind_has_a_name);
    tcase_add_test(json, json_round_trip_keeps_everything);
    tcase_add_test(json, json_has_every_field);
    tcase_add_test(json, json_of_an_empty_record);
    tcase_add_test(json, json_may_leave_things_out);
    tcase_add_loop_test(json, json_errors_are_said, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(json, json_is_utf8);
    suite_add_tcase(suite, building);
    suite_add_tcase(suite, json);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_record_suite);
}
