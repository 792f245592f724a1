#!/usr/bin/env bash
# A skeleton is its solution with lines taken out, apart from lines with // TODO.
. "$(dirname "$0")/lib.sh"

# Prints the first line of the skeleton that the solution does not have, in the same order.
stray_line()
{
    awk '
        NR == FNR { solution[++n] = $0; next }
        /\/\/ TODO/ { todo = 1; next }
        todo && /^[ \t]*\/\// { next }   # a TODO may go on over several lines
        {
            todo = 0
            while (at < n && solution[at + 1] != $0) at++
            if (at++ >= n) { printf "%s:%d: %s\n", FILENAME, FNR, $0; exit }
        }' "$1" "$2"
}

while read -r id folder; do
    : >"$scratch/complaints"
    todos=0
    while IFS= read -r file; do
        solution=solutions/${file#skeletons/}
        if [ -f "$solution" ]; then
            stray_line "$solution" "$file" >>"$scratch/complaints"
        else
            echo "$file: there is no $solution" >>"$scratch/complaints"
        fi
        todos=$((todos + $(grep -c '// TODO' "$file")))
        if grep -Hn '// TODO' "$solution" 2>/dev/null; then echo "(the solution still has a TODO)"; fi >>"$scratch/complaints"
    done < <(find "skeletons/$folder" -type f)
    [ $todos -gt 0 ] || echo "skeletons/$folder has no // TODO: where does a learner begin?" >>"$scratch/complaints"
    if diff -rq "skeletons/$folder" "solutions/$folder" >/dev/null 2>&1; then
        echo "skeletons/$folder is the whole solution" >>"$scratch/complaints"
    fi
    judge "$id: the skeleton is its solution with lines taken out" \
        "Take lines out of the solution; write nothing new but // TODO lines. The first line that is new:" "$scratch/complaints"
done < <(exercises skeletons)
close_gate
