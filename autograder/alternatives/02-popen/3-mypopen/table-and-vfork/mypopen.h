/*
 * mypopen.h - popen and pclose, of our own.
 *
 *     FILE *stream = my_popen("sort", "w");
 *     fputs("pear\napple\n", stream);
 *     int status = my_pclose(stream);     as waitpid(2) gives it
 *
 * Several streams may be open at the same time, and be closed in any order.
 *
 * After APUE (Stevens and Rago), fig. 15.12; see also popen(3).
 */
#ifndef MYPOPEN_H
#define MYPOPEN_H

#include <stdio.h>

/*
 * Starts `/bin/sh -c command`, with a pipe between it and us.
 *
 * mode: "r": what the command writes to its standard output can be read from the stream.
 *       "w": what is written to the stream, the command reads from its standard input.
 *       Nothing else is a mode.
 *
 * The command gets none of the other streams that my_popen() has opened.
 *
 * Returns the stream, to be closed with my_pclose(); or NULL with errno EINVAL (no such mode) or as
 * pipe(2), fork(2) or malloc(3) set it, and then no descriptor is left open and no process is left.
 */
FILE *my_popen(const char *command, const char *mode);

/*
 * Closes the stream, and waits until its command has ended.
 *
 * Returns the command's status as waitpid(2) gives it: WIFEXITED(3) and its kin say what it means.
 * Or -1 with errno
 *   EINVAL  the stream is none of my_popen()'s; nothing has been done to it
 *   ECHILD  the command's status is lost: somebody else has waited for it
 *   EPIPE   (or another) the last bytes could not be written; the command has been waited for
 */
int my_pclose(FILE *stream);

#endif
