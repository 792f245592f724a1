#!/usr/bin/env bash
# Every solution and every alternative scores full points, with each compiler, sanitized, and again and again under load.
#
# IPCLAB_REPEAT=1: how often, under load (`make soak`: 20); 0: once, without.  IPCLAB_COMPILERS="gcc
# clang": the first is the one that is used under load.
# Alternatives are built with the last of the compilers (`make soak`: IPCLAB_THOROUGH=1, with each).
. "$(dirname "$0")/lib.sh"
need_tool jq

compilers=${IPCLAB_COMPILERS:-gcc clang}
sanitized="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

# complaints RESULTS ID...: what in the results of these exercises is not full points. may_skip: also
# what was skipped will do (an alternative may call what valgrind does not know).
may_skip=
complaints()
{
    local results=$1 ids=" ${*:2} " id points _
    [ -s "$results" ] || { echo "ipclab check wrote no results"; return; }
    flat "$results" >"$results.flat"
    while read -r id points _; do
        [[ $ids == *" ${id%.*} "* ]] || continue
        awk -v id="$id" -v points="$points" -v may_skip="$may_skip" '
            $1 == id && $2 == "skipped" && may_skip { seen = 1; next }
            $1 == id { seen = 1; if ($2 != "passed" || $3 != points) print id ": " $2 ", " $3 " of " points " points" }
            END { if (!seen) print id ": did not run" }' "$results.flat"
    done <"$listed"
    jq -r '.labs[].exercises[].checks[] | select(.status != "passed" and .status != "skipped") | "\(.id): \(.message)  [\(.reproduce)]"' "$results"
}

# full_points WHAT DIR ID...: one ok or not ok.
full_points()
{
    local what=$1 dir=$2 status
    shift 2
    status=$(run_check "$scratch/results.json" "$scratch/log" "$@" --dir "$dir" --jobs $((4 * jobs)))
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

listed=$scratch/listed
checks_listed >"$listed"
mapfile -t ids < <(exercises solutions | cut -d' ' -f1)
[ ${#ids[@]} -gt 0 ] || close_gate

repeat=${IPCLAB_REPEAT:-1}
for compiler in $compilers; do
    if [ "$compiler" = "${compilers%% *}" ] && [ "$repeat" -gt 0 ]; then continue; fi
    export CC=$compiler IPCLAB_CC=$compiler
    full_points "solutions, $compiler" solutions "${ids[@]}"
done
export CC=gcc IPCLAB_CC=gcc
IPCLAB_CFLAGS=$sanitized full_points "solutions, gcc, address and undefined-behaviour sanitizers" solutions "${ids[@]}"

# One alternative under one compiler; leaves its complaints.
try_alternative()
{
    local id=$1 folder=$2 variant=$3 compiler=$4 out status
    out=$scratch/$id-$variant-$compiler
    mkdir -p "$out/answers/$folder"
    cp -R "autograder/alternatives/$folder/$variant/." "$out/answers/$folder/"
    export CC=$compiler IPCLAB_CC=$compiler
    status=$(run_check "$out/results.json" "$out/log" "$id" --dir "$out/answers")
    may_skip=yes
    complaints "$out/results.json" "$id" >"$out/complaints"
    [ "$status" = 0 ] || { echo "ipclab check ended with status $status:"; tail -n 5 "$out/log"; } >>"$out/complaints"
}

pool=0
others=${compilers##* }
[ -z "${IPCLAB_THOROUGH:-}" ] || others=$compilers
while read -r id folder variant; do
    for compiler in $others; do
        echo "$id $variant $compiler" >>"$scratch/alternatives"
        try_alternative "$id" "$folder" "$variant" "$compiler" &
        pool=$((pool + 1))
        if [ $pool -ge $((4 * jobs)) ]; then wait -n; pool=$((pool - 1)); fi
    done
done < <(alternatives)
wait
touch "$scratch/alternatives"
while read -r id variant compiler; do
    judge "$id done another way: $variant, $compiler: full points" \
        "Put the answer right, or the check: the two contradict each other." "$scratch/$id-$variant-$compiler/complaints"
done <"$scratch/alternatives"

export CC=${compilers%% *} IPCLAB_CC=${compilers%% *}
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
    judge "solutions, ${compilers%% *}, $repeat times over with every core busy: full points" \
        "A verdict that depends on luck is worth nothing: find what the check waits for." "$scratch/all-complaints"
fi
close_gate
