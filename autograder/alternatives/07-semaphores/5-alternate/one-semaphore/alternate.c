/*
 * alternate.c - other designs of all three means.
 *
 *   sem    one semaphore: 0 is the first one's turn (wait for zero), then it adds 2; the other one
 *          takes 1, has its turn, and takes 1
 *   lock   locks of open file descriptions: each process has one of its own, and both are set up
 *          before the fork, so nobody has to wait for the other one at the start
 *   posix  named semaphores, whose names are gone before the first turn
 *
 * The long is in a System V segment.
 */
#define _GNU_SOURCE /* F_OFD_SETLKW */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    long value;
    int failed;
};

static struct shared *shared;
static int side;  /* 0: begins */
static int means; /* 0 sem, 1 lock, 2 posix */

static int set = -1;
static int files[2];
static sem_t *names[2];
static long turn;

static int semaphore(int by)
{
    struct sembuf operation = {.sem_op = (short)by};
    int result;
    do
        result = semop(set, &operation, 1);
    while (result == -1 && errno == EINTR);
    return result;
}

static int lock(int fd, long byte, short type)
{
    struct flock area = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do
        result = fcntl(fd, F_OFD_SETLKW, &area);
    while (result == -1 && errno == EINTR);
    return result;
}

static int set_up(void)
{
    char name[] = "lock-XXXXXX";
    int error;
    switch (means) {
    case 0:
        set = semget(IPC_PRIVATE, 1, 0600); /* Linux makes it 0; POSIX wants to be told */
        return set == -1 || semctl(set, 0, SETVAL, 0) == -1 ? -1 : 0;
    case 1:
        files[0] = mkstemp(name);
        files[1] = files[0] == -1 ? -1 : open(name, O_RDWR);
        if (files[1] == -1 || unlink(name) == -1)
            return -1;
        return lock(files[0], 0, F_WRLCK) == -1 ? -1 : lock(files[1], 1, F_WRLCK);
    default:
        names[0] = sem_open("/alternate-0", O_CREAT | O_EXCL, 0600, 1);
        names[1] = sem_open("/alternate-1", O_CREAT | O_EXCL, 0600, 0);
        error = errno;
        sem_unlink("/alternate-0");
        sem_unlink("/alternate-1");
        errno = error;
        return names[0] == SEM_FAILED || names[1] == SEM_FAILED ? -1 : 0;
    }
}

static int begin(void)
{
    int result;
    switch (means) {
    case 0:
        return semaphore(side == 0 ? 0 : -1);
    case 1: /* the byte for the next turn first: nobody ever holds fewer than the other waits for */
        if (lock(files[side], turn + 2, F_WRLCK) == -1)
            return -1;
        return turn == 0 ? 0 : lock(files[side], turn - 1, F_WRLCK);
    default:
        do
            result = sem_wait(names[side]);
        while (result == -1 && errno == EINTR);
        return result;
    }
}

static int finish(void)
{
    switch (means) {
    case 0:
        return semaphore(side == 0 ? 2 : -1);
    case 1:
        turn += 2;
        return lock(files[side], turn - 2, F_UNLCK);
    default:
        return sem_post(names[1 - side]);
    }
}

static int say(char who, int round, long value)
{
    char line[60];
    int length = sprintf(line, "%c %d %ld\n", who, round, value), done = 0;
    while (done < length) {
        ssize_t got = write(1, line + done, (size_t)(length - done));
        if (got == -1 && errno != EINTR)
            return -1;
        done += got > 0 ? (int)got : 0;
    }
    return 0;
}

static int play(char who, int rounds)
{
    turn = side;
    for (int i = 1; i <= rounds; i++) {
        int well = begin() == 0;
        if (shared->failed)
            return 1;
        if (well && say(who, i, ++shared->value) == 0 && finish() == 0)
            continue;
        fprintf(stderr, "alternate: %c: %s\n", who, strerror(errno));
        shared->failed = 1;
        finish();
        return 1;
    }
    return 0;
}

static int misused(void)
{
    fputs("usage: alternate [-m sem|lock|posix] P|C N\n", stderr);
    return 2;
}

static int cannot(const char *what)
{
    perror(what);
    if (set != -1)
        semctl(set, 0, IPC_RMID);
    return 1;
}

int main(int argc, char **argv)
{
    static const char *const known[] = {"sem", "lock", "posix"};
    int option, status;
    opterr = 0;
    while ((option = getopt(argc, argv, "m:")) != -1) {
        for (means = 0; means < 3 && optarg != NULL && strcmp(optarg, known[means]) != 0;)
            means++;
        if (option != 'm' || means == 3)
            return misused();
    }
    if (argc - optind != 2 || strlen(argv[optind]) != 1 || strchr("PC", argv[optind][0]) == NULL ||
        strspn(argv[optind + 1], "0123456789") != strlen(argv[optind + 1]))
        return misused();
    int rounds = atoi(argv[optind + 1]), child_begins = argv[optind][0] == 'C';
    if (rounds < 1 || rounds > 100000)
        return misused();

    int id = shmget(IPC_PRIVATE, sizeof *shared, 0600);
    shared = id == -1 ? (void *)-1 : shmat(id, NULL, 0);
    if (id != -1)
        shmctl(id, IPC_RMID, NULL);
    if (shared == (void *)-1)
        return cannot("alternate: shared memory");
    if (set_up() == -1)
        return cannot("alternate: semget, semctl or lock");
    pid_t child = fork();
    if (child == -1)
        return cannot("alternate: fork");
    side = (child == 0) != child_begins;
    if (child == 0)
        _exit(play('C', rounds));
    int result = play('P', rounds);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    if (set != -1)
        semctl(set, 0, IPC_RMID);
    return result != 0 || status != 0;
}
