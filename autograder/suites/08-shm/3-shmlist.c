/*
 * 3-shmlist.c - the checks of 8.3: a module, shmlist.c, driven by the kit's lists, an order at a
 * time (see drivers/08-shm/3-shmlist/lists.c).
 */
#define _GNU_SOURCE /* sigabbrev_np(3), strerrorname_np(3) */
#include "../exercise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

EXERCISE("A list that lies in two places at once");

enum { HEAD = 64, ITEM = 64 };

/* What `lists` is told, and what it is to write. */
static struct text orders, wanted;

static void tell(struct text order, struct text answer)
{
    orders = text_join(orders, text_join(order, text_of("\n")));
    wanted = text_join(wanted, answer);
}

#define SAY(...) tell(text_format(__VA_ARGS__), text_of(""))
#define ANSWER(...) wanted = text_join(wanted, text_format(__VA_ARGS__))

static bool has(struct text text, const char *part)
{
    return text_count(text, text_of(part)) > 0;
}

/* Large, so that none looks like half of an address. */
static int random_number(void)
{
    return random_between(0x10000000, 0x60000000);
}

/* Each line with two blanks before it; of a long text the end. */
static const char *shown(struct text lines)
{
    enum { MOST = 1200 };
    struct text text = text_of("");
    size_t from = lines.length > MOST ? lines.length - MOST : 0;
    if (lines.length == 0)
        return "  nothing\n";
    for (size_t i = from; i < lines.length; i++) {
        if (lines.bytes[i] != '\n' && i + 1 < lines.length)
            continue;
        text = text_join(text, text_join(text_of("  "), text_slice(lines, from, i + 1)));
        from = i + 1;
    }
    return text.bytes;
}

/* The signal that killed process number n; 0: none. */
static int death_of(struct run *run, int number)
{
    const struct process *process = &record_of(run)->processes[number - 1];
    bool killed = process->ended_us >= 0 && WIFSIGNALED(process->wait_status);
    return killed ? WTERMSIG(process->wait_status) : 0;
}

/* "killed by SIGSEGV at shmlist.c:52 in item_at": the end of process number n, and so of the run.
 */
static const char *death_told(struct run *run, int number)
{
    const struct call *call = NULL;
    const struct object *segment = only_object(run, OBJECT_SEGMENT);
    if (segment != NULL && death_of(run, 1) == 0) /* the check's next orders will not come */
        remove_object(run, OBJECT_SEGMENT, segment->id);
    close_input(run);
    finish_run(run);
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++)
        if (strcmp(record->calls[i].name, "signal") == 0 && record->calls[i].process == number - 1)
            call = &record->calls[i];
    look_at(call);
    const char *where = call == NULL || call->place.file == NULL
                            ? ""
                            : text_format(" at %s:%d in %s", call->place.file, call->place.line,
                                          call->place.function != NULL ? call->place.function : "?")
                                  .bytes;
    return text_format("killed by SIG%s%s", sigabbrev_np(death_of(run, number)), where).bytes;
}

static struct run *perform(struct given *given)
{
    return run_program("lists", no_args(), given(given_input(orders), given));
}

/* The line of a text that begins at that byte. */
static const char *line_at(struct text text, size_t from)
{
    size_t to = from;
    while (to < text.length && text.bytes[to] != '\n')
        to++;
    return from < text.length ? text_slice(text, from, to).bytes : "(nothing more)";
}

/* Where the first line begins in which they differ. */
static size_t first_difference(struct text a, struct text b)
{
    size_t line = 0;
    for (size_t i = 0; i < a.length && i < b.length && a.bytes[i] == b.bytes[i]; i++)
        if (a.bytes[i] == '\n')
            line = i + 1;
    return line;
}

static void expect_log(struct run *run, enum finding_kind kind)
{
    struct text log = stdout_of(run);
    size_t at = first_difference(log, wanted);
    expect_that(run, text_equal(log, wanted), kind,
                "In the log of `lists` there is a line\n  %s\nthat should be\n  %s\nIts orders "
                "were\n%s",
                line_at(log, at), line_at(wanted, at), shown(orders));
    expect_exit(run, 0);
}

