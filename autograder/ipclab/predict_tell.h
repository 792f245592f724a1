/*
 * predict_tell.h - predictions, as a person reads them.
 */
#ifndef IPCLAB_PREDICT_TELL_H
#define IPCLAB_PREDICT_TELL_H

#include "predict_tasks.h"

/* Text with its lines broken for the terminal, and a newline at its end. */
void print_wrapped(const struct session *session, const char *text, int indent);
/* "P19  Room in a pipe" */
void print_title(const struct session *session, const struct prediction *prediction);
/* What was said beside what was measured, and, if all was answered, why. */
void print_result(const struct session *session, const struct task *task);
/* That for each task, and how many came out as said. */
void print_report(const struct session *session);
/* One line each. */
void print_overview(const struct session *session);

#endif
