/*
 * 1-shmcopy.c - the checks of 8.1: a writer and a reader, with a segment between them.
 *
 * The first program of each run is a bystander of the kit's, which does nothing: as long as it is
 * there, a writer that waits for a reader does not hang. It ends when the check has seen enough.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "../../run/calls.h"
#include "../../run/run.h"
#include "../party.h"

EXERCISE("All of it through one piece of memory");

/* ---- A writer, a reader, and what is between them ------------------------------------------- */

struct copy {
    struct run *run;
    struct peer *writer, *reader;
    key_t key;
    int size;
};

static const char *word_of(key_t key)
{
    return text_format(random_below(2) ? "%#x" : "%d", (unsigned)key).bytes;
}

/* A run with nobody in it but the bystander. */
static struct copy new_copy(int size, struct given *given)
{
    struct copy copy = {.run = new_run(given), .key = random_key(), .size = size};
    start_first(copy.run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
    return copy;
}

static void start_writer(struct copy *copy, struct given *given)
{
    copy->writer = start_peer(copy->run, "shmwrite",
                              args(word_of(copy->key), text_format("%d", copy->size).bytes), given);
}

static void start_reader(struct copy *copy, struct given *given)
{
    copy->reader = start_peer(copy->run, "shmread", args(word_of(copy->key)), given);
}

static const struct process *process_of(struct peer *peer, struct run *run)
{
    return &record_of(run)->processes[number_of_peer(peer) - 1];
}

static bool lives(const struct copy *copy, struct peer *peer)
{
    return process_of(peer, copy->run)->ended_us < 0;
}

/* The thread of its that sleeps in a call; NULL: none. */
static const struct thread *sleeper_of(const struct copy *copy, struct peer *peer)
{
    const struct record *record = record_of(copy->run);
    for (size_t i = 0; i < record->n_threads; i++)
        if (record->threads[i].process == number_of_peer(peer) - 1 && record->threads[i].asleep &&
            record->threads[i].call != NULL)
            return &record->threads[i];
    return NULL;
}

/* How it has ended, or what it waits in. */
static const char *state_of(const struct copy *copy, struct peer *peer)
{
    const struct process *process = process_of(peer, copy->run);
    const struct thread *thread = sleeper_of(copy, peer);
    int status = process->wait_status;
    if (process->ended_us < 0 && thread == NULL)
        return "is still there";
    if (process->ended_us < 0) {
        const struct call *call = call_in_progress(copy->run, process->number); /* if recorded */
        return text_format("waits in %s%s", call_spoken(thread->call),
                           call != NULL ? at_place(call) : "")
            .bytes;
    }
    if (WIFSIGNALED(status))
        return text_format("was killed by signal %d", WTERMSIG(status)).bytes;
    return text_format("has ended with status %d", WEXITSTATUS(status)).bytes;
}

/* Was the set gone for one who slept in semop, or came to it? */
static bool saw_removed(const struct copy *copy)
{
    return saw_failure(copy->run, "semop", EIDRM) || saw_failure(copy->run, "semop", EINVAL);
}

/* Nobody has failed. */
static void expect_good_end(const struct copy *copy, struct peer *peer, const char *who)
{
    int status = process_of(peer, copy->run)->wait_status;
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool gave_up = saw_given_up(copy->run, "semop");
    suspect_if(!well && !gave_up && saw_removed(copy), "rmid-by-wrong-process");
    suspect_if(!well && gave_up, "eintr-not-handled");
    expect_that(copy->run, well, FINDING_WRONG_STATUS,
                "The %s %s; the task asks for exit status 0 here. On standard error it said: %s",
                who, state_of(copy, peer),
                stderr_of_peer(peer).length > 0 ? stderr_of_peer(peer).bytes : "nothing");
}

/* Each has something to do, or both wait, and for each other: that is no good end. */
static void expect_ended(const struct copy *copy)
{
    wait_until_idle(copy->run);
    expect_that(copy->run, !lives(copy, copy->writer) && !lives(copy, copy->reader), FINDING_HANG,
                "Nothing moves any more: the writer %s, and the reader %s.",
                state_of(copy, copy->writer), state_of(copy, copy->reader));
}

/* The bystander goes. */
static void end_copy(const struct copy *copy)
{
    close_input(copy->run);
    finish_run(copy->run);
}

/* Detached by everybody, and removed by nobody? */
static void expect_removed(const struct copy *copy)
{
    const struct object *segment = only_object(copy->run, OBJECT_SEGMENT);
    suspect_if(segment != NULL && segment->attached == 0 && !segment->unlinked &&
                   count_calls(copy->run, "shmdt") > 0,
               "shmdt-deletes");
    expect_that(copy->run, segment == NULL, FINDING_OBJECT_LEFT_BEHIND,
                "Both have ended, and the segment is still there. Detached it is; nobody has "
                "removed it.");
    suspect(NULL);
}

static void expect_copied(const struct copy *copy, struct text payload)
{
    expect_ended(copy);
    end_copy(copy);
    expect_good_end(copy, copy->reader, "reader");
    expect_peer_stdout(copy->reader, payload);
    expect_good_end(copy, copy->writer, "writer");
    expect_removed(copy);
}

static void expect_waiting_writer(const struct copy *copy)
{
    wait_until_idle(copy->run);
    if (!lives(copy, copy->writer)) {
        end_copy(copy);
        expect_good_end(copy, copy->writer, "writer");
    }
    expect_that(copy->run, lives(copy, copy->writer), FINDING_WRONG_STATUS,
                "No reader has come, and the writer has ended. It should wait for one.");
}

/* Both, in the middle: nobody reads what the reader writes. */
static struct copy start_midway(int size, struct text payload, struct given *given)
{
    struct copy copy = new_copy(size, given);
    start_writer(&copy, given_input(payload));
    expect_waiting_writer(&copy);
    start_reader(&copy, given(given_unread_output(), given_capacity(1, 4096)));
    wait_until_idle(copy.run);
    if (!lives(&copy, copy.writer) || !lives(&copy, copy.reader)) {
        end_copy(&copy);
        expect_good_end(&copy, copy.reader, "reader");
        expect_good_end(&copy, copy.writer, "writer");
        expect_peer_stdout(copy.reader, payload);
    }
    return copy;
}

/* ---- Checks --------------------------------------------------------------------------------- */

static void expect_copy(int size, struct text payload, struct given *given)
{
    struct copy copy = new_copy(size, given);
    start_writer(&copy, given_input(payload));
    expect_waiting_writer(&copy);
    start_reader(&copy, given_nothing());
    expect_copied(&copy, payload);
}

CHECK(copies_every_byte, 2,
      HINT("How does the reader know how many bytes of the block count?")
          HINT("What does the writer tell the reader when its input is at its end?")
              HINT("Detached and removed are two things. Who removes what, and when?"))
{
    int size = random_between(100, 3000);

    expect_copy(size, random_bytes(60), given_nothing());
    expect_copy(size, text_of(""), given_nothing());
    expect_copy(1, random_bytes(30), given_nothing());
    expect_copy(size, random_bytes((size_t)size * 3), given_nothing());
    expect_copy(1 << 20, random_bytes((size_t)random_between(200000, 300000)), given_nothing());
}

/* Has something come that is not the beginning of what should come? */
static bool has_strayed(struct text came, struct text payload)
{
    return !text_equal(came, text_slice(payload, 0, came.length));
}

/* Does it sleep in a read of its standard input? */
static bool waits_for_input(const struct copy *copy, struct peer *peer)
{
    const struct record *record = record_of(copy->run);
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t w = 0; w < record->threads[i].n_waits; w++)
            if (record->threads[i].process == number_of_peer(peer) - 1 &&
                record->threads[i].waits[w].kind == WAIT_READ &&
                record->threads[i].waits[w].fd == 0)
                return true;
    return false;
}

