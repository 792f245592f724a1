/*
 * alternate.c - the child is this program, started again: it inherits nothing but descriptors and
 * words.
 *
 *   descriptor 3  a file without a name, which both map; it holds the long, and two sem_t
 *   words         the means, who begins, N, the number of the semaphore set
 *
 * For the start of the locks each says through a pipe that it is ready, and waits for the other
 * one.
 */
#define _GNU_SOURCE /* memfd_create(2), environ */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY = 3, MEETING = 4 };

struct shared {
    sem_t turns[2];
    long value;
    int failed;
};

struct player {
    char who;
    int side, rounds, set, turn;
    const char *means;
    struct shared *shared;
};

static int retry_semop(int set, int number, int by)
{
    struct sembuf operation = {(unsigned short)number, (short)by, 0};
    while (semop(set, &operation, 1) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static int retry_lock(int byte, short type)
{
    struct flock area = {.l_type = type, .l_whence = SEEK_SET, .l_start = 1000 + byte, .l_len = 1};
    while (fcntl(MEMORY, F_SETLKW, &area) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static int begin(struct player *me)
{
    if (strcmp(me->means, "sem") == 0)
        return retry_semop(me->set, me->side, -1);
    if (strcmp(me->means, "lock") == 0)
        return retry_lock((me->turn + 2) % 3, F_WRLCK);
    struct timespec hour;
    clock_gettime(CLOCK_REALTIME, &hour);
    hour.tv_sec += 3600;
    while (sem_timedwait(&me->shared->turns[me->side], &hour) == -1)
        if (errno != EINTR)
            return -1;
    return 0;
}

static int finish(struct player *me)
{
    if (strcmp(me->means, "sem") == 0)
        return retry_semop(me->set, 1 - me->side, 1);
    if (strcmp(me->means, "posix") == 0)
        return sem_post(&me->shared->turns[1 - me->side]);
    me->turn += 2;
    return retry_lock((me->turn - 2) % 3, F_UNLCK);
}

static int say(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, line, length);
        if (written == -1 && errno != EINTR)
            return -1;
        if (written > 0) {
            line += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* Both have locked their first byte when this returns. */
static int meet(struct player *me)
{
    char byte = 'x';
    ssize_t result;
    me->turn = me->side;
    if (strcmp(me->means, "lock") != 0)
        return 0;
    if (retry_lock(me->turn, F_WRLCK) == -1)
        return -1;
    do
        result = send(MEETING, &byte, 1, MSG_NOSIGNAL);
    while (result == -1 && errno == EINTR);
    if (result != 1)
        return -1;
    do
        result = read(MEETING, &byte, 1);
    while (result == -1 && errno == EINTR);
    return result == 1 ? 0 : -1;
}

static int play(struct player *me)
{
    char line[64];
    if (meet(me) == -1) {
        fprintf(stderr, "%c: at the start: %s\n", me->who, strerror(errno));
        close(MEETING); /* the other one waits for us there */
        return 1;
    }
    for (int i = 1; i <= me->rounds; i++) {
        int well = begin(me) == 0;
        if (me->shared->failed)
            return 1;
        me->shared->value++;
        int length = snprintf(line, sizeof line, "%c %d %ld\n", me->who, i, me->shared->value);
        if (well && say(line, (size_t)length) == 0 && finish(me) == 0)
            continue;
        fprintf(stderr, "%c: %s\n", me->who, strerror(errno));
        me->shared->failed = 1;
        finish(me);
        return 1;
    }
    return 0;
}

static void map(struct player *me)
{
    me->shared = mmap(NULL, sizeof *me->shared, PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY, 0);
    if (me->shared == MAP_FAILED) {
        perror("alternate: mmap");
        exit(1);
    }
}

/* alternate child MEANS SIDE ROUNDS SET */
static int be_child(char **words)
{
    struct player me = {'C', atoi(words[3]), atoi(words[4]), atoi(words[5]), 0, words[2], NULL};
    map(&me);
    return play(&me);
}

static int misused(void)
{
    fputs("usage: alternate [-m sem|lock|posix] P|C N\n", stderr);
    return 2;
}

static int clear(const struct player *me, const char *failed)
{
    if (failed != NULL)
        perror(failed);
    if (me->set != -1)
        semctl(me->set, 0, IPC_RMID);
    return 1;
}

static int start_child(struct player *me, pid_t *child, int meeting)
{
    char side[12], rounds[12], set[12];
    posix_spawn_file_actions_t actions;
    char *words[] = {"alternate", "child", (char *)me->means, side, rounds, set, NULL};

    snprintf(side, sizeof side, "%d", 1 - me->side);
    snprintf(rounds, sizeof rounds, "%d", me->rounds);
    snprintf(set, sizeof set, "%d", me->set);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, meeting, MEETING);
    errno = posix_spawn(child, "/proc/self/exe", &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return errno == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct player me = {.who = 'P', .set = -1, .means = "sem"};
    int meeting[2], status;
    pid_t child;

    if (argc == 6 && strcmp(argv[1], "child") == 0)
        return be_child(argv);
    if (argc == 5 && strcmp(argv[1], "-m") == 0)
        me.means = argv[2];
    else if (argc != 3)
        return misused();
    const char *first = argv[argc - 2], *count = argv[argc - 1];
    me.rounds = strspn(count, "0123456789") == strlen(count) ? atoi(count) : 0;
    if ((strcmp(me.means, "sem") != 0 && strcmp(me.means, "lock") != 0 &&
         strcmp(me.means, "posix") != 0) ||
        (strcmp(first, "P") != 0 && strcmp(first, "C") != 0) || me.rounds < 1 || me.rounds > 100000)
        return misused();
    me.side = *first == 'C';

    if (memfd_create("alternate", 0) != MEMORY || ftruncate(MEMORY, 4096) == -1)
        return clear(&me, "alternate: memfd_create");
    map(&me);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, meeting) == -1 || meeting[0] != MEETING)
        return clear(&me, "alternate: socketpair");
    sem_init(&me.shared->turns[0], 1, 1);
    sem_init(&me.shared->turns[1], 1, 0);
    if (strcmp(me.means, "sem") == 0) {
        me.set = semget(IPC_PRIVATE, 2, 0600);
        if (me.set == -1 || semctl(me.set, 0, SETVAL, 1) == -1)
            return clear(&me, "alternate: semget or semctl");
    }
    if (start_child(&me, &child, meeting[1]) == -1)
        return clear(&me, "alternate: posix_spawn");
    close(meeting[1]);
    int result = play(&me);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        continue;
    if (me.set != -1)
        semctl(me.set, 0, IPC_RMID);
    return result != 0 || status != 0;
}
