/*
 * test_places.c - from a stopped thread to the learner's line, for every way of compiling.
 *
 * places/program.c makes one call of each sort on a line that says "at: NAME".  Each test compiles
 * it in one way, traces it to its end, captures the stack at every call of interest, and only after
 * it has ended looks for the lines: so nothing but what was captured can help.
 */
/* _GNU_SOURCE: __WALL and pipe2(2) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../run/image.h"
#include "../run/kit.h"
#include "../run/places.h"
#include "tests.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- Tracing ----------------------------------------------------------------------------------
 */

struct tracee {
    pid_t tid;
    struct image *image;
    bool stale; /* it has mapped new code */
};

struct stop {
    long call;
    struct stack *stack;
    struct place live; /* as found at the stop, when the trace wants that */
};

struct trace {
    bool wants_live;
    struct tracee *tracees;
    size_t n_tracees;
    struct stop *stops;
    size_t n_stops;
    bool started; /* the program, not yet the child that is to become it */
};

/* The calls that program.c makes for the test. Old and new names: libc chooses. */
static const long calls_of_interest[] = {
#ifdef SYS_pipe
    SYS_pipe,
#endif
#ifdef SYS_fork
    SYS_fork,
#endif
#ifdef SYS_vfork
    SYS_vfork,
#endif
#ifdef SYS_access
    SYS_access,
#endif
#ifdef SYS_clone3
    SYS_clone3,
#endif
    SYS_pipe2,  SYS_clone, SYS_faccessat, SYS_wait4, SYS_waitid,        SYS_write,
    SYS_read,   SYS_dup,   SYS_chdir,     SYS_kill,  SYS_clock_gettime,
};

static struct tracee *find_tracee(struct trace *trace, pid_t tid)
{
    for (size_t i = 0; i < trace->n_tracees; i++)
        if (trace->tracees[i].tid == tid)
            return &trace->tracees[i];
    struct tracee *tracee = ARRAY_ADD(trace->tracees, trace->n_tracees);
    tracee->tid = tid;
    return tracee;
}

static void forget_image(struct tracee *tracee)
{
    image_release(tracee->image);
    tracee->image = NULL;
}

static void at_entry(struct trace *trace, struct tracee *tracee,
                     const struct __ptrace_syscall_info *info)
{
    if (info->entry.nr == SYS_mmap && (info->entry.args[2] & PROT_EXEC) != 0)
        tracee->stale = true;
    bool interesting = false;
    for (size_t i = 0; trace->started && i < LENGTH(calls_of_interest); i++)
        interesting = interesting || calls_of_interest[i] == (long)info->entry.nr;
    if (!interesting)
        return;
    if (tracee->stale || !image_covers(tracee->image, info->instruction_pointer))
        forget_image(tracee);
    tracee->stale = false;
    if (tracee->image == NULL)
        tracee->image = image_read(tracee->tid, "");
    struct stack *stack = stack_capture(tracee->tid, tracee->image);
    ck_assert_ptr_nonnull(stack);
    struct stop *stop = ARRAY_ADD(trace->stops, trace->n_stops);
    stop->call = (long)info->entry.nr;
    stop->stack = stack;
    if (trace->wants_live)
        stop->live = stack_place(stack, tracee->tid);
}

/* What to do at a stop. Returns the signal to pass on. */
static int at_stop(struct trace *trace, pid_t tid, int status)
{
    struct tracee *tracee = find_tracee(trace, tid);
    struct __ptrace_syscall_info info;
    int signal = WSTOPSIG(status), event = status >> 16;

    if (event == PTRACE_EVENT_EXEC) {
        trace->started = true;
        forget_image(tracee);
    }
    if (event != 0)
        return 0;
    if (signal != (SIGTRAP | 0x80))
        return signal;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0 &&
        info.op == PTRACE_SYSCALL_INFO_ENTRY)
        at_entry(trace, tracee, &info);
    return 0;
}

/* Runs it to its end, with nothing to read and nobody to hear it. */
static struct trace run_traced(char *const arguments[], bool wants_live)
{
    struct trace trace = {.wants_live = wants_live};
    int status, start[2];
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

