#!/usr/bin/env bash
# Every skeleton compiles without a warning, ends by itself, and scores zero in every check.
. "$(dirname "$0")/lib.sh"
need_tool jq

flags="-std=c17 -D_XOPEN_SOURCE=700 -Icommon -O1 -Wall -Wextra -Wpedantic -Wshadow -Werror"
checks_listed >"$scratch/listed"
mapfile -t ids < <(exercises skeletons | cut -d' ' -f1)
[ ${#ids[@]} -gt 0 ] || close_gate

while read -r id folder; do
    for compiler in ${IPCLAB_COMPILERS:-gcc clang}; do
        : >"$scratch/log"
        for source in "skeletons/$folder"/*.c; do
            # shellcheck disable=SC2086
            $compiler $flags -I"skeletons/$folder" -c -o "$scratch/object.o" "$source" >>"$scratch/log" 2>&1 ||
                echo "$source does not compile" >>"$scratch/log"
        done
        judge "$id: the skeleton compiles without a warning, $compiler" \
            "A learner starts from here: leave no warning that is not theirs." "$scratch/log"
    done
done < <(exercises skeletons)

status=$(run_check "$scratch/results.json" "$scratch/log" "${ids[@]}" --dir skeletons)
if [ "$status" -gt 1 ] || [ ! -s "$scratch/results.json" ]; then
    not_ok "ipclab check --dir skeletons does its work" "It ended with status $status; this is what it said last:" \
        <(tail -n 12 "$scratch/log")
    close_gate
fi

flat "$scratch/results.json" >"$scratch/flat"
while read -r id points _; do
    line=$(awk -v id="$id" '$1 == id' "$scratch/flat")
    case $line in
    "$id failed 0 $points") ok "$id scores 0 of $points" ;;
    '') not_ok "$id scores 0" "The check did not run at all." ;;
    *) not_ok "$id scores 0" "The results say: $line. A check that an empty answer passes proves nothing: make it ask for more." ;;
    esac
done <"$scratch/listed"

jq -r '.labs[].exercises[].checks[] | .id as $id | .findings[]? |
    select(.kind == "hang" or .kind == "resource-limit" or .kind == "output-flood") | "\($id): \(.kind): \(.text)"' \
    "$scratch/results.json" >"$scratch/endless"
judge "every skeleton ends by itself in every check" "Take out what waits, or leave in what lets it end." "$scratch/endless"
close_gate
