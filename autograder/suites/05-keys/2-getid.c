/*
 * 2-getid.c - the checks of 5.2: the three get functions. A run's first program is one of the kit's
 * that only waits; getid runs beside it, once or more, so that objects which it has made can be
 * looked at before the run ends.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>

EXERCISE("Found or made?");

/* ---- The three kinds ------------------------------------------------------------------------ */

static const struct kind {
    enum object_kind kind;
    const char *name, *get, *ctl, *words;
} kinds[] = {
    {OBJECT_QUEUE,      "msg", "msgget", "msgctl", "message queue"},
    {OBJECT_SEMAPHORES, "sem", "semget", "semctl", "semaphore set"},
    {OBJECT_SEGMENT,    "shm", "shmget", "shmctl", "segment"      },
};
enum { KINDS = 3 };

/* An object of that kind that is there, in a size of our own: neither 1 semaphore nor 4096 bytes.
 */
static struct given *planted(const struct kind *kind, key_t key, unsigned mode)
{
    switch (kind->kind) {
    case OBJECT_QUEUE:
        return given_a_queue(.key = key, .mode = mode);
    case OBJECT_SEMAPHORES:
        return given_a_semaphore_set(.key = key, .mode = mode,
                                     .count = (size_t)random_between(2, 5), .uninitialised = true);
    default:
        return given_a_segment(.key = key, .mode = mode, .size = (size_t)random_between(1, 4000));
    }
}

static const char *words_of_key(key_t key)
{
    return text_format(random_below(2) ? "0x%x" : "%u", (unsigned)key).bytes;
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static struct run *start_scene(struct given *given)
{
    return start_program(probe("fifohand"), no_args(),
                         given(given_input_held_open(text_of("")), given));
}

static struct peer *start_getid(struct run *run, const struct kind *kind, const char *key,
                                const char *way, const char *mode, struct given *given)
{
    scene("`getid %s %s %s %s` was run.", kind->name, key, way, mode);
    return start_peer(run, "getid", args(kind->name, key, way, mode), given);
}

/* Runs it to its end. What it has said can be looked at when the run has settled. */
static struct peer *getid(struct run *run, const struct kind *kind, const char *key,
                          const char *way, const char *mode)
{
    struct peer *peer = start_getid(run, kind, key, way, mode, NULL);
    wait_until_peer_ended(peer);
    return peer;
}

static void settle(struct run *run)
{
    wait_until_idle(run);
}

/* Takes away what the task asks to leave, and ends the run. */
static void end_scene(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].id >= 0 && record->objects[i].made_by >= 0)
            remove_object(run, record->objects[i].kind, record->objects[i].id);
    scene(NULL);
    close_input(run);
    finish_run(run);
}

static bool says(struct peer *peer, const char *words)
{
    return text_count(stdout_of_peer(peer), text_of(words)) > 0;
}

/* Its first line. */
static const char *said(struct peer *peer)
{
    struct text text = stdout_of_peer(peer);
    size_t length = strcspn(text.bytes, "\n");
    return text_slice(text, 0, length < text.length ? length : text.length).bytes;
}

/* The key was printed as an identifier, or handed to a call that wants one. */
static bool took_key_for_id(struct run *run, struct peer *peer, const struct kind *kind, key_t key)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strcmp(record->calls[i].name, kind->ctl) == 0 &&
            (unsigned)record->calls[i].args[0] == (unsigned)key)
            return true;
    return says(peer, text_format("%u ", (unsigned)key).bytes) ||
           says(peer, text_format("0x%x ", (unsigned)key).bytes);
}

/* The line, and exit status 0. */
static void expect_answer(struct peer *peer, struct text line)
{
    expect_peer_stdout(peer, line);
    expect_peer_exit(peer, 0);
}

/* The error's name on standard output, the reason on standard error, status 1. */
static void expect_refusal(struct run *run, struct peer *peer, const char *name)
{
    expect_peer_stdout(peer, text_format("%s\n", name));
    expect_that(run, stderr_of_peer(peer).length > 0, FINDING_UNCHECKED_ERROR,
                "It did not get an object, and said nothing about the reason on standard error.");
    expect_peer_exit(peer, 1);
}