/* The reader cannot write out its first block. The writer's input is ten blocks and stays open. */
static void expect_writer_waits(void)
{
    enum { SIZE = 6000 };
    struct text payload = random_bytes(10 * SIZE);
    struct copy copy = new_copy(SIZE, given_nothing());
    start_writer(&copy, given_input_held_open(payload));
    expect_waiting_writer(&copy);
    start_reader(&copy, given(given_unread_output(), given_capacity(1, 4096)));
    wait_until_idle(copy.run);
    suspect("shm-unsynchronised-increment");
    expect_that(copy.run, lives(&copy, copy.reader) && !waits_for_input(&copy, copy.writer),
                FINDING_DATA_RACE,
                "Nobody takes what the reader writes, so it has not done with its first block. But "
                "the writer has read all of its %d bytes by now, and put them into a segment that "
                "has room for %d. (The reader %s.)",
                10 * SIZE, SIZE, state_of(&copy, copy.reader));
    copy.reader->reading = true; /* all this time the first block was the reader's */
    wait_until_idle(copy.run);
    struct text came = stdout_of_peer(copy.reader);
    expect_that(copy.run, !has_strayed(came, payload), FINDING_DATA_RACE,
                "The reader could not write out its block for a while, and then wrote something "
                "else than what was in it: the writer had filled it again.");
    suspect(NULL);
    close_peer_input(copy.writer);
    expect_copied(&copy, payload);
}

