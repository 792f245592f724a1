/*
 * flow.c - lines go through a queue with little room; urgent ones overtake.
 *
 *     stdin ───► producer ═══ queue, at most BYTES bytes ═══► consumer ───► stdout
 *                (child)      1: "!fire\n"  2: "tea\n" ...    (parent)
 *
 * A line is a message: of type 1 if it begins with '!', of type 2 if not. Type 3 says that no more
 * comes. The consumer always asks for the lowest type there is (-3): an urgent line first, an
 * ordinary one if there is no other, and the end when nothing else is left. It never insists on one
 * type, because the queue may be full of another, and then nobody could move.
 *
 * msgsnd waits while there is no room: that is all the flow control there is. Whoever of the two
 * cannot go on removes the queue, and so wakes the other one (EIDRM).
 *
 * Usage: flow BYTES, with BYTES from 128 to 16384.
 */
#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { URGENT = 1, ORDINARY = 2, END = 3, LINE_SIZE = 128, LEAST = 128, MOST = 16384 };

struct message {
    long type;
    char line[LINE_SIZE];
};

/* A number in decimal digits, up to MOST; 0: it is none. */
static unsigned long read_number(const char *text)
{
    char *end;

    if (*text < '0' || *text > '9')
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number >= LEAST && number <= MOST ? number : 0;
}

/* ---- The queue ------------------------------------------------------------------------------ */

/* The process that cannot go on says so and removes the queue: the other one notices. */
static _Noreturn void give_up(int queue, const char *call)
{
    int error = errno;

    msgctl(queue, IPC_RMID, NULL);
    while (wait(NULL) != -1 || errno == EINTR) /* in the consumer there is nobody to wait for */
        ;
    errno = error;
    die("%s", call);
}

/* Without a key: the child gets its identifier by fork. */
static int make_queue(unsigned long bytes)
{
    struct msqid_ds status;
    int queue = msgget(IPC_PRIVATE, S_IRUSR | S_IWUSR);

    if (queue == -1)
        die("msgget");
    if (msgctl(queue, IPC_STAT, &status) == -1)
        give_up(queue, "msgctl IPC_STAT");
    status.msg_qbytes = bytes;
    if (msgctl(queue, IPC_SET, &status) == -1)
        give_up(queue, "msgctl IPC_SET");
    return queue;
}

/* ---- Consumer ------------------------------------------------------------------------------- */

static void write_all(int queue, int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            give_up(queue, "write");
        bytes += written;
        length -= (size_t)written;
    }
}

static void consume(int queue)
{
    struct message message;

    for (;;) {
        ssize_t got = msgrcv(queue, &message, sizeof message.line, -END, 0);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            give_up(queue, "msgrcv");
        if (message.type == END)
            return;
        write_all(queue, STDOUT_FILENO, message.line, (size_t)got);
    }
}

/* ---- Producer ------------------------------------------------------------------------------- */

/* The next byte of standard input, or EOF. */
static int next_byte(int queue)
{
    static char block[4096];
    static ssize_t used, held;

    if (used == held) {
        do
            held = read(STDIN_FILENO, block, sizeof block);
        while (held == -1 && errno == EINTR);
        if (held == -1)
            give_up(queue, "read");
        used = 0;
    }
    return held > 0 ? (unsigned char)block[used++] : EOF;
}

/* The next line, with its newline. Returns its length, 0 at the end of the input. */
static size_t read_line(int queue, char *line)
{
    size_t length = 0;
    int byte = 0;

    while (length < LINE_SIZE && byte != '\n' && (byte = next_byte(queue)) != EOF)
        line[length++] = (char)byte;
    return length;
}

/* Waits for room. */
static void send_message(int queue, const struct message *message, size_t length)
{
    while (msgsnd(queue, message, length, 0) == -1)
        if (errno != EINTR)
            give_up(queue, "msgsnd");
}

static unsigned long count_waiting(int queue)
{
    struct msqid_ds status;

    if (msgctl(queue, IPC_STAT, &status) == -1)
        give_up(queue, "msgctl IPC_STAT");
    return status.msg_qnum;
}

static void say(int queue, unsigned long lines, unsigned long most)
{
    char line[LINE_SIZE];
    int length = snprintf(line, sizeof line, "%lu lines, at most %lu in the queue\n", lines, most);

    write_all(queue, STDERR_FILENO, line, (size_t)length);
}

static void produce(int queue)
{
    struct message message;
    unsigned long lines = 0, most = 0;
    size_t length;

    while ((length = read_line(queue, message.line)) > 0) {
        message.type = message.line[0] == '!' ? URGENT : ORDINARY;
        send_message(queue, &message, length);
        lines++;
        unsigned long waiting = count_waiting(queue);
        if (waiting > most)
            most = waiting;
    }
    message.type = END;
    send_message(queue, &message, 0);
    say(queue, lines, most);
}

/* All has come out. Returns the exit status of the program. */
static int wait_for(pid_t producer)
{
    int status;

    while (waitpid(producer, &status, 0) == -1)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    unsigned long bytes = argc == 2 ? read_number(argv[1]) : 0;

    if (bytes == 0)
        usage("flow BYTES   (BYTES from 128 to 16384)");
    /* The consumer has to remove the queue when nobody reads its output: it must live for that. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        die("signal SIGPIPE");
    int queue = make_queue(bytes);
    pid_t producer = fork();
    if (producer == -1)
        give_up(queue, "fork");
    if (producer == 0) {
        produce(queue);
        _exit(EXIT_SUCCESS);
    }
    consume(queue);
    int status = wait_for(producer);
    if (msgctl(queue, IPC_RMID, NULL) == -1 && status == EXIT_SUCCESS)
        die("msgctl IPC_RMID");
    return status;
}
