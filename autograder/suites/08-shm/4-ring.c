/*
 * 4-ring.c - the checks of 8.4: a bounded buffer, used by programs that were started apart.
 *
 * The first program of each run is the kit's own, and does nothing. As long as it is there,
 * somebody may still come and put or get something: whoever waits does not hang.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("A bounded buffer");

enum { LONGEST = 63, PAGE = 4096, MOST_COMMANDS = 32 };

struct ring {
    struct run *run;
    int slots;
    const char *key;
    struct peer *commands[MOST_COMMANDS];
    int n_commands;
    bool quiet; /* nothing has happened since settle() */
};

/* ---- Rings and commands --------------------------------------------------------------------- */

/* Until nobody moves. */
static void settle(struct ring *ring)
{
    if (!ring->quiet)
        wait_until_idle(ring->run);
    ring->quiet = true;
}

static void signal_to(struct ring *ring, struct peer *peer, int signal)
{
    kill_peer(peer, signal);
    ring->quiet = false;
}

static struct peer *start(struct ring *ring, const char *const *arguments, struct given *given)
{
    struct peer *peer = start_peer(ring->run, "ring", arguments, given);
    ring->commands[ring->n_commands++] = peer;
    ring->quiet = false;
    return peer;
}

static struct peer *start_put(struct ring *ring, struct text lines, struct given *given)
{
    return start(ring, args("put", ring->key), given(given_input(lines), given));
}

static struct peer *start_get(struct ring *ring, int count, struct given *given)
{
    return start(ring, args("get", ring->key, text_format("%d", count).bytes), given);
}

static bool is_there(struct ring *ring, struct peer *peer)
{
    return record_of(ring->run)->processes[number_of_peer(peer) - 1].ended_us < 0;
}

/* Nobody comes any more: who waits now waits for ever, and the run says for whom. */
static void leave_alone(struct ring *ring)
{
    for (int i = 0; i < ring->n_commands; i++)
        if (is_there(ring, ring->commands[i]))
            close_peer_input(ring->commands[i]);
    close_input(ring->run);
    finish_run(ring->run);
}

/* When all is quiet, it has done its work. */
static void expect_done(struct ring *ring, struct peer *peer, const char *what)
{
    settle(ring);
    if (is_there(ring, peer)) {
        leave_alone(ring);
        expect_that(ring->run, false, FINDING_HANG, "%s, and it does not end.", what);
    }
    suspect_if(text_count(stderr_of_peer(peer), text_of(strerror(EINTR))) > 0, "eintr-not-handled");
    expect_that(ring->run, stderr_of_peer(peer).length == 0, FINDING_UNCHECKED_ERROR,
                "%s. On standard error it said: %s", what, stderr_of_peer(peer).bytes);
    suspect(NULL);
    expect_peer_exit(peer, 0);
}

static struct ring new_ring(struct given *given)
{
    struct ring ring = {.key = text_format("%#x", (unsigned)random_key()).bytes};
    ring.run = start_program(probe("fifohand"), no_args(),
                             given(given_input_held_open(text_of("")), given));
    return ring;
}

/* An empty one for that many items. */
static struct ring make_ring(int slots, struct given *given)
{
    struct ring ring = new_ring(given);
    ring.slots = slots;
    struct peer *create =
        start(&ring, args("create", ring.key, text_format("%d", slots).bytes), given);
    expect_done(&ring, create, "`ring create` was to make a ring");
    const struct object *segment = only_object(ring.run, OBJECT_SEGMENT);
    expect_that(
        ring.run, segment != NULL, FINDING_MISSING_CALL,
        "`ring create %s %d` has ended, and there is no shared memory segment (or more than "
        "one) that it has made.",
        ring.key, slots);
    if (segment == NULL)
        return ring;
    expect_that(ring.run, segment->key == (int64_t)strtoul(ring.key, NULL, 0), FINDING_WRONG_OUTPUT,
                "The segment that `ring create %s %d` has made has the key %#lx.", ring.key, slots,
                (unsigned long)segment->key);
    suspect_if((segment->mode & 077) != 0, "ipc-666-everything");
    suspect_if((segment->mode & 0600) != 0600, "ipc-forgot-mode-bits");
    expect_that(ring.run, segment->mode == 0600, FINDING_PERMISSIONS,
                "The segment has the mode %04o; the task asks for 0600.", segment->mode);
    suspect(NULL);
    return ring;
}

