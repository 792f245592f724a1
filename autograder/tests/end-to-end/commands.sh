#!/usr/bin/env bash
# The commands as one types them: exit statuses, wrong use, what they write and what they never touch.
. "$(dirname "$0")/../gates/lib.sh"
gate=commands
need_tool jq
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# --- help and wrong use ---
ends 0 "1\.3 +pipeline" "$ipclab"
ends 0 "pipeline" "$ipclab" list
ends 0 "usage" "$ipclab" --help
for command in list start check watch hint show explain predict trace cc grade merge report similar kit pack doctor; do
    ends 0 "usage: ipclab $command" "$ipclab" $command --help
    ends 0 "usage: ipclab $command" "$ipclab" help $command
done
ends 2 'no command "chekc".*check' "$ipclab" chekc
ends 2 "no-such-option|no option" "$ipclab" check --no-such-option
ends 2 "99" "$ipclab" check 99
ends 2 "1\.99" "$ipclab" start 1.99
ends 2 "nothing|start" "$ipclab" check
ends 2 "no-such-folder" "$ipclab" check 1 --dir no-such-folder
touch a-file
ends 2 "a-file" "$ipclab" check 1 --dir a-file
ends 2 "a-file" "$ipclab" start 1 --dir a-file
ends 2 "--seed" "$ipclab" check 1 --seed banana
ends 2 "no-such-page" "$ipclab" explain no-such-page
ends 2 "usage|PROGRAM|program" "$ipclab" trace
ends 2 "usage|SUBMISSION|submission" "$ipclab" grade
ends 2 "which folders" "$ipclab" merge
ends 2 "no results" "$ipclab" merge no-such-folder
ends 0 "ptrace" "$ipclab" doctor
ends 0 "hang" "$ipclab" explain hang

# --- start never overwrites ---
ends 0 "1\.1|oneway" "$ipclab" start 1
echo "mine" >work/01-pipes/1-oneway/oneway.c
ends 0 "" "$ipclab" start 1
if [ "$(cat work/01-pipes/1-oneway/oneway.c)" = mine ]; then
    ok "start overwrites nothing"
else
    not_ok "start overwrites nothing" "It replaced work/01-pipes/1-oneway/oneway.c."
fi
(cd work/01-pipes/3-pipeline && ends 0 "" make -s && [ -x pipeline ])

# --- one that does not compile, the other exercises go on ---
ends 1 "oneway\.c" "$ipclab" check 1.1 1.3 --json both.json --junit both.xml --tap both.tap
jq -r '[.labs[].exercises[] | "\(.id) \(.build.ok) \(.status)"] | join(", ")' both.json >"$scratch/seen"
if grep -qx '1.1 false not_built, 1.3 true failed' "$scratch/seen"; then
    ok "what does not compile is not_built, and the rest is checked"
else
    not_ok "what does not compile is not_built, and the rest is checked" "The results say:" "$scratch/seen"
fi
if jq -e '.schema == 1 and .seed != null and (.max_score > 0) and .machine.ptrace != null and
    ([.labs[].exercises[].checks[] | select(.status == "not_built" and .score == 0)] | length > 0) and
    ([.labs[].exercises[0] | .build.log | contains("oneway.c")] | all)' both.json >/dev/null 2>&1; then
    ok "the results file is as promised"
else
    not_ok "the results file is as promised" "See design: results file." both.json
fi

# The other formats tell the same; that JUnit is well-formed whatever is printed, test_formats.c knows.
jq -r '[.labs[].exercises[].checks[].status] | "\(length) \([.[] | select(. == "failed")] | length) \([.[] | select(. == "not_built")] | length)"' both.json |
    { read -r all bad unbuilt && {
        grep -q "<testsuites name=\"ipclab\" tests=\"$all\" failures=\"$bad\" errors=\"$unbuilt\" skipped=\"0\" time=" both.xml || echo "both.xml: not $all tests, $bad failures, $unbuilt errors"
        grep -qx "1\.\.$all" both.tap || echo "both.tap: no plan 1..$all"
        [ "$(grep -cE '^not ok [0-9]+ - 1\.[13]\.' both.tap)" = $((bad + unbuilt)) ] || echo "both.tap: not $((bad + unbuilt)) lines \"not ok\""
    }; } >"$scratch/seen"
if command -v xmllint >/dev/null; then xmllint --noout both.xml >>"$scratch/seen" 2>&1; fi
judge "--junit and --tap tell what --json tells" "See tell/formats.c." "$scratch/seen"
ends 1 "^TAP version 14$" "$ipclab" check 1.3 --tap -
if head -n 1 "$scratch/said" | grep -qx "TAP version 14"; then ok "--tap - writes nothing else"; else not_ok "--tap - writes nothing else" "It said:" "$scratch/said"; fi
ends 2 "only one format" "$ipclab" check 1.3 --tap - --json -
ends 3 "can't write nowhere/x.xml" "$ipclab" check 1.1 --junit nowhere/x.xml

