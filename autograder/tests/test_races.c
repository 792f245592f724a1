/*
 * test_races.c - which accesses to shared memory are ordered: races_find() on records made by hand,
 * and schedule.c, which chooses who goes next.
 *
 * For each way in which something is ordered there is a near miss, in which it is not. Process 0
 * (`main`) has forked A and B, and each test goes on from there: what it says happens in the order
 * in which it says it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>

#include "../judge/judge.h"
#include "../judge/naming.h"
#include "../judge/races.h"
#include "../race/log.h"
#include "../run/kit.h"
#include "../run/schedule.h"
#include "tests.h"

enum { MAIN, A, B, C };           /* processes; C where a test forks it */
enum { X = 0, Y = 8, LOCK = 64 }; /* offsets in the shared memory */
enum { MOST = 10 };

static struct record *record;
static uint64_t clock_now; /* the next number */

/* ---- Making a record --------------------------------------------------------------------------
 */

static int begins(int process, const char *name, int object)
{
    int index = record_add_call(record);
    struct call *call = &record->calls[index];

    call->process = process;
    call->own_tid = record->processes[process].pid;
    call->name = name;
    call->object = object;
    call->began = clock_now++;
    return index;
}

static void returns(int call, int64_t result)
{
    record->calls[call].result = result;
    record->calls[call].ended = clock_now++;
}

static int does(int process, const char *name, int object, int64_t result)
{
    int call = begins(process, name, object);
    returns(call, result);
    return call;
}

static int add_process(int parent, const char *name)
{
    int index = record_add_process(record);
    struct process *process = &record->processes[index];

    process->number = index + 1;
    process->pid = 100 + index;
    process->parent = parent;
    process->name = kit_strdup(name);
    process->began = clock_now++;
    return index;
}

static int forks(int parent, const char *name)
{
    int call = begins(parent, "fork", -1), child = add_process(parent, name);
    record->calls[call].other = child;
    returns(call, record->processes[child].pid);
    return child;
}

static void ends(int process)
{
    record->processes[process].ended = clock_now++;
}

static void waits_for(int parent, int child)
{
    int call = does(parent, "wait4", -1, record->processes[child].pid);
    record->calls[call].other = child;
}

static int add_object(enum object_kind kind)
{
    int index = record_add_object(record, kind);
    record->objects[index].label = kit_strdup("object");
    return index;
}

/* line 0: not known. */
static int site_of(int line)
{
    if (line == 0)
        return -1;
    for (size_t i = 0; i < record->n_sites; i++)
        if (record->sites[i].place.line == line)
            return (int)i;
    *ARRAY_ADD(record->sites, record->n_sites) = (struct race_site){
        .place = {kit_strdup("a.c"), line, kit_strdup("add")}
    };
    return (int)record->n_sites - 1;
}

static struct race_note *add_note(int process, int kind, uint64_t offset)
{
    struct race_note *note = ARRAY_ADD(record->notes, record->n_notes);
    *note = (struct race_note){.stamp = clock_now,
                               .offset = offset,
                               .process = process,
                               .tid = record->processes[process].pid,
                               .site = -1,
                               .kind = kind};
    return note;
}

static struct race_note *accesses(int process, int kind, uint64_t offset, int size, int line)
{
    int site = site_of(line);
    struct race_note *note = add_note(process, kind, offset);
    note->size = size;
    note->site = site;
    return note;
}

/* Each line of A is 10 and more, each of B 20 and more, and so on. */
static void writes(int process, uint64_t offset)
{
    accesses(process, RACE_WRITE, offset, 8, 10 * process + 1);
}

static void reads(int process, uint64_t offset)
{
    accesses(process, RACE_READ, offset, 8, 10 * process + 2);
}

static struct race_note *deed(int process, int kind, uint64_t offset, int flags)
{
    struct race_note *note = add_note(process, kind, offset);
    note->flags = flags;
    clock_now++;
    return note;
}

static void begin(void)
{
    record = record_new();
    record->races_watched = record->race_builds = true;
    clock_now = 1;
    *ARRAY_ADD(record->memories, record->n_memories) =
        (struct race_memory){1, 2, kit_strdup("the shared mapping")};
    add_process(-1, "main");
    forks(MAIN, "a");
    forks(MAIN, "b");
}

static void end(void)
{
    record_free(record);
}

static void expect_races(size_t count)
{
    struct race_pair pairs[MOST];
    ck_assert_uint_eq(races_find(record, pairs, MOST), count);
}

/* Looks, and forgets what was last accessed: for one more question in the same test. */
static void expect_race_and_forget(void)
{
    expect_races(1);
    record->n_notes--;
    expect_races(0);
}

/* ---- Which accesses ---------------------------------------------------------------------------
 */

START_TEST(two_increments_without_order_race)
{
    for (int process = A; process <= B; process++) {
        accesses(process, RACE_READ, X, 8, 10);
        accesses(process, RACE_WRITE, X, 8, 10);
    }
    struct race_pair pairs[MOST];
    ck_assert_uint_eq(races_find(record, pairs, MOST), 1);
    ck_assert_int_eq(record->notes[pairs[0].first].process, A);
    ck_assert_int_eq(record->notes[pairs[0].second].process, B);
}
END_TEST

START_TEST(reads_do_not_race)
{
    reads(A, X);
    reads(B, X);
    expect_races(0);
}
END_TEST

START_TEST(one_thread_does_not_race)
{
    writes(A, X);
    writes(A, X);
    expect_races(0);
}
END_TEST

START_TEST(a_run_that_was_not_watched_has_no_races)
{
    writes(A, X);
    writes(B, X);
    record->races_watched = false;
    expect_races(0);
}
END_TEST

static const struct {
    uint64_t offset, other_offset;
    int size, other_size;
    size_t races;
} neighbours[] = {
    {0,   4,  4,  4,   0},
    {0,   3,  4,  1,   1},
    {3,   0,  1,  4,   1},
    {7,   8,  1,  1,   0},
    {6,   9,  4,  1,   1},
    {6,   10, 4,  1,   0},
    {6,   5,  4,  1,   0},
    {0,   40, 64, 8,   1},
    {0,   64, 64, 8,   0},
    {0,   63, 64, 1,   1},
    {100, 0,  8,  101, 1},
    {0,   0,  0,  8,   0},
};

