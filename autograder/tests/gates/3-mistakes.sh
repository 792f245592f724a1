#!/usr/bin/env bash
# Every mistake is caught with the finding and misconception that it names; every check first catches one.
#
# mistakes/LAB/EXERCISE/NAME.patch turns the solution into a wrong program.  Its first lines say what
# the kit must say of it:
#     misconception: pipe-parent-keeps-write-end     the id in the catalogue, or "none"
#     finding: hang                                  a kind of finding.h
#     check: last_stage_sees_end_of_file, status     every check that must fail
# More checks may fail than "check" names.  The patch is made at the root of the tree: its file is
# a/solutions/LAB/EXERCISE/FILE.
#
# Each is checked up to its first failing check; when that is one of those named, and says what it
# must, the rest need not run.  IPCLAB_THOROUGH=1 (as in `make soak`) runs them all.
. "$(dirname "$0")/lib.sh"
need_tool jq

# header PATCH FIELD
header()
{
    sed -n "/^\(---\|diff \)/q; s/^$2: *//p" "$1" | head -n 1
}

# What the results of a mistake lack: of the checks it names those given, then its finding.
# lacks PATCH ID OUT CHECK...
lacks()
{
    local patch=$1 id=$2 out=$3 check
    shift 3
    awk '$2 != "failed" && $2 != "passed" && $2 != "skipped" { print $1 ": " $2 }' "$out/flat"
    for check; do
        grep -q "^$id\.$check failed " "$out/flat" || echo "$id.$check did not fail"
    done
    jq -r --arg kind "$(header "$patch" finding)" --arg misconception "$(header "$patch" misconception)" '
        [.labs[].exercises[].checks[] | select(.status == "failed") | .findings[]?
         | "\(.kind) \(.misconception // "none")"] as $seen
        | if any($seen[]; . == "\($kind) \($misconception)") then empty
          else "no finding \"\($kind)\" with misconception \"\($misconception)\"; seen: "
               + (if $seen == [] then "none" else ($seen | unique | join(", ")) end) end' "$out/results.json"
    jq -r '.labs[].exercises[].checks[] | select(.status == "failed") | .id as $id
        | ((.message // "") + ([.findings[]?.text // ""] | join(" "))) as $said
        | if ($said | test("^\\s*$")) then "\($id) failed without a word"
          elif ($said | test("\\(null\\)|\\(nil\\)")) then "\($id) says: \($said)" else empty end' "$out/results.json"
}

# One mistake, start to finish; leaves its complaints and the first check that it fails.
try_mistake()
{
    local patch=$1 id=$2 folder=$3 name out status first named
    name=$(basename "$patch" .patch)
    out=$scratch/$id-$name
    mkdir -p "$out"
    : >"$out/complaints"

    if ! wrong_program "$patch" "$folder" "$out" >"$scratch/$id-$name.log" 2>&1; then
        { echo "It does not apply to the solution with patch -p1:"; cat "$scratch/$id-$name.log"; } >"$out/complaints"
        return
    fi
    read -ra named < <(header "$patch" check | tr ',' ' ')
    if [ -z "${IPCLAB_THOROUGH:-}" ]; then
        try_checks "$patch" "$id" "$out" --fail-fast || return
        first=$(cat "$out/first")
        first=${first#"$id."}
        if [[ " ${named[*]} " == *" $first "* ]] && [ -z "$(lacks "$patch" "$id" "$out" "$first")" ]; then return; fi
    fi
    try_checks "$patch" "$id" "$out" || return
    lacks "$patch" "$id" "$out" "${named[@]}" >>"$out/complaints"
}

# Checks it, and leaves what came of it: flat, and the first check that fails.
# try_checks PATCH ID OUT [--fail-fast]
try_checks()
{
    local id=$2 out=$3 status
    shift 3
    status=$(run_check "$out/results.json" "$out/log" "$id" --dir "$out/solutions" "$@")
    if [ "$status" = 0 ]; then
        echo "It passes every check." >"$out/complaints"
        return 1
    fi
    if [ "$status" != 1 ] || [ ! -s "$out/results.json" ]; then
        { echo "ipclab check ended with status $status, not 1:"; tail -n 8 "$out/log"; } >"$out/complaints"
        [ -s "$out/results.json" ] || return 1
    fi
    flat "$out/results.json" >"$out/flat"
    awk '$2 == "failed" { print $1; exit }' "$out/flat" >"$out/first"
}

checks_listed >"$scratch/listed"
pool=0
while read -r id folder; do
    for patch in "autograder/mistakes/$folder"/*.patch; do
        [ -e "$patch" ] || continue
        for field in misconception finding check; do
            [ -n "$(header "$patch" "$field")" ] ||
                not_ok "$patch says which $field" "Add the line \"$field: ...\" above the patch."
        done
        echo "$id $patch" >>"$scratch/mistakes"
        try_mistake "$patch" "$id" "$folder" &
        pool=$((pool + 1))
        # Several for each core: a check often waits for what a wrong program does not do.
        if [ $pool -ge $((5 * jobs)) ]; then wait -n; pool=$((pool - 1)); fi
    done
done < <(exercises solutions)
wait

touch "$scratch/mistakes"
while read -r id patch; do
    name=$(basename "$patch" .patch)
    judge "$id is caught: $name" "Let the check see it, or correct the first lines of $patch." "$scratch/$id-$name/complaints"
done <"$scratch/mistakes"

cat "$scratch"/*/first 2>/dev/null | sort -u >"$scratch/first"
while read -r id _ folder; do
    if grep -qx "$id" "$scratch/first"; then
        ok "$id is the first to catch some mistake"
    else
        not_ok "$id is the first to catch some mistake" \
            "Add a patch to autograder/mistakes/$folder/ that every check before this one lets pass; or drop the check."
    fi
done <"$scratch/listed"
close_gate
