/*
 * ids.c - a child makes the queues and ends; they outlive it, and the parent hears their numbers
 * through a pipe. Whoever knows a number can work with the queue.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 10, FIRST = 5 };

/* Negative: errno, negated. */
static int make_one(bool stays)
{
    int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT | IPC_EXCL);
    if (id == -1)
        return -errno;
    if (!stays)
        return msgctl(id, IPC_RMID, NULL) == -1 ? -errno : id;
    char note[sizeof(long) + 24];
    long type = 1;
    memcpy(note, &type, sizeof type);
    int length = snprintf(note + sizeof type, 24, "%d", id), result;
    do
        result = msgsnd(id, note, (size_t)length, 0);
    while (result == -1 && errno == EINTR);
    if (result == 0)
        return id;
    int error = errno;
    msgctl(id, IPC_RMID, NULL);
    return -error;
}

static _Noreturn void make_them(int out)
{
    for (int i = 0; i < MANY; i++) {
        int id = make_one(i >= FIRST);
        if (write(out, &id, sizeof id) != (ssize_t)sizeof id) {
            int error = errno; /* nobody hears of this one */
            if (i >= FIRST && id >= 0)
                msgctl(id, IPC_RMID, NULL);
            errno = error;
            die("write to the parent");
        }
        if (id < 0)
            _exit(1);
    }
    _exit(0);
}

static bool get(int in, int *id)
{
    ssize_t got;
    do
        got = read(in, id, sizeof *id);
    while (got == -1 && errno == EINTR);
    return got == (ssize_t)sizeof *id;
}

static void ten(void)
{
    int ends[2], ids[MANY], count = 0, id = -EPIPE, status;

    if (pipe(ends) == -1)
        die("pipe");
    pid_t child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        close(ends[0]);
        make_them(ends[1]);
    }
    close(ends[1]);
    while (get(ends[0], &id) && id >= 0)
        ids[count++] = id;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    bool good = count == MANY;
    const char *what = "the child: msgget, msgsnd or msgctl";
    errno = -id;
    for (int i = 0; good && i < MANY; i++)
        good = dprintf(STDOUT_FILENO, "%d\n", ids[i]) > 0;
    if (good)
        return;
    int error = errno;
    if (count == MANY)
        what = "write";
    for (int i = FIRST; i < count; i++)
        msgctl(ids[i], IPC_RMID, NULL);
    errno = error;
    die("%s", what);
}

static int clean(void)
{
    int numbers[MANY], n = 0, bad = 0;
    char word[32], newline[2];
    int c;

    while (n < MANY && scanf("%31[0-9]%1[\n]", word, newline) == 2 && strlen(word) < 11 &&
           atoll(word) <= INT_MAX)
        numbers[n++] = atoi(word);
    c = getchar();
    if (n < MANY || c != EOF) {
        fprintf(stderr, "ids: this is not mine\n");
        return 1;
    }
    for (int i = FIRST; i < MANY; i++)
        if (msgctl(numbers[i], IPC_RMID, NULL) == -1 && errno != EINVAL && errno != EIDRM) {
            fprintf(stderr, "ids: msgctl %d: %s\n", numbers[i], strerror(errno));
            bad = 1;
        }
    return bad;
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "clean") != 0))
        usage("ids, ids clean");
    if (argc == 2)
        return clean();
    ten();
    return 0;
}
