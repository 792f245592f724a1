/*
 * test_picture.c - the picture of a run: events, stretches and states from stored records and from
 * small ones made here, and the drawings in pictures/ as they must look at 80 and 120 columns.
 *
 * The stored records are of real runs. When a drawing is meant to change:
 * IPCLAB_WRITE=1 build/tests/unit picture, and look at the difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../tell/draw.h"
#include "../tell/page.h"
#include "../tell/page_run.h"
#include "../tell/picture.h"
#include "../tell/text.h"
#include "tests.h"

/* ---- Fixtures ------------------------------------------------------------------------------- */

struct subject {
    struct record *record;
    struct findings findings;
    struct picture *picture;
};

static char *test_file(const char *folder, const char *name)
{
    const char *slash = strrchr(__FILE__, '/');
    return kit_format("%.*s/%s/%s", slash == NULL ? 1 : (int)(slash - __FILE__),
                      slash == NULL ? "." : __FILE__, folder, name);
}

static struct subject look_at_record(struct record *record)
{
    struct subject subject = {.record = record};
    judge_run(record, &subject.findings);
    subject.picture = picture_new(record, &subject.findings);
    return subject;
}

static struct subject load(const char *name)
{
    const char *error = "";
    char *file = kit_format("picture_%s.json", name);
    char *path = test_file("records", file);
    char *text = kit_read_file(path, NULL);
    ck_assert_msg(text != NULL, "cannot read %s", path);
    struct record *record = record_from_json(text, &error);
    ck_assert_msg(record != NULL, "%s: %s", path, error);
    free(text);
    free(path);
    free(file);
    return look_at_record(record);
}

static void put_away(struct subject *subject)
{
    picture_free(subject->picture);
    findings_clear(&subject->findings);
    record_free(subject->record);
}

static struct replay *replay_until(const struct picture *picture, int event)
{
    struct replay *replay = replay_new(picture);
    while (replay_now(replay)->event < event && replay_next(replay))
        continue;
    return replay;
}

/* The nth event (from 0) of a kind. */
static int find_event(const struct picture *picture, enum event_kind kind, int nth)
{
    for (size_t i = 0; i < picture->n_events; i++)
        if (picture->events[i].kind == kind && nth-- == 0)
            return (int)i;
    ck_abort_msg("there are not so many events \"%s\"", event_kind_name(kind));
}

static const struct end *end_of(const struct moment *now, int process, int fd)
{
    for (size_t i = 0; i < now->processes[process].n_ends; i++)
        if (now->processes[process].ends[i].fd == fd)
            return &now->processes[process].ends[i];
    return NULL;
}

/* A process that is there from the beginning, and a call that took no time. */
static int add_process(struct record *record, int parent, int64_t started_us)
{
    int index = record_add_process(record);
    struct process *process = &record->processes[index];
    process->pid = 100 + index;
    process->parent = parent;
    process->name = kit_strdup("prog");
    process->command = kit_strdup("prog");
    process->own_program = process->execed = true;
    process->started_us = started_us;
    return index;
}

static struct call *add_call(struct record *record, int process, int64_t at_us, const char *name)
{
    int index = record_add_call(record);
    struct call *call = &record->calls[index];
    call->process = process;
    call->tid = 100 + process;
    call->name = name;
    call->start_us = at_us;
    call->end_us = at_us + 1;
    return call;
}

static char *draw(const struct picture *picture, int width, bool unicode)
{
    char *text = NULL;
    size_t size = 0;
    struct drawing drawing = {open_memstream(&text, &size), width, unicode, false};

    ck_assert_ptr_nonnull(drawing.stream);
    draw_picture(picture, &drawing);
    ck_assert_int_eq(fclose(drawing.stream), 0);
    return text;
}

/* ---- Stored runs ---------------------------------------------------------------------------- */

