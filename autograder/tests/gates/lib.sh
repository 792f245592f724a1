# lib.sh - what the gates share. Sourced by each of them, never run.
#
# A gate looks at one tree: this checkout, or IPCLAB_TREE (a scratch copy with a built ./ipclab in it;
# selftest.sh breaks such copies). IPCLAB_ONLY="1.3 1.5" looks at these exercises alone.
#
# It says "ok" or "not ok" once for each thing that it looked at; what failed says what to do. A gate
# that stands alone closes with "N passed, N failed"; one that the runner started adds its counts to
# $GATES_TALLY instead, and the runner closes. Status: 0 all passed, 1 something failed.
# shellcheck shell=bash

set -u
export LC_ALL=C
# What we were started with, such as the pipe of a parallel make, is not for the programs that we start.
for inherited in /proc/self/fd/*; do
    inherited=${inherited##*/}
    if [ "$inherited" -gt 2 ] && [ "$inherited" -lt 255 ]; then eval "exec $inherited>&-"; fi
done
[ -z "${MAKEFLAGS:-}" ] || MAKEFLAGS=$(sed -E 's/ *--jobserver-[a-z]+=[^ ]*//g; s/ *-j[0-9]*( |$)/\1/g' <<<"$MAKEFLAGS")
gates=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=${IPCLAB_TREE:-$(cd "$gates/../../.." && pwd)}
gate=$(basename "$0" .sh)
gate=${gate%%-*}
cd "$tree" || exit 3
scratch=$(mktemp -d)
jobs=$(nproc)
passed=0
failed=0
helpers=() # process ids of what runs in the background

clean_up()
{
    for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null; done
    chmod -R u+rwX "$scratch" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ok WHAT
ok()
{
    passed=$((passed + 1))
    echo "ok $gate - $1"
}

# not_ok WHAT WHAT-TO-DO [FILE-WITH-DETAILS]
not_ok()
{
    failed=$((failed + 1))
    echo "not ok $gate - $1"
    printf '      %s\n' "$2"
    if [ -n "${3:-}" ] && [ -s "$3" ]; then head -n "${IPCLAB_DETAILS:-12}" "$3" | sed 's/^/      | /'; fi
    return 0
}

# judge WHAT WHAT-TO-DO FILE: ok when FILE, a list of complaints, is empty.
judge()
{
    if [ -s "$3" ]; then not_ok "$@"; else ok "$1"; fi
}

# ends STATUS WORDS COMMAND...: the command (./ipclab is $ipclab) ends so, and says WORDS (a pattern) on
# either stream.
ends()
{
    local wanted_status=$1 words=$2 status
    shift 2
    timeout 120 "$@" </dev/null >"$scratch/said" 2>&1
    status=$?
    if [ $status = "$wanted_status" ] && { [ -z "$words" ] || grep -qE -- "$words" "$scratch/said"; }; then
        ok "${*/#$ipclab/ipclab}: status $status"
    else
        not_ok "${*/#$ipclab/ipclab}: status $wanted_status, says \"$words\"" "It ended with status $status and said:" "$scratch/said"
    fi
}

# The last line of every gate.
close_gate()
{
    if [ $((passed + failed)) = 0 ]; then not_ok "gate $gate looked at something" "It found nothing to look at in $tree."; fi
    if [ -n "${GATES_TALLY:-}" ]; then
        echo "$gate $passed $failed" >>"$GATES_TALLY"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" = 0 ]
    exit
}

need_tool()
{
    command -v "$1" >/dev/null || { echo "gate $gate needs $1: make deps-test" >&2; exit 3; }
}

# id_of 01-pipes/3-pipeline: 1.3
id_of()
{
    local lab=${1%%/*} exercise=${1#*/}
    echo "$((10#${lab%%-*})).$((10#${exercise%%-*}))"
}

wanted()
{
    [ -z "${IPCLAB_ONLY:-}" ] || [[ " $IPCLAB_ONLY " == *" $1 "* ]]
}

# Folders of exercises under a tree (solutions, skeletons, ...), as "1.3 01-pipes/3-pipeline".
exercises()
{
    local folder id
    for folder in "$1"/[0-9]*/[0-9]*/; do
        [ -d "$folder" ] || continue
        folder=${folder#"$1"/}
        folder=${folder%/}
        id=$(id_of "$folder")
        if wanted "$id"; then echo "$id $folder"; fi
    done
}

# What `ipclab list --json` says, as lines "1.3.name POINTS 01-pipes/3-pipeline", in the suites' order.
checks_listed()
{
    ./ipclab list --json | jq -r '.labs[] | .name as $lab | .exercises[] | . as $e | .checks[] |
        "\(.id) \(.max_score // .points) \($lab)/\($e.id | split(".")[1])-\($e.name)"' |
        while read -r id points folder; do
            if wanted "${id%.*}"; then echo "$id $points $folder"; fi
        done
}

# flat RESULTS.json: its checks as lines "id status score max_score", in order.
flat()
{
    jq -r '.labs[].exercises[].checks[] | "\(.id) \(.status) \(.score) \(.max_score)"' "$1"
}

# run_check RESULTS LOG ID... -- ARG...: `ipclab check`, which may fail for the learner's sake (0, 1)
# but never for the kit's. Prints its status.
run_check()
{
    local results=$1 log=$2
    shift 2
    rm -f "$results"
    NO_COLOR=1 timeout "${IPCLAB_GATE_LIMIT:-300}" ./ipclab check "$@" --json "$results" </dev/null >"$log" 2>&1
    echo $?
}

# wrong_program PATCH 01-pipes/3-pipeline DIR: the solution with that patch, in DIR/solutions/.
# By patch(1), or by git where only that is there.
wrong_program()
{
    local file
    file=$(realpath "$1")
    mkdir -p "$3/solutions/$2"
    cp -R "solutions/$2/." "$3/solutions/$2/"
    if command -v patch >/dev/null; then
        (cd "$3" && patch -s -p1 --no-backup-if-mismatch --fuzz=0 <"$file")
    else
        (cd "$3" && GIT_CEILING_DIRECTORIES=$(dirname "$(realpath .)") git apply -p1 "$file")
    fi
}

# Keeps every core busy until the gate ends or stop_load is called.
start_load()
{
    local i
    for ((i = 0; i < jobs; i++)); do
        (while :; do :; done) &
        helpers+=($!)
    done
}

stop_load()
{
    local pid
    for pid in "${helpers[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    helpers=()
}