/* How many of that kind the run has made that are still there. (Not count_objects(): without a
 * namespace of its own a run meets those of others too.) */
static size_t count_made(struct run *run, enum object_kind kind)
{
    const struct record *record = record_of(run);
    size_t count = 0;
    for (size_t i = 0; i < record->n_objects; i++)
        if (record->objects[i].kind == kind && record->objects[i].made_by >= 0 &&
            xsi_object(run, kind, record->objects[i].id) != NULL)
            count++;
    return count;
}

/* So many are new. */
static void expect_made(struct run *run, const struct kind *kind, size_t wanted)
{
    size_t count = count_made(run, kind->kind);
    expect_that(run, count == wanted, FINDING_WRONG_OUTPUT,
                "%zu new %s%s should be there afterwards; there %s %zu.", wanted, kind->words,
                wanted == 1 ? "" : "s", count == 1 ? "is" : "are", count);
}

/* ---- Checks --------------------------------------------------------------------------------- */

static void expect_opened(const struct kind *kind)
{
    key_t key = random_key(), missing = random_key();
    struct given *other = planted(kind, random_key(), 0600), *it = planted(kind, key, 0600);
    struct run *run = start_scene(given(other, it));

    struct peer *second = getid(run, kind, words_of_key(missing), "open", "600");
    struct peer *first = getid(run, kind, words_of_key(key), "open", "600");
    settle(run);

    suspect_if(took_key_for_id(run, first, kind, key), "id-equals-key");
    suspect_if(says(first, "EINVAL"), "shm-size-mismatch");
    expect_answer(first, text_format("%d existing\n", id_of_given(it)));
    suspect(NULL);
    scene("`getid %s 0x%x open 600` was run, and nothing has that key.", kind->name,
          (unsigned)missing);
    suspect_if(says(second, "created") || count_made(run, kind->kind) > 0,
               "ipc-creat-without-excl");
    expect_refusal(run, second, "ENOENT");
    expect_made(run, kind, 0);
    suspect(NULL);
    end_scene(run);
}

CHECK(opens_what_is_there, 2,
      HINT("Which of the two numbers is agreed on in advance, and which one is handed out?")
      HINT("With which flags does the call make nothing?")
      HINT("Whose business is the size, when the object exists? Which size fits every one?"))
{
    for (int i = 0; i < KINDS; i++)
        expect_opened(&kinds[i]);
}

static void expect_new(const struct kind *kind, const char *way)
{
    static const unsigned modes[] = {0600, 0640, 0622, 0666, 0444, 0200, 0777};
    unsigned mode = modes[random_below(sizeof modes / sizeof modes[0])];
    key_t key = random_key();
    struct run *run = start_scene(given_nothing());

    struct peer *peer =
        start_getid(run, kind, words_of_key(key), way, text_format("%03o", mode).bytes,
                    given_umask(random_below(2) ? 077 : 022));
    wait_until_peer_ended(peer);
    settle(run);

    const struct object *made = only_object(run, kind->kind);
    expect_that(run, made != NULL, FINDING_WRONG_OUTPUT,
                "Afterwards there should be one %s that it has made; there are %zu.", kind->words,
                count_made(run, kind->kind));
    if (made == NULL)
        return; /* never: for the analyzer */
    suspect_if(took_key_for_id(run, peer, kind, key), "id-equals-key");
    expect_answer(peer, text_format("%d created\n", made->id));
    suspect_if(made->mode == 0, "ipc-forgot-mode-bits");
    expect_that(run, made->mode == mode, FINDING_PERMISSIONS,
                "The %s has the permissions %03o; %03o were asked for.", kind->words, made->mode,
                mode);
    suspect(NULL);
    expect_that(run, (key_t)made->key == key, FINDING_WRONG_OUTPUT,
                "The %s has the key 0x%x; it should have 0x%x.", kind->words, (unsigned)made->key,
                (unsigned)key);
    end_scene(run);
}

