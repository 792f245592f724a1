/*
 * pipeline.c - another right answer: posix_spawnp, recursively, waitid.
 *
 * Each call makes the pipe to the next stage, spawns its stage, and hands the read end on. A stage
 * that cannot be executed has no process: its status is kept in its place, and closing its ends
 * does to its neighbours what its death would have done.
 */
#define _GNU_SOURCE /* pipe2 */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The end of the command that begins here: its separator or the final NULL. */
static char **end_of(char **command)
{
    while (*command != NULL && strcmp(*command, "--") != 0)
        command++;
    return command;
}

static int well_formed(char **argv)
{
    for (int left = 12; left > 0; left--) {
        char **end = end_of(argv);
        if (end == argv)
            return 0;
        if (*end == NULL)
            return 1;
        argv = end + 1;
    }
    return 0;
}

/* 0 with the pid, or the errno of the failure. */
static int spawn(char **argv, int in, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);

    if (error == 0 && in != 0)
        error = posix_spawn_file_actions_adddup2(&actions, in, 0);
    if (error == 0 && out != 1)
        error = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (error == 0)
        error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int status_of(pid_t pid)
{
    siginfo_t end;

    while (waitid(P_PID, (id_t)pid, &end, WEXITED) == -1)
        if (errno != EINTR)
            die("waitid");
    return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
}

/* Runs this command and those after it; the status of the last. -1: a call failed (said). */
static int run(char **command, int in)
{
    char **end = end_of(command);
    int last = *end == NULL, ends[2] = {-1, 1}, status, error;
    pid_t pid;

    *end = NULL;
    if (!last && pipe2(ends, O_CLOEXEC) == -1) {
        perror("pipeline: pipe2");
        if (in != 0)
            close(in);
        return -1;
    }
    error = spawn(command, in, ends[1], &pid);
    if (error != 0)
        fprintf(stderr, "pipeline: posix_spawn %s: %s\n", command[0], strerror(error));
    if (in != 0)
        close(in);
    if (!last)
        close(ends[1]);
    int impossible = error == EAGAIN || error == ENOMEM;
    if (impossible && !last)
        close(ends[0]);
    int rest = last || impossible ? 0 : run(end + 1, ends[0]);
    status = error == 0 ? status_of(pid) : error == ENOENT ? 127 : 126;
    return impossible || rest == -1 ? -1 : last ? status : rest;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !well_formed(argv + 1))
        usage("pipeline CMD... [-- CMD...]...");
    int status = run(argv + 1, 0);
    return status == -1 ? 1 : status;
}