static void begin(void)
{
    orders = wanted = text_of("");
}

/* ---- Checks --------------------------------------------------------------------------------- */

CHECK(items_come_and_go, 2,
      HINT("Where is the newest item, and which one does find mean if there are several?")
      HINT("What has to change when the foremost item goes? And when the last one goes?")
      HINT("A text may be empty, and it may be as long as its room. Where is its NUL then?"))
{
    key_t key = random_key();
    int one = random_number(), two = one + 1, three = one + 2;
    const char *word = random_word();
    const char *longest =
        text_format("%s%s%s%s%s", random_word(), random_word(), word, random_word(), word).bytes;
    begin();

    tell(text_format("init A %#x 4096", (unsigned)key), text_of("A init: ok\n"));
    tell(text_of("walk A"), text_of("A walk: nothing\n"));
    tell(text_format("find A %d", one), text_format("A find %d: ENOENT\n", one));
    SAY("push A %d %s", one, word);
    SAY("push A %d ", two);
    SAY("push A %d %.39s", three, longest);
    SAY("push A %d again %s", one, word);
    tell(text_format("push A %d %.40s", two, longest), text_format("A push %d: EINVAL\n", two));
    tell(text_of("walk A"), text_format("A walk: %d again %s, %d %.39s, %d , %d %s\n", one, word,
                                        three, longest, two, one, word));
    tell(text_format("find A %d", three), text_format("A find %d: %.39s\n", three, longest));
    tell(text_format("find A %d", one), text_format("A find %d: again %s\n", one, word));
    SAY("remove A %d", one);
    tell(text_format("find A %d", one), text_format("A find %d: %s\n", one, word));
    SAY("remove A %d", one);
    tell(text_format("remove A %d", one), text_format("A remove %d: ENOENT\n", one));
    SAY("remove A %d", three);
    tell(text_of("walk A"), text_format("A walk: %d \n", two));
    SAY("remove A %d", two);
    SAY("push A %d %s", three, word);
    tell(text_of("walk A"), text_format("A walk: %d %s\n", three, word));
    tell(text_of("detach A"), text_of("A detach: ok\n"));
    SAY("drop %#x", (unsigned)key);

    expect_log(perform(given_nothing()), FINDING_WRONG_OUTPUT);
}

/* The number behind the letter in "A is at 0x7f...". */
static unsigned long address_in(struct text log)
{
    unsigned long address = 0;
    const char *at = strstr(log.bytes, " is at ");
    if (at != NULL)
        sscanf(at, " is at %lx", &address);
    return address;
}

/* One of the processes has died, or has found another list than there is: say so. */
static void expect_same_list(struct run *run, int number, struct text log, struct text right,
                             const char *what)
{
    int death = death_of(run, number);
    struct text first = stdout_of(run);
    const char *at = strstr(first.bytes, "scan: byte ");
    int byte = -1;
    if (at != NULL)
        sscanf(at, "scan: byte %d", &byte);

    allow_death_by_signal(run);
    suspect_if(byte >= 0, "shm-absolute-pointers");
    const char *found = byte < 0
                            ? ""
                            : text_format("The word at byte %d of the segment was an address of "
                                          "the process that made the list. ",
                                          byte)
                                  .bytes;
    expect_that(run, death == 0, FINDING_KILLED_BY_SIGNAL, "%s It was %s. %sIts log ends with\n%s",
                what, death != 0 ? death_told(run, number) : "", found, shown(log));
    expect_that(run, text_equal(log, right), FINDING_WRONG_OUTPUT,
                "%s %sIts log is\n%sand should be\n%s", what, found, shown(log), shown(right));
    look_at(NULL);
    suspect(NULL);
}