/* Removes it; nothing is left then. */
static void end_ring(struct ring *ring)
{
    struct peer *removing = start(ring, args("remove", ring->key), given_nothing());
    expect_done(ring, removing, "`ring remove` was to remove the ring");
    close_input(ring->run);
    finish_run(ring->run);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static struct text random_line(int length)
{
    struct text line = text_of("");
    while (line.length < (size_t)length)
        line = text_join(line, text_of(random_word()));
    return text_join(text_slice(line, 0, (size_t)length), text_of("\n"));
}

/* "1\n2\n...": what a producer says when so many lines are in. */
static struct text count_to(int count)
{
    struct text text = text_of("");
    for (int i = 1; i <= count; i++)
        text = text_join(text, text_format("%d\n", i));
    return text;
}

static struct text word_line(void)
{
    return text_format("%s\n", random_word());
}

static int lines_in(struct text text)
{
    return (int)text_count(text, text_of("\n"));
}

/* As "one", "two". */
static const char *shown(struct text text)
{
    struct text words = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] != '\n')
            continue;
        words = text_join(
            words, text_format("%s\"%s\"", from > 0 ? ", " : "", text_slice(text, from, i).bytes));
        from = i + 1;
    }
    return text.length == 0 ? "nothing" : words.bytes;
}

/* The line that begins at that byte. */
static const char *line_at(struct text text, size_t from)
{
    size_t to = from;
    while (to < text.length && text.bytes[to] != '\n')
        to++;
    return from < text.length ? text_slice(text, from, to).bytes : "nothing more";
}

/* ---- Checks --------------------------------------------------------------------------------- */

CHECK(first_in_first_out, 2,
      HINT("Where does the next line go, and where does the next one come from?")
      HINT("What is in the segment, and what does each process know by itself?")
      HINT("A line may be empty, and it may have 63 bytes."))
{
    enum { ROUNDS = 4 };
    struct ring ring = make_ring(random_between(5, 9), given_watched_io());
    for (int round = 0; round < ROUNDS; round++) {
        struct text lines = text_join(random_line(LONGEST), random_line(0));
        int count = random_between(3, ring.slots - 1);
        for (int i = 2; i < count; i++)
            lines = text_join(lines, random_line(random_between(0, LONGEST)));

        struct peer *put = start_put(&ring, lines, given_nothing());
        expect_done(&ring, put, "`ring put` came with fewer lines than there is room for");
        struct peer *get = start_get(&ring, count, given_nothing());
        expect_done(&ring, get, "`ring get` was to get the lines that are in the ring");
        expect_peer_stdout(get, lines);
        expect_peer_stdout(put, count_to(count));
    }
    size_t sent = bytes_sent_between(ring.run);
    expect_that(
        ring.run, sent == 0, FINDING_FORBIDDEN_CALL,
        "The lines are to go through the shared memory. But %zu bytes went from one process "
        "to another by other ways (pipes, queues, files).",
        sent);
    end_ring(&ring);
}

