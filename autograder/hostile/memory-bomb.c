/*
 * memory-bomb.c - takes memory and writes to each page of it, until there is none; then stays.
 *
 * expect: failed
 */
#include "hostile.h"

enum { PIECE = 1 << 20 };

int main(void)
{
    for (char *piece; (piece = malloc(PIECE)) != NULL;)
        memset(piece, 'x', PIECE);
    for (;;)
        pause();
}
