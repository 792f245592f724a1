/*
 * 5-cache.c - the checks of 8.5: a cache in shared memory, whose clients are stopped and killed.
 *
 * The first program of a run is the server; the clients are the kit's, around the learner's cache.c
 * (drivers/08-shm/5-cache/client.c). There is one more program of the kit's, that does nothing. As
 * long as it lives somebody may send a signal to the server, and so nobody who waits hangs.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("What if somebody is killed?");

enum { SERVER = 1, WHOLE = 4096, HALF = 2048, LONGEST_NAME = 31 };

static const char *key;        /* of the present server */
static struct peer *bystander; /* beside it */

/* A client: what it was asked for last, and how much of its log has been read. */
struct client {
    struct run *run;
    struct peer *peer;
    struct text asked;
    size_t seen;
};

/* ---- Server and clients --------------------------------------------------------------------- */

static bool is_there(struct run *run, int number)
{
    return record_of(run)->processes[number - 1].ended_us < 0;
}

static void add_bystander(struct run *run)
{
    bystander = start_peer(run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
}

static struct run *start_server(int entries, struct given *given)
{
    key = text_format("%#x", (unsigned)random_key()).bytes;
    struct run *run = start_program("cached", args(key, text_format("%d", entries).bytes), given);
    add_bystander(run);
    wait_until_idle(run);
    expect_that(run, is_there(run, SERVER) && text_equal(stdout_of(run), text_of("ready\n")),
                FINDING_WRONG_OUTPUT,
                "`cached %s %d` should say \"ready\" and wait for a signal. It %s; on standard "
                "output there is \"%s\", on standard error \"%s\".",
                key, entries, is_there(run, SERVER) ? "is there" : "has ended",
                stdout_of(run).bytes, stderr_of(run).bytes);
    return run;
}

static struct client join_with(struct run *run, struct given *given)
{
    struct text opening = text_format("open %s\n", key);
    struct peer *peer =
        start_peer(run, "client", no_args(), given(given_input_held_open(opening), given));
    return (struct client){run, peer, opening, 0};
}

static void ask(struct client *client, struct text orders)
{
    send_to_peer(client->peer, orders);
    client->asked = orders;
}

/* When all is quiet: what has come since the last time. */
static struct text new_answer(struct client *client)
{
    wait_until_idle(client->run);
    struct text log = stdout_of_peer(client->peer);
    struct text answer = text_slice(log, client->seen, log.length);
    client->seen = log.length;
    return answer;
}

/* Each line with two blanks before it. */
static const char *shown(struct text lines)
{
    struct text text = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < lines.length; i++) {
        if (lines.bytes[i] != '\n' && i + 1 < lines.length)
            continue;
        text = text_join(text, text_join(text_of("  "), text_slice(lines, from, i + 1)));
        from = i + 1;
    }
    return text.length > 0 ? text.bytes : "  nothing\n";
}

/* Is it asleep in semop, for a unit that was taken by somebody who is dead? */
static bool waits_for_the_dead(struct client *client)
{
    const struct object *set = only_object(client->run, OBJECT_SEMAPHORES);
    const struct call *call = call_in_progress(client->run, number_of_peer(client->peer));
    if (set == NULL || call == NULL || strncmp(call->name, "sem", 3) != 0)
        return false;
    for (size_t i = 0; i < set->n_semaphores; i++) {
        int last = set->semaphores[i].last_process;
        if (set->semaphores[i].waiting_up > 0 && last >= 0 && !is_there(client->run, last + 1))
            return true;
    }
    return false;
}

