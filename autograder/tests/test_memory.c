/*
 * test_memory.c - memory errors: what memcheck_read() takes out of valgrind's XML, and what
 * judge_memory() makes of it. For each finding a near miss, in which nothing may be found.
 *
 * In memory/ is what valgrind 3.19 wrote of a program and of its child by fork, which goes on in
 * the middle of a document. One of the program's arguments holds bytes that neither XML nor UTF-8
 * knows.
 */
#include <stdlib.h>
#include <string.h>

#include "../judge/judge.h"
#include "../run/kit.h"
#include "../run/memcheck.h"
#include "tests.h"

static struct record *record;
static struct findings findings;

static void begin(void)
{
    record = record_new();
    for (int i = 0; i < 2; i++) {
        int index = record_add_process(record);
        record->processes[index].number = i + 1;
        record->processes[index].parent = i - 1;
        record->processes[index].name = kit_strdup("memcheck-amd64-");
        record->processes[index].own_program = true;
    }
    record->memory_watched = true;
}

static void end(void)
{
    findings_clear(&findings);
    record_free(record);
}

/* The first `most` bytes of a stored report (0: all of it). Returns what memcheck_read() says. */
static int read_stored(const char *name, size_t most, int process)
{
    const char *slash = strrchr(__FILE__, '/');
    size_t length;
    char *path = kit_format("%.*s/memory/%s", slash == NULL ? 1 : (int)(slash - __FILE__),
                            slash == NULL ? "." : __FILE__, name);
    char *xml = kit_read_file(path, &length);

    ck_assert_msg(xml != NULL, "cannot read %s", path);
    int result = memcheck_read(xml, most > 0 && most < length ? most : length, record, process);
    free(xml);
    free(path);
    return result;
}

static void assert_place(const struct place *place, int line, const char *function)
{
    ck_assert_str_eq(place->file, "wrong.c");
    ck_assert_int_eq(place->line, line);
    ck_assert_str_eq(place->function, function);
}

/* ---- Reading -------------------------------------------------------------------------------- */

START_TEST(a_report_gives_each_error_with_its_lines)
{
    ck_assert_int_eq(read_stored("parent.xml", 0, 0), 0);

    ck_assert_uint_eq(record->n_misuses, 5);
    const struct misuse *misuse = &record->misuses[0];
    ck_assert_int_eq(misuse->process, 0);
    ck_assert_str_eq(misuse->kind, "InvalidWrite");
    ck_assert_str_eq(misuse->what, "Invalid write of size 4");
    ck_assert_ptr_null(misuse->through);
    assert_place(&misuse->place, 16, "fill");
    assert_place(&misuse->about_place, 37, "main");
    ck_assert_ptr_nonnull(strstr(misuse->about, "0 bytes after a block of size 40"));
}
END_TEST

START_TEST(a_library_function_is_named_beside_the_line_that_calls_it)
{
    ck_assert_int_eq(read_stored("parent.xml", 0, 0), 0);

    assert_place(&record->misuses[1].place, 45, "main");
    ck_assert_str_eq(record->misuses[1].through, "sigaction");
    ck_assert_str_eq(record->misuses[4].kind, "InvalidFree");
    ck_assert_str_eq(record->misuses[4].through, "free");
    assert_place(&record->misuses[4].about_place, 50, "main");
    assert_place(&record->misuses[4].made_place, 47, "main");
}
END_TEST

START_TEST(where_a_value_is_from_says_more_than_where_it_lies)
{
    ck_assert_int_eq(read_stored("parent.xml", 0, 0), 0);

    ck_assert_str_eq(record->misuses[1].about,
                     "Uninitialised value was created by a stack allocation");
}
END_TEST

START_TEST(a_report_names_the_program)
{
    ck_assert_int_eq(read_stored("parent.xml", 0, 0), 0);

    ck_assert_str_eq(record->processes[0].name, "wrong");
    ck_assert_str_eq(record->processes[0].command, "./wrong --name=<a&b> ?\xff\xc3\xa4");
}
END_TEST

