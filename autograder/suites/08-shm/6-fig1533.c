/*
 * 6-fig1533.c - the checks of 8.6: a parent and a child that add to one long in turns.
 *
 * What memory two processes have in common is read from /proc/PID/maps, while both are there: they
 * are held, or stand in the middle of their lines, because nobody reads these.
 */
#include "../exercise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../run/procfs.h"

EXERCISE("Three ways to the same memory");

enum { MANY = 2000 }; /* updates: their lines are more than a pipe of one page holds */

static const char *const ways[] = {"zero", "anon", "shm"};
static const char *const sides[] = {"parent", "child"};

/* ---- What is asked for ---------------------------------------------------------------------- */

static struct text timeline(const char *first, int updates)
{
    bool child_first = strcmp(first, "child") == 0;
    struct text lines = text_of("");
    for (int i = 0; i < updates; i++)
        lines = text_join(
            lines, text_format("%s %d %d %d\n", sides[(i % 2 == 0) == child_first], i, i + 1, i));
    return lines;
}

static const char *const *words(const char *way, const char *first, int updates)
{
    static const char *list[4];
    list[0] = way;
    list[1] = first;
    list[2] = text_format("%d", updates).bytes;
    return list;
}

/* In the middle of its lines: somebody cannot write his, and nobody can go on. */
static struct run *start_midway(const char *way, const char *first, struct given *given)
{
    struct run *run = start_program("fig1533", words(way, first, MANY),
                                    given(given_unread_output(), given_capacity(1, 4096), given));
    wait_until_idle(run);
    return run;
}

static bool lives(struct run *run, size_t index)
{
    const struct record *record = record_of(run);
    return index < record->n_processes && record->processes[index].ended_us < 0;
}

static void expect_both(struct run *run)
{
    if (!lives(run, 0)) {
        expect_exit(run, 0);
        expect_stdout(run, timeline("parent", MANY)); /* too short, in any case */
    }
    expect_that(run, lives(run, 1), FINDING_WRONG_OUTPUT,
                "In the middle of its lines there should be a parent and a child. There is no "
                "child.");
}

static void expect_rest(struct run *run, const char *first)
{
    resume_reading(run);
    finish_run(run);
    expect_exit(run, 0);
    expect_stdout(run, timeline(first, MANY));
}

/* ---- Which memory --------------------------------------------------------------------------- */

/* A line of /proc/PID/maps that says: shared, and what it shows. "" for other lines. */
static const char *shared_mapping(const char *line)
{
    unsigned long from, to, offset, inode;
    char rights[5] = "", device[16] = "", *copy = text_of(line).bytes;
    if (sscanf(copy, "%lx-%lx %4s %lx %15s %lu", &from, &to, rights, &offset, device, &inode) !=
            6 ||
        strcmp(rights, "rw-s") != 0)
        return "";
    return text_format("%s %lu", device, inode).bytes;
}

static struct text maps_of(struct run *run, size_t index)
{
    static char text[1 << 18];
    pid_t pid = record_of(run)->processes[index].host_pid;
    ssize_t length = proc_read(text, sizeof text, "/proc/%d/maps", (int)pid);
    return text_bytes(text, length > 0 ? (size_t)length : 0);
}

/* A mapping that parent and child have in common, writable and shared, whose name begins so: a
 * line of /proc/PID/maps. NULL: there is none. */
static const char *common_mapping(struct run *run, const char *name)
{
    struct text parents = maps_of(run, 0), childs = maps_of(run, 1);
    for (char *line = strtok(parents.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *mapping = shared_mapping(line);
        if (*mapping != '\0' && strstr(line, name) != NULL && strstr(childs.bytes, mapping) != NULL)
            return line;
    }
    return NULL;
}

/* How many of that kind the run's programs have made and left so far. (In the weaker mode there may
 * be others'.) */
static size_t count_made(struct run *run, enum object_kind kind)
{
    size_t count = 0, n = record_of(run)->n_objects;
    for (size_t i = 0; i < n; i++) {
        const struct object *object = &record_of(run)->objects[i];
        if (object->kind == kind && object->made_by >= 0 &&
            xsi_object(run, kind, object->id) != NULL)
            count++;
    }
    return count;
}

/* The parent is held when it has just forked: the child cannot have its turn. */
static struct run *start_forked(const char *way)
{
    struct run *run =
        start_program("fig1533", words(way, "parent", 6), given_held_after("fork", 1));
    bool forked = wait_until_held(run);
    expect_that(run, forked, FINDING_MISSING_CALL, "There is no child: fork was not called.");
    wait_until_idle(run);
    return run;
}

static const struct call *find_call(struct run *run, const char *name, const char *detail)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool same = strncmp(call->name, name, strlen(name)) == 0;
        if (same && call->result >= 0 &&
            (detail == NULL || (call->detail != NULL && strstr(call->detail, detail) != NULL)))
            return call;
    }
    return NULL;
}