static void expect_answer(struct client *client, struct text wanted, enum finding_kind kind)
{
    struct text answer = new_answer(client);
    bool waits = answer.length == 0 && is_there(client->run, number_of_peer(client->peer));
    bool dead = waits && waits_for_the_dead(client);
    suspect_if(dead, "no-sem-undo-on-mutex");
    expect_that(client->run, !waits || wanted.length == 0, FINDING_HANG,
                "A client was asked\n%sIt sleeps, and has not answered.%s", shown(client->asked),
                dead ? " It waits for a semaphore, and the process that changed that one last is "
                       "dead."
                     : "");
    expect_that(client->run, text_equal(answer, wanted), kind,
                "A client was asked\n%sIt answered\n%sand should have answered\n%s",
                shown(client->asked), shown(answer), shown(wanted));
    if (dead)
        suspect(NULL);
}

static struct client join(struct run *run)
{
    struct client client = join_with(run, given_nothing());
    expect_answer(&client, text_of("open: ok\n"), FINDING_WRONG_OUTPUT);
    return client;
}

static void ask_for(struct client *client, struct text orders, struct text wanted)
{
    ask(client, orders);
    expect_answer(client, wanted, FINDING_WRONG_OUTPUT);
}

/* It has no more orders to wait for, and ends. */
static void leave(struct client *client)
{
    if (is_there(client->run, number_of_peer(client->peer)))
        close_peer_input(client->peer);
}

static void end_server(struct run *run, int signal)
{
    if (is_there(run, SERVER))
        send_signal(run, SERVER, signal);
    close_peer_input(bystander);
    finish_run(run);
    expect_exit(run, 0);
}

static void go_on(struct client *client)
{
    kill_peer(client->peer, SIGCONT);
}

/* ---- What they say -------------------------------------------------------------------------- */

static struct text fill(const char *name, char letter)
{
    return text_format("fill %s %c %d\n", name, letter, WHOLE);
}

static struct text get(const char *name)
{
    return text_format("get %s\n", name);
}

static struct text is_whole(const char *name, char letter)
{
    return text_format("get %s: %d of %c\n", name, WHOLE, letter);
}

static struct text was_put(const char *name)
{
    return text_format("put %s: ok\n", name);
}

static struct text is_gone(const char *name)
{
    return text_format("get %s: ENOENT\n", name);
}

/* What `client` makes of a seed. */
static struct text bytes_of(uint32_t state, size_t length)
{
    struct text bytes = random_bytes(length);
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525U + 1013904223U;
        bytes.bytes[i] = (char)(state >> 24);
    }
    return bytes;
}

/* ---- Checks --------------------------------------------------------------------------------- */

static void expect_segment(struct run *run)
{
    const struct object *segment = only_object(run, OBJECT_SEGMENT);
    expect_that(
        run, segment != NULL, FINDING_MISSING_CALL,
        "The server is ready, and there is no shared memory segment (or more than one) that "
        "it has made.");
    if (segment == NULL)
        return;
    expect_that(run, segment->key == (int64_t)strtoul(key, NULL, 0), FINDING_WRONG_OUTPUT,
                "The server was started with the key %s, and its segment has the key %#lx.", key,
                (unsigned long)segment->key);
    suspect_if((segment->mode & 077) != 0, "ipc-666-everything");
    suspect_if((segment->mode & 0600) != 0600, "ipc-forgot-mode-bits");
    expect_that(run, segment->mode == 0600, FINDING_PERMISSIONS,
                "The segment has the mode %04o; the task asks for 0600.", segment->mode);
    suspect(NULL);
}

