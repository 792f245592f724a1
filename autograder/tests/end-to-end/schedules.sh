#!/usr/bin/env bash
# ipclab trace --race --schedules: what plain runs never show is shown, its seed shows it again, and a correct program
# passes.
#
# The programs here leave nothing to chance: a child that sleeps first comes last in every plain run, and a schedule
# takes no notice of sleeps.
. "$(dirname "$0")/../gates/lib.sh"
gate=schedules
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# What the programs share.
cat >scene.h <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline long *share(void)
{
    void *memory = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | 0x20, -1, 0);
    if (memory == MAP_FAILED)
        exit(99);
    return memory;
}

static inline void change(int set, int which, int by)
{
    struct sembuf operation = {(unsigned short)which, (short)by, 0};
    if (semop(set, &operation, 1) == -1)
        exit(99);
}

static inline int two_locks(void)
{
    int set = semget(IPC_PRIVATE, SIZE_OF_SET, 0600);
    if (set == -1 || semctl(set, 0, SETVAL, 1) == -1 || semctl(set, 1, SETVAL, 1) == -1)
        exit(99);
    return set;
}

static inline void doze(void)
{
    nanosleep(&(struct timespec){0, 3000000}, NULL);
}
END
cat >lost.c <<'END'
#include "scene.h"

int main(void)
{
    long *count = share();
    if (fork() == 0) {
        doze();
        (*count)++;
        _exit(0);
    }
    (*count)++;
    wait(NULL);
    printf("%ld\n", *count);
    return 0;
}
END
cat >hasty.c <<'END'
#include "scene.h"

int main(void)
{
    long *count = share();
    if (fork() == 0) {
        (*count)++;
        _exit(0);
    }
    doze();
    printf("%ld\n", *count);
    wait(NULL);
    return (int)*count - 1;
}
END
cat >noisy.c <<'END'
#include "scene.h"

int main(void)
{
    long *count = share();
    printf("%ld %ld\n", (long)getpid(), *count);
    return 0;
}
END
cat >family.c <<'END'
#include "scene.h"

int main(void)
{
    long *count = share();
    for (int child = 0; child < 4; child++)
        if (fork() == 0) {
            if (child == 1 && fork() == 0) {
                (*count)++;
                _exit(0);
            }
            for (int i = 0; i < 3; i++)
                (*count)++;
            _exit(0);
        }
    while (wait(NULL) > 0)
        continue;
    printf("%ld\n", *count);
    return 0;
}
END
cat >locked.c <<'END'
#include "scene.h"

