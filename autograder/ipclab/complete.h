/*
 * complete.h - what a shell may offer for the word that is being typed.
 *
 * completion/ asks `ipclab --complete WORD...`, the last word being the one that is typed. A line
 * is a word, a tab and what it means; or, for the shell to do:
 *
 *     @files         names of files, too
 *     @value DIR     only the value of an option, which is called so: DIR, FILE, N, ...
 */
#ifndef IPCLAB_COMPLETE_H
#define IPCLAB_COMPLETE_H

/* What a command may be told, by how its --help calls it ("[LAB|EXERCISE...]", "NAME", "PROGRAM"):
 * ids of labs and exercises, and of checks once the exercise is typed; names of pages; formats; or
 * files. */
void complete_words(const char *called, const char *typed);

#endif