START_TEST(bytes_are_told_apart)
{
    accesses(A, RACE_WRITE, neighbours[_i].offset, neighbours[_i].size, 11);
    accesses(B, RACE_WRITE, neighbours[_i].other_offset, neighbours[_i].other_size, 21);
    expect_races(neighbours[_i].races);
}
END_TEST

START_TEST(mappings_are_told_apart)
{
    *ARRAY_ADD(record->memories, record->n_memories) =
        (struct race_memory){1, 3, kit_strdup("segment 3")};
    writes(A, X);
    accesses(B, RACE_WRITE, X, 8, 21)->mapping = 1;
    expect_races(0);
}
END_TEST

/* A narrow access does not hide a wider one that came before. */
START_TEST(an_earlier_wider_access_is_kept)
{
    accesses(A, RACE_WRITE, 0, 8, 11);
    accesses(A, RACE_WRITE, 0, 4, 12);
    accesses(B, RACE_WRITE, 6, 1, 21);
    expect_races(1);
}
END_TEST

START_TEST(one_pair_of_lines_is_told_once)
{
    for (int i = 0; i < 5; i++)
        writes(A, (uint64_t)i * 8);
    for (int i = 0; i < 5; i++)
        writes(B, (uint64_t)i * 8);
    expect_races(1);
    reads(B, X);
    expect_races(2);
}
END_TEST

/* Whichever came first. */
START_TEST(one_pair_of_lines_is_told_once_in_both_orders)
{
    writes(A, X);
    writes(B, X);
    writes(B, Y);
    writes(A, Y);
    expect_races(1);
}
END_TEST

START_TEST(no_more_than_asked_for)
{
    struct race_pair pairs[2];
    for (int i = 0; i < 5; i++)
        accesses(A, RACE_WRITE, (uint64_t)i * 8, 8, 10 + i);
    for (int i = 0; i < 5; i++)
        writes(B, (uint64_t)i * 8);
    ck_assert_uint_eq(races_find(record, pairs, 2), 2);
    expect_races(5);
}
END_TEST

/* ---- Processes --------------------------------------------------------------------------------
 */

START_TEST(before_fork_is_ordered)
{
    writes(MAIN, X);
    forks(MAIN, "c");
    reads(C, X);
    expect_races(0);
}
END_TEST

START_TEST(after_fork_is_not)
{
    forks(MAIN, "c");
    writes(MAIN, X);
    reads(C, X);
    expect_races(1);
}
END_TEST

START_TEST(a_fork_orders_nobody_else)
{
    writes(A, X);
    forks(MAIN, "c");
    reads(C, X);
    expect_races(1);
}
END_TEST

START_TEST(before_wait_is_ordered)
{
    writes(A, X);
    ends(A);
    waits_for(MAIN, A);
    reads(MAIN, X);
    expect_races(0);
}
END_TEST

START_TEST(an_end_without_wait_is_not)
{
    writes(A, X);
    ends(A);
    reads(MAIN, X);
    expect_races(1);
}
END_TEST

START_TEST(a_wait_for_another_is_not)
{
    writes(A, X);
    ends(A);
    ends(B);
    waits_for(MAIN, B);
    reads(MAIN, X);
    expect_races(1);
}
END_TEST

START_TEST(a_wait_that_found_nobody_is_not)
{
    writes(A, X);
    does(MAIN, "wait4", -1, -ECHILD);
    reads(MAIN, X);
    expect_races(1);
}
END_TEST

/* A thread of A that A makes between the two. */
START_TEST(a_thread_knows_what_was_before_it)
{
    writes(A, X);
    does(A, "clone3", -1, 555);
    writes(A, Y);
    accesses(A, RACE_READ, X, 8, 15)->tid = 555;
    expect_races(0);
    accesses(A, RACE_READ, Y, 8, 16)->tid = 555;
    expect_races(1);
}
END_TEST

/* ---- Pipes, messages --------------------------------------------------------------------------
 */

static int sends(int process, int pipe, int bytes)
{
    int call = does(process, "write", pipe, bytes);
    record->calls[call].args[2] = (uint64_t)bytes;
    return call;
}

static void gets(int process, int pipe, int64_t result)
{
    int call = does(process, "read", pipe, result);
    record->calls[call].args[2] = 1;
}

START_TEST(the_first_token_does_not_cover_the_second_value)
{
    int pipe = add_object(OBJECT_PIPE);
    writes(A, X);
    sends(A, pipe, 1);
    writes(A, Y);
    sends(A, pipe, 1);
    gets(B, pipe, 1);
    reads(B, X);
    expect_races(0);
    reads(B, Y);
    expect_race_and_forget();
    gets(B, pipe, 1);
    reads(B, Y);
    expect_races(0);
}
END_TEST