CHECK(no_address_is_shared, 3,
      HINT("Each attach has an address of its own. What is the same in all of them?")
      HINT("What do you write into the segment, and who can make sense of it?")
      HINT("The first attach has gone. What leads from one item to the next now?"))
{
    key_t key = random_key();
    int one = random_number(), two = one + 1, three = one + 2, four = one + 3;
    const char *a = random_word(), *b = random_word(), *c = random_word();
    struct run *run = start_program(
        "lists", no_args(),
        given_input_held_open(text_format("init A %#x 4096\npush A %d %s\npush A %d %s\npush A %d "
                                          "%s\nscan A\nwhere A\n",
                                          (unsigned)key, one, a, two, b, three, c)));
    wait_until_idle(run);
    unsigned long first = address_in(stdout_of(run));
    expect_that(run, first != 0, FINDING_WRONG_OUTPUT,
                "A list was to be made in a new segment, and three items pushed. The log of "
                "`lists` is\n%s",
                shown(stdout_of(run)));

    struct peer *other =
        start_peer(run, "lists", no_args(),
                   given_input(text_format(
                       "avoid %#lx 0x10000\nattach B %#x\nwhere B\nwalk B\nfind B %d\npush "
                       "B %d new\nremove B %d\nwalk B\ndetach B\n",
                       first, (unsigned)key, one, four, two)));
    wait_until_peer_ended(other);
    wait_until_idle(run); /* and all that it has said has come */
    struct text log = stdout_of_peer(other);
    unsigned long second = address_in(log);
    expect_same_list(
        run, number_of_peer(other), log,
        text_format("B attach: ok\nB is at %#lx, 4096 bytes\nB walk: %d %s, %d %s, %d "
                    "%s\nB find %d: %s\nB walk: %d new, %d %s, %d %s\nB detach: ok\n",
                    second, three, c, two, b, one, a, one, a, four, three, c, one, a),
        text_format("The segment was at %#lx in the process that made the list, and at "
                    "%#lx in a second one, which was to walk through it.",
                    first, second)
            .bytes);

    struct text before = stdout_of(run);
    send_input(run, text_format(
                        "walk A\nattach C %#x\npush C %d last\ndetach A\nwalk C\nfind C %d\ndetach "
                        "C\ndrop %#x\n",
                        (unsigned)key, two, four, (unsigned)key));
    close_input(run);
    wait_until_ended(run);
    log = text_slice(stdout_of(run), before.length, stdout_of(run).length);
    expect_same_list(
        run, 1, log,
        text_format("A walk: %d new, %d %s, %d %s\nC attach: ok\nA detach: ok\nC walk: "
                    "%d last, %d new, %d %s, %d %s\nC find %d: new\nC detach: ok\n",
                    four, three, c, one, a, two, four, three, c, one, a, four),
        "The process that made the list went on with it after a second one had changed "
        "it; then it attached the segment once more (C), and detached its first "
        "attach (A).");
    expect_exit(run, 0);
}

/* Fills a list in a segment of that size; how long is it for who attaches, what is behind it? */
static void try_size(key_t key, int size)
{
    int items = -1, beyond = -1, attached = -1;
    begin();
    SAY("init A %#x %d\nfill A %d\nattach B %#x\nwhere B\ncount B\nbeyond B", (unsigned)key, size,
        random_number(), (unsigned)key);
    SAY("detach A\ndetach B\ndrop %#x", (unsigned)key);

    struct run *run = perform(given_nothing());
    const char *log = stdout_of(run).bytes, *at;
    if ((at = strstr(log, "A fill: ")) != NULL)
        sscanf(at, "A fill: %d", &items);
    if ((at = strstr(log, "B is at ")) != NULL)
        sscanf(at, "B is at %*x, %d", &attached);
    if ((at = strstr(log, "B beyond: ")) != NULL)
        sscanf(at, "B beyond: %d", &beyond);
    suspect_if(saw_failure(run, "shmget", EINVAL) || attached > size || beyond > 0,
               "shm-size-mismatch");
    scene("A list was made in a segment of %d bytes.", size);
    expect_that(run, items >= 0, FINDING_WRONG_OUTPUT, "The log of `lists` is\n%s",
                shown(stdout_of(run)));
    expect_that(run, attached == size, FINDING_WRONG_OUTPUT,
                "It should be possible to attach it without knowing that, and to find it out; but "
                "the log of `lists` is\n%s",
                shown(stdout_of(run)));
    expect_that(run, beyond == 0, FINDING_WRONG_OUTPUT,
                "It took %d items, and then %d bytes behind the end of the segment had changed.",
                items, beyond);
    expect_that(run, items >= (size - HEAD) / ITEM, FINDING_WRONG_OUTPUT,
                "It should have room for at least %d items, and took %d.", (size - HEAD) / ITEM,
                items);
    scene(NULL);
    suspect(NULL);
    expect_exit(run, 0);
}

