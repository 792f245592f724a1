/*
 * ids.c - what numbers does the kernel give, and what is left when a program has ended?
 *
 * Usage: ids
 *        ids clean < what ids has written
 *
 * `ids` makes ten message queues and writes their identifiers. Five are removed at once, each
 * before the next is made. Five stay, with a message in each: a queue belongs to no process, and
 * does not go with one. `ids clean` removes those that stayed.
 *
 * All have the key IPC_PRIVATE, so the identifier is the only way to a queue. Whoever loses it can
 * look it up with ipcs(1) and guess.
 *
 * After APUE exercise 15.12.
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

enum { GONE = 5, STAY = 5, ALL = GONE + STAY };

struct note {
    long type;
    char text[16]; /* the queue's identifier in digits, without a '\0' behind */
};

/* True also if it was not there any more: that is what was wanted. */
static bool remove_queue(int id)
{
    return msgctl(id, IPC_RMID, NULL) == 0 || errno == EINVAL || errno == EIDRM;
}

static int make_queue(void)
{
    return msgget(IPC_PRIVATE, IPC_CREAT | 0600);
}

static int leave_note(int id)
{
    struct note note = {.type = 1};
    int length = snprintf(note.text, sizeof note.text, "%d", id);
    int result;

    do
        result = msgsnd(id, &note, (size_t)length, 0);
    while (result == -1 && errno == EINTR);
    return result;
}

/* Something failed, and nobody will hear of these queues: they must not stay. */
static _Noreturn void give_up(const char *what, const int *ids, int count)
{
    int error = errno;
    for (int i = 0; i < count; i++)
        remove_queue(ids[i]);
    errno = error;
    die("%s", what);
}

static void make_all(int *ids)
{
    for (int i = 0; i < GONE; i++) {
        ids[i] = make_queue();
        if (ids[i] == -1)
            die("msgget");
        if (msgctl(ids[i], IPC_RMID, NULL) == -1)
            die("msgctl IPC_RMID %d", ids[i]);
    }
    for (int i = GONE; i < ALL; i++) {
        ids[i] = make_queue();
        if (ids[i] == -1)
            give_up("msgget", ids + GONE, i - GONE);
        if (leave_note(ids[i]) == -1)
            give_up("msgsnd", ids + GONE, i + 1 - GONE);
    }
}

static void print_all(const int *ids)
{
    for (int i = 0; i < ALL; i++)
        printf("%d\n", ids[i]);
    if (fflush(stdout) == EOF || ferror(stdout))
        give_up("write to standard output", ids + GONE, STAY);
}

/* A line that is a number and nothing else; -1: it is not. */
static int parse_id(const char *line)
{
    size_t digits = strspn(line, "0123456789");
    if (digits == 0 || strcmp(line + digits, "\n") != 0)
        return -1;
    errno = 0;
    long id = strtol(line, NULL, 10);
    return errno == 0 && id <= INT_MAX ? (int)id : -1;
}

/* All lines are looked at before anything is removed. */
static void read_all(int *ids)
{
    char line[64];
    int count = 0;

    while (fgets(line, sizeof line, stdin) != NULL) {
        int id = parse_id(line);
        if (id == -1 || count == ALL) {
            errno = 0;
            die("standard input is not what ids has written");
        }
        ids[count++] = id;
    }
    if (ferror(stdin))
        die("read standard input");
    if (count < ALL) {
        errno = 0;
        die("standard input has %d lines, not %d", count, ALL);
    }
}

/* The first five went long ago. What has one of their numbers now belongs to somebody else. */
static int clean(const int *ids)
{
    int status = EXIT_SUCCESS;
    for (int i = GONE; i < ALL; i++) {
        if (remove_queue(ids[i]))
            continue;
        fprintf(stderr, "ids: msgctl IPC_RMID %d: %s\n", ids[i], strerror(errno));
        status = EXIT_FAILURE;
    }
    return status;
}

int main(int argc, char **argv)
{
    int ids[ALL];

    if (argc > 2 || (argc == 2 && strcmp(argv[1], "clean") != 0))
        usage("ids, ids clean");
    if (argc == 2) {
        read_all(ids);
        return clean(ids);
    }
    make_all(ids);
    print_all(ids);
    return EXIT_SUCCESS;
}