CHECK(values_come_back, 2,
      HINT("Who puts the value into the segment, and who fetches it?")
      HINT("A value has any bytes, also none. What do you keep beside them?")
      HINT("What becomes of the old value when a new one comes for the same name?"))
{
    struct run *run = start_server(5, given_watched_io());
    expect_segment(run);
    struct client one = join(run), two = join(run);
    const char *a = random_word(), *b = random_word(), *word = random_word();
    const char *longest = text_format("%s%s%s%.7s", a, b, word, a).bytes;
    uint32_t seed = (uint32_t)random_between(1, 1000000);
    int length = random_between(1000, WHOLE - 1);

    ask_for(&one, text_format("get %s\nput %s %s\nget %s\n", a, a, word, a),
            text_format("get %s: ENOENT\nput %s: ok\nget %s: %s\n", a, a, a, word));
    ask_for(
        &two,
        text_format("get %s\nput %s other\nbytes %s %u %d\nfill %s x 0\n", a, a, b, seed, length,
                    longest),
        text_format("get %s: %s\nput %s: ok\nput %s: ok\nput %s: ok\n", a, word, a, b, longest));
    ask_for(&one,
            text_format("get %s\nget %s\nget %s\nfill %s z %d\nget %s\n", a, b, longest, word,
                        WHOLE, word),
            text_format("get %s: other\nget %s: %d bytes, CRC %08x\nget %s: \nput %s: ok\nget %s: "
                        "%d of z\n",
                        a, b, length, crc32_of(bytes_of(seed, (size_t)length)), longest, word, word,
                        WHOLE));
    ask_for(&two,
            text_format("put %s+ x\nfill %s y %d\nput  x\nget %s\nget %s\n", longest, a, WHOLE + 1,
                        a, longest),
            text_format("put %s+: EINVAL\nput %s: EINVAL\nput : EINVAL\nget %s: other\nget %s: \n",
                        longest, a, a, longest));
    size_t sent = bytes_sent_between(run);
    expect_that(
        run, sent == 0, FINDING_FORBIDDEN_CALL,
        "Values are to go through the shared memory. But %zu bytes went from one process to "
        "another by other ways (pipes, queues, files).",
        sent);
    leave(&one);
    ask_for(&two, text_of("close\n"), text_of("close: ok\n"));
    leave(&two);
    end_server(run, SIGTERM);
}

/* The model: names by the time of their last use, the latest first. */
enum { MOST = 6, NAMES = 9 };

struct model {
    int names[MOST], values[MOST];
    int count, room;
};

/* Takes the name out of its place: its value, or -1. */
static int take_out(struct model *model, int name)
{
    for (int i = 0; i < model->count; i++) {
        if (model->names[i] != name)
            continue;
        int value = model->values[i];
        model->count--;
        memmove(&model->names[i], &model->names[i + 1], sizeof(int) * (size_t)(model->count - i));
        memmove(&model->values[i], &model->values[i + 1], sizeof(int) * (size_t)(model->count - i));
        return value;
    }
    return -1;
}

static void use(struct model *model, int name, int value)
{
    if (model->count == model->room)
        model->count--;
    memmove(&model->names[1], &model->names[0], sizeof(int) * (size_t)model->count);
    memmove(&model->values[1], &model->values[0], sizeof(int) * (size_t)model->count);
    model->names[0] = name;
    model->values[0] = value;
    model->count++;
}

/* Some orders, and what they should give. */
static void play(struct model *model, int steps, struct text *orders, struct text *wanted)
{
    *orders = *wanted = text_of("");
    for (int i = 0; i < steps; i++) {
        int name = random_between(0, model->room + 2), value = random_between(100, 999);
        bool puts = random_below(5) < 2;
        int old = take_out(model, name);
        if (puts || old != -1)
            use(model, name, puts ? value : old);
        *orders = text_join(*orders, puts ? text_format("put n%d %d\n", name, value)
                                          : text_format("get n%d\n", name));
        *wanted = text_join(*wanted, puts        ? text_format("put n%d: ok\n", name)
                                     : old == -1 ? text_format("get n%d: ENOENT\n", name)
                                                 : text_format("get n%d: %d\n", name, old));
    }
}

