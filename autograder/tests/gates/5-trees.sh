#!/usr/bin/env bash
# The trees hold the same labs and exercises; no stray files; the points tables are current.
. "$(dirname "$0")/lib.sh"
need_tool jq
IPCLAB_ONLY=''

# Every exercise that any tree knows, as 01-pipes/3-pipeline.
{
    find labs autograder/suites -mindepth 2 -maxdepth 2 -name '[0-9]*-*.*' 2>/dev/null |
        sed -n 's,^labs/\(.*\)\.md$,\1,p; s,^autograder/suites/\(.*\)\.c$,\1,p'
    find skeletons solutions autograder/mistakes autograder/alternatives autograder/drivers \
        -mindepth 2 -maxdepth 2 -type d 2>/dev/null |
        sed 's,^autograder/,,; s,^[^/]*/,,'
} | sort -u >"$scratch/exercises"

while read -r exercise; do
    : >"$scratch/complaints"
    for place in "labs/$exercise.md" "autograder/suites/$exercise.c"; do
        [ -f "$place" ] || echo "$place is missing" >>"$scratch/complaints"
    done
    for place in "skeletons/$exercise" "solutions/$exercise" "autograder/mistakes/$exercise"; do
        [ -d "$place" ] || echo "$place/ is missing" >>"$scratch/complaints"
    done
    diff <(cd "skeletons/$exercise" 2>/dev/null && find . -type f | sort) \
        <(cd "solutions/$exercise" 2>/dev/null && find . -type f | sort) |
        sed -n "s,^< \./\(.*\),skeletons/$exercise/\1 has no solution,p; s,^> \./\(.*\),solutions/$exercise/\1 has no skeleton,p" \
            >>"$scratch/complaints"
    judge "$exercise: the same files under labs, skeletons, solutions, suites and mistakes" \
        "Add what is missing; CONTRIBUTING.md lists the files of an exercise." "$scratch/complaints"
done <"$scratch/exercises"

for lab in solutions/[0-9]*/; do
    lab=$(basename "$lab")
    : >"$scratch/complaints"
    [ -f "labs/$lab/README.md" ] || echo "labs/$lab/README.md, the chapter, is missing" >>"$scratch/complaints"
    if [ -f "labs/$lab/README.md" ]; then bash "$gates/points" --check "$lab" >>"$scratch/complaints" 2>&1; fi
    judge "$lab: the chapter is there and its points table is current" "Run: make tables" "$scratch/complaints"
done

# A prediction is a text and the experiment that decides; its number stands for it everywhere.
diff <(find labs -path '*/predictions/*.md' 2>/dev/null | sed 's,^labs/,,; s,/predictions/,/,; s,\.md$,,' | sort) \
    <(find autograder/experiments -mindepth 2 -name '*.c' 2>/dev/null | sed 's,^autograder/experiments/,,; s,\.c$,,' | sort) |
    sed -n 's/^< \(.*\)/\1 has no experiment/p; s/^> \(.*\)/\1 has no text with questions/p' >"$scratch/complaints"
find labs -path '*/predictions/*.md' 2>/dev/null | sed 's,.*/\(P[0-9]*\)-.*,\1,' | sort | uniq -d | sed 's/$/ is there twice/' >>"$scratch/complaints"
judge "every prediction has a text, an experiment and a number of its own" "CONTRIBUTING.md tells what a prediction is made of." "$scratch/complaints"

# What may lie in the trees that follow the path rule; everything else is stray.
number='[0-9]+-[a-z0-9-]+'
source='[A-Za-z0-9_-]+\.[ch]'
allowed="^(labs/README\.md|labs/$number/(README|$number)\.md"
allowed+="|labs/$number/predictions/P$number\.md|autograder/experiments/($source|$number/P$number\.c)"
allowed+="|(skeletons|solutions)/$number/$number/$source"
allowed+="|autograder/drivers/$number/$number/$source"
allowed+="|autograder/alternatives/$number/$number/[a-z0-9-]+/$source"
allowed+="|autograder/mistakes/$number/$number/[a-z0-9-]+\.patch"
allowed+="|autograder/suites/($source|$number/($number|lab)\.c)"
allowed+="|autograder/explain/[a-z0-9-]+\.md|autograder/probes/$source|common/($source|README\.md))\$"
find labs skeletons solutions common autograder/drivers autograder/alternatives autograder/mistakes \
    autograder/suites autograder/explain autograder/probes autograder/experiments -type f 2>/dev/null | grep -Ev "$allowed" >"$scratch/stray"
judge "no stray file in the trees that follow the path rule" "Move it where it belongs, or remove it." "$scratch/stray"

find . \( -path ./.git -o -path ./build -o -path ./work \) -prune -o \
    \( -name '*.o' -o -name '*~' -o -name '*.orig' -o -name '*.rej' -o -name '*.swp' -o -name 'core' -o -name 'a.out' \
    -o -name '*.gch' -o -name 'vgcore.*' \) -type f -print >"$scratch/stray"
find . \( -path ./.git -o -path ./build -o -path ./work \) -prune -o -type f -perm /111 -print |
    while IFS= read -r file; do
        [ "$file" = ./ipclab ] || [ "$(head -c 2 "$file")" = '#!' ] || echo "$file is executable but no script"
    done >>"$scratch/stray"
judge "no left-over of an editor, a compiler or a patch" "Remove it." "$scratch/stray"
close_gate
