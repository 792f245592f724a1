/*
 * 3-pool.c - the checks of 7.3: at most N commands at the same time.
 *
 * The command is the kit's probe errand: it reports its begin and its end, and each byte of
 * standard input, which all of them share, ends one of them. So how many run is known from what
 * they say themselves, and nothing depends on time.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("At most N at the same time");

struct pool {
    struct run *run;
    int places, wanted;
    int told; /* errands that were told to end */
};

static const char *decimal(int number)
{
    return text_format("%d", number).bytes;
}

/* Everybody waits when it returns. There is somebody else, who does nothing, but might: so whoever
 * waits is not taken to hang before the check has counted. */
static struct pool start_pool(int places, int wanted, struct given *given)
{
    struct pool pool = {.places = places, .wanted = wanted};
    pool.run =
        start_program("pool", args(decimal(places), decimal(wanted), probe("errand"), "one", "two"),
                      given(given_input_held_open(text_of("")), given));
    start_peer(pool.run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    wait_until_idle(pool.run);
    return pool;
}

static int count_said(struct run *run, const char *line)
{
    return (int)text_count(stdout_of(run), text_of(line));
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* As many errands run as may, now that everybody waits. */
static void expect_running(const struct pool *pool)
{
    int begun = count_said(pool->run, "begin one two\n");
    int ended = count_said(pool->run, "end one two\n");
    int should = smaller(pool->places, pool->wanted - ended);
    struct text said = stderr_of(pool->run);

    expect_that(
        pool->run, begun - ended == should, FINDING_WRONG_OUTPUT,
        "`pool %d %d`: %d commands have begun and %d of them have ended, so %d run at the same "
        "time. It should be %d.%s%s%s",
        pool->places, pool->wanted, begun, ended, begun - ended, should,
        record_of(pool->run)->processes[0].ended_us >= 0 ? " `pool` itself has ended." : "",
        said.length > 0 ? " On standard error: " : "", said.length > 0 ? said.bytes : "");
}

/* For each of these bytes one errand ends as it says; then everybody waits again. */
static void end_some(struct pool *pool, const char *how)
{
    send_input(pool->run, text_of(how));
    pool->told += (int)strlen(how);
    wait_until_idle(pool->run);
}

/* The rest of them end with status 0, and all have run. */
static void expect_end(struct pool *pool, int status)
{
    close_input(pool->run);
    finish_run(pool->run);
    expect_exit(pool->run, status);
    int begun = count_said(pool->run, "begin one two\n");
    expect_that(pool->run, begun == pool->wanted, FINDING_WRONG_OUTPUT,
                "`pool %d %d` has ended, and the command has run %d times.", pool->places,
                pool->wanted, begun);
}

CHECK(n_run_at_the_same_time, 2,
      HINT("How many places are free when nobody has begun yet?")
      HINT("Which number do you give the semaphore at first, and where do you count it down?")
      HINT("What does a worker do when it finds that the semaphore is at 0?"))
{
    const int sizes[][2] = {
        {random_between(2,  4),               random_between(6, 9)},
        {1,               random_between(2,                               4)},
        {random_between(5,9),random_between(2, 4)},
        {4,  4                             }
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pool pool = start_pool(sizes[i][0], sizes[i][1], NULL);
        expect_running(&pool);
        expect_end(&pool, 0);
    }
}

/* Semaphores to which a process added 1 with SEM_UNDO, from which it had taken nothing, and which
 * has ended: the kernel has taken its 1 back. */
static bool saw_undone_posts(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *post = &record->calls[i];
        bool adds = post->detail != NULL && strstr(post->detail, ":+1 undo") != NULL;
        if (!adds || post->result < 0 || record->processes[post->process].ended_us < 0)
            continue;
        bool took = false;
        for (size_t k = 0; k < i; k++)
            took = took || (record->calls[k].process == post->process &&
                            record->calls[k].detail != NULL && record->calls[k].result >= 0 &&
                            strstr(record->calls[k].detail, ":-1 undo") != NULL);
        if (!took)
            return true;
    }
    return false;
}

/* While the first process cannot take it, a place that comes back has to stay there. */
static void end_some_while_stopped(struct pool *pool, const char *how)
{
    send_signal(pool->run, 1, SIGSTOP);
    wait_until_idle(pool->run);
    end_some(pool, how);
    send_signal(pool->run, 1, SIGCONT);
    wait_until_idle(pool->run);
}

CHECK(the_next_one_begins_when_one_has_ended, 2,
      HINT("Who notices that a command has ended, and what does it do then?")
      HINT("Do you wait for one of them, or for a whole group?")
      HINT("If a process adds 1 with SEM_UNDO: what does the kernel do when that process ends?"))
{
    struct pool pool = start_pool(3, 6, NULL);
    expect_running(&pool);
    end_some_while_stopped(&pool, "0");
    scene("The first process was stopped while a command ended, and goes on.");
    suspect_if(saw_undone_posts(pool.run), "sem-undo-on-counting-semaphore");
    expect_running(&pool);
    suspect(NULL);
    expect_end(&pool, 0);
    scene(NULL);

    pool = start_pool(random_between(2, 3), random_between(7, 9), NULL);
    expect_running(&pool);
    while (pool.told < pool.wanted) {
        int count = smaller(random_between(1, pool.places), pool.wanted - pool.told);
        end_some(&pool, text_slice(text_of("000"), 0, (size_t)count).bytes);
        expect_running(&pool);
    }
    expect_end(&pool, 0);
}

/* The one semaphore of the one set has this value, and so many at least wait for it to grow. */
static void expect_semaphore(const struct pool *pool, int value, int waiting)
{
    const struct object *set = only_object(pool->run, OBJECT_SEMAPHORES);
    size_t sets = count_objects(pool->run, OBJECT_SEMAPHORES);
    bool one = set != NULL && set->n_semaphores == 1;

    expect_that(
        pool->run, one, FINDING_MISSING_CALL,
        "While the commands run there should be one semaphore set with one semaphore. There "
        "%s %zu set%s%s.",
        sets == 1 ? "is" : "are", sets, sets == 1 ? "" : "s",
        set != NULL ? text_format(" with %zu semaphores", set->n_semaphores).bytes : "");
    if (set == NULL)
        return; /* never: for the analyzer */
    int is = set->semaphores[0].value, wait = set->semaphores[0].waiting_up;
    expect_that(pool->run, is == value, FINDING_WRONG_OUTPUT,
                "`pool %d %d`: %d commands have begun and %d of them have ended. The value of the "
                "semaphore is %d; %d places are free.",
                pool->places, pool->wanted, count_said(pool->run, "begin one two\n"),
                count_said(pool->run, "end one two\n"), is, value);
    expect_that(pool->run, wait >= waiting, FINDING_MISSING_CALL,
                "`pool %d %d`: no place is free, %d more commands are to run, and nobody waits in "
                "semop for a place.",
                pool->places, pool->wanted,
                pool->wanted - count_said(pool->run, "begin one two\n"));
}

CHECK(the_semaphore_counts_the_places, 2,
      HINT("What does the value of the semaphore stand for?")
      HINT("Who sleeps, and in which call, while all the places are taken?")
      HINT("Look at the set with ipcs -s -i ID while the commands run."))
{
    int places = random_between(2, 3);
    struct pool pool = start_pool(places, places + 2, NULL);
    expect_running(&pool);
    expect_semaphore(&pool, 0, 1);
    end_some(&pool, "00");
    expect_running(&pool);
    expect_semaphore(&pool, 0, 0);
    end_some(&pool, "0");
    expect_semaphore(&pool, 1, 0);
    expect_end(&pool, 0);

    pool = start_pool(random_between(5, 1000), 2, NULL);
    expect_running(&pool);
    expect_semaphore(&pool, pool.places - 2, 0);
    expect_end(&pool, 0);
}

CHECK(a_place_always_comes_back, 2,
      HINT("In how many ways can a command end?")
      HINT("Which of your lines gives the place back, and is it reached each time?")
      HINT("One command has failed. What becomes of the others, and of your exit status?"))
{
    const struct {
        const char *how, *what;
    } ends[] = {
        {"k", "is killed by SIGKILL"   },
        {"t", "is killed by SIGTERM"   },
        {"5", "ends with exit status 5"}
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct pool pool = start_pool(2, 4, NULL);
        expect_running(&pool);
        end_some(&pool, ends[i].how);
        scene("One command %s.", ends[i].what);
        expect_running(&pool);
        expect_end(&pool, 3);
        scene(NULL);
    }
    scene("There is no such command.");
    struct run *run = run_program("pool", args("2", "5", "./no-such-command"), given_nothing());
    expect_exit(run, 3);
    expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                "CMD does not exist, and nothing was said about it on standard error.");
}

