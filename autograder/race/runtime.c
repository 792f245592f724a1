/*
 * runtime.c - linked into programs that were compiled with -fsanitize=thread, in place of libtsan.
 *
 * Theory of operation.  The compiler calls us at every load and store (__tsan_read4, ...), and the
 * linker sends the calls of some library functions here first (wraps: mmap, memcpy, sem_post, ...).
 * An access to memory that several processes share is written into the log (log.h); an access to
 * other memory costs a comparison of addresses. Nothing is judged here: the kit does that when the
 * run is over. Without a log (the variable is not set) the program just runs.
 *
 * Rules that keep us out of the program's way: no allocation, no stdio, errno untouched; no lock is
 * held across anything that can block, and a lock whose owner was killed is taken over. A signal
 * handler may interrupt us anywhere: entries are reserved by one atomic addition.
 *
 * Source: the hooks are those of gcc (tsan.def) and clang (ThreadSanitizer.cpp).
 *
 * _GNU_SOURCE: MAP_ANONYMOUS, gettid(2).
 */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)

static struct race_region *region;

/* ---- Shared mappings of this process -------------------------------------------------------- */

struct range {
    uintptr_t low, high;
    uint64_t offset;
    uint16_t mapping;
};

enum { MOST_RANGES = 64 };

static struct range ranges[MOST_RANGES];
static int n_ranges;
static uintptr_t lowest = UINTPTR_MAX, highest; /* of all: a quick way to say no */

static void spin_lock(uint32_t *lock)
{
    for (int tries = 0; __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0 && tries < 1000000;
         tries++)
        sched_yield(); /* its owner may have been killed: it guards a table of names, no more */
}

static uint16_t mapping_of(uint64_t dev, uint64_t ino, const char *path)
{
    uint16_t found = RACE_PRIVATE;
    spin_lock(&region->mappings_lock);
    for (uint16_t i = 0; i < RACE_MAPPINGS && found == RACE_PRIVATE; i++) {
        struct race_mapping *at = &region->mappings[i];
        bool is_free = at->dev == 0 && at->ino == 0;
        if (is_free) {
            at->dev = dev;
            at->ino = ino;
            for (int c = 0; c < RACE_PATH - 1 && path[c] != '\0' && path[c] != '\n'; c++)
                at->path[c] = path[c];
        }
        if (is_free || (at->dev == dev && at->ino == ino))
            found = i;
    }
    __atomic_store_n(&region->mappings_lock, 0, __ATOMIC_RELEASE);
    return found;
}

static uint64_t hexadecimal(const char **at)
{
    uint64_t value = 0;
    for (;; (*at)++) {
        char c = **at;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return value;
        value = value * 16 + (uint64_t)digit;
    }
}

/* One line: "7f12-7f13 rw-s 00000000 00:01 12   /SYSV00000000 (deleted)". */
static void take_line(const char *at)
{
    struct range range;
    range.low = hexadecimal(&at);
    at++;
    range.high = hexadecimal(&at);
    bool shared = at[4] == 's';
    at += 6;
    range.offset = hexadecimal(&at);
    at++;
    uint64_t major = hexadecimal(&at);
    at++;
    uint64_t dev = major << 32 | hexadecimal(&at), ino = 0;
    while (*at == ' ')
        at++;
    for (; *at >= '0' && *at <= '9'; at++)
        ino = ino * 10 + (uint64_t)(*at - '0');
    while (*at == ' ')
        at++;
    if (!shared || n_ranges == MOST_RANGES || range.low == (uintptr_t)region)
        return;
    range.mapping = mapping_of(dev, ino, at);
    if (range.mapping == RACE_PRIVATE)
        return;
    ranges[n_ranges++] = range;
    lowest = range.low < lowest ? range.low : lowest;
    highest = range.high > highest ? range.high : highest;
}

/* Calls that the tracer does not follow: they are no deeds of the program's. */
static long read_unseen(int fd, char *to, size_t size, size_t at)
{
    struct iovec part = {to, size};
    return syscall(SYS_preadv, fd, &part, 1, (long)at, 0L);
}

static int open_unseen(const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)flags};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void close_unseen(int fd)
{
    syscall(SYS_close_range, (unsigned)fd, (unsigned)fd, 0U);
}

