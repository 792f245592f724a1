/*
 * record.h - what was observed of one run: processes, descriptors, objects, calls, source lines.
 *
 * The record is the one interface between run/ (which fills it), judge/ (which reads it and
 * writes findings) and tell/ (which draws it).  It is plain data: indices instead of pointers
 * between its parts, so that record_json.c can write it out and read it back, and a judge can be
 * tested on a stored record.
 *
 * Indices: -1 always means "none" or "not known".
 * Times:   microseconds since the run began.
 * Strings: owned by the record, freed by record_free(); NULL means "not known".
 */
#ifndef IPCLAB_RECORD_H
#define IPCLAB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A line of source: the innermost frame that lies in the learner's own code. */
struct place {
    char *file;     /* base name, e.g. "pipeline.c"; NULL: not known */
    int line;       /* from 1; 0: not known */
    char *function; /* NULL: not known */
};

enum object_kind {
    OBJECT_PIPE,
    OBJECT_FIFO,
    OBJECT_QUEUE,           /* System V message queue */
    OBJECT_SEMAPHORES,      /* System V semaphore set */
    OBJECT_SEGMENT,         /* System V shared memory segment */
    OBJECT_POSIX_QUEUE,     /* mq_open(3) */
    OBJECT_POSIX_SEMAPHORE, /* sem_open(3): /dev/shm/sem.NAME */
    OBJECT_POSIX_MEMORY,    /* shm_open(3): /dev/shm/NAME */
    OBJECT_SOCKET,
    OBJECT_FILE,     /* regular file or directory */
    OBJECT_TERMINAL, /* a tty */
    OBJECT_FUTEX,    /* a word of memory on which a process-shared or private lock waits */
    OBJECT_OTHER,    /* eventfd, epoll, timerfd, device, ... */
    OBJECT_KINDS
};

/* One semaphore of a System V set, as seen at the last snapshot. */
struct semaphore_state {
    int value;        /* GETVAL */
    int waiting_up;   /* GETNCNT: processes that wait for it to grow */
    int waiting_zero; /* GETZCNT: processes that wait for zero */
    int last_process; /* index of the process that changed it last (GETPID), -1: outside or none */
};

struct object {
    enum object_kind kind;
    char *label; /* as a learner is told: "pipe A", "queue 0 (key 0x1234)", "FIFO /tmp/ab" */
    char *path;  /* file name, POSIX name or bound socket address ("@abc": abstract); else NULL */
    uint64_t dev,
        ino;         /* identity of pipes, files, sockets (dev 0 for pipes and sockets) and futexes
                        (dev, ino of what is mapped; for private memory dev 0, ino = process index) */
    uint64_t offset; /* futex: offset in the mapped file or segment; private memory: the address */
    int id;          /* System V identifier; else -1 */
    int64_t key;     /* System V key (0: IPC_PRIVATE); else 0 */
    unsigned mode;   /* permission bits, where known */
    int owner;       /* uid, where known; else -1 */
    int made_by;     /* index of the call that created it; -1: it was there before, or inherited */
    bool was_there;  /* by id: nobody of the run made it */
    bool outside_reads;  /* somebody outside the run holds it open for reading (the kit, a terminal)
                          */
    bool outside_writes; /* ... for writing, or could change it: whoever waits may still be woken */
    bool left_behind;    /* it still exists after the run (set at the end) */
    bool unlinked;       /* its name is gone: nobody new can open it */

    /* State at the last snapshot; -1 where not known. */
    int64_t bytes;    /* in a pipe, FIFO, socket or queue; size of a segment */
    int64_t capacity; /* of a pipe or FIFO; msg_qbytes of a queue */
    int64_t messages; /* in a System V or POSIX queue, pending connections of a listening socket */
    int64_t *message_types; /* System V queue: types in order, the first n_message_types */
    size_t n_message_types;
    struct semaphore_state *semaphores; /* System V set; POSIX semaphore: one entry */
    size_t n_semaphores;
    int last_sender,
        last_receiver; /* queue: process index by msg_lspid, msg_lrpid; -1 none; -2 outside */
    int attached; /* segment: shm_nattch; futex in shared memory: processes of the run that map it
                   */
    int peer;     /* connected socket: index of the object at the other end */
    bool listening;
};

