#!/usr/bin/env bash
# Every submission in autograder/hostile/, graded as one class together with right ones: what must be true afterwards?
#
# NAME.c is handed in as oneway.c, with hostile.h, places.h and solution.h beside it; NAME.sh is run in an empty folder and
# makes what is handed in, CLASS/NAME or CLASS/NAME.tar (its $1 is that path without ending). Each says in its first comment:
#
#     expect: passed | failed | not_built | refused, and "but CHECK..." for checks with the other verdict
#     finding: KIND           that kind is among its findings
#     says: PATTERN           somewhere in its results (a regular expression)
#     silent: PATTERN         nowhere in its results
#     weak: the same for the weaker mode; "none; REASON" where that promises nothing
#
# All of it happens in namespaces of its own where the machine allows that: then whatever is left of a submission can be seen,
# and nobody else is harmed if a cell does not hold. Usually two checks, without the dearest submissions, and
# in the weaker mode with some of them; IPCLAB_THOROUGH=1 takes all checks of the exercise and all submissions, and if root has
# started it, all of that as an ordinary user too. IPCLAB_HOSTILE="NAME..." takes these alone.
. "$(dirname "$0")/../gates/lib.sh"
gate=hostile
need_tool jq
export NO_COLOR=1

# shellcheck source=../apart.sh
. "$gates/../apart.sh"
script=autograder/tests/end-to-end/hostile.sh
[ -z "${IPCLAB_THOROUGH:-}" ] || as_ordinary_user $script
apart "$tree/$script"

hostile=$tree/autograder/hostile
right=$tree/solutions/01-pipes/1-oneway/oneway.c
labs=1.1.child_sees_end_of_file,1.1.every_byte_arrives
[ -z "${IPCLAB_THOROUGH:-}" ] || labs=1.1
weak_ones="fork-bomb thread-bomb kill-all daemon forge-everywhere output-flood memory-bomb"
dear_ones="descriptor-flood endless-include exec-bomb macro-bomb many-files memory-by-many signal-storm sleeper zombie-flood"
cd "$scratch" || exit 3
mkdir class boxes results
export TMPDIR=$scratch/boxes
chmod 755 "$scratch" && chmod 1777 boxes

cat >rules.ini <<'INI'
[limits]
seconds = 10
cpu_seconds = 1
memory_mb = 400
processes = 64
output_mb = 2
INI
cat >places.h <<H
#define KIT "$tree"
#define CLASS "$scratch/class"
#define RESULTS "$scratch/results"
H

# said NAME FIELD: what a submission's first comment says.
said()
{
    [ ! -e "$hostile/$1.c" ] && [ ! -e "$hostile/$1.sh" ] || sed -n "1,/\*\/\|^$/s/^[ #]\**  *$2: *//p" "$hostile/$1".* | head -n 1
}

hand_in()
{
    local name=$1 folder=class/$1/01-pipes/1-oneway
    if [ -e "$hostile/$name.sh" ]; then
        (mkdir -p making && cd making && bash "$hostile/$name.sh" "$scratch/class/$name" "$right") || not_ok "$name can be made" "Its script failed."
        rm -rf making
        return
    fi
    mkdir -p "$folder"
    cp "$hostile/$name.c" "$folder/oneway.c"
    cp "$hostile/hostile.h" places.h "$folder"
    cp "$right" "$folder/solution.h"
}

# What of the machine a submission could have changed.
machine_state()
{
    world
    find "$tree" "$scratch" /tmp /home /root /etc /usr /run -maxdepth 2 -name '*hostile-was-here*' 2>/dev/null | sed 's/^/file: /'
    find /tmp -maxdepth 1 -user 63999 -name 'cc??????.*' 2>/dev/null | sed 's/^/of a compiler: /'
    sha256sum "$tree/ipclab" "$right" /etc/passwd | sed 's/^/sum: /'
    find class -type f -exec sha256sum {} + | sort | sha256sum
}

# verdict_is NAME MODE EXPECT FILE: are its verdicts those? Prints complaints.
verdict_is()
{
    local wanted=${3%% *} others other=passed
    others=" ${3#* but } "
    [ "$others" != " $3 " ] || others=" "
    [ "$wanted" != passed ] || other=failed
    if [ "$wanted" = refused ]; then
        jq -r 'select(.status != "refused") | "its status is \(.status)"' "$4"
        return
    fi
    jq -r --arg wanted "$wanted" --arg other "$other" --arg others "$others" '
        (select(.status != "graded") | "its status is \(.status)"),
        (.labs[].exercises[].checks | (select(length == 0) | "it has no checks"),
            (.[] | (.id | split(".")[2]) as $check
            | (if $others | contains(" " + $check + " ") then $other else $wanted end) as $right
            | select(.status != $right or ($right != "passed" and .score != 0))
            | "\(.id) is \(.status), not \($right): \(.message)"))' "$4"
}