    ck_assert_int_eq(pipe2(start, O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ne(child, -1);
    if (child == 0) {
        char byte;
        int nothing = open("/dev/null", O_RDWR);
        close(start[1]);
        if (read(start[0], &byte, 1) != 0 || dup2(nothing, 0) == -1 || dup2(nothing, 1) == -1 ||
            dup2(nothing, 2) == -1)
            _exit(99);
        execv(arguments[0], arguments);
        _exit(99);
    }
    ck_assert_int_eq((int)ptrace(PTRACE_SEIZE, child, 0, options), 0);
    ck_assert_int_eq((int)ptrace(PTRACE_INTERRUPT, child, 0, 0), 0);
    close(start[0]);
    for (pid_t tid; (tid = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFSTOPPED(status)) {
            int signal = at_stop(&trace, tid, status);
            if (tid == child && start[1] != -1) { /* now under way: let it go */
                close(start[1]);
                start[1] = -1;
            }
            ptrace(PTRACE_SYSCALL, tid, 0, signal);
        } else if (tid == child) {
            ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s ended with %#x",
                          arguments[0], status);
        }
    }
    ck_assert_int_eq(errno, ECHILD);
    return trace;
}

static void free_stop(struct stop *stop)
{
    stack_free(stop->stack);
    free(stop->live.file);
    free(stop->live.function);
}

static void end_trace(struct trace *trace)
{
    for (size_t i = 0; i < trace->n_stops; i++)
        free_stop(&trace->stops[i]);
    for (size_t i = 0; i < trace->n_tracees; i++)
        forget_image(&trace->tracees[i]);
    free(trace->stops);
    free(trace->tracees);
}

/* ---- Compiling --------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/test-places-XXXXXX";

static void make_folder(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    char *command = kit_format("rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    free(command);
}

/* This file's folder, from where the kit is built. */
static char *source_path(const char *name)
{
    const char *slash = strrchr(__FILE__, '/');
    return kit_format("%.*s/places/%s", slash == NULL ? 1 : (int)(slash - __FILE__),
                      slash == NULL ? "." : __FILE__, name);
}

static char *built_path(const char *name)
{
    return kit_format("%s/%s", folder, name);
}

/* Compiles places/SOURCE into the folder. flags begin with the compiler. */
static void compile(const char *flags, const char *source, const char *built)
{
    char *path = source_path(source);
    char *command = kit_format("%s -D_XOPEN_SOURCE=700 -o %s/%s %s", flags, folder, built, path);

    ck_assert_msg(system(command) == 0, "this did not compile: %s", command);
    free(command);
    free(path);
}

static bool is_installed(const char *compiler)
{
    char *command = kit_format("command -v %s >/dev/null 2>&1", compiler);
    bool there = system(command) == 0;

    free(command);
    return there;
}

/* ---- Expecting --------------------------------------------------------------------------------
 */

/* The line of SOURCE that says "at: NAME". */
static int marked_line(const char *source, const char *name)
{
    char *path = source_path(source), *mark = kit_format("/* at: %s */", name);
    char *text = kit_read_file(path, NULL);
    int line = 1;

    ck_assert_ptr_nonnull(text);
    char *found = strstr(text, mark);
    ck_assert_msg(found != NULL, "%s has no line %s", source, mark);
    for (char *at = text; at < found; at++)
        line += *at == '\n';
    free(text);
    free(mark);
    free(path);
    return line;
}

struct expected {
    const char *mark, *function, *source;
    int times; /* 0: at least once */
};

static const struct expected in_every_program[] = {
    {"pipe",           "make_pipe",   "program.c", 1},
    {"fork",           "start_child", "program.c", 1},
    {"dup in child",   "start_child", "program.c", 1},
    {"wait",           "reap_child",  "program.c", 1},
    {"flush",          "talk",        "program.c", 1},
    {"printf",         "talk",        "program.c", 0},
    {"stderr",         "talk",        "program.c", 1},
    {"common",         "talk",        "program.c", 1},
    {"fgets",          "listen_to",   "program.c", 1},
    {"deep",           "recurse",     "program.c", 1},
    {"inlined",        "inlined",     "program.c", 1},
    {"callback",       "compare",     "program.c", 0},
    {"handler",        "on_signal",   "program.c", 1},
    {"kill",           "signal_self", "program.c", 1},
    {"thread",         "thread_body", "program.c", 1},
    {"pthread_create", "use_thread",  "program.c", 1},
    {"vfork",          "use_vfork",   "program.c", 1},
    {"in vfork",       "use_vfork",   "program.c", 1},
    {"waitpid",        "use_vfork",   "program.c", 1},
    {"spawn",          "use_spawn",   "program.c", 1},
    {"waitid",         "use_spawn",   "program.c", 1},
    {"vdso",           "use_clock",   "program.c", 1},
    {"spawned",        "main",        "program.c", 1},
};

static const struct expected in_a_library = {"library", "library_asks", "library.c", 1};

/* All places that were found, in words, for the message of a failed test. */
static char *say_places(const struct place *places, size_t n)
{
    char *said = kit_strdup("");

    for (size_t i = 0; i < n; i++) {
        char *more = kit_format("%s\n  %s:%d in %s", said, places[i].file ? places[i].file : "-",
                                places[i].line, places[i].function ? places[i].function : "-");
        free(said);
        said = more;
    }
    return said;
}

static void expect_place(const struct expected *expected, const struct place *places, size_t n)
{
    int line = marked_line(expected->source, expected->mark), times = 0;

    for (size_t i = 0; i < n; i++) {
        if (places[i].file == NULL || places[i].line != line ||
            strcmp(places[i].file, expected->source) != 0)
            continue;
        times++;
        ck_assert_ptr_nonnull(places[i].function);
        ck_assert_str_eq(places[i].function, expected->function);
    }
    if (times > 0 && (expected->times == 0 || times == expected->times))
        return;
    char *said = say_places(places, n);
    ck_abort_msg("%d calls at \"%s\" (line %d of %s); found:%s", times, expected->mark, line,
                 expected->source, said);
}

/* Every place of the program's must be a marked line: a wrong line is worse than none. */
static void expect_only_marked(const struct place *place)
{
    char *path = source_path(place->file), *text = kit_read_file(path, NULL), *rest = text;

    ck_assert_ptr_nonnull(text);
    for (int line = 1; line < place->line; line++) {
        char *end = strchr(rest, '\n');
        ck_assert_msg(end != NULL, "%s has no line %d", place->file, place->line);
        rest = end + 1;
    }
    rest[strcspn(rest, "\n")] = '\0';
    ck_assert_msg(strstr(rest, "/* at: ") != NULL, "a call was placed in %s:%d in %s: %s",
                  place->file, place->line, place->function, rest);
    free(text);
    free(path);
}

static struct place *find_places(const struct trace *trace)
{
    struct place *places = kit_alloc(trace->n_stops * sizeof *places);