struct process {
    int number;       /* 1, 2, ... in order of appearance: what a learner is told */
    pid_t pid;        /* as the process itself sees it (its own PID namespace) */
    pid_t host_pid;   /* as the kit sees it; meaningful only while it lives */
    int parent;       /* index of the process that forked it; -1: started by the kit */
    int adopted_by;   /* index of its present parent, if that is another one; -1: parent or init */
    char *name;       /* base name of what it runs: "sort" */
    char *command;    /* its argv joined with spaces, shortened */
    bool own_program; /* it still runs the learner's program (true for the first program of `trace`
                         and for its forked children until they exec something else) */
    bool execed;      /* it, or the process that forked it, has exec'ed: it is not the kit's copy */
    struct place forked_at;
    int64_t started_us;
    int64_t exits_us;      /* it begins to end: its descriptors are still open; -1: not seen */
    int64_t ended_us;      /* -1: still alive */
    uint64_t began, ended; /* numbers of the race detector's clock; 0: none */
    int wait_status;       /* as from wait(2); valid when ended_us >= 0 */
    bool killed_by_kit;    /* ended by the kit at the end of the run, not by itself */
    bool was_zombie;    /* it was dead and unreaped when its parent ended, or when the run ended */
    bool outlived_run;  /* it was alive when the first program had ended */
    bool halted;        /* it cannot move until the kit (given_held_*) or a SIGCONT lets it */
    int stopped_by;     /* the signal that stopped it, if it is not the kit that sent it; 0: none */
    bool in_vfork;      /* it waits in vfork(2) for its child to exec or end */
    int64_t cpu_us;     /* processor time used, at the last snapshot or at its end */
    bool alarm_repeats; /* ... and starts again when it fires */
    bool alarm_pending; /* alarm(2) or setitimer(ITIMER_REAL) is armed and has not fired */
    uint64_t handled_signals; /* bit N-1: a handler is installed for signal N (SigCgt) */
};

/* One recorded system call (or signal, fork, exit: see name). */
struct call {
    int64_t start_us, end_us; /* end_us -1: it never returned */
    uint64_t began, ended;    /* numbers of the race detector's clock; 0: none */
    int process;              /* index */
    pid_t own_tid;            /* thread, as the process itself sees it */
    pid_t tid;                /* thread, as the kit sees it */
    const char *name;         /* "pipe2", "wait4", ... static; also "signal", "inherit" (a pipe or
                                 the like of the run's own, open when a program began) and "given"
                                 (any descriptor that the kit's first programs began with) */
    uint64_t args[6];
    int64_t result; /* as the kernel gave it: -errno on failure */
    char *detail;   /* decoded arguments, e.g. the path of an open, the command of an exec */
    char *sample;   /* the first bytes that it moved, two hexadecimal digits each; NULL: not kept */
    int object;     /* the object created or used */
    int other;      /* process index: child of a fork, target of a kill, child reaped */
    int fds[2];     /* descriptors made: pipe ends, new descriptor of open or dup; -1 */
    bool injected;  /* the kit made it fail or shortened it (a fault) */
    struct place place;
    struct stack *stack; /* raw registers and stack top, until places_resolve() made it a place */
};

/* An open descriptor at the last snapshot. */
struct descriptor {
    int process; /* index */
    int fd;
    int object;         /* index */
    bool reads, writes; /* access mode */
    bool nonblocking, close_on_exec;
    int made_by; /* index of the call that made it (pipe, open, dup, ...); -1: inherited from the
                    kit */
};

enum wait_kind {
    WAIT_READ,       /* read or poll for input: object, fd */
    WAIT_WRITE,      /* write to something full, or poll for output */
    WAIT_OPEN,       /* open(2) of a FIFO: object; wants_writer tells which side it lacks */
    WAIT_MESSAGE,    /* msgrcv: object, type; mq_receive */
    WAIT_ROOM,       /* msgsnd, mq_send: queue full */
    WAIT_SEMAPHORE,  /* semop: object, index of the semaphore, its operation (-n, or 0) */
    WAIT_FUTEX,      /* sem_wait, mutex, condition, pthread_join: object, holder (owner's thread) if
                        known */
    WAIT_CHILD,      /* wait4, waitid, vfork: process (or -1: any child) */
    WAIT_LOCK,       /* fcntl or flock: object, process = holder */
    WAIT_CONNECTION, /* accept: object; connect: peer's backlog full */
    WAIT_SIGNAL,     /* pause, sigsuspend, sigwait: signals = the set it would react to */
    WAIT_CONTINUE,   /* no call: it is stopped; operation = the signal that has stopped it */
    WAIT_KINDS
};

