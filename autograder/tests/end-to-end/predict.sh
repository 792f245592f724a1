#!/usr/bin/env bash
# ipclab predict: every prediction has its experiment, which says the same each time; answers, asked for
# or from a file, are kept, compared and counted.
. "$(dirname "$0")/../gates/lib.sh"
gate=predict
need_tool jq
need_tool script
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# same WHAT ACTUAL EXPECTED
same()
{
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "It is \"$2\", and should be \"$3\"."; fi
}

# typed TEXT WORDS...: the command at a terminal, where TEXT is typed and then control-D; status in $typed.
typed()
{
    local text=$1
    shift
    printf "$text" | timeout 60 script -qec "'$ipclab' $*" /dev/null >said 2>&1
    typed=$?
}

# --- each experiment answers each question, in its own words, and the same every time ---

# A first file with an answer of the right kind to every question.
awk '/^# P/ { printf "[%s]\n", $2 }
    /^## [a-z0-9_]+: / { name = substr($2, 1, length($2) - 1); kind = $3
        if (kind != "choice") print name " = " (kind == "number" ? "12345" : "ENOTTY"); else wanted = 1 }
    wanted && /^- / { sub(/:$/, "", $2); print name " = " $2; wanted = 0 }' "$tree"/labs/*/predictions/*.md >guesses.ini
ends 0 "28 predictions, [0-9]+ questions" "$ipclab" predict --answers guesses.ini --json 1.json
n=$(jq '[.predictions[].questions[]] | length' 1.json)
same "every question is answered in the file" "$(jq '[.predictions[].questions[] | select(.said != null)] | length' 1.json)" "$n"
jq -r '.predictions[] | select(.skipped == null) | .id as $id | .questions[] | select(.measured == null) | "\($id) \(.name)"' 1.json >complaints
judge "every experiment answers every question" "It prints no line for it." complaints
measured() { jq -c '[.predictions[] | [.id, [.questions[] | [.name, .measured]]]]' "$1"; }
for round in 2 3 4 5; do
    "$ipclab" predict --answers guesses.ini --json $round.json >/dev/null 2>&1
    measured $round.json
done | sort -u | diff - <(measured 1.json) >complaints
judge "five runs of every experiment say the same" "An experiment is decided by luck." complaints

# Drawing watches every read and write: slower, but nothing else comes out.
"$ipclab" predict --text --answers guesses.ini --json drawn.json >said 2>&1
measured drawn.json | diff - <(measured 1.json) >complaints
judge "drawing changes nothing that is measured" "An experiment is decided by luck." complaints
for words in "fork makes process 3" "semop 0:-1 undo" "killed by SIGPIPE" "exit status 0"; do
    if grep -q -- "$words" said; then ok "draws: $words"; else not_ok "draws: $words" "It drew:" said; fi
done

# What was measured, given as the answers: all of it must be an answer, and right.
jq -r '.predictions[] | select(.skipped == null) | "[\(.id)]", (.questions[] | "\(.name) = \(.measured)")' 1.json >right.ini
ends 0 "as measured" "$ipclab" predict --answers right.ini --json right.json
same "what was measured is right" \
    "$(jq '[.predictions[] | select(.skipped == null) | .questions[] | select(.agreed | not)] | length' right.json)" 0
same "what was guessed is not" "$(jq '[.predictions[].questions[] | select(.said == "12345" or .said == "ENOTTY") | .agreed] | any' 1.json)" false
same "what is known of Linux on any machine is measured" \
    "$(jq -r '[.predictions[].questions[] | select(.name == "ignored" or .name == "usr1" or .name == "own" or .name == "final").measured] | join(" ")' 1.json)" \
    "EPIPE reads EPIPE 1 6"
same "no answers are kept of a file" "$(find work -name predictions.ini 2>/dev/null)" ""

# In the weaker mode, too; but there, other programs make queues at the same time (P12).
IPCLAB_BOX=weak "$ipclab" predict --answers guesses.ini --json weak.json >said 2>&1 || cat said
diff <(jq -c '.predictions[] | select(.id != "P11" and .id != "P12") | [.id, [.questions[].measured]]' 1.json) \
    <(jq -c '.predictions[] | select(.id != "P11" and .id != "P12") | [.id, [.questions[].measured]]' weak.json) >complaints 2>&1
judge "the weaker mode measures the same" "See the experiment." complaints
ends 0 "not measured: it needs a second user" env IPCLAB_BOX=weak "$ipclab" predict P11 --answers guesses.ini

# --- wrong use, and files that are wrong ---
ends 0 "P19 +Room in a pipe +0 of 3 answered" "$ipclab" predict
ends 2 'no lab or prediction "P99"' "$ipclab" predict P99
ends 2 "no-such-file" "$ipclab" predict 1 --answers no-such-file
ends 2 "say of which" "$ipclab" predict --source
ends 0 "P19-room.c - " "$ipclab" predict p19 --source
ends 0 "^6 predictions" "$ipclab" predict pipes P1 01-pipes 1

