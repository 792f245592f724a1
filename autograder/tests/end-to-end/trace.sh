#!/usr/bin/env bash
# ipclab trace: any program, its output and status untouched; no finding where there is none.
. "$(dirname "$0")/../gates/lib.sh"
gate=trace
need_tool jq
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# clean WHAT COMMAND...: the same output and status as without ipclab, and no finding.
clean()
{
    local what=$1 plain traced
    shift
    timeout 60 "$@" </dev/null >plain.out 2>plain.err
    plain=$?
    timeout 120 "$ipclab" trace --json story.json -- "$@" </dev/null >traced.out 2>traced.err
    traced=$?
    {
        [ $plain = $traced ] || echo "status $plain alone, $traced under trace"
        cmp plain.out traced.out
        jq -r '.findings[] | "\(.kind): \(.text)"' story.json
    } >complaints 2>&1
    judge "$what: untouched, and no finding" "A false alarm is worse than none." complaints
}

clean "a pipeline of the shell" sh -c 'seq 200000 | sort | uniq | wc'
clean "a status" sh -c 'exit 42'
clean "a reader that leaves early" bash -c 'set -o pipefail; seq 1000000 | head -n 1'
clean "background jobs" sh -c 'for i in 1 2 3 4; do seq $i 20000 | wc -l >/dev/null & done; wait'
printf 'all: %s\n%s' "$(echo t{1..30})" $'t%:\n\t@seq 300 | wc -l >$@\n' >Makefile
clean "a parallel make" make -s -j4
command -v perl >/dev/null && clean "perl with children" perl -e 'for (1..5) { if (!fork) { select undef, undef, undef, 0.05; exit } } 1 while wait != -1; print "done\n"'
python=$(PATH=/usr/bin:/bin command -v python3) && clean "python with threads and children" "$python" -c '
import subprocess, threading
def work(): subprocess.run(["sh", "-c", "seq 1000 | wc -l"], stdout=subprocess.DEVNULL)
threads = [threading.Thread(target=work) for _ in range(6)]
[t.start() for t in threads]; [t.join() for t in threads]; print("done")'

{ timeout 60 "$ipclab" trace -- sh -c 'kill -TERM $$' </dev/null >/dev/null 2>&1; } 2>/dev/null # (bash would tell of it)
status=$?
if [ $status = 143 ]; then ok "a death by signal is passed on"; else not_ok "a death by signal is passed on" "Status $status, not 143."; fi
timeout 60 "$ipclab" trace -- ./no-such-program </dev/null >said 2>&1
status=$?
if [ $status = 127 ] || [ $status = 2 ]; then ok "a program that is not there"; else not_ok "a program that is not there" "Status $status." said; fi

# hangs WHAT KIND COMMAND...: it is said quickly, and without a timeout.
hangs()
{
    local what=$1 pattern=$2 began=$SECONDS
    shift 2
    timeout 60 "$ipclab" trace --json story.json -- "$@" </dev/null >out 2>err
    if jq -e --arg pattern "$pattern" '[.findings[] | select(.kind == "hang") | .text | test($pattern)] | any' story.json >/dev/null 2>&1 &&
        [ $((SECONDS - began)) -le 5 ]; then
        ok "$what hangs, and is told so"
    else
        not_ok "$what hangs, and is told so" "It took $((SECONDS - began)) s and said:" err
    fi
}
"$ipclab" cc "$tree/autograder/demo/hung_pipeline.c" -o hung_pipeline >log 2>&1 || not_ok "ipclab cc builds a program" "It said:" log
hangs "a pipeline whose parent keeps the write end" "pipe" ./hung_pipeline seq 3 -- cat

objects() { cat /proc/sysvipc/msg /proc/sysvipc/sem /proc/sysvipc/shm | awk '{print $1, $2}'; ls /dev/shm; }
objects >objects.before

# The textbook mistakes: each program's third line says what trace has to say of it.
for source in "$tree"/autograder/tests/textbook/*.c; do
    name=$(basename "$source" .c)
    read -r kinds <<<"$(sed -n 's/^ \* expect: //p' "$source")"
    "$ipclab" cc "$source" -o "$name" >log 2>&1 || not_ok "$name builds" "It said:" log
    began=$(date +%s%N)
    timeout 60 "$ipclab" trace --json story.json -- "./$name" </dev/null >out 2>err
    took_ms=$((($(date +%s%N) - began) / 1000000))
    : >complaints
    for word in $kinds; do
        case $word in
        -) ;;
        *) jq -r '.findings[] | .kind, .misconception, .text, (.processes[].blocked_in // "")' story.json |
            grep -qF -- "$word" || echo "nothing was said of $word" >>complaints ;;
        esac
    done
    jq -e '.findings[] | select(.file == null)' story.json >/dev/null && echo "a finding has no line" >>complaints
    [ $took_ms -le 5000 ] || echo "it took $took_ms ms" >>complaints
    judge "textbook mistake $name: $kinds" "See autograder/tests/textbook/$name.c." complaints
done
objects | diff objects.before - >complaints
[ ! -e left-fifo ] || echo "the FIFO is still there" >>complaints
judge "what the textbook mistakes left is gone" "trace removes what a run made." complaints

# In the open world somebody outside may yet open a FIFO, so it is never called hung before its time.
if timeout 60 "$ipclab" trace --timeout 1 --json story.json -- sh -c 'mkfifo f; cat f' </dev/null >out 2>err; [ $? != 124 ]; then
    ok "--timeout ends what waits for somebody outside"
else
    not_ok "--timeout ends what waits for somebody outside" "It did not end." err
fi
close_gate
