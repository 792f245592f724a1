/*
 * procfs.h - reading about other processes in /proc, and their memory and descriptors.
 *
 * Everything here only looks: no process is stopped or changed. Source: proc(5),
 * process_vm_readv(2), pidfd_getfd(2).
 */
#ifndef IPCLAB_PROCFS_H
#define IPCLAB_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc/PID/task/TID/status tells of a thread. */
struct thread_status {
    char state;       /* R S D T t Z X */
    pid_t own_tid;    /* as its innermost PID namespace counts */
    pid_t tracer;     /* 0: not traced */
    uint64_t pending; /* signals for the thread or its process, bit N-1 for signal N */
    uint64_t blocked, handled, ignored;
    uint64_t switches; /* context switches so far, of both kinds */
};

/* The call that a thread sleeps in, with its raw arguments. */
struct blocked_call {
    long number;
    uint64_t args[6];
};

/* The text of a /proc file, cut off at size - 1, ended by a null byte. Its length, or -1. */
ssize_t proc_read(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The target of a link in /proc, the same way. */
ssize_t proc_link(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The number that follows a label such as "flags:" at the beginning of a line, or fallback. */
uint64_t proc_field(const char *text, const char *label, int base, uint64_t fallback);
/* The text that follows a label at the beginning of a line, without blanks; NULL when there is
 * none. */
const char *proc_find(const char *text, const char *label);

/* All entries of a directory that are numbers (kit_alloc'd; free()). Returns how many; 0 also when
 * it cannot be read. */
size_t proc_numbers(int **numbers, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* false: gone, or not ours to look at. */
bool proc_thread_status(pid_t pid, pid_t tid, struct thread_status *status);
/* true when the thread sleeps in a system call. */
bool proc_blocked_call(pid_t pid, pid_t tid, struct blocked_call *call);
/* Copies from another process's memory; false unless all of it could be read. */
bool proc_memory(pid_t pid, uint64_t address, void *to, size_t size);
/* A null-terminated string from there, cut off at size - 1; false when nothing could be read. */
bool proc_string(pid_t pid, uint64_t address, char *to, size_t size);
/* Our own copy of another process's descriptor, to be closed at once; -1. */
int proc_borrow(pid_t pid, int fd);
/* Is it a program of another word size, whose calls have other numbers and layouts? */
bool proc_is_foreign(pid_t pid);

#endif
