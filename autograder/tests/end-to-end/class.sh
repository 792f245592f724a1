#!/usr/bin/env bash
# A generated class: every verdict is the one that each submission gets alone, when it is graded as a whole, killed in the middle
# and gone on with, and in two shards; and nothing is left of any of them.
#
# IPCLAB_CLASS=200 takes so many submissions (make soak), from IPCLAB_CLASS_SEED, with every hostile one among what may be
# handed in; usually it is a few, with one check each. If root starts it, all of that is done as an ordinary user, too.
#
# A program that is wrong may be one whose own processes race, so that it fares now so, now so. A check whose verdict differs
# from the one alone is therefore tried alone again and again: if it differs there, too, it is left out, and counted.
. "$(dirname "$0")/../gates/lib.sh"
. "$gates/../apart.sh"
gate=class
for tool in jq zip patch xz; do need_tool $tool; done
export NO_COLOR=1
script=autograder/tests/end-to-end/class.sh
as_ordinary_user $script
apart "$tree/$script"

count=${IPCLAB_CLASS:-9}
what=(01-pipes/1-oneway 01-pipes/1-oneway 02-popen/1-status 05-keys/1-mkkey hostile/daemon hostile/fork-bomb hostile/kill-all)
labs=1.1.every_byte_arrives,2.1.tells_exit_statuses,5.1.key_and_its_parts
if [ "$count" -ge 100 ]; then
    labs=1.1.child_sees_end_of_file,1.1.every_byte_arrives,2.1,5.1
    what=()
    for _ in {1..20}; do what+=(01-pipes/1-oneway 02-popen/1-status 05-keys/1-mkkey); done
    for file in "$tree"/autograder/hostile/*.c "$tree"/autograder/hostile/*.sh; do what+=("hostile/$(basename "${file%.*}")"); done
fi
tries=10
deadline=$((SECONDS + 14400))
cd "$scratch" || exit 3
chmod 755 . && mkdir -m 1777 boxes
export TMPDIR=$scratch/boxes
cat >rules.ini <<'INI'
[limits]
seconds = 10
cpu_seconds = 1
memory_mb = 400
processes = 64
output_mb = 2
INI

# grade OUT WORD...: ipclab grade, what it said in OUT.log.
grade()
{
    local out=$1
    shift
    timeout 10000 "$tree/ipclab" grade --out "$out" --labs $labs --config rules.ini "$@" </dev/null >"$out.log" 2>&1
}

# went_well STATUS WHAT FILE: is the status 0? What it said is in the file.
went_well()
{
    if [ "$1" = 0 ]; then ok "$2"; else not_ok "$2" "It ended with status $1 and said:" "$3"; fi
}

# What was decided in OUT, for a key or a name in the place of the submission's name: a line for each check.
verdicts()
{
    jq -r '.submission as $s | "\($s) \(.status)", (.labs[].exercises[].checks[] |
        "\($s) \(.id) \(.status) \(.score) \([.findings[] | "\(.kind)/\(.misconception)"] | sort | unique)")' "$1"/student-*.json
}

# --- the class, and each alone ---
IPCLAB_CLASS_RESULTS=$scratch/whole bash "$tree/autograder/tests/class.sh" "${IPCLAB_CLASS_SEED:-1}" "$count" class "${what[@]}" >class.txt 2>made.txt
went_well $? "a class of $count is made" made.txt
find class -mindepth 1 -maxdepth 1 | sort >paths.txt
is_there() { grep -cE ": $1" class.txt; }
echo "# right $(is_there '.*: right,'), another right answer $(is_there '.*: the other'), hostile $(is_there hostile:), not to be unpacked $(grep -cE ', (cut|empty)$' class.txt), in all $count"
sum_of() { find class -type f -exec sha256sum {} + | sort; }
sum_of >class.sum
world >before.txt

# The same work in another wrapping is the same program: NAME NUMBER, the number of the program.
awk -F ': ' '{
    wrapping = $NF; sub(/.*, /, "", wrapping)
    program = $0; sub(/^[^:]*: /, "", program); sub(/,.*/, "", program)
    if (wrapping == "cut" || wrapping == "empty") program = wrapping
    if (!(program in number)) number[program] = ++n
    print $1, number[program], program
}' class.txt >programs.txt

# alone NUMBER TRY: the first submission with that program, graded alone; its verdicts are in alone-NUMBER-TRY.txt.
alone()
{
    local name file=alone-$1-$2.txt
    [ ! -s "$file" ] || return 0
    name=$(awk -v number="$1" '$2 == number { print $1; exit }' programs.txt)
    if ! grade "alone-$1-$2" -j 1 "$(grep -E "/$name(\.|\$)" paths.txt)"; then cat "alone-$1-$2.log" >>alone-failed.txt; fi
    verdicts "alone-$1-$2" | cut -d ' ' -f 2- >"$file"
    rm -rf "alone-$1-$2"
}
: >alone-failed.txt
started=$SECONDS
for number in $(cut -d ' ' -f 2 programs.txt | sort -nu); do alone "$number" 1; done
judge "each program is graded alone ($(cut -d ' ' -f 2 programs.txt | sort -nu | wc -l) of them, $((SECONDS - started)) s)" "The kit failed." alone-failed.txt
while read -r name number _; do sed "s/^/$name /" "alone-$number-1.txt"; done <programs.txt | sort >expected.txt
[ "$(cut -d ' ' -f 1 expected.txt | sort -u | wc -l)" = "$count" ]
went_well $? "each has verdicts to compare with" expected.txt

