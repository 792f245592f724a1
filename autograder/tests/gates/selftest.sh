#!/usr/bin/env bash
# selftest.sh - can each gate fail? Every gate gets scratch trees, each broken in one way, and must complain of just that.
#
# Closes with "N passed, N failed", as a gate does.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
gate=selftest
exercise=1.1
folder=01-pipes/1-oneway
program=oneway.c
export IPCLAB_REPEAT=0 IPCLAB_COMPILERS=gcc IPCLAB_ONLY=$exercise

# The tree as it is, with what was built, without a learner's work.
fresh_tree()
{
    chmod -R u+w "$scratch/tree" 2>/dev/null
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/build/gates"
    cp -a ipclab Makefile labs skeletons solutions common autograder .clang-format .clang-tidy "$scratch/tree/"
    cp -a build/probes "$scratch/tree/build/" 2>/dev/null
    cp -a build/gates/hints "$scratch/tree/build/gates/"
}

# Two small files are enough for the gate of style.
small_tree()
{
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/common"
    cp -a .clang-format .clang-tidy "$scratch/tree/"
    cp -a common/lab.c common/lab.h "$scratch/tree/common/"
}

# fails NUMBER WHAT EXPECTED [NAME=VALUE...]: the gate, run on the broken tree, must end with status 1
# and complain in words that match EXPECTED.
fails()
{
    local number=$1 what=$2 expected=$3 status
    shift 3
    env "$@" IPCLAB_DETAILS=40 IPCLAB_TREE="$scratch/tree" GATES_TALLY= bash "$here/$number"-*.sh >"$scratch/out" 2>&1
    status=$?
    if [ $status = 1 ] && grep -v '^ok' "$scratch/out" | grep -qE -- "$expected"; then
        ok "gate $number sees $what"
    else
        grep -v '^ok' "$scratch/out" | tail -n 12 >"$scratch/shown"
        not_ok "gate $number sees $what" "It ended with status $status, and should have complained: $expected" "$scratch/shown"
    fi
}

# passes NUMBER [NAME=VALUE...]: the tree as it is passes; else a failure below would prove nothing.
passes()
{
    local number=$1
    shift
    env "$@" IPCLAB_TREE="$scratch/tree" GATES_TALLY= bash "$here/$number"-*.sh >"$scratch/out" 2>&1
    grep -v '^ok' "$scratch/out" | grep -v ' passed, 0 failed$' >"$scratch/shown"
    judge "gate $number passes what is right" "Put the tree right first." "$scratch/shown"
}

mistake=$tree/autograder/mistakes/$folder/pipe-parent-keeps-write-end.patch # it hangs: every check fails
only_these_mistakes()
{
    find "$scratch/tree/autograder/mistakes" -name '*.patch' -delete
    cp "$@" "$scratch/tree/autograder/mistakes/$folder/"
}

# --- 1: solutions ---
fresh_tree
wrong_program "$mistake" "$folder" "$scratch/wrong"
cp "$scratch/wrong/solutions/$folder/$program" "$scratch/tree/solutions/$folder/"
fails 1 "a wrong solution" "$exercise\.[a-z_]+: failed"
fresh_tree
mkdir -p "$scratch/tree/autograder/alternatives/$folder/wrong"
cp "$scratch/wrong/solutions/$folder/$program" "$scratch/tree/autograder/alternatives/$folder/wrong/"
fails 1 "a wrong alternative" "done another way: wrong"
fresh_tree
sed -i 's/^int main(.*/&/; /^int main/,/^{/s/^{/{ char *over = malloc(3); over[argc + 2] = 1; free(over);/' "$scratch/tree/solutions/$folder/$program"
fails 1 "a solution that writes past its memory" "sanitizers"

# --- 2: skeletons ---
fresh_tree
cp "solutions/$folder/$program" "$scratch/tree/skeletons/$folder/"
fails 2 "a skeleton that is no skeleton" "A check that an empty answer passes"
fresh_tree
echo 'static int unused;' >>"$scratch/tree/skeletons/$folder/$program"
fails 2 "a skeleton with a warning" "unused"
fresh_tree
sed -i '/^int main/,/^{/s/^{/{ for (;;) pause();/; 1i #include <unistd.h>' "$scratch/tree/skeletons/$folder/$program"
fails 2 "a skeleton that never ends" "hang"

