/*
 * 6-ipcsmini.c - the checks of 5.6: which System V objects are there, and what are the limits?
 *
 * The kit lays objects, knows what it has laid, and looks for the lines. The order does not matter.
 * In the weaker mode the machine's own objects are there too: lines of those are passed over.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

EXERCISE("What is there?");

enum { MOST = 60, LAID_AT_ONCE = 15 };

struct lines {
    size_t count;
    struct text line[2 * MOST]; /* without newlines */
};

static void add(struct lines *lines, struct text line)
{
    lines->line[lines->count++] = line;
}

/* ---- What should be printed ----------------------------------------------------------------- */

/* "msg 3 0x00004711 1000 0600" */
static struct text head(const char *kind, const struct given *object, key_t key, unsigned mode)
{
    return text_format("%s %d 0x%08x %u %04o", kind, id_of_given(object), (unsigned)key,
                       uid_of(THE_USER), mode);
}

static struct text queue_line(const struct given *object, const struct a_queue *queue)
{
    size_t bytes = 0;
    for (size_t i = 0; i < queue->n_messages; i++)
        bytes += queue->messages[i].text.length;
    return text_join(head("msg", object, queue->key, queue->mode),
                     text_format(" %zu %zu", bytes, queue->n_messages));
}

static struct text set_line(const struct given *object, const struct a_semaphore_set *set)
{
    return text_join(head("sem", object, set->key, set->mode), text_format(" %zu", set->count));
}

static struct text segment_line(const struct given *object, const struct a_segment *segment,
                                int attached)
{
    return text_join(head("shm", object, segment->key, segment->mode),
                     text_format(" %zu %d", segment->size, attached));
}

/* ---- What was printed ----------------------------------------------------------------------- */

static struct lines split(struct text text)
{
    struct lines lines = {0};
    size_t from = 0;
    for (size_t i = 0; i < text.length && lines.count < 2 * MOST; i++)
        if (text.bytes[i] == '\n') {
            add(&lines, text_slice(text, from, i));
            from = i + 1;
        }
    if (from < text.length && lines.count < 2 * MOST)
        add(&lines, text_slice(text, from, text.length));
    return lines;
}

/* How long its beginning is that names it: its first word, or its first two ("msg 3 "). */
static size_t name_length(struct text line, int words)
{
    size_t i = 0;
    for (; i < line.length && words > 0; i++)
        words -= line.bytes[i] == ' ';
    return i;
}

/* The line of the same object; NULL: there is none. */
static const struct text *find_same(const struct lines *lines, struct text line, int words)
{
    size_t length = name_length(line, words);
    for (size_t i = 0; i < lines->count; i++)
        if (name_length(lines->line[i], words) == length && lines->line[i].length >= length &&
            memcmp(lines->line[i].bytes, line.bytes, length) == 0)
            return &lines->line[i];
    return NULL;
}

static size_t count_line(const struct lines *lines, struct text line)
{
    size_t count = 0;
    for (size_t i = 0; i < lines->count; i++)
        count += text_equal(lines->line[i], line);
    return count;
}

/* Are others' objects there? In a cell with namespaces processes have pids of their own. */
static bool is_shared(struct run *run)
{
    return record_of(run)->processes[0].pid == record_of(run)->processes[0].host_pid;
}

/* It came not at all, in another form, or more than once. */
static void expect_line(struct run *run, struct text line, const struct lines *came, int words)
{
    size_t count = count_line(came, line);
    const struct text *same = find_same(came, line, words);

    expect_that(run, count > 0 || same == NULL, FINDING_WRONG_OUTPUT,
                "The line \"%s\" should be there; instead there is \"%s\".", line.bytes,
                same != NULL ? same->bytes : "");
    expect_that(run, count > 0, FINDING_WRONG_OUTPUT,
                "The line \"%s\" is missing; %zu line%s came, and none begins like it.", line.bytes,
                came->count, came->count == 1 ? "" : "s");
    expect_that(run, count == 1, FINDING_WRONG_OUTPUT,
                "The line \"%s\" should be there once; it came %zu times.", line.bytes, count);
}

/* Each wanted line is there once, and no other. words: of a line, that name what it is about. */
static void expect_lines(struct run *run, const struct lines *wanted, int words, bool others_too)
{
    struct lines came = split(stdout_of(run));

    for (size_t i = 0; i < wanted->count; i++)
        expect_line(run, wanted->line[i], &came, words);
    for (size_t i = 0; i < came.count; i++) {
        bool known = find_same(wanted, came.line[i], words) != NULL;
        bool right = count_line(wanted, came.line[i]) == 1;
        expect_that(run, right || (others_too && !known), FINDING_WRONG_OUTPUT,
                    "The line \"%s\" should not be there.", came.line[i].bytes);
    }
}

