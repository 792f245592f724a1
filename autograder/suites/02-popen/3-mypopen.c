/*
 * 3-mypopen.c - the checks of 2.3: a module, mypopen.c, driven by the kit's streams, a step at a
 * time (see drivers/02-popen/3-mypopen/streams.c).
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("popen and pclose of your own");

enum { STREAMS = 5 };

static bool has(struct text text, const char *part)
{
    return text_count(text, text_of(part)) > 0;
}

static struct run *perform(const char *const *steps, struct given *given)
{
    struct run *run = run_program("streams", steps, given);

    expect_that(
        run, !has(stdout_of(run), "of the C library was called"), FINDING_FORBIDDEN_CALL,
        "my_popen() and my_pclose() are to do the work themselves, without popen, pclose and "
        "system of the C library. The log of `streams` says:\n%s",
        stdout_of(run).bytes);
    return run;
}

/* Each line with two blanks before it. */
static struct text indented(struct text lines)
{
    struct text text = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < lines.length; i++) {
        if (lines.bytes[i] != '\n' && i + 1 < lines.length)
            continue;
        text = text_join(text, text_join(text_of("  "), text_slice(lines, from, i + 1)));
        from = i + 1;
    }
    return text;
}

static struct text steps_text(const char *const *steps)
{
    struct text text = text_of("");
    for (; *steps != NULL; steps++)
        text = text_join(text, text_format("  %s\n", *steps));
    return text;
}

static struct text steps_line(const char *const *steps)
{
    struct text text = text_format("\"%s\"", *steps);
    while (*++steps != NULL)
        text = text_join(text, text_format(", \"%s\"", *steps));
    return text;
}

static void expect_log(struct run *run, const char *const *steps, enum finding_kind kind,
                       struct text wanted)
{
    struct text log = stdout_of(run);
    expect_that(run, text_equal(log, wanted), kind,
                "The steps of `streams` were\n%sIts log is\n%sand should be\n%s",
                steps_text(steps).bytes, log.length > 0 ? indented(log).bytes : "  empty, ",
                indented(wanted).bytes);
    expect_exit(run, 0);
}

/* Performs the steps and compares the log, whatever is wrong with it. */
static void expect_steps(const char *const *steps, struct given *given, const char *wanted)
{
    struct run *run = perform(steps, given);
    suspect_if(saw_given_up(run, "wait") || has(stdout_of(run), "EINTR"), "eintr-not-handled");
    expect_log(run, steps, FINDING_WRONG_OUTPUT, text_of(wanted));
    suspect(NULL);
}

/* Is the pipe's end that a new program got above 2 none of its own pipe's? */
static bool is_of_another_stream(const struct record *record, size_t at)
{
    const struct call *leak = &record->calls[at];
    if (strcmp(leak->name, "inherit") != 0 || leak->fds[0] <= 2 || leak->object < 0 ||
        record->objects[leak->object].made_by < 0)
        return false;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "inherit") == 0 && call->process == leak->process &&
            call->object == leak->object && call->fds[0] <= 2)
            return false;
    }
    return true;
}

/* The first descriptor of another stream with which a command was started; NULL: none. */
static const struct call *other_stream(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (is_of_another_stream(record, i))
            return &record->calls[i];
    return NULL;
}

static void expect_no_other_stream(struct run *run, const char *const *steps)
{
    const struct call *leak = other_stream(run);
    const struct record *record = record_of(run);
    if (leak == NULL)
        return;
    suspect("own-popen-child-inherits-other-streams");
    look_at(&record->calls[record->objects[leak->object].made_by]);
    expect_that(
        run, false, FINDING_DESCRIPTOR_LEAK,
        "The steps of `streams` were\n%sProcess %d `%s` is the command of one of these "
        "streams. It was started with descriptor %d open, the %s end of %s, which belongs to "
        "another one.",
        steps_text(steps).bytes, record->processes[leak->process].number,
        record->processes[leak->process].command, leak->fds[0],
        leak->args[0] == 0 ? "reading" : "writing", record->objects[leak->object].label);
}