/* What a futex looks like to belong to (glibc's layouts); only for words, never for the verdict. */
enum futex_use {
    FUTEX_IS_UNKNOWN,
    FUTEX_IS_MUTEX,
    FUTEX_IS_SEMAPHORE,
    FUTEX_IS_THREAD, /* pthread_join */
    FUTEX_IS_RWLOCK  /* a writer that waits for readers */
};

/* One thing a thread waits for. With several (poll, select, epoll), any one of them is enough. */
struct wait {
    enum wait_kind kind;
    int object;
    int fd;      /* -1: not through a descriptor */
    int process; /* WAIT_CHILD: that child; WAIT_LOCK, WAIT_FUTEX: the holder; -1: any / not known
                  */
    bool wants_writer; /* WAIT_OPEN */
    int64_t type;      /* WAIT_MESSAGE on a System V queue: msgtyp */
    int semaphore;     /* WAIT_SEMAPHORE: its index in the set */
    int operation;     /* WAIT_SEMAPHORE: sem_op; WAIT_FUTEX: enum futex_use */
    uint64_t signals;  /* WAIT_SIGNAL */
    bool holder_died;  /* WAIT_FUTEX: the owner of the mutex is dead */
};

/* A thread at the last snapshot. */
struct thread {
    int process;      /* index */
    pid_t tid;        /* as the kit sees it */
    char state;       /* /proc/PID/stat: R S D T t Z X */
    const char *call; /* name of the call it sleeps in, "wait4"; NULL: runs, or not known */
    uint64_t args[6];
    bool asleep;     /* it sleeps in a call, or is stopped by a signal */
    bool timed;      /* the call has a time limit, or a timer will interrupt it: it will move */
    bool understood; /* waits[] is the whole truth; false: an unknown call, it may move */
    struct wait *waits;
    size_t n_waits;
    struct place place;
};

/* One process at a time (schedule.h): whose turn ended where. */
struct turn {
    int process;      /* index */
    bool ends;        /* with the thread: no place */
    const char *call; /* the call before which it was held; NULL: an access to shared memory */
    struct place place;
};

/* ---- What a program built for the race detector did (race.h); nothing in other runs ---- */

/* An access to shared memory, or a deed that orders without a system call. */
struct race_note {
    uint64_t stamp; /* access: before every deed or call with that number or a later one; deed: its
                       own number */
    uint64_t offset;
    int size;    /* bytes; RACE_SET_VALUE: the value */
    int mapping; /* index of a race_memory; -1: memory of that process alone */
    int process; /* index */
    pid_t tid;   /* the thread, as the process itself sees it */
    int site;    /* index of its line; -1: not known */
    int kind;    /* enum race_kind */
    int flags;   /* enum race_flag */
};

/* An expression in the statement of a site that reads or writes through a pointer: what an access
 * at that site may be to. Offsets count from where the pointer points. */
struct race_use {
    char *text;           /* as it is written: "ring->items[ring->head]" */
    char *base;           /* the pointer: "ring" */
    bool reads, writes;   /* what the statement does to it */
    uint64_t offset;      /* of the first that it may be */
    uint64_t size;        /* of each; 0: any part of it */
    uint64_t step, count; /* so many, each that far behind the last; count 0: no end known */
};

/* A place in code from where shared memory is accessed. */
struct race_site {
    struct place place;
    char *text; /* the line of source, printable; NULL: not known */
    struct race_use *uses;
    size_t n_uses; /* 0: none, or not all could be understood */
};

struct race_memory {
    uint64_t dev, ino;
    char *label; /* "segment 3", "/dev/shm/counter", "the shared mapping" */
};

/* A wrong use of memory, in the words of valgrind, which watched the run (memcheck.h). */
struct misuse {
    int process;        /* index */
    char *kind;         /* "InvalidWrite", "UninitCondition", "SyscallParam", ... */
    char *what;         /* "Invalid write of size 4" */
    char *through;      /* the function called by the line in which it happens ("strlen"); NULL: it
                           is the line itself */
    struct place place; /* the innermost line of the learner's */
    char *about; /* "Address 0x... is 0 bytes after a block of size 40 alloc'd"; NULL: nothing known
                  */
    struct place about_place; /* where that block was allocated or freed, or the value came to be */
    struct place made_place;  /* where a freed block had been allocated */
};

