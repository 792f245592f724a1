/*
 * machine.h - what this machine lets the kit do, found out by trying it.
 */
#ifndef IPCLAB_MACHINE_H
#define IPCLAB_MACHINE_H

#include "../tell/results.h"

/* Tries ptrace(2), bubblewrap with fresh namespaces inside, and looks for valgrind. Takes some
 * milliseconds; the first answer is kept. */
struct machine machine_probe(void);

#endif