/* The first line that is not as it should be. */
static void expect_played(struct client *client, struct text wanted, int room)
{
    struct text answer = new_answer(client);
    size_t line = 0, at = 0;
    for (; at < answer.length && at < wanted.length && answer.bytes[at] == wanted.bytes[at]; at++)
        if (answer.bytes[at] == '\n')
            line = at + 1;
    size_t lines = text_count(text_slice(wanted, 0, line), text_of("\n")), from = 0, to;
    for (to = 0; to < client->asked.length && lines > 0; to++)
        lines -= client->asked.bytes[to] == '\n';
    while (to < client->asked.length && client->asked.bytes[to] != '\n')
        to++;
    struct text rest = text_slice(answer, line, answer.length);
    struct text right = text_slice(wanted, line, wanted.length);
    expect_that(
        client->run, text_equal(answer, wanted), FINDING_WRONG_OUTPUT,
        "The cache is for %d entr%s. The orders were\n%sand the answer to the last one is\n "
        " %.*s\nIt should be\n  %.*s",
        room, room == 1 ? "y" : "ies", shown(text_slice(client->asked, from, to + 1)),
        (int)strcspn(rest.bytes, "\n"), rest.bytes, (int)strcspn(right.bytes, "\n"), right.bytes);
}

static void play_with(int room)
{
    struct model model = {.room = room};
    struct run *run = start_server(room, given_nothing());
    struct client clients[2] = {join(run), join(run)};
    for (int round = 0; round < 4; round++) {
        struct text orders, wanted;
        struct client *client = &clients[round % 2];
        play(&model, 12, &orders, &wanted);
        ask(client, orders);
        expect_played(client, wanted, room);
    }
    leave(&clients[0]);
    leave(&clients[1]);
    end_server(run, SIGTERM);
}

/* One client uses its entry often; another one puts its own, once, and later. Then the older one of
 * two was got last. */
static void use_by_turns(void)
{
    struct run *run = start_server(2, given_nothing());
    struct client one = join(run), two = join(run);
    ask_for(&one, text_of("put a 1\nget a\nget a\nget a\n"),
            text_of("put a: ok\nget a: 1\nget a: 1\nget a: 1\n"));
    ask_for(&two, text_of("put b 2\n"), text_of("put b: ok\n"));
    scene("The cache is for 2 entries. A client put a and got it three times; then another one put "
          "b.");
    ask_for(&one, text_of("put c 3\nget a\nget b\n"),
            text_of("put c: ok\nget a: ENOENT\nget b: 2\n"));
    scene(
        "The cache is for 2 entries, and has b and c. Of the two, b came first, and was got last.");
    ask_for(&two, text_of("put d 4\nget b\nget c\n"),
            text_of("put d: ok\nget b: 2\nget c: ENOENT\n"));
    scene(NULL);
    leave(&one);
    leave(&two);
    end_server(run, SIGTERM);
}

CHECK(least_recently_used_goes, 2,
      HINT("What is a use: a put, a get, both?")
      HINT("A name that is there already gets a new value. Does anybody have to go for it?")
      HINT("Who knows which entry was used last? It must not depend on who asks."))
{
    use_by_turns();
    play_with(1);
    play_with(random_between(2, MOST - 2));
    play_with(random_between(3, MOST));
}

/* All bytes of one kind, one of these letters. */
static void expect_one_of(struct client *client, const char *letters, const char *when)
{
    struct text answer = new_answer(client);
    bool right = false;
    for (; *letters != '\0' && !right; letters++)
        right = text_equal(answer, is_whole("k", *letters));
    expect_that(client->run, answer.length > 0, FINDING_HANG,
                "%s A client was asked\n%sIt sleeps, and has not answered.", when,
                shown(client->asked));
    expect_that(client->run, right, FINDING_LOST_MESSAGE,
                "%s A client was asked\n%sIt answered\n%s", when, shown(client->asked),
                shown(answer));
}

/* One client is stopped in the middle of its call; another one comes; the first one goes on. The
 * first one's value, or its place for one, is not there from byte `at` on. */
