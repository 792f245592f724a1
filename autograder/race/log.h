/*
 * log.h - what a program built for the race detector writes down, as it lies in shared memory.
 *
 * The runtime (runtime.c, linked into the program) appends; the kit (run/race.c) reads when the run
 * is over. Every thread writes into chunks of its own, so that no two writers meet; what orders
 * their entries is one counter, `clock`, which both the runtime and the tracer draw numbers from.
 *
 * An entry is an access to shared memory, or a deed that orders threads without a system call (an
 * atomic operation, a mutex, a semaphore of POSIX). What the kernel orders (pipes, messages, semop,
 * fork, wait, signals) the tracer sees, and it is not written here.
 *
 * A learner's program can write anything into this memory: the reader believes nothing of it but as
 * a claim about that program.
 */
#ifndef IPCLAB_RACE_LOG_H
#define IPCLAB_RACE_LOG_H

#include <stdint.h>

enum { RACE_MAGIC = 0x72616365, RACE_VERSION = 1 };

/* The first argument of the sched_yield(2) before an access, when yields is set; the second is the
 * address of the code. (The kernel takes no notice.) */
#define RACE_YIELD UINT64_C(0x72616365796c64)

/* Where the runtime finds it: a path, in the environment. */
#define RACE_VARIABLE "IPCLAB_RACE"

enum race_kind {
    RACE_NOTHING, /* not yet complete */
    RACE_READ,
    RACE_WRITE,

    RACE_LOAD,     /* C11 atomics: the deed that orders; its access is an entry of its own */
    RACE_STORE,    /* replaces what was released before */
    RACE_MODIFY,   /* read-modify-write: acquires and releases */
    RACE_FENCE,    /* atomic_thread_fence */
    RACE_ACQUIRE,  /* a mutex was locked, a barrier passed, a thread joined */
    RACE_RELEASE,  /* ... before it is unlocked, entered, ended */
    RACE_POST,     /* sem_post begins, ... */
    RACE_POSTED,   /* ... and has returned */
    RACE_WAITS,    /* sem_wait begins, ... */
    RACE_WAITED,   /* ... has its unit, ... */
    RACE_GAVE_UP,  /* ... or has returned without */
    RACE_ARRIVES,  /* at a barrier */
    RACE_PASSES,   /* it has let us through */
    RACE_SET_VALUE /* sem_init, pthread_barrier_init: size holds the value */
};

enum race_flag {
    RACE_ATOMIC = 1,
    RACE_VOLATILE = 2,
    RACE_ACQUIRES = 4, /* the memory order of an atomic operation or a fence */
    RACE_RELEASES = 8,
    RACE_SHARED = 16,     /* a reader's side of a lock */
    RACE_DEAD_OWNER = 32, /* the lock's owner had died: EOWNERDEAD */
    RACE_LIBRARY = 64     /* done by a library function on the program's behalf: read(), memcpy() */
};

/* Shared memory is named by what is mapped and the offset there, as addresses differ. */
enum { RACE_PRIVATE = 0xffff, RACE_MAPPINGS = 256, RACE_PATH = 64 };

struct race_mapping {
    uint64_t dev, ino; /* as in /proc/PID/maps; 0, 0: free */
    char path[RACE_PATH];
};

struct race_entry {
    uint64_t stamp;   /* access: the clock's value then; deed: its own number */
    uint64_t pc;      /* address of the code */
    uint64_t offset;  /* in the mapping; RACE_PRIVATE: the address */
    uint32_t size;    /* bytes */
    uint16_t mapping; /* index; RACE_PRIVATE: memory of that process alone */
    uint8_t kind, flags;
};

enum { RACE_ENTRIES = 255, RACE_THREADS = 512, RACE_LOCKS = 1024 };

struct race_chunk {
    uint32_t thread; /* index + 1; 0: free */
    uint32_t used;   /* entries begun; those complete have a kind */
    uint32_t unused[6];
    struct race_entry entries[RACE_ENTRIES];
};

struct race_thread {
    int32_t pid, tid; /* as the process itself sees them */
};

/* Keeps an atomic operation and its entry together. */
struct race_lock {
    int32_t owner;    /* tid; 0: free */
    uint32_t version; /* counts what changes an object that the lock is for */
};

struct race_region {
    uint32_t magic, version;
    uint32_t yields; /* the schedule wants to be asked before each access */
    uint32_t n_chunks, next_chunk;
    uint32_t n_threads;
    uint32_t dropped; /* entries for which there was no room */
    uint32_t mappings_lock;
    uint64_t clock; /* the next number */
    struct race_thread threads[RACE_THREADS];
    struct race_mapping mappings[RACE_MAPPINGS];
    struct race_lock locks[RACE_LOCKS];
    struct race_chunk chunks[];
};

#endif