CHECK(nobody_overtakes, 2,
      HINT("Whose is the block just now, and how does the other one know?")
          HINT("How much may the writer do while the reader is stopped in the middle of a block?")
              HINT("When is the reader done with a block: when it has seen it, or later?"))
{
    struct text payload = random_bytes(60000);
    expect_writer_waits();

    scene("The reader was stopped for a while, and then the writer.");
    struct copy copy = start_midway(3000, payload, given_nothing());
    kill_peer(copy.reader, SIGSTOP);
    copy.reader->reading = true;
    wait_until_idle(copy.run);
    kill_peer(copy.reader, SIGCONT);
    kill_peer(copy.writer, SIGSTOP);
    wait_until_idle(copy.run);
    bool strayed = has_strayed(stdout_of_peer(copy.reader), payload);
    kill_peer(copy.reader, SIGSTOP); /* the writer may go one block on, not two */
    kill_peer(copy.writer, SIGCONT);
    wait_until_idle(copy.run);
    kill_peer(copy.reader, SIGCONT);
    suspect("shm-unsynchronised-increment");
    expect_that(copy.run, !strayed, FINDING_DATA_RACE,
                "Then the reader wrote something else than what was in its block: the writer had "
                "filled it again meanwhile.");
    suspect(NULL);
    suspect_if(saw_given_up(copy.run, "semop"), "eintr-not-handled");
    expect_copied(&copy, payload);
}

CHECK(nothing_races, 1,
      HINT("The copy is right. Which bytes of the segment do both use, and what says whose turn it is?")
          HINT("The bytes are not all that is in the segment. Who stores what beside them, and when?")
              HINT("What does the writer still do with the block after it has told the reader? And "
                   "the reader, after it has told the writer, or before it was told?"))
{
    int size = random_between(100, 300);
    struct text payload = random_bytes((size_t)size * 4);
    struct copy copy = new_copy(size, given_race_build());
    start_writer(&copy, given(given_input(payload), given_race_build()));
    expect_waiting_writer(&copy);
    start_reader(&copy, given_race_build());
    expect_copied(&copy, payload);
}

/* Is some piece of it in there? */
static bool holds_some(struct text memory, struct text payload)
{
    for (size_t at = 0; at + 32 <= payload.length; at += 32)
        if (text_count(memory, text_slice(payload, at, at + 32)) > 0)
            return true;
    return false;
}

static const struct call *segment_call(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strcmp(record->calls[i].name, "shmget") == 0 && record->calls[i].result >= 0)
            return &record->calls[i];
    return NULL;
}

static void expect_mode(struct run *run, enum object_kind kind, const char *name)
{
    const struct object *object = only_object(run, kind);
    expect_that(run, object != NULL, FINDING_MISSING_CALL,
                "In the middle of the copying there should be one %s.", name);
    unsigned mode = object != NULL ? object->mode : 0;
    suspect_if((mode & 077) != 0, "ipc-666-everything");
    expect_that(run, mode == 0600, FINDING_PERMISSIONS,
                "The %s has the permissions %04o; the task asks for 0600.", name, mode);
    suspect(NULL);
}

static void expect_size(const struct copy *copy, const struct call *get)
{
    size_t bytes = get->args[1], least = (size_t)copy->size;
    look_at(get);
    expect_that(copy->run, bytes >= least && bytes <= least + 4096, FINDING_WRONG_OUTPUT,
                "SIZE is %d, and the segment was made with %zu bytes; the task asks for %d and at "
                "most 4096 more.",
                copy->size, bytes, copy->size);
    look_at(NULL);
}

