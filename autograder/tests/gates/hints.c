/*
 * hints.c - prints every hint of every check, a line each: "1.3.name", number from 1, text.
 *
 * For gate 6, which compares them with what `ipclab hint` prints and with the answers' code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../suites/registry.h"

static void print_hints(const struct check *check)
{
    char *id = check_id(check);
    for (int i = 0; i < check_hints(check); i++)
        printf("%s\t%d\t%s\n", id, i + 1, check_hint(check, i));
    if (check_hints(check) == 0)
        printf("%s\t0\t\n", id);
    free(id);
}

int main(void)
{
    size_t n_labs;
    const struct lab *const *labs = labs_all(&n_labs);
    for (size_t l = 0; l < n_labs; l++)
        for (size_t e = 0; e < labs[l]->n; e++)
            for (size_t c = 0; c < labs[l]->exercises[e]->n_checks; c++)
                print_hints(labs[l]->exercises[e]->checks[c]);
    return fflush(stdout) == 0 ? 0 : 1;
}
