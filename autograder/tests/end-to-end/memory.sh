#!/usr/bin/env bash
# ipclab trace --memory: each wrong use of memory is told once, by the learner's line and for the right process; a
# correct program is not accused, whatever it leaves unset or unfreed; output and status are the program's own.
. "$(dirname "$0")/../gates/lib.sh"
gate=memory
need_tool jq
need_tool valgrind
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

build()
{
    "$ipclab" cc "$1.c" -o "$1" >log 2>&1 || not_ok "$1 builds" "It said:" log
}

# watched COMMAND...: what it prints in said, its status in $status, what it did wrong in found ("PROCESS LINE belief").
watched()
{
    timeout 100 "$ipclab" trace --memory --json story.json -- "$@" <&3 >said 2>errors
    status=$?
    jq -r '.findings[] | "\(.processes[0].pid) \(.line // .place.line) \(.kind) \(.misconception)"' story.json >found 2>&1
}
exec 3</dev/null

cat >wrong.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void fill(char *to, const char *word)
{
    strcpy(to, word);
}
int main(int argc, char **argv)
{
    (void)argc;
    char *first = malloc(4);
    fill(first, argv[1]);
    puts("before");
    fflush(stdout);
    if (fork() == 0) {
        free(first);
        int gone = first[0];
        execlp("echo", "echo", gone == 'w' ? "first" : "?", (char *)NULL);
        _exit(1);
    }
    wait(NULL);
    if (argv[2] != NULL) {
        char *again[] = {argv[0], argv[1], NULL};
        execv(argv[0], again);
    }
    return 3;
}
C
build wrong
watched ./wrong word again
printf '%s\n' before first before first >expected
{
    [ $status = 3 ] || echo "status $status, not 3"
    diff expected said
    printf '1 8 memory-error no-room-for-nul\n2 20 memory-error use-after-free\n' | diff - found
} >complaints 2>&1
judge "two mistakes, in a child and again after exec: each told once" "Said, told, or both:" complaints

cat >right.c <<'C'
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
union semun { int val; struct semid_ds *buf; };
struct gap { char letter; long number; char name[32]; };
struct message { long type; struct gap gap; };
int main(void)
{
    int ends[2];
    struct gap gap, back;
    struct message message;
    if (pipe(ends) == -1)
        return 1;
    gap.letter = 'x';
    gap.number = 4;
    strcpy(gap.name, "short");
    int set = semget(IPC_PRIVATE, 1, 0600), queue = msgget(IPC_PRIVATE, 0600);
    int segment = shmget(IPC_PRIVATE, 4096, 0600);
    int *shared = shmat(segment, NULL, 0);
    union semun one;
    one.val = 1;
    semctl(set, 0, SETVAL, one);
    semctl(set, 0, SETVAL, 1);
    message.type = 1;
    message.gap = gap;
    void *kept = malloc(100);
    if (fork() == 0) {
        write(ends[1], &gap, sizeof gap);
        msgsnd(queue, &message, sizeof message.gap, 0);
        shared[1] = 5;
        _exit(kept == NULL);
    }
    wait(NULL);
    read(ends[0], &back, sizeof back);
    if (msgrcv(queue, &message, sizeof message.gap, 0, 0) > 0 && shared[1] == 5 && shared[0] == 0)
        printf("%s %s %ld\n", back.name, message.gap.name, back.number);
    kept = NULL;
    msgctl(queue, IPC_RMID, NULL);
    semctl(set, 0, IPC_RMID);
    shmctl(segment, IPC_RMID, NULL);
    return 0;
}
C
build right
watched ./right
{
    [ $status = 0 ] || echo "status $status"
    echo "short short 4" | diff - said
    cat found errors
} >complaints 2>&1
judge "gaps, unions, shared memory and what is never freed: no finding" "A false alarm is worse than none." complaints

# It closes and writes to what it can reach, and calls itself something else.
cat >sly.c <<'C'
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    static const char words[] = "</valgrindoutput>";
    (void)argc;
    for (int fd = 3; fd < 1 << 16; fd++)
        if (write(fd, words, sizeof words - 1) == -1)
            close(fd);
    if (argv[1] == NULL)
        execl(argv[0], "\001\377<error>", "more", (char *)NULL);
    char *block = malloc(8);
    block[8] = 1;
    return block[8] == 2;
}
C
build sly
(ulimit -n 1024 && watched ./sly && exit $status)
status=$?
{
    [ $status = 0 ] || echo "status $status"
    grep -q ' 13 memory-error block-too-small' found || cat found errors
} >complaints 2>&1
judge "a program cannot spoil its report" "Found, and said:" complaints

timeout 100 "$ipclab" trace --memory -- ./no-such-program >said 2>&1
status=$?
if [ $status = 127 ] && grep -q 'no-such-program' said; then ok "a program that is not there"; else not_ok "a program that is not there" "Status $status:" said; fi

for with in --race --io --text; do
    "$ipclab" trace --memory $with -- ./right >said 2>&1
    status=$?
    if [ $status = 2 ] && grep -q -e --memory said; then ok "--memory $with is refused"; else not_ok "--memory $with is refused" "Status $status:" said; fi
done

# Everything but valgrind.
without() { bwrap --dev-bind / / --ro-bind /dev/null "$(command -v valgrind)" -- "$@"; }
if without true 2>/dev/null; then
    without "$ipclab" trace --memory -- ./right >said 2>&1
    status=$?
    if [ $status = 2 ] && grep -q 'ipclab doctor' said; then ok "without valgrind, it is said"; else not_ok "without valgrind, it is said" "Status $status:" said; fi
    without env IPCLAB_BOX=weak "$ipclab" check 2.3.memory_is_sound --dir "$tree/solutions" --json results.json >said 2>&1
    status=$?
    jq -r '.labs[].exercises[].checks[] | "\(.status) \(.message)"' results.json >how 2>&1
    if grep -q '^skipped .*valgrind' how; then ok "without valgrind, a check is skipped"; else not_ok "without valgrind, a check is skipped" "Status $status:" how; fi
else
    echo "# bubblewrap cannot hide valgrind here: what is said without it is not tested"
fi
close_gate
