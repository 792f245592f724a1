/*
 * pipe-token-racy.c - a byte through a pipe, sent before the value is written.
 * Named: *value
 */
#include "scene.h"

static int *value, ends[2];

static void produce(void)
{
    put_byte(ends[1]);
    *value = 7;
}

int main(void)
{
    value = share(sizeof *value);
    must(pipe(ends) == 0, "making it");
    child(produce);
    get_byte(ends[0]);
    int seen = *value;
    wait_for_all();
    return seen > 7 ? 1 : 0;
}
