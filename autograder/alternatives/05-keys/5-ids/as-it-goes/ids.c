/*
 * ids.c - writes each identifier as soon as it has it, and has an exit handler that clears up
 * unless all went well.
 */
#include "lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

static int left[5], count;

static void clear_up(void)
{
    while (count > 0)
        msgctl(left[--count], IPC_RMID, NULL);
}

static int new_queue(void)
{
    int id = msgget(IPC_PRIVATE, 0600);
    if (id == -1)
        die("msgget");
    return id;
}

static void tell(int id)
{
    char line[16];
    int length = sprintf(line, "%d\n", id), done = 0;
    while (done < length) {
        ssize_t n = write(STDOUT_FILENO, line + done, (size_t)(length - done));
        if (n == -1 && errno != EINTR)
            die("write");
        done += n > 0 ? (int)n : 0;
    }
}

static void ten(void)
{
    struct {
        long type;
        char text[12];
    } message = {.type = 1};

    if (atexit(clear_up) != 0)
        die("atexit");
    for (int i = 0; i < 10; i++) {
        int id = new_queue();
        if (i >= 5)
            left[count++] = id;
        else if (msgctl(id, IPC_RMID, NULL) == -1)
            die("msgctl");
        size_t length = (size_t)sprintf(message.text, "%d", id);
        while (i >= 5 && msgsnd(id, &message, length, IPC_NOWAIT) == -1)
            if (errno != EINTR)
                die("msgsnd");
        tell(id);
    }
    count = 0; /* they may stay now */
}

static int clean(void)
{
    char *line = NULL, *end;
    size_t size = 0;
    long numbers[10];
    int n = 0, status = 0;

    while (getline(&line, &size, stdin) > 0) {
        errno = 0;
        long value = strtol(line, &end, 10);
        if (n == 10 || end == line || strcmp(end, "\n") != 0 || value < 0 || value > INT_MAX ||
            errno != 0 || line[0] < '0') {
            fprintf(stderr, "ids: what is \"%s\"?\n", line);
            free(line);
            return 1;
        }
        numbers[n++] = value;
    }
    free(line);
    if (ferror(stdin) || n != 10) {
        fprintf(stderr, "ids: ten lines, please\n");
        return 1;
    }
    for (int i = 9; i >= 5; i--) {
        struct msqid_ds state;
        int id = (int)numbers[i];
        if (msgctl(id, IPC_STAT, &state) == -1 && (errno == EINVAL || errno == EIDRM))
            continue;
        if (msgctl(id, IPC_RMID, NULL) == -1 && errno != EINVAL && errno != EIDRM) {
            perror("ids: msgctl");
            status = 1;
        }
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "clean") == 0)
        return clean();
    if (argc != 1)
        usage("ids [clean]");
    ten();
    return 0;
}
