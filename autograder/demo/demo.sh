#!/usr/bin/env bash
# demo.sh - what ipclab does, on real programs: `make demo`. Status 0 when it went as told here.
set -u
cd "$(dirname "$0")/../.."
here=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

# Says what comes, then shows the command as one would type it.
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
show() { printf '  $ %s\n\n' "$1"; }

failed() { echo "make demo: $1" >&2; exit 1; }

say "1. A right answer. Exercise 1.3, a shell's pipeline, graded from the reference solution:"
show "ipclab check 1.3 --dir solutions"
./ipclab check 1.3 --dir solutions </dev/null || failed "the reference solution did not get full points"

say "2. A wrong one. The same program, but the parent forgets to close one end of each pipe.
   It prints the right bytes, and then it hangs for ever. Graded:"
mkdir -p "$scratch/work/01-pipes/3-pipeline"
cp autograder/demo/hung_pipeline.c "$scratch/work/01-pipes/3-pipeline/pipeline.c"
show "ipclab check 1.3 --dir work"
(cd "$scratch" && "$here/ipclab" check 1.3 --dir work </dev/null)
[ $? = 1 ] || failed "the wrong program was not failed"

say "3. Any program can be asked, not only the labs'. The same mistake, outside of any lab:"
show "ipclab cc hung_pipeline.c -o pipeline
  \$ seq 3 | ipclab trace -- ./pipeline sort -r -- cat"
"$here/ipclab" cc "$here/autograder/demo/hung_pipeline.c" -o "$scratch/pipeline" ||
    failed "the program did not compile"
seq 3 | (cd "$scratch" && timeout 30 "$here/ipclab" trace --json "$scratch/story.json" -- ./pipeline sort -r -- cat 2>&1)
grep -q '"hang"' "$scratch/story.json" || failed "the hang was not found"

say "No timeout was waited for: ipclab saw that nobody could ever move again, and why."
echo "Your turn: ./ipclab start 1, read labs/01-pipes/README.md, then ./ipclab check 1.1"
