/*
 * alternate.c - two processes in strict turns, by three different means.
 *
 * Usage: alternate [-m sem|lock|posix] P|C N
 *
 * Parent and child each add 1 to a shared long N times, in turns; P or C says who begins. A lock
 * around the addition would not do: it keeps them apart, and says nothing about who is next. A turn
 * has to be handed over.
 *
 *   sem    two System V semaphores, one for each side: "it is your turn". Whoever has had his turn
 *          adds 1 to the other's.
 *   posix  the same with two sem_t in the shared memory
 *   lock   three bytes of a file. Turn number t belongs to who holds byte t % 3, and begins when
 *          that of turn t - 1 is let go:
 *
 *              who waits for turn t holds byte t, and sleeps on byte t - 1
 *              it gets byte t - 1: that is the signal. This byte is t + 2 as well (modulo 3), the
 *              one for its own next turn
 *              after the turn it lets byte t go, on which the other one sleeps
 *
 *          A child does not inherit record locks, so the parent must not begin before the child
 *          holds its first byte: it waits for the end of file of a pipe.
 *
 * If something fails on one side, that side sets "failed" and passes the turn on, so that the other
 * does not wait for ever.
 *
 * After APUE exercises 15.16 to 15.18 and figure 15.33.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST, SECOND, SIDES, MOST_ROUNDS = 100000 };

/* In memory that both processes have. */
struct shared {
    long value;
    bool failed;
    sem_t turns[SIDES];
};

static struct shared *shared;
static char beginner; /* 'P' or 'C' */
static int rounds;
static int me; /* FIRST: this process begins */

/* One way to take turns. prepare() ends the program if it fails; the others return -1, with errno.
 */
struct means {
    const char *name, *call;         /* that it waits in */
    void (*prepare)(void);           /* before the fork */
    int (*get_ready)(bool is_child); /* after it, in both; NULL: nothing to do */
    int (*wait_for_turn)(void);
    int (*pass_turn_on)(void);
    void (*clear_away)(void); /* in the parent, at the end */
};

/* ---- System V semaphores -------------------------------------------------------------------- */

/* The fourth argument of semctl(2): on Linux the program defines it. */
union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static int set = -1;

static void sem_clear_away(void)
{
    if (semctl(set, 0, IPC_RMID) == -1)
        die("semctl IPC_RMID");
}

static void sem_prepare(void)
{
    unsigned short values[SIDES] = {[FIRST] = 1, [SECOND] = 0};
    union semun argument = {.array = values};
    set = semget(IPC_PRIVATE, SIDES, 0600);
    if (set == -1)
        die("semget");
    if (semctl(set, 0, SETALL, argument) == -1) {
        int error = errno;
        sem_clear_away();
        errno = error;
        die("semctl SETALL");
    }
}

static int change(int side, int by)
{
    struct sembuf operation = {.sem_num = (unsigned short)side, .sem_op = (short)by};
    int result;
    do
        result = semop(set, &operation, 1);
    while (result == -1 && errno == EINTR);
    return result;
}

static int sem_wait_for_turn(void)
{
    return change(me, -1);
}

static int sem_pass_turn_on(void)
{
    return change(1 - me, +1);
}

/* ---- POSIX semaphores ----------------------------------------------------------------------- */

static void posix_prepare(void)
{
    if (sem_init(&shared->turns[FIRST], 1, 1) == -1 || sem_init(&shared->turns[SECOND], 1, 0) == -1)
        die("sem_init");
}

static int posix_wait_for_turn(void)
{
    int result;
    do
        result = sem_wait(&shared->turns[me]);
    while (result == -1 && errno == EINTR);
    return result;
}

static int posix_pass_turn_on(void)
{
    return sem_post(&shared->turns[1 - me]);
}

static void posix_clear_away(void)
{
    if (sem_destroy(&shared->turns[FIRST]) == -1 || sem_destroy(&shared->turns[SECOND]) == -1)
        die("sem_destroy");
}

/* ---- Record locks --------------------------------------------------------------------------- */

enum { BYTES = 3 };

static FILE *file; /* has no name; its bytes need not exist to be locked */
static int ready[2];
static int turn; /* the number of this side's next turn, modulo BYTES */

static int lock(int byte, short type)
{
    struct flock area = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte % BYTES, .l_len = 1};
    int result;
    do
        result = fcntl(fileno(file), F_SETLKW, &area);
    while (result == -1 && errno == EINTR);
    return result;
}

/* The parent has its byte before there is a child. */
static void lock_prepare(void)
{
    file = tmpfile();
    if (file == NULL)
        die("tmpfile");
    if (pipe(ready) == -1)
        die("pipe");
    turn = me;
    if (lock(turn, F_WRLCK) == -1)
        die("fcntl F_SETLKW");
}

