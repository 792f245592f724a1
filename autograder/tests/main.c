/*
 * main.c - runs the kit's own unit tests: all suites, or those named on the command line.
 *
 * Ends with Check's "100%: Checks: N, Failures: 0, Errors: 0". The status is 0 when all passed, 1
 * when one failed, and 2 when no suite has such a name. Check itself reads CK_FORK=no, which runs
 * the tests in this process, for a debugger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "tests.h"

struct registered {
    const char *file; /* ".../test_record.c" */
    Suite *(*make)(void);
    bool wanted;
};

static struct registered *suites;
static size_t n_suites;

void register_suite_of(const char *file, Suite *(*make)(void))
{
    struct registered *suite = ARRAY_ADD(suites, n_suites);

    suite->file = file;
    suite->make = make;
}

/* The NAME of ".../test_NAME.c": where it starts, and how long it is. */
static const char *name_of(const struct registered *suite, int *length)
{
    const char *slash = strrchr(suite->file, '/');
    const char *name = slash != NULL ? slash + 1 : suite->file;

    if (strncmp(name, "test_", 5) == 0)
        name += 5;
    *length = (int)strcspn(name, ".");
    return name;
}

static int by_name(const void *left, const void *right)
{
    int length;

    return strcmp(name_of(left, &length), name_of(right, &length));
}

/* Marks every suite of that name. Returns how many there are. */
static int want(const char *wanted)
{
    int found = 0;

    for (size_t i = 0; i < n_suites; i++) {
        int length;
        const char *name = name_of(&suites[i], &length);
        if (strlen(wanted) != (size_t)length || strncmp(name, wanted, (size_t)length) != 0)
            continue;
        suites[i].wanted = true;
        found++;
    }
    return found;
}

static int refuse(const char *name)
{
    fprintf(stderr, "unit: no suite is called %s. There are:", name);
    for (size_t i = 0; i < n_suites; i++) {
        int length;
        const char *known = name_of(&suites[i], &length);
        fprintf(stderr, " %.*s", length, known);
    }
    fputc('\n', stderr);
    return 2;
}

static int run_wanted(bool all)
{
    SRunner *runner = srunner_create(NULL);

    for (size_t i = 0; i < n_suites; i++)
        if (all || suites[i].wanted)
            srunner_add_suite(runner, suites[i].make());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    qsort(suites, n_suites, sizeof *suites, by_name);
    for (int i = 1; i < argc; i++)
        if (want(argv[i]) == 0)
            return refuse(argv[i]);
    int status = run_wanted(argc == 1);
    free(suites);
    return status;
}
