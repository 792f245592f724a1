#!/usr/bin/env bash
# Every hint, explain page and message prints; no hint holds the answer's code; no mistake lacks a page.
#
# IPCLAB_HINTS=FILE reads the hints from there instead of from build/gates/hints (for selftest.sh).
. "$(dirname "$0")/lib.sh"
need_tool jq

squeeze() { tr -s '[:space:]' ' '; }

[ -n "${IPCLAB_HINTS:-}" ] || [ -x build/gates/hints ] || { echo "gate 6 needs build/gates/hints: make gates GATE=6" >&2; exit 3; }
if [ -n "${IPCLAB_HINTS:-}" ]; then cp "$IPCLAB_HINTS" "$scratch/hints"; else build/gates/hints >"$scratch/hints"; fi
checks_listed >"$scratch/listed"

# --- hints ---

# expressions FILE...: what in the answer's code a hint must not hold, blanks taken out: whole lines,
# conditions and calls with arguments. Less than eight characters gives nothing away.
expressions()
{
    awk '
        function offer(code) {
            gsub(/[ \t]/, "", code)
            sub(/[;{]+$/, "", code)
            if (length(code) >= 8 && code ~ /[(=<>\[]/ && code !~ /^#/) print code
        }
        {
            gsub(/\/\*[^*]*\*\//, ""); sub(/\/\/.*/, "")
            if (/^[ \t]*\*/ || /^[ \t]*\/\*/) next
            offer($0)
            rest = $0
            while (match(rest, /[A-Za-z_][A-Za-z_0-9]*\([^()]+\)/)) {
                offer(substr(rest, RSTART, RLENGTH))
                rest = substr(rest, RSTART + RLENGTH)
            }
        }' "$@" | grep -vE '^(main|intmain|staticint|staticvoid)?\((void|int)?\)?$' | sort -u
}

while read -r id folder; do
    expressions "solutions/$folder"/*.c >"$scratch/code"
    tr -d ' \t\n`' <"labs/$folder.md" >"$scratch/task" 2>/dev/null
    : >"$scratch/complaints"
    while IFS=$'\t' read -r check number hint; do
        [ "${check%.*}" = "$id" ] || continue
        bare=$(printf %s "$hint" | tr -d ' \t`')
        while IFS= read -r code; do
            # What the task text says itself is no secret.
            [[ $bare != *"$code"* ]] || grep -qF -- "$code" "$scratch/task" ||
                echo "$check, hint $number holds \"$code\": $hint"
        done <"$scratch/code" >>"$scratch/complaints"
    done <"$scratch/hints"
    judge "$id: no hint holds code of the answer" "Ask a question instead." "$scratch/complaints"
done < <(exercises solutions)

awk -F '\t' '$2 == 0 { print $1 " has no hint" }
    $2 > 0 && ($3 ~ /TODO|^[ ]*$/ || length($3) < 15) { print $1 ", hint " $2 ": \"" $3 "\"" }' "$scratch/hints" >"$scratch/complaints"
while read -r id _; do
    [ -n "${IPCLAB_HINTS:-}" ] || grep -q "^$id	" "$scratch/hints" || echo "$id is not in build/gates/hints: make it again"
done <"$scratch/listed" >>"$scratch/complaints"
judge "every check has hints, and none is empty" "Add HINT(\"...\") to the check." "$scratch/complaints"

# --- what a learner sees when everything fails ---

cp -R skeletons "$scratch/work"
status=$(run_check "$scratch/results.json" "$scratch/seen" $(exercises skeletons | cut -d' ' -f1) --dir "$scratch/work")
: >"$scratch/complaints"
[ "$status" = 1 ] || echo "ipclab check ended with status $status" >>"$scratch/complaints"
while read -r id _; do
    grep -q "FAIL.*${id##*.}" "$scratch/seen" || echo "$id: no line FAIL"
done <"$scratch/listed" >>"$scratch/complaints"
jq -r '.labs[].exercises[].checks[] | select(.status == "failed")
    | "\(.message // "") \([.findings[]?.text // ""] | join(" "))" as $said
    | if ($said | test("^\\s*$")) then "\(.id): fails without a word"
      elif ($said | test("\\(null\\)|\\(nil\\)|TODO")) then "\(.id): says \($said)"
      elif (.hint // "") == "" then "\(.id): offers no hint"
      elif (.reproduce // "") == "" then "\(.id): does not say how to run it again" else empty end' \
    "$scratch/results.json" >>"$scratch/complaints" 2>&1
judge "every failing check says what was seen, how to run it again, and has a hint" "See the suite and tell/." "$scratch/complaints"

: >"$scratch/complaints"
while IFS=$'\t' read -r check number hint; do
    wanted "${check%.*}" && [ "$number" -gt 0 ] || continue
    ./ipclab hint "$check" --dir "$scratch/work" </dev/null >"$scratch/printed" 2>&1 ||
        echo "ipclab hint $check: status $?"
    squeeze <"$scratch/printed" | grep -qF -- "$(printf %s "$hint" | squeeze)" ||
        echo "ipclab hint $check does not print hint $number: $hint"
done <"$scratch/hints" >>"$scratch/complaints"
judge "ipclab hint prints every hint, one after the other" "Run it in a copy of the skeletons." "$scratch/complaints"

# --- commands ---

# What texts tell a learner to type must exist: `ipclab WORD`, "ipclab WORD, or a line of an example.
grep -rohE '(`|"|^ +\$? ?(\./)?)ipclab [a-z]+' labs autograder/explain README.md autograder/suites |
    sed 's/.*ipclab //' | sort -u >"$scratch/told"
: >"$scratch/complaints"
while read -r command; do
    ./ipclab "$command" --help >/dev/null 2>&1 || grep -rnE "ipclab $command\\b" labs autograder/explain README.md autograder/suites
done <"$scratch/told" >>"$scratch/complaints"
judge "every command that a text tells one to type exists" "Take it out, or write the command." "$scratch/complaints"

# --- explain ---

# Names that must have a page: kinds of findings, misconceptions of mistakes and of the source.
{
    sed -n '/finding_kind_name\|names\[/,/};/s/.*"\([a-z][a-z-]*\)".*/\1/p' autograder/judge/finding.c 2>/dev/null
    for patch in autograder/mistakes/*/*/*.patch; do
        [ -e "$patch" ] && sed -n '/^\(---\|diff \)/q; s/^\(misconception\|finding\): *//p' "$patch"
    done | grep -vx none
    grep -ohE 'suspect\("[^"]*"\)|misconception[^";]*"[^"]*"' -r autograder/suites autograder/judge --include='*.c' |
        sed 's/.*"\(.*\)".*/\1/'
} | grep -xE '[a-z0-9]+(-[a-z0-9]+)*' | grep -vx unknown | sort -u >"$scratch/names"
{
    cat "$scratch/names"
    for page in autograder/explain/*.md; do basename "$page" .md; done
    cut -d' ' -f1 "$scratch/listed"
} | sort -u >"$scratch/pages"
: >"$scratch/complaints"
while read -r name; do
    ./ipclab explain "$name" </dev/null >"$scratch/page" 2>&1 || { echo "ipclab explain $name: status $?"; continue; }
    [ "$(wc -w <"$scratch/page")" -ge 20 ] || echo "ipclab explain $name prints only $(wc -w <"$scratch/page") words"
    ! grep -nE 'TODO|\(null\)' "$scratch/page" | sed "s/^/ipclab explain $name, line /" | grep .
done <"$scratch/pages" >>"$scratch/complaints"
judge "ipclab explain has a page for each kind, misconception and check ($(wc -l <"$scratch/pages"))" \
    "Write autograder/explain/NAME.md." "$scratch/complaints"
close_gate
