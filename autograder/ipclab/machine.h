/*
 * machine.h - what this machine lets the kit do, found out by trying it.
 */
#ifndef IPCLAB_MACHINE_H
#define IPCLAB_MACHINE_H

#include "../tell/results.h"

/* Tries ptrace(2), fresh user, PID and IPC namespaces, and looks for valgrind. Takes about a
 * millisecond; the first answer is kept. */
struct machine machine_probe(void);

#endif