/* What is told of a process that sleeps, and of the ends at that moment. */
START_TEST(steps_from_fork_to_hang)
{
    struct subject it = load("kept_end");
    const struct picture *picture = it.picture;
    struct replay *replay = replay_until(picture, find_event(picture, EVENT_MAKE, 0));
    const struct moment *now = replay_now(replay);

    ck_assert_ptr_nonnull(end_of(now, 0, 3));
    ck_assert(end_of(now, 0, 3)->reads && !end_of(now, 0, 3)->writes);
    ck_assert(end_of(now, 0, 4)->writes);
    ck_assert_int_eq(now->processes[1].life, LIFE_UNBORN);
    ck_assert_int_eq(now->objects[0].bytes, 0);
    replay_free(replay);

    replay = replay_until(picture, find_event(picture, EVENT_FORK, 1));
    now = replay_now(replay);
    for (int process = 0; process < 3; process++)
        ck_assert_ptr_nonnull(end_of(now, process, 4));
    replay_free(replay);

    replay = replay_until(picture, find_event(picture, EVENT_SEND, 0));
    now = replay_now(replay);
    ck_assert_int_eq(now->objects[0].bytes, 12);
    ck_assert_str_eq(now->processes[1].name, "echo");
    replay_free(replay);

    replay = replay_until(picture, (int)picture->n_events - 1);
    now = replay_now(replay);
    ck_assert_int_eq(now->objects[0].bytes, 0);
    ck_assert_int_eq(now->processes[0].life, LIFE_SLEEPS);
    ck_assert_int_eq(now->processes[1].life, LIFE_GONE);
    ck_assert_str_eq(now->processes[2].waits, "waits in read(0) on pipe A");
    ck_assert(end_of(now, 0, 4)->guilty);
    ck_assert(!end_of(now, 2, 0)->guilty);
    replay_free(replay);
    ck_assert_int_eq(picture->guilty_process, 0);
    ck_assert_int_eq(picture->guilty_fd, 4);
    ck_assert(picture->in_cycle[0] && !picture->in_cycle[1] && picture->in_cycle[2]);
    ck_assert_uint_eq(picture->n_needs, 2);
    put_away(&it);
}
END_TEST

/* The replay, without the last snapshot, must lead to what the kernel itself says of the ends. */
static void compare_with_snapshot(const char *name)
{
    struct subject it = load(name);
    const struct record *record = it.record;
    struct replay *replay = replay_until(it.picture, (int)it.picture->n_events - 2);
    const struct moment *now = replay_now(replay);
    size_t compared = 0;

    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *real = &record->descriptors[i];
        if (real->object < 0 || record->objects[real->object].made_by < 0)
            continue;
        const struct end *ours = end_of(now, real->process, real->fd);
        ck_assert_msg(ours != NULL, "%s: process %d has no %d", name, real->process, real->fd);
        ck_assert_int_eq(ours->object, real->object);
        ck_assert_int_eq(ours->reads, real->reads);
        ck_assert_int_eq(ours->writes, real->writes);
        compared++;
    }
    for (size_t p = 0; p < record->n_processes; p++)
        for (size_t i = 0; i < now->processes[p].n_ends; i++) {
            int object = now->processes[p].ends[i].object;
            compared -= object >= 0 && record->objects[object].made_by >= 0;
        }
    ck_assert_msg(compared == 0, "%s: we have %zu ends fewer than the kernel", name, compared);
    for (size_t i = 0; i < record->n_objects; i++) {
        bool pipe = record->objects[i].kind == OBJECT_PIPE && record->objects[i].made_by >= 0;
        if (pipe && record->objects[i].bytes >= 0)
            ck_assert_int_eq(now->objects[i].bytes, record->objects[i].bytes);
        if (record->objects[i].messages >= 0)
            ck_assert_int_eq(now->objects[i].n_messages, record->objects[i].messages);
        for (size_t s = 0; s < record->objects[i].n_semaphores; s++)
            ck_assert_int_eq(now->objects[i].values[s], record->objects[i].semaphores[s].value);
    }
    replay_free(replay);
    put_away(&it);
}

START_TEST(the_replay_ends_where_the_kernel_does)
{
    compare_with_snapshot("kept_end");
    compare_with_snapshot("semaphore_deadlock");
    compare_with_snapshot("queue_types");
}
END_TEST

/* Arrows go from who sent to who received: of a queue by type, not by order. */
START_TEST(messages_are_followed)
{
    struct subject it = load("queue_types");
    const struct picture *picture = it.picture;
    const struct event *three = &picture->events[find_event(picture, EVENT_RECEIVE, 0)];
    const struct event *seven = &picture->events[find_event(picture, EVENT_RECEIVE, 1)];

    ck_assert_int_eq(three->from, 0);
    ck_assert_int_eq(three->lane, 1);
    ck_assert_str_eq(three->bytes, "three");
    ck_assert_str_eq(seven->bytes, "seven");
    struct replay *replay = replay_until(picture, find_event(picture, EVENT_RECEIVE, 0));
    const struct object_now *queue = &replay_now(replay)->objects[0];
    ck_assert_int_eq(queue->n_messages, 2);
    ck_assert_int_eq(queue->messages[0].type, 7);
    char *words = object_contents(it.record, 0, queue);
    ck_assert_str_eq(words, "2 messages, types 7 7");
    free(words);
    replay_free(replay);
    put_away(&it);
}
END_TEST

