/*
 * judge_run.c - everything that holds for every run without being named: the house rules.
 */
#include "judge.h"

void judge_run(const struct record *record, struct findings *findings)
{
    if (record->hung)
        judge_hang(record, findings);
    else if (record->timed_out)
        judge_stuck_part(record, findings);
    judge_memory(record, findings);
    judge_habits(record, findings);
    /* The program is not alone in its processes: what is left and inherited is judged in runs in
     * which it is. */
    if (record->memory_watched)
        return;
    /* A run that the kit had to end had no chance to clean up. */
    if (!record->hung && !record->timed_out && !record->output_flooded)
        judge_leftovers(record, findings);
    judge_races(record, findings);
    if (record->closed_world)
        judge_descriptors(record, findings);
}