CHECK(either_may_come_first, 1,
      HINT("Who waits for what? Draw it for an empty ring, then for a full one.")
      HINT("What do you hold while you wait? Who needs it to help you?")
      HINT("Which of the two do you take first, the lock or the item?"))
{
    struct ring ring = make_ring(random_between(2, 4), given_nothing());
    struct text line = word_line(), many = text_of("");
    for (int i = 0; i <= ring.slots; i++)
        many = text_join(many, word_line());

    struct peer *get = start_get(&ring, 1, given_nothing());
    settle(&ring);
    expect_that(ring.run, is_there(&ring, get), FINDING_WRONG_STATUS,
                "`ring get` came to an empty ring. It has ended, with %s on standard output and %s "
                "on standard error.",
                shown(stdout_of_peer(get)), shown(stderr_of_peer(get)));
    expect_still_idle(ring.run);
    struct peer *put = start_put(&ring, line, given_nothing());
    expect_done(&ring, get, "`ring get` came first, to an empty ring, and then a `ring put`");
    expect_done(&ring, put, "`ring get` came first, to an empty ring, and then a `ring put`");
    expect_peer_stdout(get, line);

    put = start_put(&ring, many, given_nothing());
    settle(&ring);
    get = start_get(&ring, ring.slots + 1, given_nothing());
    expect_done(&ring, get, "`ring put` has filled the ring and waits, and a `ring get` came");
    expect_done(&ring, put, "`ring put` has filled the ring and waits, and a `ring get` came");
    expect_peer_stdout(get, many);
    end_ring(&ring);
}

/* Of the lines of `ring put`, `taken` are out again, and nobody takes out more. */
static void expect_accepted(struct ring *ring, struct peer *put, int taken, const char *when)
{
    settle(ring);
    struct text said = stdout_of_peer(put);
    int accepted = lines_in(said), right = ring->slots + taken;
    suspect_if(accepted == right - 1, "ring-full-equals-empty");
    expect_that(ring->run, text_equal(said, count_to(right)), FINDING_WRONG_OUTPUT,
                "The ring was made for %d item%s. %s By then `ring put` should have said that line "
                "%d is in, and no more. Its last word was %s.",
                ring->slots, ring->slots == 1 ? "" : "s", when, right,
                accepted == 0 ? "nothing" : shown(text_format("%d\n", accepted)));
    suspect(NULL);
}

static void fill_and_drain(int slots)
{
    enum { MORE = 3 };
    struct ring ring = make_ring(slots, given_nothing());
    struct text lines = text_of("");
    for (int i = 0; i < slots + MORE; i++)
        lines = text_join(lines, word_line());

    struct peer *put = start_put(&ring, lines, given_nothing());
    expect_accepted(&ring, put, 0, "Nobody has taken anything out.");
    if (slots > 1) /* once is enough */
        expect_still_idle(ring.run);
    struct peer *get = start_get(&ring, 2, given_nothing());
    expect_done(&ring, get, "`ring get KEY 2` came to a full ring");
    expect_accepted(&ring, put, 2, "Two lines have been taken out.");
    struct peer *rest = start_get(&ring, slots + MORE - 2, given_nothing());
    expect_done(&ring, rest, "`ring get` was to take all that is left");
    expect_done(&ring, put, "`ring put` has got rid of all of its lines");
    expect_that(ring.run, text_equal(text_join(stdout_of_peer(get), stdout_of_peer(rest)), lines),
                FINDING_WRONG_OUTPUT, "The lines %s came out as %s.", shown(lines),
                shown(text_join(stdout_of_peer(get), stdout_of_peer(rest))));
    end_ring(&ring);
}

CHECK(takes_exactly_q, 2,
      HINT("The two positions are equal. Is the ring empty or full?")
      HINT("What counts the slots in which there is nothing? What is it at first?")
      HINT("When is a line in the ring, and when do you say so?"))
{
    fill_and_drain(1);
    fill_and_drain(random_between(2, 9));

    enum { IN_PIPE = PAGE / (LONGEST + 1), IN_HAND = 1, MORE = 5 };
    struct ring ring = make_ring(random_between(1, 4), given_nothing());
    int count = IN_PIPE + IN_HAND + ring.slots + MORE;
    struct text lines = text_of("");
    for (int i = 0; i < count; i++)
        lines = text_join(lines, random_line(LONGEST));
    struct peer *put = start_put(&ring, lines, given_nothing());
    settle(&ring);
    struct peer *get =
        start_get(&ring, count, given(given_unread_output(), given_capacity(1, PAGE)));
    expect_accepted(&ring, put, IN_PIPE + IN_HAND,
                    "A consumer has taken 65 lines out, and is held up by its standard output.");
    signal_to(&ring, get, SIGKILL);
    allow_death_by_signal(ring.run);
    struct peer *rest = start_get(&ring, ring.slots + MORE, given_nothing());
    expect_done(&ring, rest, "`ring get` came after one that was killed while it wrote");
    expect_done(&ring, put, "`ring put` has got rid of all of its lines");
    end_ring(&ring);
}

