/*
 * exercise.h - what a suite is written in: LAB, EXERCISE, CHECK; given_*, run_*, expect_*.
 *
 * A suite is one file, suites/NN-lab/K-exercise.c; its ids come from that path.  Dropping it in
 * registers it.  A check is given, when, then:
 *
 *     CHECK(last_stage_sees_end_of_file, 4,
 *           HINT("Which processes could still write into the last pipe?")
 *           HINT("List every descriptor the last child inherited, not only the ones you gave it."))
 *     {
 *         struct text lines = random_lines(200);
 *
 *         struct run *run = run_program("pipeline", args("cat", "--", "sort"), given_input(lines));
 *
 *         expect_exit(run, 0);
 *         expect_stdout(run, sorted(lines));
 *     }
 *
 * Every run happens in a fresh cell and is traced.  The house rules hold for every run without
 * being named: nothing hangs, every child is reaped, nothing is left behind, no descriptor leaks
 * into an exec'ed program, no busy waiting, no sleep as synchronisation, no death by a signal.
 * What breaks them is collected and fails the check at its end; the first expect_* that does not
 * hold ends the check at once, and the findings of the run so far are told first.
 *
 * The seed of the check decides all random_* values, so a verdict can be repeated.
 * Never assert, fork or sleep in a check; never call a bare ck_assert.
 */
#ifndef IPCLAB_EXERCISE_H
#define IPCLAB_EXERCISE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../judge/finding.h"
#include "../run/fault.h"
#include "registry.h"

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* Any bytes, NUL included. Never freed by a check: the check's process ends soon after it. */
struct text {
    char *bytes;
    size_t length;
};

struct text text_of(const char *string);
struct text text_bytes(const void *bytes, size_t length);
struct text text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct text text_join(struct text first, struct text second);
struct text text_slice(struct text text, size_t from, size_t to);
struct text text_sorted(struct text lines); /* as sort(1) in the C locale */
struct text text_xor(struct text text, unsigned char key);
struct text text_rotated(struct text text, unsigned char by); /* every byte b becomes b + by */
size_t text_count(struct text text, struct text part);        /* how often part is in it */
bool text_equal(struct text a, struct text b);

/* ---- Chance (from the check's seed) --------------------------------------------------------- */

uint64_t random_below(uint64_t limit);   /* 0 .. limit-1 */
int random_between(int low, int high);   /* both included */
struct text random_bytes(size_t length); /* all values, NUL too */
struct text random_lines(size_t count);  /* printable, with newlines */
const char *random_word(void);           /* 8 lower-case letters, new each time */
uint32_t crc32_of(struct text text);     /* IEEE, as zlib's crc32() */

/* ---- Given ---------------------------------------------------------------------------------- */

/* What a program starts with. Combine several: given(given_input(x), given_env("A", "b")). */
struct given;
struct run;
struct peer;

#define given(...) given_list((struct given *[]){__VA_ARGS__, NULL})
struct given *given_list(struct given **list);
struct given *given_nothing(void); /* standard input is at end of file */

/* Standard input: a pipe with these bytes, then end of file. */
struct given *given_input(struct text bytes);
/* The same, but the kit keeps the pipe open until close_input() (more by send_input()). */
struct given *given_input_held_open(struct text bytes);
/* The program starts with this descriptor (0, 1 or 2) closed. */
struct given *given_closed(int fd);
/* The open file description behind 0 or 1 is O_NONBLOCK. */
struct given *given_nonblocking(int fd);
/* Nobody reads standard output until resume_reading(): the pipe fills and stays full. */
struct given *given_unread_output(void);
/* The kit's end of standard output is closed before the program starts: writes get EPIPE. */
struct given *given_no_reader(void);
/* Standard output goes to /dev/full-like places or files: path inside the cell, opened for write.
 */
struct given *given_output_file(const char *path);
/* Standard input is this file of the cell (created by given_file). */
struct given *given_input_file(const char *path);
/* Capacity of the kit's pipe at 0 or 1, in bytes (F_SETPIPE_SZ). */
struct given *given_capacity(int fd, int bytes);
/* A file in the working directory. mode 0644 unless said otherwise. */
struct given *given_file(const char *name, struct text content);
struct given *given_file_mode(const char *name, struct text content, unsigned mode);
struct given *given_env(const char *name, const char *value); /* value NULL: unset */
/* A FIFO or a folder in the working directory, with that mode whatever the umask. */
struct given *given_fifo(const char *name, unsigned mode);
struct given *given_folder(const char *name, unsigned mode);
/* Descriptors 0, 1 and 2 are one pseudo-terminal in raw mode (no echo, newlines as they are; "\4"
 * at the start of a line is end of file). send_input() types into it; stdout_of() is all that came
 * out, standard error too. */
