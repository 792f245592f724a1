/*
 * screen.h - a terminal that a command has to itself for a while: a picture that is drawn anew, and
 * keys.
 *
 * Escape sequences of ECMA-48 and the two of xterm that every terminal knows today (the alternate
 * screen, no wrapping): a picture of plain lines needs no more, and a library for windows (curses)
 * would not take lines that have colours in them already.
 */
#ifndef IPCLAB_SCREEN_H
#define IPCLAB_SCREEN_H

#include <stdbool.h>

/* Can it be done: is standard output a terminal that knows more than lines? */
bool screen_possible(void);

/* Takes the terminal; screen_close() gives it back as it was. A death by a signal of a fault does
 * so, too. Meanwhile what is written to standard error is kept, and printed at the end. */
void screen_open(void);
void screen_close(void);

/* Columns and rows, now. */
void screen_size(int *columns, int *rows);

/* Draws lines: head and foot stay, as much of the body as has room between them from line `from`
 * on. Returns `from`, or the last line from which there is something to see. */
int screen_draw(const char *head, const char *body, const char *foot, int from);

enum screen_key { KEY_NONE, KEY_END, KEY_UP = 256, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN };

/* The next key that was typed (a letter, or one of those above) of what can be read without
 * waiting: call it until KEY_NONE when poll(2) says so. KEY_END: the terminal has gone. */
int screen_key(void);

/* What was written to standard error since this was last asked; NULL: nothing. Owned by the caller.
 */
char *screen_complaints(void);

#endif
