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

# --- as an ordinary user: in a copy of the tree that it can read, as a user that owns nothing ---
ordinary=64123
as_ordinary_user()
{
    local counts
    if getent passwd $ordinary >/dev/null; then
        echo "# as an ordinary user: skipped, as uid $ordinary is somebody's here"
        return
    fi
    chmod 755 "$scratch" && mkdir -m 1777 "$scratch/tmp" && mkdir "$scratch/tree" &&
        tar -C "$tree" -cf - --exclude=./.git --exclude=./work --exclude='*.o' . | tar -C "$scratch/tree" -xf - --no-same-owner &&
        chmod -R a+rX,go-w "$scratch/tree" || exit 3
    env -u GATES_TALLY IPCLAB_ORDINARY=1 IPCLAB_TREE="$scratch/tree" TMPDIR="$scratch/tmp" HOME="$scratch/tmp" \
        setpriv --reuid $ordinary --regid $ordinary --clear-groups bash "$scratch/tree/autograder/tests/end-to-end/hostile.sh" >"$scratch/ordinary.txt" 2>&1 </dev/null
    counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$scratch/ordinary.txt")
    sed '$d; s/^\(ok\|not ok\) hostile - /&ordinary user, /; s/^#/# ordinary user,/' "$scratch/ordinary.txt"
    [ -n "$counts" ] || counts="0 0" not_ok "an ordinary user can grade them" "The test ended too early, and said:" "$scratch/ordinary.txt"
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}
if [ -z "${IPCLAB_APART:-}${IPCLAB_ORDINARY:-}" ] && [ -n "${IPCLAB_THOROUGH:-}" ]; then
    if [ "$(id -u)" = 0 ]; then as_ordinary_user; else echo "# only as this ordinary user: root would try both"; fi
fi
passed=${IPCLAB_PASSED:-$passed}
failed=${IPCLAB_FAILED:-$failed}

# --- a world of our own ---
apart=(unshare --mount --pid --ipc --net --fork --mount-proc --kill-child)
[ "$(id -u)" = 0 ] || apart+=(--user --map-current-user --keep-caps)
if [ -z "${IPCLAB_APART:-}" ] && "${apart[@]}" true 2>/dev/null; then
    clean_up
    # shellcheck disable=SC2016
    IPCLAB_APART=1 IPCLAB_PASSED=$passed IPCLAB_FAILED=$failed exec "${apart[@]}" bash -c 'mount -t tmpfs -o mode=1777 tmpfs /dev/shm && mount -t tmpfs -o mode=1777 tmpfs /var/tmp &&
        exec setpriv --inh-caps=-all --ambient-caps=-all bash "$0"' "$tree/autograder/tests/end-to-end/hostile.sh"
fi

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
    local process
    for process in /proc/[0-9]*; do
        [ "${process#/proc/}" = $$ ] || [ ! -e "$process/exe" ] || tr '\0' ' ' 2>/dev/null <"$process/cmdline" | sed 's/^/process: /;s/$/\n/'
    done | grep -vE '^process: (bash|tr|sed|grep|sort|find|ls|awk) |^$'
    awk 'FNR > 1 { print FILENAME ": " $1 " " $2 }' /proc/sysvipc/msg /proc/sysvipc/sem /proc/sysvipc/shm
    find /dev/shm /dev/mqueue /var/tmp "$TMPDIR" -mindepth 1 2>/dev/null | sed 's/^/file: /'
    awk '$8 ~ /^@/ || $6 == "01" { print "socket: " $NF }' /proc/net/unix 2>/dev/null
    awk '$4 == "0A" { print "listens: " $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
    find "$tree" "$scratch" /tmp /home /root /etc /usr /run -maxdepth 2 -name '*hostile-was-here*' 2>/dev/null | sed 's/^/file: /'
    sha256sum "$tree/ipclab" "$right" /etc/passwd | sed 's/^/sum: /'
    find class -type f -exec sha256sum {} + | sort | sha256sum
}

# state_settles BEFORE: the machine is as it was, at once or very soon.
state_settles()
{
    local deadline=$((SECONDS + 10))
    until machine_state >after.txt && diff "$1" after.txt >left.txt; do
        [ $SECONDS -lt $deadline ] || return 1
        read -r -t 0.05 <> <(:) || :
    done
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
    state_settles before.txt
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
