/*
 * tests.h - the kit's own unit tests: how a file of tests makes itself known.
 *
 * Dropping a test_NAME.c into this folder is enough. It builds its suite in a function and hands
 * that over from a constructor:
 *
 *     __attribute__((constructor)) static void register_here(void)
 *     {
 *         register_suite(make_record_suite);
 *     }
 *
 * The NAME of the file is what `build/tests/unit NAME` runs alone.
 */
#ifndef IPCLAB_TESTS_H
#define IPCLAB_TESTS_H

#include <check.h>

/* To be called before main(), as register_suite(make). make: builds a new suite; called once. Check
 * tells a suite's name to nobody, so the file's is taken. */
#define register_suite(make) register_suite_of(__FILE__, make)
void register_suite_of(const char *file, Suite *(*make)(void));

#endif
