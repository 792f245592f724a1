/*
 * cell.h - a fresh place for one run: its own processes, IPC objects, sockets, /tmp.
 *
 * Theory of operation.  cell_new() clones an init, process 1 of new user, PID, IPC, mount and
 * network namespaces (or, where the machine refuses them, an ordinary subreaper: the weaker mode).
 * Init is a copy of the kit's own process: it waits for messages on a socket, each the address of a
 * function of ours with its arguments, runs it inside, and answers.  It also reaps orphans.  When
 * init is killed the kernel ends everything in the cell, setsid or not, and its objects are gone.
 *
 *     kit ──socket──► init ──fork──► program (traced by the kit)
 *
 * Callers: cell_new(), then cell_spawn() for each program, tracer_attach(), cell_go(); in the end
 * cell_free(), after the tracer has seen the processes end.
 */
#ifndef IPCLAB_CELL_H
#define IPCLAB_CELL_H

#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ipc_state.h"

struct cell;

struct cell_options {
    bool confined;      /* false: the weaker mode, without namespaces */
    const char *folder; /* weaker mode: a folder for the run's files; ignored otherwise (/tmp) */
    const char *const *hide; /* folders to cover with an empty one; NULL-terminated; may be NULL */
    const char *const *read_only; /* folders that nobody inside may write to; the same */
};

/* Limits of each process; 0: as inherited. */
struct cell_limits {
    unsigned long cpu_seconds, memory_bytes, processes, file_bytes, descriptors;
};

/* A program to start. Descriptors are the caller's own and stay open; -1: start with it closed. */
struct spawn {
    const char *file;        /* path inside the cell */
    const char *const *argv; /* NULL-terminated */
    const char *const *envp; /* NULL-terminated */
    const char *directory;   /* working directory; NULL: the run's folder */
    int stdio[3];
    int report, report_number;       /* one more, and the number that it gets; -1: none */
    const struct sock_fprog *filter; /* the tracer's; NULL: none */
    struct cell_limits limits;
    unsigned long long ignored_signals; /* bit N-1: start with signal N ignored */
    unsigned umask;                     /* umask(2), if umask_given; else 022 */
    bool umask_given;
    bool another_user; /* as the cell's second user */
    bool keep_session; /* stay in the kit's session and process group (for `trace`) */
    bool
        plain_environment; /* trace: keep descriptors, signal dispositions and limits as they are */
    const sigset_t *mask;  /* trace: the signal mask to restore; NULL: empty */
};

/* A program that waits to be let go. */
struct waiting_program {
    pid_t host_pid;
    int go; /* our end of its socket; closed by cell_go() */
};

/* NULL with errno when it cannot be made (EPERM, ENOSPC: namespaces are refused here). */
struct cell *cell_new(const struct cell_options *options);
/* Kills what is left in it and waits for init. */
void cell_free(struct cell *cell);

/* Starts a program up to the point just before exec. -1 with errno. cell NULL: as a child of the
 * kit itself, in the kit's own namespaces (`trace` of any program). */
int cell_spawn(struct cell *cell, const struct spawn *spawn, struct waiting_program *program);
/* Lets it exec. Returns at once; a failed exec is seen by the tracer, as exit status 126 or 127. */
void cell_go(struct waiting_program *program);

/* Runs a function inside. Its argument and result are flat bytes; -1 with errno if init is gone. */
typedef int cell_function(const void *argument, size_t size);
int cell_call(struct cell *cell, cell_function *function, const void *argument, size_t size);

/* What a function inside has left for its caller: it writes there, and the caller reads it after
 * cell_call(). CELL_ANSWER_MAX bytes. */
enum { CELL_ANSWER_MAX = 256 * 1024 };
void *cell_answer_inside(void);
const void *cell_answer(const struct cell *cell);

/* Cells have a second user, without rights over what the first one's is: uid and gid one above the
 * worker's. Only where the kit was started as root (see box.c), and not in the weaker mode. */
bool cell_has_another_user(void);

/* The IPC objects as the cell sees them; valid until the next call. */
const struct ipc_state *cell_ipc_state(struct cell *cell);
/* Opens what the programs call by that name (not absolute: in the run's working directory), with
 * open(2)'s flags. Links that a program has laid lead where they lead inside, never into our own
 * root. -1 with errno. Source: openat2(2), RESOLVE_IN_ROOT. */
int cell_open(const struct cell *cell, const char *inside, int flags, mode_t mode);
/* lstat(2) of it. */
int cell_stat(const struct cell *cell, const char *inside, struct stat *status);
/* Where an absolute path inside is found from outside, by our own root where a link of it is
 * absolute: only for what no program can have laid. Owned by the caller. */
char *cell_path(const struct cell *cell, const char *inside);
/* How the programs see that folder ("/tmp"). */
const char *cell_inner_folder(const struct cell *cell);

#endif
