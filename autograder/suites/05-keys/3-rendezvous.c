/*
 * 3-rendezvous.c - the checks of 5.3: a module, rendezvous.c, driven by the kit's meet, a step at a
 * time (see drivers/05-keys/3-rendezvous/meet.c). A run's first meet only waits for the end of its
 * input; others come and go beside it.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include "../exercise.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("Whoever comes first");

/* As the header of the exercise has them. */
#define RV_MAGIC UINT64_C(0x52656e64657a7631)
enum { RV_DATA = 64, HEADER_BYTES = 40 };

/* ---- Runs ----------------------------------------------------------------------------------- */

static struct run *start_scene(struct given *given)
{
    struct given *file = given(given_file("f", text_of("x")), given_file("g", text_of("x")));
    return start_program("meet", args("go"),
                         given(given_input_held_open(text_of("")), file, given));
}

static const char *step(const char *name, const char *path, int proj, size_t n)
{
    return text_format("%s %s %d %zu", name, path, proj, n).bytes;
}

/* Everything waits or has ended, and what was written is in our hands. */
static void settle(struct run *run)
{
    wait_until_idle(run);
}

/* One more meet, which may have to wait for another one. */
static struct peer *meet(struct run *run, const char *const *steps)
{
    struct peer *peer = start_peer(run, "meet", steps, given_nothing());
    settle(run);
    return peer;
}

/* The same, for which nobody is in the way. What it has said comes with the next settle(). */
static struct peer *meet_alone(struct run *run, const char *const *steps)
{
    struct peer *peer = start_peer(run, "meet", steps, given_nothing());
    wait_until_peer_ended(peer);
    return peer;
}

/* Removes what is left of the segments, and ends the run. */
static void end_scene(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].kind == OBJECT_SEGMENT && record->objects[i].made_by >= 0)
            remove_object(run, OBJECT_SEGMENT, record->objects[i].id);
    scene(NULL);
    close_input(run);
    finish_run(run);
}

static int id_of(struct run *run)
{
    const struct object *segment = only_object(run, OBJECT_SEGMENT);
    return segment != NULL ? segment->id : -1;
}

static bool says(struct peer *peer, const char *words)
{
    return text_count(stdout_of_peer(peer), text_of(words)) > 0;
}

/* Killed by a signal of its own: the run is over, and its end is what there is to tell. */
static void look_at_its_end(struct run *run, struct peer *peer)
{
    const struct process *process = &record_of(run)->processes[number_of_peer(peer) - 1];
    if (process->ended_us < 0 || !WIFSIGNALED(process->wait_status))
        return;
    end_scene(run);
}

/* "attach: created, id 3", with the id of the one segment that there is. */
static struct text attached_as(struct run *run, const char *word)
{
    int id = id_of(run);
    return id >= 0 ? text_format("attach: %s, id %d\n", word, id)
                   : text_format("attach: %s, id ...\n", word);
}

/* The log of a meet whose steps were these. */
static void expect_log(struct run *run, struct peer *peer, const char *steps, struct text wanted)
{
    struct text log = stdout_of_peer(peer);
    bool leaks = says(peer, "new descriptors: ") && !says(peer, "new descriptors: 0");
    look_at_its_end(run, peer);
    expect_that(run, text_equal(log, wanted),
                leaks ? FINDING_DESCRIPTOR_LEAK : FINDING_WRONG_OUTPUT,
                "A `meet` with the steps %s says\n%sand should say\n%s", steps,
                log.length > 0 ? log.bytes : "(nothing)\n", wanted.bytes);
}

/* How many segments the run has made that are still there. (Not count_objects(): without a
 * namespace of its own a run meets those of others too.) */
static size_t count_made(struct run *run)
{
    const struct record *record = record_of(run);
    size_t count = 0;
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].kind == OBJECT_SEGMENT && record->objects[i].made_by >= 0 &&
            xsi_object(run, OBJECT_SEGMENT, record->objects[i].id) != NULL)
            count++;
    return count;
}

static void expect_segments(struct run *run, size_t wanted)
{
    size_t count = count_made(run);
    expect_that(run, count == wanted, FINDING_WRONG_OUTPUT,
                "Afterwards %zu segment%s should exist; there %s %zu.", wanted,
                wanted == 1 ? "" : "s", count == 1 ? "is" : "are", count);
}

