/*
 * mypopen.c - popen and pclose (APUE fig. 15.12).
 *
 *     "r":  we ◄════ pipe ════ 1  /bin/sh -c command
 *     "w":  we ════ pipe ════► 0  /bin/sh -c command
 *
 * A stream is a pipe's end and a child, and FILE has no place for the child. So there is a list of
 * all open streams. It serves two purposes: my_pclose() finds there whom to wait for, and a new
 * child what it has inherited of the older streams. As long as one process still holds the writing
 * end of a "w" stream, the command that reads from it never sees its end of file.
 */
#include "mypopen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
    FILE *file;
    pid_t child;
    struct stream *next;
};

static struct stream *streams;

/* The child's whole life after fork: theirs becomes its standard input or output. */
static _Noreturn void become_command(const char *command, int ours, int theirs, int standard)
{
    /* First what we have and the command shall not. Any of these may be descriptor 0 or 1, if the
     * process was started without: so they must be gone before dup2, and not be closed after it. */
    for (const struct stream *stream = streams; stream != NULL; stream = stream->next)
        close(fileno(stream->file));
    close(ours);
    if (theirs != standard) {
        if (dup2(theirs, standard) == -1)
            _exit(127);
        close(theirs);
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Gives back what my_popen() had when it failed. */
static void *give_up(struct stream *stream, const int ends[2])
{
    int error = errno;

    if (ends != NULL) {
        close(ends[0]);
        close(ends[1]);
    }
    free(stream);
    errno = error;
    return NULL;
}

FILE *my_popen(const char *command, const char *mode)
{
    if (strcmp(mode, "r") != 0 && strcmp(mode, "w") != 0) {
        errno = EINVAL;
        return NULL;
    }
    int ours = *mode == 'r' ? 0 : 1, theirs = 1 - ours;
    int ends[2];
    struct stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    if (pipe(ends) == -1)
        return give_up(stream, NULL);
    stream->file = fdopen(ends[ours], mode);
    if (stream->file == NULL)
        return give_up(stream, ends);
    /* Last, when nothing else can fail any more: a child would have to be waited for. */
    stream->child = fork();
    if (stream->child == -1) {
        int error = errno;
        fclose(stream->file);
        close(ends[theirs]);
        errno = error;
        return give_up(stream, NULL);
    }
    if (stream->child == 0)
        become_command(command, ends[ours], ends[theirs], theirs);
    close(ends[theirs]);
    stream->next = streams;
    streams = stream;
    return stream->file;
}

/* Takes the stream out of the list: its child, or -1 when it is none of ours. */
static pid_t forget(const FILE *file)
{
    struct stream **link = &streams;

    while (*link != NULL && (*link)->file != file)
        link = &(*link)->next;
    struct stream *found = *link;
    if (found == NULL)
        return -1;
    pid_t child = found->child;
    *link = found->next;
    free(found);
    return child;
}

int my_pclose(FILE *file)
{
    int status;
    pid_t child = forget(file);

    if (child == -1) {
        errno = EINVAL;
        return -1;
    }
    /* Before the wait: this is what a command that reads takes for end of file. If it fails, there
     * is still a child to wait for. */
    int error = fclose(file) == EOF ? errno : 0;
    while (waitpid(child, &status, 0) == -1)
        if (errno != EINTR)
            return -1;
    if (error != 0) {
        errno = error;
        return -1;
    }
    return status;
}