# wrong_file LINE WORDS TEXT
wrong_file()
{
    printf "$3" >wrong.ini
    ends 2 "wrong.ini, line $1: .*$2" "$ipclab" predict 1 --answers wrong.ini
}
wrong_file 2 "no prediction \"P99\"" '[P99]\nx = 1\n'
wrong_file 2 "no question \"size\"" '[P19]\nsize = 1\n'
wrong_file 3 "whole number" '[P19]\n\ncapacity = much\n'
wrong_file 2 "letter from a to c, or one of these words: reads" '[P21]\nown = perhaps\n'
wrong_file 2 "name of an error" '[P20]\nfull = EAGIAN\n'
wrong_file 3 "answered twice" '[P19]\ncapacity = 1\ncapacity = 2\n'
wrong_file 1 "a line like" 'capacity = 1\n'
wrong_file 2 "question = answer" '[P19]\ncapacity\n'
wrong_file 2 "too long" "[P19]\\ncapacity = $(printf '%0400d' 0)\\n"
printf '[P19]\ncapacity = 1\0\n' >wrong.ini
ends 2 "no text file" "$ipclab" predict 1 --answers wrong.ini
printf '[P19]\ncapacity = \033[2J\n' >wrong.ini
ends 2 'x1b' "$ipclab" predict 1 --answers wrong.ini
printf '[P1]\nreader = READ\nparent = b\nopen = 1\n[P19]\nPIPE_BUF = 4 KiB\n[P20]\nfull = ewouldblock\n' >kind.ini
ends 0 "" "$ipclab" predict 1 --answers kind.ini --json kind.json
same "answers are read kindly" \
    "$(jq -r '[.predictions[].questions[] | select(.said != null).said] | join(" ")' kind.json)" "read waitpid 1 4096 EAGAIN"
same "what was not answered is not told" \
    "$(jq '[.predictions[].questions[] | select(.said == null and .measured != null)] | length' kind.json)" 0
"$ipclab" predict P21 --answers right.ini --json - >only.json 2>&1
same "--json - writes only that" "$(jq -r '.predictions[0].id' only.json 2>&1)" P21

# --- at a terminal ---
typed 'nonsense\nB\nended\n1\n' predict 1
same "leaving by control-D is no failure" "$typed" 0
for words in "letter from a to c" "as you said" "not as you said" "Elsewhere" "To go on: ipclab predict P2"; do
    if grep -q -- "$words" said; then ok "says: $words"; else not_ok "says: $words" "It said:" said; fi
done
kept=work/01-pipes/predictions.ini
grep -vE '^(;|$)' $kept | tr '\n' ' ' >shown
same "the answers are kept, with what was measured" "$(cat shown)" \
    "[P1] reader = read parent = ended open = 1 reader.measured = read reader.agreed = yes parent.measured = waitpid parent.agreed = no open.measured = 1 open.agreed = yes "

echo '; a note of mine' >>$kept
cp $kept before
typed '' predict P1
if grep -q "It has ended" said && cmp -s before $kept; then
    ok "an answer once given stands, and is shown again"
else
    not_ok "an answer once given stands, and is shown again" "It said:" said
fi
typed '0\n' predict P2 # one of three questions
head -c "$(wc -c <before)" $kept | cmp -s - before
same "the file grows at its end only" "$?" 0
typed '15\nc\n' predict 1
grep -q '^new_parent.agreed = yes' $kept
same "what was left is asked when one comes back" "$?" 0
same "list counts predictions" "$("$ipclab" list --json | jq -c '.labs[0].predictions')" '{"count":6,"answered":2,"agreed":1}'
ends 0 "predictions +2/6 +answered +1 as measured" "$ipclab" list

# Written by hand, and measured without a terminal.
mkdir -p work/02-popen
printf '[P8]\nlines = both\n' >work/02-popen/predictions.ini
ends 0 "not as you said" "$ipclab" predict 2
grep -q '^lines.agreed = no' work/02-popen/predictions.ini
same "what is written by hand is measured" "$?" 0
printf '[P8]\nlines = all of them\n' >work/02-popen/predictions.ini
cp work/02-popen/predictions.ini before
ends 2 "predictions.ini, line 2" "$ipclab" predict 2
cmp -s before work/02-popen/predictions.ini
same "a file that is wrong is left as it is" "$?" 0
ends 0 "line 2" "$ipclab" list

# A folder in which nothing can be written: said, and no answer is pretended to be kept.
mkdir -p work/03-coprocesses
ln -s /proc/no-such-place/x work/03-coprocesses/predictions.ini
touch not-a-folder
typed '1\n' predict P22 --dir not-a-folder
same "an answer that cannot be kept is status 3" "$typed" 3
rm -f work/03-coprocesses/predictions.ini

ps -eo args | grep -E '^(P[0-9]+-|sleep 1000)' >complaints
judge "no process of an experiment is left" "See the experiment." complaints
close_gate