/* ---- One after the other -------------------------------------------------------------------- */

static struct text header_of(struct run *run, const char *file, int proj, size_t n)
{
    struct stat status = {0};
    stat_in_cell(run, file, &status);
    const uint64_t words[] = {RV_MAGIC, n, status.st_dev, status.st_ino, (uint64_t)(int64_t)proj};
    return text_bytes(words, sizeof words);
}

static void expect_segment(struct run *run, int proj, size_t n)
{
    const struct object *segment = only_object(run, OBJECT_SEGMENT);
    struct stat status = {0};
    stat_in_cell(run, "f", &status);
    unsigned key = ((unsigned)proj & 0xff) << 24 | ((unsigned)status.st_dev & 0xff) << 16 |
                   ((unsigned)status.st_ino & 0xffff);

    expect_that(run, segment != NULL, FINDING_WRONG_OUTPUT,
                "One segment should have been made; there are %zu.", count_made(run));
    if (segment == NULL)
        return; /* never: for the analyzer */
    expect_that(run, (unsigned)segment->key == key, FINDING_WRONG_OUTPUT,
                "The segment has the key 0x%x; ftok says 0x%x.", (unsigned)segment->key, key);
    suspect_if((segment->mode & 077) != 0, "ipc-666-everything");
    suspect_if(segment->mode == 0, "ipc-forgot-mode-bits");
    expect_that(run, segment->mode == 0600, FINDING_PERMISSIONS,
                "The segment has the permissions %03o.", segment->mode);
    suspect(NULL);
    expect_that(run, segment->bytes == (int64_t)(RV_DATA + n), FINDING_WRONG_OUTPUT,
                "The segment has %lld bytes; RV_DATA + n is %zu here.", (long long)segment->bytes,
                RV_DATA + n);
    expect_that(run, segment->attached == 0, FINDING_WRONG_OUTPUT,
                "The segment is attached %d time%s when rv_attach has returned.", segment->attached,
                segment->attached == 1 ? "" : "s");
    expect_that(
        run,
        text_equal(read_segment(run, segment->id, 0, HEADER_BYTES), header_of(run, "f", proj, n)),
        FINDING_WRONG_OUTPUT,
        "The header in the segment is not that of this file, this project id and this n.");
}

static void expect_meeting(int proj, size_t n)
{
    const char *nonce = random_word(), *attach = step("attach", "f", proj, n);
    const char *put = text_format("put %s", nonce).bytes;
    struct run *run = start_scene(NULL);

    struct peer *first = start_peer(run, "meet", args(attach, put, "count", "go"),
                                    given_input_held_open(text_of("")));
    settle(run);
    scene("`meet \"%s\" \"%s\" count` was run first.", attach, put);
    expect_log(run, first, "attach, put and count",
               text_join(attached_as(run, "created"), text_of("new descriptors: 0\n")));
    expect_segment(run, proj, n);

    struct peer *second = meet(run, args(attach, "get", "count"));
    scene("`meet \"%s\" get count` was run while the one that had come first was still there.",
          attach);
    expect_log(
        run, second, "attach, get and count",
        text_join(attached_as(run, "joined"), text_format("get: %s\nnew descriptors: 0\n", nonce)));
    expect_segment(run, proj, n);
    close_peer_input(first);
    end_scene(run);
}

CHECK(first_makes_second_joins, 2,
      HINT("What does a segment need before somebody else can use it?")
      HINT("What of all that your function opened and attached is still there when it returns?")
      HINT("How is a program told which of the two cases it was?"))
{
    expect_meeting(random_between(1, 127), (size_t)random_between(20, 3000));
    expect_meeting(random_between(128, 255),
                   (size_t)random_between(4096 - RV_DATA, 4097 - RV_DATA));
    expect_meeting(-random_between(1, 255), (size_t)random_between(5000, 100000));
}

/* The call by which a segment was asked for that nobody's file stands for; NULL: none. */
static const struct call *shmget_of_no_file(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strcmp(record->calls[i].name, "shmget") == 0 &&
            (uint32_t)record->calls[i].args[0] == UINT32_MAX)
            return &record->calls[i];
    return NULL;
}

