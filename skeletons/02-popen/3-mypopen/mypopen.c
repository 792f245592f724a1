/*
 * mypopen.c - popen and pclose (APUE fig. 15.12).
 *
 *     "r":  we ◄════ pipe ════ 1  /bin/sh -c command
 *     "w":  we ════ pipe ════► 0  /bin/sh -c command
 *
 */
#include "mypopen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// TODO: Where do you keep which child belongs to which stream? FILE has no place for it.

// TODO: A function for the child: what has it inherited, and what shall the command find?

FILE *my_popen(const char *command, const char *mode)
{
    (void)command, (void)mode; // TODO: Look at the mode, make the pipe, start the child.
    // TODO: At each point where a call can fail: what have you got by then?
    return NULL; // TODO: your end of the pipe, as a stream
}

int my_pclose(FILE *file)
{
    (void)file; // TODO: Whose stream is it? Close it, and wait for the right child.
    return -1;  // TODO: the status
}