# --- 3: mistakes ---
fresh_tree
only_these_mistakes "$mistake"
fails 3 "a check that no mistake needs" "that every check before this one lets pass"
sed -i 's/^misconception: .*/misconception: no-such-thing/' "$scratch/tree/autograder/mistakes/$folder"/*.patch
fails 3 "a mistake that is taken for another" 'no finding ".* with misconception "no-such-thing"'
only_these_mistakes "$mistake"
sed -i 's/^finding: .*/finding: output-flood/' "$scratch/tree/autograder/mistakes/$folder"/*.patch
fails 3 "a finding of another kind" 'no finding "output-flood"'
only_these_mistakes "$mistake"
sed -i 's/^check: .*/check: no_such_check/' "$scratch/tree/autograder/mistakes/$folder"/*.patch
fails 3 "a check that should have failed" 'no_such_check did not fail'
only_these_mistakes "$mistake"
sed -i '1a This line was in no solution.' "$scratch/tree/solutions/$folder/$program"
sed -i "0,/^ /s/^ .*/ no line of the solution/" "$scratch/tree/autograder/mistakes/$folder"/*.patch
fails 3 "a patch that does not apply" "does not apply"
fresh_tree
sed '2a \ * (harmless)' "solutions/$folder/$program" >"$scratch/harmless.c"
{
    printf '%s\n' 'misconception: none' 'finding: hang' 'check: none'
    diff -u --label "a/solutions/$folder/$program" --label "b/solutions/$folder/$program" "solutions/$folder/$program" "$scratch/harmless.c"
} >"$scratch/harmless.patch"
only_these_mistakes "$scratch/harmless.patch"
fails 3 "a mistake that is none" "It passes every check"

# --- 4: a skeleton is its solution with lines taken out ---
fresh_tree
passes 4
echo '/* something new */' >>"$scratch/tree/skeletons/$folder/$program"
fails 4 "a line that the solution does not have" "something new"
fresh_tree
sed -i '/TODO/d' "$scratch/tree/skeletons/$folder/$program"
fails 4 "a skeleton without a TODO" "has no // TODO"

# --- 5: trees ---
fresh_tree
passes 5
touch "$scratch/tree/labs/01-pipes/notes.txt"
fails 5 "a stray file" "notes.txt"
rm "$scratch/tree/autograder/experiments/01-pipes/P19-room.c"
fails 5 "a prediction without an experiment" "01-pipes/P19-room has no experiment"
fresh_tree
rm -r "$scratch/tree/skeletons/$folder"
fails 5 "an exercise without a skeleton" "skeletons/$folder/ is missing"
fresh_tree
rm "$scratch/tree/labs/$folder.md"
fails 5 "an exercise without a task" "labs/$folder.md is missing"
fresh_tree
sed -i 's/^| | \*\*together\*\*.*/| | **together** | **1** |/' "$scratch/tree/labs/01-pipes/README.md"
fails 5 "a points table that is out of date" "out of date"
fresh_tree
touch "$scratch/tree/solutions/$folder/$program.orig"
fails 5 "what a patch left" "$program.orig"

# --- 6: words ---
fresh_tree
line=$(grep -oE '(read|write|waitpid|close)\([^()]+\)' "solutions/$folder/$program" | awk 'length($0) > 8' | head -n 1)
{ build/gates/hints; printf '%s.x\t1\tPut %s in there.\n' "$exercise" "$line"; } >"$scratch/hints"
fails 6 "a hint that gives the answer" "holds \"" IPCLAB_HINTS="$scratch/hints"
printf '%s.x\t0\t\n' "$exercise" >"$scratch/hints"
fails 6 "a check without a hint" "has no hint" IPCLAB_HINTS="$scratch/hints"
rm -f "$scratch/tree/autograder/explain/hang.md"
fails 6 "a finding without a page" "ipclab explain hang: status"

# --- 7: style ---
small_tree
passes 7
break_lab() { small_tree; printf '\n%s\n' "$1" >>"$scratch/tree/common/lab.c"; }
break_lab 'int   badly_laid_out ( void );'
fails 7 "bad layout" "common/lab.c" IPCLAB_STYLE=format
break_lab 'static int never_used;'
fails 7 "a warning" "never_used" IPCLAB_STYLE=warnings
break_lab 'int no_share(int whole); int no_share(int whole) { int people = 0; return whole / people; }'
fails 7 "what clang-tidy sees" "core.DivideZero" IPCLAB_STYLE=tidy
break_lab 'int uninitialized(int yes); int uninitialized(int yes) { int x; if (yes) x = 1; return x; }'
fails 7 "what cppcheck sees" "uninit" IPCLAB_STYLE=cppcheck
break_lab "int blanks_at_the_end; "
fails 7 "blanks at the end of a line" "lab.c" IPCLAB_STYLE=habits
small_tree
mkdir -p "$scratch/tree/autograder/run"
printf '/*\n * nap.c - waits badly.\n */\nunsigned nap(void)\n{\n    return sleep(1);\n}\n' >"$scratch/tree/autograder/run/nap.c"
fails 7 "a sleep in the kit" "nap.c" IPCLAB_STYLE=habits
small_tree
sed -i 's,^#define _GNU_SOURCE .*,#define _GNU_SOURCE,' "$scratch/tree/common/lab.c"
fails 7 "_GNU_SOURCE without a reason" "lab.c" IPCLAB_STYLE=habits

if [ -z "${GATES_TALLY:-}" ]; then echo "$passed passed, $failed failed"; fi
[ "$failed" = 0 ]