/* Does a process of the run have the device open? */
static bool has_open(struct run *run, const char *path)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_descriptors; i++) {
        const struct object *object = &record->objects[record->descriptors[i].object];
        if ((object->path != NULL && strstr(object->path, path) != NULL) ||
            strstr(object->label, path) != NULL)
            return true;
    }
    return false;
}

/* ---- Checks --------------------------------------------------------------------------------- */

static void expect_timeline(const char *way, const char *first, int updates)
{
    struct run *run = run_program("fig1533", words(way, first, updates), given_nothing());
    expect_exit(run, 0);
    expect_stdout(run, timeline(first, updates));
}

CHECK(lines_in_turns, 2,
      HINT("Who makes update number i, and whom does he tell then?")
          HINT("What is in the memory when update returns, and what does it return?")
              HINT("When has a line really left your process, and when is the other one told?"))
{
    for (int i = 0; i < 3; i++)
        for (int side = 0; side < 2; side++)
            expect_timeline(ways[i], sides[side], random_between(3, 40));
    for (int updates = 0; updates < 3; updates++)
        expect_timeline(ways[random_below(3)], sides[random_below(2)], updates);
}

CHECK(one_memory_for_both, 2,
      HINT("What does a child have of its parent's memory after fork?")
          HINT("Which argument of mmap says who else sees what is stored?")
              HINT("Look at /proc/PID/maps of both: what do they have in common?"))
{
    for (int i = 0; i < 2; i++) { /* zero, anon */
        struct run *run = start_forked(ways[i]);
        const char *any = common_mapping(run, ""), *device = common_mapping(run, "/dev/zero");
        size_t segments = count_made(run, OBJECT_SEGMENT);

        suspect("map-private-not-shared");
        expect_that(run, any != NULL, FINDING_WRONG_OUTPUT,
                    "With `%s`, when the child had just been made, parent and child had no memory "
                    "in common: no mapping is marked as shared (rw-s) in /proc/PID/maps of both.",
                    ways[i]);
        suspect(NULL);
        expect_that(run, segments == 0, FINDING_FORBIDDEN_CALL,
                    "With `%s` a segment of System V was made.", ways[i]);
        expect_that(run, device != NULL, FINDING_MISSING_CALL,
                    "With `%s` parent and child have this in common: %s. It does not come from %s.",
                    ways[i], any, i == 0 ? "/dev/zero" : "an anonymous mapping");
        release(run);
        finish_run(run);
        expect_exit(run, 0);
        expect_stdout(run, timeline("parent", 6));
    }
}

CHECK(the_device_is_closed, 1,
      HINT("What is the descriptor needed for when mmap has returned?")
          HINT("Does a mapping end when the descriptor is closed?")
              HINT("Which of the two ways opens something at all?"))
{
    struct run *run = start_midway("zero", "child", given_watched_io());
    expect_both(run);
    const struct call *opened = find_call(run, "open", "/dev/zero");
    expect_that(run, opened != NULL, FINDING_MISSING_CALL,
                "With `zero` the device /dev/zero was never opened.");
    look_at(opened);
    expect_that(run, !has_open(run, "/dev/zero"), FINDING_DESCRIPTOR_LEAK,
                "In the middle of the updates /dev/zero is still open. It is mapped by now.");
    look_at(NULL);
    expect_rest(run, "child");

    run = start_midway("anon", "parent", given_watched_io());
    expect_both(run);
    opened = find_call(run, "open", "/dev/zero");
    look_at(opened);
    expect_that(run, opened == NULL, FINDING_FORBIDDEN_CALL,
                "With `anon` the device /dev/zero was opened.");
    look_at(NULL);
    expect_rest(run, "parent");
}