START_TEST(a_token_does_not_cover_what_comes_after_it)
{
    int pipe = add_object(OBJECT_PIPE);
    sends(A, pipe, 1);
    writes(A, X);
    gets(B, pipe, 1);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(a_token_through_another_pipe_is_no_order)
{
    int pipe = add_object(OBJECT_PIPE), other = add_object(OBJECT_PIPE);
    writes(A, X);
    sends(A, pipe, 1);
    sends(MAIN, other, 1);
    gets(B, other, 1);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(a_read_that_got_nothing_is_no_order)
{
    int pipe = add_object(OBJECT_PIPE);
    writes(A, X);
    sends(A, pipe, 1);
    gets(B, pipe, -EAGAIN);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(end_of_file_comes_after_the_close)
{
    int pipe = add_object(OBJECT_PIPE);
    writes(A, X);
    does(A, "close", pipe, 0);
    gets(B, pipe, 0);
    reads(B, X);
    expect_races(0);
}
END_TEST

/* Two writes at the same time: the byte may be of either. */
START_TEST(overlapping_writes_may_come_in_both_orders)
{
    int pipe = add_object(OBJECT_PIPE);
    writes(MAIN, X);
    writes(A, Y);
    int first = begins(MAIN, "write", pipe), second = begins(A, "write", pipe);
    returns(first, 1);
    returns(second, 1);
    gets(B, pipe, 1);
    reads(B, X);
    reads(B, Y);
    expect_races(0);
}
END_TEST

/* Another read is on its way and may have had the first byte. */
START_TEST(overlapping_reads_may_come_in_both_orders)
{
    int pipe = add_object(OBJECT_PIPE);
    writes(A, X);
    sends(A, pipe, 1);
    writes(A, Y);
    sends(A, pipe, 1);
    int other = begins(MAIN, "read", pipe);
    record->calls[other].args[2] = 1;
    gets(B, pipe, 1);
    reads(B, Y);
    expect_races(0);
}
END_TEST

static void message(int process, const char *name, int queue, const char *type)
{
    int call = begins(process, name, queue);
    record->calls[call].detail = kit_strdup(type);
    returns(call, 0);
}

START_TEST(messages_are_ordered_by_their_type)
{
    int queue = add_object(OBJECT_QUEUE);
    writes(A, X);
    message(A, "msgsnd", queue, "type 1");
    writes(MAIN, Y);
    message(MAIN, "msgsnd", queue, "type 2");
    message(B, "msgrcv", queue, "type 2");
    reads(B, Y);
    expect_races(0);
    reads(B, X);
    expect_race_and_forget();
    message(B, "msgrcv", queue, "type 1");
    reads(B, X);
    expect_races(0);
}
END_TEST

START_TEST(messages_are_ordered_one_by_one)
{
    int queue = add_object(OBJECT_QUEUE);
    writes(A, X);
    message(A, "msgsnd", queue, "type 1");
    writes(A, Y);
    message(A, "msgsnd", queue, "type 1");
    message(B, "msgrcv", queue, "type 1");
    reads(B, X);
    expect_races(0);
    reads(B, Y);
    expect_races(1);
}
END_TEST

/* ---- System V semaphores ----------------------------------------------------------------------
 */

static int begins_semop(int process, int set, const char *operations)
{
    int call = begins(process, "semop", set);
    record->calls[call].detail = kit_strdup(operations);
    return call;
}

static void semop_by(int process, int set, const char *operations)
{
    returns(begins_semop(process, set, operations), 0);
}

static int new_set(int value)
{
    int set = add_object(OBJECT_SEMAPHORES), call = begins(MAIN, "semctl", set);
    record->calls[call].args[1] = 0;
    record->calls[call].args[2] = SETVAL;
    record->calls[call].args[3] = (uint64_t)value;
    returns(call, 0);
    return set;
}

static void locked_write(int process, int set, const char *down, const char *up)
{
    semop_by(process, set, down);
    writes(process, X);
    semop_by(process, set, up);
}

/* Locks and unlocks: words as "write START LENGTH"; NULL: not. */
static void file_lock(int process, int file, const char *words)
{
    if (words == NULL)
        return;
    int call = begins(process, "fcntl", file);
    record->calls[call].detail = kit_strdup(words);
    returns(call, 0);
}

/* A locks and writes, and ends; then B locks and writes. */
static const struct {
    const char *lock, *unlock, *other;
    int races;
} file_locks[] = {
    {"write 0 1",  "unlock 0 1", "write 0 1", 0},
    {"write 0 1",  "unlock 0 1", "write 1 1", 1}, /* B's byte was never A's */
    {"write 0 1",  NULL,         "write 0 1", 0}, /* its end unlocks */
    {"write 0 10", "unlock 0 1", "write 9 1", 0}, /* so for the rest of it */
    {"write 0 1",  "unlock 0 0", "write 1 1", 0}, /* unlocked to the end of the file: both */
    {NULL,         NULL,         "write 0 1", 1},
};

START_TEST(a_file_lock_orders_who_wants_the_same_bytes)
{
    int file = add_object(OBJECT_FILE);
    file_lock(A, file, file_locks[_i].lock);
    writes(A, X);
    file_lock(A, file, file_locks[_i].unlock);
    ends(A);
    file_lock(B, file, file_locks[_i].other);
    writes(B, X);
    expect_races(file_locks[_i].races);
}
END_TEST

/* One unit is a lock; with two, both may be inside at a time. */
START_TEST(units_are_counted_from_the_initial_value)
{
    int set = new_set(_i);
    locked_write(A, set, "0:-1", "0:+1");
    locked_write(B, set, "0:-1", "0:+1");
    expect_races(_i == 1 ? 0 : 1);
}
END_TEST

START_TEST(a_post_orders_and_the_first_does_not_cover_the_second)
{
    int set = new_set(0);
    writes(A, X);
    semop_by(A, set, "0:+1");
    writes(A, Y);
    semop_by(A, set, "0:+1");
    semop_by(B, set, "0:-1");
    reads(B, X);
    expect_races(0);
    reads(B, Y);
    expect_races(1);
}
END_TEST

START_TEST(taking_all_units_comes_after_all_posts)
{
    int set = new_set(0);
    writes(A, X);
    semop_by(A, set, "0:+1");
    writes(MAIN, Y);
    semop_by(MAIN, set, "0:+1");
    semop_by(B, set, "0:-2");
    reads(B, X);
    reads(B, Y);
    expect_races(0);
}
END_TEST

START_TEST(semaphores_of_a_set_are_told_apart)
{
    int set = new_set(0);
    writes(A, X);
    semop_by(A, set, "0:+1 1:+1");
    semop_by(B, set, "1:-1");
    reads(B, X);
    expect_races(0);
    writes(A, Y);
    semop_by(A, set, "0:+1");
    semop_by(MAIN, set, "1:+1");
    semop_by(B, set, "1:-1");
    reads(B, Y);
    expect_races(1);
}
END_TEST

START_TEST(a_semop_that_failed_is_no_order)
{
    int set = new_set(0);
    writes(A, X);
    semop_by(A, set, "0:+1");
    returns(begins_semop(B, set, "0:-1 nowait"), -EAGAIN);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(zero_comes_after_all_that_went_down)
{
    int set = new_set(2);
    writes(A, X);
    semop_by(A, set, "0:-1");
    writes(MAIN, Y);
    semop_by(MAIN, set, "0:-1");
    semop_by(B, set, "0:0");
    reads(B, X);
    reads(B, Y);
    expect_races(0);
    writes(A, Y + 8);
    reads(B, Y + 8);
    expect_races(1);
}
END_TEST

START_TEST(setval_gives_its_makers_clock)
{
    writes(MAIN, X);
    int set = new_set(1);
    semop_by(B, set, "0:-1");
    reads(B, X);
    expect_races(0);
}
END_TEST

/* The end of A gives its unit back, where it asked for that. */
START_TEST(an_end_undoes)
{
    int set = new_set(2);
    semop_by(A, set, _i == 0 ? "0:-1 undo" : "0:-1");
    writes(A, X);
    ends(A);
    semop_by(B, set, "0:-1 undo");
    reads(B, X);
    expect_races(_i == 0 ? 0 : 1);
}
END_TEST

/* ---- Locks of POSIX threads -------------------------------------------------------------------
 */

static void inside(int process, uint64_t lock, int flags, void (*body)(int process, uint64_t at))
{
    deed(process, RACE_ACQUIRE, lock, flags);
    body(process, X);
    deed(process, RACE_RELEASE, lock, flags);
}

START_TEST(a_mutex_orders)
{
    inside(A, LOCK, 0, writes);
    inside(B, LOCK, 0, writes);
    expect_races(0);
}
END_TEST

START_TEST(two_mutexes_do_not)
{
    inside(A, LOCK, 0, writes);
    inside(B, LOCK + 40, 0, writes);
    expect_races(1);
}
END_TEST

/* Each has its own: the same address in memory that is not shared. */
START_TEST(a_private_mutex_does_not)
{
    size_t first = record->n_notes;
    inside(A, LOCK, 0, writes);
    inside(B, LOCK, 0, writes);
    for (size_t i = first; i < record->n_notes; i++)
        if (record->notes[i].kind != RACE_WRITE)
            record->notes[i].mapping = -1;
    expect_races(1);
}
END_TEST

START_TEST(a_lock_on_one_side_alone_does_not)
{
    inside(A, LOCK, 0, writes);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(a_dead_owner_has_done_what_it_did)
{
    deed(A, RACE_ACQUIRE, LOCK, 0);
    writes(A, X);
    ends(A);
    inside(B, LOCK, _i == 0 ? RACE_DEAD_OWNER : 0, writes);
    expect_races(_i == 0 ? 0 : 1);
}
END_TEST

static const struct {
    int first, second; /* RACE_SHARED or 0 */
    void (*does_first)(int process, uint64_t at);
    size_t races;
} rwlocks[] = {
    {0,           0,           writes, 0},
    {0,           RACE_SHARED, writes, 0},
    {RACE_SHARED, 0,           reads,  0},
    {RACE_SHARED, RACE_SHARED, reads,  1}, /* and the second writes, as a reader may not */
};

START_TEST(a_rwlock_orders_but_not_two_readers)
{
    inside(A, LOCK, rwlocks[_i].first, rwlocks[_i].does_first);
    inside(B, LOCK, rwlocks[_i].second, writes);
    expect_races(rwlocks[_i].races);
}
END_TEST

/* ---- Barriers, POSIX semaphores ---------------------------------------------------------------
 */

static void set_value(uint64_t object, int value)
{
    deed(MAIN, RACE_SET_VALUE, object, 0)->size = value;
}

START_TEST(a_barrier_orders_the_rounds)
{
    set_value(LOCK, 2);
    for (int round = 0; round < 3; round++) {
        writes(round % 2 == 0 ? A : B, X);
        deed(A, RACE_ARRIVES, LOCK, 0);
        deed(B, RACE_ARRIVES, LOCK, 0);
        deed(B, RACE_PASSES, LOCK, 0);
        deed(A, RACE_PASSES, LOCK, 0);
    }
    expect_races(0);
}
END_TEST

START_TEST(a_barrier_does_not_order_what_is_in_one_round)
{
    set_value(LOCK, 2);
    for (int process = A; process <= B; process++)
        deed(process, RACE_ARRIVES, LOCK, 0);
    for (int process = A; process <= B; process++) {
        deed(process, RACE_PASSES, LOCK, 0);
        writes(process, X);
    }
    expect_races(1);
}
END_TEST

/* A is at the next round already when B comes out of the first. */
START_TEST(a_late_one_does_not_know_the_next_round)
{
    set_value(LOCK, 2);
    writes(A, X);
    deed(A, RACE_ARRIVES, LOCK, 0);
    deed(B, RACE_ARRIVES, LOCK, 0);
    deed(A, RACE_PASSES, LOCK, 0);
    writes(A, Y);
    deed(A, RACE_ARRIVES, LOCK, 0);
    deed(B, RACE_PASSES, LOCK, 0);
    reads(B, X);
    expect_races(0);
    reads(B, Y);
    expect_races(1);
}
END_TEST

static void posts(int process)
{
    deed(process, RACE_POST, LOCK, 0);
    deed(process, RACE_POSTED, LOCK, 0);
}

static void takes(int process)
{
    deed(process, RACE_WAITS, LOCK, 0);
    deed(process, RACE_WAITED, LOCK, 0);
}

START_TEST(a_semaphore_of_one_unit_is_a_lock)
{
    set_value(LOCK, _i);
    for (int process = A; process <= B; process++) {
        takes(process);
        writes(process, X);
        posts(process);
    }
    expect_races(_i == 1 ? 0 : 1);
}
END_TEST

START_TEST(the_first_post_does_not_cover_the_second)
{
    set_value(LOCK, 0);
    writes(A, X);
    posts(A);
    writes(A, Y);
    posts(A);
    takes(B);
    reads(B, X);
    expect_races(0);
    reads(B, Y);
    expect_race_and_forget();
    takes(B);
    reads(B, Y);
    expect_races(0);
}
END_TEST

START_TEST(giving_up_is_no_order)
{
    set_value(LOCK, 0);
    writes(A, X);
    posts(A);
    deed(B, RACE_WAITS, LOCK, 0);
    deed(B, RACE_GAVE_UP, LOCK, 0);
    reads(B, X);
    expect_races(1);
}
END_TEST

/* ---- Atomics ----------------------------------------------------------------------------------
 */

static void atomic_deed(int process, int kind, int flags)
{
    int access = kind == RACE_LOAD ? RACE_READ : RACE_WRITE;
    accesses(process, access, LOCK, 8, 90)->flags = RACE_ATOMIC;
    deed(process, kind, LOCK, flags);
}

static const struct {
    int store, load;
    size_t races;
} orders[] = {
    {RACE_RELEASES, RACE_ACQUIRES, 0},
    {0,             RACE_ACQUIRES, 1},
    {RACE_RELEASES, 0,             1},
    {0,             0,             1},
};

START_TEST(a_flag_orders_by_release_and_acquire)
{
    writes(A, X);
    atomic_deed(A, RACE_STORE, orders[_i].store);
    atomic_deed(B, RACE_LOAD, orders[_i].load);
    reads(B, X);
    expect_races(orders[_i].races);
}
END_TEST

START_TEST(a_flag_does_not_cover_what_comes_after_it)
{
    atomic_deed(A, RACE_STORE, RACE_RELEASES);
    writes(A, X);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, X);
    expect_races(1);
}
END_TEST

START_TEST(modifications_order_both_ways)
{
    writes(A, X);
    atomic_deed(A, RACE_MODIFY, RACE_ACQUIRES | RACE_RELEASES);
    atomic_deed(B, RACE_MODIFY, RACE_ACQUIRES | RACE_RELEASES);
    writes(B, X);
    writes(B, Y);
    atomic_deed(B, RACE_MODIFY, RACE_ACQUIRES | RACE_RELEASES);
    atomic_deed(A, RACE_MODIFY, RACE_ACQUIRES | RACE_RELEASES);
    writes(A, Y);
    expect_races(0);
}
END_TEST

/* C17 5.1.2.4: modifications by anybody, and stores of the same thread, go on with what the release
 * began; a store of somebody else ends it. */
static const struct {
    int process, kind;
    size_t races;
} sequences[] = {
    {MAIN, RACE_MODIFY, 0},
    {A,    RACE_MODIFY, 0},
    {A,    RACE_STORE,  0},
    {MAIN, RACE_STORE,  1},
};

START_TEST(a_release_sequence_goes_on)
{
    writes(A, X);
    atomic_deed(A, RACE_STORE, RACE_RELEASES);
    atomic_deed(sequences[_i].process, sequences[_i].kind, 0);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, X);
    expect_races(sequences[_i].races);
}
END_TEST

/* ... and what came after the release is no part of it. */
START_TEST(a_release_sequence_releases_nothing_new)
{
    atomic_deed(A, RACE_STORE, RACE_RELEASES);
    writes(A, X);
    atomic_deed(A, RACE_STORE, 0);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, X);
    expect_races(1);
}
END_TEST

/* The store of another thread stands between: A's next one begins anew. */
START_TEST(a_release_sequence_that_was_ended_stays_so)
{
    writes(A, X);
    atomic_deed(A, RACE_STORE, RACE_RELEASES);
    atomic_deed(MAIN, RACE_STORE, 0);
    atomic_deed(A, RACE_STORE, 0);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, X);
    expect_races(1);
}
END_TEST

enum { RELEASE_FENCE = 1, ACQUIRE_FENCE = 2, FENCE_TOO_LATE = 4 };

static const struct {
    unsigned fences;
    size_t races;
} fences[] = {
    {RELEASE_FENCE | ACQUIRE_FENCE,  0},
    {RELEASE_FENCE,                  1},
    {ACQUIRE_FENCE,                  1},
    {FENCE_TOO_LATE | ACQUIRE_FENCE, 1},
};

START_TEST(fences_order_relaxed_accesses)
{
    writes(A, X);
    if (fences[_i].fences & RELEASE_FENCE)
        deed(A, RACE_FENCE, 0, RACE_RELEASES);
    atomic_deed(A, RACE_STORE, 0);
    if (fences[_i].fences & FENCE_TOO_LATE)
        deed(A, RACE_FENCE, 0, RACE_RELEASES);
    atomic_deed(B, RACE_LOAD, 0);
    if (fences[_i].fences & ACQUIRE_FENCE)
        deed(B, RACE_FENCE, 0, RACE_ACQUIRES);
    reads(B, X);
    expect_races(fences[_i].races);
}
END_TEST

START_TEST(a_fence_goes_with_an_acquiring_load)
{
    writes(A, X);
    deed(A, RACE_FENCE, 0, RACE_RELEASES);
    atomic_deed(A, RACE_STORE, 0);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, X);
    expect_races(0);
}
END_TEST

