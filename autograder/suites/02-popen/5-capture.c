/*
 * 5-capture.c - the checks of 2.5: a command's output and status, within a time.
 *
 * Most of the commands are the probe `stage`, or small scripts for sh. Where the time is to be up,
 * the command waits for the kit and would do so for ever, so it makes no difference how fast the
 * machine is.
 */
#define _GNU_SOURCE /* strerrordesc_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

EXERCISE("Capture a command's output, in time");

enum { LIMIT = 1024 * 1024 };

static bool has(struct text text, const char *part)
{
    return text_count(text, text_of(part)) > 0;
}

static const char *order(const char *what, int number)
{
    return text_format("%s=%d", what, number).bytes;
}

/* The one line on standard error. */
static void expect_report(struct run *run, const char *line)
{
    struct text wanted = text_format("%s\n", line);
    expect_that(run, text_equal(stderr_of(run), wanted), FINDING_WRONG_OUTPUT,
                "On standard error there should be one line, `%s`. What came is: %s", line,
                stderr_of(run).length > 0 ? stderr_of(run).bytes : "nothing");
}

static void expect_captured(struct run *run, struct text output, int status)
{
    suspect_if(has(stderr_of(run), text_format("exit %d\n", status << 8).bytes) ||
                   has(stderr_of(run), text_format("exit %d\n", status - 128).bytes),
               "pclose-status-is-exit-code");
    expect_exit(run, status);
    expect_stdout(run, output);
    if (status > 128)
        expect_report(
            run, text_format("capture: %zu bytes, signal %d", output.length, status - 128).bytes);
    else
        expect_report(run, text_format("capture: %zu bytes, exit %d", output.length, status).bytes);
    suspect(NULL);
}

CHECK(captures_output_and_status, 2,
      HINT("Where does the output end: at the end of what?")
      HINT("Who can still write into the pipe when the command has ended?")
      HINT("What waitpid stores is not yet the number that the command gave to exit()."))
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGUSR1, SIGKILL, SIGALRM};
    int key = random_between(1, 255), status = random_between(1, 120);
    int signal = signals[random_below(5)];
    struct text bytes = random_bytes((size_t)random_between(1, 100000));

    struct run *run = start_program(
        "capture", args("10", probe("stage"), order("xor", key), order("exit", status)),
        given_input_held_open(bytes));
    wait_until_idle(run);
    suspect("pipe-reader-keeps-own-write-end");
    expect_one_way_pipes(run);
    suspect(NULL);
    close_input(run);
    finish_run(run);
    expect_captured(run, text_xor(bytes, (unsigned char)key), status);
    expect_calls(run, "pipe", 1);

    run = run_program("capture", args("10", probe("stage"), order("kill", signal)),
                      given_input(bytes));
    expect_captured(run, bytes, 128 + signal);
    run = run_program("capture", args("10.5", "true"), given_nothing());
    expect_captured(run, text_of(""), 0);
}

/* A line of /proc/PID/status: "SigIgn:\t0000000000010000". */
static unsigned long long mask_named(struct text text, const char *name)
{
    const char *at = text.length > 0 ? strstr(text.bytes, name) : NULL;
    return at != NULL ? strtoull(at + strlen(name) + 1, NULL, 16) : ~0ULL;
}

CHECK(status_survives_ignored_sigchld, 2,
      HINT("Which of your caller's decisions about signals survive exec, and reach you?")
      HINT("If nobody wants to know that a child has ended: how long does the kernel keep its status?")
      HINT("Which disposition has to be in force, and from when on?"))
{
    const unsigned long long child = 1ULL << (SIGCHLD - 1);
    int status = random_between(1, 120);

    scene("Here SIGCHLD is ignored when `capture` is started.");
    for (int i = 0; i < 2; i++) {
        struct run *run = run_program(
            "capture",
            args("5", probe("stage"), order(i == 0 ? "exit" : "kill", i == 0 ? status : 9)),
            given(given_input(text_of("x\n")), given_ignored_signal(SIGCHLD)));
        suspect_if(saw_failure(run, "wait", ECHILD), "sigchld-ignored-breaks-popen");
        expect_captured(run, text_of("x\n"), i == 0 ? status : 128 + 9);
    }
    struct run *run = run_program("capture", args("10", "grep", "Sig", "/proc/self/status"),
                                  given_ignored_signal(SIGCHLD));
    expect_exit(run, 0);
    expect_that(run, (mask_named(stdout_of(run), "SigIgn:") & child) == 0, FINDING_WRONG_OUTPUT,
                "The command should find SIGCHLD as usual, and it is ignored. `grep Sig "
                "/proc/self/status` as the command gave:\n%s",
                stdout_of(run).bytes);
    expect_that(run, mask_named(stdout_of(run), "SigBlk:") == 0, FINDING_WRONG_OUTPUT,
                "The command should find no signal blocked. `grep Sig /proc/self/status` as the "
                "command gave:\n%s",
                stdout_of(run).bytes);
}