static void stop_midway(struct client *first, struct client *second, int at)
{
    static const char *when = "Another client was stopped in the middle of a put, and went on.";
    ask_for(first, text_join(fill("k", 'a'), fill("m", 'm')),
            text_join(was_put("k"), was_put("m")));

    ask(first, text_format("slowput k b %d %d\n", WHOLE, at));
    expect_answer(first, text_of("stops in the middle\n"), FINDING_WRONG_OUTPUT);
    ask(second, get("k"));
    struct text early = new_answer(second);
    expect_that(second->run, early.length == 0 || text_equal(early, is_whole("k", 'a')),
                FINDING_LOST_MESSAGE,
                "A client is stopped in the middle of a put: k had %d times a, and is to get %d "
                "times b. At this moment another one gets k, and the answer is\n%s",
                WHOLE, WHOLE, shown(early));
    go_on(first);
    expect_answer(first, was_put("k"), FINDING_WRONG_OUTPUT);
    if (early.length == 0)
        expect_one_of(second, "ab", when);

    ask(first, text_format("slowput k c %d %d\n", WHOLE, at));
    expect_answer(first, text_of("stops in the middle\n"), FINDING_WRONG_OUTPUT);
    ask(second, fill("new", 'n'));
    early = new_answer(second);
    go_on(first);
    expect_answer(first, was_put("k"), FINDING_WRONG_OUTPUT);
    if (early.length == 0)
        expect_answer(second, was_put("new"), FINDING_WRONG_OUTPUT);
    ask(second, text_join(get("k"), text_join(get("new"), get("m"))));
    scene("A client was stopped in the middle of a put (k), another one put something meanwhile "
          "(new), and the first one went on.");
    expect_answer(
        second, text_join(is_whole("k", 'c'), text_join(is_whole("new", 'n'), is_whole("m", 'm'))),
        FINDING_LOST_MESSAGE);
    scene(NULL);

    ask(first, text_format("slowget k %d\n", at));
    expect_answer(first, text_of("stops in the middle\n"), FINDING_WRONG_OUTPUT);
    ask(second, text_join(fill("k", 'd'), fill("k", 'e')));
    early = new_answer(second);
    go_on(first);
    expect_one_of(
        first, "cde",
        "A client was stopped in the middle of a get. Another one put two new values, one "
        "after the other, under the same name, and the first one went on.");
    if (early.length == 0)
        expect_answer(second, text_join(was_put("k"), was_put("k")), FINDING_WRONG_OUTPUT);
}

/* A lock that two can have. */
static void suspect_two_units(struct run *run)
{
    const struct object *set = only_object(run, OBJECT_SEMAPHORES);
    suspect_if(set != NULL && set->n_semaphores == 1 && set->semaphores[0].value > 1,
               "binary-semaphore-over-post");
}

CHECK(one_after_the_other, 2,
      HINT("Two clients are at the table. What does each of them find?")
      HINT("From which line to which line must nobody else be there?")
      HINT("What does a client that comes now wait for, and how?"))
{
    struct run *run = start_server(3, given_nothing());
    struct client before = join(run);
    ask_for(&before, text_join(fill("k", 'z'), get("k")),
            text_join(was_put("k"), is_whole("k", 'z')));
    leave(&before);
    struct client first = join(run), second = join(run);
    suspect_two_units(run);
    stop_midway(&first, &second, 0);
    stop_midway(&first, &second, HALF);
    suspect(NULL);
    leave(&first);
    leave(&second);
    end_server(run, SIGTERM);
}