CHECK(any_size_will_do, 2,
      HINT("The segment may be longer or shorter than you think. Whom can you ask?")
      HINT("How many items fit? Count with the bytes that were asked for, not with pages.")
      HINT("What do you do in attach, and what in init, with the size?"))
{
    key_t key = random_key();
    const int sizes[] = {HEAD, HEAD + ITEM, random_between(HEAD + 1, 1000),
                         random_between(4097, 20000), 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        try_size(key, sizes[i]);

    begin();
    for (int size = 0; size < HEAD; size += size == 0 ? 1 : HEAD - 2) {
        tell(text_format("init A %#x %d", (unsigned)key, size), text_of("A init: EINVAL\n"));
        tell(text_format("attach A %#x", (unsigned)key), text_of("A attach: ENOENT\n"));
    }
    struct run *run = perform(given_nothing());
    suspect_if(has(stdout_of(run), "A init: ok"), "shm-size-mismatch");
    expect_log(run, FINDING_UNCHECKED_ERROR);
    suspect(NULL);
}

CHECK(strangers_are_refused, 1,
      HINT("Anybody may have made a segment with that key. How do you know your own?")
      HINT("What does the list say of its size, and what does the kernel say?")
      HINT("How much of a segment may you read before you know how long it is?"))
{
    const unsigned sizes[] = {1, 16, 200, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        key_t key = random_key();
        struct given *stranger =
            random_below(2)
                ? given_a_segment(.key = key, .mode = 0600, .size = sizes[i])
                : given_a_segment(.key = key, .mode = 0600, .contents = random_bytes(sizes[i]));
        begin();
        tell(text_format("attach A %#x", (unsigned)key), text_of("A attach: EINVAL\n"));
        scene("In the segment there were %u bytes, which were no list.", sizes[i]);
        struct run *run = perform(stranger);
        expect_log(run, FINDING_UNCHECKED_ERROR);
        expect_that(run, count_calls(run, "shmat") == count_calls(run, "shmdt"),
                    FINDING_OBJECT_LEFT_BEHIND,
                    "It was refused, and it is still attached: shmlist_attach() has failed, and "
                    "nothing should be left of it.");
    }

    const int of[][2] = {
        {12288, 4096              },
        {1000,  random_between(500, 998)},
        {500,     900                    }
    };
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        key_t key = random_key(), cut = random_key();
        begin();
        SAY("init A %#x %d\nfill A %d", (unsigned)key, of[i][0], random_number());
        SAY("copy %#x %#x %d\nattach B %#x", (unsigned)key, (unsigned)cut, of[i][1], (unsigned)cut);
        SAY("count B\ndetach A\ndrop %#x\ndrop %#x", (unsigned)key, (unsigned)cut);
        scene(
            "A list was made in a segment of %d bytes and copied, with them, into one of %d. That "
            "one should be refused with EINVAL.",
            of[i][0], of[i][1]);
        struct run *run = perform(given_nothing());
        bool refused = has(stdout_of(run), "B attach: EINVAL\n");
        suspect_if(!refused, "shm-size-mismatch");
        if (!refused)
            allow_death_by_signal(run);
        expect_that(run, refused, FINDING_UNCHECKED_ERROR, "The log of `lists` is\n%s",
                    shown(stdout_of(run)));
        suspect(NULL);
        expect_exit(run, 0);
    }
    scene(NULL);
}

