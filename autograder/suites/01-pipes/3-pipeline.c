/*
 * 3-pipeline.c - the checks of 1.3: a pipeline of N commands.
 *
 * Most of the commands are the probe `stage`, which changes every byte, ends early, or ends as it
 * is told: what comes out shows which stages the data went through, and in which order.
 */
#define _GNU_SOURCE /* strerrordesc_np(3), sigabbrev_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("A pipeline of N commands");

/* ---- Command lines -------------------------------------------------------------------------- */

enum { MAX_WORDS = 64 };

/* The words of a command line, one more at a time. */
struct words {
    const char *list[MAX_WORDS]; /* NULL-terminated */
    size_t count;
};

static void add_word(struct words *words, const char *word)
{
    if (words->count + 1 < MAX_WORDS)
        words->list[words->count++] = word;
}

/* Adds `stage` with two orders, behind a separator where one is needed. */
static void add_stage(struct words *words, const char *order, const char *other)
{
    if (words->count > 0)
        add_word(words, "--");
    add_word(words, probe("stage"));
    add_word(words, order);
    add_word(words, other);
}

static const char *order(const char *what, int number)
{
    return text_format("%s=%d", what, number).bytes;
}

/* The name of stage i (from 0): an order that changes nothing, to know its process by. */
static const char *name_of(int i)
{
    return text_format("as=%d.", i + 1).bytes;
}

/* A line of that many stages, each of which changes every byte; *bytes becomes what comes out. */
static struct words changing_stages(int count, struct text *bytes)
{
    struct words words = {0};
    for (int i = 0; i < count; i++) {
        int key = random_between(1, 255);
        bool turn = i % 2 == 1; /* in another order the two give something else */
        *bytes =
            turn ? text_rotated(*bytes, (unsigned char)key) : text_xor(*bytes, (unsigned char)key);
        add_stage(&words, order(turn ? "rotate" : "xor", key), name_of(i));
    }
    return words;
}

static struct text first_lines(struct text lines, int count)
{
    size_t end = 0;
    for (; end < lines.length && count > 0; end++)
        count -= lines.bytes[end] == '\n';
    return text_slice(lines, 0, end);
}

/* ---- What is seen --------------------------------------------------------------------------- */

static const struct process *find_stage(struct run *run, int i)
{
    return find_process(run, "stage", name_of(i));
}

static bool is_living(const struct process *process)
{
    return process != NULL && process->ended_us < 0;
}

/* How many of the stages run now. */
static int count_living(struct run *run, int count)
{
    int living = 0;
    for (int i = 0; i < count; i++)
        living += is_living(find_stage(run, i));
    return living;
}

static const struct descriptor *find_descriptor(struct run *run, const struct process *process,
                                                int fd)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *descriptor = &record->descriptors[i];
        if (&record->processes[descriptor->process] == process && descriptor->fd == fd)
            return descriptor;
    }
    return NULL;
}

/* ---- Checks --------------------------------------------------------------------------------- */