CHECK(through_the_segment, 2,
      HINT("Which bytes are in the segment while the reader writes them out?")
          HINT("How many attachments does the kernel count, and who may use the objects?")
              HINT("By which other ways could the bytes get from one to the other?"))
{
    struct text payload = random_bytes(40000);
    struct copy copy = start_midway(random_between(8000, 12000), payload, given_watched_io());
    expect_mode(copy.run, OBJECT_SEMAPHORES, "semaphore set");
    expect_mode(copy.run, OBJECT_SEGMENT, "segment");
    const struct call *get = segment_call(copy.run);
    expect_size(&copy, get);
    const struct object *segment = only_object(copy.run, OBJECT_SEGMENT);
    int attached = segment->attached;
    struct text memory = read_segment(copy.run, segment->id, 0, get->args[1]);

    expect_that(copy.run, attached == 2, FINDING_WRONG_OUTPUT,
                "In the middle of the copying the kernel counts %d attachment%s of the segment, "
                "not one for each of the two.",
                attached, attached == 1 ? "" : "s");
    expect_that(copy.run, holds_some(memory, payload), FINDING_WRONG_OUTPUT,
                "In the middle of the copying no piece of the input is in the segment.");
    copy.reader->reading = true;
    expect_copied(&copy, payload);
    size_t sent = bytes_sent_between(copy.run);
    expect_that(copy.run, sent == 0, FINDING_FORBIDDEN_CALL,
                "%zu bytes went into a pipe, a queue, a socket or a file. They should go through "
                "the segment.",
                sent);
}

static void expect_came(const struct copy *copy, struct text expected)
{
    wait_until_idle(copy->run);
    struct text came = stdout_of_peer(copy->reader);
    if (!lives(copy, copy->reader))
        expect_good_end(copy, copy->reader, "reader");
    expect_that(copy->run, text_equal(came, expected), FINDING_WRONG_OUTPUT,
                "The writer has got %zu bytes so far, and its input is still open. From the reader "
                "came %zu%s. What is there should go on at once, and nothing else. The writer %s, "
                "and the reader %s.",
                expected.length, came.length, came.length == expected.length ? ", but others" : "",
                state_of(copy, copy->writer), state_of(copy, copy->reader));
}

CHECK(blocks_go_on_at_once, 1,
      HINT("What does read give when ten bytes are there and the block has room for a thousand?")
          HINT("What does the reader do while the writer has nothing for it?")
              HINT("In which call does each of the two sleep, and what does it cost?"))
{
    struct copy copy = new_copy(random_between(500, 1000), given_nothing());
    struct text payload = text_of("");
    start_writer(&copy, given_input_held_open(payload));
    expect_waiting_writer(&copy);
    start_reader(&copy, given_nothing());
    expect_came(&copy, payload);
    for (int i = 0; i < 3; i++) {
        struct text some = random_bytes((size_t)random_between(1, 400));
        payload = text_join(payload, some);
        send_to_peer(copy.writer, some);
        expect_came(&copy, payload);
    }
    expect_still_idle(copy.run);
    close_peer_input(copy.writer);
    expect_copied(&copy, payload);
}

CHECK(marked_while_in_use, 1,
      HINT("What does IPC_RMID do to a segment that is attached?")
          HINT("Who still has to find the segment by its key when the reader has come?")
              HINT("If both were killed in the middle of the copying: what would be left?"))
{
    struct copy copy = new_copy(4000, given_nothing());
    struct text payload = random_bytes(300);
    start_writer(&copy, given_input_held_open(payload));
    expect_waiting_writer(&copy);
    expect_that(copy.run, find_id(copy.run, OBJECT_SEGMENT, copy.key) >= 0, FINDING_MISSING_CALL,
                "The writer waits for a reader, and there is no segment with its key.");
    expect_that(copy.run, find_id(copy.run, OBJECT_SEMAPHORES, copy.key) >= 0, FINDING_MISSING_CALL,
                "The writer waits for a reader, and there is no semaphore set with its key.");
    start_reader(&copy, given_nothing());
    expect_came(&copy, payload);
    const struct object *segment = only_object(copy.run, OBJECT_SEGMENT);
    bool marked = segment != NULL && segment->unlinked;
    const struct call *get = segment_call(copy.run);
    suspect("rmid-kills-immediately");
    look_at(get);
    expect_that(copy.run, marked, FINDING_OBJECT_LEFT_BEHIND,
                "The first bytes have gone through: both have the segment attached. It is not "
                "marked for removal. If both were killed now, it would stay.");
    look_at(NULL);
    suspect(NULL);
    close_peer_input(copy.writer);
    expect_copied(&copy, payload);
}