/* The two lines, in either order? */
static bool are_both(struct text got, struct text one, struct text two)
{
    return text_equal(got, text_join(one, two)) || text_equal(got, text_join(two, one));
}

static void expect_whole(struct ring *ring, struct peer *get, struct text line, struct text next,
                         int nth)
{
    struct text got = stdout_of_peer(get);
    bool whole = is_there(ring, get) || text_equal(got, line) || text_equal(got, next);
    suspect_if(!whole, "shm-needs-no-memory-order");
    expect_that(ring->run, whole, FINDING_LOST_MESSAGE,
                "A `ring put` was held when its call %d of semop had been done. At this moment a "
                "`ring get` got %s out of the ring, which nobody has put.",
                nth, shown(got));
    suspect(NULL);
}

/* A producer is held at its nth operation; a consumer comes, then another producer. Returns false
 * when it has no nth. The ring has room for two, and is empty before and after. */
static bool hold_producer(struct ring *ring, int nth)
{
    struct text line = word_line(), next = word_line();
    struct peer *put = start_put(ring, line, given_held_after("semop", nth));
    bool held = wait_until_held(ring->run);
    struct peer *get = start_get(ring, 1, given_nothing());
    settle(ring);
    expect_whole(ring, get, line, line, nth);
    struct peer *other = start_put(ring, next, given_nothing());
    settle(ring);
    expect_whole(ring, get, line, next, nth);
    release(ring->run);
    struct peer *rest = start_get(ring, 1, given_nothing());
    expect_done(ring, put, "A `ring put` was held for a moment, and goes on");
    expect_done(ring, other, "A `ring put` came while another one was held for a moment");
    expect_done(ring, get, "A `ring get` came while a `ring put` was held for a moment");
    expect_done(ring, rest, "A `ring get` came after a `ring put` that was held for a moment");
    struct text got = text_join(stdout_of_peer(get), stdout_of_peer(rest));
    bool right = are_both(got, line, next);
    suspect_if(held && !right, "shm-needs-no-memory-order");
    expect_that(
        ring->run, right, FINDING_LOST_MESSAGE,
        "The line %s was put into the ring, and this `ring put` was held when its call %d of "
        "semop had been done. Another one put %s. When all went on, what came out was %s.",
        shown(line), nth, shown(next), shown(got));
    suspect(NULL);
    return held;
}

/* A consumer is held at its nth operation, at a full ring; another one comes, then producers. */
static bool hold_consumer(struct ring *ring, int nth)
{
    struct text one = word_line(), two = word_line(), more = text_join(word_line(), word_line());
    struct peer *fill = start_put(ring, text_join(one, two), given_nothing());
    expect_done(ring, fill, "`ring put` came with two lines to an empty ring for two");
    struct peer *get = start_get(ring, 1, given_held_after("semop", nth));
    bool held = wait_until_held(ring->run);
    struct peer *other = start_get(ring, 1, given_nothing());
    settle(ring);
    struct peer *put = start_put(ring, more, given_nothing());
    settle(ring);
    release(ring->run);
    struct peer *rest = start_get(ring, 2, given_nothing());
    expect_done(ring, get, "A `ring get` was held for a moment, and goes on");
    expect_done(ring, other, "A `ring get` came while another one was held for a moment");
    expect_done(ring, put, "A `ring put` came while a `ring get` was held for a moment");
    expect_done(ring, rest, "`ring get` was to get the rest");
    struct text got = text_join(stdout_of_peer(get), stdout_of_peer(other));
    bool right = are_both(got, one, two);
    suspect_if(held && !right, "shm-needs-no-memory-order");
    expect_that(ring->run, right, FINDING_LOST_MESSAGE,
                "In a ring for two there were the lines %s and %s. A `ring get` was held when its "
                "call %d of semop had been done; another one came, then a `ring put` with two more "
                "lines. When all went on, the two consumers had %s.",
                shown(one), shown(two), nth, shown(got));
    suspect(NULL);
    expect_peer_stdout(rest, more);
    return held;
}