/* ---- Acting --------------------------------------------------------------------------------- */

/* A cell with these objects, and with a program that stays. */
static struct run *begin(struct given *given)
{
    struct run *run = new_run(given);
    start_peer(run, probe("xsihand"), no_args(), given_input_held_open(text_of("")));
    return run;
}

static void expect_no_other_program(struct run *run)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        expect_that(
            run, process->parent < 0 || process->own_program, FINDING_FORBIDDEN_CALL,
            "It has started another program, `%s`. The task asks that it finds out by itself.",
            process->name);
    }
}

/* ipcsmini should list that. */
static void expect_listed(struct run *run, const struct lines *wanted)
{
    start_first(run, "ipcsmini", no_args(), given_nothing());
    wait_until_first_ended(run);
    finish_run(run);

    expect_exit(run, 0);
    expect_lines(run, wanted, 2, is_shared(run));
    expect_no_other_program(run);
}

/* As a number it is negative. */
static key_t high_key(void)
{
    return (key_t)((unsigned)random_key() | 0x80000000U);
}

static unsigned random_mode(void)
{
    return 0600 | (unsigned)random_below(01000);
}

/* ---- Queues, sets, segments ----------------------------------------------------------------- */

/* "msg KEY ...", with the key as a decimal number where the identifier should be. */
static bool names_by_key(struct text said, key_t key)
{
    return text_count(said, text_format("msg %d ", key)) > 0;
}

CHECK(lists_queues, 2,
      HINT("Which number is which in a line of /proc/sysvipc/msg, and which of them is octal?")
      HINT("How many bits has a key, and what does the topmost one do to a number with a sign?")
      HINT("Put a queue there with ipcmk, and compare with `ipcs -q`."))
{
    struct a_message list[] = {
        {1, random_bytes(300)},
        {7, text_of("")      },
        {1, random_bytes(12) }
    };
    struct a_queue queues[3] = {0};
    queues[0] = (struct a_queue){.key = high_key(), .messages = list, .n_messages = 3};
    queues[2] = (struct a_queue){.key = random_key(), .messages = list, .n_messages = 1};
    struct given *given[3], *all[4] = {NULL};
    struct lines wanted = {0};
    for (size_t i = 0; i < 3; i++) {
        queues[i].mode = random_mode();
        all[i] = given[i] = given_queue(queues[i]);
    }
    struct run *run = begin(given_list(all));
    for (size_t i = 0; i < 3; i++)
        add(&wanted, queue_line(given[i], &queues[i]));

    start_first(run, "ipcsmini", no_args(), given_nothing());
    wait_until_first_ended(run);
    finish_run(run);

    expect_exit(run, 0);
    suspect_if(names_by_key(stdout_of(run), queues[2].key), "id-equals-key");
    expect_lines(run, &wanted, 2, is_shared(run));
    suspect(NULL);
    expect_no_other_program(run);
}

CHECK(lists_semaphore_sets, 1,
      HINT("The columns of the three files are not the same.")
      HINT("How many numbers does the task ask for in a line of \"sem\"?")
      HINT("Compare with `ipcs -s`."))
{
    struct a_semaphore_set sets[2] = {{.key = high_key()}, {.count = 1}};
    sets[0].count = (size_t)random_between(2, 20);
    sets[0].mode = random_mode();
    sets[1].mode = random_mode();
    struct given *one = given_semaphore_set(sets[0]), *other = given_semaphore_set(sets[1]);
    struct run *run = begin(given(one, other));
    struct lines wanted = {0};
    add(&wanted, set_line(one, &sets[0]));
    add(&wanted, set_line(other, &sets[1]));

    expect_listed(run, &wanted);
}

/* Another program that has it attached, and may have marked it for removal. */
static void attach(struct run *run, const struct given *segment, bool marks)
{
    int id = id_of_given(segment);
    struct text orders = text_format("shmat %d\n", id);
    if (marks)
        orders = text_join(orders, text_format("rmid shm %d\n", id));
    struct peer *hand = start_peer(run, probe("xsihand"), no_args(), given_input_held_open(orders));
    wait_until_peer_output(hand, strlen("ok\n") * (marks ? 2 : 1));
}

