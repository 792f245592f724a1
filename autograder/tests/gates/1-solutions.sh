#!/usr/bin/env bash
# Every solution and every alternative scores full points, with each compiler, sanitized, and again and again under load.
#
# IPCLAB_REPEAT=20: how often, under load.  IPCLAB_COMPILERS="gcc clang".
. "$(dirname "$0")/lib.sh"
need_tool jq

compilers=${IPCLAB_COMPILERS:-gcc clang}
sanitized="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

# complaints RESULTS ID...: what in the results of these exercises is not full points.
complaints()
{
    local results=$1 ids=" ${*:2} " id points _
    [ -s "$results" ] || { echo "ipclab check wrote no results"; return; }
    flat "$results" >"$scratch/flat"
    while read -r id points _; do
        [[ $ids == *" ${id%.*} "* ]] || continue
        awk -v id="$id" -v points="$points" '
            $1 == id { seen = 1; if ($2 != "passed" || $3 != points) print id ": " $2 ", " $3 " of " points " points" }
            END { if (!seen) print id ": did not run" }' "$scratch/flat"
    done <"$scratch/listed"
    jq -r '.labs[].exercises[].checks[] | select(.status != "passed") | "\(.id): \(.message)  [\(.reproduce)]"' "$results"
}

# full_points WHAT DIR ID...: one ok or not ok.
full_points()
{
    local what=$1 dir=$2 status
    shift 2
    status=$(run_check "$scratch/results.json" "$scratch/log" "$@" --dir "$dir")
    complaints "$scratch/results.json" "$@" >"$scratch/complaints"
    [ "$status" = 0 ] || { echo "ipclab check ended with status $status:"; tail -n 5 "$scratch/log"; } >>"$scratch/complaints"
    judge "$what: full points" "Put the answer right, or the check: the two contradict each other." "$scratch/complaints"
}

alternatives()
{
    local folder variant
    for variant in autograder/alternatives/[0-9]*/[0-9]*/*/; do
        [ -d "$variant" ] || continue
        variant=${variant%/}
        folder=${variant#autograder/alternatives/}
        folder=${folder%/*}
        if wanted "$(id_of "$folder")"; then echo "$(id_of "$folder") $folder ${variant##*/}"; fi
    done
}

checks_listed >"$scratch/listed"
mapfile -t ids < <(exercises solutions | cut -d' ' -f1)
[ ${#ids[@]} -gt 0 ] || close_gate

for compiler in $compilers; do
    export CC=$compiler IPCLAB_CC=$compiler
    full_points "solutions, $compiler" solutions "${ids[@]}"
done
export CC=gcc IPCLAB_CC=gcc
IPCLAB_CFLAGS=$sanitized full_points "solutions, gcc, address and undefined-behaviour sanitizers" solutions "${ids[@]}"

while read -r id folder variant; do
    dir=$scratch/alternative-$variant
    mkdir -p "$dir/$folder"
    cp -R "autograder/alternatives/$folder/$variant/." "$dir/$folder/"
    for compiler in $compilers; do
        export CC=$compiler IPCLAB_CC=$compiler
        full_points "$id done another way: $variant, $compiler" "$dir" "$id"
    done
    rm -rf "$dir"
done < <(alternatives)

export CC=gcc IPCLAB_CC=gcc
repeat=${IPCLAB_REPEAT:-20}
if [ "$repeat" -gt 0 ]; then
    start_load
    : >"$scratch/all-complaints"
    for ((round = 1; round <= repeat; round++)); do
        status=$(run_check "$scratch/results.json" "$scratch/log" "${ids[@]}" --dir solutions)
        {
            complaints "$scratch/results.json" "${ids[@]}"
            [ "$status" = 0 ] || echo "status $status"
        } | sed "s/^/round $round: /" >>"$scratch/all-complaints"
    done
    stop_load
    judge "solutions, $repeat times over with every core busy: the same verdicts" \
        "A verdict that depends on luck is worth nothing: find what the check waits for." "$scratch/all-complaints"
fi
close_gate
