/*
 * echoq.c - a client of echoqd: every line of standard input goes to the server, and what comes
 * back goes to standard output.
 *
 * One piece at a time: ask, wait for the reply, print it. So there is never more than one message
 * of ours in the queue. At the end of the input we say goodbye, and nothing is left for us then.
 *
 * Usage: echoq KEY, with KEY from 1 to 0xffffffff.
 */
#include "lab.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

enum { REQUEST = 1, TEXT_SIZE = 512 };

/* What is behind the type: our number, and the text. */
struct request {
    long type; /* REQUEST */
    struct {
        int32_t client;
        char text[TEXT_SIZE];
    } body;
};

struct reply {
    long type; /* our number */
    char text[TEXT_SIZE];
};

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

/* ---- Standard input and output -------------------------------------------------------------- */

/* The next byte of standard input, or EOF. */
static int next_byte(void)
{
    static char block[4096];
    static ssize_t used, held;

    if (used == held) {
        do
            held = read(STDIN_FILENO, block, sizeof block);
        while (held == -1 && errno == EINTR);
        if (held == -1)
            die("read");
        used = 0;
    }
    return held > 0 ? (unsigned char)block[used++] : EOF;
}

/* The next line, with its newline; of a longer one the next piece. Returns its length, 0 at the
 * end of the input. */
static size_t read_piece(char *text)
{
    size_t length = 0;
    int byte = 0;

    while (length < TEXT_SIZE && byte != '\n' && (byte = next_byte()) != EOF)
        text[length++] = (char)byte;
    return length;
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            die("write");
        bytes += written;
        length -= (size_t)written;
    }
}

/* ---- The conversation ----------------------------------------------------------------------- */

static void send_request(int queue, const struct request *request, size_t length)
{
    while (msgsnd(queue, request, sizeof request->body.client + length, 0) == -1)
        if (errno != EINTR)
            die("msgsnd");
}

/* Waits for it. msgrcv is never started again after a signal, whatever its handler asks for. */
static size_t receive_reply(int queue, struct reply *reply, long client)
{
    ssize_t got;

    while ((got = msgrcv(queue, reply, sizeof reply->text, client, 0)) == -1)
        if (errno != EINTR)
            die("msgrcv");
    return (size_t)got;
}

static void converse(int queue)
{
    struct request request = {.type = REQUEST, .body = {.client = getpid()}};
    struct reply reply;
    size_t length;

    while ((length = read_piece(request.body.text)) > 0) {
        send_request(queue, &request, length);
        length = receive_reply(queue, &reply, request.body.client);
        write_all(reply.text, length);
    }
    send_request(queue, &request, 0); /* goodbye */
}

int main(int argc, char **argv)
{
    unsigned long key = argc == 2 ? read_number(argv[1], UINT32_MAX) : 0;

    if (key == 0)
        usage("echoq KEY   (KEY from 1 to 0xffffffff)");
    int queue = msgget((key_t)key, 0);
    if (queue == -1)
        die("msgget %s: no server", argv[1]);
    converse(queue);
    return EXIT_SUCCESS;
}