CHECK(reads_and_writes, 2,
      HINT("What does my_pclose have to know about a stream that is not in the FILE?")
          HINT("Which end of the pipe does the command use in each mode, and who holds the other?")
              HINT("What waitpid stores is returned as it is."))
{
    struct text bytes = random_bytes((size_t)random_between(70000, 120000));
    int status = random_between(1, 100);
    const char *read_it = text_format("open A r x=data; cat $x; exit %d", status).bytes;
    const char *write_it = text_format("open A w cat >copy; exit %d", status).bytes;
    struct text end = text_format("A close: exit %d\n", status);

    const char *const *steps = args(read_it, "copy A", "close A", "count");
    scene("The steps of `streams` are %s.", steps_line(steps).bytes);
    struct run *run = perform(steps, given_file("data", bytes));
    suspect_if(has(stdout_of(run), text_format("A close: signal %d\n", status).bytes),
               "pclose-status-is-exit-code");
    suspect_if(has(stdout_of(run), "A close") && count_calls(run, "wait") == 0, "no-wait-zombies");
    expect_stdout(run, text_join(bytes, text_join(end, text_of("new descriptors: 0\n"))));
    suspect(NULL);

    steps = args(write_it, "feed A", "close A", "open B r cat copy", "copy B", "close B");
    scene("The steps of `streams` are %s.", steps_line(steps).bytes);
    run = perform(steps, given_input(bytes));
    expect_stdout(run, text_join(end, text_join(bytes, text_of("B close: exit 0\n"))));
    expect_exit(run, 0);
}

CHECK(commands_get_no_other_stream, 2,
      HINT("A command that reads ends at its end of file. Which processes could still write to it?")
          HINT("What has the second child inherited from the time before it was forked?")
              HINT("Each stream that is open at the fork is open in the child as well."))
{
    const char *const *backwards =
        args("open A w cat", "open B r true", "open C w cat", "open D r exit 0", "close D",
             "close C", "close B", "close A");
    const char *const *in_order = args("open A w cat >&2", "open B w cat >&2", "open C w cat >&2",
                                       "say A one", "say C three", "close A", "close B", "close C");

    struct run *run = perform(backwards, given_nothing());
    expect_no_other_stream(run, backwards);
    expect_log(run, backwards, FINDING_WRONG_OUTPUT,
               text_of("D close: exit 0\nC close: exit 0\nB close: exit 0\nA close: exit 0\n"));

    expect_steps(in_order, given_nothing(), "A close: exit 0\nB close: exit 0\nC close: exit 0\n");
}

/* In which order to close them: never the one in which they were opened. */
static void shuffle(int order[STREAMS])
{
    for (int i = 0; i < STREAMS; i++)
        order[i] = i;
    for (int i = STREAMS - 1; i > 0; i--) {
        int other = (int)random_below((uint64_t)i), old = order[i];
        order[i] = order[other];
        order[other] = old;
    }
}

CHECK(each_close_gets_its_own_status, 2,
      HINT("Several commands have ended. Which one did the caller ask about?")
          HINT("Which of the calls that wait lets you say for whom?")
              HINT("What do you remember of each stream, and where?"))
{
    const char *steps[2 * STREAMS + 1] = {NULL};
    struct text log = text_of("");
    int order[STREAMS], first = random_between(1, 50), second = first + random_between(1, 50);
    const char *const *two =
        args(text_format("open B r exit %d", second).bytes, "ended",
             text_format("open A w read x; exit %d", first).bytes, "close A", "close B");

    struct run *run = perform(two, given_nothing());
    suspect_if(has(stdout_of(run), text_format("A close: exit %d\n", second).bytes),
               "pclose-with-wait-not-waitpid");
    expect_log(run, two, FINDING_WRONG_STATUS,
               text_format("A close: exit %d\nB close: exit %d\n", first, second));
    suspect(NULL);

    shuffle(order);
    for (int i = 0; i < STREAMS; i++) {
        int named = order[i];
        steps[i] = text_format(random_below(2) ? "open %c r exit %d" : "open %c w read x; exit %d",
                               'A' + i, first + i)
                       .bytes;
        steps[STREAMS + i] = text_format("close %c", 'A' + named).bytes;
        log = text_join(log, text_format("%c close: exit %d\n", 'A' + named, first + named));
    }
    expect_log(perform(steps, given_nothing()), steps, FINDING_WRONG_STATUS, log);
}

