/*
 * dialogue.h - a dialogue with the probe `coprocess`, for the suites of 3.2 and 3.4.
 */
#ifndef IPCLAB_DIALOGUE_H
#define IPCLAB_DIALOGUE_H

#include "exercise.h"

/* What PROG answers to a line (without its newline), with that many bytes of padding. */
struct text answer_to(const char *key, struct text line, size_t pad);
/* What it writes at the end, when told "last=N". */
struct text last_words(size_t size);
struct text with_newline(struct text line);
/* The probe's orders, with its key: more is "die=2", "pieces", ... */
struct given *orders(const char *key, const char *more);
/* What the program does now, for a sentence: "had ended" or "slept and waited". */
const char *doing(struct run *run);

#endif
