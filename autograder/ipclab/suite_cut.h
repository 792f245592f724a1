/*
 * suite_cut.h - the source of a suite without some of its checks.
 */
#ifndef IPCLAB_SUITE_CUT_H
#define IPCLAB_SUITE_CUT_H

#include <stddef.h>

/* The text without the checks of these names, and without what only they used. It goes by the
 * layout that clang-format gives: what stands at top level begins in the first column, and a body
 * ends by a brace there. Owned by the caller. */
char *suite_without(const char *text, const char *const *names, size_t n);

#endif