CHECK(nobody_sees_half_an_item, 1,
      HINT("By what do the others learn that there is an item? When do you tell them?")
      HINT("By what do the others learn that a slot is free? What may still be in it?")
      HINT("Stop your program in thought after each line: what would another one see?"))
{
    enum { MOST = 6 }; /* operations in a put or a get */
    struct ring ring = make_ring(2, given_nothing());
    for (int nth = 1; nth <= MOST && hold_producer(&ring, nth); nth++)
        ring.n_commands = 0;
    ring.n_commands = 0;
    for (int nth = 1; nth <= MOST && hold_consumer(&ring, nth); nth++)
        ring.n_commands = 0;
    end_ring(&ring);
}

/* If it has ended, then without a complaint. */
static void expect_unhurt(struct ring *ring, struct peer *peer)
{
    suspect_if(text_count(stderr_of_peer(peer), text_of(strerror(EINTR))) > 0, "eintr-not-handled");
    expect_that(ring->run, stderr_of_peer(peer).length == 0, FINDING_UNCHECKED_ERROR,
                "The first one said on standard error: %s", stderr_of_peer(peer).bytes);
    suspect(NULL);
}

/* Both have gone on, and only one of them could. */
static void suspect_both(struct ring *ring, struct peer *first, struct peer *second)
{
    bool both = !is_there(ring, first) && !is_there(ring, second);
    bool interrupted = saw_failure(ring->run, "semop", EINTR); /* by the stop: signal(7) */
    suspect_if(both, interrupted ? "eintr-not-handled" : "cond-wait-if-not-while");
}

static void expect_once(struct ring *ring, struct text got, struct text one, struct text two)
{
    expect_that(ring->run, are_both(got, one, two), FINDING_LOST_MESSAGE,
                "The lines %s and %s were put into the ring, each once; what came out is %s.",
                shown(one), shown(two), shown(got));
}

CHECK(woken_is_not_enough, 1,
      HINT("You wait until there is an item, and are woken. What has happened since?")
      HINT("Somebody else came by between your waking up and your taking it. What is in the ring?")
      HINT("What does the wait promise when it returns, and what doesn't it?"))
{
    struct ring ring = make_ring(1, given_nothing());
    struct text one = word_line(), two = word_line();

    scene("A first `ring get` waits for an item, and is stopped by SIGSTOP. A line is put into the "
          "ring, a second `ring get` comes, and the first one goes on.");
    struct peer *first = start_get(&ring, 1, given_nothing());
    settle(&ring);
    signal_to(&ring, first, SIGSTOP);
    settle(&ring);
    struct peer *put = start_put(&ring, one, given_nothing());
    settle(&ring);
    struct peer *second = start_get(&ring, 1, given_nothing());
    settle(&ring);
    signal_to(&ring, first, SIGCONT);
    settle(&ring);
    expect_unhurt(&ring, first);
    suspect_both(&ring, first, second);
    expect_that(ring.run, is_there(&ring, first) || is_there(&ring, second), FINDING_LOST_MESSAGE,
                "Only %s has been put, and both have got something: the first one %s, the second "
                "one %s.",
                shown(one), shown(stdout_of_peer(first)), shown(stdout_of_peer(second)));
    suspect(NULL);
    struct peer *again = start_put(&ring, two, given_nothing());
    expect_done(&ring, again, "Another line was put");
    expect_done(&ring, put, "Another line was put");
    expect_done(&ring, first, "Another line was put");
    expect_done(&ring, second, "Another line was put");
    expect_once(&ring, text_join(stdout_of_peer(first), stdout_of_peer(second)), one, two);

    scene("The ring is full. A first `ring put` waits for room, and is stopped by SIGSTOP. A line "
          "is taken out, a second `ring put` comes, and the first one goes on.");
    struct peer *filling = start_put(&ring, word_line(), given_nothing());
    expect_done(&ring, filling, "A `ring put` was to fill it");
    first = start_put(&ring, one, given_nothing());
    settle(&ring);
    signal_to(&ring, first, SIGSTOP);
    settle(&ring);
    struct peer *get = start_get(&ring, 1, given_nothing());
    settle(&ring);
    second = start_put(&ring, two, given_nothing());
    settle(&ring);
    signal_to(&ring, first, SIGCONT);
    settle(&ring);
    expect_unhurt(&ring, first);
    suspect_both(&ring, first, second);
    expect_that(ring.run, is_there(&ring, first) || is_there(&ring, second), FINDING_LOST_MESSAGE,
                "There is room for one line, and both say that theirs is in.");
    suspect(NULL);
    expect_done(&ring, get, "A `ring get` came to a full ring");
    struct peer *rest = start_get(&ring, 2, given_nothing());
    expect_done(&ring, rest, "A `ring get` was to take both lines");
    expect_done(&ring, first, "A `ring get` has taken both lines");
    expect_done(&ring, second, "A `ring get` has taken both lines");
    expect_once(&ring, stdout_of_peer(rest), one, two);
    scene(NULL);
    end_ring(&ring);
}