struct given *given_terminal(void);
/* umask(2) of the program; 022 unless said otherwise. */
struct given *given_umask(unsigned mask);
/* The program starts with this signal ignored (SIG_IGN is inherited through exec). */
struct given *given_ignored_signal(int signal);

/* Observation and faults. They hold for processes that run the learner's program, not for commands
 * that it execs. */

/* Also record read, write, poll, close and their kin (costly: only where a check looks at them). */
struct given *given_watched_io(void);
/* Pipes that the run makes hold one page (4096 bytes), as for a user who has a great many: pipe(7),
 * pipe-user-pages-soft. Whoever writes more has to wait in the middle of it. */
struct given *given_small_pipes(void);
/* Watched, and what comes out of the pipes that the run makes is kept for came_through_pipe(). */
struct given *given_kept_pipes(void);
/* Every write (or read) that asks for more than one byte is cut short, by the seed. */
struct given *given_short_writes(void);
struct given *given_short_reads(void);
/* Each blocking call of the learner's (read, write, wait4, poll, open of a FIFO, ...) first fails
 * with EINTR, as if a handled signal had come, and succeeds when tried again. */
struct given *given_interruptions(void);
/* The nth (from 1) call of that name fails with that errno: "fork", "pipe", "read", "dup2", ... A
 * write that fails with EPIPE raises SIGPIPE, as if the reader had gone just before. "memory" is
 * what malloc() and its kin ask the kernel for (seldom at each of their calls). */
struct given *given_failing(const char *call, int nth, int error);
/* The nth read or write ("read", "readv", "recv", ...) that asks for more than so many bytes moves
 * only so many. */
struct given *given_short_at(const char *call, int nth, size_t bytes);
/* The nth call of that name that can wait fails with EINTR, as if a handled signal had come. */
struct given *given_interrupted_at(const char *call, int nth);

/* ---- One fault at a time -------------------------------------------------------------------- */

/* The body is a run, with what must hold. It is gone through once without any fault; then, for each
 * place in the learner's source from where calls of these names were made, once with one fault
 * there. kinds: of FAULT_FAILS (each call with an errno that is usual for it), FAULT_SHORT (reads
 * and writes move 1 byte) and FAULT_INTERRUPTS; calls: names with blanks between.
 *
 *     EACH_FAULT(fault, FAULT_SHORT | FAULT_INTERRUPTS, "read write wait")
 *     {
 *         struct run *run = run_program("oneway", args("10"), given(given_input(bytes), fault));
 *         expect_exit(run, 0);
 *         expect_stdout(run, whole);
 *     }
 *
 * One run in the body (with start_peer() if need be), always of the same kind; not left by break.
 * What fails in it is told with the fault before it: "When the 3rd write (pump.c:57 in copy,
 * descriptor 1) was cut short to 1 byte: ...", as are the findings of the run; a misconception is
 * found for EINTR and for short calls. A place is a line, the part of the process that comes there
 * (parent, or child from that fork), and the descriptor that it reads or writes. Where a call that
 * makes something (pipe, fork, msgget, ...) comes several times, each of the first four fails once.
 * What goes to standard error is spared. Of very many faults the seed chooses MOST_FAULTS. */
#define EACH_FAULT(fault, kinds, calls) \
    for (struct given *fault = first_fault((kinds), (calls)); fault != NULL; fault = next_fault())
enum { MOST_FAULTS = 24 };
struct given *first_fault(unsigned kinds, const char *calls);
struct given *next_fault(void);

/* ---- Given: System V objects ---------------------------------------------------------------- */

/* Objects that are in the cell before the first program starts. What is not named is 0:
 *
 *     given_a_queue(.key = key, .mode = 0600, .messages = list, .n_messages = 3)
 *
 * One whose owner is ANOTHER_USER needs a second user: see need_another_user(). */
enum owner { THE_USER, ANOTHER_USER };

struct a_message {
    long type;
    struct text text;
};