    for (size_t i = 0; i < trace->n_stops; i++)
        places[i] = stack_place(trace->stops[i].stack, 0);
    return places;
}

static void free_places(struct place *places, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(places[i].file);
        free(places[i].function);
    }
    free(places);
}

static struct trace trace_program(bool wants_live)
{
    char *program = built_path("program"), *library = built_path("library.so");
    char *arguments[] = {program, program, library, NULL};
    struct trace trace = run_traced(arguments, wants_live);

    free(program);
    free(library);
    return trace;
}

#define FLAGS " -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -pthread "

/* One way of compiling: the program, and whether it can load libraries. */
static void expect_places(const char *compiler, const char *flags, bool dynamic)
{
    char *whole = kit_format("%s" FLAGS "%s %s", compiler, flags,
                             dynamic ? "" : "-DWITHOUT_DLOPEN -Wl,-z,noseparate-code");
    char *for_library = kit_format("%s" FLAGS "-O1 -shared -fPIC", compiler);

    make_folder();
    compile(whole, "program.c", "program");
    compile(for_library, "library.c", "library.so");
    struct trace trace = trace_program(false);
    struct place *places = find_places(&trace);
    for (size_t i = 0; i < LENGTH(in_every_program); i++)
        expect_place(&in_every_program[i], places, trace.n_stops);
    if (dynamic)
        expect_place(&in_a_library, places, trace.n_stops);
    for (size_t i = 0; i < trace.n_stops; i++)
        if (places[i].file != NULL)
            expect_only_marked(&places[i]);
    free_places(places, trace.n_stops);
    end_trace(&trace);
    remove_folder();
    free(whole);
    free(for_library);
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static const struct build {
    const char *compiler, *flags;
    bool dynamic;
} builds[] = {
    {"gcc",   "-O0",                       true },
    {"gcc",   "-O1",                       true },
    {"gcc",   "-O2",                       true },
    {"gcc",   "-O2 -D_FORTIFY_SOURCE=2",   true },
    {"gcc",   "-O1 -gdwarf-4 -no-pie",     true },
    {"gcc",   "-O1 -static",               false},
    {"gcc",   "-O1 -static-pie",           false},
    {"gcc",   "-O1 -gz",                   true },
    {"clang", "-O0",                       true },
    {"clang", "-O1",                       true },
    {"clang", "-O2",                       true },
    {"clang", "-O1 -no-pie",               true },
    {"clang", "-O2 -static-pie -gdwarf-4", false},
};

/* Each call is placed on its line, however the program was compiled. */
START_TEST(finds_each_line)
{
    const struct build *build = &builds[_i];

    if (is_installed(build->compiler))
        expect_places(build->compiler, build->flags, build->dynamic);
}
END_TEST

/* Without debug information no place is made up. */
START_TEST(says_nothing_without_debug_information)
{
    make_folder();
    compile("cc -O1 -g0 -s -pthread", "program.c", "program");
    compile("cc -O1 -g0 -s -shared -fPIC", "library.c", "library.so");
    struct trace trace = trace_program(false);
    struct place *places = find_places(&trace);
    for (size_t i = 0; i < trace.n_stops; i++) {
        ck_assert_ptr_null(places[i].file);
        ck_assert_ptr_null(places[i].function);
        ck_assert_int_eq(places[i].line, 0);
    }
    free_places(places, trace.n_stops);
    end_trace(&trace);
    remove_folder();
}
END_TEST

/* The file may be gone, or be no program at all, when the line is asked for. */
START_TEST(survives_a_changed_file)
{
    char *program = built_path("program");

    make_folder();
    free(program);
    program = built_path("program");
    compile("cc -O1" FLAGS, "program.c", "program");
    compile("cc -O1 -shared -fPIC -g", "library.c", "library.so");
    struct trace trace = trace_program(false);
    ck_assert_int_eq(unlink(program), 0);
    switch (_i) {
    case 0:
        break;
    case 1:
        ck_assert_int_eq(mkfifo(program, 0600), 0); /* opening it must not block */
        break;
    case 2:
        ck_assert_int_eq(kit_write_file(program, "no program\n", 11), 0);
        break;
    default:
        ck_assert_int_eq(mkdir(program, 0700), 0);
    }
    struct place *places = find_places(&trace);
    for (size_t i = 0; i < trace.n_stops; i++)
        ck_assert(places[i].file == NULL || strcmp(places[i].file, "library.c") == 0);
    free_places(places, trace.n_stops);
    end_trace(&trace);
    remove_folder();
    free(program);
}
END_TEST

/* A program whose debug information was damaged on purpose costs nobody more than the place. */
START_TEST(survives_a_damaged_file)
{
    make_folder();
    char *program = built_path("program");
    compile("cc -O1" FLAGS, "program.c", "program");
    compile("cc -O1 -shared -fPIC -g", "library.c", "library.so");
    struct trace trace = trace_program(false);
    size_t length;
    char *data = kit_read_file(program, &length);
    ck_assert_ptr_nonnull(data);
    srand((unsigned)_i);
    for (int n = 0; n < 200; n++)
        data[64 + (size_t)rand() % (length - 64)] = (char)rand();
    ck_assert_int_eq(kit_write_file(program, data, length), 0);
    struct place *places = find_places(&trace);
    free_places(places, trace.n_stops);
    end_trace(&trace);
    remove_folder();
    free(data);
    free(program);
}
END_TEST

/* Where more of the stack is needed than was kept, a process that still stands there has it. */
START_TEST(reads_on_in_a_live_stack)
{
    const struct expected far = {"far", "use_library", "program.c", 1};

    make_folder();
    compile("cc -O1" FLAGS, "program.c", "program");
    compile("cc -O2 -fomit-frame-pointer -g0 -s -shared -fPIC -DFAR", "library.c", "library.so");
    struct trace trace = trace_program(true);
    struct place *live = kit_alloc(trace.n_stops * sizeof *live);
    for (size_t i = 0; i < trace.n_stops; i++)
        live[i] = trace.stops[i].live;
    expect_place(&far, live, trace.n_stops);
    free(live);
    end_trace(&trace);
    remove_folder();
}
END_TEST

/* Where a library has no call frame information, the frame pointer of whoever called it leads on:
 * to the next line on the way to the call, not to the nearest. */
START_TEST(follows_frame_pointers)
{
    int in_main = marked_line("program.c", "call far"), found = 0;

    make_folder();
    compile("cc -O0" FLAGS, "program.c", "program");
    compile("cc -O2 -fno-asynchronous-unwind-tables -fomit-frame-pointer -g0 -s -shared -fPIC",
            "library.c", "library.so");
    struct trace trace = trace_program(false);
    struct place *places = find_places(&trace);
    for (size_t i = 0; i < trace.n_stops; i++) {
        found += places[i].line == in_main;
        ck_assert_int_ne(places[i].line, marked_line("program.c", "far"));
    }
    ck_assert_int_eq(found, 1);
    free_places(places, trace.n_stops);
    end_trace(&trace);
    remove_folder();
}
END_TEST

/* A record's calls get their places once, and keep them. */
START_TEST(resolves_the_calls_of_a_record)
{
    make_folder();
    compile("cc -O1" FLAGS, "program.c", "program");
    compile("cc -O1 -shared -fPIC -g", "library.c", "library.so");
    struct trace trace = trace_program(false);
    struct record *record = record_new();
    for (size_t i = 0; i < trace.n_stops; i++) {
        int call = record_add_call(record);
        record->calls[call].stack = trace.stops[i].stack; /* now the record's */
        trace.stops[i].stack = NULL;
    }
    end_trace(&trace); /* a stack keeps its image */
    places_resolve(record);
    remove_folder();
    places_resolve(record);
    places_resolve_call(&record->calls[0]);
    int found = 0;
    for (size_t i = 0; i < record->n_calls; i++) {
        ck_assert_ptr_null(record->calls[i].stack);
        found += record->calls[i].place.line == marked_line("program.c", "pipe");
    }
    ck_assert_int_eq(found, 1);
    record_free(record);
}
END_TEST

/* It must be cheap: hundreds of thousands of calls are captured, few are asked about. */
START_TEST(capturing_costs_microseconds)
{
    enum { TIMES = 2000, SLACK = 20 };
    int status;
    pid_t child = fork();

    ck_assert_int_ne(child, -1);
    if (child == 0)
        for (;;)
            pause();
    ck_assert_int_eq((int)ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL), 0);
    ck_assert_int_eq((int)ptrace(PTRACE_INTERRUPT, child, 0, 0), 0);
    ck_assert_int_eq(waitpid(child, &status, __WALL), child);
    struct image *image = image_read(child, "");
    long long start = kit_now_us();
    for (int i = 0; i < TIMES; i++)
        stack_free(stack_capture(child, image));
    long long took = kit_now_us() - start;
    image_release(image);
    kill(child, SIGKILL);
    if (getenv("PLACES_COST") != NULL)
        printf("stack_capture: %.2f us\n", (double)took / TIMES);
    ck_assert_int_lt(took / TIMES, 5 * SLACK);
}
END_TEST

