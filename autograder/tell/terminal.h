/*
 * terminal.h - results, as a person reads them.
 *
 *     1.3 pipeline                                                  6/14 points
 *       pass  4/4  runs_two_commands_like_the_shell
 *       FAIL  0/4  last_stage_sees_end_of_file
 *             The pipeline never ended. ...
 *             run again: ipclab check 1.3.last_stage_sees_end_of_file --seed 8812
 *             hint 1 of 3: ipclab hint 1.3.last_stage_sees_end_of_file
 */
#ifndef IPCLAB_TERMINAL_H
#define IPCLAB_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "results.h"

struct terminal {
    FILE *stream;
    bool colour;
    int width; /* columns, at most 100 */
};

/* For that stream: colours when it is a terminal, TERM is not "dumb" and NO_COLOR is not set (or
 * empty); the width of the terminal, or 80. */
struct terminal terminal_for(FILE *stream);

/* Columns of the terminal behind a stream, or as COLUMNS says, or `otherwise`; at least 40. */
int terminal_columns(FILE *stream, int otherwise);

/* How many hints a check has, and how many of them were shown already. */
typedef void count_hints(const char *check_id, int *hints, int *shown);

/* One exercise. count: may be NULL (then no line about hints). */
void terminal_exercise(const struct terminal *terminal, const struct exercise_result *exercise,
                       count_hints *count);
/* The same for one who can see but a part of it: the failing checks first, beginning with that of
 * this id and going round; from: NULL, or the id of a check. */
void terminal_exercise_failing_first(const struct terminal *terminal,
                                     const struct exercise_result *exercise, const char *from,
                                     count_hints *count);
/* The last line: points, and how many checks passed, failed, ... */
void terminal_total(const struct terminal *terminal, const struct results *results);
/* All of it. */
void terminal_results(const struct terminal *terminal, const struct results *results,
                      count_hints *count);
/* What a check has to say, without its heading: plain text at the left edge, without a newline at
 * the end, and without any byte that a terminal would act on. Owned by the caller. */
char *terminal_check_text(const struct exercise_result *exercise, const struct check_result *check);
/* Findings without a check around them, as `trace` tells them. */
void terminal_findings(const struct terminal *terminal, const struct findings *findings,
                       int indent);

/* Points without a fraction that is zero: "6", "2.5". Returns a pointer into a small ring of static
 * buffers: good for a few uses in one printf. */
const char *points_text(double points);

/* "[########............]": part of whole, with that many places. Owned by the caller. */
char *progress_bar(double part, double whole, int places);

#endif