/* Bit 0: A's access is atomic, bit 1: B's. */
START_TEST(atomic_against_plain_races)
{
    accesses(A, RACE_WRITE, X, 8, 11)->flags = _i & 1 ? RACE_ATOMIC : 0;
    accesses(B, RACE_READ, X, 8, 22)->flags = _i & 2 ? RACE_ATOMIC : 0;
    expect_races(_i == 3 ? 0 : 1);
}
END_TEST

/* ---- Stored and told --------------------------------------------------------------------------
 */

static void make_a_bit_of_everything(void)
{
    int set = new_set(1), queue = add_object(OBJECT_QUEUE), pipe = add_object(OBJECT_PIPE);
    locked_write(A, set, "0:-1 undo", "0:+1 undo");
    locked_write(B, set, "0:-1 undo", "0:+1 undo");
    message(A, "msgsnd", queue, "type 7");
    message(B, "msgrcv", queue, "type 7");
    writes(A, Y);
    sends(A, pipe, 1);
    gets(B, pipe, 1);
    writes(B, Y);
    writes(A, Y + 8);
    atomic_deed(A, RACE_STORE, RACE_RELEASES);
    atomic_deed(B, RACE_LOAD, RACE_ACQUIRES);
    reads(B, Y + 8);
    accesses(A, RACE_WRITE, Y + 16, 4, 13);
    accesses(B, RACE_READ, Y + 18, 1, 23);
    accesses(B, RACE_WRITE, X, 1, 24);
    ends(A);
    waits_for(MAIN, A);
    reads(MAIN, Y + 16);
    reads(MAIN, X);
}

