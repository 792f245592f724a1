/*
 * schedule.c - which thread goes next. See schedule.h.
 *
 * _GNU_SOURCE: sched_setaffinity(2).
 */
#define _GNU_SOURCE
#include "schedule.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kit.h"

enum { MOST_THREADS = 256, USUAL_STEPS = 100, MOST_FALLS = 2 };
enum { PATIENCE = 200, STARVED = 4 * PATIENCE, PRIORITIES = 1000000 };

struct schedule {
    uint64_t state, priorities; /* what all that is random follows from */
    bool walks;
    int priority[MOST_THREADS];    /* 0: not yet given */
    unsigned passed[MOST_THREADS]; /* how often in a row it could go and another one went */
    unsigned falls[MOST_FALLS];    /* steps at which the highest falls */
    size_t n_falls;
    int lowest, top; /* the next priority below all, above all */
    int last;        /* who went last, and how often in a row */
    unsigned row;
    unsigned steps;
};

static uint64_t mixed(uint64_t x) /* splitmix64 */
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static uint64_t next(struct schedule *schedule)
{
    return mixed(schedule->state += 0x9e3779b97f4a7c15ULL);
}

struct schedule *schedule_new(uint64_t seed, unsigned steps)
{
    struct schedule *schedule = kit_alloc(sizeof *schedule);
    schedule->state = seed * 2862933555777941757ULL + 3037000493ULL;
    schedule->walks = seed % 2 == 0;
    schedule->n_falls = 1 + seed / 2 % 2; /* depth 2 and 3 */
    schedule->lowest = -1;
    schedule->top = PRIORITIES + 1;
    schedule->last = -1;
    for (size_t i = 0; i < schedule->n_falls; i++)
        schedule->falls[i] = (unsigned)(next(schedule) % (steps > 0 ? steps : USUAL_STEPS));
    schedule->priorities = next(schedule);
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    free(schedule);
}

unsigned schedule_steps(const struct schedule *schedule)
{
    return schedule->steps;
}

/* From the thread's number alone: who is asked for first is chance. */
static int *priority_of(struct schedule *schedule, int thread)
{
    int *priority = &schedule->priority[thread % MOST_THREADS];
    if (*priority == 0)
        *priority = 1 + (int)(mixed(schedule->priorities + (uint64_t)thread) % PRIORITIES);
    return priority;
}

static size_t highest(struct schedule *schedule, const int *threads, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        int one = *priority_of(schedule, threads[i]), other = *priority_of(schedule, threads[best]);
        if (one > other || (one == other && threads[i] < threads[best]))
            best = i;
    }
    return best;
}

/* One that only spins would keep the others from ever going: after a while it falls, too. */
static bool falls_now(const struct schedule *schedule, int thread)
{
    for (size_t i = 0; i < schedule->n_falls; i++)
        if (schedule->falls[i] == schedule->steps)
            return true;
    return thread == schedule->last && schedule->row >= PATIENCE;
}

/* By their numbers: the order given is chance. */
static size_t any(struct schedule *schedule, const int *threads, size_t count)
{
    size_t rank = (size_t)(next(schedule) % count);
    for (size_t chosen = 0; chosen < count; chosen++) {
        size_t below = 0;
        for (size_t i = 0; i < count; i++)
            below += threads[i] < threads[chosen];
        if (below == rank)
            return chosen;
    }
    return 0;
}

/* Some that only wake each other in turns would keep the others from going as well: who was passed
 * over for too long comes to the top. */
static void raise_starved(struct schedule *schedule, const int *threads, size_t count,
                          size_t chosen)
{
    for (size_t i = 0; i < count; i++) {
        unsigned *passed = &schedule->passed[threads[i] % MOST_THREADS];
        *passed = i == chosen ? 0 : *passed + 1;
        if (*passed < STARVED)
            continue;
        *priority_of(schedule, threads[i]) = schedule->top++;
        *passed = 0;
    }
}

static size_t by_priority(struct schedule *schedule, const int *threads, size_t count)
{
    size_t chosen = highest(schedule, threads, count);
    if (falls_now(schedule, threads[chosen])) {
        *priority_of(schedule, threads[chosen]) = schedule->lowest--;
        chosen = highest(schedule, threads, count);
    }
    raise_starved(schedule, threads, count, chosen);
    return chosen;
}

size_t schedule_choose(struct schedule *schedule, const int *threads, size_t count)
{
    size_t chosen =
        schedule->walks ? any(schedule, threads, count) : by_priority(schedule, threads, count);

    schedule->row = threads[chosen] == schedule->last ? schedule->row + 1 : 0;
    schedule->last = threads[chosen];
    schedule->steps++;
    return chosen;
}

unsigned schedule_processors(void)
{
    cpu_set_t ours;
    int count = sched_getaffinity(0, sizeof ours, &ours) == 0 ? CPU_COUNT(&ours) : 1;
    return count > 0 ? (unsigned)count : 1;
}

void schedule_stay_on_processor(unsigned n)
{
    cpu_set_t ours, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof ours, &ours) == -1)
        return; /* it is only slower */
    n %= schedule_processors();
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &ours) && n-- == 0)
            CPU_SET(i, &one);
    sched_setaffinity(0, sizeof one, &one);
}