static void expect_no_meeting(const char *path, int proj, const char *answer)
{
    const char *attach = step("attach", path, proj, 100);
    struct run *run = start_scene(NULL);

    struct peer *peer = meet_alone(run, args(attach, "count"));
    size_t made = count_made(run);
    end_scene(run);

    const struct call *call = shmget_of_no_file(run);
    if (call != NULL)
        scene(
            "There is no file that `%s` names, and shmget was asked for the key 0xffffffff, which "
            "is -1.",
            path);
    suspect_if(call != NULL, "ftok-missing-file");
    look_at(call);
    expect_log(run, peer, text_format("\"%s\" and count", attach).bytes,
               text_format("attach: %s\nnew descriptors: 0\n", answer));
    look_at(NULL);
    expect_that(run, made == 0, FINDING_WRONG_OUTPUT, "It has made a segment.");
    suspect(NULL);
    scene(NULL);
}

CHECK(no_file_no_meeting, 1,
      HINT("What does ftok return when there is no such file, and what if everybody ignores it?")
      HINT("Which key do two programs have that have both made this mistake?")
      HINT("Which project ids does POSIX not speak of?"))
{
    expect_no_meeting(random_word(), random_between(1, 255), "ENOENT");
    expect_no_meeting("f/g", random_between(1, 255), "ENOTDIR");
    expect_no_meeting("f", random_below(2) ? 0 : 256, "EINVAL");
}

CHECK(all_agree_about_the_size, 2,
      HINT("Who decides how large a segment is, and who is told?")
      HINT("What does shmget say when you ask for less than there is?")
      HINT("How can the second one know which number the first one had?"))
{
    enum { OTHERS = 5 };
    size_t n = (size_t)random_between(2000, 3000), others[OTHERS] = {n + 1, n - 1, 2 * n, 1, 0};
    int proj = random_between(1, 255);
    const char *attach = step("attach", "f", proj, n), *steps[OTHERS];
    struct peer *peers[OTHERS];
    struct run *run = start_scene(NULL);

    struct peer *first = meet_alone(run, args(attach));
    for (int i = 0; i < OTHERS; i++) {
        steps[i] = step("attach", "f", proj, others[i]);
        peers[i] = meet_alone(run, args(steps[i], "count"));
    }
    struct peer *last = meet_alone(run, args(attach));
    settle(run);

    expect_log(run, first, text_format("\"%s\"", attach).bytes, attached_as(run, "created"));
    for (int i = 0; i < OTHERS; i++) {
        scene("The segment had been made with \"%s\".", attach);
        suspect_if(says(peers[i], "joined"), "shm-size-mismatch");
        expect_log(run, peers[i], text_format("\"%s\" and count", steps[i]).bytes,
                   text_of("attach: EINVAL\nnew descriptors: 0\n"));
        suspect(NULL);
    }
    expect_log(run, last, text_format("\"%s\"", attach).bytes, attached_as(run, "joined"));
    expect_segment(run, proj, n);
    end_scene(run);
}

/* ---- Strangers ------------------------------------------------------------------------------ */

/* The only segment belongs to others: it is refused, and stays as it is. */
static void expect_refused(struct run *run, const char *attach, const char *misconception,
                           const char *whose)
{
    int id = id_of(run);
    struct object before = *only_object(run, OBJECT_SEGMENT);
    struct text bytes = read_segment(run, id, 0, (size_t)before.bytes);

    struct peer *peer = meet(run, args(attach, "count"));

    const struct object *now = xsi_object(run, OBJECT_SEGMENT, id);
    scene("There is a segment with the same key, %s.", whose);
    suspect_if(says(peer, "joined"), misconception);
    expect_log(run, peer, text_format("\"%s\" and count", attach).bytes,
               text_of("attach: EEXIST\nnew descriptors: 0\n"));
    suspect(NULL);
    bool same = now != NULL && now->mode == before.mode && !now->unlinked &&
                text_equal(bytes, read_segment(run, id, 0, (size_t)before.bytes));
    expect_that(run, same, FINDING_WRONG_OUTPUT, "The segment of the stranger %s afterwards.",
                now == NULL ? "is gone" : "is changed");
    expect_segments(run, 1);
}

