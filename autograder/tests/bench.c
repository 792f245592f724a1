/*
 * bench.c - what watching a program costs, against running it alone and against strace.
 *
 *     build/tests/bench [ROUNDS]       from where ./ipclab lies; 9 rounds unless told otherwise
 *     build/tests/bench class          what grading a class takes, alone
 *     build/tests/bench races [ROUNDS] the tables of the race detector alone; IPCLAB_BENCH_REPS
 * says how often racy programs are run plainly (1000) build/tests/bench ping-pong N    the load of
 * the second table: N round trips over two pipes
 *
 * Machines differ and are never idle, so every figure is a ratio: in each round all ways of running
 * a load take their turn, one after the other and each time another one first; what is printed is
 * the median of the rounds' ratios.  A missed aim is said and is not a failure; the status is 1
 * only when something could not be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"

enum { ROUNDS = 9, MAX_ROUNDS = 101, MAX_WORDS = 24, NOT_STARTED = 127 };

/* Ways of running a load, and what stands before its command line. */
enum way { ALONE, IPCLAB, STRACE, STRACE_BPF, IPCLAB_IO, WAYS };

/* strace stops at every call unless it is told which ones; then --seccomp-bpf lets the others pass,
 * as our filter does. These are the calls that `ipclab trace` stops at, as far as strace has words
 * for them. */
static const char same_calls[] =
    "trace=%process,%ipc,%signal,?pipe,pipe2,?open,openat,dup,?dup2,dup3,fcntl,socket,socketpair,"
    "bind,listen,accept,accept4,connect,?unlink,unlinkat,mknodat,chdir";

static const struct way_words {
    const char *name;
    const char *prefix[8];
    bool strace;
} ways[WAYS] = {
    [ALONE] = {"alone",                   {NULL},                                            false},
    [IPCLAB] = {"ipclab trace",            {"./ipclab", "trace", "--", NULL},                 false},
    [STRACE] = {"strace -f",               {"strace", "-f", "-o", "/dev/null", NULL},         true },
    [STRACE_BPF] = {"strace -f --seccomp-bpf",
               {"strace", "-f", "--seccomp-bpf", "-e", same_calls, "-o", "/dev/null", NULL},
               true                                                                               },
    [IPCLAB_IO] = {"ipclab trace --io",       {"./ipclab", "trace", "--io", "--", NULL},         false},
};

struct figure {
    enum way way, against;
    double aim; /* at most */
};

struct load {
    const char *title;
    const char *command[5];
    struct figure figures[5];
    size_t n_figures;
};

#define ROUND_TRIPS "20000"

static const struct load loads[] = {
    {"seq 200000 | sort | uniq | wc",
     {"sh", "-c", "seq 200000 | sort | uniq | wc", NULL},
     {{IPCLAB, ALONE, 1.2}, {IPCLAB, STRACE, 1.0}, {IPCLAB, STRACE_BPF, 1.1}},
     3},
    {"ping-pong over two pipes, " ROUND_TRIPS " round trips",
     {"build/tests/bench", "ping-pong", ROUND_TRIPS, NULL},
     {{IPCLAB, ALONE, 1.2},
      {IPCLAB, STRACE, 0.5},
      {IPCLAB, STRACE_BPF, 1.1},
      {IPCLAB_IO, STRACE, 1.0}},
     4},
};

static const double cell_aim = 3.0; /* one fresh cell, in the time of one fork and exec */

static bool something_failed;

/* ---- The load ---------------------------------------------------------------------------------
 */

static void pass_byte(int from, int to, bool first)
{
    char byte = 'x';

    if (first && write(to, &byte, 1) != 1)
        kit_broken("write");
    if (read(from, &byte, 1) != 1)
        kit_broken("read");
    if (!first && write(to, &byte, 1) != 1)
        kit_broken("write");
}