/* The writer is held there, and a reader comes. Whether the reader gives up or waits: afterwards
 * everything goes as if nothing had been. */
static void expect_early_reader(struct given *hold, const char *where)
{
    struct text payload = random_bytes(5000);
    struct copy copy = new_copy(1000, given_nothing());
    start_writer(&copy, given(given_input(payload), hold));
    if (!wait_until_held(copy.run)) {
        end_copy(&copy); /* a writer without that call */
        return;
    }
    start_reader(&copy, given_nothing());
    wait_until_idle(copy.run);
    scene("A reader came while the writer was held %s.", where);
    bool waits = lives(&copy, copy.reader);
    if (!waits) {
        struct text said = stderr_of_peer(copy.reader);
        int status = process_of(copy.reader, copy.run)->wait_status;
        expect_that(copy.run, WIFEXITED(status) && WEXITSTATUS(status) == 1 && said.length > 0,
                    FINDING_WRONG_STATUS,
                    "It should wait, or end with status 1 and a message. It %s%s.",
                    state_of(&copy, copy.reader), said.length > 0 ? "" : " and said nothing");
    }
    release_peer(copy.writer);
    wait_until_idle(copy.run);
    suspect_if(waits, "sem-init-race");
    if (!waits)
        start_reader(&copy, given_nothing());
    expect_copied(&copy, payload);
    suspect(NULL);
    scene(NULL);
}

CHECK(a_reader_that_comes_early, 1,
      HINT("Making a semaphore set and giving it values are two steps. Who may come in between?")
          HINT("Which of the two objects does the reader look for first, and what does it know then?")
              HINT("What has a reader changed that finds out that it is too early?"))
{
    struct copy copy = new_copy(100, given_nothing());
    start_reader(&copy, given_nothing());
    wait_until_idle(copy.run);
    end_copy(&copy);
    scene("There was no writer.");
    expect_peer_exit(copy.reader, 1);
    expect_that(copy.run, stderr_of_peer(copy.reader).length > 0, FINDING_UNCHECKED_ERROR,
                "The reader ended with status 1, and nothing on standard error says why.");
    expect_early_reader(given_held_after("semget", 1), "after its semget");
    expect_early_reader(given_held_after("shmget", 1), "after its shmget");
    expect_early_reader(given_held_before("semctl", 1), "before its first semctl");
    expect_early_reader(given_held_before("shmat", 1), "before its shmat");
}

/* An object with the key is there already. */
static void expect_refused(enum object_kind kind)
{
    const char *call = kind == OBJECT_SEGMENT ? "segment" : "semaphore set";
    struct copy copy = new_copy(1000, given_nothing());
    struct text junk = random_bytes(2000);
    const unsigned short values[] = {3, 4};
    struct given *there =
        kind == OBJECT_SEGMENT
            ? given_a_segment(.key = copy.key, .mode = 0600, .contents = junk)
            : given_a_semaphore_set(.key = copy.key, .mode = 0600, .values = values, .count = 2);
    start_writer(&copy, given(given_input(random_bytes(100)), there));
    wait_until_idle(copy.run);
    int id = id_of_given(there);
    scene("A %s with that key was there already.", call);
    suspect("ipc-creat-without-excl");
    expect_that(copy.run, !lives(&copy, copy.writer), FINDING_WRONG_STATUS,
                "The writer %s, and waits for a reader. It should leave alone what is not its own.",
                state_of(&copy, copy.writer));
    suspect(NULL);
    const struct object *object = xsi_object(copy.run, kind, id);
    expect_that(copy.run, object != NULL && !object->unlinked, FINDING_WRONG_OUTPUT,
                "The %s was somebody else's, and the writer has removed it.", call);
    bool same = kind == OBJECT_SEGMENT
                    ? text_equal(read_segment(copy.run, id, 0, junk.length), junk)
                    : object != NULL && object->n_semaphores == 2 &&
                          object->semaphores[0].value == 3 && object->semaphores[1].value == 4;
    expect_that(copy.run, same, FINDING_WRONG_OUTPUT,
                "The %s was somebody else's, and the writer has changed what is in it.", call);
    end_copy(&copy);
    expect_peer_exit(copy.writer, 1);
    expect_that(copy.run, stderr_of_peer(copy.writer).length > 0, FINDING_UNCHECKED_ERROR,
                "The writer ended with status 1, and nothing on standard error says why.");
    scene(NULL);
}