# by_chance NAME CHECK GOT: does the program differ from itself there, alone?
by_chance()
{
    local number try
    number=$(awk -v name="$1" '$1 == name { print $2 }' programs.txt)
    for ((try = 1; try <= tries; try++)); do
        alone "$number" $try
        if [ "$(cat "alone-$number"-*.txt | grep -E "^$2( |\$)" | sort -u | wc -l)" -gt 1 ]; then return 0; fi
    done
    return 1
}

: >left-out.txt
# same_as_alone WHAT OUT
same_as_alone()
{
    local name check rest
    verdicts "$2" | sort >got.txt
    : >differs.txt
    while read -r name check rest; do
        if by_chance "$name" "$check"; then
            echo "$(awk -v name="$name" '$1 == name { print $2 }' programs.txt) $check" >>left-out.txt
        else
            { grep "^$name: " class.txt; grep -F -- "$name $check " expected.txt | sed 's/^/alone: /'; echo "now:   $name $check $rest"; } >>differs.txt
        fi
    done < <(comm -13 expected.txt got.txt)
    if [ "$(wc -l <expected.txt)" != "$(wc -l <got.txt)" ]; then echo "there are $(wc -l <got.txt) verdicts, not $(wc -l <expected.txt)" >>differs.txt; fi
    IPCLAB_DETAILS=${IPCLAB_DETAILS:-60} judge "$1: all $(wc -l <expected.txt) verdicts are those that each gets alone" "A verdict depends on its neighbours." differs.txt
}

# --- as a whole ---
started=$SECONDS
grade whole -j 2 class/*
went_well $? "graded as a whole, in $((SECONDS - started)) s" whole.log
same_as_alone "as a whole" whole

# --- killed in the middle, and gone on with ---
results_in() { find "$1" -maxdepth 1 -name 'student-*.json' 2>/dev/null | wc -l; }
setsid "$tree/ipclab" grade --out killed --labs $labs --config rules.ini -j 2 class/* >killed.log 2>&1 </dev/null &
pid=$!
helpers+=($pid)
until [ "$(results_in killed)" -ge $((count / 3)) ]; do
    [ $SECONDS -lt $deadline ] && kill -0 $pid || break
    read -r -t 0.02 <> <(:) || :
done
kill -KILL $pid
wait $pid 2>/dev/null
status=$?
graded=$(results_in killed)
if [ $status = 137 ] && [ "$graded" -ge 1 ] && [ "$graded" -lt "$count" ]; then
    ok "killed in the middle, with $graded of $count graded"
else
    not_ok "killed in the middle" "It ended with status $status, with $graded of $count graded, and said:" killed.log
fi
# What it was about is gone at once; the folders of its boxes are swept by the next.
world_without_boxes() { world | sed "\\|^file: $TMPDIR/ipclab-box-|d"; }
sed "\\|^file: $TMPDIR/ipclab-box-|d" before.txt >before-killed.txt
settles before-killed.txt left.txt world_without_boxes
judge "killed: no process, object or file is left but what the next one sweeps" "Now there is more (>) or less (<):" left.txt
find killed -maxdepth 1 -name 'student-*.json' -printf '%f %i\n' | sort >kept.txt
grade killed -j 2 --resume class/*
went_well $? "gone on with" killed.log
find killed -maxdepth 1 -name 'student-*.json' -printf '%f %i\n' | sort >now.txt
comm -23 kept.txt now.txt >again.txt
judge "nothing is graded twice" "These were:" again.txt
same_as_alone "killed and gone on with" killed

# --- in two shards, merged ---
grade shard-1 -j 2 --shard 1/2 class/* && grade shard-2 -j 2 --shard 2/2 class/*
went_well $? "graded in two shards" shard-2.log
"$tree/ipclab" merge --out merged shard-1 shard-2 >merge.log 2>&1
went_well $? "merged" merge.log
same_as_alone "in two shards" merged
columns=1-
[ ! -s left-out.txt ] || columns=1 # the points of a program that fares by chance differ
diff <(cut -d, -f$columns merged/gradebook.csv) <(cut -d, -f$columns whole/gradebook.csv) >differs.txt 2>&1
judge "the gradebook is the same in whichever way" "Names, order or scores differ." differs.txt

# --- afterwards ---
settles before.txt left.txt world
judge "no process, object, file or socket of theirs is left" "Now there is more (>) or less (<):" left.txt
sum_of | diff class.sum - >differs.txt
judge "no submission was changed" "Now there is more (>) or less (<):" differs.txt
echo "# $(sort -u left-out.txt | wc -l) checks left out, of $(sort -u alone-*-1.txt | wc -l): their programs fare by chance; $SECONDS s"
close_gate
