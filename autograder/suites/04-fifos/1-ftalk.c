/*
 * 1-ftalk.c - the checks of 4.1: two programs that know only a directory talk in turns.
 *
 * Either both sides are the learner's, or the kit plays one of them with fifohand. While one side
 * is alone, a fifohand that does nothing stands by: as long as it lives somebody may still come,
 * and to wait is no hang.
 */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

EXERCISE("Two strangers talk through FIFOs");

enum { MOST_LINES = 8 };

/* What one side has to say. */
struct script {
    struct text lines[MOST_LINES];
    int count;
};

/* length bytes of all values but one, then a newline. */
static struct text random_line(size_t length)
{
    struct text line = random_bytes(length);
    for (size_t i = 0; i < length; i++)
        if (line.bytes[i] == '\n')
            line.bytes[i] = 'n';
    return text_join(line, text_of("\n"));
}

static struct script random_script(int count)
{
    struct script script = {.count = count};
    for (int i = 0; i < count; i++)
        script.lines[i] = random_lines(1);
    return script;
}

/* The first n lines. */
static struct text said(const struct script *script, int n)
{
    struct text all = text_of("");
    for (int i = 0; i < n; i++)
        all = text_join(all, script->lines[i]);
    return all;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* What the other side has to print of it: a speaks first, and is over with its last line. */
static struct text heard_by_b(const struct script *a, const struct script *b)
{
    return said(a, least(a->count, b->count + 1));
}
static struct text heard_by_a(const struct script *a, const struct script *b)
{
    return said(b, least(a->count, b->count));
}

static struct peer *start_bystander(struct run *run)
{
    return start_peer(run, probe("fifohand"), no_args(), given_input_held_open(text_of("")));
}

/* One of the learner's processes holds both ends of a FIFO. */
static bool holds_both_ends(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_descriptors; i++)
        for (size_t k = 0; k < record->n_descriptors; k++) {
            const struct descriptor *one = &record->descriptors[i], *two = &record->descriptors[k];
            if (one->process == two->process && one->object == two->object && one->reads &&
                two->writes && record->objects[one->object].kind == OBJECT_FIFO &&
                record->processes[one->process].own_program)
                return true;
        }
    return false;
}

/* One of them has opened a FIFO with O_RDWR. */
static bool opened_both_ways(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct descriptor *at = &record->descriptors[i];
        if (at->reads && at->writes && record->objects[at->object].kind == OBJECT_FIFO &&
            record->processes[at->process].own_program)
            return true;
    }
    return false;
}

/* ---- Two of the learner's ------------------------------------------------------------------- */

/* One that waits, and one that comes when the first surely waits. */
struct pair {
    struct run *run; /* its first program is whoever came first */
    struct peer *second;
};

static struct pair start_pair(const char *first, const char *folder, struct given *given_first,
                              struct given *given_second)
{
    struct pair pair = {.run = start_program("ftalk", args(first, folder), given_first)};
    struct peer *bystander = start_bystander(pair.run);

    wait_until_idle(pair.run);
    pair.second =
        start_peer(pair.run, "ftalk", args(first[0] == 'a' ? "b" : "a", folder), given_second);
    close_peer_input(bystander);
    return pair;
}

/* A whole conversation, and both hear what they should. */
static void expect_conversation(const char *first, const struct script *a, const struct script *b,
                                struct given *more)
{
    bool a_first = first[0] == 'a';
    struct text input_a = said(a, a->count), input_b = said(b, b->count);
    struct pair pair = start_pair(first, ".", given(more, given_input(a_first ? input_a : input_b)),
                                  given_input(a_first ? input_b : input_a));

    finish_run(pair.run);
    suspect_if(saw_given_up(pair.run, "open") || saw_given_up(pair.run, "read") ||
                   saw_given_up(pair.run, "write"),
               "eintr-not-handled");
    expect_exit(pair.run, 0);
    expect_peer_exit(pair.second, 0);
    expect_stdout(pair.run, a_first ? heard_by_a(a, b) : heard_by_b(a, b));
    expect_peer_stdout(pair.second, a_first ? heard_by_b(a, b) : heard_by_a(a, b));
    suspect(NULL);
    expect_stderr_empty(pair.run);
}

CHECK(two_strangers_talk, 2,
      HINT("Write down the order of the opens of each side. Which can be satisfied first?")
      HINT("What does open of a FIFO wait for?")
      HINT("Who speaks when, and what does it mean when the one whose turn it is has ended?"))
{
    for (int i = 0; i < 2; i++) {
        struct script a = random_script(random_between(2, 5)),
                      b = random_script(random_between(2, 5));
        a.lines[1] = text_of("\n");
        expect_conversation(i == 0 ? "a" : "b", &a, &b, given_nothing());
    }
}

