/*
 * 4-handshake.c - the checks of 1.4: a module, tw.c, driven by the kit's handshake with a script
 * for each side (see drivers/01-pipes/4-handshake/handshake.c).
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("Taking turns");

/* A script for each side (0: the parent) and the log that they have to give. */
struct play {
    struct text script[2];
    struct text log;
    int lines[2];
};

static void add(struct text *text, const char *more)
{
    *text = text_join(*text, text_of(more));
}

static struct play empty_play(void)
{
    return (struct play){
        .script = {text_of(""), text_of("")},
          .log = text_of("")
    };
}

/* The side logs a few lines, is held back by the kit if it is to be, and lets the other go on. */
static void add_turn(struct play *play, int side, bool held)
{
    for (int lines = random_between(1, 3); lines > 0; lines--) {
        play->lines[side]++;
        add(&play->script[side], "l");
        play->log = text_join(play->log, text_format("%c %d\n", "pc"[side], play -> lines[side]));
    }
    add(&play->script[side], held ? "rt" : "t");
    add(&play->script[!side], "w");
}

static struct play random_play(int turns)
{
    struct play play = empty_play();
    int side = (int)random_below(2);
    for (int turn = 0; turn < turns; turn++, side = !side)
        add_turn(&play, side, false);
    return play;
}

/* One side (0: the parent) has a script and a log, the other one only a script. */
static struct play play_of(int side, const char *script, const char *other, const char *log)
{
    struct play play = empty_play();
    play.script[side] = text_of(script);
    play.script[!side] = text_of(other);
    play.log = text_of(log);
    return play;
}

static struct run *start(const struct play *play, struct given *given)
{
    return start_program("handshake", args(play->script[0].bytes, play->script[1].bytes), given);
}

static struct run *perform(const struct play *play, struct given *given)
{
    struct run *run = start(play, given);
    finish_run(run);
    return run;
}

static void expect_log(struct run *run, const struct play *play, enum finding_kind kind)
{
    struct text log = stdout_of(run);
    expect_that(run, text_equal(log, play->log), kind,
                "handshake \"%s\" \"%s\" (the parent's script, the child's) logged\n"
                "%sand should log\n%s",
                play->script[0].bytes, play->script[1].bytes,
                log.length > 0 ? log.bytes : "nothing, ", play->log.bytes);
}

/* Bytes that such calls ("read", "write", and their kin) moved through the pipes of the run; and
 * the most by one.
 */
static int bytes_moved(struct run *run, const char *name, int *most)
{
    const struct record *record = record_of(run);
    int sum = 0;
    *most = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strncmp(call->name, name, strlen(name)) != 0 || call->result <= 0 || call->object < 0 ||
            record->objects[call->object].made_by < 0)
            continue;
        sum += (int)call->result;
        if (call->result > *most)
            *most = (int)call->result;
    }
    return sum;
}

static bool has(struct text text, const char *part)
{
    return text_count(text, text_of(part)) > 0;
}

/* Everybody sleeps, and the side whose turn it is waits for the kit. */
static void expect_log_so_far(struct run *run, const struct play *play, int side,
                              struct text so_far)
{
    struct text log = stdout_of(run);
    expect_that(run, text_equal(log, so_far), FINDING_WRONG_OUTPUT,
                "handshake \"%s\" \"%s\" (the parent's script, the child's): while the kit holds "
                "the %s back at an r, the log is\n%sand should be\n%s",
                play->script[0].bytes, play->script[1].bytes, side == 0 ? "parent" : "child",
                log.length > 0 ? log.bytes : "empty, ", so_far.bytes);
}

CHECK(the_two_take_turns, 2,
      HINT("What makes a process sleep until another one has something to say?")
          HINT("One pipe has one direction. Who would read the byte that you have just written?")
              HINT("Draw both processes, all four ends, and who is asleep in which call."))
{
    struct play play = empty_play();
    struct text so_far[4];
    int first = (int)random_below(2);
    expect_calls(run_program("handshake", args("", ""), given_nothing()), "pipe", 2);

    for (int turn = 0; turn < 4; turn++) {
        add_turn(&play, (first + turn) % 2, true);
        so_far[turn] = play.log;
    }
    struct run *run = start(&play, given_input_held_open(text_of("")));
    for (int turn = 0; turn < 4; turn++) {
        wait_until_idle(run);
        expect_log_so_far(run, &play, (first + turn) % 2, so_far[turn]);
        if (turn == 1)
            expect_still_idle(run);
        send_input(run, text_of("!"));
    }
    finish_run(run);
    expect_log(run, &play, FINDING_WRONG_OUTPUT);

    play = random_play(10);
    expect_log(perform(&play, given_nothing()), &play, FINDING_WRONG_OUTPUT);
}

CHECK(every_tell_counts, 1,
      HINT("Where is a tell while nobody waits for it?")
          HINT("How many bytes does one wait take out of the pipe, if several are there?")
              HINT("A pipe knows bytes, and not how many writes they came in."))
{
    for (int teller = 0; teller < 2; teller++) {
        int most, tells = random_between(2, 9);
        struct play play = empty_play();
        struct text letters = text_of("");
        add(&play.script[!teller], "g");
        for (int i = 0; i < tells; i++) {
            add(&play.script[teller], "t");
            add(&play.script[!teller], "w");
            add(&letters, teller == 0 ? "p" : "c");
        }
        add(&play.script[teller], "x");
        add(&play.script[!teller], "l");
        play.log = text_of(teller == 0 ? "c 1\n" : "p 1\n");

        struct run *run = perform(&play, given_kept_pipes());

        int sent = bytes_moved(run, "write", &most);
        expect_that(run, sent == tells, FINDING_LOST_MESSAGE,
                    "The %s told %d times and put %d bytes into the pipes; each tell is one byte.",
                    teller == 0 ? "parent" : "child", tells, sent);
        bytes_moved(run, "read", &most);
        suspect_if(most > 1, "one-read-one-message");
        expect_log(run, &play, FINDING_LOST_MESSAGE);
        suspect(NULL);
        struct text came = came_through_pipe(run);
        expect_that(run, text_equal(came, letters), FINDING_WRONG_OUTPUT,
                    "The %s told %d times, and what came out of the pipe is \"%.*s\" instead of "
                    "\"%s\".",
                    teller == 0 ? "parent" : "child", tells, (int)came.length, came.bytes,
                    letters.bytes);
    }
}