static void suspect_given_up(struct run *run)
{
    suspect_if(saw_given_up(run, "wait"), "eintr-not-handled");
    suspect_if(saw_given_up(run, "semop"), "semop-eintr-eidrm-ignored");
}

CHECK(interrupted_calls_are_made_again, 1,
      HINT("Which of your calls can wait? Each of these can be interrupted.")
      HINT("semop has returned -1. Do you have a place?")
      HINT("What does EINTR say of the operation, and what is to be done then?"))
{
    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop wait poll read")
    {
        struct pool pool = start_pool(2, 4, fault);
        suspect_given_up(pool.run);
        expect_running(&pool);
        end_some(&pool, "0");
        suspect_given_up(pool.run);
        expect_running(&pool);
        close_input(pool.run);
        finish_run(pool.run);
        suspect_given_up(pool.run);
        expect_end(&pool, 0);
        suspect(NULL);
    }
}

/* A worker's call may fail as a command does: the others are run all the same. */
static bool failed_in_a_worker(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (record->calls[i].injected)
            return record->processes[record->calls[i].process].parent >= 0;
    return false;
}

CHECK(failed_calls_are_reported, 1,
      HINT("Which of your calls can return -1? All of them.")
      HINT("What was made before the call that failed, and is still there?")
      HINT("The second fork fails: who is running already, and who waits for it?"))
{
    EACH_FAULT(fault, FAULT_FAILS, "semget semctl semop fork memory")
    {
        struct run *run = run_program("pool", args("2", "3", probe("errand")), fault);
        int status = exit_status_of(run);
        bool all_done = status == 0 && text_count(stdout_of(run), text_of("end\n")) == 3;
        bool may_do_without = saw_fault_in(run, "fork") || saw_fault_in(run, "memory");
        bool as_a_command = failed_in_a_worker(run) && (status == 1 || status == 3);
        expect_that(run, all_done || saw_fault(run), FINDING_WRONG_OUTPUT,
                    "No call failed, and %zu of 3 commands have run.",
                    text_count(stdout_of(run), text_of("end\n")));
        suspect_if(stderr_of(run).length == 0, "ignore-return-values");
        if (as_a_command)
            expect_that(run, stderr_of(run).length > 0, FINDING_UNCHECKED_ERROR,
                        "A command could not be run, and nothing was said about it on standard "
                        "error.");
        else if (!all_done || !may_do_without)
            expect_fault_told(run, NULL);
        suspect(NULL);
    }
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which numbers does the task allow, and how many arguments?")
      HINT("What does strtol do with \"3x\", and what with the empty string?")
      HINT("Compare your message and your exit status with the task."))
{
    const char *const *const wrong[] = {
        no_args(),
        args("2"),
        args("2", "3"),
        args("0", "3", "true"),
        args("2", "0", "true"),
        args("-1", "3", "true"),
        args("2", "3x", "true"),
        args("", "3", "true"),
        args("2", "", "true"),
        args("1001", "3", "true"),
        args("2", "1001", "true"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("pool", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
        expect_calls(run, "semget", 0);
    }
    struct run *run = run_program("pool", args("1000", "1", probe("errand")), given_nothing());
    expect_exit(run, 0);
    expect_stdout(run, text_of("begin\nend\n"));
    expect_stderr_empty(run);
}