CHECK(strangers_are_refused, 2,
      HINT("How many files share a key? What else could tell them apart?")
      HINT("What do you know about a segment of which you know only that it has the right key?")
      HINT("Which parts of the project id are in the key, and which can be elsewhere?"))
{
    size_t n = (size_t)random_between(100, 3000);
    int proj = random_between(1, 255);
    const char *attach = step("attach", "f", proj, n);

    struct run *run = start_scene(NULL);
    meet_alone(run, args(step("stranger", "f", proj, RV_DATA + n)));
    expect_refused(run, attach, "ftok-unique", "of the same size, in which every byte is 0");
    end_scene(run);

    run = start_scene(NULL);
    meet_alone(run, args(step("stranger", "f", proj, (size_t)random_between(1, 39))));
    expect_refused(run, attach, "ftok-unique", "too small for a header");
    end_scene(run);

    run = start_scene(NULL);
    meet_alone(run, args(step("stranger", "f", proj, RV_DATA + n)));
    write_segment(run, id_of(run), 0, header_of(run, "g", proj, n));
    expect_refused(run, attach, "ftok-unique",
                   "whose header says that it belongs to another file (with another inode number)");
    end_scene(run);

    run = start_scene(NULL);
    meet_alone(run, args(step("attach", "f", proj + 256 * random_between(1, 1000), n)));
    expect_that(run, id_of(run) >= 0, FINDING_WRONG_OUTPUT,
                "A project id above 255 is possible; no segment was made.");
    expect_refused(run, attach, "ftok-proj-id-8-bits",
                   "whose header has another project id; the low 8 bits are the same");
    end_scene(run);
}

/* ---- At once -------------------------------------------------------------------------------- */

/* The first is stopped there, a second one comes, and then the first goes on. */
static void expect_one_first(struct given *stop, const char *where)
{
    int proj = random_between(1, 255);
    const char *attach = step("attach", "f", proj, 1000);
    struct run *run = start_scene(NULL);

    struct peer *first = start_peer(run, "meet", args(attach), stop);
    bool held = wait_until_held(run);
    struct peer *second = meet(run, args(attach));
    struct text early = stdout_of_peer(second);
    release(run);
    settle(run);

    int makers = (int)says(first, "created") + (int)says(second, "created");
    if (held)
        scene("The first caller was stopped %s; a second one came, %s; then the first one went on.",
              where, early.length > 0 ? "and returned" : "and waited");
    else
        scene("One caller came after the other.");
    suspect_if(makers == 2, "ipc-creat-without-excl");
    expect_log(run, first, "attach (the first)",
               attached_as(run, says(second, "created") ? "joined" : "created"));
    expect_log(run, second, "attach (the second)",
               attached_as(run, says(first, "created") ? "joined" : "created"));
    suspect(NULL);
    expect_segment(run, proj, 1000);
    end_scene(run);
}

/* Many call at once. */
static void expect_one_of_many(void)
{
    enum { MOST = 8 };
    int count = random_between(2, MOST), makers = 0;
    size_t n = (size_t)random_between(1, 10000);
    const char *attach = step("attach", "f", random_between(1, 255), n);
    struct peer *peers[MOST];
    struct run *run = start_scene(NULL);

    for (int i = 0; i < count; i++)
        peers[i] = start_peer(run, "meet", args("go", attach, "count"),
                              given_input_held_open(text_of("")));
    settle(run);
    for (int i = 0; i < count; i++)
        send_to_peer(peers[i], text_of("\n"));
    settle(run);

    for (int i = 0; i < count; i++)
        makers += says(peers[i], "created");
    scene("%d processes called rv_attach at once.", count);
    suspect_if(makers > 1, "ipc-creat-without-excl");
    expect_that(run, makers == 1, FINDING_WRONG_OUTPUT,
                "One of them should have made the segment; %d say that they have.", makers);
    suspect(NULL);
    for (int i = 0; i < count; i++)
        expect_log(run, peers[i], "go, attach and count",
                   text_join(attached_as(run, says(peers[i], "created") ? "created" : "joined"),
                             text_of("new descriptors: 0\n")));
    expect_segments(run, 1);
    end_scene(run);
}