enum { PRODUCERS = 3, CONSUMERS = 3, EACH = 12 };

/* What a consumer has got of one producer, in the order in which it got it. */
static struct text lines_of(struct text got, int producer)
{
    struct text own = text_of("");
    size_t from = 0;
    for (size_t i = 0; i < got.length; i++) {
        if (got.bytes[i] != '\n')
            continue;
        if (got.bytes[from] == (char)('A' + producer))
            own = text_join(own, text_slice(got, from, i + 1));
        from = i + 1;
    }
    return own;
}

CHECK(many_at_once, 2,
      HINT("Two producers look for the next slot at the same time. What do they find?")
      HINT("What does each process remember by itself that the others change?")
      HINT("Which lines of your program must only one process at a time be in?"))
{
    struct ring ring = make_ring(random_between(3, 5), given_nothing());
    struct text put = text_of(""), got = text_of(""), rest[PRODUCERS];
    struct peer *producers[PRODUCERS], *consumers[CONSUMERS];

    for (int i = 0; i < CONSUMERS; i++)
        consumers[i] = start_get(&ring, PRODUCERS * EACH / CONSUMERS, given_nothing());
    for (int i = 0; i < PRODUCERS; i++) { /* one line each first, so that they know each other */
        struct text first = text_format("%c 00 %s\n", 'A' + i, random_word());
        rest[i] = text_of("");
        for (int k = 1; k < EACH; k++)
            rest[i] = text_join(rest[i], text_format("%c %02d %s\n", 'A' + i, k, random_word()));
        put = text_join(put, text_join(first, rest[i]));
        producers[i] = start(&ring, args("put", ring.key), given_input_held_open(first));
        settle(&ring);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        send_to_peer(producers[i], rest[i]);
        close_peer_input(producers[i]);
    }
    ring.quiet = false;
    settle(&ring);
    for (int i = 0; i < CONSUMERS; i++)
        got = text_join(got, stdout_of_peer(consumers[i]));
    struct text all = text_sorted(got), right = text_sorted(put);
    size_t from = 0, same = 0;
    for (; same < all.length && same < right.length && all.bytes[same] == right.bytes[same]; same++)
        if (all.bytes[same] == '\n')
            from = same + 1;
    expect_that(ring.run, text_equal(all, right), FINDING_LOST_MESSAGE,
                "%d producers had %d lines each, and %d consumers were to take them all, from a "
                "ring for %d. %d lines came out. The first that is not as it should be, in "
                "alphabetical order: \"%s\" went in, \"%s\" came out.",
                PRODUCERS, EACH, CONSUMERS, ring.slots, lines_in(got), line_at(right, from),
                line_at(all, from));
    for (int i = 0; i < CONSUMERS; i++)
        for (int k = 0; k < PRODUCERS; k++) {
            struct text own = lines_of(stdout_of_peer(consumers[i]), k);
            expect_that(ring.run, text_equal(own, text_sorted(own)), FINDING_WRONG_OUTPUT,
                        "A consumer has got lines of one producer in another order than they were "
                        "put in:\n%s",
                        own.bytes);
        }
    for (int i = 0; i < PRODUCERS; i++)
        expect_done(&ring, producers[i], "Everything has been taken out");
    for (int i = 0; i < CONSUMERS; i++)
        expect_done(&ring, consumers[i], "Everything has been put in");
    end_ring(&ring);
}