CHECK(nothing_races, 1,
      HINT("The answers are right. Which bytes of the segment do a put and a get use, and what keeps "
           "two clients apart there?")
      HINT("To look is a use, too: what may a client see that looks while another one changes it?")
      HINT("Which is the first line of put and get that uses the segment, and which is the last? "
           "What has been taken by then, and what has been given back?"))
{
    static const char *const orders = "put a red\nput b blue\nget a\nget nobody\n";
    struct text wanted = text_of("put a: ok\nput b: ok\nget a: red\nget nobody: ENOENT\n");
    struct run *run = start_server(2, given_race_build());
    struct client clients[2];
    for (int i = 0; i < 2; i++)
        clients[i] = join_with(run, given_race_build());
    for (int i = 0; i < 2; i++)
        expect_answer(&clients[i], text_of("open: ok\n"), FINDING_WRONG_OUTPUT);

    for (int i = 0; i < 2; i++) /* at once, ... */
        ask(&clients[i], text_of(orders));
    for (int i = 0; i < 2; i++)
        expect_answer(&clients[i], wanted, FINDING_WRONG_OUTPUT);
    for (int i = 0; i < 3; i++) /* ... and one after the other, which nobody but us has ordered */
        ask_for(&clients[i % 2], text_of(orders), wanted);
    leave(&clients[0]);
    leave(&clients[1]);
    end_server(run, SIGTERM);
}

/* A client is killed; when all is quiet, it is dead. Then the others go on. */
static void kill_one(struct run *run, struct client *survivor, struct given *death,
                     struct text orders, const char *how)
{
    struct client victim = join_with(run, death);
    ask(&victim, orders);
    wait_until_idle(run);
    leave(&victim);
    scene("Another client was killed %s.", how);
    const char *name = random_word();
    ask_for(survivor, text_join(fill(name, 'x'), get(name)),
            text_join(was_put(name), is_whole(name, 'x')));
    scene(NULL);
}

CHECK(the_dead_hold_no_lock, 2,
      HINT("A process is killed, with the lock taken. Who gives it back?")
      HINT("Which of your operations does the kernel know how to take back?")
      HINT("Kill it in thought after each of its calls. What do the others wait for?"))
{
    struct run *run = start_server(4, given_nothing());
    struct client survivor = join(run);
    allow_death_by_signal(run);
    for (int puts = 0; puts < 2; puts++) {
        struct text orders = puts ? fill("k", 'k') : get("k");
        const char *doing = puts ? "in a put" : "in a get";
        for (int nth = 1; nth <= 2; nth++) {
            kill_one(run, &survivor, given_killed_after("semop", nth), orders,
                     text_format("%s, right after its call %d of semop", doing, nth).bytes);
            kill_one(run, &survivor, given_killed_before("semop", nth), orders,
                     text_format("%s, right before its call %d of semop", doing, nth).bytes);
        }
        orders = puts ? text_format("dieput k k %d %d\n", WHOLE, HALF)
                      : text_join(fill("k", 'k'), text_format("dieget k %d\n", HALF));
        kill_one(run, &survivor, given_nothing(), orders,
                 text_format("%s, while it copied the value", doing).bytes);
    }
    kill_one(run, &survivor, given_killed_after("shmat", 1), text_of(""), "in cache_open");
    leave(&survivor);
    end_server(run, SIGTERM);
}

/* A client dies while it puts; the cache has n0, n1 and n2 and is full. */
static void die_midway(const char *name, int at)
{
    struct run *run = start_server(3, given_nothing());
    struct client survivor = join(run);
    allow_death_by_signal(run);
    ask_for(&survivor, text_join(fill("n0", 'a'), text_join(fill("n1", 'b'), fill("n2", 'c'))),
            text_join(was_put("n0"), text_join(was_put("n1"), was_put("n2"))));
    struct client victim = join_with(run, given_nothing());
    ask(&victim, text_format("dieput %s x %d %d\n", name, WHOLE, at));
    wait_until_idle(run);

    scene("In a cache for 3 there were n0, n1 and n2. A client was killed while it put %s, when it "
          "had copied %d of %d bytes.",
          name, at, WHOLE);
    ask(&survivor, text_join(text_join(get("n0"), get("n1")), text_join(get("n2"), get("new"))));
    expect_answer(&survivor,
                  text_join(text_join(is_whole("n0", 'a'), is_whole("n1", 'b')),
                            text_join(is_whole("n2", 'c'), is_gone("new"))),
                  FINDING_LOST_MESSAGE);
    ask(&survivor, text_join(text_join(fill("new", 'd'), get("n1")),
                             text_join(text_join(get("n2"), get("new")), get("n0"))));
    expect_answer(
        &survivor,
        text_join(text_join(was_put("new"), is_whole("n1", 'b')),
                  text_join(text_join(is_whole("n2", 'c'), is_whole("new", 'd')), is_gone("n0"))),
        FINDING_LOST_MESSAGE);
    scene(NULL);
    leave(&survivor);
    end_server(run, SIGTERM);
}

