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
# Of each, the first check named is run; when that fails and says what it must, the rest need not run.
# One mistake of each check is checked from the first check of its exercise to the first that fails:
# that is what the check catches and those before it do not.  IPCLAB_THOROUGH=1 (as in `make soak`)
# runs every check of every mistake, and nothing twice.
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

# One mistake, start to finish; leaves its complaints and, if it was run in order, the first check that
# it fails.  HOW: alone (the first check named) or in-order (all, up to the first that fails).
# try_mistake PATCH ID FOLDER HOW
try_mistake()
{
    local patch=$1 id=$2 folder=$3 how=$4 name out first named
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
        if [ "$how" = alone ]; then
            try_checks "$id.${named[0]}" "$out"
        else
            try_checks "$id" "$out" --fail-fast || return
        fi
        first=$(cat "$out/first")
        first=${first#"$id."}
        if [[ " ${named[*]} " == *" $first "* ]] && [ -z "$(lacks "$patch" "$id" "$out" "$first")" ]; then
            if [ "$how" = alone ]; then rm "$out/first"; fi
            return
        fi
        : >"$out/complaints"
    fi
    try_checks "$id" "$out" || return
    lacks "$patch" "$id" "$out" "${named[@]}" >>"$out/complaints"
}

# Checks it, and leaves what came of it: flat, and the first check that fails.
# try_checks ID OUT [--fail-fast]
try_checks()
{
    local id=$1 out=$2 status
    shift 2
    : >"$out/first"
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

# run_pool HOW: those of standard input, "ID FOLDER PATCH", several for each core: a check often waits
# for what a wrong program does not do.
run_pool()
{
    local pool=0 id folder patch
    while read -r id folder patch; do
        try_mistake "$patch" "$id" "$folder" "$1" </dev/null &
        pool=$((pool + 1))
        if [ $pool -ge $((5 * jobs)) ]; then wait -n; pool=$((pool - 1)); fi
    done
    wait
}

# The checks that some mistake has been seen to fail first.
seen_first()
{
    cat "$scratch"/*/first 2>/dev/null | sort -u
}

checks_listed >"$scratch/listed"
while read -r id folder; do
    for patch in "autograder/mistakes/$folder"/*.patch; do
        [ -e "$patch" ] || continue
        for field in misconception finding check; do
            [ -n "$(header "$patch" "$field")" ] ||
                not_ok "$patch says which $field" "Add the line \"$field: ...\" above the patch."
        done
        echo "$id $folder $patch"
    done
done < <(exercises solutions) >"$scratch/mistakes"

# One of each check in order, as its first line says; the others alone.
declare -A chosen
while read -r id folder patch; do
    named=$(header "$patch" check)
    named=$id.${named%%[, ]*}
    if [ -z "${chosen[$named]:-}" ]; then
        chosen[$named]=$patch
        echo "$id $folder $patch" >>"$scratch/in-order"
    else
        echo "$id $folder $patch $named" >>"$scratch/others"
    fi
done <"$scratch/mistakes"
touch "$scratch/in-order" "$scratch/others"
run_pool in-order <"$scratch/in-order"
# Some check may still want a witness: then those that name it are run in order too.
seen_first >"$scratch/first"
while read -r id _ patch _; do
    for check in $(header "$patch" check | tr ',' ' '); do
        grep -qx "$id.$check" "$scratch/first" || { echo "$patch"; break; }
    done
done <"$scratch/others" >"$scratch/witnesses"
grep -F -f "$scratch/witnesses" "$scratch/others" | cut -d' ' -f1-3 | run_pool in-order
grep -vF -f "$scratch/witnesses" "$scratch/others" | cut -d' ' -f1-3 | run_pool alone

# On a machine that is busy with other things a wrong program is now and then right by luck, or wrong
# in another way.  What escaped is tried once more, and said to have been.
touch "$scratch/twice"
if [ -z "${IPCLAB_THOROUGH:-}" ]; then
    seen_first >"$scratch/first"
    while read -r id folder patch; do
        named=$(header "$patch" check)
        if [ -s "$scratch/$id-$(basename "$patch" .patch)/complaints" ] || ! grep -qx "$id.${named%%[, ]*}" "$scratch/first"; then
            echo "$id $folder $patch"
        fi
    done <"$scratch/mistakes" >"$scratch/twice"
    run_pool in-order <"$scratch/twice"
fi

while read -r id _ patch; do
    name=$(basename "$patch" .patch)
    again=$(grep -qF " $patch" "$scratch/twice" && echo ", tried twice")
    judge "$id is caught: $name$again" "Let the check see it, or correct the first lines of $patch." "$scratch/$id-$name/complaints"
done <"$scratch/mistakes"

seen_first >"$scratch/first"
while read -r id _ folder; do
    if grep -qx "$id" "$scratch/first"; then
        ok "$id is the first to catch some mistake"
    else
        not_ok "$id is the first to catch some mistake" \
            "Add a patch to autograder/mistakes/$folder/ that every check before this one lets pass; or drop the check."
    fi
done <"$scratch/listed"
close_gate
