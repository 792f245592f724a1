/*
 * long-names.c - files, FIFOs, POSIX objects, sockets and itself under names as long as they may
 * be, of newlines, terminal escapes, markup and bytes that are no UTF-8; and a path that no call
 * takes in one piece.
 *
 * expect: failed
 */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hostile.h"

static const char nasty[] = "\033[2J\n\r\x9b\x31m<script>alert(1)</script>\"'&\\,=@\t\xff\xfe";

static void fill(char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        name[i] = nasty[i % (sizeof nasty - 1)] == '/' ? '|' : nasty[i % (sizeof nasty - 1)];
    name[length] = '\0';
}

int main(int argc, char **argv)
{
    char name[256], posix[252] = "/", words[4001], *const again[] = {words, words, NULL};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    fill(words, sizeof words - 1);
    if (argc == 1 && strcmp(argv[0], words) != 0)
        execv("/proc/self/exe", again);
    fill(name, sizeof name - 1);
    fill(posix + 1, sizeof posix - 6);
    fill(address.sun_path, sizeof address.sun_path - 1);
    prctl(PR_SET_NAME, nasty);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        listen(fd, 1);
    mq_open(posix, O_RDWR | O_CREAT, 0600, NULL);
    sem_open(posix, O_CREAT, 0600, 0);
    shm_open(posix, O_RDWR | O_CREAT, 0600);
    mkfifo(name, 0600);
    for (int i = 0; i < 20 && mkdir(name + 1, 0700) == 0 && chdir(name + 1) == 0; i++)
        mkfifo(name, 0600);
    fprintf(stderr, "%s: %s\n", argv[0], words);
    return open(name, O_RDONLY); /* where nobody comes */
}