/* Which paths are a learner's. */
START_TEST(knows_whose_source_it_is)
{
    ck_assert_int_eq(source_owner("/home/ann/pipeline.c"), OWNER_LEARNER);
    ck_assert_int_eq(source_owner("pipeline.c"), OWNER_LEARNER);
    ck_assert_int_eq(source_owner("/home/common/work/pipeline.c"), OWNER_LEARNER);
    ck_assert_int_eq(source_owner("/home/ann/uncommon/pipeline.c"), OWNER_LEARNER);
    ck_assert_int_eq(source_owner("/usr/src/lab/pipeline.c"), OWNER_LEARNER);
    ck_assert_int_eq(source_owner("/opt/ipclab/common/lab.c"), OWNER_COMMON);
    ck_assert_int_eq(source_owner("common/lab.c"), OWNER_COMMON);
    ck_assert_int_eq(source_owner("/usr/include/x86_64-linux-gnu/bits/stdio2.h"), OWNER_NOBODY);
}
END_TEST

/* What is known of a map without a program. */
START_TEST(reads_its_own_map)
{
    struct image *image = image_read(getpid(), "");
    int local = 0;

    ck_assert_ptr_nonnull(image);
    ck_assert(image_covers(image, (uint64_t)(uintptr_t)&image_read));
    ck_assert(!image_covers(image, (uint64_t)(uintptr_t)&local));
    ck_assert(!image_covers(image, 0));
    ck_assert(!image_covers(NULL, 0));
    ck_assert_ptr_eq(image_share(image), image);
    image_release(image);
    image_release(image);
    image_release(NULL);
    ck_assert_ptr_null(image_read(-1, ""));
    ck_assert_ptr_null(stack_capture(getpid(), NULL));
    struct place place = stack_place(NULL, 0);
    ck_assert_ptr_null(place.file);
}
END_TEST

static Suite *make_places_suite(void)
{
    Suite *suite = suite_create("places");
    TCase *lines = tcase_create("lines"), *robust = tcase_create("robustness");

    tcase_set_timeout(lines, 60);
    tcase_set_timeout(robust, 60);
    tcase_add_loop_test(lines, finds_each_line, 0, LENGTH(builds));
    tcase_add_test(lines, says_nothing_without_debug_information);
    tcase_add_test(lines, reads_on_in_a_live_stack);
    tcase_add_test(lines, follows_frame_pointers);
    tcase_add_test(lines, resolves_the_calls_of_a_record);
    tcase_add_test(lines, capturing_costs_microseconds);
    tcase_add_test(lines, knows_whose_source_it_is);
    tcase_add_test(robust, reads_its_own_map);
    tcase_add_loop_test(robust, survives_a_changed_file, 0, 4);
    tcase_add_loop_test(robust, survives_a_damaged_file, 0, 10);
    suite_add_tcase(suite, lines);
    suite_add_tcase(suite, robust);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_places_suite);
}
