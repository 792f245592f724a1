/*
 * test_common.c - what lab programs may use: die(), usage(), crc32_update().
 *
 * Check runs each test in a forked process, which is never the one that the program started as. So
 * lab.c is taken in whole, and a test that wants to be "the first process" says so.
 */
#include "../../common/lab.c"

#include <check.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "tests.h"

/* What a process that left through lab.c wrote, and how it ended. */
struct ending {
    char out[256], err[LINE_SIZE + 64];
    size_t out_length, err_length;
    int status; /* as from waitpid(2) */
};

static int handlers_file; /* where note_handler writes */

static void note_handler(void)
{
    if (write(handlers_file, "handler", 7) != 7)
        _exit(97);
}

static size_t read_to_end(int fd, char *buffer, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
        length += (size_t)got;
    buffer[length] = '\0';
    close(fd);
    return length;
}

/* Runs act in a child with its output in pipes. The pipes are drained after it has ended: what it
 * writes fits in them. No ck_assert in the child: Check would not hear it. */
static struct ending end_in_child(void (*act)(void), bool first)
{
    struct ending ending = {0};
    int out[2], err[2];

    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(pipe(err), 0);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ne(child, -1);
    if (child == 0) {
        if (first)
            first_process = getpid();
        handlers_file = out[1];
        if (dup2(out[1], STDOUT_FILENO) == -1 || dup2(err[1], STDERR_FILENO) == -1)
            _exit(99);
        if (atexit(note_handler) != 0)
            _exit(99);
        printf("unwritten ");
        act();
        _exit(98);
    }
    close(out[1]);
    close(err[1]);
    ck_assert_int_eq(waitpid(child, &ending.status, 0), child);
    ending.out_length = read_to_end(out[0], ending.out, sizeof ending.out);
    ending.err_length = read_to_end(err[0], ending.err, sizeof ending.err);
    return ending;
}

static void die_of_enoent(void)
{
    errno = ENOENT;
    die("open %s", "x");
}

static void die_without_errno(void)
{
    errno = 0;
    die("the peer is gone");
}

static void die_at_length(void)
{
    errno = ENOENT;
    die("%0*d", 5000, 0);
}

static void misuse(void)
{
    usage("oneway N");
}

static void expect_status(const struct ending *ending, int status)
{
    ck_assert(WIFEXITED(ending->status));
    ck_assert_int_eq(WEXITSTATUS(ending->status), status);
}

static void expect_line(const struct ending *ending, const char *after_program)
{
    char line[LINE_SIZE];

    snprintf(line, sizeof line, "%s: %s\n", program_invocation_short_name, after_program);
    ck_assert_str_eq(ending->err, line);
}

/* die names the program, the call and the reason, and exits 1. */
START_TEST(die_says_what_failed_and_why)
{
    struct ending ending = end_in_child(die_of_enoent, true);

    expect_status(&ending, 1);
    expect_line(&ending, "open x: No such file or directory");
}
END_TEST

/* Without an errno there is no reason to add. */
START_TEST(die_without_errno_adds_nothing)
{
    struct ending ending = end_in_child(die_without_errno, true);

    expect_status(&ending, 1);
    expect_line(&ending, "the peer is gone");
}
END_TEST

/* A message of any length is one line. */
START_TEST(die_cuts_a_long_message)
{
    struct ending ending = end_in_child(die_at_length, true);

    expect_status(&ending, 1);
    ck_assert_uint_eq(ending.err_length, LINE_SIZE);
    ck_assert_int_eq(ending.err[LINE_SIZE - 1], '\n');
}
END_TEST

/* The first process flushes its stdio buffers and runs its handlers. */
START_TEST(die_in_the_first_process_cleans_up)
{
    struct ending ending = end_in_child(die_of_enoent, true);

    ck_assert(strstr(ending.out, "unwritten ") != NULL);
    ck_assert(strstr(ending.out, "handler") != NULL);
}
END_TEST

/* A forked child leaves the parent's buffers and handlers alone. */
START_TEST(die_in_a_child_does_not)
{
    struct ending ending = end_in_child(die_of_enoent, false);

    expect_status(&ending, 1);
    expect_line(&ending, "open x: No such file or directory");
    ck_assert_str_eq(ending.out, "");
}
END_TEST

/* usage says how, and exits 2, by the same rules. */
START_TEST(usage_exits_with_two)
{
    struct ending first = end_in_child(misuse, true), child = end_in_child(misuse, false);

    expect_status(&first, 2);
    expect_status(&child, 2);
    ck_assert_str_eq(first.err, "usage: oneway N\n");
    ck_assert_str_eq(child.err, "usage: oneway N\n");
    ck_assert_str_eq(child.out, "");
}
END_TEST

/* The check value of the CRC-32 catalogues, and the values of zlib. */
START_TEST(crc32_is_that_of_zlib)
{
    static const unsigned char zeros[32];

    ck_assert_uint_eq(crc32_update(0, NULL, 0), 0);
    ck_assert_uint_eq(crc32_update(0, "123456789", 9), 0xcbf43926);
    ck_assert_uint_eq(crc32_update(0, "a", 1), 0xe8b7be43);
    ck_assert_uint_eq(crc32_update(0, zeros, sizeof zeros), 0x190a55ad);
}
END_TEST

/* In pieces it is the same as at once. */
START_TEST(crc32_goes_on_from_piece_to_piece)
{
    const char text[] = "hello,\0 world";
    uint32_t whole = crc32_update(0, text, sizeof text);

    for (size_t cut = 0; cut <= sizeof text; cut++) {
        uint32_t crc = crc32_update(0, text, cut);
        ck_assert_uint_eq(crc32_update(crc, text + cut, sizeof text - cut), whole);
    }
}
END_TEST

static Suite *make_common_suite(void)
{
    Suite *suite = suite_create("common");
    TCase *leaving = tcase_create("die and usage"), *checksum = tcase_create("crc32_update");

    tcase_add_test(leaving, die_says_what_failed_and_why);
    tcase_add_test(leaving, die_without_errno_adds_nothing);
    tcase_add_test(leaving, die_cuts_a_long_message);
    tcase_add_test(leaving, die_in_the_first_process_cleans_up);
    tcase_add_test(leaving, die_in_a_child_does_not);
    tcase_add_test(leaving, usage_exits_with_two);
    tcase_add_test(checksum, crc32_is_that_of_zlib);
    tcase_add_test(checksum, crc32_goes_on_from_piece_to_piece);
    suite_add_tcase(suite, leaving);
    suite_add_tcase(suite, checksum);
    return suite;
}

__attribute__((constructor)) static void register_common_suite(void)
{
    register_suite(make_common_suite);
}