CHECK(full_is_told, 1,
      HINT("Where does the room for a new item come from, and when is there none?")
      HINT("What becomes of the room of an item that was removed?")
      HINT("A push that has failed has changed nothing."))
{
    key_t key = random_key();
    int size = random_between(300, 3000), number = 0x20000000, items = 0;
    begin();
    SAY("init A %#x %d\nfill A %d", (unsigned)key, size, number);
    SAY("detach A\ndrop %#x", (unsigned)key);
    struct run *run = perform(given_nothing());
    const char *at = strstr(stdout_of(run).bytes, "A fill: ");
    if (at != NULL)
        sscanf(at, "A fill: %d", &items);
    expect_that(run, has(stdout_of(run), "items, ENOSPC\n") && items > 1, FINDING_UNCHECKED_ERROR,
                "Items were pushed into a list of %d bytes until that failed, which should be with "
                "ENOSPC. The log of `lists` is\n%s",
                size, shown(stdout_of(run)));

    begin();
    tell(text_format("init A %#x %d", (unsigned)key, size), text_of("A init: ok\n"));
    tell(text_format("fill A %d", number), text_format("A fill: %d items, ENOSPC\n", items));
    tell(text_format("push A %d more", number - 1), text_format("A push %d: ENOSPC\n", number - 1));
    tell(text_of("count A"), text_format("A count: %d\n", items));
    for (int round = 1; round <= 3; round++) {
        int some = random_between(1, items);
        for (int i = 0; i < some; i++)
            SAY("remove A %d", number + (round % 2 == 0 ? i : some - 1 - i));
        tell(text_of("count A"), text_format("A count: %d\n", items - some));
        tell(text_format("fill A %d", number), text_format("A fill: %d items, ENOSPC\n", some));
        tell(text_of("count A"), text_format("A count: %d\n", items));
    }
    SAY("detach A\ndrop %#x", (unsigned)key);
    ANSWER("A detach: ok\n");
    expect_log(perform(given_nothing()), FINDING_WRONG_OUTPUT);
}

/* ---- Failures ------------------------------------------------------------------------------- */

/* One of two processes with lists, and how much of its log has been read. */
struct user {
    struct run *run;
    struct peer *peer; /* NULL: it is the first program of the run */
    size_t seen;
};

static void send_order(const struct user *user, struct text order)
{
    if (user->peer != NULL)
        send_to_peer(user->peer, order);
    else
        send_input(user->run, order);
}

/* When all is quiet: what has come since the last time. */
static struct text new_log(struct user *user)
{
    wait_until_idle(user->run);
    struct text log = user->peer != NULL ? stdout_of_peer(user->peer) : stdout_of(user->run);
    struct text news = text_slice(log, user->seen, log.length);
    user->seen = log.length;
    return news;
}

static void expect_alive(const struct user *user)
{
    int number = user->peer != NULL ? number_of_peer(user->peer) : 1;
    int death = death_of(user->run, number);
    if (death == 0)
        return;
    allow_death_by_signal(user->run);
    suspect_if(saw_fault_in(user->run, "shmat"), "shmat-failure-null-check");
    expect_that(user->run, false, FINDING_KILLED_BY_SIGNAL,
                "It was not taken for a failure: the process was %s.",
                death_told(user->run, number));
}

/* Has a function failed, and is it said with which errno? Who only looks with shmget whether there
 * is such a segment may do without the answer. */
static bool is_told(const struct user *user, const char *what, struct text log)
{
    bool told =
        text_equal(log, text_format("%s: %s\n", what, strerrorname_np(error_of_fault(user->run))));
    bool ok = text_equal(log, text_format("%s: ok\n", what));
    expect_that(user->run, told || (ok && saw_fault_in(user->run, "shmget")),
                FINDING_UNCHECKED_ERROR,
                "The function of the module that made the call should fail, with that errno. In "
                "the log of `lists` there is\n%s",
                shown(log));
    return told;
}