static int ping_pong(long round_trips)
{
    int there[2], back[2], status;

    if (pipe(there) == -1 || pipe(back) == -1)
        kit_broken("pipe");
    pid_t child = fork();
    if (child == -1)
        kit_broken("fork");
    for (long i = 0; i < round_trips; i++) {
        if (child == 0)
            pass_byte(there[0], back[1], false);
        else
            pass_byte(back[0], there[1], true);
    }
    if (child == 0)
        _exit(0);
    if (waitpid(child, &status, 0) == -1)
        kit_broken("waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

/* ---- Measuring --------------------------------------------------------------------------------
 */

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *values, size_t n)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, by_size);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Becomes the command, with nothing to read and nobody to hear it but `out`. */
static _Noreturn void become(const char *const words[], int out)
{
    int nothing = open("/dev/null", O_RDWR);

    if (nothing == -1 || dup2(nothing, STDIN_FILENO) == -1 || dup2(nothing, STDERR_FILENO) == -1 ||
        dup2(out == -1 ? nothing : out, STDOUT_FILENO) == -1)
        _exit(NOT_STARTED);
    setenv("LC_ALL", "C", 1);
    if (words[0] != NULL)
        execvp(words[0], (char *const *)words);
    _exit(NOT_STARTED);
}

/* Runs the command and waits for it. Returns milliseconds, or -1 when it did not end with 0. */
static double run_command(const char *const words[])
{
    int status;
    long long start = kit_now_us();
    pid_t child = fork();

    if (child == -1)
        kit_broken("fork");
    if (child == 0)
        become(words, -1);
    if (waitpid(child, &status, 0) == -1)
        kit_broken("waitpid");
    double took_ms = (double)(kit_now_us() - start) / 1000;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? took_ms : -1;
}

static double run_load(const struct load *load, enum way way)
{
    const char *words[MAX_WORDS] = {NULL};
    size_t n = 0;

    for (const char *const *word = ways[way].prefix; *word != NULL; word++)
        words[n++] = *word;
    for (const char *const *word = load->command; *word != NULL; word++)
        words[n++] = *word;
    return run_command(words);
}