START_TEST(a_stored_record_has_the_same_races)
{
    struct race_pair pairs[MOST], again[MOST];
    const char *error = NULL;
    make_a_bit_of_everything();
    size_t count = races_find(record, pairs, MOST);
    ck_assert_uint_eq(count, 3); /* lines 13 and 23; main's read of both that B wrote to X */
    char *json = record_to_json(record);
    struct record *stored = record_from_json(json, &error);
    free(json);
    ck_assert_msg(stored != NULL, "%s", error);
    ck_assert_uint_eq(races_find(stored, again, MOST), count);
    ck_assert_int_eq(memcmp(pairs, again, count * sizeof *pairs), 0);
    record_free(stored);
}
END_TEST

static struct findings findings;

static const struct finding *tell(void)
{
    judge_races(record, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq((int)findings.items[0].kind, (int)FINDING_DATA_RACE);
    return &findings.items[0];
}

static void expect_says(const struct finding *finding, const char *fragment, bool says)
{
    ck_assert_msg((strstr(finding->text, fragment) != NULL) == says, "\"%s\" is%s in: %s", fragment,
                  says ? " not" : "", finding->text);
}

START_TEST(both_sides_are_told)
{
    writes(A, X);
    accesses(B, RACE_READ, X + 4, 1, 22);
    const struct finding *race = tell();
    expect_says(race, "process 2 `a` writes at a.c:11 in add()", true);
    expect_says(race, "process 3 `b` reads at a.c:22 in add()", true);
    expect_says(race, "(offset 4 of the shared mapping)", true);
    expect_says(race, "volatile", false);
    expect_says(race, "atomic", false);
    ck_assert_str_eq(race->misconception, "shm-needs-no-memory-order");
    ck_assert_str_eq(race->place.file, "a.c");
    ck_assert_int_eq(race->place.line, 22);
    ck_assert_uint_eq(race->n_processes, 2);
    ck_assert_int_eq(race->processes[0].number, 2);
    ck_assert_int_eq(race->processes[1].number, 3);
    findings_clear(&findings);
}
END_TEST

START_TEST(one_line_is_a_lost_update)
{
    accesses(A, RACE_WRITE, X, 8, 10);
    accesses(B, RACE_WRITE, X, 8, 10);
    ck_assert_str_eq(tell()->misconception, "shm-unsynchronised-increment");
    findings_clear(&findings);
}
END_TEST

START_TEST(volatile_is_told)
{
    accesses(A, RACE_WRITE, X, 8, 11)->flags = RACE_VOLATILE;
    reads(B, X);
    expect_says(tell(), "volatile does not help", true);
    findings_clear(&findings);
}
END_TEST

START_TEST(half_atomic_is_told)
{
    writes(A, X);
    accesses(B, RACE_READ, X, 8, 22)->flags = RACE_ATOMIC;
    expect_says(tell(), "One of them is atomic, the other is not: both have to be.", true);
    findings_clear(&findings);
}
END_TEST

START_TEST(lines_that_are_not_known_are_left_out)
{
    accesses(A, RACE_WRITE, X, 8, 0);
    accesses(B, RACE_WRITE, X, 8, 0);
    const struct finding *race = tell();
    expect_says(race, "process 2 `a` writes, and process 3 `b` writes, the same bytes", true);
    ck_assert_ptr_null(race->place.file);
    findings_clear(&findings);
}
END_TEST

/* ---- Names ----------------------------------------------------------------------------------- */

/* The statement of line 10: ring->items[ring->head] = other->x, where ring has head and tail (ints
 * at 0 and 4), then ten items, and other is anywhere. */
static const struct race_use statement[] = {
    {"ring->items[ring->head]", "ring",  false, true,  8, 4, 4, 10},
    {"ring->head",              "ring",  true,  false, 0, 4, 4, 1 },
    {"other->x",                "other", true,  false, 0, 8, 8, 1 },
};

static void add_use(struct race_site *site, const struct race_use *use)
{
    struct race_use *copy = ARRAY_ADD(site->uses, site->n_uses);
    *copy = *use;
    copy->text = kit_strdup(use->text);
    copy->base = kit_strdup(use->base);
}

/* Line 10, and its uses. */
static struct race_site *add_statement(void)
{
    int index = site_of(10); /* first: it moves them */
    struct race_site *site = &record->sites[index];
    site->text = kit_strdup("ring->items[ring->head] = other->x;");
    for (size_t i = 0; i < sizeof statement / sizeof *statement; i++)
        add_use(site, &statement[i]);
    return site;
}

static void expect_name(const struct race_note *note, const char *name)
{
    const char *got = naming_of(record, note);
    ck_assert_str_eq(got != NULL ? got : "(nothing)", name != NULL ? name : "(nothing)");
}

static const struct {
    int kind;
    uint64_t offset;
    int size;
    const char *name;
} namings[] = {
    {RACE_WRITE, 8,    4,  "ring->items[ring->head]"},
    {RACE_WRITE, 44,   4,  "ring->items[ring->head]"},
    {RACE_WRITE, 8,    12, "ring->items[ring->head]"}, /* three of them: one note */
    {RACE_WRITE, 1000, 4,  "ring->items[ring->head]"}, /* the ring lies elsewhere */
    {RACE_WRITE, 4,    4,  NULL                     }, /* before the items of any ring */
    {RACE_WRITE, 8,    8,  "ring->items[ring->head]"},
    {RACE_WRITE, 8,    44, NULL                     }, /* eleven */
    {RACE_WRITE, 8,    2,  NULL                     },
    {RACE_READ,  0,    4,  "ring->head"             },
    {RACE_READ,  0,    8,  "other->x"               },
    {RACE_READ,  0,    2,  NULL                     },
};

START_TEST(offset_and_kind_choose_the_name)
{
    add_statement();
    expect_name(accesses(A, namings[_i].kind, namings[_i].offset, namings[_i].size, 10),
                namings[_i].name);
    expect_name(accesses(A, namings[_i].kind, namings[_i].offset, namings[_i].size, 11), NULL);
}
END_TEST

START_TEST(without_a_name_the_line_is_shown)
{
    add_statement();
    accesses(A, RACE_WRITE, 8, 4, 10);
    accesses(B, RACE_WRITE, 8, 2, 20);
    record->sites[site_of(20)].text = kit_strdup("change(ring);");
    const struct finding *race = tell();
    expect_says(race, "`a` writes `ring->items[ring->head]` at a.c:10 in add(), and", true);
    expect_says(race, "`b` writes at a.c:20 in add() (`change(ring);`), the same", true);
    findings_clear(&findings);
}
END_TEST

/* The head is read at 4, so the ring begins there, and 8 is none of its items. */
START_TEST(what_else_the_line_did_must_fit)
{
    add_statement();
    accesses(A, RACE_WRITE, 12, 4, 10);
    expect_name(&record->notes[0], "ring->items[ring->head]");
    accesses(B, RACE_READ, 4, 4, 10);
    expect_name(&record->notes[0], "ring->items[ring->head]");
    record->notes[0].offset = 8;
    expect_name(&record->notes[0], NULL);
    record->notes[1].mapping = 1; /* other memory says nothing of this */
    expect_name(&record->notes[0], "ring->items[ring->head]");
}
END_TEST

START_TEST(two_names_are_none)
{
    static const struct race_use tail = {"ring->tail", "ring", true, false, 4, 4, 4, 1};
    struct race_site *site = add_statement();
    add_use(site, &tail);
    accesses(A, RACE_READ, 4, 4, 10);
    expect_name(&record->notes[0], NULL); /* the tail of a ring at 0, or the head of one at 4 */
    accesses(A, RACE_READ, 0, 4, 10);
    expect_name(&record->notes[0], "ring->tail");
    expect_name(&record->notes[1], "ring->head");
}
END_TEST

START_TEST(an_atomic_read_may_be_told_as_a_write)
{
    add_statement();
    struct race_note *note = accesses(A, RACE_WRITE, 0, 8, 10);
    expect_name(note, NULL);
    note->flags = RACE_ATOMIC;
    expect_name(note, "other->x");
}
END_TEST

START_TEST(a_stored_record_has_the_same_names)
{
    const char *error = NULL;
    add_statement();
    accesses(A, RACE_READ, 0, 4, 10);
    char *json = record_to_json(record);
    struct record *stored = record_from_json(json, &error);
    free(json);
    ck_assert_msg(stored != NULL, "%s", error);
    ck_assert_str_eq(naming_of(stored, &stored->notes[0]), "ring->head");
    ck_assert_str_eq(stored->sites[0].text, "ring->items[ring->head] = other->x;");
    record_free(stored);
}
END_TEST

/* ---- Schedules --------------------------------------------------------------------------------
 */

enum { CHOICES = 2000 };

/* The thread that is chosen of these, given from the front or from the back. */
static int chosen_of(struct schedule *schedule, const int *threads, size_t count, bool backwards)
{
    int given[8] = {0};
    for (size_t i = 0; i < count; i++)
        given[i] = threads[backwards ? count - 1 - i : i];
    return given[schedule_choose(schedule, given, count)];
}

/* Of five threads some are ready, others at each step. */
static size_t some_ready(int step, int ready[5])
{
    size_t count = 0;
    for (int thread = 0; thread < 5; thread++)
        if (step % 7 != thread && (step / 3) % 4 != thread)
            ready[count++] = thread;
    return count;
}

START_TEST(a_seed_chooses_alike_whatever_the_order_of_the_list)
{
    for (uint64_t seed = 1; seed < 100; seed++) {
        struct schedule *one = schedule_new(seed, 50), *other = schedule_new(seed, 50);
        for (int step = 0; step < 200; step++) {
            int ready[5];
            size_t count = some_ready(step, ready);
            ck_assert_int_eq(chosen_of(one, ready, count, false),
                             chosen_of(other, ready, count, step % 2 == 0));
        }
        schedule_free(one);
        schedule_free(other);
    }
}
END_TEST

START_TEST(seeds_choose_differently)
{
    static const int ready[] = {0, 1, 2};
    int first[3] = {0};
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct schedule *schedule = schedule_new(seed, 0);
        first[chosen_of(schedule, ready, 3, false)]++;
        schedule_free(schedule);
    }
    for (int thread = 0; thread < 3; thread++)
        ck_assert_int_gt(first[thread], 50);
}
END_TEST

