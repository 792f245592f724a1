/*
 * P10-opening.c - who waits for whom when a FIFO is opened, and what stays in it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../experiment.h"
#include "lab.h"

static const char path[] = "fifo";

static void open_to_write(void *context)
{
    (void)context;
    if (open(path, O_WRONLY) == -1)
        die("open");
}

static void open_to_read(void *context)
{
    (void)context;
    if (open(path, O_RDONLY) == -1)
        die("open");
}

/* Whether a process ends by itself, or sleeps in open. */
static const char *outcome(pid_t process)
{
    wait_until_at_rest(&process, 1);
    if (strcmp(sleeps_in(process), "ended") != 0) {
        end(process);
        return "waits";
    }
    return wait_for(process) == 0 ? "returns" : "fails";
}

static void reader_first(void)
{
    char byte;
    int reader = open(path, O_RDONLY | O_NONBLOCK);

    if (reader == -1)
        die("open");
    ssize_t got = read(reader, &byte, 1);
    fact("read", "%s", got == 0 ? "0" : error_of(got));
    fact("second", "%s", outcome(start(open_to_write, NULL)));
    close(reader);
}

/* A reader waits in open; a writer opens, but writes nothing. */
static void writer_without_data(void)
{
    pid_t reader = start(open_to_read, NULL);

    wait_until_at_rest(&reader, 1);
    int writer = open(path, O_WRONLY | O_NONBLOCK);
    if (writer == -1)
        die("open");
    fact("waits_for", "%s", strcmp(outcome(reader), "returns") == 0 ? "open" : "data");
    close(writer);
}

/* Both ends are closed with 4 bytes inside. */
static void close_both(void)
{
    char bytes[10];
    int both = open(path, O_RDWR); /* Linux lets one open both ends */

    if (both == -1 || write(both, "kept", 4) != 4)
        die("open and write");
    close(both);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    if (reader == -1)
        die("open");
    fact("kept", "%zd", read(reader, bytes, sizeof bytes));
    close(reader);
}

int main(void)
{
    if (mkfifo(path, 0600) == -1)
        die("mkfifo");
    int writer = open(path, O_WRONLY | O_NONBLOCK);
    fact("writer", "%s", error_of(writer));
    if (writer != -1)
        close(writer);
    reader_first();
    writer_without_data();
    close_both();
    if (unlink(path) == -1)
        die("unlink");
    return 0;
}