START_TEST(repeats_are_folded)
{
    struct subject it = load("coprocess");
    size_t events = 0, folded = 0;

    for (size_t i = 0; i < it.picture->n_rows; i++) {
        ck_assert_int_eq(it.picture->rows[i].first, (int)events);
        events += (size_t)(it.picture->rows[i].length * it.picture->rows[i].times);
        folded += it.picture->rows[i].times > 1;
    }
    ck_assert_uint_eq(events, it.picture->n_events);
    ck_assert_uint_ge(folded, 5);
    put_away(&it);
}
END_TEST

/* A cause stands before its effect in every stored run, and nobody acts before birth or after
 * death. */
START_TEST(causes_come_first)
{
    static const char *const names[] = {"pipeline", "kept_end", "semaphore_deadlock", "queue_types",
                                        "coprocess"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct subject it = load(names[n]);
        const struct picture *picture = it.picture;
        int64_t before = 0;
        for (size_t i = 0; i < picture->n_events; i++) {
            const struct event *event = &picture->events[i];
            const struct lane *lane = &picture->lanes[event->lane];
            ck_assert_int_ge(event->at_us, before);
            before = event->at_us;
            ck_assert_int_ge((int)i, lane->born);
            if (lane->ended >= 0)
                ck_assert_int_le((int)i, lane->ended);
            if (event->from >= 0)
                ck_assert_int_le(picture->lanes[event->from].born, (int)i);
        }
        struct replay *replay = replay_new(picture);
        while (replay_next(replay))
            for (size_t o = 0; o < it.record->n_objects; o++) {
                const struct object_now *now = &replay_now(replay)->objects[o];
                if (it.record->objects[o].kind == OBJECT_PIPE && now->exists &&
                    it.record->objects[o].made_by >= 0)
                    ck_assert_msg(now->bytes >= 0, "%s: %s is not known after event %d", names[n],
                                  it.record->objects[o].label, replay_now(replay)->event);
            }
        replay_free(replay);
        put_away(&it);
    }
}
END_TEST

/* ---- Small records -------------------------------------------------------------------------- */

START_TEST(exec_closes_what_it_was_told_to)
{
    struct record *record = record_new();
    record->io_watched = true;
    add_process(record, -1, 0);
    int pipe = record_add_object(record, OBJECT_PIPE);
    record->objects[pipe].label = kit_strdup("pipe A");
    record->objects[pipe].made_by = 0;
    struct call *call = add_call(record, 0, 10, "pipe2");
    call->fds[0] = 3;
    call->fds[1] = 4;
    call->args[1] = 02000000; /* O_CLOEXEC */
    call->object = pipe;
    call = add_call(record, 0, 20, "dup2");
    call->args[0] = 4;
    call->args[1] = call->fds[0] = 9;
    call->result = 9;
    call->object = pipe;
    call = add_call(record, 0, 30, "execve"); /* the kit's own, of the first program */
    call->detail = kit_strdup("/bin/a");
    call = add_call(record, 0, 40, "execve");
    call->detail = kit_strdup("/bin/b");
    struct subject it = look_at_record(record);
    struct replay *replay = replay_until(it.picture, (int)it.picture->n_events - 1);
    const struct moment *now = replay_now(replay);

    ck_assert_str_eq(now->processes[0].name, "b");
    ck_assert_ptr_null(end_of(now, 0, 3));
    ck_assert_ptr_null(end_of(now, 0, 4));
    ck_assert_ptr_nonnull(end_of(now, 0, 9));
    ck_assert(end_of(now, 0, 9)->writes && !end_of(now, 0, 9)->reads);
    replay_free(replay);
    put_away(&it);
}
END_TEST