CHECK(the_dead_change_nothing_by_half, 2,
      HINT("The lock is free again. What about the table?")
      HINT("Which bytes of a new value have been written, and over what?")
      HINT("Could the new entry be complete before anybody can find it?"))
{
    die_midway("n1", HALF);
    die_midway("new", HALF);
    die_midway(random_below(2) ? "n0" : "new", 0);
}

CHECK(an_interruption_is_no_lock, 1,
      HINT("For which reasons may the call that takes the lock return?")
      HINT("What have you got when it returns -1?")
      HINT("What do you do then?"))
{
    struct run *run = start_server(3, given_interruptions());
    struct client first = join(run), second = join(run);
    ask_for(&first, fill("k", 'a'), was_put("k"));
    ask(&first, text_format("slowput k b %d %d\n", WHOLE, HALF));
    expect_answer(&first, text_of("stops in the middle\n"), FINDING_WRONG_OUTPUT);
    ask(&second, text_join(get("k"), fill("m", 'm')));
    struct text early = new_answer(&second);
    go_on(&first);
    scene(
        "Every call that can wait is interrupted once (EINTR). A client was stopped in the middle "
        "of a put (k: %d times a, now b), another one came, and the first one went on.",
        WHOLE);
    suspect_if(saw_given_up(run, "semop"), "semop-eintr-eidrm-ignored");
    expect_answer(&first, was_put("k"), FINDING_WRONG_OUTPUT);
    struct text late = text_join(early, new_answer(&second));
    bool whole = text_equal(late, text_join(is_whole("k", 'a'), was_put("m"))) ||
                 text_equal(late, text_join(is_whole("k", 'b'), was_put("m")));
    expect_that(run, whole, FINDING_LOST_MESSAGE, "The other one was asked\n%sIt answered\n%s",
                shown(second.asked), shown(late));
    ask(&first, text_join(get("k"), get("m")));
    expect_answer(&first, text_join(is_whole("k", 'b'), is_whole("m", 'm')), FINDING_LOST_MESSAGE);
    suspect(NULL);
    scene(NULL);
    leave(&first);
    leave(&second);
    end_server(run, SIGTERM);
}

static bool is_told(struct text answer)
{
    return text_count(answer, text_of("EIDRM\n")) + text_count(answer, text_of("EINVAL\n")) == 1;
}