int main(void)
{
    long *count = share();
    int set = two_locks();
    for (int child = 0; child < 2; child++)
        if (fork() == 0) {
            for (int i = 0; i < 3; i++) {
                change(set, 0, -1);
                (*count)++;
                change(set, 0, 1);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        continue;
    printf("%ld\n", *count);
    return semctl(set, 0, IPC_RMID);
}
END
cat >opposite.c <<'END'
#include "scene.h"

static void take_both(int set, int first)
{
    change(set, first, -1);
    change(set, 1 - first, -1);
    change(set, 1 - first, 1);
    change(set, first, 1);
}

int main(void)
{
    int set = two_locks();
    if (fork() == 0) {
        doze();
        take_both(set, 1);
        _exit(0);
    }
    take_both(set, 0);
    wait(NULL);
    puts("done");
    return semctl(set, 0, IPC_RMID);
}
END
size=$((100 + $$ % 10000)) # of a set: ours are known by it
for name in lost hasty noisy family locked opposite; do
    "${CC:-gcc}" -std=c17 -O2 -D_XOPEN_SOURCE=700 -DSIZE_OF_SET=$size "$name.c" -o "$name-plain" >log 2>&1 &&
        "$ipclab" cc --race -O2 -DSIZE_OF_SET=$size "$name.c" -o "$name" >>log 2>&1 || not_ok "$name builds" "It said:" log
done

# schedules COUNT SEED PROGRAM [OPTION...]: what is said into `said`, the status as its own.
schedules()
{
    local options=("${@:4}")
    timeout 60 "$ipclab" trace --race --schedules "$1" --seed "$2" "${options[@]}" -- "./$3" </dev/null >said 2>&1
}

# What was said of the one schedule; identifiers of objects are never the same.
story() { tail -n +2 said | sed 's/semaphore set [0-9]*/semaphore set/'; }

# complain WHAT-IS-SAID: unless `said` says it.
complain()
{
    grep -qE -- "$1" said || { echo "nothing says: $1"; cat said; }
}

objects() { awk -v size=$size '$4 == size { print $2 }' /proc/sysvipc/sem; }

# A lost update.
plain_runs() { for ((i = 0; i < 100; i++)); do ./lost-plain; echo "status $?"; done >"$1"; }
plain_runs plain.1 &
plain_runs plain.2
wait
printf '2\nstatus 0\n' >right
for ((i = 0; i < 200; i++)); do cat right; done | diff - <(cat plain.1 plain.2) >complaints
judge "200 plain runs never lose an update" "The program was to sleep long enough." complaints

schedules 1000 1 lost
status=$?
{
    [ $status = 1 ] || echo "status $status, not 1"
    complain '^A schedule goes wrong'
    complain 'prints something else'
    complain '^1$'
    complain 'before an access to shared memory'
} >complaints
judge "a schedule loses it" "One of 1000 was to be enough." complaints

seed=$(sed -n 's/^run again:.*--seed \([0-9]*\) .*/\1/p' said)
story >first
: >complaints
for ((i = 0; i < 20; i++)); do
    schedules 1 "${seed:-0}" lost
    [ $? = 1 ] || echo "status $?" >>complaints
    story | diff first - >>complaints
done
judge "its seed replays it, 20 of 20, turn by turn" "Seed ${seed:-none}. What differs:" complaints

# Its plain runs are others each time; that of a seed is not.
: >complaints
for ((seed = 1; seed <= 16; seed++)); do
    for copy in 1 2; do
        timeout 60 "$ipclab" trace --race --schedules 1 --seed $seed -- ./family </dev/null 2>&1 |
            tail -n +2 | grep -v '^Plain runs' >family.$copy &
    done
    wait
    { cmp family.1 family.2 && [ -s family.1 ]; } >>complaints 2>&1 || echo "seed $seed" >>complaints
done
judge "a seed is one story, with children of children as well" "Something other than the seed decides." complaints

# What is right: most of the plain runs say it, or the user.
printf '0\n' >zero
printf '1\n' >one
schedules 200 1 hasty
status=$?
{
    [ $status = 1 ] || echo "status $status, not 1"
    complain 'and prints something else'
} >complaints
judge "that a parent does not wait long enough is seen against its plain runs" "They print 1." complaints
schedules 200 1 hasty --expect-output zero --expect-status 0
status=$?
{
    [ $status = 1 ] || echo "status $status, not 1"
    grep -qx 0 said && echo "the order that prints 0 is told as wrong"
    complain '^run again: .* --expect-status 0 --expect-output zero -- ./hasty$'
} >complaints
schedules 20 1 locked --expect-output one || [ $? = 1 ] || echo "status $?" >>complaints
complain 'and prints something else' >>complaints
judge "what is right may be said" "With --expect-output and --expect-status." complaints
schedules 5 1 noisy
status=$?
{
    [ $status = 0 ] || echo "status $status, not 0"
    complain '^Plain runs are not all alike: of 5, 0 printed the same; .* what no majority does is ignored'
} >complaints
judge "output that is never the same is not compared" "It prints its pid." complaints
schedules 5 1 locked --expect-output nowhere
status=$?
{
    [ $status = 2 ] || echo "status $status, not 2"
    complain 'cannot read nowhere: No such file'
} >complaints
judge "a file that is not there is said" "Status 2." complaints

# A correct program.
objects >before
schedules 100 1 locked
status=$?
{
    [ $status = 0 ] || echo "status $status, not 0"
    complain '^100 schedules, seeds 1 to 100: each ends and prints like the usual run'
} >complaints
judge "a correct program passes 100 schedules" "No schedule of it goes wrong." complaints

# A deadlock that takes an order which plain runs do not have.
: >complaints
for ((i = 0; i < 5; i++)); do
    [ "$(timeout 10 ./opposite-plain)" = done ] || echo "a plain run hangs" >>complaints
done
schedules 1000 1 opposite
status=$?
{
    [ $status = 1 ] || echo "status $status, not 1"
    complain 'the program never ends; as a rule it ends with exit status 0'
    complain '^hang'
    complain 'process 1 .* semaphore 1 of'
    complain 'process 2 .* semaphore 0 of'
    complain 'in change\(\), before semop\(\)'
} >>complaints
judge "two locks in opposite order are told as a hang" "A waits for what B holds, and B for what A holds." complaints
seed=$(sed -n 's/^run again:.*--seed \([0-9]*\) .*/\1/p' said)
story >first
schedules 1 "${seed:-0}" opposite
story | diff first - >complaints
judge "its seed hangs again" "Seed ${seed:-none}. What differs:" complaints
objects | diff before - >complaints
judge "what the schedules left is gone" "Each run's objects are removed." complaints

# A check: the lock is given back between load and store. No two accesses race, and updates are lost.
mkdir -p bad/08-shm
cp -r "$tree/solutions/08-shm/2-counter" bad/08-shm/
sed -i 's/^    hook();$/    change(set, 1);\n    hook();\n    change(set, -1);/' bad/08-shm/2-counter/counter.c
check() { "$ipclab" check 8.2.nothing_races "$@" >said 2>&1; }
check --dir bad --seed 7 --schedules 40
status=$?
again=$(sed -n 's/^ *run again: ipclab //p' said)
sed -n '/A data race/q; /updates were lost/,/runs to its end/p' said >first
{
    [ $status = 1 ] || echo "status $status, not 1"
    complain 'updates were lost'
    complain 'when they take turns like this \(schedule [0-9]+\)'
    complain 'runs up to counter.c:[0-9]+ in [a-z_]+\(\), before '
    complain 'run again: ipclab check 8.2.nothing_races --seed 7 --schedule [0-9]+$'
    [ -s first ] || echo "no story"
} >complaints
judge "check --schedules: an update that is lost without a race is shown" "With the turns that lose it." complaints
: >complaints
for ((i = 0; i < 5; i++)); do
    read -ra words <<<"${again#check 8.2.nothing_races}"
    check --dir bad "${words[@]}"
    [ $? = 1 ] || echo "status $?" >>complaints
    sed -n '/A data race/q; /updates were lost/,/runs to its end/p' said | diff first - >>complaints
done
judge "check --schedule: the same one again, 5 of 5, turn by turn" "It said first: $again" complaints
check --dir "$tree/solutions" --seed 7 --schedules 20
status=$?
{
    [ $status = 0 ] || echo "status $status, not 0"
    complain 'pass  1/1  nothing_races  \(20 schedules\)'
} >complaints
judge "the reference solution passes 20 schedules" "What it does is right in any order." complaints
"$ipclab" check 1.1.takes_1_to_70000 --dir "$tree/solutions" --schedules 5 >said 2>&1
status=$?
{
    [ $status = 0 ] || echo "status $status, not 0"
    complain 'there was no order to try'
} >complaints
judge "where nothing is shared --schedules says so" "The check itself is done." complaints
check --dir "$tree/solutions" --schedule 3
status=$?
{
    [ $status = 2 ] || echo "status $status, not 2"
    complain '--schedule K is one of those that'
} >complaints
judge "--schedule without its seed is refused" "It would be another one." complaints

# What cannot be done is said.
timeout 20 "$ipclab" trace --race -- ./lost-plain </dev/null >out 2>said
status=$?
{
    [ $status = 0 ] || echo "status $status, not 0"
    [ "$(cat out)" = 2 ] || cat out
    complain 'not built for the race detector'
    complain 'ipclab cc --race'
} >complaints
judge "trace --race says that a program is not built for it" "Silence would mean that there is no race." complaints
timeout 20 "$ipclab" trace --schedules 10 -- ./lost </dev/null >out 2>said
status=$?
{
    [ $status = 2 ] || echo "status $status, not 2"
    [ ! -s out ] || echo "the program was run"
    complain '--schedules needs --race'
} >complaints
judge "--schedules without --race is refused" "It needs the hooks of a program built for it." complaints
close_gate