START_TEST(what_is_not_known_is_not_invented)
{
    struct record *record = record_new(); /* read, write and close were not watched */
    add_process(record, -1, 0);
    int pipe = record_add_object(record, OBJECT_PIPE);
    record->objects[pipe].label = kit_strdup("pipe A");
    record->objects[pipe].made_by = 0;
    int set = record_add_object(record, OBJECT_SEMAPHORES); /* it was there before */
    record->objects[set].label = kit_strdup("semaphore set 3");
    struct call *call = add_call(record, 0, 10, "pipe");
    call->fds[0] = 3;
    call->fds[1] = 4;
    call->object = pipe;
    call = add_call(record, 0, 20, "semop");
    call->detail = kit_strdup("0:-1");
    call->object = set;
    struct subject it = look_at_record(record);
    struct replay *replay = replay_until(it.picture, (int)it.picture->n_events - 1);

    ck_assert(!it.picture->io_watched);
    ck_assert_int_eq(replay_now(replay)->objects[pipe].bytes, -1);
    char *words = object_contents(record, pipe, &replay_now(replay)->objects[pipe]);
    ck_assert_str_eq(words, "?");
    free(words);
    words = object_contents(record, set, &replay_now(replay)->objects[set]);
    ck_assert_str_eq(words, "?");
    free(words);
    replay_free(replay);
    char *text = draw(it.picture, 200, false);
    ck_assert_ptr_nonnull(strstr(text, "Read, write and close were not watched in this run"));
    free(text);
    put_away(&it);
}
END_TEST

START_TEST(semaphores_are_counted_and_undone)
{
    struct record *record = record_new();
    int first = add_process(record, -1, 0), child = add_process(record, 0, 30);
    int set = record_add_object(record, OBJECT_SEMAPHORES);
    record->objects[set].label = kit_strdup("semaphore set 3");
    record->objects[set].made_by = 0;
    struct call *call = add_call(record, first, 10, "semget");
    call->args[1] = 2;
    call->object = set;
    call = add_call(record, first, 20, "semctl");
    call->args[1] = 1;
    call->args[2] = SETVAL;
    call->args[3] = 2;
    call->object = set;
    call = add_call(record, child, 40, "semop");
    call->detail = kit_strdup("1:-2 undo 0:+3");
    call->object = set;
    record->processes[child].ended_us = 50;
    struct subject it = look_at_record(record);
    struct replay *replay = replay_until(it.picture, find_event(it.picture, EVENT_SEMOP, 0));
    const struct object_now *now = &replay_now(replay)->objects[set];

    ck_assert_uint_eq(now->n_values, 2);
    ck_assert_int_eq(now->values[0], 3);
    ck_assert_int_eq(now->values[1], 0);
    ck_assert(replay_next(replay));
    ck_assert_int_eq(it.picture->events[replay_now(replay)->event].kind, EVENT_EXIT);
    ck_assert_int_eq(replay_now(replay)->objects[set].values[0], 3);
    ck_assert_int_eq(replay_now(replay)->objects[set].values[1], 2);
    ck_assert(!replay_next(replay));
    replay_free(replay);
    put_away(&it);
}
END_TEST

/* Names and messages of a hostile program move no cursor and no colour. */
START_TEST(hostile_text_is_escaped)
{
    struct record *record = record_new();
    record->io_watched = true;
    add_process(record, -1, 0);
    free(record->processes[0].command);
    record->processes[0].command = kit_strdup("a\033[2Jb\nc");
    struct call *call = add_call(record, 0, 10, "openat");
    call->detail = kit_strdup("/tmp/\033]0;x\007\xff");
    call->place.file = kit_strdup("e\033vil.c");
    call->place.line = 7;
    call->fds[0] = 3;
    call->result = 3;
    call = add_call(record, 0, 20, "write");
    call->args[0] = 3;
    call->result = 2;
    call->sample = kit_strdup("1b5b");
    call = add_call(record, 0, 30, "execve");
    call->detail = kit_strdup("/x\033y");
    call = add_call(record, 0, 40, "execve");
    call->detail = kit_strdup("/x\033y");
    struct subject it = look_at_record(record);
    char *text = draw(it.picture, 100, false);

    for (const char *at = text; *at != '\0'; at++)
        ck_assert_msg(*at == '\n' || (*at >= ' ' && *at <= '~'), "byte %d in:\n%s", *at, text);
    ck_assert_ptr_nonnull(strstr(text, "\\x1b["));
    free(text);
    put_away(&it);
}
END_TEST

START_TEST(a_long_run_is_shortened)
{
    struct record *record = record_new();
    add_process(record, -1, 0);
    for (int i = 0; i < 1000; i++)
        add_call(record, 0, 10 * i, i == 500 ? "pipe2" : "setsid");
    int pipe = record_add_object(record, OBJECT_PIPE);
    record->objects[pipe].label = kit_strdup("pipe A");
    record->objects[pipe].made_by = 500;
    record->calls[500].fds[0] = 3;
    record->calls[500].fds[1] = 4;
    record_shorten(record, 100);

    ck_assert(record->calls_left_out);
    ck_assert_uint_eq(record->n_calls, 101);
    ck_assert_str_eq(record->calls[record->objects[pipe].made_by].name, "pipe2");
    ck_assert_int_eq(record->calls[100].start_us, 9990);
    struct subject it = look_at_record(record);
    ck_assert(!it.picture->complete);
    char *text = draw(it.picture, 80, false);
    ck_assert_ptr_nonnull(strstr(text, "some in its middle are missing"));
    free(text);
    put_away(&it);
}
END_TEST