struct record {
    char *program; /* command line of the first program */
    char
        *kit_file; /* base name of the kit's own driver source, whose deeds are not the learner's */
    uint64_t seed;
    bool own_objects; /* every System V object that its namespace shows is the run's or the kit's */
    bool closed_world; /* the run is in a cell: nobody outside can reach its named objects */
    int64_t duration_us;
    bool io_watched;     /* read, write, close and their kin were recorded */
    bool calls_left_out; /* there were more calls than are kept here: see record_shorten() */
    bool timed_out;      /* ended by the kit because its time was up */
    bool hung;           /* ended by the kit because nothing could move any more */
    bool output_flooded; /* ended by the kit because it wrote more than the limit */
    int64_t memory; /* bytes that all had together when the kit ended it for that; 0: it did not */
    int64_t too_many; /* forks and new threads that failed because the run had so many already */
    struct process *processes;
    size_t n_processes;
    struct object *objects;
    size_t n_objects;
    struct call *calls;
    size_t n_calls;
    struct descriptor *descriptors; /* last snapshot */
    size_t n_descriptors;
    struct thread *threads; /* last snapshot */
    size_t n_threads;
    struct turn *turns; /* in order */
    size_t n_turns;
    bool races_watched; /* the race detector was on; what follows is its log */
    bool race_builds;   /* some program of the run was built for it */
    struct race_note *notes;
    size_t n_notes;
    struct race_site *sites;
    size_t n_sites;
    struct race_memory *memories;
    size_t n_memories;
    bool memory_watched; /* valgrind was there; the tracer's places are not the learner's then */
    struct misuse *misuses;
    size_t n_misuses;
    int unwatched;       /* processes of the learner's of which valgrind has not said anything */
    int notes_dropped;   /* notes for which there was no room */
    int64_t snapshot_us; /* when the last snapshot was taken; -1: never */
};

/* An empty record. Never NULL (kit_broken() when memory is out). Freed with record_free(). */
struct record *record_new(void);
void record_free(struct record *record);

/* Frees what a misuse owns. */
void misuse_clear(struct misuse *misuse);

/* Adds one zeroed element with its indices set to -1 and returns its index. Pointers into the array
 * become invalid; so take the index first: &record->calls[record_add_call(record)] may read the old
 * array. */
int record_add_process(struct record *record);
int record_add_call(struct record *record);
int record_add_object(struct record *record, enum object_kind kind);
int record_add_descriptor(struct record *record);
int record_add_thread(struct record *record);
struct wait *thread_add_wait(struct thread *thread, enum wait_kind kind);

/* Leaves out calls in the middle, so that about `most` are kept: the first ones, the last ones, and
 * those that made something. */
void record_shorten(struct record *record, size_t most);

/* Forgets threads and descriptors, for a new snapshot. */
void record_clear_snapshot(struct record *record);

/* The index of the object with that identity, or -1. */
int record_find_inode(const struct record *record, enum object_kind kind, uint64_t dev,
                      uint64_t ino);
int record_find_id(const struct record *record, enum object_kind kind, int id);
/* The index of the live process with that pid as the kit sees it, or -1. */
int record_find_host_pid(const struct record *record, pid_t host_pid);
/* The same by its own pid (namespace). The last one that had it, alive or not. */
int record_find_pid(const struct record *record, pid_t pid);
/* Finds it or adds it, with a label ("pipe A", "socket B", ...: letters count per kind). */
int record_object_by_inode(struct record *record, enum object_kind kind, uint64_t dev, uint64_t ino,
                           const char *path);
int record_object_by_id(struct record *record, enum object_kind kind, int id, int64_t key);

/* Words for a kind: "pipe", "message queue", "semaphore set", ... (static). */
const char *object_kind_name(enum object_kind kind);

/* The whole record as JSON text (malloc'd, owned by the caller), and back (NULL: *error says why,
 * static text). */
char *record_to_json(const struct record *record);
struct record *record_from_json(const char *json, const char **error);

#endif