CHECK(makes_it_with_these_permissions, 2,
      HINT("What are the low nine bits of the flags for?")
      HINT("What does the umask do to a file that you make, and what to an object like this one?")
      HINT("Which identifier is the first one on a machine without objects?"))
{
    for (int i = 0; i < KINDS; i++) {
        expect_new(&kinds[i], "create");
        expect_new(&kinds[i], "excl");
    }
}

/* One object of each kind is there, and getid is asked for each. */
struct asked {
    struct run *run;
    struct given *it[KINDS];
    key_t key[KINDS];
    struct peer *peer[KINDS];
};

static struct asked ask_for_each(const char *way, unsigned mode)
{
    struct asked asked;
    for (int i = 0; i < KINDS; i++) {
        asked.key[i] = random_key();
        asked.it[i] = planted(&kinds[i], asked.key[i], mode);
    }
    asked.run = start_scene(given(asked.it[0], asked.it[1], asked.it[2]));
    for (int i = 0; i < KINDS; i++)
        asked.peer[i] = getid(asked.run, &kinds[i], words_of_key(asked.key[i]), way, "600");
    settle(asked.run);
    return asked;
}

static void tell_scene(const struct asked *asked, int i, const char *way, const char *more)
{
    scene("`getid %s 0x%x %s 600` was run, and there is such a %s%s.", kinds[i].name,
          (unsigned)asked->key[i], way, kinds[i].words, more);
}

CHECK(create_takes_what_is_there, 1,
      HINT("What does IPC_CREAT do when the object exists?")
      HINT("The call has succeeded. Does that tell you who made the object?")
      HINT("Is there a flag with which existence is an error?"))
{
    struct asked asked = ask_for_each("create", 0600);
    for (int i = 0; i < KINDS; i++) {
        tell_scene(&asked, i, "create", "");
        suspect_if(says(asked.peer[i], "created"), "ipc-creat-forbidden-on-existing");
        suspect_if(says(asked.peer[i], "EINVAL"), "shm-size-mismatch");
        suspect_if(took_key_for_id(asked.run, asked.peer[i], &kinds[i], asked.key[i]),
                   "id-equals-key");
        expect_answer(asked.peer[i], text_format("%d existing\n", id_of_given(asked.it[i])));
        suspect(NULL);
        expect_made(asked.run, &kinds[i], 0);
    }
    end_scene(asked.run);
}

CHECK(excl_refuses_what_is_there, 1,
      HINT("Whose object is it that you got?")
      HINT("How does a program make sure that the object is new, and nobody else's?")
      HINT("What is the exit status when there is no identifier to print?"))
{
    struct asked asked = ask_for_each("excl", 0600);
    for (int i = 0; i < KINDS; i++) {
        struct peer *peer = asked.peer[i];
        tell_scene(&asked, i, "excl", "");
        suspect_if(says(peer, "created") || says(peer, "existing"), "ipc-creat-without-excl");
        expect_refusal(asked.run, peer, "EEXIST");
        suspect(NULL);
        expect_made(asked.run, &kinds[i], 0);
    }
    end_scene(asked.run);
}

static void expect_two_private(const struct kind *kind)
{
    unsigned mode = random_below(2) ? 0600 : 0640;
    const char *octal = text_format("%o", mode).bytes;
    struct run *run = start_scene(given_nothing());
    struct peer *first = getid(run, kind, "-", "private", octal);
    size_t count = count_made(run, kind->kind);
    const struct object *made = only_object(run, kind->kind);
    struct object seen = made != NULL ? *made : (struct object){.id = -1};
    struct peer *second = getid(run, kind, "-", "private", octal);
    settle(run);

    suspect_if(count > 1 || says(first, "existing"), "ipc-private-is-shared-key");
    expect_that(run, count == 1, FINDING_WRONG_OUTPUT,
                "Afterwards there should be one %s; there are %zu.", kind->words, count);
    expect_answer(first, text_format("%d created\n", seen.id));
    suspect_if(seen.mode == 0, "ipc-forgot-mode-bits");
    expect_that(run, seen.mode == mode, FINDING_PERMISSIONS,
                "The %s has the permissions %03o; %03o were asked for.", kind->words, seen.mode,
                mode);
    suspect(NULL);
    expect_that(run, seen.key == 0, FINDING_WRONG_OUTPUT,
                "The %s has the key 0x%x; it should have none.", kind->words, (unsigned)seen.key);
    suspect_if(says(second, "existing") || count_made(run, kind->kind) != 2,
               "ipc-private-is-shared-key");
    expect_that(
        run, says(second, "created") && !text_equal(stdout_of_peer(first), stdout_of_peer(second)),
        FINDING_WRONG_OUTPUT,
        "It was run for the second time, and should have made another %s. First it said "
        "\"%s\", then \"%s\".",
        kind->words, said(first), said(second));
    expect_made(run, kind, 2);
    suspect(NULL);
    end_scene(run);
}

