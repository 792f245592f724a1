#!/usr/bin/env bash
# Does the race detector tell the programs of autograder/tests/races/ apart?  Each racy one must be found, each right
# one left alone, built with each compiler, plain and optimised.  Where a racy one says "Named: A, B" in its first
# comment, what is raced for must be called by one of these names at least once, and by no other.
#
# IPCLAB_RACE_ROUNDS=1: how often each (make soak: 50).  IPCLAB_COMPILERS="gcc clang".
# IPCLAB_ONLY="semop-racy": these alone.
set -u
cd "$(dirname "$0")/../../.." || exit 3
rounds=${IPCLAB_RACE_ROUNDS:-1}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 missed=0 accused=0

# What a program says it should be called, a name a line; nothing: it does not say.
names_in()
{
    sed -n 's/^ \* Named: //p' "$1" | sed 's/, /\n/g'
}

# The first wrong thing about the names in what was said: a name that is not one of $2, or none at all.
wrong_name()
{
    local used
    used=$(tr '\n' ' ' <<<"$1" | tr -s ' ' | grep -oE '(writes|reads) `[^`]*`' | cut -d '`' -f 2 | sort -u)
    if [ -z "$used" ]; then echo "nothing"; else grep -m1 -vxFf <(echo "$2") <<<"$used"; fi
}

# Whether a race was found, and only that: "race", "none", or what else was said.  $2: names that are right.
verdict()
{
    local said wrong
    said=$(timeout 60 ./ipclab trace --race -- "$1" 2>&1 >/dev/null)
    if grep -q '^data-race' <<<"$said"; then
        wrong=$([ -z "$2" ] || wrong_name "$said" "$2")
        if [ -n "$wrong" ]; then echo "names-it $wrong"; else echo race; fi
    elif [ -n "$said" ]; then echo "$said" | head -n 3 | tr '\n' ' '
    else echo none; fi
}

# Leaves how often which verdict was given.
try()
{
    local source=$1 compiler=$2 level=$3 name out round
    name=$(basename "$source" .c)
    out=$scratch/$name-$compiler$level
    if ! IPCLAB_CC=$compiler ./ipclab cc --race "$level" -o "$out" "$source" >"$out.log" 2>&1; then
        echo "1 does not compile: $(grep -m1 error "$out.log")" >"$out.verdicts"
        return
    fi
    for ((round = 0; round < rounds; round++)); do verdict "$out" "$(names_in "$source")"; done | sort | uniq -c >"$out.verdicts"
}

pool=0
for source in autograder/tests/races/*-r*.c; do
    name=$(basename "$source" .c)
    if [ -n "${IPCLAB_ONLY:-}" ] && [[ " $IPCLAB_ONLY " != *" $name "* ]]; then continue; fi
    for compiler in ${IPCLAB_COMPILERS:-gcc clang}; do
        for level in -O0 -O2; do
            echo "$name $compiler $level" >>"$scratch/list"
            try "$source" "$compiler" "$level" &
            pool=$((pool + 1))
            if [ $pool -ge "$(nproc)" ]; then wait -n; pool=$((pool - 1)); fi
        done
    done
done
wait

while read -r name compiler level; do
    wanted=$([[ $name == *-racy ]] && echo race || echo none)
    right=$(awk -v wanted="$wanted" '$2 == wanted { print $1 }' "$scratch/$name-$compiler$level.verdicts")
    if [ "${right:-0}" = "$rounds" ]; then
        passed=$((passed + 1))
        continue
    fi
    failed=$((failed + 1))
    if [ "$wanted" = race ]; then missed=$((missed + rounds - ${right:-0})); else accused=$((accused + rounds - ${right:-0})); fi
    echo "not ok $name, $compiler $level: wanted $wanted, $rounds times; said:"
    sed 's/^/      | /' "$scratch/$name-$compiler$level.verdicts"
done <"$scratch/list"
echo "$(wc -l <"$scratch/list") builds, $rounds rounds each: $missed races missed, $accused right runs accused"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
