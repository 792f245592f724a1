/*
 * echoqd.c - an echo that shouts: a server and its clients share one message queue.
 *
 *     echoq (4711) ──┐     ┌──────────── the queue ────────────┐
 *     echoq (4712) ──┼───► │ 1: 4711 "hello"  1: 4712 "hi"     │ ───► echoqd
 *     echoq (4713) ──┘     │ 4711: "HELLO"                     │ ◄───
 *                          └───────────────────────────────────┘
 *
 * Usage: echoqd KEY COUNT, with KEY from 1 to 0xffffffff and COUNT from 1 to 1000000.
 */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST = 1, FIRST_CLIENT = 2, TEXT_SIZE = 512, MAX_COUNT = 1000000 };

// TODO: What a request and a reply look like. What does the type come before?

/* A whole number from 1 to limit, as C writes it; 0: it is none. */
static unsigned long read_number(const char *text, unsigned long limit)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 0);
    return *end == '\0' && errno == 0 && number <= limit ? number : 0;
}

/* ---- The end -------------------------------------------------------------------------------- */

// TODO: Remove the queue on SIGTERM and SIGINT, and end. What wakes up who waits in msgrcv?

/* ---- Serving -------------------------------------------------------------------------------- */

// TODO: Receive the next request. What if it is none, or longer than it may be?

// TODO: Answer it, and never wait for the client. What may still be in the queue for him?

int main(int argc, char **argv)
{
    unsigned long key = argc == 3 ? read_number(argv[1], UINT32_MAX) : 0;
    unsigned long count = argc == 3 ? read_number(argv[2], MAX_COUNT) : 0;

    if (key == 0 || count == 0)
        usage("echoqd KEY COUNT   (KEY from 1 to 0xffffffff, COUNT clients, 1 to 1000000)");
    // TODO: Make the queue, for this user alone, and say "ready". Serve until COUNT clients have
    // TODO: said goodbye. Who may still need the queue then?
    return EXIT_SUCCESS;
}