CHECK(what_belongs_to_others, 1,
      HINT("How can the writer tell whether it has made an object or found one?")
          HINT("The set could be made, and the segment is there already. What is to be removed now?")
              HINT("Which numbers may be a key or a size?"))
{
    expect_refused(OBJECT_SEGMENT);
    expect_refused(OBJECT_SEMAPHORES);
    static const char *const wrong[][2] = {
        {"0",    "10"     },
        {"17",   "0"      },
        {"0x1g", "10"     },
        {"17",   "1048577"},
        {"-1",   "10"     },
        {"17",   "1k"     }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("shmwrite", args(wrong[i][0], wrong[i][1]), given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    expect_exit(run_program("shmread", no_args(), given_nothing()), 2);
    expect_exit(run_program("shmread", args("0"), given_nothing()), 2);
}

/* ---- Failures ------------------------------------------------------------------------------- */

/* Ended with status 1 and a message, not by a signal. */
static void expect_failed(const struct copy *copy, struct peer *peer, const char *who)
{
    int status = process_of(peer, copy->run)->wait_status;
    suspect_if(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "sigpipe-ignored-knowledge");
    suspect_if(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "shmat-failure-null-check");
    expect_that(copy->run, !WIFSIGNALED(status), FINDING_KILLED_BY_SIGNAL, "%s %s.", who,
                state_of(copy, peer));
    suspect(NULL);
    suspect_if(WEXITSTATUS(status) == 0, "ignore-return-values");
    suspect_if(WEXITSTATUS(status) == 0 && saw_removed(copy), "semop-eintr-eidrm-ignored");
    expect_that(copy->run, WEXITSTATUS(status) == 1 && stderr_of_peer(peer).length > 0,
                FINDING_UNCHECKED_ERROR,
                "%s %s%s. It should say what went wrong, and end with status 1.", who,
                state_of(copy, peer), stderr_of_peer(peer).length > 0 ? "" : " and said nothing");
    suspect(NULL);
}

/* How many of that kind the run's programs have made and left so far. (In the weaker mode there may
 * be others'.) */
static size_t count_made(struct run *run, enum object_kind kind)
{
    size_t count = 0, n = record_of(run)->n_objects;
    for (size_t i = 0; i < n; i++) {
        const struct object *object = &record_of(run)->objects[i];
        if (object->kind == kind && object->made_by >= 0 &&
            xsi_object(run, kind, object->id) != NULL)
            count++;
    }
    return count;
}

static void expect_nothing_left(const struct copy *copy)
{
    size_t segments = count_made(copy->run, OBJECT_SEGMENT);
    size_t sets = count_made(copy->run, OBJECT_SEMAPHORES);
    expect_that(copy->run, segments + sets == 0, FINDING_OBJECT_LEFT_BEHIND,
                "Both have ended. Left are: segments %zu, semaphore sets %zu.", segments, sets);
}

static void expect_both_failed(const struct copy *copy)
{
    allow_death_by_signal(copy->run);
    wait_until_idle(copy->run);
    if (!lives(copy, copy->reader))
        expect_failed(copy, copy->reader, "The reader");
    if (!lives(copy, copy->writer))
        expect_failed(copy, copy->writer, "The writer");
    expect_that(copy->run, !lives(copy, copy->writer) && !lives(copy, copy->reader), FINDING_HANG,
                "One of the two has failed, and the other one does not learn of it: the writer "
                "%s, and the reader %s.",
                state_of(copy, copy->writer), state_of(copy, copy->reader));
    end_copy(copy);
    expect_nothing_left(copy);
}

/* One is held before the call that is to fail: so it fails when the other one sleeps. */
static void fail_while_the_other_sleeps(const struct copy *copy)
{
    wait_until_held(copy->run);
    wait_until_idle(copy->run);
    release(copy->run);
    expect_both_failed(copy);
}

/* The reader's standard output is like that. */
static void expect_reader_fails(struct given *output)
{
    struct copy copy = new_copy(500, given_nothing());
    start_writer(&copy, given_input(random_bytes(100000)));
    expect_waiting_writer(&copy);
    start_reader(&copy, given(output, given_held_before("write", 1)));
    fail_while_the_other_sleeps(&copy);
}

CHECK(the_other_one_is_told, 2,
      HINT("The reader cannot write. In which call is the writer, and what would wake it?")
          HINT("What happens to those who sleep in semop when the set is removed?")
              HINT("Who kills a program that writes into a pipe which nobody reads?"))
{
    scene("The reader's standard output is /dev/full.");
    expect_reader_fails(given_output_file("/dev/full"));
    scene("Nobody reads the reader's standard output any more.");
    expect_reader_fails(given_no_reader());
    scene("The writer's read was made to fail with EIO.");
    struct copy copy = new_copy(500, given_failing("read", 2, EIO));
    start_writer(&copy, given(given_input(random_bytes(100000)), given_held_before("read", 2)));
    expect_waiting_writer(&copy);
    start_reader(&copy, given_nothing());
    fail_while_the_other_sleeps(&copy);
    scene(NULL);
}

/* Who goes on takes the call for one that has worked. */
static void expect_no_going_on(const struct copy *copy, struct peer *peer, const char *who)
{
    suspect(saw_fault_in(copy->run, "shmat") ? "shmat-failure-null-check" : "ignore-return-values");
    expect_that(copy->run, !lives(copy, peer), FINDING_UNCHECKED_ERROR, "%s goes on, and %s.", who,
                state_of(copy, peer));
    suspect(NULL);
    allow_death_by_signal(copy->run);
}

/* Before the two know of each other: a reader that fails has not come. */
static void expect_told(struct given *fault)
{
    struct text payload = random_bytes(800);
    struct copy copy = new_copy(500, fault);
    start_writer(&copy, given_input(payload));
    wait_until_idle(copy.run);
    if (saw_fault(copy.run)) {
        expect_no_going_on(&copy, copy.writer, "The writer");
        end_copy(&copy);
        expect_failed(&copy, copy.writer, "The writer");
        expect_nothing_left(&copy);
        return;
    }
    start_reader(&copy, given_nothing());
    wait_until_idle(copy.run);
    if (saw_fault(copy.run)) {
        expect_no_going_on(&copy, copy.reader, "The reader");
        expect_failed(&copy, copy.reader, "The reader");
        expect_waiting_writer(&copy);
        start_reader(&copy, given_nothing());
    }
    expect_copied(&copy, payload);
}

CHECK(failures_are_told, 1,
      HINT("What has been made by the time that call fails, and who removes it?")
          HINT("What does shmat return when it fails?")
              HINT("When does a reader count as one that has come?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "shmget shmat semget semctl")
    {
        expect_told(fault);
    }
}

CHECK(interruptions_do_not_count, 1,
      HINT("In which two ways can semop come back with -1, and which of them is an end?")
          HINT("What may write do with a part of what you give it?")
              HINT("Which of your calls can block, in each of the two programs?"))
{
    struct text payload = random_bytes(5000);
    struct given *wishes[] = {given_short_reads(), given_short_writes()};
    static const char *const what[] = {
        "Each read gives a part of what it could give.",
        "Each write takes a part of what it is given.",
    };
    for (int i = 0; i < 2; i++) {
        struct copy copy = new_copy(1000, wishes[i]);
        start_writer(&copy, given_input(payload));
        wait_until_idle(copy.run);
        start_reader(&copy, given_nothing());
        wait_until_idle(copy.run);
        scene("%s", what[i]);
        suspect_if(i == 1 && stdout_of_peer(copy.reader).length < payload.length,
                   "partial-write-ignored");
        expect_copied(&copy, payload);
        suspect(NULL);
    }
    scene(NULL);
    payload = random_bytes(700);
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write semop")
    {
        struct copy copy = new_copy(500, fault);
        start_writer(&copy, given_input(payload));
        wait_until_idle(copy.run);
        start_reader(&copy, given_nothing());
        expect_copied(&copy, payload);
    }
}