/* All are ready at every step: as if each only spun until another one has gone on. Odd seeds follow
 * PCT, even ones walk. */
START_TEST(everybody_is_chosen_in_the_end)
{
    static const int ready[] = {3, 0, 7, 4};
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct schedule *schedule = schedule_new(seed, 20);
        int times[8] = {0};
        for (int step = 0; step < CHOICES; step++)
            times[chosen_of(schedule, ready, 4, false)]++;
        for (int i = 0; i < 4; i++)
            ck_assert_msg(times[ready[i]] > 0, "seed %d: thread %d was never chosen", (int)seed,
                          ready[i]);
        schedule_free(schedule);
    }
}
END_TEST

/* Two wake each other in turns, never both ready, and never the one to spin. A third comes again
 * and again: in the second half of the run as well, when all that was to fall has fallen. */
START_TEST(two_in_turns_do_not_starve_a_third)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct schedule *schedule = schedule_new(seed, 20);
        int times = 0, turn = 0;
        for (int step = 0; step < CHOICES; step++) {
            int ready[] = {turn, 2};
            if (chosen_of(schedule, ready, 2, false) == 2)
                times += step >= CHOICES / 2;
            else
                turn = 1 - turn;
        }
        ck_assert_msg(times > 0, "seed %d: the third was not chosen again", (int)seed);
        schedule_free(schedule);
    }
}
END_TEST