struct a_queue {
    key_t key; /* 0: IPC_PRIVATE */
    unsigned mode;
    enum owner owner;
    size_t qbytes; /* msg_qbytes; 0: what the kernel gives */
    const struct a_message *messages;
    size_t n_messages;
};

struct a_semaphore_set {
    key_t key;
    unsigned mode;
    enum owner owner;
    const unsigned short *values;
    size_t count;
    bool uninitialised; /* as between semget() and the first semctl(): nobody gave it values */
};

struct a_segment {
    key_t key;
    unsigned mode;
    enum owner owner;
    size_t size; /* bytes; 0: as long as its contents */
    struct text contents;
};

#define given_a_queue(...) given_queue((struct a_queue){__VA_ARGS__})
#define given_a_semaphore_set(...) given_semaphore_set((struct a_semaphore_set){__VA_ARGS__})
#define given_a_segment(...) given_segment((struct a_segment){__VA_ARGS__})
struct given *given_queue(struct a_queue queue);
struct given *given_semaphore_set(struct a_semaphore_set set);
struct given *given_segment(struct a_segment segment);
/* The identifier of such an object, once its run is there (new_run(), start_program(), ...). */
int id_of_given(const struct given *given);
/* A key that nothing else has; never 0 nor -1. */
key_t random_key(void);

/* The program runs as the other user: another uid and gid, without rights over what is the first
 * one's. */
struct given *given_another_user(void);
/* The program is built for the race detector: two accesses to shared memory that nothing orders, by
 * two processes, fail the check like any house rule (FINDING_DATA_RACE), whatever came out. Give it
 * to each program of the run, the first included. It runs several times slower, and says nothing of
 * processor time. With check --schedules the check is tried again and again, and in such a run one
 * thread goes at a time, as a seed says; the kit's own steps wait until nobody can go. */
struct given *given_race_build(void);
/* The program runs under valgrind: memory used wrongly by it or by its children (before they exec a
 * command) fails the check like any house rule (FINDING_MEMORY_ERROR). Give it to each program of
 * the learner's in the run, the first included. It takes a second of processor time a program, so
 * one such run an exercise, with little input. What the tracer says of lines, and what is left
 * behind, is not judged there; calls cannot be held, watched or made to fail. Without valgrind the
 * check is skipped; a sanitized build watches its memory itself and runs as always. */
struct given *given_memory_check(void);
/* First in a check that has a second user: the check is skipped, with the reason, on a machine that
 * has none for us. */
void need_another_user(void);
/* The uid of either, as programs of the cell see it. */
unsigned uid_of(enum owner owner);

/* ---- Given: held or killed at a chosen call ------------------------------------------------- */

/* The process that makes the nth (from 1) call of that name, of the program that starts with this
 * wish and its children, is held there: before the kernel begins with it, or when it is done and
 * the program has not yet been told. It stays so until release(). Only calls by the learner's own
 * lines count; for _after only those that succeed. A number of calls below n is no error: then
 * wait_until_held() says false. */
struct given *given_held_before(const char *call, int nth);
struct given *given_held_after(const char *call, int nth);
/* The same, but it is killed (SIGKILL) there. Call allow_death_by_signal() too. */
struct given *given_killed_before(const char *call, int nth);
struct given *given_killed_after(const char *call, int nth);

/* ---- When ----------------------------------------------------------------------------------- */

#define args(...) ((const char *const[]){__VA_ARGS__, NULL})
#define no_args() ((const char *const[]){NULL})

/* Path, inside the cell, of one of the kit's small programs (autograder/probes/NAME.c). */
const char *probe(const char *name);

/* Runs one of the exercise's programs (or drivers, by its name) to its end. */
struct run *run_program(const char *program, const char *const *arguments, struct given *given);
/* Starts it and returns; finish_run() takes it to its end. */
struct run *start_program(const char *program, const char *const *arguments, struct given *given);
void finish_run(struct run *run);

/* In two steps, for arguments that are known only then (id_of_given()): the cell with all that is
 * given, and then its first program. What new_run() is given holds for the run (faults, watched
 * I/O, objects, files); what start_first() is given, for the program (input, held calls, ...). */
struct run *new_run(struct given *given);
void start_first(struct run *run, const char *program, const char *const *arguments,
                 struct given *given);

/* Until every process sleeps (or is held, or stopped), and what they wait for is the kit (input it
 * holds back, output it does not read): the check fails if they are busy (busy-wait) or hang. */
