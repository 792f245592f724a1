/*
 * 1-xlock.c - the checks of 7.1: a module, xlock.c, driven by the kit's locker, a step at a time
 * (see drivers/07-semaphores/1-xlock/locker.c). Each process of a run is a locker with the same
 * key. The first one is the keeper: it waits for us, and at the end removes the lock.
 *
 * _GNU_SOURCE: strerrorname_np(3).
 */
#define _GNU_SOURCE
#include "../../run/calls.h"
#include "../party.h"
#include "../worker.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>

EXERCISE("A lock that is found by a key");

static struct party start_party(void)
{
    const char *key = new_key();
    return new_party("locker", key, args(key, "wait", "open", "remove"), NULL);
}

/* It makes or finds the lock, takes it, and has it until its input ends. */
static void join_user(struct party *party, struct given *given)
{
    join(party, args(party->key, "create", "lock", "wait", "unlock"), given);
}

/* ---- What was seen -------------------------------------------------------------------------- */

static int command_of(const struct call *call)
{
    return (int)call->args[2] & ~0x100; /* IPC_64, which some machines add */
}

/* Did the call give a semaphore its value (or try to)? */
static bool sets_value(const struct call *call)
{
    return strcmp(call->name, "semctl") == 0 &&
           (command_of(call) == SETVAL || command_of(call) == SETALL);
}

/* Has that process operated on a semaphore before that call? */
static bool has_operated(const struct record *record, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (record->calls[i].process == record->calls[before].process &&
            record->calls[i].result >= 0 &&
            strcmp(call_spoken(record->calls[i].name), "semop") == 0)
            return true;
    return false;
}

/* Does the call make the lock ready? It sets a value, not 0, and the process has not used the lock.
 */
static bool makes_ready(const struct record *record, size_t at)
{
    const struct call *call = &record->calls[at];
    bool to_zero = command_of(call) == SETVAL && (int)call->args[3] == 0;
    return sets_value(call) && call->result >= 0 && !to_zero && !has_operated(record, at);
}

/* The call by which another process made it ready once more; NULL: none. */
static const struct call *second_setting(struct run *run)
{
    const struct record *record = record_of(run);
    int first = -1;
    for (size_t i = 0; i < record->n_calls; i++) {
        if (!makes_ready(record, i))
            continue;
        if (first >= 0 && record->calls[i].process != first)
            return &record->calls[i];
        first = record->calls[i].process;
    }
    return NULL;
}

/* The first call on semaphores that failed with that errno; NULL: none. */
static const struct call *failed_call(struct run *run, int error)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strncmp(record->calls[i].name, "sem", 3) == 0 && record->calls[i].result == -error)
            return &record->calls[i];
    return NULL;
}

/* A setting of the value that failed because of its fourth argument; NULL: none. */
static const struct call *refused_setting(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (sets_value(call) && (call->result == -EFAULT || call->result == -ERANGE))
            return call;
    }
    return NULL;
}

/* A semaphore was asked for that the set has not: EFBIG from semop, EINVAL from semctl, while the
 * set was there. */
static const struct call *wrong_number(struct run *run)
{
    const struct record *record = record_of(run);
    const struct call *call = failed_call(run, EFBIG);
    for (size_t i = 0; call == NULL && i < record->n_calls; i++)
        if (sets_value(&record->calls[i]) && record->calls[i].result == -EINVAL &&
            record->calls[i].args[1] != 0)
            call = &record->calls[i];
    return call;
}

/* The largest value that a semaphore of the lock's set has now. */
static int largest_value(struct run *run)
{
    const struct object *set = only_object(run, OBJECT_SEMAPHORES);
    int largest = -1;
    for (size_t i = 0; set != NULL && i < set->n_semaphores; i++)
        if (set->semaphores[i].value > largest)
            largest = set->semaphores[i].value;
    return largest;
}

/* ---- What must hold ------------------------------------------------------------------------- */