/* Reads /proc/self/maps anew: at the start, and when a call has changed what is mapped. */
static void read_maps(void)
{
    char text[4096];
    size_t length = 0, at = 0;
    int error = errno;
    int fd = open_unseen("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    n_ranges = 0;
    lowest = UINTPTR_MAX;
    highest = 0;
    for (;;) {
        long got = read_unseen(fd, text + length, sizeof text - 1 - length, at);
        length += got > 0 ? (size_t)got : 0;
        at += got > 0 ? (size_t)got : 0;
        text[length] = '\0';
        char *line = text, *end;
        while ((end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            take_line(line);
            line = end + 1;
        }
        length -= (size_t)(line - text);
        memmove(text, line, length);
        if (got <= 0 || length == sizeof text - 1)
            break;
    }
    close_unseen(fd);
    errno = error;
}

static const struct range *range_of(uintptr_t address)
{
    if (address < lowest || address >= highest)
        return NULL;
    for (int i = 0; i < n_ranges; i++)
        if (address >= ranges[i].low && address < ranges[i].high)
            return &ranges[i];
    return NULL;
}

/* ---- The log -------------------------------------------------------------------------------- */

enum { RECENT = 64, VERSIONS = 64 };

/* What this thread remembers. */
struct mine {
    uint32_t thread; /* index + 1 */
    int32_t tid;
    struct race_chunk *chunk;
    struct race_entry *recent[RECENT]; /* by code address */
    struct seen {
        uint64_t key;
        uint32_t version;
    } seen[VERSIONS]; /* of atomic objects */
    struct {
        pthread_rwlock_t *lock;
    } read_locked[8];
};

static __thread struct mine mine;

static uint64_t next_number(void)
{
    return __atomic_fetch_add(&region->clock, 1, __ATOMIC_SEQ_CST);
}

/* The thread's number; false: there are too many. */
static bool have_thread(void)
{
    if (mine.thread != 0)
        return mine.thread <= RACE_THREADS;
    mine.thread = 1 + __atomic_fetch_add(&region->n_threads, 1, __ATOMIC_RELAXED);
    mine.tid = (int32_t)syscall(SYS_gettid);
    if (mine.thread > RACE_THREADS)
        return false;
    region->threads[mine.thread - 1] = (struct race_thread){(int32_t)syscall(SYS_getpid), mine.tid};
    return true;
}

static bool new_chunk(void)
{
    uint32_t index = __atomic_fetch_add(&region->next_chunk, 1, __ATOMIC_RELAXED);
    if (index >= region->n_chunks)
        return false;
    mine.chunk = &region->chunks[index];
    mine.chunk->thread = mine.thread;
    return true;
}

/* Room for an entry; NULL: the log is full. */
static struct race_entry *new_entry(void)
{
    if (!have_thread())
        return NULL;
    for (int tries = 0; tries < 2; tries++) {
        if (mine.chunk != NULL) {
            uint32_t index = __atomic_fetch_add(&mine.chunk->used, 1, __ATOMIC_RELAXED);
            if (index < RACE_ENTRIES)
                return &mine.chunk->entries[index];
        }
        if (!new_chunk())
            break;
    }
    __atomic_fetch_add(&region->dropped, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* Asks the schedule whether it is our turn: the tracer stops this call. */
static void yield_here(const void *pc)
{
    int error = errno;
    syscall(SYS_sched_yield, RACE_YIELD, pc);
    errno = error;
}

static void write_access(const struct range *range, uintptr_t address, size_t size,
                         enum race_kind kind, unsigned flags, uintptr_t pc)
{
    uint64_t now = __atomic_load_n(&region->clock, __ATOMIC_SEQ_CST);
    uint64_t offset = range->offset + (address - range->low);
    struct race_entry **place = &mine.recent[(pc ^ (pc >> 6)) % RECENT], *recent = *place;

    /* The same code again, with nothing between that could order it: the same bytes, or the next.
     */
    if (recent != NULL && recent->stamp == now && recent->pc == pc && recent->kind == kind &&
        recent->mapping == range->mapping) {
        if (offset >= recent->offset && offset + size <= recent->offset + recent->size)
            return;
        if (offset == recent->offset + recent->size) {
            recent->size += (uint32_t)size;
            return;
        }
    }
    struct race_entry *entry = new_entry();
    *place = entry;
    if (entry == NULL)
        return;
    *entry = (struct race_entry){.stamp = now,
                                 .pc = pc,
                                 .offset = offset,
                                 .size = (uint32_t)size,
                                 .mapping = range->mapping,
                                 .flags = (uint8_t)flags};
    __atomic_store_n(&entry->kind, (uint8_t)kind, __ATOMIC_RELEASE);
}

static void access_to(const volatile void *pointer, size_t size, enum race_kind kind,
                      unsigned flags, const void *pc)
{
    uintptr_t address = (uintptr_t)pointer;
    const struct range *range = range_of(address);

    if (range == NULL || size == 0)
        return;
    if (region->yields)
        yield_here(pc);
    if (address + size > range->high)
        size = range->high - address;
    write_access(range, address, size, kind, flags, (uintptr_t)pc - 1);
}

/* A deed that orders. Its object: where it lies. */
struct key {
    uint64_t offset;
    uint16_t mapping;
};

static struct key key_of(const volatile void *object)
{
    const struct range *range = range_of((uintptr_t)object);
    if (range == NULL)
        return (struct key){(uintptr_t)object, RACE_PRIVATE};
    return (struct key){range->offset + ((uintptr_t)object - range->low), range->mapping};
}

static void deed(enum race_kind kind, struct key key, uint32_t size, unsigned flags, const void *pc)
{
    struct race_entry *entry = region != NULL ? new_entry() : NULL;
    if (entry == NULL)
        return;
    *entry = (struct race_entry){.stamp = next_number(),
                                 .pc = (uintptr_t)pc - 1,
                                 .offset = key.offset,
                                 .size = size,
                                 .mapping = key.mapping,
                                 .flags = (uint8_t)flags};
    __atomic_store_n(&entry->kind, (uint8_t)kind, __ATOMIC_RELEASE);
}

static void deed_at(enum race_kind kind, const volatile void *object, unsigned flags,
                    const void *pc)
{
    if (region != NULL)
        deed(kind, key_of(object), 0, flags, pc);
}

/* ---- Beginning ------------------------------------------------------------------------------ */

/* In a forked child: another thread, with nothing written yet. */
static void begin_child(void)
{
    mine = (struct mine){0};
    n_ranges = 0;
    if (region != NULL)
        read_maps();
}

static void begin(void)
{
    const char *path = getenv(RACE_VARIABLE);
    struct stat status;
    int error = errno;

    if (region != NULL || path == NULL)
        return;
    int fd = open_unseen(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &status) == 0 && (size_t)status.st_size > sizeof *region) {
        void *memory = (void *)syscall(SYS_mmap, NULL, (size_t)status.st_size,
                                       PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        const struct race_region *found = memory;
        if (memory != MAP_FAILED && found->magic == RACE_MAGIC && found->version == RACE_VERSION)
            region = memory;
    }
    if (fd >= 0)
        close_unseen(fd);
    if (region != NULL) {
        read_maps();
        have_thread(); /* that we are here is news by itself */
        pthread_atfork(NULL, NULL, begin_child);
    }
    errno = error;
}

void __tsan_init(void);
void __tsan_init(void)
{
    begin();
}

/* ---- Loads and stores ----------------------------------------------------------------------- */

#define ACCESS(name, size, kind, flags)           \
    void __tsan_##name(void *at);                 \
    void __tsan_##name(void *at)                  \
    {                                             \
        access_to(at, size, kind, flags, CALLER); \
    }
#define BOTH(name, size)                            \
    void __tsan_##name(void *at);                   \
    void __tsan_##name(void *at)                    \
    {                                               \
        access_to(at, size, RACE_READ, 0, CALLER);  \
        access_to(at, size, RACE_WRITE, 0, CALLER); \
    }
#define SIZES(size)                                                         \
    ACCESS(read##size, size, RACE_READ, 0)                                  \
    ACCESS(write##size, size, RACE_WRITE, 0)                                \
    ACCESS(unaligned_read##size, size, RACE_READ, 0)                        \
    ACCESS(unaligned_write##size, size, RACE_WRITE, 0)                      \
    ACCESS(volatile_read##size, size, RACE_READ, RACE_VOLATILE)             \
    ACCESS(volatile_write##size, size, RACE_WRITE, RACE_VOLATILE)           \
    ACCESS(unaligned_volatile_read##size, size, RACE_READ, RACE_VOLATILE)   \
    ACCESS(unaligned_volatile_write##size, size, RACE_WRITE, RACE_VOLATILE) \
    BOTH(read_write##size, size)                                            \
    BOTH(unaligned_read_write##size, size)
SIZES(1)
SIZES(2)
SIZES(4)
SIZES(8)
SIZES(16)
ACCESS(vptr_read, sizeof(void *), RACE_READ, 0)

void __tsan_vptr_update(void *at, void *value);
void __tsan_vptr_update(void *at, void *value)
{
    (void)value;
    access_to(at, sizeof(void *), RACE_WRITE, 0, CALLER);
}

#define RANGE(name, kind)                      \
    void __tsan_##name(void *at, size_t size); \
    void __tsan_##name(void *at, size_t size)  \
    {                                          \
        access_to(at, size, kind, 0, CALLER);  \
    }
RANGE(read_range, RACE_READ)
RANGE(write_range, RACE_WRITE)

void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
    (void)pc;
}
void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_begin(void)
{
}
void __tsan_ignore_thread_end(void);
void __tsan_ignore_thread_end(void)
{
}

/* ---- Atomic operations ---------------------------------------------------------------------- */

static uint64_t hash_of(struct key key)
{
    uint64_t x = key.offset ^ ((uint64_t)key.mapping << 48);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return x ^ (x >> 29);
}

struct held {
    struct race_lock *lock;
    bool ours; /* a signal handler that came while we held it must not wait for us */
};

static bool is_dead(int32_t tid)
{
    return syscall(SYS_tkill, tid, 0) == -1 && errno == ESRCH;
}

static struct held hold(struct key key)
{
    struct race_lock *lock = &region->locks[hash_of(key) % RACE_LOCKS];
    int error = errno;

    have_thread();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == mine.tid)
        return (struct held){lock, true};
    for (unsigned tries = 1;; tries++) {
        int32_t owner = 0;
        if (__atomic_compare_exchange_n(&lock->owner, &owner, mine.tid, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            break;
        if (tries % 1000 == 0)
            sched_yield();
        if (tries % 100000 == 0 && is_dead(owner) &&
            __atomic_compare_exchange_n(&lock->owner, &owner, mine.tid, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            break;
    }
    errno = error;
    return (struct held){lock, false};
}

static void let_go(struct held held)
{
    if (!held.ours)
        __atomic_store_n(&held.lock->owner, 0, __ATOMIC_RELEASE);
}

static unsigned order_flags(int order)
{
    switch (order) {
    case __ATOMIC_CONSUME:
    case __ATOMIC_ACQUIRE:
        return RACE_ACQUIRES;
    case __ATOMIC_RELEASE:
        return RACE_RELEASES;
    case __ATOMIC_ACQ_REL:
    case __ATOMIC_SEQ_CST:
        return RACE_ACQUIRES | RACE_RELEASES;
    default:
        return 0;
    }
}

/* Writes a load down, unless this thread has done so since the object last changed. */
static void note_load(struct key key, struct held held, unsigned flags, const void *pc)
{
    uint64_t name = hash_of(key) ^ flags;
    struct seen *seen = &mine.seen[name % VERSIONS];
    if (seen->key == name && seen->version == held.lock->version)
        return;
    *seen = (struct seen){name, held.lock->version};
    deed(RACE_LOAD, key, 0, flags & RACE_ACQUIRES, pc);
}

static void note_change(struct key key, struct held held, enum race_kind kind, unsigned flags,
                        const void *pc)
{
    held.lock->version++;
    deed(kind, key, 0, flags, pc);
}

/* gcc's masks: the low bits are the order. */
#define ORDER(order) ((order)&0x7fff)

#define ATOMIC_RMW(bits, type, name, operation)                                     \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);    \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)     \
    {                                                                               \
        if (region == NULL)                                                         \
            return operation(at, value, __ATOMIC_SEQ_CST);                          \
        access_to(at, sizeof(type), RACE_WRITE, RACE_ATOMIC, CALLER);               \
        struct key key = key_of(at);                                                \
        struct held held = hold(key);                                               \
        type old = operation(at, value, __ATOMIC_SEQ_CST);                          \
        if (*at == old)                                                             \
            note_load(key, held, order_flags(ORDER(order)), CALLER);                \
        else                                                                        \
            note_change(key, held, RACE_MODIFY, order_flags(ORDER(order)), CALLER); \
        let_go(held);                                                               \
        return old;                                                                 \
    }

#define ATOMIC_EXCHANGE(bits, type, strength, weak)                                            \
    int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected,   \
                                                          type value, int order, int failure); \
    int __tsan_atomic##bits##_compare_exchange_##strength(volatile type *at, type *expected,   \
                                                          type value, int order, int failure)  \
    {                                                                                          \
        if (region == NULL)                                                                    \
            return __atomic_compare_exchange_n(at, expected, value, weak, __ATOMIC_SEQ_CST,    \
                                               __ATOMIC_SEQ_CST);                              \
        access_to(at, sizeof(type), RACE_WRITE, RACE_ATOMIC, CALLER);                          \
        struct key key = key_of(at);                                                           \
        struct held held = hold(key);                                                          \
        int done = __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,   \
                                               __ATOMIC_SEQ_CST);                              \
        if (done)                                                                              \
            note_change(key, held, RACE_MODIFY, order_flags(ORDER(order)), CALLER);            \
        else                                                                                   \
            note_load(key, held, order_flags(ORDER(failure)), CALLER);                         \
        let_go(held);                                                                          \
        return done;                                                                           \
    }

#define ATOMIC(bits, type)                                                                        \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                          \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                           \
    {                                                                                             \
        if (region == NULL)                                                                       \
            return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                         \
        access_to(at, sizeof(type), RACE_READ, RACE_ATOMIC, CALLER);                              \
        struct key key = key_of(at);                                                              \
        struct held held = hold(key);                                                             \
        type value = __atomic_load_n(at, __ATOMIC_SEQ_CST);                                       \
        note_load(key, held, order_flags(ORDER(order)), CALLER);                                  \
        let_go(held);                                                                             \
        return value;                                                                             \
    }                                                                                             \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                   \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                    \
    {                                                                                             \
        if (region == NULL) {                                                                     \
            __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                        \
            return;                                                                               \
        }                                                                                         \
        access_to(at, sizeof(type), RACE_WRITE, RACE_ATOMIC, CALLER);                             \
        struct key key = key_of(at);                                                              \
        struct held held = hold(key);                                                             \
        note_change(key, held, RACE_STORE, order_flags(ORDER(order)) & RACE_RELEASES, CALLER);    \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                            \
        let_go(held);                                                                             \
    }                                                                                             \
    ATOMIC_RMW(bits, type, exchange, __atomic_exchange_n)                                         \
    ATOMIC_RMW(bits, type, fetch_add, __atomic_fetch_add)                                         \
    ATOMIC_RMW(bits, type, fetch_sub, __atomic_fetch_sub)                                         \
    ATOMIC_RMW(bits, type, fetch_and, __atomic_fetch_and)                                         \
    ATOMIC_RMW(bits, type, fetch_or, __atomic_fetch_or)                                           \
    ATOMIC_RMW(bits, type, fetch_xor, __atomic_fetch_xor)                                         \
    ATOMIC_RMW(bits, type, fetch_nand, __atomic_fetch_nand)                                       \
    ATOMIC_EXCHANGE(bits, type, strong, false)                                                    \
    ATOMIC_EXCHANGE(bits, type, weak, true)                                                       \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value, \
                                                    int order, int failure);                      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected, type value, \
                                                    int order, int failure)                       \
    {                                                                                             \
        __tsan_atomic##bits##_compare_exchange_strong(at, &expected, value, order, failure);      \
        return expected;                                                                          \
    }

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (region != NULL)
        deed(RACE_FENCE, (struct key){0, RACE_PRIVATE}, 0, order_flags(ORDER(order)), CALLER);
}
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* ---- What is mapped ------------------------------------------------------------------------- */

/* WRAP(result, name, parameters): the real one, and ours, which the program calls instead. */
#define WRAP(result, name, ...)        \
    result __real_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__); \
    result __wrap_##name(__VA_ARGS__)

static void maps_have_changed(void)
{
    if (region != NULL)
        read_maps();
}

WRAP(void *, mmap, void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *memory = __real_mmap(address, length, protection, flags, fd, offset);
    if (memory != MAP_FAILED && (flags & MAP_SHARED))
        maps_have_changed();
    return memory;
}

WRAP(void *, mmap64, void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *memory = __real_mmap64(address, length, protection, flags, fd, offset);
    if (memory != MAP_FAILED && (flags & MAP_SHARED))
        maps_have_changed();
    return memory;
}

WRAP(int, munmap, void *address, size_t length)
{
    int result = __real_munmap(address, length);
    maps_have_changed();
    return result;
}

WRAP(void *, shmat, int id, const void *address, int flags)
{
    void *memory = __real_shmat(id, address, flags);
    maps_have_changed();
    return memory;
}

WRAP(int, shmdt, const void *address)
{
    int result = __real_shmdt(address);
    maps_have_changed();
    return result;
}

/* ---- Library functions that read and write memory for the program --------------------------- */

static void reads(const void *at, size_t size, const void *pc)
{
    access_to(at, size, RACE_READ, RACE_LIBRARY, pc);
}

static void writes(void *at, size_t size, const void *pc)
{
    access_to(at, size, RACE_WRITE, RACE_LIBRARY, pc);
}

#define COPY(name, real)                                 \
    void *name(void *to, const void *from, size_t size); \
    void *name(void *to, const void *from, size_t size)  \
    {                                                    \
        reads(from, size, CALLER);                       \
        writes(to, size, CALLER);                        \
        return real(to, from, size);                     \
    }
void *__real_memcpy(void *, const void *, size_t);
void *__real_memmove(void *, const void *, size_t);
void *__real_memset(void *, int, size_t);
COPY(__wrap_memcpy, __real_memcpy)
COPY(__wrap_memmove, __real_memmove)
COPY(__tsan_memcpy, __real_memcpy)
COPY(__tsan_memmove, __real_memmove)

#define SET(name)                                 \
    void *name(void *to, int value, size_t size); \
    void *name(void *to, int value, size_t size)  \
    {                                             \
        writes(to, size, CALLER);                 \
        return __real_memset(to, value, size);    \
    }
SET(__wrap_memset)
SET(__tsan_memset)

WRAP(int, memcmp, const void *a, const void *b, size_t size)
{
    reads(a, size, CALLER);
    reads(b, size, CALLER);
    return __real_memcmp(a, b, size);
}

WRAP(size_t, strlen, const char *text)
{
    size_t length = __real_strlen(text);
    reads(text, length + 1, CALLER);
    return length;
}

WRAP(int, strcmp, const char *a, const char *b)
{
    int result = __real_strcmp(a, b);
    reads(a, strlen(a) + 1, CALLER);
    reads(b, strlen(b) + 1, CALLER);
    return result;
}

WRAP(int, strncmp, const char *a, const char *b, size_t size)
{
    reads(a, strnlen(a, size), CALLER);
    reads(b, strnlen(b, size), CALLER);
    return __real_strncmp(a, b, size);
}

WRAP(char *, strcpy, char *to, const char *from)
{
    size_t size = strlen(from) + 1;
    reads(from, size, CALLER);
    writes(to, size, CALLER);
    return __real_strcpy(to, from);
}

WRAP(char *, stpcpy, char *to, const char *from)
{
    size_t size = strlen(from) + 1;
    reads(from, size, CALLER);
    writes(to, size, CALLER);
    return __real_stpcpy(to, from);
}

WRAP(char *, strncpy, char *to, const char *from, size_t size)
{
    reads(from, strnlen(from, size), CALLER);
    writes(to, size, CALLER);
    return __real_strncpy(to, from, size);
}

WRAP(char *, strcat, char *to, const char *from)
{
    size_t had = strlen(to), size = strlen(from) + 1;
    reads(from, size, CALLER);
    writes(to + had, size, CALLER);
    return __real_strcat(to, from);
}

int __real_vsnprintf(char *to, size_t size, const char *format, va_list arguments);

static int print_to(char *to, size_t size, const char *format, va_list arguments, const void *pc)
{
    int length = __real_vsnprintf(to, size, format, arguments);
    size_t written = length < 0 ? 0 : (size_t)length + 1;
    writes(to, written < size ? written : size, pc);
    return length;
}

int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list arguments);
int __wrap_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    return print_to(to, size, format, arguments, CALLER);
}

#define PRINT(name, bound, ...)                                      \
    int name(__VA_ARGS__, const char *format, ...);                  \
    int name(__VA_ARGS__, const char *format, ...)                   \
    {                                                                \
        va_list arguments;                                           \
        va_start(arguments, format);                                 \
        int length = print_to(to, bound, format, arguments, CALLER); \
        va_end(arguments);                                           \
        return length;                                               \
    }
PRINT(__wrap_snprintf, size, char *to, size_t size)
PRINT(__wrap_sprintf, INT32_MAX, char *to)

WRAP(ssize_t, read, int fd, void *to, size_t size)
{
    ssize_t got = __real_read(fd, to, size);
    writes(to, got > 0 ? (size_t)got : 0, CALLER);
    return got;
}

WRAP(ssize_t, pread, int fd, void *to, size_t size, off_t offset)
{
    ssize_t got = __real_pread(fd, to, size, offset);
    writes(to, got > 0 ? (size_t)got : 0, CALLER);
    return got;
}

WRAP(ssize_t, write, int fd, const void *from, size_t size)
{
    reads(from, size, CALLER);
    return __real_write(fd, from, size);
}

WRAP(ssize_t, pwrite, int fd, const void *from, size_t size, off_t offset)
{
    reads(from, size, CALLER);
    return __real_pwrite(fd, from, size, offset);
}

WRAP(ssize_t, readv, int fd, const struct iovec *parts, int count)
{
    ssize_t got = __real_readv(fd, parts, count);
    for (ssize_t left = got, i = 0; left > 0 && i < count; left -= (ssize_t)parts[i++].iov_len)
        writes(parts[i].iov_base, (size_t)left < parts[i].iov_len ? (size_t)left : parts[i].iov_len,
               CALLER);
    return got;
}

WRAP(ssize_t, writev, int fd, const struct iovec *parts, int count)
{
    for (int i = 0; i < count; i++)
        reads(parts[i].iov_base, parts[i].iov_len, CALLER);
    return __real_writev(fd, parts, count);
}

WRAP(ssize_t, recv, int fd, void *to, size_t size, int flags)
{
    ssize_t got = __real_recv(fd, to, size, flags);
    writes(to, got > 0 ? (size_t)got : 0, CALLER);
    return got;
}

WRAP(ssize_t, send, int fd, const void *from, size_t size, int flags)
{
    reads(from, size, CALLER);
    return __real_send(fd, from, size, flags);
}

WRAP(ssize_t, msgrcv, int id, void *to, size_t size, long type, int flags)
{
    ssize_t got = __real_msgrcv(id, to, size, type, flags);
    writes(to, got >= 0 ? (size_t)got + sizeof(long) : 0, CALLER);
    return got;
}

WRAP(int, msgsnd, int id, const void *from, size_t size, int flags)
{
    reads(from, size + sizeof(long), CALLER);
    return __real_msgsnd(id, from, size, flags);
}

WRAP(size_t, fread, void *to, size_t size, size_t count, FILE *stream)
{
    size_t got = __real_fread(to, size, count, stream);
    writes(to, got * size, CALLER);
    return got;
}

WRAP(size_t, fwrite, const void *from, size_t size, size_t count, FILE *stream)
{
    reads(from, size * count, CALLER);
    return __real_fwrite(from, size, count, stream);
}

WRAP(char *, fgets, char *to, int size, FILE *stream)
{
    char *line = __real_fgets(to, size, stream);
    if (line != NULL)
        writes(to, strlen(to) + 1, CALLER);
    return line;
}

WRAP(int, fputs, const char *text, FILE *stream)
{
    reads(text, strlen(text) + 1, CALLER);
    return __real_fputs(text, stream);
}

/* ---- Locks ---------------------------------------------------------------------------------- */

static int locked(int error, const volatile void *lock, unsigned flags, const void *pc)
{
    if (error == 0 || error == EOWNERDEAD)
        deed_at(RACE_ACQUIRE, lock, flags | (error == EOWNERDEAD ? RACE_DEAD_OWNER : 0u), pc);
    return error;
}

#define LOCKS(name, type, flags)                                 \
    WRAP(int, name, type *lock)                                  \
    {                                                            \
        return locked(__real_##name(lock), lock, flags, CALLER); \
    }
#define LOCKS_IN_TIME(name, type, flags)                                \
    WRAP(int, name, type *lock, const struct timespec *limit)           \
    {                                                                   \
        return locked(__real_##name(lock, limit), lock, flags, CALLER); \
    }
#define UNLOCKS(name, type)                     \
    WRAP(int, name, type *lock)                 \
    {                                           \
        deed_at(RACE_RELEASE, lock, 0, CALLER); \
        return __real_##name(lock);             \
    }
LOCKS(pthread_mutex_lock, pthread_mutex_t, 0)
LOCKS(pthread_mutex_trylock, pthread_mutex_t, 0)
LOCKS_IN_TIME(pthread_mutex_timedlock, pthread_mutex_t, 0)
UNLOCKS(pthread_mutex_unlock, pthread_mutex_t)
LOCKS(pthread_spin_lock, pthread_spinlock_t, 0)
LOCKS(pthread_spin_trylock, pthread_spinlock_t, 0)
UNLOCKS(pthread_spin_unlock, pthread_spinlock_t)

WRAP(int, pthread_cond_wait, pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    deed_at(RACE_RELEASE, mutex, 0, CALLER);
    int error = __real_pthread_cond_wait(condition, mutex);
    deed_at(RACE_ACQUIRE, mutex, error == EOWNERDEAD ? RACE_DEAD_OWNER : 0u, CALLER);
    return error;
}

WRAP(int, pthread_cond_timedwait, pthread_cond_t *condition, pthread_mutex_t *mutex,
     const struct timespec *limit)
{
    deed_at(RACE_RELEASE, mutex, 0, CALLER);
    int error = __real_pthread_cond_timedwait(condition, mutex, limit);
    deed_at(RACE_ACQUIRE, mutex, error == EOWNERDEAD ? RACE_DEAD_OWNER : 0u, CALLER);
    return error;
}

/* Whether unlocking is a reader's or a writer's is not said: we remember the readers'. */
static int read_locked(int error, pthread_rwlock_t *lock, const void *pc)
{
    for (size_t i = 0; error == 0 && i < sizeof mine.read_locked / sizeof mine.read_locked[0]; i++)
        if (mine.read_locked[i].lock == NULL) {
            mine.read_locked[i].lock = lock;
            break;
        }
    return locked(error, lock, RACE_SHARED, pc);
}

static bool was_read_locked(const pthread_rwlock_t *lock)
{
    for (size_t i = 0; i < sizeof mine.read_locked / sizeof mine.read_locked[0]; i++)
        if (mine.read_locked[i].lock == lock) {
            mine.read_locked[i].lock = NULL;
            return true;
        }
    return false;
}

WRAP(int, pthread_rwlock_rdlock, pthread_rwlock_t *lock)
{
    return read_locked(__real_pthread_rwlock_rdlock(lock), lock, CALLER);
}
WRAP(int, pthread_rwlock_tryrdlock, pthread_rwlock_t *lock)
{
    return read_locked(__real_pthread_rwlock_tryrdlock(lock), lock, CALLER);
}
LOCKS(pthread_rwlock_wrlock, pthread_rwlock_t, 0)
LOCKS(pthread_rwlock_trywrlock, pthread_rwlock_t, 0)
WRAP(int, pthread_rwlock_unlock, pthread_rwlock_t *lock)
{
    deed_at(RACE_RELEASE, lock, was_read_locked(lock) ? RACE_SHARED : 0u, CALLER);
    return __real_pthread_rwlock_unlock(lock);
}

WRAP(int, pthread_barrier_init, pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
     unsigned count)
{
    int error = __real_pthread_barrier_init(barrier, attributes, count);
    if (error == 0 && region != NULL)
        deed(RACE_SET_VALUE, key_of(barrier), count, 0, CALLER);
    return error;
}

WRAP(int, pthread_barrier_wait, pthread_barrier_t *barrier)
{
    deed_at(RACE_ARRIVES, barrier, 0, CALLER);
    int result = __real_pthread_barrier_wait(barrier);
    deed_at(RACE_PASSES, barrier, 0, CALLER);
    return result;
}

/* ---- Semaphores of POSIX -------------------------------------------------------------------- */

WRAP(int, sem_init, sem_t *semaphore, int shared, unsigned value)
{
    int result = __real_sem_init(semaphore, shared, value);
    if (result == 0 && region != NULL)
        deed(RACE_SET_VALUE, key_of(semaphore), value, 0, CALLER);
    return result;
}

sem_t *__real_sem_open(const char *name, int flags, ...);
sem_t *__wrap_sem_open(const char *name, int flags, ...);
sem_t *__wrap_sem_open(const char *name, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    unsigned value = flags & O_CREAT ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    sem_t *semaphore = __real_sem_open(name, flags, mode, value);
    maps_have_changed(); /* it is mapped inside of libc */
    return semaphore;
}

WRAP(int, sem_post, sem_t *semaphore)
{
    deed_at(RACE_POST, semaphore, 0, CALLER);
    int result = __real_sem_post(semaphore);
    deed_at(RACE_POSTED, semaphore, 0, CALLER);
    return result;
}

static int waited(int result, sem_t *semaphore, const void *pc)
{
    deed_at(result == 0 ? RACE_WAITED : RACE_GAVE_UP, semaphore, 0, pc);
    return result;
}

WRAP(int, sem_wait, sem_t *semaphore)
{
    deed_at(RACE_WAITS, semaphore, 0, CALLER);
    return waited(__real_sem_wait(semaphore), semaphore, CALLER);
}

WRAP(int, sem_trywait, sem_t *semaphore)
{
    deed_at(RACE_WAITS, semaphore, 0, CALLER);
    return waited(__real_sem_trywait(semaphore), semaphore, CALLER);
}

WRAP(int, sem_timedwait, sem_t *semaphore, const struct timespec *limit)
{
    deed_at(RACE_WAITS, semaphore, 0, CALLER);
    return waited(__real_sem_timedwait(semaphore, limit), semaphore, CALLER);
}

WRAP(int, sem_getvalue, sem_t *semaphore, int *value)
{
    int result = __real_sem_getvalue(semaphore, value);
    deed_at(RACE_ACQUIRE, semaphore, 0, CALLER);
    return result;
}

/* ---- Threads of one process ----------------------------------------------------------------- */

struct beginning {
    void *(*start)(void *);
    void *argument;
};

static struct key thread_key(pthread_t thread)
{
    return (struct key){(uint64_t)thread, RACE_PRIVATE};
}

static void thread_ends(void *unused)
{
    (void)unused;
    if (region != NULL)
        deed(RACE_RELEASE, thread_key(pthread_self()), 0, 0, CALLER);
}

static void *thread_begins(void *given)
{
    struct beginning beginning = *(struct beginning *)given;
    void *result;
    free(given);
    pthread_cleanup_push(thread_ends, NULL);
    result = beginning.start(beginning.argument);
    pthread_cleanup_pop(1);
    return result;
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes,
     void *(*start)(void *), void *argument)
{
    struct beginning *beginning = region != NULL ? malloc(sizeof *beginning) : NULL;
    if (beginning == NULL)
        return __real_pthread_create(thread, attributes, start, argument);
    *beginning = (struct beginning){start, argument};
    int error = __real_pthread_create(thread, attributes, thread_begins, beginning);
    if (error != 0)
        free(beginning);
    return error;
}

WRAP(int, pthread_join, pthread_t thread, void **result)
{
    int error = __real_pthread_join(thread, result);
    if (error == 0 && region != NULL)
        deed(RACE_ACQUIRE, thread_key(thread), 0, 0, CALLER);
    return error;
}
