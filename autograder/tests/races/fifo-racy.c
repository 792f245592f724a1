/*
 * fifo-racy.c - a byte through a FIFO, sent before the value is written.
 * Named: *value
 */
#include "scene.h"

static int *value;
static char name[40];

static void produce(void)
{
    int to = open(name, O_WRONLY);
    must(to != -1, "open");
    put_byte(to);
    *value = 7;
}

int main(void)
{
    value = share(sizeof *value);
    snprintf(name, sizeof name, "/tmp/ipclab-races-%d", (int)getpid());
    must(mkfifo(name, 0600) == 0, "mkfifo");
    child(produce);
    int from = open(name, O_RDONLY);
    must(from != -1 && unlink(name) == 0, "open");
    get_byte(from);
    int seen = *value;
    wait_for_all();
    return seen > 7 ? 1 : 0;
}