CHECK(keeps_a_mebibyte_and_reads_on, 1,
      HINT("How much fits into the pipe? What does the command do when it is full?")
      HINT("What happens to a writer when nobody reads any more?")
      HINT("What you do not keep, the command must still get rid of."))
{
    int sizes[] = {LIMIT, LIMIT + random_between(200000, 500000), LIMIT + 1};
    for (size_t i = 0; i < 3; i++) {
        int status = random_between(1, 100);
        struct run *run = run_program(
            "capture", args("10", probe("stage"), order("emit", sizes[i]), order("exit", status)),
            given_nothing());

        expect_exit(run, status);
        expect_that(
            run, stdout_of(run).length == LIMIT, FINDING_WRONG_OUTPUT,
            "The command wrote %d bytes. The first 1048576 should be on standard output; %zu "
            "came.",
            sizes[i], stdout_of(run).length);
        const char *count = i == 0 ? "1048576" : text_format("1048576 of %d", sizes[i]).bytes;
        expect_report(run, text_format("capture: %s bytes, exit %d", count, status).bytes);
    }
}

static bool is_alive(struct run *run)
{
    return record_of(run)->processes[0].ended_us < 0;
}

/* Nothing but its command can wake it up: no time limit, no timer. */
static bool waits_without_limit(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_threads; i++) {
        const struct thread *thread = &record->threads[i];
        if (!record->processes[thread->process].own_program)
            continue;
        if (!thread->asleep || thread->timed || !thread->understood)
            return false;
        for (size_t w = 0; w < thread->n_waits; w++)
            if (thread->waits[w].kind != WAIT_CHILD && thread->waits[w].kind != WAIT_READ)
                return false;
    }
    return true;
}

/* Where `capture` sleeps: " It sleeps in wait4 at capture.c:171." The run is taken to its end. */
static const char *where_asleep(struct run *run)
{
    const struct record *record = record_of(run);
    size_t at = record->n_calls;
    while (at > 0 && (record->calls[at - 1].process != 0 || record->calls[at - 1].end_us >= 0))
        at--;
    close_input(run);
    finish_run(run); /* now every call has its line */
    if (at == 0 || record->calls[at - 1].place.file == NULL)
        return "";
    const struct call *call = &record->calls[at - 1];
    look_at(call);
    return text_format(" It sleeps in %s at %s:%d.", call->name, call->place.file, call->place.line)
        .bytes;
}

/* Until `capture` has ended, or has slept for more than a second with nothing that will wake it. */
static void wait_until_time_is_up(struct run *run, const char *seconds, const char *script)
{
    int asleep = 0;
    for (wait_until_idle(run); is_alive(run) && asleep < 4; wait_until_idle(run)) {
        asleep = waits_without_limit(run) ? asleep + 1 : 0;
        expect_still_idle(run);
    }
    if (!is_alive(run))
        return;
    const char *where = where_asleep(run);
    expect_that(run, false, FINDING_HANG,
                "`capture %s sh -c '%s'` waits for its command, and without a limit of time. The "
                "command waits for input that does not come.%s",
                seconds, script, where);
}

/* Lets `capture` run that script, which waits for standard input, until the time is up; whoever is
 * left then may go on. On a busy machine the script may not get that far in a short time: then
 * again, with more of it. */
static struct run *run_out_of_time(const char *script, const char *before)
{
    static const char *const times[] = {"0.3", "3", "10"};
    struct run *run = NULL;
    for (int i = 0; i < 3; i++) {
        run = start_program("capture", args(times[i], "sh", "-c", script),
                            given_input_held_open(text_of("")));
        wait_until_time_is_up(run, times[i], script);
        send_input(run, text_of("go on\n"));
        close_input(run);
        finish_run(run);
        bool got_there =
            *before != '\0' ? has(stdout_of(run), before) : has(stderr_of(run), "ready");
        if (got_there || exit_status_of(run) != 124)
            break;
    }
    scene("The command is `sh -c '%s'`. It waits for input that does not come, and so the time is "
          "up.",
          script);
    bool waited = count_calls(run, "fork") == 0 || count_calls(run, "wait") > 0;
    suspect_if(!waited, "no-wait-zombies");
    expect_that(run, waited, FINDING_ZOMBIE,
                "`capture` has ended, and it has never waited for its command.");
    suspect(NULL);
    expect_that(run, !has(stderr_of(run), "alive"), FINDING_ORPHAN,
                "A process of the command's was still alive after `capture` had ended: when its "
                "input came, it wrote `alive`.");
    return run;
}

CHECK(time_is_up, 2,
      HINT("You sleep until output comes. What else shall wake you?")
      HINT("The command may have started others. What have they all in common that you can give them?")
      HINT("Not every signal can be refused. And who collects what is left of the command?"))
{
    const char *word = random_word();
    const char *script =
        text_format("trap \"\" TERM INT HUP ALRM; printf %s; (read x; echo alive >&2); exit 3",
                    word)
            .bytes;

    struct run *run = run_out_of_time(script, word);
    expect_exit(run, 124);
    expect_stdout(run, text_of(word));
    expect_report(run, "capture: 8 bytes, timeout");
}

