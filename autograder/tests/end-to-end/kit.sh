#!/usr/bin/env bash
# What students get: it builds, checks their work, and holds no line of a solution, mistake or hidden check.
#
# IPCLAB_THOROUGH=1 (as in `make soak`) also builds it and works with it: a minute.
. "$(dirname "$0")/../gates/lib.sh"
gate=kit
need_tool jq
ipclab=$tree/ipclab
export NO_COLOR=1

# Checks to hide: the first of every twelfth exercise; one is hidden until a day that is over.
{
    echo "[hidden]"
    "$ipclab" list --json | jq -r '[.labs[].exercises[]] | to_entries[] | select(.key % 12 == 0) | .value.checks[0].id + " = never"'
    echo "1.2.$("$ipclab" list --json | jq -r '.labs[0].exercises[1].checks[0].id | split(".")[2]') = 2020-01-01"
} >"$scratch/course.ini"
mapfile -t hidden < <(sed -n 's/ = never$//p' "$scratch/course.ini")

cd "$scratch" || exit 3
ends 0 "make in ipclab" "$ipclab" kit --config course.ini kit.tar.gz
ends 0 "" "$ipclab" kit --config course.ini again.tar.gz
if cmp -s kit.tar.gz again.tar.gz; then ok "the same tree gives the same archive"; else not_ok "the same tree gives the same archive" "They differ."; fi
tar xzf kit.tar.gz || exit 3
kit=$scratch/ipclab

# --- what must not be in it ---
find ipclab | grep -E '/(solutions|mistakes|alternatives|hostile|tests|build|work|\.git)(/|$)' >paths
judge "no solution, mistake, other answer or test by its path" "These are in the kit:" paths
find ipclab ! -type f ! -type d >odd
judge "only plain files" "These are in the kit:" odd

# Lines that say something: at least 20 letters, without the blanks around.
said_in()
{
    find "$@" -type f -exec cat {} + | sed 's/^[[:space:]]*//; s/[[:space:]]*$//' | awk 'length($0) >= 20'
}

# given_away TREE: passages of three or more lines, one after the other, that only solutions hold; and how many such
# lines there are at all, where it is more than one in thirty (idioms, such as a loop around write).
said_in "$tree/skeletons" "$tree/common" | sort -u >shown
said_in "$tree/solutions" | sort -u | comm -23 - shown >secret
given_away()
{
    find "$1" -type f -print0 | xargs -0 awk '
        FNR == NR && FILENAME == ARGV[1] { secret[$0] = 1; secrets++; next }
        FNR == 1 { row = 0 }
        { gsub(/^[[:space:]]+|[[:space:]]+$/, "") }
        length($0) < 20 { next }
        !($0 in secret) { row = 0; next }
        { if (++row == 4) print FILENAME ":" FNR ": " $0; if (!($0 in told)) { told[$0] = 1; n++ } }
        END { if (n * 30 > secrets) print n " of " secrets " lines of the solutions" }' secret
}
if [ "$(wc -l <secret)" -gt 1000 ]; then ok "solutions have lines of their own"; else not_ok "solutions have lines of their own" "Only these:" secret; fi
given_away ipclab >found
judge "no passage of a solution" "The kit gives these away:" found
mkdir planted && cp "$tree/solutions/01-pipes/3-pipeline/pipeline.c" planted/hint.md
given_away planted >found
if [ -s found ]; then ok "a passage that is planted is found"; else not_ok "a passage that is planted is found" "It was not seen."; fi

# What the patches of the mistakes add, as far as no file of the tree that is given away says it anyway.
said_in ipclab | sort -u >kit-lines
find "$tree/autograder/mistakes" -name '*.patch' -exec sed -n 's/^+[[:space:]]*//p' {} + | awk 'length($0) >= 40' | sort -u |
    comm -12 - kit-lines | comm -23 - shown >found
if [ "$(wc -l <found)" -le 12 ]; then ok "no lines of a mistake, but for idioms"; else not_ok "no lines of a mistake, but for idioms" "These:" found; fi

# --- hidden checks ---
for id in "${hidden[@]}"; do grep -rn "CHECK(${id##*.}," "ipclab/autograder/suites/$(printf '%02d' "${id%%.*}")"*/"$(cut -d. -f2 <<<"$id")"-*.c; done >found
judge "no hidden check by its name" "These are there:" found
for id in "${hidden[@]}"; do
    suite=$(cd "$tree" && echo autograder/suites/"$(printf '%02d' "${id%%.*}")"-*/"$(cut -d. -f2 <<<"$id")"-*.c)
    sed -n "/^CHECK(${id##*.},/,/^}/p" "$tree/$suite" | grep -E 'HINT\(".{20}' | sed 's/.*HINT(//; s/[)[:space:]]*$//' |
        grep -Ff - "ipclab/$suite" | sed "s,^,$suite: ,"
done >found
judge "no hint of a hidden check" "These are there:" found

# --- it builds and works ---
it_works()
{
    if make -C ipclab -j"$jobs" >built 2>&1 && ! grep -q 'warning:' built; then ok "make builds it, without a warning"; else not_ok "make builds it, without a warning" "It said:" built; fi
    cd "$kit" || exit 3
    ends 0 "work/01-pipes/1-oneway" ./ipclab start 1
    ends 1 "not passed|FAIL|failed" ./ipclab check 1.1
    ./ipclab list --json | jq -r '.labs[].exercises[].checks[].id' | sort >"$scratch/left"
    "$ipclab" list --json | jq -r '.labs[].exercises[].checks[].id' | grep -vxFf <(printf '%s\n' "${hidden[@]}") | sort | diff - "$scratch/left" >"$scratch/found"
    judge "it has all checks that are not hidden, and no other" "This differs:" "$scratch/found"
    cp "$tree/solutions/01-pipes/1-oneway/oneway.c" work/01-pipes/1-oneway/
    ends 0 "" ./ipclab check 1.1
    ends 0 "" ./ipclab explain hang
    if ls build/probes/stage build/race/runtime.o build/experiments/01-pipes/P1-* >/dev/null 2>&1; then ok "probes, experiments and the race runtime are built"; else not_ok "probes, experiments and the race runtime are built" "See $kit/build."; fi
}
# Compiling is most of the time: `make soak` does it.
if [ -n "${IPCLAB_THOROUGH:-}" ]; then it_works; fi

# --- wrong use ---
cd "$scratch" || exit 3
ends 2 "--force replaces it" "$ipclab" kit kit.tar.gz
ends 2 "should end in" "$ipclab" kit kit.rar
ends 2 "takes one name" "$ipclab" kit
ends 2 "cannot read nowhere.ini" "$ipclab" kit --config nowhere.ini new.tar.gz
ends 3 "cannot write nowhere/kit.zip" "$ipclab" kit nowhere/kit.zip
ends 0 "" "$ipclab" kit --force kit.tar.gz
close_gate