CHECK(
    runs_two_commands_like_the_shell, 4,
      HINT("Which of the two processes reads, which writes, and who makes the pipe between them?")
      HINT("Do both run at the same time? What if the first writes more than the pipe holds?")
      HINT("In each process, which number does each end of the pipe have just before exec?"))
{
    struct text bytes = random_bytes((size_t)random_between(150000, 300000)),
                lines = random_lines(200);
    struct text changed = bytes;
    struct words words = changing_stages(2, &changed);

    struct run *run = run_program("pipeline", args("sort", "--", "head", "-n", "7"),
                                  given(given_input(lines), given_env("LC_ALL", "C")));
    scene("Here it runs `sort`, then `head -n 7`.");
    expect_exit(run, 0);
    expect_stdout(run, first_lines(text_sorted(lines), 7));

    scene(NULL);
    run = run_program("pipeline", words.list, given_input(bytes));
    expect_exit(run, 0);
    expect_stdout(run, changed);
    expect_stderr_empty(run);

    run = start_program("pipeline", words.list, given_input_held_open(text_slice(bytes, 0, 100)));
    wait_until_idle(run);
    expect_that(
        run, count_living(run, 2) == 2 && text_equal(stdout_of(run), text_slice(changed, 0, 100)),
        FINDING_WRONG_OUTPUT,
        "100 bytes came on standard input and more may come later. Both commands should be "
        "running, "
        "and the 100 bytes on standard output: %d of 2 are running, %zu bytes came out.",
        count_living(run, 2), stdout_of(run).length);
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

CHECK(last_stage_sees_end_of_file, 4,
      HINT("Which processes could still write into the last pipe?")
      HINT("List every descriptor the last child inherited, not only the ones you gave it.")
      HINT("A child inherits what its parent has open at the moment of the fork."))
{
    int counts[] = {3, random_between(4, 11), 12};
    for (size_t i = 0; i < 3; i++) {
        struct text bytes = random_bytes(i == 0 ? 100 : (size_t)random_between(60000, 80000)),
                    changed = bytes;
        struct words words = changing_stages(counts[i], &changed);
        struct run *run = run_program("pipeline", words.list, given_input(bytes));

        expect_exit(run, 0);
        expect_stdout(run, changed);
        expect_stderr_empty(run);
    }
    struct run *run = start_program("pipeline", args("cat", "--", "cat", "--", "true"),
                                    given_input_held_open(text_of("")));
    wait_until_idle(run);
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

CHECK(
    every_stage_gets_exactly_0_1_2, 1,
      HINT("While the stages sleep, look at /proc/PID/fd of each, and of the parent.") HINT(
        "How many descriptors of a pipe are there, in all processes together, when all is set up?")
      HINT("After dup2, how many numbers refer to this end of the pipe? And what does exec "
             "close?"))
{
    int count = random_between(3, 5);
    struct text changed = text_of("");
    struct run *run = start_program("pipeline", changing_stages(count, &changed).list,
                                    given_input_held_open(text_of("")));
    wait_until_idle(run);
    expect_that(run, count_living(run, count) == count, FINDING_MISSING_CALL,
                "%d stages should be running now, and wait for input; %d are.", count,
                count_living(run, count));

    const struct record *record = record_of(run);
    for (int i = 0; i < count; i++) {
        const struct process *stage = find_stage(run, i), *next = find_stage(run, i + 1);
        const struct descriptor *out = find_descriptor(run, stage, 1);
        const struct descriptor *in = i + 1 < count ? find_descriptor(run, next, 0) : NULL;
        expect_that(run, i + 1 == count || (in != NULL && out != NULL && in->object == out->object),
                    FINDING_WRONG_OUTPUT,
                    "What stage %d writes (to its descriptor 1) does not go straight to stage %d: "
                    "%s and %s are not the two ends of one pipe.",
                    i + 1, i + 2,
                    out != NULL ? record->objects[out->object].label : "its missing 1",
                    in != NULL ? record->objects[in->object].label : "a missing 0");
        for (size_t d = 0; d < record->n_descriptors; d++) {
            const struct descriptor *at = &record->descriptors[d];
            const struct object *object = &record->objects[at->object];
            bool is_stages =
                &record->processes[at->process] == stage && object->kind != OBJECT_PIPE;
            expect_that(run, !is_stages || at->fd <= 2, FINDING_DESCRIPTOR_LEAK,
                        "Stage %d (process %d `%s`) has descriptor %d open: %s. It should have 0, "
                        "1 and 2 only.",
                        i + 1, stage->number, stage->name, at->fd, object->label);
            expect_that(
                run, out == NULL || i + 1 == count || at->process != 0 || at->object != out->object,
                FINDING_DESCRIPTOR_LEAK,
                "While all stages run, process 1 `pipeline` still holds descriptor %d: the %s end "
                "of %s, "
                "which connects stage %d with stage %d. It uses neither end.",
                at->fd, at->reads ? "reading" : "writing", object->label, i + 1, i + 2);
        }
    }
    close_input(run);
    finish_run(run);
    expect_exit(run, 0);
}

/* Runs three stages with these last words, the first of which ends after the others. */
static struct run *run_first_ends_last(const int statuses[3])
{
    struct words words = {0};
    add_stage(&words, "mute", order("exit", statuses[0]));
    add_stage(&words, "take=0", order("exit", statuses[1]));
    add_stage(&words, "take=0", order("exit", statuses[2]));
    struct run *run = start_program("pipeline", words.list, given_input_held_open(text_of("")));
    wait_until_idle(run); /* only the first still runs: it reads */
    close_input(run);
    finish_run(run);
    return run;
}

/* Runs `stage` and one more command, in this order or the other. */
static struct run *run_with(const char *command, bool last, const char *first_order,
                            struct given *given)
{
    struct words words = {0};
    if (!last)
        add_word(&words, command);
    add_stage(&words, first_order, name_of(0));
    if (last) {
        add_word(&words, "--");
        add_word(&words, command);
    }
    return run_program("pipeline", words.list, given);
}

CHECK(status_is_that_of_the_last_stage, 1,
      HINT("Which process is the last stage? Not the one that ended last, not the one you waited "
           "for last.") HINT("A signal is not an exit status: what does a shell make of it?")
      HINT("What runs in the child on the line after exec, when exec could not do it?"))
{
    int statuses[3] = {random_between(2, 40), random_between(41, 80), random_between(81, 120)};
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGKILL};
    int signal = signals[random_below(5)];
    const char *plain = random_word(), *here = text_format("./%s", plain).bytes;
    struct words killed = {0}, killed_first = {0};

    struct run *run = run_first_ends_last(statuses);
    scene("Here three stages end with status %d, %d and %d, the first of them last.", statuses[0],
          statuses[1], statuses[2]);
    suspect_if(exit_status_of(run) == statuses[0] || exit_status_of(run) == statuses[1],
               "pipeline-status-of-first");
    expect_exit(run, statuses[2]);
    suspect(NULL);

    scene("Here the last of two stages killed itself by SIG%s.", sigabbrev_np(signal));
    add_stage(&killed, order("exit", statuses[0]), name_of(0));
    add_stage(&killed, order("kill", signal), name_of(1));
    expect_exit(run_program("pipeline", killed.list, given_nothing()), 128 + signal);
    scene("Here the first of two stages killed itself by SIG%s, the last ended with status %d.",
          sigabbrev_np(signal), statuses[1]);
    add_stage(&killed_first, order("kill", signal), name_of(0));
    add_stage(&killed_first, order("exit", statuses[1]), name_of(1));
    expect_exit(run_program("pipeline", killed_first.list, given_nothing()), statuses[1]);

    const struct {
        const char *command;
        int status, error;
    } missing[] = {
        {random_word(), 127, ENOENT},
        {here,          126, EACCES}
    };
    for (size_t i = 0; i < 4; i++) {
        bool last = i < 2;
        run = run_with(missing[i % 2].command, last, order("exit", statuses[0]),
                       given(given_file(plain, text_of("echo no program\n")), given_watched_io()));
        scene("Here the %s of two commands, `%s`, %s.", last ? "last" : "first",
              missing[i % 2].command,
              missing[i % 2].status == 127 ? "does not exist" : "is not executable");
        suspect_if(saw_fall_through(run), "child-falls-through-after-exec-failure");
        expect_exit(run, last ? missing[i % 2].status : statuses[0]);
        expect_stderr_contains(run, strerrordesc_np(missing[i % 2].error));
        expect_that(
            run, text_count(stderr_of(run), text_of("\n")) == 1, FINDING_WRONG_OUTPUT,
            "One line should say why `%s` could not be started; this was on standard error:\n%s",
            missing[i % 2].command, stderr_of(run).bytes);
        expect_stdout(run, text_of(""));
    }
}

/* pipeline must be there, as itself and as the parent of all, while one of two stages still runs.
 */
static void expect_still_there(struct run *run, int running)
{
    const struct record *record = record_of(run);
    const struct process *first = &record->processes[0];
    const struct process *stage = find_stage(run, running);

    suspect_if(!first->own_program, "wrong-writer-is-parent");
    expect_that(
        run, first->own_program, FINDING_ORPHAN,
        "Process 1, which your caller waits for, did not remain `pipeline`: it became `%s`. %s",
        first->name,
        is_living(first)
            ? "When that stage ends, the caller goes on, whatever else still runs."
            : "It has ended, and your caller goes on, while another stage still runs.");
    suspect(NULL);
    const struct process *left = NULL;
    for (size_t i = 1; i < record->n_processes && left == NULL; i++)
        left = is_living(&record->processes[i]) ? &record->processes[i] : NULL;
    bool given_up = saw_given_up(run, "wait");
    suspect_if(count_calls(run, "wait") < 2, "no-wait-zombies");
    suspect_if(given_up, stderr_of(run).length > 0 ? "eintr-not-handled"
                                                   : "wait-until-minus-one-without-errno");
    expect_that(run, is_living(first) || left == NULL, FINDING_ORPHAN,
                "Process %d is still running, a stage, and process 1 `pipeline` has ended%s: "
                "nobody waits for it.",
                left != NULL ? left->number : 0,
                given_up ? " after its wait was interrupted (EINTR)" : "");
    suspect(NULL);
    expect_that(run, stage == NULL || stage->parent == 0, FINDING_ORPHAN,
                "The parent of stage %d should be process 1 `pipeline`; it is process %d.",
                running + 1, stage != NULL ? stage->parent + 1 : 0);
}

CHECK(waits_for_every_stage, 1,
      HINT("Your caller goes on when your first process ends. Which one is that?")
      HINT("How many children have you, and how many did wait tell you of?")
      HINT("There are two reasons why wait returns -1. How are they told apart?"))
{
    int status = random_between(2, 120);
    struct words slow_last = {0}, slow_first = {0};
    add_stage(&slow_last, "take=0", name_of(0));
    add_stage(&slow_last, "emit=200000", name_of(1));
    add_word(&slow_last, order("exit", status));
    add_stage(&slow_first, "mute", name_of(0));
    add_stage(&slow_first, "take=0", name_of(1));
    add_word(&slow_first, order("exit", status));

    struct run *run = start_program("pipeline", slow_last.list, given_unread_output());
    wait_until_idle(run);
    expect_still_there(run, 1);
    resume_reading(run);
    finish_run(run);
    scene("Here the last of two stages ended with status %d, and later than the first.", status);
    expect_exit(run, status);
    scene("Here the first of two stages ended later than the last, whose status was %d.", status);
    EACH_FAULT(fault, FAULT_INTERRUPTS, "wait")
    {
        run = start_program("pipeline", slow_first.list,
                            given(given_input_held_open(text_of("")), fault));
        wait_until_idle(run);
        expect_still_there(run, 0);
        close_input(run);
        finish_run(run);
        expect_exit(run, status);
    }
}

CHECK(a_stage_may_stop_early, 1,
      HINT("When the reader of a pipe is gone, who tells the writer, and when?")
      HINT("Count the read ends of that pipe, in all processes together.")
      HINT("What becomes of an ignored signal when a process execs another program?"))
{
    const char *word = random_word();
    struct text bytes = random_bytes(300000);

    struct run *run =
        run_program("pipeline", args("yes", word, "--", "head", "-n", "2"), given_nothing());
    expect_exit(run, 0);
    expect_stdout(run, text_format("%s\n%s\n", word, word));
    const struct process *yes = find_process(run, "yes", NULL);
    expect_that(
        run, yes != NULL && WIFSIGNALED(yes->wait_status) && WTERMSIG(yes->wait_status) == SIGPIPE,
        FINDING_WRONG_STATUS,
        "When `head` has ended, `yes` writes to a pipe that nobody reads. SIGPIPE should have "
        "killed it, "
        "but it ended in another way. On standard error: %s",
        stderr_of(run).length > 0 ? stderr_of(run).bytes : "(nothing)");
    expect_stderr_empty(run);

    struct words words = {0};
    int stop = random_between(1, 5000);
    add_stage(&words, "xor=0", name_of(0));
    add_stage(&words, order("take", stop), name_of(1));
    add_stage(&words, "xor=0", name_of(2));
    run = run_program("pipeline", words.list, given_input(bytes));
    expect_exit(run, 0);
    expect_stdout(run, text_slice(bytes, 0, (size_t)stop));
}

/* After a fork that failed. */
static void expect_no_more_stages(struct run *run)
{
    const struct record *record = record_of(run);
    bool failed = false;
    for (size_t i = 0; saw_fault_in(run, "fork") && i < record->n_calls; i++) {
        const struct process *child =
            record->calls[i].other >= 0 ? &record->processes[record->calls[i].other] : NULL;
        failed = failed || record->calls[i].injected;
        expect_that(run, !failed || child == NULL || child->started_us <= record->calls[i].start_us,
                    FINDING_UNCHECKED_ERROR,
                    "After that it started process %d all the same. The task asks that no more "
                    "stages are started.",
                    child != NULL ? child->number : 0);
    }
}

CHECK(says_which_call_failed, 1,
      HINT("Which of your calls can return -1?")
      HINT("Some stages run already: what do they need, to come to an end?")
      HINT("What does wait make of a process number that fork never gave you?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "pipe fork memory")
    {
        struct run *run =
            run_program("pipeline", args("cat", "--", "cat", "--", "cat", "--", "cat"),
                        given(given_input(random_lines(30)), fault));
        expect_fault_told(run, NULL);
        expect_no_more_stages(run);
    }
}

CHECK(takes_1_to_12_commands, 1,
      HINT("One command is a pipeline, too. How many pipes has it?")
      HINT("The twelfth is allowed, the thirteenth is not.") HINT(
              "Where can an empty command stand? At the beginning, at the end, and where else?"))
{
    const char *const *const wrong[] = {no_args(), args("--"), args("--", "cat"), args("cat", "--"),
                                        args("cat", "--", "--", "cat")};
    struct text bytes = random_bytes(3000), changed = bytes;
    struct words one = changing_stages(1, &changed);
    struct run *run = run_program("pipeline", one.list, given_input(bytes));
    expect_exit(run, 0);
    expect_stdout(run, changed);

    changed = bytes;
    struct words many = changing_stages(12, &changed);
    run = run_program("pipeline", many.list, given_input(bytes));
    expect_exit(run, 0);
    expect_stdout(run, changed);
    add_stage(&many, "xor=1", name_of(12));
    run = run_program("pipeline", many.list, given_nothing());
    for (size_t i = 0; i <= 5; i++) {
        scene(i == 0 ? "Here there are 13 commands."
                     : "Here there is no command, or an empty one.");
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "fork", 0);
        if (i < 5)
            run = run_program("pipeline", wrong[i], given_nothing());
    }
}