static void suspect_what_shows(struct run *run)
{
    const struct call *shows = second_setting(run);
    suspect_if(shows != NULL, "sem-init-race");
    if (shows == NULL) {
        shows = wrong_number(run);
        suspect_if(shows != NULL, "semnum-is-count-or-name");
    }
    if (shows == NULL) {
        shows = refused_setting(run);
        suspect_if(shows != NULL, "semctl-value-passed-as-int");
    }
    if (shows != NULL)
        at_place(shows);
    look_at(shows);
}

static const char *what_shows(struct run *run)
{
    const struct call *call = second_setting(run);
    if (call != NULL)
        return text_format("\nMore than one process has set the value; process %d did so%s.",
                           record_of(run)->processes[call->process].number, at_place(call))
            .bytes;
    call = wrong_number(run) != NULL ? wrong_number(run) : refused_setting(run);
    if (call == NULL)
        return "";
    return text_format("\n%s failed with %s%s.", call_spoken(call->name),
                       strerrorname_np(-(int)call->result), at_place(call))
        .bytes;
}

/* Everybody sleeps; so many should be inside. */
static void expect_inside(const struct party *party, int least, const char *when)
{
    int inside = count_inside(party);

    suspect_what_shows(party->run);
    expect_that(party->run, inside <= 1, FINDING_DATA_RACE,
                "%s %d processes are inside at the same time: xlock_lock() returned 0 in each of "
                "them, and none of them has given the lock back.%s%s",
                when, inside, who_does_what(party), what_shows(party->run));
    expect_that(party->run, inside >= least,
                anybody_failed(party) ? FINDING_WRONG_OUTPUT : FINDING_HANG,
                "%s one process should be inside, and nobody is.%s%s", when, who_does_what(party),
                what_shows(party->run));
    suspect(NULL);
    look_at(NULL);
}

/* The inputs of all have ended: everybody gets the lock, gives it back and ends. */
static void expect_all_done(struct party *party, const char *when)
{
    for (int i = 0; i < party->count; i++)
        close_peer_input(party->peers[i]);
    wait_until_idle(party->run);
    for (int i = 0; i < party->count; i++) {
        bool done = text_equal(stdout_of_peer(party->peers[i]), text_of("in\nout\n"));
        suspect_what_shows(party->run);
        expect_that(party->run, done, FINDING_WRONG_OUTPUT,
                    "%s each of them should get the lock and give it back, and log: in, out.%s%s",
                    when, who_does_what(party), what_shows(party->run));
        suspect(NULL);
        look_at(NULL);
        expect_peer_exit(party->peers[i], 0);
    }
}

/* The keeper opens the lock and removes it. */
static void expect_removed(struct party *party)
{
    close_input(party->run);
    finish_run(party->run);
    expect_stdout(party->run, text_of(""));
    expect_exit(party->run, 0);
}

static void expect_mode(struct run *run)
{
    const struct object *set = only_object(run, OBJECT_SEMAPHORES);
    expect_that(run, set != NULL, FINDING_MISSING_CALL,
                "xlock_create() has returned, and there is not one set of semaphores, but %s.",
                count_objects(run, OBJECT_SEMAPHORES) == 0 ? "none" : "several");
    if (set == NULL)
        return; /* never: for the analyzer */
    suspect_if((set->mode & 077) != 0, "ipc-666-everything");
    look_at(set->made_by >= 0 ? &record_of(run)->calls[set->made_by] : NULL);
    expect_that(run, set->mode == 0600, FINDING_PERMISSIONS,
                "The set of semaphores has the permissions 0%o; 0600 is asked for.", set->mode);
    suspect(NULL);
    look_at(NULL);
}

CHECK(one_at_a_time, 2,
      HINT("What is the value of the semaphore while somebody is inside, and who may change it?")
      HINT("What does a process that calls xlock_create find when the lock is there, and taken?")
      HINT("Which numbers do the semaphores of a set have? What did each call return?"))
{
    struct party party = start_party();

    join_user(&party, NULL);
    wait_until_idle(party.run);
    expect_inside(&party, 1, "When the first process has made the lock and taken it,");
    expect_mode(party.run);
    join_user(&party, NULL);
    join(&party, args(party.key, "open", "lock", "wait", "unlock"), NULL);
    wait_until_idle(party.run);
    expect_inside(&party, 1, "When two more have come,");
    expect_still_idle(party.run);
    close_peer_input(party.peers[0]);
    wait_until_idle(party.run);
    expect_inside(&party, 1, "When the first one has given the lock back,");
    expect_all_done(&party, "One after the other,");
    expect_removed(&party);
}

