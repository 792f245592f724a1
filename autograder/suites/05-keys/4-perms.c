/*
 * 4-perms.c - the checks of 5.4: what struct ipc_perm says of an object, and how it is changed.
 *
 * What should be printed is taken from the kernel's own table, /proc/sysvipc, as a program of the
 * same cell sees it. In each run there is one program more, which does nothing: while it is there,
 * the run goes on, and what perms has left can be looked at.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

EXERCISE("Who may do what");

/* The numbers: which one of a line of /proc/sysvipc/NAME it is, from 0. */
static const struct kind {
    const char *name, *words;
    enum object_kind kind;
    int owner, creator; /* the uid; the gid is next to it */
    int times;          /* the first one */
    const char *time_names[4];
} kinds[] = {
    {"msg", "queue",         OBJECT_QUEUE,      7, 9, 11, {"sent", "received", "changed"}    },
    {"sem", "semaphore set", OBJECT_SEMAPHORES, 4, 6, 8,  {"operated", "changed"}            },
    {"shm", "segment",       OBJECT_SEGMENT,    7, 9, 11, {"attached", "detached", "changed"}},
};

enum { KINDS = sizeof kinds / sizeof kinds[0], FIELDS = 14 };

struct row {
    bool there;
    long long field[FIELDS]; /* key, id, permissions, ... */
};

static const char *get_of(const struct kind *kind)
{
    return text_format("%sget", kind->name).bytes;
}

static const char *control_of(const struct kind *kind)
{
    return text_format("%sctl", kind->name).bytes;
}

/* ---- Acting --------------------------------------------------------------------------------- */

static struct given *an_object(const struct kind *kind, unsigned mode, enum owner owner)
{
    static const unsigned short values[] = {1, 0, 2};
    if (kind->kind == OBJECT_QUEUE)
        return given_a_queue(.key = random_key(), .mode = mode, .owner = owner);
    if (kind->kind == OBJECT_SEMAPHORES)
        return given_a_semaphore_set(.key = random_key(), .mode = mode, .owner = owner,
                                     .values = values, .count = 3,
                                     .uninitialised = (mode & 0200) == 0);
    return given_a_segment(.key = random_key(), .mode = mode, .owner = owner, .size = 5000);
}

static const char *id_words(const struct given *object)
{
    return text_format("%d", id_of_given(object)).bytes;
}

/* Its owner may read and write it; whether the others may is chance. */
static unsigned random_mode(void)
{
    return 0600 | (unsigned)random_below(01000);
}

