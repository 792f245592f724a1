/*
 * lost.c - for the bench: an update that plain runs never lose. The child adds one long after its
 * parent.
 *
 * Nothing orders the two but a pause, of which a schedule takes no notice. It prints the sum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
    int *sum =
        mmap(NULL, sizeof *sum, PROT_READ | PROT_WRITE, MAP_SHARED | 0x20 /* anonymous */, -1, 0);
    if (sum == MAP_FAILED)
        return 99;
    pid_t child = fork();
    if (child == -1)
        return 99;
    if (child == 0)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    (*sum)++;
    if (child == 0)
        _exit(0);
    if (wait(NULL) == -1)
        return 99;
    printf("%d\n", *sum);
    return 0;
}
