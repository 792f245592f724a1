/*
 * mypopen.c - popen and pclose by posix_spawn(3) and close-on-exec: nothing is closed in the child.
 *
 * All ends of pipes are made with O_CLOEXEC, so exec closes whatever a command shall not have. The
 * one that it shall have is duplicated onto 0 or 1, and a duplicate stays open; where it is there
 * already, posix_spawn takes its close-on-exec flag away (glibc 2.29 and POSIX.1-2024).
 */
#define _GNU_SOURCE /* pipe2(2): nobody may fork between pipe and fcntl */
#include "mypopen.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct stream {
    FILE *file;
    pid_t child;
    struct stream *next;
};

static struct stream *streams;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int start(pid_t *child, const char *command, int fd, int standard)
{
    char *arguments[] = {"sh", "-c", strdup(command), NULL};
    posix_spawn_file_actions_t actions;

    if (arguments[2] == NULL)
        return ENOMEM;
    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, fd, standard);
    if (error == 0)
        error = posix_spawn(child, "/bin/sh", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(arguments[2]);
    return error;
}

static int open_stream(struct stream *stream, const char *command, const char *mode)
{
    int ends[2], read_it = strcmp(mode, "r") == 0;

    if (pipe2(ends, O_CLOEXEC) == -1)
        return errno;
    int ours = read_it ? ends[0] : ends[1], theirs = read_it ? ends[1] : ends[0];
    int error = start(&stream->child, command, theirs, read_it ? 1 : 0);
    close(theirs);
    if (error != 0) {
        close(ours);
        return error;
    }
    stream->file = fdopen(ours, mode);
    if (stream->file != NULL)
        return 0;
    error = errno;
    close(ours);
    while (waitpid(stream->child, NULL, 0) == -1 && errno == EINTR)
        continue;
    return error;
}

FILE *my_popen(const char *command, const char *mode)
{
    int error = EINVAL;
    struct stream *stream = NULL;

    if (strcmp(mode, "r") == 0 || strcmp(mode, "w") == 0) {
        stream = calloc(1, sizeof *stream);
        error = stream == NULL ? ENOMEM : open_stream(stream, command, mode);
    }
    if (error != 0) {
        free(stream);
        errno = error;
        return NULL;
    }
    pthread_mutex_lock(&lock);
    stream->next = streams;
    streams = stream;
    pthread_mutex_unlock(&lock);
    return stream->file;
}

static struct stream *take(const FILE *file)
{
    pthread_mutex_lock(&lock);
    struct stream **link = &streams;
    while (*link != NULL && (*link)->file != file)
        link = &(*link)->next;
    struct stream *found = *link;
    if (found != NULL)
        *link = found->next;
    pthread_mutex_unlock(&lock);
    return found;
}

int my_pclose(FILE *file)
{
    struct stream *stream = take(file);
    int status;
    pid_t got;

    if (stream == NULL) {
        errno = EINVAL;
        return -1;
    }
    int error = fclose(file) == 0 ? 0 : errno;
    do
        got = waitpid(stream->child, &status, 0);
    while (got == -1 && errno == EINTR);
    free(stream);
    if (got != -1 && error == 0)
        return status;
    if (got != -1)
        errno = error;
    return -1;
}