CHECK(a_dead_peer_ends_the_wait, 1,
      HINT("When does a read from an empty pipe return although nobody writes?")
          HINT("Which processes could still write into the pipe that this one reads? Count itself.")
              HINT("What does read return at the end, and what does your wait return then?"))
{
    const char *const logs[] = {"p wait_child: EPIPE\np 1\n", "c wait_parent: EPIPE\nc 1\n"};
    const char *const kills[] = {"c: signal 9\n", "p: signal 9\n"};
    for (int waiter = 0; waiter < 2; waiter++) {
        struct play play = play_of(waiter, "wlg", "x", logs[waiter]);
        expect_log(perform(&play, given_nothing()), &play, FINDING_WRONG_OUTPUT);

        play.script[!waiter] = text_of("rx"); /* the other one sleeps already when it goes */
        struct run *run = start(&play, given_input_held_open(text_of("")));
        wait_until_idle(run);
        close_input(run);
        finish_run(run);
        expect_log(run, &play, FINDING_WRONG_OUTPUT);

        play = play_of(waiter, "twlg", "wk", logs[waiter]);
        add(&play.log, kills[waiter]);
        expect_log(perform(&play, given_nothing()), &play, FINDING_WRONG_OUTPUT);
    }
}

CHECK(telling_a_dead_peer_is_an_error, 1,
      HINT("What does write do when no read end of the pipe is left?")
          HINT("An error that you don't look at is no error for the caller.")
              HINT("Who holds a read end of the pipe into which this process tells? Count itself."))
{
    const char *const logs[] = {"p tell_child: EPIPE\np 1\n", "c tell_parent: EPIPE\nc 1\n"};
    const char *const kills[] = {"c: signal 9\n", "p: signal 9\n"};
    for (int teller = 1; teller >= 0; teller--) {
        struct play play = play_of(teller, "gtl", "x", logs[teller]);
        struct run *run = perform(&play, given_watched_io());
        suspect_if(saw_failure(run, "write", EPIPE) && !has(stdout_of(run), "EPIPE"),
                   "ignore-return-values");
        expect_log(run, &play, FINDING_WRONG_OUTPUT);
        suspect(NULL);

        play = play_of(teller, "tgtl", "wk", logs[teller]);
        add(&play.log, kills[teller]);
        expect_log(perform(&play, given_nothing()), &play, FINDING_WRONG_OUTPUT);
    }
}

CHECK(a_strange_byte_is_refused, 1,
      HINT("What does each side expect to read?")
          HINT("Whoever takes any byte for the right one will be woken by anything.")
              HINT("The byte is used up; the next wait finds what comes after it."))
{
    const char *const logs[] = {"p wait_child: EPROTO\np 1\n", "c wait_parent: EPROTO\nc 1\n"};
    for (int waiter = 0; waiter < 2; waiter++) {
        int most;
        struct play play = play_of(waiter, "wwwl", "tbt", logs[waiter]);

        struct run *run = perform(&play, given_watched_io());

        suspect_if(bytes_moved(run, "read", &most) >= 3 && !has(stdout_of(run), "EPROTO"),
                   "tellwait-byte-lost");
        expect_log(run, &play, FINDING_WRONG_OUTPUT);
        suspect(NULL);
    }
}

CHECK(interruptions_do_not_matter, 1,
      HINT("A signal handler ran while you slept in read. What does read return then?")
          HINT("Which errno means that nothing went wrong?")
              HINT("The write can be interrupted as well."))
{
    struct play play = random_play(5);
    EACH_FAULT(fault, FAULT_INTERRUPTS, "read write poll")
    {
        expect_log(perform(&play, fault), &play, FINDING_WRONG_OUTPUT);
    }
    play = play_of(0, "iwl", "30t", "p 1\n");
    struct run *run = perform(&play, given_nothing());
    suspect_if(has(stdout_of(run), "EINTR"), "eintr-not-handled");
    expect_log(run, &play, FINDING_WRONG_OUTPUT);
}

CHECK(a_failed_init_leaves_nothing_open, 1,
      HINT("Two pipes are four descriptors. What if there is room for three?")
          HINT("What has been made when the second call fails?")
              HINT("close may change errno; the caller wants to know why pipe failed."))
{
    for (int room = 0; room < 4; room++) {
        struct text number = text_format("%d", room);

        struct run *run = run_program("handshake", args("init", number.bytes), given_nothing());

        expect_that(run, has(stdout_of(run), "p tw_init: EMFILE\n"), FINDING_UNCHECKED_ERROR,
                    "The process could open only %d more descriptors, so tw_init() should return "
                    "-1 with errno EMFILE. `handshake init %d` logged\n%s",
                    room, room, stdout_of(run).bytes);
        expect_that(run, has(stdout_of(run), "new descriptors: 0\n"), FINDING_DESCRIPTOR_LEAK,
                    "The process could open only %d more descriptors, and tw_init() failed, as it "
                    "should. But what it had opened before is still open: `handshake init %d` "
                    "logged\n%s",
                    room, room, stdout_of(run).bytes);
    }
}