CHECK(the_limit_holds_to_the_end, 1,
      HINT("Are the end of the output and the end of the command the same moment?")
      HINT("A command can close its standard output and live on. What do you wait for then, and how long?")
      HINT("A command can end and leave somebody behind who holds the pipe."))
{
    struct run *run = run_out_of_time("echo ready >&2; exec >&-; read x; exit 3", "");
    expect_exit(run, 124);
    expect_stdout(run, text_of(""));
    expect_stderr_contains(run, "capture: 0 bytes, timeout\n");

    run = run_out_of_time("exec 3<&0; (echo ready >&2; read x <&3; echo alive >&2) & exit 3", "");
    expect_exit(run, 124);
    expect_stderr_contains(run, "capture: 0 bytes, timeout\n");
}

CHECK(missing_command_gives_127, 1,
      HINT("What runs in the child on the line after exec, when exec could not do it?")
      HINT("errno says whether the command is not there or may not be executed.")
      HINT("Which exit status does a shell give in each of the two cases?"))
{
    const char *plain = text_format("./%s", random_word()).bytes;
    const struct {
        const char *command;
        int status, error;
    } commands[] = {
        {random_word(), 127, ENOENT},
        {plain,         126, EACCES}
    };
    for (size_t i = 0; i < 2; i++) {
        struct run *run =
            run_program("capture", args("10", commands[i].command, "x"),
                        given(given_file(plain + 2, text_of("no program\n")), given_watched_io()));

        suspect_if(saw_fall_through(run), "child-falls-through-after-exec-failure");
        expect_exit(run, commands[i].status);
        expect_stdout(run, text_of(""));
        expect_that(
            run, text_count(stderr_of(run), text_of(strerrordesc_np(commands[i].error))) == 1,
            FINDING_WRONG_OUTPUT,
            "Standard error should say once why the command could not be started (%s); this "
            "came:\n%s",
            strerrordesc_np(commands[i].error), stderr_of(run).bytes);
        suspect(NULL);
    }
}

CHECK(short_and_interrupted_calls_lose_nothing, 1,
      HINT("What does it mean when write() returns less than you asked for?")
      HINT("A call that returns -1 with EINTR: is anything broken?")
      HINT("How much of the time is left after an interruption?"))
{
    struct text bytes = random_bytes(20000);
    int status = random_between(1, 100);
    const char *const *command = args("10", probe("stage"), order("exit", status));
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait poll")
    {
        expect_captured(run_program("capture", command, given(given_input(bytes), fault)), bytes,
                        status);
    }
    struct run *run = run_program(
        "capture", command, given(given_input(bytes), given_short_writes(), given_short_reads()));
    suspect_if(stdout_of(run).length < bytes.length, "partial-write-ignored");
    expect_that(run, text_equal(stdout_of(run), bytes), FINDING_SHORT_IO_IGNORED,
                "Some reads and writes took only a part of what they were given (as they may), "
                "and bytes were lost: %zu of %zu came out.",
                stdout_of(run).length, bytes.length);
    suspect(NULL);
    expect_captured(run, bytes, status);
}

CHECK(failures_and_wrong_usage, 1,
      HINT("Which of your calls can return -1? And -1 is not 0.")
      HINT("When reading fails, the command may be waiting for you, or for anything else.")
      HINT("What does your conversion make of \"\", of \"1x\", of \"-1\", of \"nan\"?"))
{
    static const char *const wrong[] = {"",   "0",   "-1",  "1x", "0.9e",
                                        " 1", "nan", "inf", "x",  "100000"};
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork read memory")
    {
        struct run *run = start_program("capture", args("5", probe("stage"), "as=command"),
                                        given(given_input_held_open(text_of("some input")), fault));
        wait_until_idle(run);
        if (!saw_fault(run)) /* else it is not to wait for the end of the command */
            close_input(run);
        wait_until_first_ended(run);
        finish_run(run);
        suspect_if(saw_fault(run) && stderr_of(run).length == 0, "ignore-return-values");
        expect_fault_told(run, NULL);
        suspect(NULL);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("capture", args(wrong[i], "true"), given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
    expect_exit(run_program("capture", args("10"), given_nothing()), 2);
}

CHECK(memory_is_sound, 1,
      HINT("How much room is there when the output comes, and who makes it larger?")
      HINT("The output is just as long as your memory. What else do you put behind it?")
      HINT("Who says how many bytes read has stored: read itself, or what stands in them?"))
{
    struct text output = random_bytes(65536); /* powers of two fill what grows by doubling */
    struct run *run =
        run_program("capture", args("60", "cat"), given(given_input(output), given_memory_check()));
    expect_captured(run, output, 0);
}
