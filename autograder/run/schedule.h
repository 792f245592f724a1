/*
 * schedule.h - which thread goes next, when only one may: chosen from a seed.
 *
 * Half of the seeds walk at random: each time any thread that could go is as likely as any other.
 * The others follow PCT: threads have random priorities, the highest goes, and at one or two steps
 * chosen beforehand it falls to the lowest. Source: Burckhardt, Kothari, Musuvathi, Nagarakatte,
 * ASPLOS 2010.
 */
#ifndef IPCLAB_SCHEDULE_H
#define IPCLAB_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct schedule;

/* steps: about how many choices a run takes (0: not known). Never NULL. */
struct schedule *schedule_new(uint64_t seed, unsigned steps);
void schedule_free(struct schedule *schedule);

/* Which of these threads (numbers that stay the same from run to run, in any order) goes next:
 * an index. count at least 1. */
size_t schedule_choose(struct schedule *schedule, const int *threads, size_t count);

/* What goes one at a time changes hands faster on one processor: this process, and all that it
 * starts, on the nth (from 0, around) of those that it may use. */
void schedule_stay_on_processor(unsigned n);
/* How many those are; at least 1. */
unsigned schedule_processors(void);

/* How many choices were made. */
unsigned schedule_steps(const struct schedule *schedule);

#endif