/* A cell with these objects, and with a program that stays. */
static struct run *begin(struct given *given)
{
    struct run *run = new_run(given);
    start_peer(run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    return run;
}

/* perms to its end, and the run goes on. */
static void run_perms(struct run *run, const char *const *arguments, struct given *given)
{
    start_first(run, "perms", arguments, given);
    wait_until_first_ended(run);
    wait_until_idle(run); /* all that it has said has come */
}

/* ---- What the kernel has -------------------------------------------------------------------- */

static struct row row_of_line(const char *line)
{
    struct row row = {.there = true};
    for (int i = 0; i < FIELDS; i++) {
        char *end;
        row.field[i] = strtoll(line, &end, i == 2 ? 8 : 10);
        line = end;
    }
    return row;
}

static struct row kernel_row(struct run *run, const struct kind *kind, int id)
{
    struct peer *cat = start_peer(
        run, "/bin/cat", args(text_format("/proc/sysvipc/%s", kind->name).bytes), given_nothing());
    wait_until_peer_ended(cat);
    wait_until_idle(run);
    const char *line = stdout_of_peer(cat).bytes;
    while ((line = strchr(line, '\n')) != NULL && *++line != '\0') {
        struct row row = row_of_line(line);
        if (row.field[1] == id)
            return row;
    }
    return (struct row){.there = false};
}

static struct text time_line(const char *name, long long when)
{
    return when == 0 ? text_format("%s never\n", name) : text_format("%s %lld\n", name, when);
}

/* What perms should print of it. */
static struct text lines_of(const struct kind *kind, const struct row *row)
{
    const long long *f = row->field;
    struct text lines = text_format("owner %lld %lld\ncreator %lld %lld\nmode %04o\n",
                                    f[kind->owner], f[kind->owner + 1], f[kind->creator],
                                    f[kind->creator + 1], (unsigned)f[2] & 0777);
    for (int i = 0; kind->time_names[i] != NULL; i++)
        lines = text_join(lines, time_line(kind->time_names[i], f[kind->times + i]));
    return lines;
}

/* perms KIND ID, which has ended, should have printed what the kernel has of it. */
static void expect_shown(struct run *run, const struct kind *kind, int id)
{
    struct row row = kernel_row(run, kind, id);
    finish_run(run);
    expect_exit(run, 0);
    expect_stdout(run, lines_of(kind, &row));
}

/* The last call of that name that the learner's program made, for its line. */
static const struct call *last_call(struct run *run, const char *name)
{
    const struct record *record = record_of(run);
    for (size_t i = record->n_calls; i-- > 0;)
        if (strcmp(record->calls[i].name, name) == 0 && record->calls[i].place.file != NULL)
            return &record->calls[i];
    return NULL;
}

/* ---- new ------------------------------------------------------------------------------------ */

/* What `perms KIND new` has left, and that it is gone again. */
struct made {
    bool there;
    unsigned mode;
    long long key;
    size_t size; /* bytes of a segment, semaphores of a set */
};

static struct made take_what_it_made(struct run *run, const struct kind *kind, int id)
{
    struct made made = {0};
    const struct object *object = xsi_object(run, kind->kind, id);
    if (object == NULL || object->made_by < 0)
        return made;
    made = (struct made){.there = true,
                         .mode = object->mode,
                         .key = object->key,
                         .size = kind->kind == OBJECT_SEGMENT ? (size_t)object->bytes
                                                              : object->n_semaphores};
    remove_object(run, kind->kind, id);
    return made;
}

/* In words, for the end of a sentence; empty when the line is not known. */
static const char *made_at(const struct call *call)
{
    if (call == NULL || call->place.file == NULL)
        return "";
    return text_format(" It was made at %s:%d.", call->place.file, call->place.line).bytes;
}

static void expect_made(struct run *run, const struct kind *kind, const struct made *made)
{
    size_t wanted = kind->kind == OBJECT_SEGMENT ? 4096 : kind->kind == OBJECT_SEMAPHORES ? 1 : 0;

    expect_that(run, made->there, FINDING_WRONG_OUTPUT,
                "Standard output should be the identifier of the %s that it has made; \"%s\" came, "
                "and it has made nothing of that number that is still there.",
                kind->words, stdout_of(run).bytes);
    look_at(last_call(run, get_of(kind)));
    suspect_if((made->mode & 077) != 0, "ipc-666-everything");
    suspect_if(made->mode == 0, "ipc-forgot-mode-bits");
    expect_that(run, made->mode == 0600, FINDING_PERMISSIONS,
                "The %s that it has made has the mode %04o. The task asks that its owner may read "
                "and write it, and nobody else.%s",
                kind->words, made->mode, made_at(last_call(run, get_of(kind))));
    suspect(NULL);
    expect_that(run, made->key == 0, FINDING_WRONG_OUTPUT,
                "The %s that it has made has the key 0x%08llx; the task asks for IPC_PRIVATE.",
                kind->words, made->key);
    expect_that(run, made->size == wanted, FINDING_WRONG_OUTPUT,
                "The %s that it has made has %zu %s; the task asks for %zu.", kind->words,
                made->size, kind->kind == OBJECT_SEGMENT ? "bytes" : "semaphores", wanted);
    look_at(NULL);
}

CHECK(new_lets_nobody_else_in, 2,
      HINT("What are the lowest nine bits of the last argument of msgget?")
      HINT("Who else could read from this identifier, or write?")
      HINT("Look at the column \"perms\" of ipcs."))
{
    for (size_t i = 0; i < KINDS; i++) {
        struct run *run = begin(given_nothing());
        run_perms(run, args(kinds[i].name, "new"), given_umask(random_below(2) ? 0 : 077));

        struct text said = stdout_of(run);
        struct text number = text_format("%d\n", atoi(said.bytes));
        struct made made = take_what_it_made(run, &kinds[i], atoi(said.bytes));
        finish_run(run);

        expect_exit(run, 0);
        made.there = made.there && text_equal(said, number);
        expect_made(run, &kinds[i], &made);
    }
}

/* ---- Showing -------------------------------------------------------------------------------- */

CHECK(shows_what_the_kernel_keeps, 2,
      HINT("Which command of msgctl, semctl and shmctl gives you struct ipc_perm?")
      HINT("How many digits has the mode, and in which base?")
      HINT("What does the kernel have for a time that has not been?"))
{
    for (size_t i = 0; i < KINDS; i++) {
        struct given *object = an_object(&kinds[i], 0400 | (unsigned)random_below(01000), THE_USER);
        struct run *run = begin(object);
        run_perms(run, args(kinds[i].name, id_words(object)), NULL);

        expect_shown(run, &kinds[i], id_of_given(object));
    }
}

/* Attached and marked for removal by another program, which stays. */
static void attach_and_mark(struct run *run, int id)
{
    struct text orders = text_format("shmat %d\nrmid shm %d\n", id, id);
    struct peer *hand = start_peer(run, probe("xsihand"), no_args(), given_input_held_open(orders));
    wait_until_peer_output(hand, strlen("ok\nok\n"));
}

CHECK(shows_when_it_was_used, 1,
      HINT("Which of the times belongs to which call?")
      HINT("What is above the nine bits in the mode of a segment? shmctl(2) says it.")
      HINT("Compare with `ipcs -q -t` and its sisters."))
{
    struct a_message one = {1, random_bytes(10)};
    struct given *queue = given_a_queue(.key = random_key(), .mode = random_mode(),
                                        .messages = &one, .n_messages = 1);
    struct run *run = begin(queue);
    run_perms(run, args("msg", id_words(queue)), NULL);
    expect_shown(run, &kinds[0], id_of_given(queue));

    struct given *set = an_object(&kinds[1], random_mode(), THE_USER);
    run = begin(set);
    operate_semaphore(run, id_of_given(set), 0, 1);
    run_perms(run, args("sem", id_words(set)), NULL);
    expect_shown(run, &kinds[1], id_of_given(set));

    struct given *segment = an_object(&kinds[2], random_mode(), THE_USER);
    run = begin(segment);
    scene("The segment is attached by another process, and marked for removal.");
    attach_and_mark(run, id_of_given(segment));
    run_perms(run, args("shm", id_words(segment)), NULL);
    expect_shown(run, &kinds[2], id_of_given(segment));
}

CHECK(shows_owner_and_creator, 1,
      HINT("struct ipc_perm has two users and two groups.")
      HINT("Which of the two can be changed?")
      HINT("Four numbers, and each comes from a member of its own."))
{
    need_another_user();
    const struct kind *kind = &kinds[random_below(KINDS)];
    struct given *object = an_object(kind, 0666, ANOTHER_USER);
    struct run *run = begin(object);
    struct peer *giver =
        start_peer(run, probe("giveaway"),
                   args(kind->name, id_words(object), text_format("%u", uid_of(THE_USER)).bytes),
                   given_another_user());
    wait_until_peer_ended(giver);

    run_perms(run, args(kind->name, id_words(object)), NULL);

    scene("User %u has made the %s and given it to user %u.", uid_of(ANOTHER_USER), kind->words,
          uid_of(THE_USER));
    expect_shown(run, kind, id_of_given(object));
}

/* ---- Setting -------------------------------------------------------------------------------- */

static const char *mode_words(unsigned mode)
{
    return text_format(random_below(2) ? "%o" : "%04o", mode).bytes;
}

/* After `perms KIND ID set MODE [UID]`: what should have changed has, and nothing else. */
static void expect_changed(struct run *run, const struct kind *kind, const struct row *before,
                           const struct row *after, unsigned mode, long long owner)
{
    unsigned now = (unsigned)after->field[2] & 0777;
    int uid = kind->owner, gid = kind->owner + 1;

    expect_exit(run, 0);
    expect_stdout(run, text_of(""));
    look_at(last_call(run, control_of(kind)));
    expect_that(run, now == mode, FINDING_PERMISSIONS,
                "The %s had the mode %04o and was to get %04o; now it has %04o.", kind->words,
                (unsigned)before->field[2] & 0777, mode, now);
    expect_that(
        run, after->field[uid] == owner, FINDING_PERMISSIONS,
        "The %s belonged to user %lld and should now belong to user %lld; it belongs to user %lld.",
        kind->words, before->field[uid], owner, after->field[uid]);
    expect_that(run, after->field[gid] == before->field[gid], FINDING_PERMISSIONS,
                "The group of the %s was %lld and should stay so; now it is %lld.", kind->words,
                before->field[gid], after->field[gid]);
    look_at(NULL);
}

CHECK(sets_the_mode_and_nothing_else, 2,
      HINT("What does IPC_SET take from the structure that you give it? All of that is set.")
      HINT("How much does a queue hold after your change, and before?")
      HINT("In which base is MODE written?"))
{
    size_t qbytes = (size_t)random_between(1000, 9000);
    struct a_message one = {3, random_bytes(100)};
    for (size_t i = 0; i < KINDS; i++) {
        unsigned before = random_mode(), mode = before ^ (unsigned)random_between(1, 0177);
        struct given *object =
            i == 0 ? given_a_queue(.key = random_key(), .mode = before, .qbytes = qbytes,
                                   .messages = &one, .n_messages = 1)
                   : an_object(&kinds[i], before, THE_USER);
        struct run *run = begin(object);
        int id = id_of_given(object);
        struct row old = kernel_row(run, &kinds[i], id);
        run_perms(run, args(kinds[i].name, id_words(object), "set", mode_words(mode)),
                  given_umask(077));

        const struct object *state = xsi_object(run, kinds[i].kind, id);
        long long room = state->capacity, messages = state->messages;
        struct row new = kernel_row(run, &kinds[i], id);
        finish_run(run);

        expect_changed(run, &kinds[i], &old, &new, mode, uid_of(THE_USER));
        look_at(last_call(run, control_of(&kinds[i])));
        expect_that(run, i != 0 || (room == (long long)qbytes && messages == 1),
                    FINDING_WRONG_OUTPUT,
                    "Before, the queue could hold %zu bytes and had 1 message; now it can hold "
                    "%lld and has %lld. Only the mode was to change.",
                    qbytes, room, messages);
        look_at(NULL);
    }
}

CHECK(gives_it_away, 1,
      HINT("Which member of struct ipc_perm is the owner?")
      HINT("One IPC_SET can change the mode and the owner.")
      HINT("The group is not asked for."))
{
    need_another_user();
    for (size_t i = 0; i < KINDS; i++) {
        unsigned mode = random_mode();
        struct given *object = an_object(&kinds[i], random_mode(), THE_USER);
        struct run *run = begin(object);
        struct row old = kernel_row(run, &kinds[i], id_of_given(object));
        run_perms(run,
                  args(kinds[i].name, id_words(object), "set", mode_words(mode),
                       text_format("%u", uid_of(ANOTHER_USER)).bytes),
                  NULL);

        struct row new = kernel_row(run, &kinds[i], id_of_given(object));
        finish_run(run);
        expect_changed(run, &kinds[i], &old, &new, mode, uid_of(ANOTHER_USER));
    }
}

/* ---- Failing -------------------------------------------------------------------------------- */

/* Status 1, the reason, and the name of the call. */
static void expect_refusal(struct run *run, const struct kind *kind, int error)
{
    finish_run(run);
    expect_error_told(run, strerror(error));
    expect_stderr_contains(run, control_of(kind));
    expect_stdout(run, text_of(""));
}

/* Any call of `perms KIND ID set 640` fails. */
static void expect_set_fault_told(const struct kind *kind)
{
    EACH_FAULT(fault, FAULT_FAILS, control_of(kind))
    {
        struct given *object = an_object(kind, 0600, THE_USER);
        struct run *run = begin(given(object, fault));
        run_perms(run, args(kind->name, id_words(object), "set", "640"), NULL);
        expect_fault_told(run, NULL);
        expect_fault_named(run);
    }
}

/* Any call of `perms KIND ID` fails. */
static void expect_show_fault_told(const struct kind *kind)
{
    const char *calls = text_format("%s write memory", control_of(kind)).bytes;
    EACH_FAULT(fault, FAULT_FAILS, calls)
    {
        struct given *object = an_object(kind, 0600, THE_USER);
        struct run *run = begin(given(object, fault));
        run_perms(run, args(kind->name, id_words(object)), NULL);
        expect_fault_told(run, NULL);
        expect_ipc_fault_named(run);
    }
}

/* Any call of `perms KIND new` fails: what it has made is not there (rule R2). */
static void expect_new_fault_told(const struct kind *kind)
{
    const char *calls = text_format("%s write memory", get_of(kind)).bytes;
    EACH_FAULT(fault, FAULT_FAILS, calls)
    {
        struct run *run = begin(fault);
        run_perms(run, args(kind->name, "new"), NULL);
        if (stderr_of(run).length == 0) /* all went well: it is to stay */
            (void)take_what_it_made(run, kind, atoi(stdout_of(run).bytes));
        expect_fault_told(run, NULL);
        expect_ipc_fault_named(run);
    }
}

/* Standard output takes nothing: it says so, and what it has made is not there (rule R2). */
static void expect_new_taken_back(const struct kind *kind)
{
    struct run *run = run_program("perms", args(kind->name, "new"), given_output_file("/dev/full"));
    scene("`perms %s new` has nowhere to write the identifier to.", kind->name);
    expect_full_told(run);
    scene(NULL);
}

CHECK(failures_are_told, 2,
      HINT("Each of your calls can return -1. Which one says it, and with which reason?")
      HINT("What has been made, and who knows of it, when the number can't be written?")
      HINT("When does stdio notice that the disk is full?"))
{
    const struct kind *kind = &kinds[random_below(KINDS)];
    struct given *object = an_object(kind, 0200, THE_USER);
    struct run *run = begin(object);
    scene("Its owner may not read the %s (mode 0200).", kind->words);
    run_perms(run, args(kind->name, id_words(object)), NULL);
    expect_refusal(run, kind, EACCES);

    object = an_object(kind, 0600, THE_USER);
    run = begin(object);
    remove_object(run, kind->kind, id_of_given(object));
    scene("There is no %s with that identifier any more.", kind->words);
    run_perms(run, args(kind->name, id_words(object)), NULL);
    expect_refusal(run, kind, EINVAL);
    scene(NULL);

    for (size_t i = 0; i < KINDS; i++) {
        expect_set_fault_told(&kinds[i]);
        expect_new_fault_told(&kinds[i]);
    }
    expect_new_taken_back(kind);
    expect_show_fault_told(kind);
    object = an_object(kind, 0600, THE_USER);
    run = begin(object);
    run_perms(run, args(kind->name, id_words(object)), given_output_file("/dev/full"));
    finish_run(run);
    expect_full_told(run);
}

CHECK(asks_the_kernel_who_may, 1,
      HINT("Who decides whether you may look at an object: you, or the kernel?")
      HINT("Which bits count for a user who is neither owner nor creator?")
      HINT("To look needs a bit; to change, something else."))
{
    need_another_user();
    const struct kind *kind = &kinds[random_below(KINDS)];
    struct given *object = an_object(kind, 0604, ANOTHER_USER);
    struct run *run = begin(object);
    scene("The %s belongs to another user, and everybody may read it (mode 0604).", kind->words);
    run_perms(run, args(kind->name, id_words(object)), NULL);
    expect_shown(run, kind, id_of_given(object));

    object = an_object(kind, 0606, ANOTHER_USER);
    run = begin(object);
    scene("The %s belongs to another user, and everybody may read and write it (mode 0606).",
          kind->words);
    run_perms(run, args(kind->name, id_words(object), "set", "0666"), NULL);
    expect_refusal(run, kind, EPERM);

    object = an_object(kind, 0660, ANOTHER_USER);
    run = begin(object);
    scene("The %s belongs to another user of another group (mode 0660).", kind->words);
    run_perms(run, args(kind->name, id_words(object)), NULL);
    expect_refusal(run, kind, EACCES);
}

/* ---- Usage ---------------------------------------------------------------------------------- */

static void expect_usage(const char *const *arguments)
{
    struct run *run = run_program("perms", arguments, given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("What does the conversion of a number do with letters behind it, or in its place?")
      HINT("Which digits are there in base 8, and how large is a mode?")
      HINT("Everything is looked at before anything is done."))
{
    struct given *object = an_object(&kinds[0], 0640, THE_USER);
    struct run *run = begin(object);
    int id = id_of_given(object);
    const char *number = id_words(object), *letters = text_format("%dx", id).bytes;
    run_perms(run, args("msg", number, "set", "0688"), NULL);
    struct row row = kernel_row(run, &kinds[0], id);
    finish_run(run);
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_that(run, (row.field[2] & 0777) == 0640, FINDING_WRONG_OUTPUT,
                "\"set 0688\" is wrong usage, and the mode was changed from 0640 to %04o.",
                (unsigned)row.field[2] & 0777);

    const char *const *const wrong[] = {
        no_args(),
        args("msg"),
        args("queue", "new"),
        args("msg", letters),
        args("sem", "-1"),
        args("shm", number, "set"),
        args("msg", number, "chmod", "0600"),
        args("msg", number, "set", "1000"),
        args("msg", number, "set", "0600", "joan"),
        args("msg", number, "set", "0600", "0", "0"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_usage(wrong[i]);

    object = an_object(&kinds[0], 0640, THE_USER);
    run = begin(object);
    run_perms(run, args("msg", id_words(object)), NULL);
    expect_shown(run, &kinds[0], id_of_given(object));
}