/* The one way that could make a queue without saying so comes first. */
static void expect_zero_is_refused(void)
{
    static const char *const some_ways[] = {"open", "create", "excl"};
    struct run *run = start_scene(given_nothing());
    for (int i = 0; i < KINDS; i++) {
        struct peer *peer =
            getid(run, &kinds[i], random_below(2) ? "0" : "0x0", some_ways[i], "600");
        suspect_if(count_made(run, kinds[i].kind) > 0, "ipc-private-is-shared-key");
        expect_made(run, &kinds[i], 0);
        suspect(NULL);
        expect_peer_exit(peer, 2);
    }
    end_scene(run);
}

CHECK(private_is_always_new, 2,
      HINT("What does the key value 0 mean to the get functions?")
      HINT("Who can find an object without a key, and how?")
      HINT("A call that was only to look has made something. Which key did it have?"))
{
    for (int i = 0; i < KINDS; i++)
        expect_two_private(&kinds[i]);
    expect_zero_is_refused();
}

/* One is stopped before its second call of the get function, if it makes one; meanwhile another one
 * does all of its work. */
static void expect_one_maker(const struct kind *kind, const char *way, const char *second_way)
{
    key_t key = random_key();
    const char *words = words_of_key(key);
    struct run *run = start_scene(given_nothing());

    struct peer *first = start_getid(run, kind, words, way, "600", given_held_before(kind->get, 2));
    bool held = wait_until_held(run);
    struct peer *second = getid(run, kind, words, second_way, "600");
    release(run);
    wait_until_peer_ended(first);
    settle(run);

    int makers = (int)says(first, "created") + (int)says(second, "created");
    scene("Two asked for %s %s at once, with `%s` and `%s`.%s The first said \"%s\", the second "
          "\"%s\".",
          kind->name, words, way, second_way,
          held ? " The first was stopped before its second call of the get function, and the "
                 "second came in between."
               : "",
          said(first), said(second));
    suspect_if(makers == 2, "ipc-creat-without-excl");
    expect_that(run, makers == 1, FINDING_WRONG_OUTPUT,
                "Exactly one of them should say `created`; %s.",
                makers == 2 ? "both do" : "neither does");
    suspect(NULL);
    struct peer *other = says(first, "created") ? second : first;
    bool excl = strcmp(other == first ? way : second_way, "excl") == 0;
    expect_that(run, says(other, excl ? "EEXIST" : "existing"), FINDING_WRONG_OUTPUT,
                "The one that came too late should have said `%s`.", excl ? "EEXIST" : "existing");
    end_scene(run);
}

/* The object is removed when it has asked once. */
static void expect_new_try(const struct kind *kind)
{
    key_t key = random_key();
    struct given *it = planted(kind, key, 0600);
    struct run *run = start_scene(it);

    struct peer *peer =
        start_getid(run, kind, words_of_key(key), "create", "600", given_held_before(kind->get, 2));
    bool held = wait_until_held(run);
    if (held)
        remove_object(run, kind->kind, id_of_given(it));
    release(run);
    wait_until_peer_ended(peer);
    settle(run);

    const struct object *made = only_object(run, kind->kind);
    if (held)
        scene("`getid %s 0x%x create 600` was run while such an object was there. It was removed "
              "just before the second call of the get function.",
              kind->name, (unsigned)key);
    expect_that(run, says(peer, held ? "created" : "existing"), FINDING_WRONG_OUTPUT,
                "It should have %s, and said \"%s\".", held ? "made a new one" : "taken it",
                said(peer));
    expect_peer_stdout(peer, held ? text_format("%d created\n", made != NULL ? made->id : -1)
                                  : text_format("%d existing\n", id_of_given(it)));
    expect_peer_exit(peer, 0);
    end_scene(run);
}