/* The child has its byte before the parent goes on: nothing comes through the pipe but its end. */
static int lock_get_ready(bool is_child)
{
    char nothing;
    ssize_t got = 0;

    if (is_child) {
        turn = me;
        close(ready[0]);
        if (lock(turn, F_WRLCK) == -1)
            return -1;
        return close(ready[1]);
    }
    close(ready[1]);
    do
        got = read(ready[0], &nothing, 1);
    while (got == -1 && errno == EINTR);
    close(ready[0]);
    return got == -1 ? -1 : 0;
}

static int lock_wait_for_turn(void)
{
    return lock(turn + BYTES - 1, F_WRLCK);
}

static int lock_pass_turn_on(void)
{
    int done = turn;
    turn = (turn + SIDES) % BYTES;
    return lock(done, F_UNLCK);
}

static void lock_clear_away(void)
{
    if (fclose(file) == EOF)
        die("close the file");
}

/* ---- Whatever the means --------------------------------------------------------------------- */

static const struct means by_semaphores = {
    .name = "sem",
    .call = "semop",
    .prepare = sem_prepare,
    .wait_for_turn = sem_wait_for_turn,
    .pass_turn_on = sem_pass_turn_on,
    .clear_away = sem_clear_away,
};
static const struct means by_posix_semaphores = {
    .name = "posix",
    .call = "sem_wait",
    .prepare = posix_prepare,
    .wait_for_turn = posix_wait_for_turn,
    .pass_turn_on = posix_pass_turn_on,
    .clear_away = posix_clear_away,
};
static const struct means by_record_locks = {
    .name = "lock",
    .call = "fcntl F_SETLKW",
    .prepare = lock_prepare,
    .get_ready = lock_get_ready,
    .wait_for_turn = lock_wait_for_turn,
    .pass_turn_on = lock_pass_turn_on,
    .clear_away = lock_clear_away,
};
static const struct means *const all_means[] = {&by_semaphores, &by_posix_semaphores,
                                                &by_record_locks};
static const struct means *means = &by_semaphores;

static _Noreturn void misused(void)
{
    usage("alternate [-m sem|lock|posix] P|C N   (N from 1 to 100000)");
}

static const struct means *parse_means(const char *name)
{
    for (size_t i = 0; i < sizeof all_means / sizeof all_means[0]; i++)
        if (strcmp(name, all_means[i]->name) == 0)
            return all_means[i];
    misused();
}

static char parse_side(const char *text)
{
    if (strcmp(text, "P") != 0 && strcmp(text, "C") != 0)
        misused();
    return text[0];
}

static int parse_rounds(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || number < 1 ||
        number > MOST_ROUNDS)
        misused();
    return (int)number;
}

static int write_line(char who, int round, long value)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%c %d %ld\n", who, round, value);
    for (int done = 0; done < length;) {
        ssize_t written = write(STDOUT_FILENO, line + done, (size_t)(length - done));
        if (written == -1 && errno != EINTR)
            return -1;
        if (written > 0)
            done += (int)written;
    }
    return 0;
}

/* Says what failed, and lets the other side go on, to its end. */
static void fail(char who, const char *what)
{
    fprintf(stderr, "alternate: %c: %s: %s\n", who, what, strerror(errno)); /* not buffered */
    shared->failed = true;
    means->pass_turn_on();
}

static void take_turns(char who)
{
    for (int round = 1; round <= rounds; round++) {
        if (means->wait_for_turn() == -1) {
            fail(who, means->call);
            return;
        }
        if (shared->failed)
            return;
        shared->value++;
        if (write_line(who, round, shared->value) == -1) {
            fail(who, "write");
            return;
        }
        if (means->pass_turn_on() == -1) {
            fail(who, "pass the turn on");
            return;
        }
    }
}

static void play(char who)
{
    me = who == beginner ? FIRST : SECOND;
    if (means->get_ready != NULL && means->get_ready(who == 'C') == -1)
        fail(who, "get ready");
    else
        take_turns(who);
}

static bool child_went_well(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Returns in both, as fork does. */
static pid_t start_child(void)
{
    pid_t child = fork();
    if (child == -1) {
        int error = errno;
        means->clear_away();
        errno = error;
        die("fork");
    }
    return child;
}

int main(int argc, char **argv)
{
    if (argc != 3 && (argc != 5 || strcmp(argv[1], "-m") != 0))
        misused();
    if (argc == 5)
        means = parse_means(argv[2]);
    beginner = parse_side(argv[argc - 2]);
    rounds = parse_rounds(argv[argc - 1]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");

    me = beginner == 'P' ? FIRST : SECOND;
    means->prepare();
    pid_t child = start_child();
    if (child == 0) {
        play('C');
        _exit(shared->failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    play('P');
    bool well = child_went_well(child) && !shared->failed;
    means->clear_away();
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
