/*
 * socket-right.c - a byte through a socket, sent after the value was written.
 */
#include "scene.h"

static int *value, ends[2];

static void produce(void)
{
    *value = 7;
    put_byte(ends[1]);
}

int main(void)
{
    value = share(sizeof *value);
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "making it");
    child(produce);
    get_byte(ends[0]);
    int seen = *value;
    wait_for_all();
    return seen > 7 ? 1 : 0;
}
