/*
 * proc.h - single facts about a process, read by the means of procfs.h.
 *
 * All take the pid as the kit sees it; a process that is gone gives the "none" value.
 * Source: proc(5).
 */
#ifndef IPCLAB_PROC_H
#define IPCLAB_PROC_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "record.h"

/* What a descriptor is open on. */
struct proc_fd {
    enum object_kind kind;
    uint64_t dev, ino; /* dev 0 for pipes and sockets */
    bool reads, writes;
    char path[256]; /* FIFO, POSIX object, file; "" for none */
};

bool proc_fd_identify(pid_t pid, int fd, struct proc_fd *what);
/* The pid that the process has in its own (innermost) PID namespace; 0: gone. */
pid_t proc_inner_pid(pid_t pid);
/* Thread group of a thread; 0: gone. */
pid_t proc_thread_group(pid_t tid);
/* Base name of argv[0] (or of the executable), and argv joined; owned by the caller, never NULL. */
char *proc_program_name(pid_t pid);
char *proc_command(pid_t pid);
/* The executable's path; NULL: not known. Owned by the caller. */
char *proc_executable(pid_t pid);
/* Processor time, user and system. */
int64_t proc_cpu_us(pid_t pid);
/* Bytes of memory of its own, and of memory that it shares with others but for files. */
int64_t proc_memory_bytes(pid_t pid);
/* How often the main thread was switched away, by itself or by force. */
size_t proc_switches(pid_t pid);
/* Bytes that its reads and writes have moved (proc(5), io); 0 where the kernel does not count. */
size_t proc_moved_bytes(pid_t pid);
/* R, S, D, T, t, Z (proc(5)) of a thread; 0: it is gone. */
char proc_state(pid_t tid);
/* SigCgt: bit N-1 for signal N. */
uint64_t proc_handled_signals(pid_t pid);
/* Dead, not reaped, and that parent's child? */
bool proc_is_zombie_of(pid_t pid, pid_t parent);
/* stat(2) of a path as the process means it (its root, its working directory or folder descriptor).
 */
bool proc_stat_path(pid_t pid, int folder, const char *path, struct stat *status);
/* The path made absolute, as the process sees it. Owned by the caller. */
char *proc_absolute_path(pid_t pid, int folder, const char *path);

#endif