CHECK(lists_segments, 2,
      HINT("Which column says how many have it attached, and which ones are processes?")
      HINT("What does IPC_RMID do to a segment that is attached: to its mode, to its key?")
      HINT("Compare with `ipcs -m`."))
{
    struct a_segment segments[3] = {
        {.key = high_key()}, {.key = random_key()}, {.key = random_key()}};
    struct given *given[3], *all[4] = {NULL};
    for (size_t i = 0; i < 3; i++) {
        segments[i].mode = random_mode();
        segments[i].size = i == 1 ? 4096 : (size_t)random_between(1, 100000);
        all[i] = given[i] = given_segment(segments[i]);
    }
    struct run *run = begin(given_list(all));
    attach(run, given[1], false);
    attach(run, given[1], false);
    attach(run, given[2], true);
    segments[2].key = 0; /* nobody can find it any more */
    struct lines wanted = {0};
    add(&wanted, segment_line(given[0], &segments[0], 0));
    add(&wanted, segment_line(given[1], &segments[1], 2));
    add(&wanted, text_join(segment_line(given[2], &segments[2], 1), text_of(" dest")));

    expect_listed(run, &wanted);
}

CHECK(lists_what_you_may_not_read, 2,
      HINT("Whose permission does it take to know that an object is there?")
      HINT("What did the call say for the object that is missing?")
      HINT("ipcs shows them. Which way does it go? strace tells."))
{
    struct a_queue queue = {.key = random_key(), .mode = 0};
    struct a_semaphore_set set = {
        .key = random_key(), .mode = 0200, .count = 3, .uninitialised = true};
    struct a_segment segment = {.key = random_key(), .mode = 0, .size = 100};
    struct given *q = given_queue(queue), *s = given_semaphore_set(set),
                 *m = given_segment(segment);
    struct run *run = begin(given(q, s, m));
    struct lines wanted = {0};
    add(&wanted, queue_line(q, &queue));
    add(&wanted, set_line(s, &set));
    add(&wanted, segment_line(m, &segment, 0));

    scene("Nobody may read these objects (modes 0000 and 0200).");
    expect_listed(run, &wanted);
}

static const struct a_queue plain_queue = {.mode = 0600};
static const struct a_semaphore_set plain_set = {.mode = 0600, .count = 2};
static const struct a_segment plain_segment = {.mode = 0600, .size = 10};

/* Of many objects, the last ten are sets and segments. */
static enum object_kind kind_of(int i)
{
    return i < MOST - 10 ? OBJECT_QUEUE : i < MOST - 5 ? OBJECT_SEMAPHORES : OBJECT_SEGMENT;
}

/* Lays the objects from number `from` on, together with a program that stays. */
static void lay_some(struct run *run, struct given **given, int from)
{
    struct given *all[LAID_AT_ONCE + 1] = {NULL};
    for (int i = from; i < from + LAID_AT_ONCE; i++)
        all[i - from] = given[i] = kind_of(i) == OBJECT_QUEUE ? given_queue(plain_queue)
                                   : kind_of(i) == OBJECT_SEMAPHORES
                                       ? given_semaphore_set(plain_set)
                                       : given_segment(plain_segment);
    start_peer(run, probe("xsihand"), no_args(),
               given(given_list(all), given_input_held_open(text_of(""))));
}

/* Laid when the identifiers are about to jump; every fifth goes again. */
CHECK(lists_across_gaps, 2,
      HINT("How much does one read of such a file give you, and who says that it was all?")
      HINT("What is at an index whose object has been removed? And behind it?")
      HINT("Make sixty queues, remove some in the middle, and count the lines."))
{
    struct given *given[MOST];
    struct lines wanted = {0};
    struct run *run = new_run(given_nothing());
    wait_until_peer_ended(start_peer(run, probe("burnids"), args("8"), given_nothing()));
    for (int i = 0; i < MOST; i += LAID_AT_ONCE)
        lay_some(run, given, i);
    for (int i = 0; i < MOST; i++) {
        enum object_kind kind = kind_of(i);
        if (i % 5 == 1)
            remove_object(run, kind, id_of_given(given[i]));
        else
            add(&wanted, kind == OBJECT_QUEUE        ? queue_line(given[i], &plain_queue)
                         : kind == OBJECT_SEMAPHORES ? set_line(given[i], &plain_set)
                                                     : segment_line(given[i], &plain_segment, 0));
    }

    expect_listed(run, &wanted);
}