CHECK(nothing_races, 1,
      HINT("The output is right. Which bytes of the segment do two processes use, and what keeps "
           "them apart?")
      HINT("Go through put and get word by word: the positions, too, are in the segment.")
      HINT("Between which two operations does your program look at a position or a slot, and who "
           "else may be there at that time?"))
{
    enum { EACH_ONE = 3 };
    struct ring ring = make_ring(4, given_race_build());
    struct peer *producers[2], *consumers[2];

    /* All are there before the first line comes: nothing but the ring orders what they do. */
    for (int i = 0; i < 2; i++) {
        consumers[i] = start_get(&ring, EACH_ONE, given_race_build());
        producers[i] = start_put(&ring, text_of(""),
                                 given(given_input_held_open(text_of("")), given_race_build()));
    }
    settle(&ring);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < EACH_ONE; k++)
            send_to_peer(producers[i], word_line());
    ring.quiet = false;
    settle(&ring);
    for (int i = 0; i < 2; i++)
        close_peer_input(producers[i]);
    ring.quiet = false;
    for (int i = 0; i < 2; i++) {
        expect_done(&ring, producers[i], "Two consumers have taken out what two producers put in");
        expect_done(&ring, consumers[i], "Two consumers have taken out what two producers put in");
    }
    end_ring(&ring);
}

CHECK(interruptions_and_short_io, 1,
      HINT("For what reasons may semop return -1? Is each of them the end?")
      HINT("What does write say that it has done?")
      HINT("How do you know that a line is complete?"))
{
    enum { LINES = 6 };
    struct text lines = text_of("");
    for (int i = 0; i < LINES; i++)
        lines = text_join(lines, random_line(random_between(2, LONGEST)));
    struct ring ring =
        make_ring(random_between(1, 2),
                  given(given_interruptions(), given_short_reads(), given_short_writes()));

    struct peer *get = start_get(&ring, LINES, given_nothing());
    settle(&ring);
    struct peer *put = start_put(&ring, lines, given_nothing());
    scene("Every call that can wait is interrupted once (EINTR), reads and writes are cut short.");
    settle(&ring);
    suspect_if(saw_given_up(ring.run, "semop"), "eintr-not-handled");
    expect_done(&ring, put, "`ring put` had some lines for a `ring get`");
    expect_done(&ring, get, "`ring get` was to get the lines of a `ring put`");
    expect_peer_stdout(get, lines);
    expect_peer_stdout(put, count_to(LINES));
    end_ring(&ring);
    scene(NULL);

    struct text some = text_join(random_line(20), random_line(30));
    EACH_FAULT(fault, FAULT_INTERRUPTS | FAULT_SHORT, "read write semop")
    {
        ring = make_ring(1, fault);
        get = start_get(&ring, 2, given_nothing());
        settle(&ring);
        put = start_put(&ring, some, given_nothing());
        settle(&ring);
        expect_done(&ring, put, "`ring put` had two lines for a `ring get`");
        expect_done(&ring, get, "`ring get` was to get the lines of a `ring put`");
        expect_peer_stdout(get, some);
        expect_peer_stdout(put, count_to(2));
        end_ring(&ring);
    }
}

