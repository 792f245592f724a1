/*
 * chosen.h - which exercises a command is about: the words that a learner typed, and what of it was
 * started.
 */
#ifndef IPCLAB_CHOSEN_H
#define IPCLAB_CHOSEN_H

#include "../suites/registry.h"
#include "options.h"

/* Adds what the words (ended by NULL) mean; without a word, every exercise. -1: said what was
 * wrong.
 */
int choose_words(const struct command_help *help, struct selection *selection, char **words);

/* The same for a list with commas, "1,2" or "1.1,1.3", in place of what was selected before. */
int choose_list(const struct command_help *help, struct selection *selection, const char *list);

/* Leaves only what was started. When that is nothing, or not what was named: says so, -1. */
int choose_started(const struct command_help *help, struct selection *selection, const char *dir);

#endif
