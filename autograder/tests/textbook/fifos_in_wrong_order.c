/*
 * fifos_in_wrong_order.c - two processes open two FIFOs, each first the one that the other opens
 * last.
 *
 * expect: hang fifo-open-order-deadlock open
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    if (mkfifo("to-child", 0600) == -1 || mkfifo("to-parent", 0600) == -1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        int out = open("to-parent", O_WRONLY);
        int in = open("to-child", O_RDONLY);
        _exit(out == -1 || in == -1);
    }
    int out = open("to-child", O_WRONLY);
    int in = open("to-parent", O_RDONLY);
    waitpid(child, NULL, 0);
    unlink("to-child");
    unlink("to-parent");
    return out == -1 || in == -1;
}