CHECK(whoever_comes_first, 3,
      HINT("What can happen between two calls of yours?")
      HINT("The segment is there and its header is not. What does the second one see?")
      HINT("Which of the things that both have in common can only one of them hold at a time?"))
{
    expect_one_first(given_held_before("shmget", 2), "before its second call of shmget");
    expect_one_first(given_held_after("shmget", 1), "when it had just made the segment");
    expect_one_first(given_held_before("shmat", 1), "before it attached the segment");
    expect_one_first(given_held_after("shmat", 1), "when it had attached the segment");
    expect_one_of_many();
}

/* The one that waits gets a signal; and the one for which it waits is killed, or goes on. */
static void expect_patience(bool killed)
{
    const char *attach = step("attach", "f", random_between(1, 255), 1000);
    struct run *run = start_scene(NULL);
    struct peer *first = start_peer(run, "meet", args(attach), given_held_after("shmget", 1));
    bool held = wait_until_held(run);
    struct peer *second = meet(run, args(attach, "count"));

    send_signal(run, number_of_peer(second), SIGUSR1);
    settle(run);
    struct text early = stdout_of_peer(second);
    if (killed) {
        allow_death_by_signal(run);
        kill_peer(first, SIGKILL);
    }
    release(run);
    settle(run);

    scene("A second caller came when the first one had just made the segment%s. A signal with a "
          "handler came to it then.",
          held ? " and was stopped" : "");
    suspect_if(text_count(early, text_of("EINTR")) > 0, "eintr-not-handled");
    expect_that(run, text_count(early, text_of("EINTR")) == 0, FINDING_WRONG_OUTPUT,
                "It should wait on; its log says\n%s", early.bytes);
    suspect(NULL);
    if (killed && held)
        scene("The first caller was killed when it had made the segment and not yet filled in the "
              "header. A second caller had come meanwhile.");
    expect_log(run, second, "attach and count",
               killed && held
                   ? text_of("attach: EEXIST\nnew descriptors: 0\n")
                   : text_join(attached_as(run, "joined"), text_of("new descriptors: 0\n")));
    end_scene(run);
}

CHECK(waits_and_does_not_give_up, 1,
      HINT("What does a call that waits return when a signal handler has run?")
      HINT("Who lets go of what a process held when it was killed?")
      HINT("What is in a segment whose maker died too early, and who can tell?"))
{
    expect_patience(false);
    expect_patience(true);
    EACH_FAULT(fault, FAULT_INTERRUPTS, "flock fcntl semop")
    {
        const char *attach = step("attach", "f", random_between(1, 255), 1000);
        struct run *run = start_scene(fault);
        struct peer *first = meet(run, args(attach));
        expect_log(run, first, "attach", attached_as(run, "created"));
        end_scene(run);
    }
}

/* ---- Failures ------------------------------------------------------------------------------- */

/* The name of the errno with which a call was made to fail; NULL: none was. */
static const char *name_of_fault(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].injected)
            return strerrorname_np((int)-record->calls[i].result);
    return NULL;
}

/* One makes the segment, another joins; a call of either fails. Then nothing is left of that
 * attempt, and the next one succeeds. */
static void expect_nothing_left(struct given *fault)
{
    const char *attach = step("attach", "f", random_between(1, 255), 1000);
    struct text none = text_of("new descriptors: 0\n");
    struct run *run = start_scene(fault);
    const char *word = "created";

    for (int i = 0; i < 2; i++) {
        bool had_one = name_of_fault(run) != NULL;
        struct peer *peer = meet(run, args(attach, "count"));
        const char *name = had_one ? NULL : name_of_fault(run);
        if (name == NULL) {
            expect_log(run, peer, "attach and count", text_join(attached_as(run, word), none));
        } else {
            expect_log(run, peer, "attach and count",
                       text_join(text_format("attach: %s\n", name), none));
            expect_that(run, count_made(run) == (size_t)i, FINDING_OBJECT_LEFT_BEHIND,
                        "It had made a segment, and that is still there: the next one will take it "
                        "for a stranger's.");
            peer = meet(run, args(attach));
            expect_log(run, peer, "attach (once more)", attached_as(run, word));
        }
        word = "joined";
    }
    end_scene(run);
}

CHECK(failures_leave_nothing, 1,
      HINT("What have you got by the time that a call fails, and who gives it back?")
      HINT("What does shmat return when it fails?")
      HINT("Which of the calls on the way out may change errno?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "open flock shmget shmat shmctl")
    {
        expect_nothing_left(fault);
    }
}