START_TEST(steps_are_counted)
{
    static const int ready[] = {0, 1};
    struct schedule *schedule = schedule_new((uint64_t)_i, 0);
    ck_assert_uint_eq(schedule_steps(schedule), 0);
    for (unsigned step = 1; step <= 300; step++) {
        ck_assert_uint_lt(schedule_choose(schedule, ready, 1 + step % 2), 1 + step % 2);
        ck_assert_uint_eq(schedule_steps(schedule), step);
    }
    schedule_free(schedule);
}
END_TEST

/* ---- The suite --------------------------------------------------------------------------------
 */

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, begin, end);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_accesses(Suite *suite)
{
    TCase *tcase = add_case(suite, "accesses");
    tcase_add_test(tcase, two_increments_without_order_race);
    tcase_add_test(tcase, reads_do_not_race);
    tcase_add_test(tcase, one_thread_does_not_race);
    tcase_add_test(tcase, a_run_that_was_not_watched_has_no_races);
    tcase_add_loop_test(tcase, bytes_are_told_apart, 0, COUNT(neighbours));
    tcase_add_test(tcase, mappings_are_told_apart);
    tcase_add_test(tcase, an_earlier_wider_access_is_kept);
    tcase_add_test(tcase, one_pair_of_lines_is_told_once);
    tcase_add_test(tcase, one_pair_of_lines_is_told_once_in_both_orders);
    tcase_add_test(tcase, no_more_than_asked_for);
}