CHECK(two_at_once, 2,
      HINT("What can happen between two calls of yours?")
      HINT("Can you find out whether you have made it, without asking first whether it is there?")
      HINT("You are told that it exists, and then that it does not. What has happened?"))
{
    for (int i = 0; i < KINDS; i++) {
        expect_one_maker(&kinds[i], "create", "create");
        expect_new_try(&kinds[i]);
    }
    expect_one_maker(&kinds[random_below(KINDS)], "excl", "create");
    expect_one_maker(&kinds[random_below(KINDS)], "create", "excl");
}

/* The get function fails with ENOSPC: its first call, and the second one if there is one. */
static void expect_no_room(const struct kind *kind, const char *way, bool exists)
{
    EACH_FAULT(fault, FAULT_FAILS, kind->get)
    {
        key_t key = random_key();
        struct run *run = start_scene(exists ? given(planted(kind, key, 0600), fault) : fault);
        struct peer *peer = getid(run, kind, words_of_key(key), way, "600");
        settle(run);
        scene("`getid %s KEY %s 600` was run.", kind->name, way);
        if (saw_fault(run)) {
            expect_refusal(run, peer, "ENOSPC");
            expect_made(run, kind, 0);
        } else {
            expect_peer_exit(peer, 0);
        }
        end_scene(run);
    }
}

CHECK(says_why_not, 1,
      HINT("What has the call said, and what do you say?")
      HINT("Is every failure a sign that the object is there, or that it is not?")
      HINT("What do you know about standard output after printf?"))
{
    expect_no_room(&kinds[0], "private", false);
    expect_no_room(&kinds[1], "create", false);
    expect_no_room(&kinds[2], "excl", false);
    expect_no_room(&kinds[random_below(KINDS)], "create", true);

    const char *way = random_below(2) ? "open" : "create";
    struct asked asked = ask_for_each(way, 0);
    for (int i = 0; i < KINDS; i++) {
        tell_scene(&asked, i, way, ", whose permissions are 000");
        expect_refusal(asked.run, asked.peer[i], "EACCES");
        expect_made(asked.run, &kinds[i], 0);
    }
    end_scene(asked.run);

    key_t key = random_key();
    struct run *run =
        run_program("getid", args("msg", words_of_key(key), "open", "600"),
                    given(planted(&kinds[0], key, 0600), given_output_file("/dev/full")));
    expect_full_told(run);
}

static void expect_usage(const char *const *arguments)
{
    struct text line = text_of("`getid");
    for (size_t i = 0; arguments[i] != NULL; i++)
        line = text_join(line, text_format(" %s", arguments[i]));
    scene("%s` was run.", line.bytes);

    struct run *run = run_program("getid", arguments, given_nothing());

    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

CHECK(wrong_usage, 1,
      HINT("How many arguments are there, and which words are known?")
      HINT("What tells you that a number was one, to its last character?")
      HINT("Which digits has an octal number, and how large may it be here?"))
{
    expect_usage(no_args());
    expect_usage(args("msg", "0x1234", "create"));
    expect_usage(args("msg", "0x1234", "create", "600", "600"));
    expect_usage(args("queue", "0x1234", "create", "600"));
    expect_usage(args("msg", "0x1234", "make", "600"));
    expect_usage(args("sem", "key", "create", "600"));
    expect_usage(args("shm", "0x123456789", "create", "600"));
    expect_usage(args("sem", "", "create", "600"));
    expect_usage(args("shm", "0x1234", "create", "680"));
    expect_usage(args("msg", "0x1234", "create", "1000"));
    expect_usage(args("msg", "0x1234", "create", "-1"));
}