CHECK(attached_once_and_inherited, 2,
      HINT("What does a child have of its parent's attachments?")
          HINT("How many attachments are there when the child has been made, and who made them?")
              HINT("Who else has to find the segment, and with which key?"))
{
    struct run *run = start_midway("shm", sides[random_below(2)], given_nothing());
    expect_both(run);
    int attaches = count_calls(run, "shmat"), made = count_calls(run, "shmget");
    const struct call *get = find_call(run, "shmget", NULL), *at = find_call(run, "shmat", NULL);
    const struct object *segment = only_object(run, OBJECT_SEGMENT);

    expect_that(run, made == 1 && segment != NULL, FINDING_MISSING_CALL,
                "With `shm` one segment should be made; shmget was called %d times.", made);
    look_at(get);
    expect_that(run, get->args[0] == 0, FINDING_WRONG_OUTPUT,
                "The segment was made with the key %#lx, and not with IPC_PRIVATE.",
                (unsigned long)get->args[0]);
    unsigned mode = segment != NULL ? segment->mode : 0;
    int attached = segment != NULL ? segment->attached : 0;
    expect_that(run, mode == 0600, FINDING_PERMISSIONS,
                "The segment has the permissions %04o; the task asks for 0600.", mode);
    expect_that(run, get->args[1] >= sizeof(long) && get->args[1] <= 4096, FINDING_WRONG_OUTPUT,
                "The segment has %lu bytes; the task asks for room for a long, and at most 4096.",
                (unsigned long)get->args[1]);
    look_at(at);
    suspect_if(attaches > 1, "shm-not-inherited-vs-inherited");
    expect_that(run, attaches == 1, FINDING_FORBIDDEN_CALL,
                "The segment was attached %d times by shmat; one is enough. The kernel counts %d "
                "attachments now.",
                attaches, attached);
    expect_that(run, attached == 2, FINDING_WRONG_OUTPUT,
                "In the middle of the updates the kernel counts %d attachments of the segment, "
                "not one for each of the two.",
                attached);
    suspect(NULL);
    finish_run(run);
    expect_exit(run, 0);
}

/* How many wait until their line can be written? */
static int count_writers(struct run *run)
{
    const struct record *record = record_of(run);
    int count = 0;
    for (size_t i = 0; i < record->n_threads; i++)
        for (size_t w = 0; w < record->threads[i].n_waits; w++)
            count += record->threads[i].waits[w].kind == WAIT_WRITE &&
                     record->threads[i].waits[w].fd == 1;
    return count;
}

/* The line comes first, and then the other one's turn. */
static void expect_one_writer(struct run *run)
{
    int writers = count_writers(run);
    expect_that(run, writers <= 1, FINDING_WRONG_OUTPUT,
                "Nobody reads standard output, and it is full. One of the two waits until it can "
                "write its line; meanwhile the other one has had its turn, and waits with its own "
                "line too. Its update was made before the line of the one before it was there.");
    expect_that(run, writers == 1, FINDING_WRONG_OUTPUT,
                "Nobody reads standard output, and it is full. One of the two should wait in write "
                "until its line can go out. None does.");
}

CHECK(one_waits_for_the_other, 2,
      HINT("The other one is stopped for an hour. What does yours do meanwhile, and in which call?")
          HINT("What comes first, your line or the other one's turn?")
              HINT("If a line cannot be written for an hour, who may make the next update?"))
{
    for (int stopped = 0; stopped < 2; stopped++) {
        const char *first = sides[random_below(2)];
        struct run *run = start_midway(ways[random_below(3)], first, given_nothing());
        expect_both(run);
        expect_one_writer(run);
        expect_still_idle(run);
        send_signal(run, stopped + 1, SIGSTOP);
        resume_reading(run);
        wait_until_idle(run);
        scene("The %s was stopped.", sides[stopped]);
        expect_still_idle(run);
        expect_that(run, lives(run, (size_t)(1 - stopped)), FINDING_WRONG_STATUS,
                    "The %s did not wait until it went on.", sides[1 - stopped]);
        send_signal(run, stopped + 1, SIGCONT);
        finish_run(run);
        expect_exit(run, 0);
        expect_stdout(run, timeline(first, MANY));
        scene(NULL);
    }
}

