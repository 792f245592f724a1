/*
 * program.c - calls of every sort, each on a line that test_places.c looks for.
 *
 * It is compiled in many ways and traced. Each call of interest stands alone on its line, with the
 * name under which the test knows it.
 */
/* _GNU_SOURCE: vfork(2), and pipe2(2) as a call that nothing else here makes */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/helper.h"

static int ends[2];
static volatile int depth_seen;

static void make_pipe(void)
{
    if (pipe(ends) == -1) /* at: pipe */
        _exit(90);
}

static pid_t start_child(void)
{
    pid_t child = fork(); /* at: fork */
    if (child == 0)
        _exit(dup(1) == -1); /* at: dup in child */
    return child;
}

static void reap_child(void)
{
    int status;
    if (wait(&status) == -1) /* at: wait */
        _exit(91);
}

static void talk(void)
{
    printf("%s %f\n", "to standard output", 1.5);
    fflush(stdout); /* at: flush */
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("%d: %s %f\n", depth_seen, "unbuffered", 2.5);          /* at: printf */
    fprintf(stderr, "%d: %s %f\n", depth_seen, "to errors", 3.25); /* at: stderr */
    errors_like_a_lab("a helper of the labs");                     /* at: common */
}

static void listen_to(FILE *input)
{
    char line[80];
    if (fgets(line, sizeof line, input) == NULL) /* at: fgets */
        depth_seen++;
}

static int recurse(int depth)
{
    if (depth == 0)
        return access("/", R_OK);             /* at: deep */
    return recurse(depth - 1) + depth_seen++; /* not a tail call */
}

static inline __attribute__((always_inline)) void inlined(void)
{
    if (chdir("/") == -1) /* at: inlined */
        _exit(92);
}

static void calls_inlined(void)
{
    inlined();
    depth_seen++;
}

static int compare(const void *left, const void *right)
{
    depth_seen += access("/dev", F_OK); /* at: callback */
    return *(const int *)left - *(const int *)right;
}

static void sort_numbers(void)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof *numbers, compare);
}

static void on_signal(int number)
{
    depth_seen += access("/tmp", number == 0 ? R_OK : F_OK); /* at: handler */
}

static void signal_self(void)
{
    signal(SIGUSR1, on_signal);
    if (kill(getpid(), SIGUSR1) == -1) /* at: kill */
        _exit(93);
    depth_seen++;
}

static void *thread_body(void *argument)
{
    depth_seen += access("/proc", F_OK); /* at: thread */
    return argument;
}

static void use_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_body, NULL) != 0) /* at: pthread_create */
        _exit(94);
    pthread_join(thread, NULL);
}

static void use_vfork(void)
{
    pid_t child = vfork(); /* at: vfork */
    if (child == 0) {
        int status = access("/usr", F_OK); /* at: in vfork */
        _exit(status != 0);
    }
    waitpid(child, NULL, 0); /* at: waitpid */
}

static void use_spawn(const char *myself)
{
    pid_t child;
    char *arguments[] = {(char *)myself, "quiet", NULL}, *nothing[] = {NULL};
    if (posix_spawn(&child, myself, NULL, NULL, arguments, nothing) != 0) /* at: spawn */
        _exit(95);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED); /* at: waitid */
}

static void use_library(const char *path)
{
#ifndef WITHOUT_DLOPEN
    void *library = dlopen(path, RTLD_NOW); /* at: dlopen */
    void (*ask)(void);
    if (library == NULL)
        _exit(96);
    *(void **)&ask = dlsym(library, "library_asks");
    ask(); /* at: far */
    depth_seen++;
#else
    (void)path;
#endif
}

static void use_clock(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used); /* at: vdso */
    depth_seen += used.tv_sec > 100;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return access("/home", F_OK) == 1; /* at: spawned */
    make_pipe();
    if (start_child() > 0)
        reap_child();
    talk();
    listen_to(stdin);
    recurse(500);
    calls_inlined();
    sort_numbers();
    signal_self();
    use_thread();
    use_vfork();
    use_spawn(argv[1]);
    use_library(argv[2]); /* at: call far */
    use_clock();
    return 0;
}