START_TEST(a_forked_child_goes_on_in_the_middle)
{
    ck_assert_int_eq(read_stored("forked.xml", 0, 1), 0);

    ck_assert_uint_eq(record->n_misuses, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(record->misuses[i].process, 1);
    ck_assert_str_eq(record->misuses[0].through, "strlen");
    assert_place(&record->misuses[2].made_place, 23, "of_the_child");
}
END_TEST

/* A process that is killed has written no end. */
START_TEST(what_a_killed_process_has_written_counts)
{
    ck_assert_int_eq(read_stored("forked.xml", 2000, 1), 0);

    ck_assert_uint_eq(record->n_misuses, 1);
}
END_TEST

START_TEST(what_is_no_report_is_refused)
{
    static const char junk[] = "<error><kind>Forged</error>";

    ck_assert_int_eq(memcheck_read(junk, strlen(junk), record, 0), -1);
    ck_assert_uint_eq(record->n_misuses, 0);
}
END_TEST

static void read_error(const char *kind, const char *object, const char *folder)
{
    char *xml = kit_format("<error><kind>%s</kind><what>x</what><stack><frame><obj>%s</obj>"
                           "<fn>f</fn><dir>%s</dir><file>f.c</file><line>3</line></frame></stack>"
                           "</error>",
                           kind, object, folder);
    ck_assert_int_eq(memcheck_read(xml, strlen(xml), record, 0), 0);
    free(xml);
}

START_TEST(errors_without_a_line_of_the_learners_are_left_out)
{
    read_error("InvalidRead", "/usr/lib/libc.so.6", "/build/glibc");
    read_error("Leak_DefinitelyLost", "/home/learner/f", "/home/learner");
    ck_assert_uint_eq(record->n_misuses, 0);

    read_error("InvalidRead", "/home/learner/f", "/home/learner");
    ck_assert_uint_eq(record->n_misuses, 1);
}
END_TEST

/* ---- Judging -------------------------------------------------------------------------------- */

static struct place place_at(int line)
{
    return (struct place){kit_strdup("a.c"), line, kit_strdup("f")};
}

static void add(const char *kind, const char *what, const char *through, const char *about)
{
    *ARRAY_ADD(record->misuses, record->n_misuses) =
        (struct misuse){.process = 0,
                        .kind = kit_strdup(kind),
                        .what = kit_strdup(what),
                        .through = through != NULL ? kit_strdup(through) : NULL,
                        .about = about != NULL ? kit_strdup(about) : NULL,
                        .place = place_at(9 + (int)record->n_misuses),
                        .about_place = place_at(90),
                        .made_place = place_at(80)};
}

#define UNSET "Uninitialised value was created by a heap allocation"
#define AFTER "Address 0x4a42068 is 0 bytes after a block of size 1,040 alloc'd"

static const struct told {
    const char *kind, *what, *through, *about, *text, *belief;
} told[] = {
    {"InvalidWrite",    "Invalid write of size 4",                                                   NULL,     AFTER,
     "Process 1 `a`, at a.c:10 in f(), writes 4 bytes into memory that is not its own. It begins "
     "just after the end of a block of 1040 bytes that was allocated at a.c:90 in f().",                                                                                                                        "block-too-small"           },
    {"InvalidWrite",    "Invalid write of size 1",                                                   "strcpy", AFTER,
     "a.c:10 in f(), where it calls strcpy(), writes 1 byte into",                                                                                                                                              "no-room-for-nul"           },
    {"InvalidRead",     "Invalid read of size 1",                                                    "strlen", AFTER, "reads 1 byte of memory",
     "read-not-nul-terminated"                                                                                                                                                                                                              },
    {"InvalidRead",     "Invalid read of size 8",                                                    "memcpy",
     "Address 0x4a42068 is 16 bytes after a block of size 8 alloc'd",                                                 "It is 16 bytes after a block of 8 bytes",                                                "block-too-small"           },
    {"InvalidRead",     "Invalid read of size 8",                                                    NULL,
     "Address 0x4a42068 is 0 bytes inside a block of size 24 free'd",                                                 "The block of 24 bytes there was allocated at a.c:80 in f() and freed at a.c:90 in f().",
     "use-after-free"                                                                                                                                                                                                                       },
    {"InvalidRead",     "Invalid read of size 8",                                                    NULL,
     "Address 0x0 is not stack'd, malloc'd or (recently) free'd",                                                     "null pointer",                                                                           NULL                        },
    {"InvalidFree",     "Invalid free() / delete / delete[] / realloc()",                            "free",
     "Address 0x4a42068 is 0 bytes inside a block of size 24 free'd",                                                 "a.c:10 in f(), frees a block that it has freed already",                                 "use-after-free"            },
    {"UninitCondition", "Conditional jump or move depends on uninitialised value(s)",                NULL,     UNSET,
     "decides by a value that was never set. It comes from a block that was allocated at a.c:90 in "
     "f()",                                                                                                                                                                                                     "uninitialised-memory"      },
    {"UninitCondition", "Conditional jump or move depends on uninitialised value(s)",                "strlen",
     UNSET,                                                                                                           "where it calls strlen(), decides",                                                       "read-not-nul-terminated"   },
    {"SyscallParam",    "Syscall param write(buf) points to unaddressable byte(s)",                  "write",  AFTER,
     "gives write() memory that is not its own",                                                                                                                                                                "block-too-small"           },
    {"SyscallParam",    "Syscall param write(count) contains uninitialised byte(s)",                 "write",  UNSET,
     "gives write() a value that was never set",                                                                                                                                                                "uninitialised-memory"      },
    {"SyscallParam",    "Syscall param rt_sigaction(act->sa_flags) points to uninitialised byte(s)",
     "sigaction",                                                                                              UNSET, "gives sigaction() a value that was never set",                                           "sa-struct-uninitialised"   },
    {"SyscallParam",    "Syscall param msgsnd(msgp->mtype) points to uninitialised byte(s)",         "msgsnd",
     UNSET,                                                                                                           "gives msgsnd() a value that was never set",                                              "uninitialised-memory"      },
    {"SyscallParam",    "Syscall param msgsnd(msgp->mtext) points to unaddressable byte(s)",         "msgsnd",
     AFTER,                                                                                                           "gives msgsnd() memory that is not its own",                                              "msgsnd-size-includes-mtype"},
    {"Overlap",         "Source and destination overlap in memcpy(0x1, 0x2, 5)",                     "memcpy", NULL,
     "source and destination overlap",                                                                                                                                                                          NULL                        },
};

START_TEST(each_error_is_told_in_words)
{
    const struct told *it = &told[_i];
    free(record->processes[0].name);
    record->processes[0].name = kit_strdup("a");
    add(it->kind, it->what, it->through, it->about);

    judge_memory(record, &findings);

    ck_assert_uint_eq(findings.count, 1);
    ck_assert_int_eq(findings.items[0].kind, FINDING_MEMORY_ERROR);
    ck_assert_msg(strstr(findings.items[0].text, it->text) != NULL, "%s", findings.items[0].text);
    ck_assert_pstr_eq(findings.items[0].misconception, it->belief);
    ck_assert_int_eq(findings.items[0].place.line, 10);
}
END_TEST

/* Correct programs do all of these. */
static const char *const harmless[] = {
    "Syscall param write(buf) points to uninitialised byte(s)",
    "Syscall param writev(vector[0]) points to uninitialised byte(s)",
    "Syscall param msgsnd(msgp->mtext) points to uninitialised byte(s)",
    "Syscall param mq_timedsend(msg_ptr) points to uninitialised byte(s)",
    "Syscall param sendmsg(msg.msg_iov[0]) points to uninitialised byte(s)",
    "Syscall param socketcall.sendto(msg) points to uninitialised byte(s)",
    "Syscall param semctl(arg) contains uninitialised byte(s)",
};

START_TEST(unset_bytes_that_are_only_data_are_no_fault)
{
    add("SyscallParam", harmless[_i], "write", UNSET);

    judge_memory(record, &findings);

    ck_assert_uint_eq(findings.count, 0);
}
END_TEST

START_TEST(a_block_that_is_too_small_is_one_mistake)
{
    add("InvalidWrite", "Invalid write of size 4", NULL, AFTER);
    add("InvalidRead", "Invalid read of size 4", NULL, AFTER);
    judge_memory(record, &findings);
    ck_assert_uint_eq(findings.count, 1);

    findings_clear(&findings);
    record->misuses[1].about_place.line = 91; /* another block */
    judge_memory(record, &findings);
    ck_assert_uint_eq(findings.count, 2);
}
END_TEST

START_TEST(a_line_is_told_once_for_all_processes)
{
    add("InvalidWrite", "Invalid write of size 4", NULL, NULL);
    add("InvalidWrite", "Invalid write of size 4", NULL, NULL);
    record->misuses[1].process = 1;
    record->misuses[0].about_place.line = 91;
    judge_memory(record, &findings);
    ck_assert_uint_eq(findings.count, 2);

    findings_clear(&findings);
    record->misuses[1].place.line = record->misuses[0].place.line;
    judge_memory(record, &findings);
    ck_assert_uint_eq(findings.count, 1);
}
END_TEST

/* It happened before the exec. */
START_TEST(a_child_that_has_become_a_command_was_its_parents_program)
{
    free(record->processes[0].name);
    record->processes[0].name = kit_strdup("pipeline");
    free(record->processes[1].name);
    record->processes[1].name = kit_strdup("sort");
    record->processes[1].own_program = false;
    add("InvalidWrite", "Invalid write of size 4", NULL, NULL);
    record->misuses[0].process = 1;

    judge_memory(record, &findings);

    ck_assert_ptr_nonnull(strstr(findings.items[0].text, "Process 2 `pipeline`"));
}
END_TEST

/* The tracer sees valgrind there, which opens what it likes. */
START_TEST(what_else_happens_under_valgrind_is_not_judged)
{
    int call = record_add_call(record);
    record->calls[call].process = 1;
    record->calls[call].name = "inherit";
    record->processes[1].was_zombie = true;
    record->processes[1].ended_us = 1;

    judge_run(record, &findings);
    ck_assert_uint_eq(findings.count, 0);

    record->memory_watched = false;
    judge_run(record, &findings);
    ck_assert_uint_gt(findings.count, 0);
}
END_TEST

static Suite *make_memory_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *reading = tcase_create("reading"), *judging = tcase_create("judging");

    tcase_add_checked_fixture(reading, begin, end);
    tcase_add_test(reading, a_report_gives_each_error_with_its_lines);
    tcase_add_test(reading, a_library_function_is_named_beside_the_line_that_calls_it);
    tcase_add_test(reading, where_a_value_is_from_says_more_than_where_it_lies);
    tcase_add_test(reading, a_report_names_the_program);
    tcase_add_test(reading, a_forked_child_goes_on_in_the_middle);
    tcase_add_test(reading, what_a_killed_process_has_written_counts);
    tcase_add_test(reading, what_is_no_report_is_refused);
    tcase_add_test(reading, errors_without_a_line_of_the_learners_are_left_out);
    suite_add_tcase(suite, reading);

    tcase_add_checked_fixture(judging, begin, end);
    tcase_add_loop_test(judging, each_error_is_told_in_words, 0, sizeof told / sizeof *told);
    tcase_add_loop_test(judging, unset_bytes_that_are_only_data_are_no_fault, 0,
                        sizeof harmless / sizeof *harmless);
    tcase_add_test(judging, a_block_that_is_too_small_is_one_mistake);
    tcase_add_test(judging, a_line_is_told_once_for_all_processes);
    tcase_add_test(judging, a_child_that_has_become_a_command_was_its_parents_program);
    tcase_add_test(judging, what_else_happens_under_valgrind_is_not_judged);
    suite_add_tcase(suite, judging);
    return suite;
}

__attribute__((constructor)) static void register_here(void)
{
    register_suite(make_memory_suite);
}