static bool has_strace(void)
{
    static const char *const words[] = {"strace", "-V", NULL};

    return run_command(words) >= 0;
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

static void print_figure(const char *what, double ratio, double aim)
{
    printf("  %-48s %7.2f   at most %4.2f   %s\n", what, ratio, aim,
           ratio <= aim ? "reached" : "MISSED");
}

static void print_failure(const char *what, const char *why)
{
    printf("  %-48s       -   %s\n", what, why);
}

static void tell_figure(const struct figure *figure, double (*times)[WAYS], int rounds, bool strace)
{
    double ratios[MAX_ROUNDS];
    size_t n = 0;
    char what[80];

    snprintf(what, sizeof what, "%s / %s", ways[figure->way].name, ways[figure->against].name);
    if ((ways[figure->way].strace || ways[figure->against].strace) && !strace) {
        print_failure(what, "strace is not installed");
        return;
    }
    for (int i = 0; i < rounds; i++)
        if (times[i][figure->way] > 0 && times[i][figure->against] > 0)
            ratios[n++] = times[i][figure->way] / times[i][figure->against];
    if (n == 0) {
        print_failure(what, "could not be run");
        something_failed = true;
        return;
    }
    print_figure(what, median(ratios, n), figure->aim);
}

static bool is_asked_for(const struct load *load, enum way way)
{
    for (size_t i = 0; i < load->n_figures; i++)
        if (load->figures[i].way == way || load->figures[i].against == way)
            return true;
    return false;
}

static void bench_load(const struct load *load, int rounds, bool strace)
{
    static double times[MAX_ROUNDS][WAYS];
    double alone[MAX_ROUNDS];

    memset(times, 0, sizeof times);
    run_load(load, ALONE); /* the first brings everything into memory */
    for (int round = 0; round < rounds; round++)
        for (int turn = 0; turn < WAYS; turn++) {
            enum way way = (enum way)((round + turn) % WAYS);
            if (is_asked_for(load, way) && (strace || !ways[way].strace))
                times[round][way] = run_load(load, way);
        }
    for (int i = 0; i < rounds; i++)
        alone[i] = times[i][ALONE];
    printf("%s (%.1f ms alone)\n", load->title, median(alone, (size_t)rounds));
    for (size_t i = 0; i < load->n_figures; i++)
        tell_figure(&load->figures[i], times, rounds, strace);
    printf("\n");
    fflush(stdout);
}

/* `ipclab cell-bench N` prints two medians over N turns of each: "cell_ms fork_exec_ms". */
static bool bench_cell_once(double *cell_ms, double *fork_exec_ms)
{
    static const char *const words[] = {"./ipclab", "cell-bench", "50", NULL};
    int out[2], status;
    char text[128] = "";

    if (pipe(out) == -1)
        kit_broken("pipe");
    pid_t child = fork();
    if (child == -1)
        kit_broken("fork");
    if (child == 0) {
        close(out[0]);
        become(words, out[1]);
    }
    close(out[1]);
    ssize_t got; /* one line: it comes in one piece */
    do
        got = read(out[0], text, sizeof text - 1);
    while (got == -1 && errno == EINTR);
    close(out[0]);
    if (waitpid(child, &status, 0) == -1)
        kit_broken("waitpid");
    return got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
           sscanf(text, "%lf %lf", cell_ms, fork_exec_ms) == 2 && *fork_exec_ms > 0;
}

static void bench_cell(int rounds)
{
    double ratios[MAX_ROUNDS], cells[MAX_ROUNDS], plain[MAX_ROUNDS];
    size_t n = 0;

    for (int round = 0; round < rounds; round++)
        if (bench_cell_once(&cells[n], &plain[n])) {
            ratios[n] = cells[n] / plain[n];
            n++;
        }
    if (n == 0) {
        printf("a fresh cell for a run\n");
        print_failure("cell / fork and exec", "could not be run");
        something_failed = true;
        return;
    }
    double ratio = median(ratios, n);
    printf("a fresh cell for a run (%.2f ms; fork and exec alone %.2f ms)\n", median(cells, n),
           median(plain, n));
    print_figure("cell / fork and exec", ratio, cell_aim);
}

/* ---- The race detector ------------------------------------------------------------------------
 */

#define SOURCE "autograder/tests/bench-races.c"
#define NATIVE "build/tests/races-native"
#define RACE_BUILD "build/tests/races-race"
#define TSAN_BUILD "build/tests/races-tsan"
#define TURNS "5000" /* of two processes, ten accesses each: 100000 */
#define A_FEW_TURNS "1"
#define SCHEDULES "200"

#define LOST_SOURCE "autograder/tests/engine/lost.c"
#define MOST_SCHEDULES "1000"

enum { N_SCHEDULES = 200, PLAIN_RUNS = 1000, REPLAYS = 20, LIMIT_S = 20, MAX_OUTPUT = 1 << 16 };

static const double find_aim_s = 2.0; /* to show a lost update, on two processors */

/* IPCLAB_BENCH_REPS: how often a racy program is run plainly. */
static int plain_runs(void)
{
    const char *wanted = getenv("IPCLAB_BENCH_REPS");
    long runs = wanted != NULL ? strtol(wanted, NULL, 10) : 0;
    return runs > 1 && runs < INT32_MAX ? (int)runs : PLAIN_RUNS;
}

static bool compile(const char *source, const char *program, const char *extra)
{
    const char *words[] = {"gcc",  "-std=c17", "-O2",   "-g",       "-D_XOPEN_SOURCE=700",
                           source, "-o",       program, "-pthread", "-lrt",
                           extra,  NULL};
    return run_command(words) >= 0;
}

static bool compile_for_races(const char *source, const char *program)
{
    const char *words[] = {"./ipclab", "cc", "--race", "-O2", source, "-o", program, NULL};
    return run_command(words) >= 0;
}

/* gcc may lack libtsan, and libtsan may not like the kernel's layout of memory. */
static bool has_tsan(void)
{
    const char *words[] = {TSAN_BUILD, A_FEW_TURNS, NULL};
    return compile(SOURCE, TSAN_BUILD, "-fsanitize=thread") && run_command(words) >= 0;
}

enum race_way { RACE_NATIVE, RACE_ALONE, RACE_TRACED, RACE_TSAN, RACE_ONCE, RACE_MANY, RACE_WAYS };

static const struct race_command {
    const char *words[9];
} race_commands[RACE_WAYS] = {
    [RACE_NATIVE] = {{NATIVE, TURNS, NULL}},
    [RACE_ALONE] = {{RACE_BUILD, TURNS, NULL}},
    [RACE_TRACED] = {{"./ipclab", "trace", "--race", "--", RACE_BUILD, TURNS, NULL}},
    [RACE_TSAN] = {{TSAN_BUILD, TURNS, NULL}},
    [RACE_ONCE] = {{"./ipclab", "trace", "--race", "--", RACE_BUILD, A_FEW_TURNS, NULL}},
    [RACE_MANY] = {{"./ipclab", "trace", "--race", "--schedules", SCHEDULES, "--", RACE_BUILD,
                    A_FEW_TURNS, NULL}},
};

static const struct race_figure {
    const char *what;
    enum race_way way, against;
    double divisor;
} race_figures[] = {
    {"race build alone / native",                         RACE_ALONE,  RACE_NATIVE, 1          },
    {"race build, ipclab trace --race / native",          RACE_TRACED, RACE_NATIVE, 1          },
    {"race build alone / libtsan",                        RACE_ALONE,  RACE_TSAN,   1          },
    {"race build, ipclab trace --race / libtsan",         RACE_TRACED, RACE_TSAN,   1          },
    {"one schedule / ipclab trace --race, short program", RACE_MANY,   RACE_ONCE,   N_SCHEDULES},
};

static void tell_race_figure(const struct race_figure *figure, double (*times)[RACE_WAYS],
                             int rounds, bool tsan)
{
    double ratios[MAX_ROUNDS];
    size_t n = 0;

    if (figure->against == RACE_TSAN && !tsan) {
        print_failure(figure->what, "gcc cannot build with libtsan here");
        return;
    }
    for (int i = 0; i < rounds; i++)
        if (times[i][figure->way] > 0 && times[i][figure->against] > 0)
            ratios[n++] = times[i][figure->way] / times[i][figure->against] / figure->divisor;
    if (n == 0) {
        print_failure(figure->what, "could not be run");
        something_failed = true;
        return;
    }
    printf("  %-52s %7.2f\n", figure->what, median(ratios, n));
}

static double median_of_way(double (*times)[RACE_WAYS], int rounds, enum race_way way)
{
    double column[MAX_ROUNDS];
    for (int i = 0; i < rounds; i++)
        column[i] = times[i][way];
    return median(column, (size_t)rounds);
}

static void bench_race_builds(int rounds, bool tsan)
{
    static double times[MAX_ROUNDS][RACE_WAYS];

    for (int round = 0; round < rounds; round++)
        for (int turn = 0; turn < RACE_WAYS; turn++) {
            enum race_way way = (enum race_way)((round + turn) % RACE_WAYS);
            if (way != RACE_TSAN || tsan)
                times[round][way] = run_command(race_commands[way].words);
        }
    printf("100000 shared accesses under a mutex, two processes (%.1f ms native)\n",
           median_of_way(times, rounds, RACE_NATIVE));
    for (size_t i = 0; i < sizeof race_figures / sizeof *race_figures; i++)
        tell_race_figure(&race_figures[i], times, rounds, tsan);
    double many_ms = median_of_way(times, rounds, RACE_MANY);
    if (many_ms > 0)
        printf("  %-52s %7.0f\n", "schedules a second, short program",
               N_SCHEDULES * 1000 / many_ms);
    printf("\n");
    fflush(stdout);
}

/* Runs the command for at most LIMIT_S. Returns its status, and what it said (to be freed). */
static int listen_to(const char *const words[], char **said)
{
    char *text = kit_alloc(MAX_OUTPUT + 1);
    FILE *kept = tmpfile(); /* no pipe: a child that is left would keep it open */
    int status;

    if (kept == NULL)
        kit_broken("tmpfile");
    pid_t child = fork();
    if (child == -1)
        kit_broken("fork");
    if (child == 0) {
        setpgid(0, 0);
        alarm(LIMIT_S);
        dup2(fileno(kept), STDOUT_FILENO);
        dup2(fileno(kept), STDERR_FILENO);
        execvp(words[0], (char *const *)words);
        _exit(NOT_STARTED);
    }
    if (waitpid(child, &status, 0) == -1)
        kit_broken("waitpid");
    kill(-child, SIGKILL); /* whom it left behind; as a rule nobody */
    rewind(kept);
    text[fread(text, 1, MAX_OUTPUT, kept)] = '\0';
    fclose(kept);
    *said = text;
    return status;
}

static bool says(const char *const words[], const char *what)
{
    char *said;
    listen_to(words, &said);
    bool found = strstr(said, what) != NULL;
    free(said);
    return found;
}

/* Does one of many runs end or print otherwise than the first? */
static bool repetition_shows(const char *program)
{
    const char *words[] = {program, NULL};
    char *first, *said;
    int status = listen_to(words, &first);
    bool differs = false;

    for (int i = 1; i < plain_runs() && !differs; i++) {
        differs = listen_to(words, &said) != status || strcmp(said, first) != 0;
        free(said);
    }
    free(first);
    return differs;
}

enum finder { REPETITION, LIBTSAN, OURS, FINDERS };

static void try_racy_program(const char *source, bool tsan, bool found[FINDERS])
{
    const char *alone[] = {TSAN_BUILD, NULL};
    const char *traced[] = {"./ipclab", "trace", "--race", "--", RACE_BUILD, NULL};

    if (!compile(source, NATIVE, NULL) || !compile_for_races(source, RACE_BUILD) ||
        (tsan && !compile(source, TSAN_BUILD, "-fsanitize=thread"))) {
        print_failure(source, "cannot be compiled");
        something_failed = true;
        return;
    }
    found[REPETITION] = repetition_shows(NATIVE);
    found[LIBTSAN] = tsan && says(alone, "WARNING: ThreadSanitizer: data race");
    found[OURS] = says(traced, "data-race");
}

static void bench_racy_programs(bool tsan)
{
    int totals[FINDERS] = {0};
    glob_t sources;

    if (glob("autograder/tests/races/*-racy.c", 0, NULL, &sources) != 0)
        kit_broken("no racy programs");
    printf("%zu programs with a race: who shows it (%s)\n", sources.gl_pathc,
           tsan ? "libtsan, which knows one process alone, and ipclab: one run each"
                : "ipclab: one run; libtsan: not here");
    printf("  %-24s %6d plain runs %10s %10s\n", "", plain_runs(), "libtsan", "ipclab");
    for (size_t i = 0; i < sources.gl_pathc; i++) {
        const char *name = strrchr(sources.gl_pathv[i], '/') + 1;
        bool found[FINDERS] = {false};
        try_racy_program(sources.gl_pathv[i], tsan, found);
        printf("  %-24.*s %16s %10s %10s\n", (int)strcspn(name, "."), name,
               found[REPETITION] ? "found" : "-", found[LIBTSAN] ? "found" : "-",
               found[OURS] ? "found" : "-");
        for (int k = 0; k < FINDERS; k++)
            totals[k] += found[k];
        fflush(stdout);
    }
    printf("  %-24s %16d %10d %10d\n\n", "found, of all", totals[REPETITION], totals[LIBTSAN],
           totals[OURS]);
    globfree(&sources);
}

/* How often the schedule of that seed loses the update again. */
static int count_replays(const char *seed)
{
    const char *words[] = {"./ipclab", "trace", "--race", "--schedules", "1",
                           "--seed",   seed,    "--",     RACE_BUILD,    NULL};
    int count = 0;
    for (int i = 0; i < REPLAYS; i++)
        count += says(words, "A schedule goes wrong");
    return count;
}

static void bench_lost_update(void)
{
    const char *words[] = {"./ipclab", "trace", "--race", "--schedules", MOST_SCHEDULES,
                           "--seed",   "1",     "--",     RACE_BUILD,    NULL};
    char seed[32] = "", *said;
    int number = 0;

    if (!compile(LOST_SOURCE, NATIVE, NULL) || !compile_for_races(LOST_SOURCE, RACE_BUILD)) {
        print_failure(LOST_SOURCE, "cannot be compiled");
        something_failed = true;
        return;
    }
    printf("an update that is lost only in an unusual order\n");
    printf("  %-48s %7s\n", "plain runs", repetition_shows(NATIVE) ? "found" : "-");
    long long start = kit_now_us();
    listen_to(words, &said);
    double took_s = (double)(kit_now_us() - start) / 1e6;
    const char *first = strstr(said, "is number "), *again = strstr(said, "--seed ");
    bool found = first != NULL && again != NULL && sscanf(first, "is number %d", &number) == 1 &&
                 sscanf(again, "--seed %31[0-9]", seed) == 1;
    free(said);
    if (!found) {
        print_failure("of " MOST_SCHEDULES " schedules", "none shows it");
        return;
    }
    printf("  %-48s %7d\n", "of " MOST_SCHEDULES " schedules the first that shows it", number);
    print_figure("seconds until it is told", took_s, find_aim_s);
    printf("  %-48s %4d of %d\n\n", "its seed shows it again", count_replays(seed), REPLAYS);
    fflush(stdout);
}

static void bench_races(int rounds)
{
    bool tsan = has_tsan();
    if (!compile(SOURCE, NATIVE, NULL) || !compile_for_races(SOURCE, RACE_BUILD)) {
        print_failure(SOURCE, "cannot be compiled");
        something_failed = true;
        return;
    }
    bench_race_builds(rounds, tsan);
    bench_lost_update();
    bench_racy_programs(tsan);
}

/* ---- A class ------------------------------------------------------------------------------- */

#define CLASS "build/tests/class"
#define RIGHT "build/tests/class-right"
#define HUNG "build/tests/class-hung"
#define GRADES "build/tests/grades"
#define CLASS_SIZE "24"

static const double hung_aim = 2.0; /* a submission that hangs, in the time of a right one */

/* Makes what is graded: a mixed class, and two submissions. */
static bool make_class(void)
{
    const char *script =
        "rm -rf " CLASS " " RIGHT " " HUNG " && "
        "bash autograder/tests/class.sh 1 " CLASS_SIZE " " CLASS
        " 01-pipes/1-oneway && mkdir " RIGHT " " HUNG
        " && cp solutions/01-pipes/1-oneway/oneway.c " RIGHT " && printf '#include "
        "<unistd.h>\\nint main(void) { pause(); }\\n' >" HUNG "/oneway.c";
    const char *words[] = {"bash", "-c", script, NULL};
    return run_command(words) >= 0;
}

/* Milliseconds, or -1. */
static double grade(const char *what)
{
    const char *words[] = {"./ipclab", "grade", "--labs", "1.1", "--out", GRADES, what, NULL};
    const char *clean[] = {"rm", "-rf", GRADES, NULL};
    double took_ms = run_command(words);
    return run_command(clean) >= 0 ? took_ms : -1;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void bench_whole_class(void)
{
    struct rusage before, after;
    double n = strtod(CLASS_SIZE, NULL);

    getrusage(RUSAGE_CHILDREN, &before);
    double took_ms = grade(CLASS);
    getrusage(RUSAGE_CHILDREN, &after);
    if (took_ms < 0) {
        print_failure("ipclab grade", "could not be run");
        something_failed = true;
        return;
    }
    double cpu_s = seconds_of(after.ru_utime) + seconds_of(after.ru_stime) -
                   seconds_of(before.ru_utime) - seconds_of(before.ru_stime);
    printf("  %-48s %7.1f\n", "submissions a minute", n * 60000 / took_ms);
    printf("  %-48s %7.2f\n", "seconds of processor time each, all processes", cpu_s / n);
    printf("  %-48s %7.0f\n", "the largest process so far, MB", (double)after.ru_maxrss / 1024);
}

static void bench_class(int rounds)
{
    double ratios[MAX_ROUNDS];
    size_t n = 0;

    printf("\na class of " CLASS_SIZE " in one exercise, right, wrong and broken\n");
    if (!make_class()) {
        print_failure("class.sh", "could not make it");
        something_failed = true;
        return;
    }
    bench_whole_class();
    for (int round = 0; round < rounds; round++) {
        double right_ms = grade(RIGHT), hung_ms = grade(HUNG);
        if (right_ms > 0 && hung_ms > 0)
            ratios[n++] = hung_ms / right_ms;
    }
    if (n > 0)
        print_figure("a submission that hangs / a right one", median(ratios, n), hung_aim);
    something_failed = something_failed || n == 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "ping-pong") == 0)
        return ping_pong(strtol(argv[2], NULL, 10));
    if (argc == 2 && strcmp(argv[1], "class") == 0) {
        bench_class(ROUNDS);
        return something_failed ? 1 : 0;
    }
    bool races_alone = argc >= 2 && strcmp(argv[1], "races") == 0;
    int left = argc - races_alone;
    long rounds = left == 2 ? strtol(argv[argc - 1], NULL, 10) : ROUNDS;
    if (left > 2 || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr,
                "usage: bench [races] [ROUNDS] (1 to %d), bench class, or bench ping-pong N\n",
                MAX_ROUNDS);
        return 2;
    }
    bool strace = has_strace();
    printf("Ratios of elapsed time, median of %ld rounds; less is better.\n\n", rounds);
    for (size_t i = 0; !races_alone && i < sizeof loads / sizeof *loads; i++)
        bench_load(&loads[i], (int)rounds, strace);
    bench_races((int)rounds);
    if (!races_alone)
        bench_cell((int)rounds);
    if (!races_alone)
        bench_class((int)rounds);
    return something_failed ? 1 : 0;
}
