/*
 * pipe-two-tokens-racy.c - two tokens, of which the reader takes the first only: that one says
 * nothing of the second value.
 * Named: values[0], values[1]
 */
#include "scene.h"

static int *values, ends[2];

static void produce(void)
{
    values[0] = 1;
    put_byte(ends[1]);
    values[1] = 2;
    put_byte(ends[1]);
}

int main(void)
{
    values = share(2 * sizeof *values);
    must(pipe(ends) == 0, "pipe");
    child(produce);
    doze();
    get_byte(ends[0]);
    int sum = values[0] + values[1];
    wait_for_all();
    return sum > 3 ? 1 : 0;
}