/* It should say "A init: ok"; if a call fails on the way it says so, and the second time it is as
 * if nothing had been. */
static void order(struct user *user, const char *what, struct text order)
{
    bool had_failed = saw_fault(user->run);
    send_order(user, order);
    struct text log = new_log(user);
    expect_alive(user);
    bool again = saw_fault(user->run) && !had_failed;
    if (again && !is_told(user, what, log))
        return;
    if (again) {
        send_order(user, order);
        log = new_log(user);
        expect_alive(user);
    }
    expect_that(user->run, text_equal(log, text_format("%s: ok\n", what)), FINDING_UNCHECKED_ERROR,
                "%sIn the log of `lists` there is\n%sthat should be\n  %s: ok",
                again ? "The function failed, and the call would not fail a second time: so the "
                        "same order came again. "
                      : "",
                shown(log), what);
}

/* Nothing that they have attached is attached any more, and the segment has gone. */
static void expect_all_detached(struct run *run)
{
    int attached = count_calls(run, "shmat"), detached = count_calls(run, "shmdt");
    expect_that(run, attached == detached, FINDING_OBJECT_LEFT_BEHIND,
                "The segment was attached %d times, and detached %d times: what a function has "
                "attached that then fails stays there.",
                attached, detached);
}

/* One makes a list, another one joins it. */
static void expect_told_and_over(struct given *fault)
{
    unsigned key = (unsigned)random_key();
    struct user maker = {
        .run = start_program("lists", no_args(), given(given_input_held_open(text_of("")), fault))};
    order(&maker, "A init", text_format("init A %#x 2000\n", key));
    struct user guest = {
        .run = maker.run,
        .peer = start_peer(maker.run, "lists", no_args(), given_input_held_open(text_of("")))};
    order(&guest, "B attach", text_format("attach B %#x\n", key));
    send_order(&maker, text_of("push A 7 seven\n"));
    wait_until_idle(maker.run);
    send_order(&guest, text_of("walk B\ndetach B\n"));
    struct text log = new_log(&guest);
    expect_that(guest.run, text_equal(log, text_of("B walk: 7 seven\nB detach: ok\n")),
                FINDING_WRONG_OUTPUT, "The list has one item, 7. The log of `lists` ends with\n%s",
                shown(log));
    send_order(&maker, text_format("detach A\ndrop %#x\n", key));
    close_peer_input(guest.peer);
    close_input(maker.run);
    finish_run(maker.run);
    expect_all_detached(maker.run);
    expect_exit(maker.run, 0);
}

CHECK(failed_calls_leave_nothing, 1,
      HINT("Which calls can fail, and how does each of them say so?")
      HINT("What has been made by then, and who knows of it?")
      HINT("What may you do with a segment that somebody else has made?"))
{
    key_t key = random_key();
    begin();
    tell(text_format("init A %#x 1000", (unsigned)key), text_of("A init: ok\n"));
    SAY("push A 7 seven");
    for (int size = 400; size <= 1600; size += 600)
        tell(text_format("init B %#x %d", (unsigned)key, size), text_of("B init: EEXIST\n"));
    tell(text_of("walk A"), text_of("A walk: 7 seven\n"));
    tell(text_of("detach A"), text_of("A detach: ok\n"));
    SAY("drop %#x", (unsigned)key);
    tell(text_format("attach A %#x", (unsigned)key), text_of("A attach: ENOENT\n"));
    struct run *run = perform(given_nothing());
    suspect_if(has(stdout_of(run), "B init: ok"), "ipc-creat-without-excl");
    suspect_if(has(stdout_of(run), "B init: EINVAL"), "ipc-creat-without-excl");
    expect_log(run, FINDING_UNCHECKED_ERROR);
    suspect(NULL);

    EACH_FAULT(fault, FAULT_FAILS, "shmget shmat shmctl")
    {
        expect_told_and_over(fault);
    }
}
