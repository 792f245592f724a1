/*
 * pack.h - the platforms that `ipclab pack` knows.
 */
#ifndef IPCLAB_PACK_H
#define IPCLAB_PACK_H

#include <stddef.h>

/* The name of number i (from 0), and what it gets; NULL: there are no more. Static. */
const char *pack_platform(size_t i, const char **purpose);

#endif