CHECK(other_children_stay_the_callers, 1,
      HINT("The program that calls you may have children of its own. Who waits for them?")
          HINT("What does a wait for anybody bring home, and can it be given back?")
              HINT("If somebody else has taken the status of your child, what is left to return?"))
{
    int status = random_between(1, 50), other = status + random_between(1, 50);
    const char *const *steps =
        args(text_format("child %d", other).bytes, "ended",
             text_format("open A r exit %d", status).bytes, "close A", "reap");

    struct run *run = perform(steps, given_nothing());
    suspect_if(has(stdout_of(run), "child: ECHILD"), "popen-vs-wait-steals-child");
    expect_log(run, steps, FINDING_WRONG_STATUS,
               text_format("A close: exit %d\nchild: exit %d\n", status, other));
    suspect(NULL);

    steps = args(text_format("open A r exit %d", status).bytes, "steal", "close A", "count");
    run = perform(steps, given_nothing());
    suspect_if(saw_failure(run, "wait", ECHILD) && !has(stdout_of(run), "ECHILD"),
               "ignore-return-values");
    expect_log(run, steps, FINDING_WRONG_STATUS,
               text_format("stolen: exit %d\nA close: ECHILD\nnew descriptors: 0\n", status));
}

CHECK(only_r_and_w, 1,
      HINT("What are the only two modes, and who looks whether it is one of them?")
          HINT("What should have happened by the time a wrong mode is refused?")
              HINT("A stream may come from elsewhere: what may you do with it before you know?"))
{
    static const char *const modes[] = {"rw", "-", "x", "wr", "r+", "w,", "R"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const char *const *steps = args(text_format("open A %s exit 1", modes[i]).bytes, "count",
                                        "open B r echo well", "line B", "close B");

        struct run *run = perform(steps, given_nothing());
        suspect_if(!has(stdout_of(run), "A open: EINVAL"), "popen-mode-not-validated");
        expect_that(run, has(stdout_of(run), "A open: EINVAL"), FINDING_UNCHECKED_ERROR,
                    "my_popen(\"exit 1\", \"%s\") should return NULL with errno EINVAL: this is no "
                    "mode. The log of `streams` says:\n%s",
                    strcmp(modes[i], "-") == 0 ? "" : modes[i], stdout_of(run).bytes);
        suspect(NULL);
        expect_log(run, steps, FINDING_WRONG_OUTPUT,
                   text_of("A open: EINVAL\nnew descriptors: 0\nB line: well\nB close: exit 0\n"));
        expect_calls(run, "fork", 1);
    }
    expect_steps(args("foreign", "open A r echo well; exit 2", "foreign", "line A", "close A"),
                 given_nothing(),
                 "foreign close: EINVAL\nforeign close: EINVAL\nA line: well\nA close: exit 2\n");
}

CHECK(any_descriptor_will_do, 1,
      HINT("Which descriptor does the kernel give out first? And if that one was closed before?")
          HINT("What does dup2 do when both numbers are the same, and what may be closed after it?")
              HINT("Whose is the number onto which you dup2, just before it?"))
{
    static const char *const shut[][2] = {
        {"shut 0", "count" },
        {"shut 1", "count" },
        {"shut 1", "shut 0"},
        {"shut 0", "shut 1"}
    };
    for (size_t i = 0; i < 4; i++) {
        const char *word = random_word();
        const char *const *steps =
            args(shut[i][0], shut[i][1], text_format("open A r echo %s; exit 3", word).bytes,
                 "open B w cat >copy; exit 4", text_format("say B %s", word).bytes, "line A",
                 "close B", "open C r cat copy", "line C", "close A", "close C");

        expect_log(perform(steps, given_nothing()), steps, FINDING_WRONG_OUTPUT,
                   text_format("%sA line: %s\nB close: exit 4\nC line: %s\nA close: exit 3\n"
                               "C close: exit 0\n",
                               i < 2 ? "new descriptors: -1\n" : "", word, word));
    }
}