/* The page of a run of irregular calls, with so many objects: how many steps it can be gone. */
static size_t steps_on_page(int objects)
{
    static const char *const names[] = {"setsid", "alarm", "shmdt"};
    struct record *record = record_new();
    add_process(record, -1, 0);
    for (unsigned i = 0, random = 1; i < 300; i++, random = random * 1103515245 + 12345)
        add_call(record, 0, 10 * i, names[(random >> 16) % 3]);
    for (int i = 0; i < objects; i++)
        record_add_object(record, OBJECT_PIPE);
    struct findings none = {0};
    struct text_buffer out = {0};
    const struct page_run run = {.title = "prog", .record = record, .findings = &none};
    page_add_run(&out, &run, 0);
    size_t steps = 0;
    for (const char *at = out.data; (at = strstr(at, "{\"processes\":")) != NULL; at++)
        steps++;
    free(out.data);
    record_free(record);
    return steps;
}

/* Each step looks at all there is: of a run with very many objects there are few. */
START_TEST(a_page_of_a_huge_run_has_few_steps)
{
    ck_assert_uint_gt(steps_on_page(10), 200);
    size_t few = steps_on_page(8000);
    ck_assert_uint_ge(few, 4);
    ck_assert_uint_lt(few, 60);
}
END_TEST

/* ---- Drawings ------------------------------------------------------------------------------- */

static const struct golden {
    const char *name;
    int width;
    bool unicode;
} goldens[] = {
    {"pipeline",           80,  true },
    {"pipeline",           120, false},
    {"kept_end",           80,  true },
    {"kept_end",           120, false},
    {"semaphore_deadlock", 80,  true },
    {"semaphore_deadlock", 120, false},
    {"queue_types",        80,  true },
    {"queue_types",        120, false},
    {"coprocess",          80,  true },
    {"coprocess",          120, false},
};

static int widest_line(const char *text)
{
    int widest = 0, columns = 0;
    for (; *text != '\0'; text++) {
        columns = *text == '\n' ? 0 : columns + (((unsigned char)*text & 0xc0) != 0x80);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

START_TEST(drawings_look_as_they_did)
{
    const struct golden *golden = &goldens[_i];
    struct subject it = load(golden->name);
    char *text = draw(it.picture, golden->width, golden->unicode);
    char *file = kit_format("%s-%d.txt", golden->name, golden->width);
    char *path = test_file("pictures", file);

    if (getenv("IPCLAB_WRITE") != NULL)
        ck_assert_int_eq(kit_write_file(path, text, strlen(text)), 0);
    char *expected = kit_read_file(path, NULL);
    ck_assert_msg(expected != NULL, "there is no %s", path);
    ck_assert_msg(strcmp(text, expected) == 0, "%s: it is now\n%s", path, text);
    ck_assert_int_le(widest_line(text), golden->width);
    free(expected);
    free(path);
    free(file);
    free(text);
    put_away(&it);
}
END_TEST

static Suite *make_picture_suite(void)
{
    Suite *suite = suite_create("picture");
    TCase *stored = tcase_create("stored");
    tcase_add_test(stored, steps_from_fork_to_hang);
    tcase_add_test(stored, the_replay_ends_where_the_kernel_does);
    tcase_add_test(stored, messages_are_followed);
    tcase_add_test(stored, repeats_are_folded);
    tcase_add_test(stored, causes_come_first);
    suite_add_tcase(suite, stored);
    TCase *small = tcase_create("small");
    tcase_set_timeout(small, 60); /* the machine may be busy */
    tcase_add_test(small, exec_closes_what_it_was_told_to);
    tcase_add_test(small, what_is_not_known_is_not_invented);
    tcase_add_test(small, semaphores_are_counted_and_undone);
    tcase_add_test(small, hostile_text_is_escaped);
    tcase_add_test(small, a_long_run_is_shortened);
    tcase_add_test(small, a_page_of_a_huge_run_has_few_steps);
    suite_add_tcase(suite, small);
    TCase *drawn = tcase_create("drawn");
    tcase_add_loop_test(drawn, drawings_look_as_they_did, 0,
                        (int)(sizeof goldens / sizeof *goldens));
    suite_add_tcase(suite, drawn);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_picture_suite);
}