/* ---- Limits --------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    const char *names[5];
} limit_files[] = {
    {"/proc/sys/kernel/msgmax", {"msgmax"}                              },
    {"/proc/sys/kernel/msgmnb", {"msgmnb"}                              },
    {"/proc/sys/kernel/msgmni", {"msgmni"}                              },
    {"/proc/sys/kernel/sem",    {"semmsl", "semmns", "semopm", "semmni"}},
    {"/proc/sys/kernel/shmmax", {"shmmax"}                              },
    {"/proc/sys/kernel/shmall", {"shmall"}                              },
    {"/proc/sys/kernel/shmmni", {"shmmni"}                              },
};

enum { LIMIT_FILES = sizeof limit_files / sizeof limit_files[0] };

/* The limits as the kernel has them for a program of the cell. */
static struct lines kernel_limits(struct run *run)
{
    const char *files[LIMIT_FILES + 1] = {NULL};
    struct lines lines = {0};
    for (size_t i = 0; i < LIMIT_FILES; i++)
        files[i] = limit_files[i].file;
    struct peer *cat = start_peer(run, "/bin/cat", files, given_nothing());
    wait_until_peer_ended(cat);
    wait_until_idle(run);
    char *at = stdout_of_peer(cat).bytes;
    for (size_t i = 0; i < LIMIT_FILES; i++)
        for (size_t k = 0; limit_files[i].names[k] != NULL; k++)
            add(&lines, text_format("%s %llu", limit_files[i].names[k], strtoull(at, &at, 10)));
    return lines;
}

/* Did it ask, or does it know them by heart? */
static bool asked_for_limits(struct run *run)
{
    enum { CTL_INFO = 3, MSG_CTL_INFO = 12, SHM_CTL_INFO = 14, SEM_CTL_INFO = 19 };
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool opens = strncmp(call->name, "open", 4) == 0 && call->detail != NULL &&
                     strstr(call->detail, "sys/kernel") != NULL;
        int command = (int)(call->args[strcmp(call->name, "semctl") == 0 ? 2 : 1] & 0xff);
        bool asks = strcmp(call->name + 3, "ctl") == 0 &&
                    (command == CTL_INFO || command == MSG_CTL_INFO || command == SHM_CTL_INFO ||
                     command == SEM_CTL_INFO);
        if (record->processes[call->process].own_program && (opens || asks))
            return true;
    }
    return false;
}

CHECK(tells_the_limits, 2,
      HINT("Who knows the limits of this machine at this moment?")
      HINT("What is the largest number that fits into your variable?")
      HINT("Compare with `ipcs -l`, which rounds some of them."))
{
    struct run *run = begin(given_nothing());
    struct lines wanted = kernel_limits(run);
    start_first(run, "ipcsmini", args("-l"), given_nothing());
    wait_until_first_ended(run);
    finish_run(run);

    expect_exit(run, 0);
    expect_lines(run, &wanted, 1, false);
    expect_that(run, asked_for_limits(run), FINDING_MISSING_CALL,
                "The numbers are those of this machine, but it has not asked the kernel for them: "
                "no file in /proc/sys/kernel was opened, and no *ctl call has asked for them.");
    expect_no_other_program(run);
}

/* ---- Failing -------------------------------------------------------------------------------- */

static void expect_told(const char *const *arguments)
{
    EACH_FAULT(fault, FAULT_FAILS, "open read msgctl semctl shmctl write memory")
    {
        struct given *queue = given_a_queue(.key = random_key(), .mode = 0600);
        expect_fault_told(run_program("ipcsmini", arguments, given(queue, fault)), NULL);
    }
}

CHECK(failures_are_told, 1,
      HINT("Is an empty answer the same as no answer?")
      HINT("Which of your calls can fail, and who hears of it?")
      HINT("When does stdio notice that the disk is full?"))
{
    expect_told(no_args());
    expect_told(args("-l"));
    expect_full_told(run_program("ipcsmini", args("-l"), given_output_file("/dev/full")));
    expect_full_told(run_program(
        "ipcsmini", no_args(),
        given(given_a_queue(.key = random_key(), .mode = 0600), given_output_file("/dev/full"))));
}

static void expect_usage(const char *const *arguments)
{
    struct run *run = run_program("ipcsmini", arguments, given_nothing());
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

CHECK(refuses_wrong_arguments, 1,
      HINT("Which words are there?")
      HINT("Wrong usage has an exit status of its own.")
      HINT("Two words are one too many."))
{
    struct a_queue queue = {.key = random_key(), .mode = 0640};
    struct given *one = given_queue(queue);
    struct lines wanted = {0};

    expect_usage(args("-a"));
    expect_usage(args("-l", "-l"));
    expect_usage(args("l"));
    struct run *run = begin(one);
    add(&wanted, queue_line(one, &queue));
    expect_listed(run, &wanted);
}