/* Objects that would be there for ever if all processes were killed at this moment. */
static size_t count_lasting(struct run *run)
{
    const struct object *segment = only_object(run, OBJECT_SEGMENT);
    size_t marked = segment != NULL && segment->unlinked;
    return count_made(run, OBJECT_SEGMENT) - marked + count_made(run, OBJECT_SEMAPHORES) +
           count_made(run, OBJECT_QUEUE);
}

CHECK(nothing_races, 1,
      HINT("The lines are right. Which lines of your program use the memory that both have?")
          HINT("Whose turn is it at each of them, and how does this process know by then?")
              HINT("What do you do with the long before you have read the byte, and what after you "
                   "have written it?"))
{
    for (int i = 0; i < 3; i++) {
        const char *first = sides[random_below(2)];
        int updates = random_between(4, 7);
        struct run *run =
            run_program("fig1533", words(ways[i], first, updates), given_race_build());
        expect_exit(run, 0);
        expect_stdout(run, timeline(first, updates));
    }
}

CHECK(nothing_would_stay, 1,
      HINT("What is left of a segment when all who had it attached were killed?")
          HINT("Which objects are removed by somebody's last line, and if he never gets there?")
              HINT("Who else has to find the segment? When may it be marked for removal?"))
{
    for (int i = 0; i < 3; i++) {
        struct run *run = start_midway(ways[i], sides[random_below(2)], given_nothing());
        expect_both(run);
        const struct object *segment = only_object(run, OBJECT_SEGMENT);
        bool marked = segment == NULL || segment->unlinked;
        size_t lasting = count_lasting(run);
        suspect_if(!marked, "rmid-kills-immediately");
        look_at(find_call(run, "shmget", NULL));
        expect_that(run, lasting == 0, FINDING_OBJECT_LEFT_BEHIND,
                    "If both were killed now, with `%s` and in the middle of the updates, %zu "
                    "object%s of System V would stay for ever.%s",
                    ways[i], lasting, lasting == 1 ? "" : "s",
                    marked ? ""
                           : " Both have the segment attached, and it is not marked for removal.");
        suspect(NULL);
        look_at(NULL);
        finish_run(run);
        expect_exit(run, 0);
    }
}

CHECK(failures_are_told, 1,
      HINT("Which calls have you made when fork fails?")
          HINT("The child cannot write its line. How does the parent learn of it?")
              HINT("What do mmap and shmat return when they fail?"))
{
    for (int i = 0; i < 3; i++)
        EACH_FAULT(fault, FAULT_FAILS, "pipe semget semctl shmget shmat open fork write")
        {
            struct run *run = run_program("fig1533", words(ways[i], sides[i % 2], 4), fault);
            expect_fault_told(run, NULL);
        }
    for (int side = 0; side < 2; side++) {
        struct given *full = given_output_file("/dev/full");
        expect_full_told(run_program("fig1533", words("zero", sides[side], 7), full));
        expect_full_told(run_program("fig1533", words("anon", sides[side], 1), full));
    }
    struct run *run;
    EACH_FAULT(fault, FAULT_INTERRUPTS, "read semop wait poll")
    {
        run = run_program("fig1533", words("anon", "child", 5), fault);
        expect_exit(run, 0);
        expect_stdout(run, timeline("child", 5));
    }
    static const char *const wrong[][3] = {
        {"zero",  "parent", "-1"    },
        {"zero",  "parent", "3x"    },
        {"zero",  "nobody", "3"     },
        {"zeros", "child",  "3"     },
        {"shm",   "child",  "100001"}
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run = run_program("fig1533", args(wrong[i][0], wrong[i][1], wrong[i][2]), given_nothing());
        expect_exit(run, 2);
        expect_stderr_begins(run, "usage:");
    }
}