/* Status 1 and a reason; NULL: any. */
static void expect_failed(struct ring *ring, struct peer *peer, const char *reason)
{
    settle(ring);
    struct text said = stderr_of_peer(peer);
    suspect_if(said.length == 0, "ignore-return-values");
    expect_that(ring->run, !is_there(ring, peer) && said.length > 0, FINDING_UNCHECKED_ERROR,
                "A call failed without which `ring` cannot do its work. On standard error it said "
                "%s, and it %s.",
                shown(said), is_there(ring, peer) ? "has not ended" : "has ended");
    suspect(NULL);
    expect_peer_exit(peer, 1);
    expect_that(ring->run, reason == NULL || text_count(said, text_of(reason)) > 0,
                FINDING_UNCHECKED_ERROR,
                "The message on standard error should say \"%s\". It is %s.", reason, shown(said));
}

static void expect_usage(const char *const *arguments)
{
    struct run *run = run_program("ring", arguments, given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
}

/* A call of `create` fails; then nothing must be left. */
static void fail_create(struct given *fault)
{
    static const enum object_kind kinds[] = {OBJECT_SEGMENT, OBJECT_SEMAPHORES};
    struct ring ring = new_ring(fault);
    struct peer *create = start(&ring, args("create", ring.key, "3"), given_nothing());
    settle(&ring);
    bool failed = saw_fault(ring.run);
    if (failed)
        expect_failed(&ring, create, strerror(error_of_fault(ring.run)));
    else
        expect_peer_exit(create, 0);
    key_t key = (key_t)strtoul(ring.key, NULL, 0);
    int left = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int id = find_id(ring.run, kinds[i], key);
        left += id != -1;
        if (id != -1 && !failed) /* it is as it should be: we tidy up */
            remove_object(ring.run, kinds[i], id);
    }
    expect_that(ring.run, !failed || left == 0, FINDING_OBJECT_LEFT_BEHIND,
                "It has failed, and %d object%s left that it had made.", left,
                left == 1 ? " is" : "s are");
    expect_that(ring.run, failed || left > 0, FINDING_MISSING_CALL,
                "`ring create` has ended, and nothing has that key.");
    close_input(ring.run);
    finish_run(ring.run);
}

CHECK(failures_are_told, 1,
      HINT("Which of your calls can fail? What has been made by then?")
      HINT("Who else may have something with that key?")
      HINT("What is a number, and which numbers are allowed?"))
{
    struct ring ring = new_ring(given_nothing());
    const char *const commands[][4] = {
        {"put",    ring.key, NULL, NULL},
        {"get",    ring.key, "1",  NULL},
        {"remove", ring.key, NULL, NULL}
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        expect_failed(&ring, start(&ring, commands[i], given_nothing()), strerror(ENOENT));
    close_input(ring.run);
    finish_run(ring.run);

    ring = make_ring(3, given_nothing());
    struct text line = word_line();
    expect_done(&ring, start_put(&ring, line, given_nothing()), "A line was put");
    struct peer *second = start(&ring, args("create", ring.key, "2"), given_nothing());
    settle(&ring);
    bool joined = !is_there(&ring, second) && stderr_of_peer(second).length == 0;
    suspect_if(joined, "ipc-creat-without-excl");
    expect_that(ring.run, !joined, FINDING_UNCHECKED_ERROR,
                "There was a ring with this key already, and there was a line in it. `ring create` "
                "with the same key did not complain.");
    suspect(NULL);
    expect_failed(&ring, second, strerror(EEXIST));
    struct peer *get = start_get(&ring, 1, given_nothing());
    expect_done(&ring, get, "`ring create` was called again with the same key, and failed");
    expect_peer_stdout(get, line);
    end_ring(&ring);

    EACH_FAULT(fault, FAULT_FAILS, "shmget shmat semget semctl semop")
    {
        fail_create(fault);
    }

    const char *const *const wrong[] = {
        no_args(),         args("create", "77"),         args("create", "77", "0"),
        args("put"),       args("create", "77", "1001"), args("get", "77", "0"),
        args("get", "77"), args("get", "77", "2x"),      args("make", "77", "2"),
        args("put", "0"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_usage(wrong[i]);
}