/* The length of the longest write that one of the learner's processes made. */
static int64_t longest_write(struct run *run)
{
    const struct record *record = record_of(run);
    int64_t longest = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        if (strcmp(call->name, "write") == 0 && call->result > longest &&
            record->processes[call->process].own_program)
            longest = call->result;
    }
    return longest;
}

CHECK(one_line_then_the_other_side, 1,
      HINT("Whoever has spoken listens, until a line has come.")
      HINT("Your read may give you more than one line. Where is the rest until its turn comes?")
      HINT("How many processes read from each of your FIFOs?"))
{
    struct script a = random_script(3), b = random_script(1);
    struct pair pair =
        start_pair("a", ".", given(given_input_held_open(said(&a, 3)), given_watched_io()),
                   given_input_held_open(text_of("")));

    wait_until_idle(pair.run);
    suspect_if(holds_both_ends(pair.run), "fifo-replies-on-same-fifo");
    suspect_if(opened_both_ways(pair.run), "fifo-rdwr-portable");
    expect_that(
        pair.run, !holds_both_ends(pair.run), FINDING_DESCRIPTOR_LEAK,
        "A process of yours holds a FIFO to read and to write. Each needs one end of each.");
    suspect(NULL);
    suspect_if(longest_write(pair.run) == (int64_t)said(&a, 3).length, "one-read-one-message");
    expect_that(pair.run, stdout_of(pair.run).length == 0, FINDING_WRONG_OUTPUT,
                "a has said a line, and b has said nothing yet. But a has printed %zu bytes%s.",
                stdout_of(pair.run).length,
                text_equal(stdout_of(pair.run), said(&a, 1)) ? ": its own line" : "");
    expect_peer_stdout(pair.second, said(&a, 1));
    suspect(NULL);
    expect_still_idle(pair.run);
    send_to_peer(pair.second, b.lines[0]);
    wait_until_idle(pair.run);
    expect_stdout(pair.run, said(&b, 1));
    expect_peer_stdout(pair.second, said(&a, 2));
    close_peer_input(pair.second);
    finish_run(pair.run);
    expect_exit(pair.run, 0);
    expect_peer_exit(pair.second, 0);
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void expect_fifo(struct run *run, const char *name, unsigned mask)
{
    struct stat status;
    bool there = stat_in_cell(run, name, &status), fifo = there && S_ISFIFO(status.st_mode);
    unsigned mode = there ? status.st_mode & 07777 : 0;

    expect_that(run, fifo, FINDING_MISSING_CALL,
                "The first side waits for the second, and %s is %s. Both FIFOs have to be there by "
                "now.",
                name, there ? "no FIFO" : "not there");
    suspect_if(mode == (0660 & ~mask), "fifo-umask");
    expect_that(run, mode == 0660, FINDING_PERMISSIONS,
                "The umask is %03o, and %s has the permissions %04o. It should have 0660.", mask,
                name, mode);
    suspect(NULL);
}

static void expect_no_names(struct run *run, const char *folder)
{
    const char *const names[] = {"ab", "ba"};
    struct stat status;
    for (int i = 0; i < 2; i++)
        expect_that(
            run, !stat_in_cell(run, text_format("%s/%s", folder, names[i]).bytes, &status),
            FINDING_OBJECT_LEFT_BEHIND,
            "The conversation has begun, both sides have opened both FIFOs, and %s is still "
            "in the directory.",
            names[i]);
}

CHECK(names_come_and_go, 1,
      HINT("What is taken from the mode that you ask for, and by whom?")
      HINT("From which moment on does nobody need a name any more? Who knows that?")
      HINT("Whose names are they, when the next two have come meanwhile?"))
{
    const unsigned masks[] = {022, 027, 037, 077};
    for (int i = 0; i < 2; i++) {
        unsigned mask = masks[random_below(4)];
        const char *first = i == 0 ? "a" : "b";
        struct run *run = start_program("ftalk", args(first, "room"),
                                        given(given_folder("room", 0755), given_umask(mask),
                                              given_input_held_open(text_of(""))));
        struct peer *bystander = start_bystander(run);
        wait_until_idle(run);
        expect_fifo(run, "room/ab", mask);
        expect_fifo(run, "room/ba", mask);

        start_peer(run, "ftalk", args(i == 0 ? "b" : "a", "room"), given_input(text_of("")));
        close_peer_input(bystander);
        finish_run(run);
        expect_exit(run, 0);
        expect_no_names(run, "room");
    }
}

CHECK(the_next_two_may_come, 1,
      HINT("While the first two still talk, what do the next two find in the directory?")
      HINT("Who removes the names, and when? Could the other side do it again?")
      HINT("A name that you have made need not be yours an hour later."))
{
    struct script a = random_script(2), b = random_script(2);
    struct pair old =
        start_pair("b", ".", given_input_held_open(text_of("")), given_input_held_open(a.lines[0]));
    wait_until_idle(old.run);
    expect_no_names(old.run, ".");

    struct peer *new_b =
        start_peer(old.run, "ftalk", args("b", "."), given_input(said(&b, b.count)));
    wait_until_idle(old.run);
    close_input(old.run); /* the first two end, while the third waits */
    wait_until_first_ended(old.run);
    close_peer_input(old.second);
    wait_until_peer_ended(old.second);
    struct peer *new_a =
        start_peer(old.run, "ftalk", args("a", "."), given_input(said(&a, a.count)));
    finish_run(old.run);
    expect_peer_exit(new_a, 0);
    expect_peer_exit(new_b, 0);
    expect_peer_stdout(new_a, heard_by_a(&a, &b));
    expect_peer_stdout(new_b, heard_by_b(&a, &b));
}

/* Something of another kind stands at that name. */
static void expect_refusal(const char *role, const char *name, struct given *there)
{
    struct run *run =
        start_program("ftalk", args(role, "."), given(there, given_input(text_of("hello\n"))));
    struct peer *bystander = start_bystander(run);
    struct stat status;

    wait_until_idle(run);
    const char *word = text_format("/%s", name).bytes;
    bool told = text_count(stderr_of(run), text_of(word)) > 0;
    bool kept = stat_in_cell(run, name, &status) && !S_ISFIFO(status.st_mode) &&
                (S_ISDIR(status.st_mode) || text_equal(read_in_cell(run, name), text_of("kept\n")));
    suspect("fifo-eexist-fatal-or-ignored");
    expect_that(run, kept, FINDING_WRONG_OUTPUT,
                "%s was there and is no FIFO. It should stay as it was, and it did not.", name);
    expect_that(run, told, FINDING_UNCHECKED_ERROR,
                "%s is there and is no FIFO. `ftalk %s` should say so and end at once; on standard "
                "error it said: %s",
                name, role, stderr_of(run).length > 0 ? stderr_of(run).bytes : "nothing");
    suspect(NULL);
    close_peer_input(bystander);
    finish_run(run);
    expect_exit(run, 1);
}

CHECK(the_name_may_be_taken, 1,
      HINT("mkfifo has failed with EEXIST: what is it that exists?")
      HINT("What does open do with a file under that name, and what with a FIFO?")
      HINT("If you give up, which of the two names did you make yourself?"))
{
    struct script a = random_script(2), b = random_script(2);
    struct run *run = start_program(
        "ftalk", args("a", "."),
        given(given_fifo("ab", 0600), given_fifo("ba", 0600), given_input(said(&a, a.count))));
    struct peer *other = start_peer(run, "ftalk", args("b", "."), given_input(said(&b, b.count)));
    finish_run(run);
    suspect_if(saw_failure(run, "mkfifo", EEXIST), "fifo-eexist-fatal-or-ignored");
    expect_exit(run, 0);
    expect_peer_exit(other, 0);
    expect_stdout(run, heard_by_a(&a, &b));
    suspect(NULL);

    expect_refusal("a", "ab", given_file("ab", text_of("kept\n")));
    expect_refusal("b", "ba", given_file("ba", text_of("kept\n")));
    expect_refusal("a", "ba", given_folder("ba", 0755));
}

/* ---- The kit plays the other side ----------------------------------------------------------- */

/* A side that is the kit's: opens as the task says, does the orders, and then stays. */
static struct peer *start_hand(struct run *run, const char *role, struct text orders)
{
    struct text opens = text_of(role[0] == 'a' ? "w ./ab\nr ./ba\n" : "r ./ab\nw ./ba\n");
    return start_peer(run, probe("fifohand"), no_args(),
                      given_input_held_open(text_join(opens, orders)));
}

/* The learner's side in that role, until it waits for more from the kit's. */
static struct run *start_with_hand(const char *role, struct given *given_ftalk, struct text orders,
                                   struct peer **hand)
{
    struct run *run = start_program("ftalk", args(role, "."), given_ftalk);
    struct peer *bystander = start_bystander(run);

    *hand = start_hand(run, role[0] == 'a' ? "b" : "a", orders);
    wait_until_idle(run);
    expect_that(run, record_of(run)->processes[0].ended_us < 0, FINDING_WRONG_STATUS,
                "`ftalk %s` has ended although the conversation is not over: the other side is "
                "there, and has not closed anything.",
                role);
    close_peer_input(bystander);
    return run;
}

static struct text order_to_say(struct text text)
{
    return text_join(text_format("s %zu\n", text.length), text);
}

static struct given *given_both_fifos(void)
{
    return given(given_fifo("ab", 0600), given_fifo("ba", 0600));
}

CHECK(any_other_side_will_do, 1,
      HINT("What else do you know of the other side but the order in which it opens?")
      HINT("A line may come in pieces, and be longer than your buffer.")
      HINT("Who ends a line, and who ends the conversation?"))
{
    struct text line = random_line((size_t)random_between(150000, 250000));
    struct text piece = text_slice(line, 0, 100), half = text_of(random_word());
    struct text whole = text_join(half, text_of("\n"));
    struct peer *hand;
    struct run *run = start_with_hand("b", given(given_both_fifos(), given_input_held_open(line)),
                                      order_to_say(piece), &hand);
    send_to_peer(hand, text_join(order_to_say(text_slice(line, 100, line.length)),
                                 text_format("g %zu\n", line.length)));
    wait_until_idle(run);
    expect_stdout(run, line);
    expect_peer_stdout(hand, line);
    send_to_peer(hand, order_to_say(half));
    close_peer_input(hand);
    close_input(run);
    wait_until_first_ended(run);
    expect_exit(run, 0);
    expect_stdout(run, text_join(line, whole));

    run = start_with_hand("a", given(given_both_fifos(), given_input(half)),
                          text_format("g %zu\n", whole.length), &hand);
    expect_peer_stdout(hand, whole);
    close_peer_input(hand);
    wait_until_first_ended(run);
    expect_exit(run, 0);
}

CHECK(the_other_side_goes, 1,
      HINT("You listen, and read returns 0. What has happened?")
      HINT("You have something to say, and nobody holds the other end: what does write do?")
      HINT("Look at the status as the shell shows it: is it an exit or a signal?"))
{
    struct peer *hand;
    struct run *run =
        start_with_hand("a", given(given_both_fifos(), given_input_held_open(text_of("1\n"))),
                        text_of("g 2\n"), &hand);
    kill_peer(hand, SIGKILL); /* while we listen */
    wait_until_first_ended(run);
    expect_exit(run, 0);

    run = start_with_hand("b", given(given_both_fifos(), given_input_held_open(text_of(""))),
                          order_to_say(text_of("hello\n")), &hand);
    kill_peer(hand, SIGKILL); /* while it is our turn */
    wait_until_peer_ended(hand);
    send_input(run, text_of("where are you?\n"));
    wait_until_first_ended(run);
    expect_stdout(run, text_of("hello\n"));
    expect_error_told(run, "write");
}

/* a, of whose calls one fails; the kit is b, or is nobody. */
static void expect_failure_told(struct given *fault, const char *call, bool alone)
{
    struct run *run = start_program("ftalk", args("a", "."),
                                    given(alone ? given_nothing() : given_both_fifos(),
                                          given_input(text_of("hello\n")), fault));
    struct peer *other = alone ? start_bystander(run) : start_hand(run, "b", text_of("g 6\n"));

    wait_until_idle(run);
    close_peer_input(other);
    finish_run(run);
    suspect_if(saw_fault(run) && stderr_of(run).length == 0, "ignore-return-values");
    expect_fault_told(run, call);
    suspect(NULL);
}

/* Writes take less than they are given, and the line is whole all the same. */
static void expect_whole_lines(void)
{
    struct text line = random_line((size_t)random_between(1000, 4000));
    struct pair pair =
        start_pair("a", ".", given(given_input_held_open(line), given_short_writes()),
                   given_input_held_open(text_of("")));
    struct peer *bystander = start_bystander(pair.run);

    wait_until_idle(pair.run);
    struct text came = stdout_of_peer(pair.second);
    suspect_if(came.length < line.length, "partial-write-ignored");
    expect_that(pair.run, text_equal(came, line), FINDING_SHORT_IO_IGNORED,
                "Some writes took only a part of what they were given (as they may), and b printed "
                "%zu of the %zu bytes of the line that a has said.",
                came.length, line.length);
    suspect(NULL);
    close_peer_input(bystander);
    close_peer_input(pair.second);
    finish_run(pair.run);
    expect_exit(pair.run, 0);
}

CHECK(interruptions_and_failures, 1,
      HINT("Which of your calls wait for somebody else? A signal can come during each.")
      HINT("Which of your calls can return -1? All of them.")
      HINT("If you cannot go on, what did you make that nobody else will remove?"))
{
    struct script a = random_script(3), b = random_script(3);
    const char *first = random_below(2) ? "a" : "b";
    expect_conversation("a", &a, &b, given_short_reads());
    expect_whole_lines();
    EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "open read write")
    {
        expect_conversation(first, &a, &b, fault);
    }
    expect_failure_told(given_failing("mkfifo", random_between(1, 2), ENOSPC), "mkfifo", true);
    expect_failure_told(given_failing("open", 1, EMFILE), "open", true);
    EACH_FAULT(fault, FAULT_FAILS, "read write")
    {
        expect_failure_told(fault, NULL, false);
    }

    const char *const *const wrong[] = {no_args(), args("a"), args("c", "."), args("a", ".", "b")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct run *run = run_program("ftalk", wrong[i], given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
}
