/*
 * echoqd.c - an echo that shouts: a server and its clients share one message queue.
 *
 *     echoq (4711) ──┐     ┌──────────── the queue ────────────┐
 *     echoq (4712) ──┼───► │ 1: 4711 "hello"  1: 4712 "hi"     │ ───► echoqd
 *     echoq (4713) ──┘     │ 4711: "HELLO"                     │ ◄───
 *                          └───────────────────────────────────┘
 *
 * Requests have type 1, which only the server receives. A reply has the number of its client for a
 * type, and each client receives that type alone; so nobody gets what is not meant for him.
 *
 * No client can hold the server up. It sends without waiting, and before it does it takes away
 * what this client has not fetched, so that one who asks and never listens cannot fill the queue.
 *
 * Two threads: main() serves, the other one waits for SIGTERM and SIGINT. A flag would not do, for
 * a signal that comes just before msgrcv would go unnoticed until the next request. So the queue
 * itself is removed: whoever waits for it wakes up with EIDRM, the clients too.
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

/* What is behind the type: the number of the client, and its text. */
struct request {
    long type; /* REQUEST */
    struct {
        int32_t client;
        char text[TEXT_SIZE + 1]; /* one more: what fills it is too long */
    } body;
};

struct reply {
    long type; /* the client */
    char text[TEXT_SIZE];
};

static int queue;
static atomic_bool told_to_end;

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

static void *remove_when_told(void *signals)
{
    int signal;

    if (sigwait(signals, &signal) == 0) {
        told_to_end = true;
        msgctl(queue, IPC_RMID, NULL); /* it can only be gone already */
    }
    return NULL;
}

/* Ends with the queue, unless it is gone because we were told so. */
static _Noreturn void leave(const char *call)
{
    int error = errno;

    if (told_to_end)
        exit(EXIT_SUCCESS);
    msgctl(queue, IPC_RMID, NULL);
    errno = error;
    die("%s", call);
}

/* Before any other thread is there, so that all of them have the signals blocked. */
static void watch_signals(sigset_t *signals)
{
    pthread_t thread;

    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    errno = pthread_sigmask(SIG_BLOCK, signals, NULL);
    if (errno != 0)
        leave("pthread_sigmask");
    errno = pthread_create(&thread, NULL, remove_when_told, signals);
    if (errno != 0)
        leave("pthread_create");
}

/* ---- Serving -------------------------------------------------------------------------------- */

/* Waits for the next one that is a request: the others are thrown away. Returns the length of its
 * text. */
static size_t receive_request(struct request *request)
{
    const ssize_t least = sizeof request->body.client;

    for (;;) {
        ssize_t got = msgrcv(queue, request, sizeof request->body, REQUEST, MSG_NOERROR);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            leave("msgrcv");
        if (got >= least && got <= least + TEXT_SIZE && request->body.client >= FIRST_CLIENT)
            return (size_t)(got - least);
    }
}

/* Who asks again has its last reply, or doesn't want it any more. */
static void forget_replies(int32_t client)
{
    struct reply old;

    while (msgrcv(queue, &old, sizeof old.text, client, IPC_NOWAIT | MSG_NOERROR) != -1 ||
           errno == EINTR)
        ;
    if (errno != ENOMSG)
        leave("msgrcv");
}

/* A reply for which there is no room is dropped: others are waiting. */
static void answer(const struct request *request, size_t length)
{
    struct reply reply = {.type = request->body.client};

    for (size_t i = 0; i < length; i++)
        reply.text[i] = (char)toupper((unsigned char)request->body.text[i]);
    while (msgsnd(queue, &reply, length, IPC_NOWAIT) == -1) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            leave("msgsnd");
        fprintf(stderr, "echoqd: no room for the reply to %ld\n", reply.type);
        return;
    }
}

/* Until that many clients have said goodbye. By then each of them has got all of its replies. */
static void serve(unsigned long count)
{
    struct request request;

    while (count > 0) {
        size_t length = receive_request(&request);
        forget_replies(request.body.client);
        if (length == 0)
            count--;
        else
            answer(&request, length);
    }
}

static void say_ready(void)
{
    static const char line[] = "ready\n";
    size_t said = 0;

    while (said < strlen(line)) {
        ssize_t written = write(STDOUT_FILENO, line + said, strlen(line) - said);
        if (written == -1 && errno != EINTR)
            leave("write");
        if (written > 0)
            said += (size_t)written;
    }
}

int main(int argc, char **argv)
{
    unsigned long key = argc == 3 ? read_number(argv[1], UINT32_MAX) : 0;
    unsigned long count = argc == 3 ? read_number(argv[2], MAX_COUNT) : 0;
    static sigset_t signals; /* the other thread reads it */

    if (key == 0 || count == 0)
        usage("echoqd KEY COUNT   (KEY from 1 to 0xffffffff, COUNT clients, 1 to 1000000)");
    queue = msgget((key_t)key, IPC_CREAT | IPC_EXCL | S_IRUSR | S_IWUSR);
    if (queue == -1)
        die("msgget %s", argv[1]);
    watch_signals(&signals);
    say_ready();
    serve(count);
    if (msgctl(queue, IPC_RMID, NULL) == -1)
        leave("msgctl IPC_RMID");
    return EXIT_SUCCESS;
}
