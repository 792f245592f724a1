#!/usr/bin/env bash
# The walk in README.md, from clone to the first green exercise, done as it stands there.
#
# Between <!-- walk --> and <!-- /walk -->, a line "    $ COMMAND" is run, in one shell in a fresh copy
# of the tree, and what stands below must be what it says. A line [...] stands for any lines; seeds,
# the points of all labs and the path of the copy may differ.  walk.sh --print prints the walk as it is now.
. "$(dirname "$0")/../gates/lib.sh"
gate=walk
export NO_COLOR=1
unset IPCLAB_ROOT COLUMNS
copy=$scratch/ipclab
mkdir "$copy" "$scratch/said"
cp -a Makefile README.md ipclab labs skeletons solutions common autograder build "$copy/"
sed -n '/^<!-- walk -->/,/^<!-- \/walk -->/{/^<!--/d; s/^    //; p}' README.md >"$scratch/told"

# One command a file, and what is told to come of it.
awk -v into="$scratch/said" '
    /^\$ / { n++; print substr($0, 3) >sprintf("%s/%02d.command", into, n); next }
    n { print >sprintf("%s/%02d.told", into, n) }' "$scratch/told"

(
    cd "$copy" || exit 3
    for command in "$scratch"/said/*.command; do
        # shellcheck disable=SC1090
        . "$command" >"${command%command}raw" 2>&1 </dev/null
        sed -E "s,$copy,/home/you/ipclab,g" "${command%command}raw" >"${command%command}came"
    done
)

# matches TOLD CAME: line by line, with [...] for any lines.
matches()
{
    awk '
        { gsub(/--seed [0-9]+/, "--seed N"); sub(/ of [0-9]+ points$/, " of N points") }
        NR == FNR { told[++n] = $0; next }
        { came[++m] = $0 }
        END {
            for (i = j = 1; i <= n; i++) {
                if (told[i] == "[...]") {
                    if (i == n) exit 0
                    while (j <= m && came[j] != told[i + 1]) j++
                } else if (j > m || came[j++] != told[i]) {
                    print "told: " told[i] "\ncame: " (j - 1 <= m ? came[j - 1] : "(no more)")
                    exit 1
                }
            }
            if (j <= m) print "came, and is not told: " came[j]
            exit j <= m
        }' "$1" "$2"
}

for command in "$scratch"/said/*.command; do
    [ -e "$command" ] || continue # no walk: then nothing was looked at, which is no pass
    what=${command%command}
    touch "${what}told"
    if [ "${1:-}" = --print ]; then
        sed 's/^/    $ /' "$command"
        sed 's/^/    /' "${what}came"
        continue
    fi
    matches "${what}told" "${what}came" >"$scratch/seen"
    judge "$(cat "$command")" "README.md tells otherwise (walk.sh --print prints what comes)." "$scratch/seen"
done
[ "${1:-}" != --print ] || exit 0
close_gate
