/*
 * cell_bench.c - `ipclab cell-bench [N]`: what a fresh cell costs above fork and exec.
 *
 * Prints two medians in milliseconds: a run of /bin/true in a cell of its own (made, traced, judged
 * for leftovers, ended), and plain fork, exec, wait; taken in turn.  For `make bench`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../run/run.h"
#include "commands.h"

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double one_cell(bool confined)
{
    static const char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
    struct run_options options = {.confined = confined, .folder = "/tmp", .sets = CALLS_RARE};
    struct run_program program = {
        .file = "/bin/true",
        .argv = argv,
        .envp = envp,
        .kind = {STDIO_PIPE, STDIO_PIPE, STDIO_PIPE}
    };
    long long began_us = kit_now_us();
    struct run *run = run_new(&options);
    if (run_start(run_first(run), &program) == -1)
        kit_broken("cannot start /bin/true");
    run_finish(run);
    run_free(run);
    return (double)(kit_now_us() - began_us) / 1000;
}

static double one_fork(void)
{
    long long began_us = kit_now_us();
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    if (pid == -1)
        kit_broken("fork");
    while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
        continue;
    return (double)(kit_now_us() - began_us) / 1000;
}

/* As root we measure what the box would do: as the unprivileged uid. */
int command_cell_bench(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;
    bool confined = box_mode_here() == BOX_STRONG;
    if (n == 0 || n > 10000) {
        fprintf(stderr, "ipclab: cell-bench takes a number from 1 to 10000\n");
        return 2;
    }
    if (geteuid() == 0 && (setgid(BOX_UID) == -1 || setuid(BOX_UID) == -1))
        kit_broken("cannot drop privileges");
    prctl(PR_SET_DUMPABLE, 1); /* changing the uid took our own /proc/self from us */
    double *cells = kit_alloc(n * sizeof *cells), *forks = kit_alloc(n * sizeof *forks);
    for (size_t i = 0; i < n; i++) {
        cells[i] = one_cell(confined);
        forks[i] = one_fork();
    }
    qsort(cells, n, sizeof *cells, compare_doubles);
    qsort(forks, n, sizeof *forks, compare_doubles);
    printf("%.3f %.3f\n", cells[n / 2], forks[n / 2]);
    free(cells);
    free(forks);
    return 0;
}