ends 2 "takes a format" "$ipclab" report gradescope
ends 2 "no format \"gradscope\"; did you mean: gradescope" "$ipclab" report gradscope both.json
ends 2 "cannot read nowhere.json" "$ipclab" report tap nowhere.json
ends 2 "cannot read both.xml" "$ipclab" report tap both.xml
ends 0 "" "$ipclab" report tap both.json --out again.tap
if cmp -s both.tap again.tap; then ok "report tells what check does"; else not_ok "report tells what check does" "again.tap differs from both.tap."; fi

mkfifo out
cat out >through &
ends 0 "" "$ipclab" report tap both.json --out out
wait $!
if [ -p out ] && cmp -s both.tap through; then ok "a FIFO is written to, not replaced"; else not_ok "a FIFO is written to, not replaced" "It is this now:" <(ls -l out); fi

# --- the same seed, the same verdict; all right is status 0 ---
for round in 1 2; do
    ends 0 "pass" "$ipclab" check 1.3 --dir "$tree/solutions" --seed 4711 --json "seed-$round.json"
    jq 'del(.. | .seconds?)' "seed-$round.json" >"seed-$round.same" 2>/dev/null
done
diff seed-1.same seed-2.same >"$scratch/seen" 2>&1
judge "the same seed gives the same results" "Something random does not come from the seed." "$scratch/seen"
ends 0 "" "$ipclab" check 1.3 --dir "$tree/solutions" --repeat 2 -j 2
ends 0 "1\.3|passed|All" "$ipclab" list

# --- what --fail-fast does not try is remembered as it was ---
mkdir -p remembered
cp -R "$tree/solutions/01-pipes" remembered/
ends 0 "" "$ipclab" check 1.1 --dir remembered
echo 'int main(void) { return 7; }' >remembered/01-pipes/1-oneway/oneway.c
ends 1 "fail-fast" "$ipclab" check 1.1 --dir remembered --fail-fast
jq -r '[.labs[].exercises[].checks[].status] | unique | join(" ")' remembered/.ipclab/results.json >"$scratch/seen"
if grep -qx 'failed passed' "$scratch/seen"; then
    ok "--fail-fast forgets no earlier result"
else
    not_ok "--fail-fast forgets no earlier result" "The statuses kept:" "$scratch/seen"
fi

# --- one fault at a time: the verdict names it, and says when there were too many places for all ---
mkdir -p many/01-pipes/1-oneway
awk '
/^static ssize_t read_some/ { reading = 1 }
reading && /^    do$/ {
    print "    static int turn;"
    print "    switch (turn++ % 30) {"
    for (i = 0; i < 30; i++) print "    case " i ":\n        return read(fd, buffer, size);"
    print "    }\n    return -1;\n}"
    skip = 1
}
skip && /^}/ { skip = reading = 0; next }
!skip && !(reading && /ssize_t got;/)' "$tree/solutions/01-pipes/1-oneway/oneway.c" >many/01-pipes/1-oneway/oneway.c
ends 1 "EINTR" "$ipclab" check 1.1.short_writes_lose_nothing --dir many --seed 7 --json many.json
jq -r '.labs[].exercises[].checks[].message // empty' many.json >"$scratch/seen"
told='^When the [0-9]+[a-z]+ read( of process 2)? \(oneway\.c:[0-9]+ in read_some, descriptor [0-9]+\) '
told+='was interrupted by a signal \(EINTR\) \(the seed chose 24 of 2[5-9] such faults\): `oneway` ended'
if grep -qE "$told" "$scratch/seen"; then
    ok "a verdict names the one fault that was put in"
else
    not_ok "a verdict names the one fault that was put in" "It says:" "$scratch/seen"
fi

# --- hostile to the kit: each is failed, and nothing of it is left ---
hostile()
{
    local name=$1
    mkdir -p "$name/01-pipes/1-oneway"
    cat >"$name/01-pipes/1-oneway/oneway.c"
    ends 1 "FAIL" "$ipclab" check 1.1 --dir "$name"
}
hostile loops <<'END'
int main(void) { for (volatile int i = 0;; i++) ; }
END
hostile floods <<'END'
#include <stdio.h>
int main(void) { for (;;) puts("all checks passed, 100 points, exit status 0"); }
END
hostile kills <<'END'
#include <signal.h>
int main(void) { kill(0, SIGKILL); return 0; }
END
hostile stays <<'END'
#include <unistd.h>
int main(void) { if (fork() == 0) { setsid(); execlp("sleep", "sleep", "98761", (char *)0); } return 0; }
END
hostile forks <<'END'
#include <unistd.h>
int main(void) { for (int i = 0; i < 500; i++) if (fork() == 0) pause(); return 0; }
END
grep -lzx 98761 /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
    [ "$(tr '\0' ' ' 2>/dev/null <"$file")" != "sleep 98761 " ] || echo "$file: sleep 98761 still runs"
done >"$scratch/seen" 2>/dev/null
judge "nothing of a hostile program is left" "End the whole cell." "$scratch/seen"

close_gate