void wait_until_idle(struct run *run);
/* Until a process is held (given_held_before() or _after()). false: everybody else sleeps or has
 * ended, and nobody has come to that call. */
bool wait_until_held(struct run *run);
/* Until so many processes are held at the same time; the same. */
bool wait_until_all_held(struct run *run, int count);
/* Lets the held ones go on: all, or those of one program. */
void release(struct run *run);
void release_peer(struct peer *peer);
/* Until standard output holds at least that many bytes (or the run has ended). */
void wait_until_output(struct run *run, size_t bytes);
/* Until every program of the run has ended. */
void wait_until_ended(struct run *run);

void send_input(struct run *run, struct text bytes);
void close_input(struct run *run);
void stop_reading(struct run *run);
void resume_reading(struct run *run);
/* Closes the kit's reading end of standard output, as a reader that dies. */
void close_output(struct run *run);
/* Sends a signal to process number n (1: the first program) of the run. */
void send_signal(struct run *run, int number, int signal);

/* Files in the run's working directory, from the start to the end of the check. stat: as lstat(2).
 */
bool stat_in_cell(struct run *run, const char *name, struct stat *status);
struct text read_in_cell(struct run *run, const char *name); /* empty when there is none */

/* ---- The kit's own hand on System V objects ------------------------------------------------- */

/* On the objects of a run's cell, as the run's user, while it goes on. In the confined mode no
 * permission bits keep this hand out: it has privilege over the cell's objects, so what it can do
 * says nothing of what a program may do. None of them waits (IPC_NOWAIT). false and -1: it failed,
 * and errno is the call's. */
int find_id(struct run *run, enum object_kind kind, key_t key);
bool put_message(struct run *run, int id, long type, struct text text);
bool take_message(struct run *run, int id, long type, struct a_message *message); /* as msgrcv */
bool set_queue_limit(struct run *run, int id, size_t bytes);                      /* msg_qbytes */
bool set_semaphore(struct run *run, int id, int index, int value);
bool operate_semaphore(struct run *run, int id, int index, int operation);
bool write_segment(struct run *run, int id, size_t offset, struct text bytes);
struct text read_segment(struct run *run, int id, size_t offset, size_t length);
bool remove_object(struct run *run, enum object_kind kind, int id);

/* Its state now, by a fresh look at the run: who waits, values, last operators, mode, owner. Of a
 * segment the size is in bytes (capacity is -1), of a queue its msg_qbytes in capacity. NULL: no
 * such. Valid until the next look. */
const struct object *xsi_object(struct run *run, enum object_kind kind, int id);
/* The one object of that kind that the run's programs have made and that is still there. NULL:
 * none, or several. */
const struct object *only_object(struct run *run, enum object_kind kind);
/* How many of that kind exist in the cell now (in the weaker mode: of those the run has met). */
size_t count_objects(struct run *run, enum object_kind kind);

/* ---- Several programs in one cell ----------------------------------------------------------- */

/* One more program beside the first: of the exercise, or one of the kit's by its absolute path
 * (probe("x")). wait_until_idle(), finish_run() and the house rules cover all of them; a run has
 * ended when every one of them has. */
struct peer *start_peer(struct run *run, const char *program, const char *const *arguments,
                        struct given *given);
void send_to_peer(struct peer *peer, struct text bytes);
void close_peer_input(struct peer *peer);
void wait_until_peer_output(struct peer *peer, size_t bytes);
void wait_until_peer_ended(struct peer *peer);
/* Until the first program of the run has ended, whatever the others do. */
void wait_until_first_ended(struct run *run);
struct text stdout_of_peer(struct peer *peer);
struct text stderr_of_peer(struct peer *peer);
/* The number of its process in the run: for send_signal(). */
int number_of_peer(struct peer *peer);
void kill_peer(struct peer *peer, int signal);
void expect_peer_exit(struct peer *peer, int status);
void expect_peer_stdout(struct peer *peer, struct text expected);

/* ---- Then ----------------------------------------------------------------------------------- */

/* The next expect_* that fails, and names no cause of its own, was probably this mistake (an id of
 * the catalogue). NULL takes it back. */
void suspect(const char *misconception);
/* Only when this holds: name a cause only where something observed speaks for it. */
void suspect_if(bool observed, const char *misconception);
/* The next expect_* that fails points at the line of that call (of record_of(run)). NULL takes it
 * back. */