static void add_calls(Suite *suite)
{
    TCase *tcase = add_case(suite, "calls");
    tcase_add_test(tcase, before_fork_is_ordered);
    tcase_add_test(tcase, after_fork_is_not);
    tcase_add_test(tcase, a_fork_orders_nobody_else);
    tcase_add_test(tcase, before_wait_is_ordered);
    tcase_add_test(tcase, an_end_without_wait_is_not);
    tcase_add_test(tcase, a_wait_for_another_is_not);
    tcase_add_test(tcase, a_wait_that_found_nobody_is_not);
    tcase_add_test(tcase, a_thread_knows_what_was_before_it);
    tcase_add_test(tcase, the_first_token_does_not_cover_the_second_value);
    tcase_add_test(tcase, a_token_does_not_cover_what_comes_after_it);
    tcase_add_test(tcase, a_token_through_another_pipe_is_no_order);
    tcase_add_test(tcase, a_read_that_got_nothing_is_no_order);
    tcase_add_test(tcase, end_of_file_comes_after_the_close);
    tcase_add_test(tcase, overlapping_writes_may_come_in_both_orders);
    tcase_add_test(tcase, overlapping_reads_may_come_in_both_orders);
    tcase_add_test(tcase, messages_are_ordered_by_their_type);
    tcase_add_test(tcase, messages_are_ordered_one_by_one);
    tcase_add_loop_test(tcase, units_are_counted_from_the_initial_value, 1, 3);
    tcase_add_test(tcase, a_post_orders_and_the_first_does_not_cover_the_second);
    tcase_add_test(tcase, taking_all_units_comes_after_all_posts);
    tcase_add_test(tcase, semaphores_of_a_set_are_told_apart);
    tcase_add_test(tcase, a_semop_that_failed_is_no_order);
    tcase_add_test(tcase, zero_comes_after_all_that_went_down);
    tcase_add_test(tcase, setval_gives_its_makers_clock);
    tcase_add_loop_test(tcase, an_end_undoes, 0, 2);
}

static void add_deeds(Suite *suite)
{
    TCase *tcase = add_case(suite, "deeds");
    tcase_add_test(tcase, a_mutex_orders);
    tcase_add_test(tcase, two_mutexes_do_not);
    tcase_add_test(tcase, a_private_mutex_does_not);
    tcase_add_test(tcase, a_lock_on_one_side_alone_does_not);
    tcase_add_loop_test(tcase, a_dead_owner_has_done_what_it_did, 0, 2);
    tcase_add_loop_test(tcase, a_rwlock_orders_but_not_two_readers, 0, COUNT(rwlocks));
    tcase_add_test(tcase, a_barrier_orders_the_rounds);
    tcase_add_test(tcase, a_barrier_does_not_order_what_is_in_one_round);
    tcase_add_test(tcase, a_late_one_does_not_know_the_next_round);
    tcase_add_loop_test(tcase, a_semaphore_of_one_unit_is_a_lock, 1, 3);
    tcase_add_loop_test(tcase, a_file_lock_orders_who_wants_the_same_bytes, 0, COUNT(file_locks));
    tcase_add_test(tcase, the_first_post_does_not_cover_the_second);
    tcase_add_test(tcase, giving_up_is_no_order);
    tcase_add_loop_test(tcase, a_flag_orders_by_release_and_acquire, 0, COUNT(orders));
    tcase_add_test(tcase, a_flag_does_not_cover_what_comes_after_it);
    tcase_add_test(tcase, modifications_order_both_ways);
    tcase_add_loop_test(tcase, a_release_sequence_goes_on, 0, COUNT(sequences));
    tcase_add_test(tcase, a_release_sequence_releases_nothing_new);
    tcase_add_test(tcase, a_release_sequence_that_was_ended_stays_so);
    tcase_add_loop_test(tcase, fences_order_relaxed_accesses, 0, COUNT(fences));
    tcase_add_test(tcase, a_fence_goes_with_an_acquiring_load);
    tcase_add_loop_test(tcase, atomic_against_plain_races, 0, 4);
}

static void add_telling(Suite *suite)
{
    TCase *tcase = add_case(suite, "telling");
    tcase_add_test(tcase, a_stored_record_has_the_same_races);
    tcase_add_test(tcase, both_sides_are_told);
    tcase_add_test(tcase, one_line_is_a_lost_update);
    tcase_add_test(tcase, volatile_is_told);
    tcase_add_test(tcase, half_atomic_is_told);
    tcase_add_test(tcase, lines_that_are_not_known_are_left_out);
}

static void add_naming(Suite *suite)
{
    TCase *tcase = add_case(suite, "naming");
    tcase_add_loop_test(tcase, offset_and_kind_choose_the_name, 0, COUNT(namings));
    tcase_add_test(tcase, without_a_name_the_line_is_shown);
    tcase_add_test(tcase, what_else_the_line_did_must_fit);
    tcase_add_test(tcase, two_names_are_none);
    tcase_add_test(tcase, an_atomic_read_may_be_told_as_a_write);
    tcase_add_test(tcase, a_stored_record_has_the_same_names);
}

static void add_schedules(Suite *suite)
{
    TCase *tcase = tcase_create("schedules");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_seed_chooses_alike_whatever_the_order_of_the_list);
    tcase_add_test(tcase, seeds_choose_differently);
    tcase_add_test(tcase, everybody_is_chosen_in_the_end);
    tcase_add_test(tcase, two_in_turns_do_not_starve_a_third);
    tcase_add_loop_test(tcase, steps_are_counted, 0, 2);
}

static Suite *make_races_suite(void)
{
    Suite *suite = suite_create("races");
    add_accesses(suite);
    add_calls(suite);
    add_deeds(suite);
    add_telling(suite);
    add_naming(suite);
    add_schedules(suite);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_races_suite);
}
