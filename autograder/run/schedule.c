/*
 * schedule.c - which thread goes next. See schedule.h.
 */
#include "schedule.h"

#include <stdbool.h>
#include <stdlib.h>

#include "kit.h"

enum { MOST_THREADS = 256, USUAL_STEPS = 100, MOST_FALLS = 2, PATIENCE = 200 };

struct schedule {
    uint64_t state;
    bool walks;
    int priority[MOST_THREADS]; /* 0: not yet given */
    unsigned falls[MOST_FALLS]; /* steps at which the highest falls */
    size_t n_falls;
    int lowest; /* the next priority below all */
    int last;   /* who went last, and how often in a row */
    unsigned row;
    unsigned steps;
};

static uint64_t next(struct schedule *schedule)
{
    uint64_t x = schedule->state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

struct schedule *schedule_new(uint64_t seed, unsigned steps)
{
    struct schedule *schedule = kit_alloc(sizeof *schedule);
    schedule->state = seed * 2862933555777941757ULL + 3037000493ULL;
    schedule->walks = seed % 2 == 0;
    schedule->n_falls = 1 + seed / 2 % 2; /* depth 2 and 3 */
    schedule->lowest = -1;
    schedule->last = -1;
    for (size_t i = 0; i < schedule->n_falls; i++)
        schedule->falls[i] = (unsigned)(next(schedule) % (steps > 0 ? steps : USUAL_STEPS));
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

static int *priority_of(struct schedule *schedule, int thread)
{
    int *priority = &schedule->priority[thread % MOST_THREADS];
    if (*priority == 0)
        *priority = 1 + (int)(next(schedule) % 1000000);
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

size_t schedule_choose(struct schedule *schedule, const int *threads, size_t count)
{
    size_t chosen;

    if (schedule->walks) {
        uint64_t rank = next(schedule) % count; /* by their numbers: the order given is chance */
        for (chosen = 0; chosen < count; chosen++) {
            uint64_t below = 0;
            for (size_t i = 0; i < count; i++)
                below += threads[i] < threads[chosen];
            if (below == rank)
                break;
        }
    } else {
        chosen = highest(schedule, threads, count);
        if (falls_now(schedule, threads[chosen])) {
            *priority_of(schedule, threads[chosen]) = schedule->lowest--;
            chosen = highest(schedule, threads, count);
        }
    }
    schedule->row = threads[chosen] == schedule->last ? schedule->row + 1 : 0;
    schedule->last = threads[chosen];
    schedule->steps++;
    return chosen;
}