judge_one()
{
    local name=$1 mode=$2 expect=$3 file=results/$1.json pattern
    {
        if [ ! -s "$file" ]; then
            echo "it has no results"
        else
            verdict_is "$name" "$mode" "$expect" "$file"
            pattern=$(said "$name" finding)
            [ -z "$pattern" ] || jq -e --arg kind "$pattern" '[.labs[].exercises[].checks[].findings[].kind] | index($kind) != null' "$file" >/dev/null ||
                echo "no finding is $pattern: $(jq -c '[.labs[].exercises[].checks[].findings[].kind] | unique' "$file")"
            pattern=$(said "$name" says)
            [ -z "$pattern" ] || grep -qE -- "$pattern" "$file" || echo "it does not say $pattern"
            pattern=$(said "$name" silent)
            [ -z "$pattern" ] || ! grep -qE -- "$pattern" "$file" || echo "it says $pattern"
        fi
    } >complaints.txt
    judge "$mode: $name: $expect" "Something hostile was not contained, or not judged for what it is." complaints.txt
}

# Names of the submissions of a mode.
chosen()
{
    local file name
    for file in "$hostile"/*.c "$hostile"/*.sh; do
        [ -e "$file" ] || continue
        name=$(basename "${file%.*}")
        if [ -n "${IPCLAB_HOSTILE:-}" ]; then
            [[ " $IPCLAB_HOSTILE " == *" $name "* ]] || continue
        elif [ -z "${IPCLAB_THOROUGH:-}" ]; then
            [[ " $dear_ones " != *" $name "* ]] || continue
            [ "$1" = confined ] || [[ " $weak_ones " == *" $name "* ]] || continue
        fi
        [ "$1" = confined ] || [[ "$(said "$name" weak)" != none* ]] || continue
        echo "$name"
    done
}

grade_class()
{
    local mode=$1 name expect started=$SECONDS
    rm -rf class results
    mkdir class results
    mkdir -p class/a-right-one/01-pipes/1-oneway class/z-right-one/01-pipes/1-oneway
    cp "$right" class/a-right-one/01-pipes/1-oneway/
    cp "$right" class/z-right-one/01-pipes/1-oneway/
    chosen "$mode" >names.txt
    while read -r name; do hand_in "$name"; done <names.txt
    machine_state >before.txt
    timeout 1800 "$tree/ipclab" grade -j 2 --labs $labs --config rules.ini --out results class/* >said.txt 2>&1 </dev/null
    local status=$?
    if [ $status != 0 ]; then not_ok "$mode: the class is graded: status 0" "It ended with $status and said:" said.txt; else ok "$mode: the class is graded, $(wc -l <names.txt) hostile"; fi
    while read -r name; do
        expect=$(said "$name" expect)
        [ "$mode" = confined ] || [ -z "$(said "$name" weak)" ] || expect=$(said "$name" weak)
        judge_one "$name" "$mode" "$expect"
    done <names.txt
    for name in a-right-one z-right-one; do judge_one $name "$mode" passed; done
    settles before.txt left.txt machine_state
    judge "$mode: no process, object, socket or file is left" "Now there is more (>) or less (<):" left.txt
    LC_ALL=C grep -nE $'\e|\x9b|\r' said.txt results/*.csv >complaints.txt
    judge "$mode: nothing it printed reaches the terminal raw" "Escape it." complaints.txt
    echo "# $mode: $((SECONDS - started)) s; the dearest: $(jq -r '"\([.labs[]?.exercises[].checks[].seconds // 0] | add // 0 | floor) s \(.submission)"' results/*-*.json results/?*.json 2>/dev/null |
        sort -urn | head -n "${IPCLAB_DETAILS:-5}" | tr '\n' ',')"
}

if [ "$(IPCLAB_BOX='' "$tree/ipclab" doctor | grep -c '^mode: strong')" = 1 ]; then
    grade_class confined
else
    echo "# no confined mode here: only the weaker one is tried"
fi
export IPCLAB_BOX=weak
grade_class weak

close_gate