CHECK(a_failed_open_leaves_nothing, 1,
      HINT("Which calls of my_popen can fail, and what has it got by then?")
          HINT("What has to be given back when fork fails?")
              HINT("close may change errno; the caller wants to know why fork failed."))
{
    const char *const *steps =
        args("open A r exit 1", "count", "open B w exit 3", "close B", "count");

    scene("Here the first fork was made to fail with EAGAIN.");
    struct run *run = perform(steps, given_failing("fork", 1, EAGAIN));
    bool closed =
        !has(stdout_of(run), "EAGAIN\n") || has(stdout_of(run), "EAGAIN\nnew descriptors: 0\n");
    suspect_if(!closed, "popen-leaks-fds-on-fork-failure");
    expect_log(
        run, steps, closed ? FINDING_WRONG_OUTPUT : FINDING_DESCRIPTOR_LEAK,
        text_of("A open: EAGAIN\nnew descriptors: 0\nB close: exit 3\nnew descriptors: 0\n"));
    suspect(NULL);
    scene(NULL);

    EACH_FAULT(fault, FAULT_FAILS, "pipe fork memory")
    {
        run = perform(args("cycle 2", "count"), fault);
        const char *error = saw_fault_in(run, "pipe")   ? "to go: EMFILE\n"
                            : saw_fault_in(run, "fork") ? "to go: EAGAIN\n"
                                                        : NULL;
        expect_that(run, error == NULL || has(stdout_of(run), error), FINDING_UNCHECKED_ERROR,
                    "my_popen() should return NULL with the errno of the call that failed. "
                    "`streams \"cycle 2\" count` logged\n%s",
                    stdout_of(run).bytes);
        expect_that(run, has(stdout_of(run), "new descriptors: 0\n"), FINDING_DESCRIPTOR_LEAK,
                    "Something is still open. `streams \"cycle 2\" count` logged\n%s",
                    stdout_of(run).bytes);
        expect_exit(run, 0);
    }
    for (int room = 0; room < 2; room++) {
        steps =
            args(text_format("room %d", room).bytes, "open A r exit 1", "open B w exit 1", "count");
        run = perform(steps, given_nothing());
        expect_log(run, steps, FINDING_UNCHECKED_ERROR,
                   text_of("A open: EMFILE\nB open: EMFILE\nnew descriptors: 0\n"));
        expect_calls(run, "fork", 0);
    }
    expect_steps(args("cycle 20", "count"), given_nothing(), "new descriptors: 0\n");
}

CHECK(close_always_waits, 1,
      HINT("A signal handler ran while you waited for the command. What does waitpid return then?")
          HINT("The last bytes could not be written, since nobody reads them. Is the command reaped?")
              HINT("Which of your ways out of my_pclose leaves a child behind?"))
{
    EACH_FAULT(fault, FAULT_INTERRUPTS, "wait")
    {
        expect_steps(
            args("open A r exit 5", "close A", "open B w read x; exit 6", "say B x", "close B"),
            fault, "A close: exit 5\nB close: exit 6\n");
    }
    expect_steps(args("open A w exit 4", "ended", "hold A late", "close A", "count"),
                 given_nothing(), "A close: EPIPE\nnew descriptors: 0\n");
}

CHECK(memory_is_sound, 1,
      HINT("What do you keep for each stream, and how many bytes have you asked for to keep it in?")
          HINT("When is what you keep of a stream given back, and who still reads it then?")
              HINT("The message names the line, and where the memory comes from. How long is it, and "
                   "how much is stored in it?"))
{
    const char *word = random_word();
    const char *const *steps =
        args("count", text_format("open A r echo %s; exit 3", word).bytes,
             "open B w cat >copy; exit 4", "open C r exit 5", "line A", "close B", "close A",
             "open A r cat copy", "copy A", "close C", "close A", "count");

    expect_log(perform(steps, given_memory_check()), steps, FINDING_WRONG_OUTPUT,
               text_format("new descriptors: 0\nA line: %s\nB close: exit 4\nA close: exit 3\n"
                           "C close: exit 5\nA close: exit 0\nnew descriptors: 0\n",
                           word));
}