void look_at(const struct call *call);
/* Did a call of that name (as expect_calls counts) by the learner's program fail with that errno?
 * Frequent calls (read, write, ...) are seen only with given_watched_io(). */
bool saw_failure(struct run *run, const char *call, int error);
/* Did a call fail that the kit was to make fail (given_failing, EACH_FAULT)? A program may do
 * without that call. */
bool saw_fault(struct run *run);
/* The same, of a call of that name. */
bool saw_fault_in(struct run *run, const char *call);
/* The errno with which that call failed; 0: none did. */
int error_of_fault(struct run *run);
/* Was a call of that name interrupted, by given_interruptions() or a signal, and then never made
 * again by the same thread? (A semop with other operations is not the same call.) */
bool saw_given_up(struct run *run, const char *call);
/* Did a child that could not exec make other calls after it than those by which it says so? With
 * given_watched_io(). */
bool saw_fall_through(struct run *run);
/* The process that runs the program of that name, with that word among its arguments (in the first
 * 200 bytes; NULL: whatever they are). NULL: none was seen. Valid until the run goes on. */
const struct process *find_process(struct run *run, const char *name, const char *word);
/* The recorded call that process number n (1: the first program) is in and has not returned from;
 * NULL: none. What it sleeps in, when idle. */
const struct call *call_in_progress(struct run *run, int number);

/* What happens in this run, in a sentence: told before what the following expectations say. NULL
 * takes it back. As in scene("The pager is killed by SIGTERM."). */
void scene(const char *format, ...) __attribute__((format(printf, 1, 2)));

void expect_exit(struct run *run, int status);
/* Exit status 1, and a message on standard error with that text: a call has failed. */
void expect_error_told(struct run *run, const char *text);
/* The same, if a call was made to fail at all (saw_fault()). text NULL: the reason, strerror() of
 * its errno. Who gets no memory may also do without: then the exit status is 0, as it has to be in
 * the run of EACH_FAULT that has no fault. */
void expect_fault_told(struct run *run, const char *text);
/* The message names that call: "pipe", "fork", "read", ... Where the task leaves no choice of it.
 */
void expect_fault_named(struct run *run);
/* The same, but only of calls of System V IPC ("msgget", "semop", ...): where other calls may go by
 * other names, as those of stdio and of threads do. */
void expect_ipc_fault_named(struct run *run);
/* Standard output is /dev/full (given_output_file()): exit status 1, and a message with the reason.
 */
void expect_full_told(struct run *run);
void expect_killed_by(struct run *run, int signal);
void expect_stdout(struct run *run, struct text expected);
void expect_stderr_begins(struct run *run, const char *text);
void expect_stderr_contains(struct run *run, const char *text);
void expect_stderr_empty(struct run *run);
/* Exactly (at least, at most) that many successful calls by the learner's program: "pipe" counts
 * pipe and pipe2, "fork" every way to make a process, "wait" wait4 and waitid, "open" openat, ...
 */
void expect_calls(struct run *run, const char *call, int count);
void expect_calls_between(struct run *run, const char *call, int least, int most);
/* No process of the run holds both ends of a pipe that the run made. Call it when idle. */
void expect_one_way_pipes(struct run *run);
/* The run uses no processor time although it lives: call it when idle. Watches for 300 ms. */
void expect_still_idle(struct run *run);
/* Anything else that the record shows. Kinds are in judge/finding.h. */
void expect_that(struct run *run, bool holds, enum finding_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The run may be killed by a signal / may leave processes / may be waited for without a finding. */
void allow_death_by_signal(struct run *run);

/* What was seen. */
struct text stdout_of(struct run *run);
struct text stderr_of(struct run *run);
const struct record *record_of(struct run *run);
/* The bytes that were read from that pipe of the run's through which most came
 * (given_kept_pipes()). */
struct text came_through_pipe(struct run *run);
/* Bytes that the run's processes have put into queues, pipes, FIFOs, sockets and files, other than
 * the standard descriptors they got from the kit: what did not go through shared memory. With
 * given_watched_io(). */
size_t bytes_sent_between(struct run *run);
int exit_status_of(struct run *run); /* as a shell says it: status, or 128 + signal */
/* How many successful calls of that name (as expect_calls counts) the learner's program made. */
int count_calls(struct run *run, const char *call);

#endif