/* The signal comes while a client is in the middle of a put, and another one waits. */
static void end_midway(int signal)
{
    struct run *run = start_server(3, given_nothing());
    expect_still_idle(run);
    struct client first = join(run), second = join(run);
    ask_for(&first, fill("k", 'a'), was_put("k"));
    ask(&first, text_format("slowput k b %d %d\n", WHOLE, HALF));
    expect_answer(&first, text_of("stops in the middle\n"), FINDING_WRONG_OUTPUT);
    ask(&second, get("m"));
    struct text early = new_answer(&second);

    scene("The server got %s while a client was stopped in the middle of a put.",
          signal == SIGTERM ? "SIGTERM" : "SIGINT");
    send_signal(run, SERVER, signal);
    wait_until_idle(run);
    expect_that(run, !is_there(run, SERVER), FINDING_HANG,
                "It has not ended; nobody knows when that client will go on.");
    go_on(&first);
    if (WIFSIGNALED(record_of(run)->processes[SERVER - 1].wait_status)) {
        leave(&first);
        leave(&second);
        end_server(run, signal);
    }
    struct text late = text_join(early, new_answer(&second));
    expect_that(
        run, is_told(late) || (early.length > 0 && text_equal(late, is_gone("m"))),
        FINDING_UNCHECKED_ERROR,
        "The client went on. Another one had been asked\n%sIt should get EIDRM or EINVAL. It "
        "answered\n%s",
        shown(second.asked), shown(late));
    new_answer(&first);
    ask(&first, get("k"));
    struct text answer = new_answer(&first);
    expect_that(run, is_told(answer), FINDING_UNCHECKED_ERROR,
                "Later a client was asked\n%sIt should get EIDRM or EINVAL. It answered\n%s",
                shown(first.asked), shown(answer));
    scene(NULL);
    leave(&first);
    leave(&second);
    end_server(run, signal);
}

CHECK(ends_on_a_signal, 1,
      HINT("Who removes the objects, and when at the latest?")
      HINT("Does the server have to be alone at the table for that?")
      HINT("How does a client learn that the cache is no more?"))
{
    end_midway(SIGTERM);
    end_midway(SIGINT);
}

static void fail_server(struct given *fault)
{
    key = text_format("%#x", (unsigned)random_key()).bytes;
    struct run *run = start_program("cached", args(key, "3"), fault);
    add_bystander(run);
    wait_until_idle(run);
    if (is_there(run, SERVER))
        send_signal(run, SERVER, SIGTERM);
    close_peer_input(bystander);
    finish_run(run);
    expect_fault_told(run, NULL);
}

CHECK(failures_are_told, 1,
      HINT("Who else may have something with that key, and what do you do to it?")
      HINT("Which calls of the server can fail, and what has it made by then?")
      HINT("What does a client have when cache_open has failed?"))
{
    key_t taken = random_key();
    key = text_format("%#x", (unsigned)taken).bytes;
    struct given *segment =
        given_a_segment(.key = taken, .mode = 0600, .contents = random_bytes(100000));
    struct run *run = start_program("cached", args(key, "3"), segment);
    add_bystander(run);
    wait_until_idle(run);
    close_peer_input(bystander);
    suspect_if(is_there(run, SERVER), "ipc-creat-without-excl");
    expect_that(run, !is_there(run, SERVER), FINDING_UNCHECKED_ERROR,
                "There was a segment with this key already, and the server has taken it.");
    suspect(NULL);
    expect_error_told(run, strerror(EEXIST));

    EACH_FAULT(fault, FAULT_FAILS, "shmget shmat semget semctl semop")
    {
        fail_server(fault);
    }

    run = start_server(2, given_nothing());
    struct client client = join(run);
    const struct object *object = only_object(run, OBJECT_SEGMENT);
    int attached = object != NULL ? object->attached : -1;
    struct text cycle = text_format("cycle 20 %s\nopen 0x7ffffff1\n", key);
    struct client other = join_with(run, given_input_held_open(cycle));
    expect_answer(&other, text_of("cycle: ok\nopen: ENOENT\n"), FINDING_UNCHECKED_ERROR);
    object = only_object(run, OBJECT_SEGMENT);
    expect_that(run, object != NULL && object->attached == attached, FINDING_OBJECT_LEFT_BEHIND,
                "A client has opened the cache 20 times and closed it again, and there are %d "
                "attaches of the segment more than before.",
                object != NULL ? object->attached - attached : -1);
    leave(&other);
    leave(&client);
    end_server(run, SIGTERM);

    const char *const *const wrong[] = {no_args(),          args("77"),      args("77", "0"),
                                        args("77", "1001"), args("0", "3"),  args("77", "3", "3"),
                                        args("x", "3"),     args("77", "3y")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run = run_program("cached", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
}