/* A call of the one that comes first: it is held there. */
struct point {
    const char *call;
    int nth;
    bool after;
};

/* The first one is held there, seven others come, and it goes on. Some programs never come to that
 * call: then there is nothing to see. */
static void try_point(const struct point *point)
{
    struct party party = start_party();
    const char *where = text_format("just %s its %s%s", point->after ? "after" : "before",
                                    point->nth == 2 ? "second " : "", point->call)
                            .bytes;

    join_user(&party, point->after ? given_held_after(point->call, point->nth)
                                   : given_held_before(point->call, point->nth));
    if (wait_until_held(party.run)) {
        for (int i = 0; i < 7; i++)
            join_user(&party, NULL);
        wait_until_idle(party.run);
        scene("The first of eight processes is held %s. The seven others come, and call "
              "xlock_create() and xlock_lock(). Then it goes on.",
              where);
        expect_inside(&party, 0, "While it is held,");
        release(party.run);
    }
    wait_until_idle(party.run);
    expect_inside(&party, 1, "When all have come,");
    expect_all_done(&party, "One after the other,");
    scene(NULL);
    expect_removed(&party);
}

CHECK(made_once_however_many_come, 3,
      HINT("What does another process find that comes between your two calls?")
      HINT("How does a process know that it is the one that has made the set? And if two ask at once?")
      HINT("What is the value of a semaphore that nobody has given one yet, and what does that mean "
           "to whoever wants the lock?"))
{
    static const struct point points[] = {
        {"semget", 1, true },
        {"semget", 2, false},
        {"semctl", 1, false},
        {"semctl", 2, false},
        {"semop",  1, false},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        try_point(&points[i]);
}

/* A locker that does these steps alone should log that. */
static void expect_log(const char *const *arguments, const char *steps, const char *wanted)
{
    struct run *run = run_program("locker", arguments, given_nothing());

    expect_that(run, text_equal(stdout_of(run), text_of(wanted)), FINDING_WRONG_OUTPUT,
                "A locker did: %s. It should log\n  %s\nand logged\n  %s", steps,
                in_one_line(text_of(wanted)), in_one_line(stdout_of(run)));
    expect_exit(run, 0);
}

CHECK(open_makes_nothing, 1,
      HINT("What is the difference between the two functions that return a lock?")
      HINT("Which flag of semget makes a set?")
      HINT("What do the calls say of a set that was removed?"))
{
    const char *key = new_key();

    expect_log(args(key, "open", "remove"), "open (there is no lock), remove",
               "open: ENOENT\nremove: EINVAL\n");
    expect_log(args(key, "create", "open", "lock", "unlock", "remove"),
               "create, open, lock, unlock, remove", "in\nout\n");
    expect_log(args(key, "create", "remove", "lock", "unlock", "open"),
               "create, remove, lock, unlock, open",
               "lock: EINVAL\nunlock: EINVAL\nopen: ENOENT\n");
}

CHECK(a_free_lock_stays_free, 1,
      HINT("What is the largest value that the semaphore of a lock may ever show?")
      HINT("The semaphore does not know whether somebody has the lock. What can you find out from it?")
      HINT("If you look first and add then, what can happen in between? What can one semop do?"))
{
    struct party party = start_party();

    join(&party, args(party.key, "create", "unlock", "lock", "unlock", "unlock"), NULL);
    wait_until_idle(party.run);
    int value = largest_value(party.run);
    struct text before = stdout_of_peer(party.peers[0]);
    join(&party, args(party.key, "open", "lock", "wait", "unlock"), NULL);
    join(&party, args(party.key, "open", "lock", "wait", "unlock"), NULL);
    wait_until_idle(party.run);

    suspect_if(value == 2 || value == 3, "binary-semaphore-over-post");
    expect_that(party.run, count_inside(&party) <= 1, FINDING_DATA_RACE,
                "A process called xlock_unlock() twice when nobody had the lock. Then two others "
                "called xlock_lock(), and both are inside.%s\nBefore they came, the largest value "
                "in the set was %d.",
                who_does_what(&party), value);
    expect_that(
        party.run, text_equal(before, text_of("unlock: EPERM\nin\nout\nunlock: EPERM\n")),
        FINDING_WRONG_OUTPUT,
        "A locker did: create, unlock, lock, unlock, unlock. It should log\n  unlock: EPERM, "
        "in, out, unlock: EPERM\nand logged\n  %s",
        in_one_line(before));
    suspect(NULL);
    close_peer_input(party.peers[1]);
    close_peer_input(party.peers[2]);
    wait_until_idle(party.run);
    expect_removed(&party);
}

CHECK(a_wait_ends_with_the_lock_or_an_error, 2,
      HINT("In which two ways can semop come back without having taken anything?")
      HINT("In one of them it is worth trying again, in the other it is not. What does errno say?")
      HINT("What does your function return in each case, and is that true?"))
{
    struct party party = start_party();

    join_user(&party, NULL);
    wait_until_idle(party.run);
    join_user(&party, NULL);
    wait_until_idle(party.run);
    expect_inside(&party, 1, "When the second of two processes has come,");
    for (int times = 0; times < 2; times++) {
        send_signal(party.run, number_of_peer(party.peers[1]), SIGUSR1);
        wait_until_idle(party.run);
        struct text log = stdout_of_peer(party.peers[1]);
        suspect_if(log_has(log, "in\n"), "semop-eintr-eidrm-ignored");
        suspect_if(log_has(log, "EINTR"), "eintr-not-handled");
        expect_that(
            party.run, log.length == 0,
            log_has(log, "in\n") ? FINDING_DATA_RACE : FINDING_UNCHECKED_ERROR,
            "One process is inside, another one waits in xlock_lock(), and a signal handler "
            "runs in it. It should go on waiting.%s",
            who_does_what(&party));
        suspect(NULL);
    }
    send_input(party.run, text_of("\n"));
    wait_until_idle(party.run);
    struct text log = stdout_of_peer(party.peers[1]);
    suspect_if(log_has(log, "in\n"), "semop-eintr-eidrm-ignored");
    expect_that(party.run, text_equal(log, text_of("lock: EIDRM\n")), FINDING_UNCHECKED_ERROR,
                "One process is inside, another one waits in xlock_lock(), and a third one calls "
                "xlock_remove(). The second one should log: lock: EIDRM.%s",
                who_does_what(&party));
    suspect(NULL);
    close_peer_input(party.peers[0]);
    close_peer_input(party.peers[1]);
    finish_run(party.run);
    expect_peer_stdout(party.peers[0], text_of("in\nunlock: EINVAL\n"));
    expect_exit(party.run, 0);

    EACH_FAULT(fault, FAULT_INTERRUPTS, "semop")
    {
        expect_fault_logged(
            run_program("locker", args(party.key, "create", "lock", "unlock", "remove"), fault),
            "in\nout\n");
    }
}

CHECK(failures_reach_the_caller, 1,
      HINT("Which of your calls can fail, and who is told?")
      HINT("What has xlock_create got by the time that its second call fails?")
      HINT("Another call may change errno. Which one does the caller want to know?"))
{
    const char *key = new_key();

    EACH_FAULT(fault, FAULT_FAILS, "semget semctl semop")
    {
        expect_fault_logged(run_program("locker", args(key, "create", "remove"), fault), "");
    }
    EACH_FAULT(fault, FAULT_FAILS, "semctl semop")
    {
        struct run *run =
            run_program("locker", args(key, "create", "lock", "unlock", "remove"), fault);
        expect_fault_logged(run, "in\nout\n");
        struct text log = stdout_of(run);
        expect_that(run, !log_has(log, "lock: ENOMEM\nout\n"), FINDING_UNCHECKED_ERROR,
                    "xlock_lock() returned -1: the caller has not got the lock, and nobody else "
                    "has it. But xlock_unlock() could give it back. The log is: %s.",
                    in_one_line(log));
    }
}

CHECK(names_of_the_library_are_left_alone, 1,
      HINT("Which functions of your module can the rest of the program see?")
      HINT("What happens if two parts of a program define a function of the same name?")
      HINT("Look at sem_overview(7): which names are taken?"))
{
    const char *key = new_key();

    struct run *run = run_program(
        "locker", args(key, "create", "lock", "posix", "unlock", "remove"), given_nothing());

    struct text log = stdout_of(run);
    bool began = log_has(log, "posix: begins\n"), right = log_has(log, "posix: right\n");
    suspect_if(began && !right, "sem-wait-name-collision");
    expect_that(
        run, !began || right, FINDING_WRONG_OUTPUT,
        "The driver, which is linked with your module, uses POSIX semaphores of its own "
        "(sem_init, sem_wait, sem_trywait, sem_post, sem_open, ...). They do not work there: "
        "%s. In a program without your module they do.",
        in_one_line(log));
    suspect(NULL);
    expect_stdout(run, text_of("in\nposix: begins\nposix: right\nout\n"));
    expect_exit(run, 0);
}

/* ---- The fourth argument -------------------------------------------------------------------- */

/* Where the comment or literal ends that begins there; the same place: there is none. */
static const char *skip_quiet(const char *at)
{
    const char *end = at;
    if (strncmp(at, "/*", 2) == 0) {
        end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : at + strlen(at);
    }
    if (strncmp(at, "//", 2) == 0)
        return at + strcspn(at, "\n");
    if (*at == '"' || *at == '\'')
        for (end++; *end != '\0' && *end != '\n'; end++) {
            if (*end == *at)
                return end + 1;
            end += *end == '\\' && end[1] != '\0';
        }
    return end;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Is that word in the source, outside of comments and literals? */
static bool has_word(const char *source, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = source; *at != '\0';) {
        const char *past = skip_quiet(at);
        if (past != at) {
            at = past;
            continue;
        }
        size_t name = 0;
        while (is_word(at[name]))
            name++;
        if (name == length && strncmp(at, word, length) == 0)
            return true;
        at += name > 0 ? name : 1;
    }
    return false;
}

static struct text read_source(const char *path)
{
    char block[4096];
    struct text text = text_of("");
    FILE *file = fopen(path, "r");
    for (size_t got; file != NULL && (got = fread(block, 1, sizeof block, file)) > 0;)
        text = text_join(text, text_bytes(block, got));
    if (file != NULL)
        fclose(file);
    return text;
}

/* Is there a union in what the learner wrote? In C there is no other way to say it. */
static bool defines_union(void)
{
    glob_t found;
    bool defines = false;
    if (glob(text_format("%s/source/*.[ch]", worker.box).bytes, 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++)
        defines = defines || has_word(read_source(found.gl_pathv[i]).bytes, "union");
    globfree(&found);
    return defines;
}

static const struct call *first_setting(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (sets_value(&record->calls[i]))
            return &record->calls[i];
    return NULL;
}

CHECK(semctl_gets_its_union, 1,
      HINT("What type has the fourth argument of semctl?")
      HINT("The C library does not define that type. What does the manual page say about it?")
      HINT("How does a function find an argument that its prototype only has as three dots?"))
{
    const char *key = new_key();

    struct run *run =
        run_program("locker", args(key, "create", "lock", "unlock", "remove"), given_nothing());

    const struct call *setting = first_setting(run);
    suspect("semctl-value-passed-as-int");
    look_at(setting);
    expect_that(run, setting == NULL || defines_union(), FINDING_FORBIDDEN_CALL,
                "semctl(%s) was called, and there is no union in your module: its fourth argument "
                "was something else.",
                setting != NULL && command_of(setting) == SETALL ? "SETALL" : "SETVAL");
    suspect(NULL);
    look_at(NULL);
    expect_stdout(run, text_of("in\nout\n"));
    expect_exit(run, 0);
}
