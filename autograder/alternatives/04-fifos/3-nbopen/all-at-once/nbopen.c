/*
 * nbopen.c - says everything at once, at the end; reads into memory that it gets for the purpose.
 *
 * The answer is put together in a memory stream and written by one loop. openat(2) in the place of
 * open(2), read into a buffer that grows to hold everything.
 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct heap {
    char *bytes;
    size_t used, room;
};

static const char *fill(struct heap *heap, int fd)
{
    for (;;) {
        if (heap->room - heap->used < 100) {
            heap->room = 2 * heap->room + 100;
            heap->bytes = realloc(heap->bytes, heap->room);
            if (heap->bytes == NULL)
                die("realloc");
        }
        ssize_t got = read(fd, heap->bytes + heap->used, heap->room - heap->used);
        if (got > 0)
            heap->used += (size_t)got;
        else if (got == 0)
            return "eof";
        else if (errno == EAGAIN)
            return "again";
        else if (errno != EINTR)
            die("read");
    }
}

static void answer(const char *text, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t written = write(STDOUT_FILENO, text + done, length - done);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        done += (size_t)written;
    }
}

static int open_it(const char *path, int flags)
{
    int fd = openat(AT_FDCWD, path, flags | O_NONBLOCK);
    int error = errno;
    struct stat status;
    /* Opened or not: whether it is a FIFO the name says as well. */
    if (stat(path, &status) == -1)
        die("stat %s", path);
    errno = 0;
    if (!S_ISFIFO(status.st_mode))
        die("%s must be a FIFO", path);
    errno = error;
    if (fd == -1 && !(errno == ENXIO && (flags & O_ACCMODE) == O_WRONLY))
        die("openat %s", path);
    return fd;
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t length = 0;
    struct heap heap = {0};
    if (argc != 3 || argv[1][0] == '\0' || argv[1][1] != '\0' ||
        (argv[1][0] != 'r' && argv[1][0] != 'w'))
        usage("nbopen r|w PATH");
    int writes = argv[1][0] == 'w';
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal");
    int fd = open_it(argv[2], writes ? O_WRONLY : O_RDONLY);
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        die("open_memstream");
    fprintf(stream, "%s\n", fd == -1 ? "no-reader" : "opened");
    if (!writes) {
        const char *state = fill(&heap, fd);
        if (heap.used > 0)
            fprintf(stream, "data %zu %08lx\n", heap.used,
                    (unsigned long)crc32_update(0, heap.bytes, heap.used));
        fprintf(stream, "%s\n", state);
    }
    if (fclose(stream) == EOF)
        die("fclose");
    answer(text, length);
    free(text);
    free(heap.bytes);
    return 0;
}
