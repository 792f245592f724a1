#!/usr/bin/env bash
# ipclab similar: who has passages alike, whatever was renamed or moved; the skeleton and one's own way do not count.
. "$(dirname "$0")/../gates/lib.sh"
gate=similar
for tool in jq zip sim_c; do need_tool $tool; done
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3
folder=01-pipes/1-oneway
right=$tree/solutions/$folder/oneway.c

# similar NAME WORD...: ipclab similar WORD..., with NAME.json and NAME.html, what it said in NAME.log; prints its status.
similar()
{
    local name=$1
    shift
    timeout 300 "$ipclab" similar "$@" --json "$name.json" --html "$name.html" </dev/null >"$name.log" 2>&1
    echo $?
}
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "Wanted \"$2\", got \"$3\"." "${4:-}"; fi; }
holds() { if jq -e "$2" "$3" >/dev/null 2>&1; then ok "$1"; else not_ok "$1" "Not true of $3: $2" "$3"; fi; }

# hand_in NAME FILE: a submission.
hand_in()
{
    mkdir -p "class/$1/$folder"
    cat "$2" >"class/$1/$folder/oneway.c"
}

# Other names, no comments, another layout.
sed -E 's/\b(fd|pid|status|n|i|buffer|line|ends|file)\b/my_\1/g' "$right" |
    gcc -fpreprocessed -dD -E -P -x c - 2>/dev/null >renamed.c
# One function of the answer, after a program that is otherwise different.
read -r from to < <(awk '/^(static |_Noreturn )?.*\(.*\)$/ { start = NR }
    /^}/ && start { if (NR - start > size) { size = NR - start; from = start; to = NR } start = 0 }
    END { print from, to }' "$right")
{
    for i in {1..40}; do echo "struct part_$i { char name[$i]; union { double length; long *where; } of[3]; };"; done
    sed -n "${from},${to}p" "$right"
} >moved.c
hand_in right "$right"
hand_in renamed renamed.c
hand_in moved moved.c
hand_in skeleton-1 "$tree/skeletons/$folder/oneway.c"
sed 's/$/ /; s/^    /\t/' "$tree/skeletons/$folder/oneway.c" >spaced.c
hand_in skeleton-2 spaced.c
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%s\n", i % 3 ? "typedef enum { A" i ", B" i " } kind_" i ";" : "extern float *(*look_" i "[4])(short, ...);" }' >own.c
hand_in own own.c
mkdir class/nothing

is "a class is compared" 0 "$(similar out --labs 1.1 class)" out.log
grep -q 'no verdict' out.log && grep -q 'no verdict' out.html
is "it says that it is no verdict" 0 $?
holds "a copy with other names and another layout stands first" '.pairs[0] | [.left, .right] == ["renamed", "right"] and .exercises[0].left_percent >= 95' out.json
holds "a function that was moved is found" '.pairs[] | select(.left == "moved" and .right == "right") | .exercises[0].passages[0] |
    .left.first_line >= 40 and .left.last_line <= '$((41 + to - from))' and .right.first_line >= '"$((from - 1))"' and .right.last_line <= '"$((to + 1))" out.json
holds "who shares the skeleton alone is not listed" '[.pairs[] | .left, .right] | all(test("skeleton|own|nothing") | not)' out.json
holds "what held nothing is not counted" '.submissions == 6' out.json
is "and named" 1 "$(grep -c 'nothing: No file of the exercises' out.log)" out.log
is "the page loads nothing" 0 "$(grep -cE '(src)=|@import|url\(|<script|href="[^#]' out.html)"
holds "one pair alone can be told" '.pairs | length == 1' <("$ipclab" similar --labs 1.1 --pairs 1 --json - class 2>/dev/null)

# From archives, and with names that are markup, the same comes out.
mkdir packed
(cd class/right && zip -qr ../../packed/right.zip .)
tar czf packed/renamed.tar.gz -C class renamed
cp -r class/moved "packed/<b>moved"
cp -r class/own packed/$'o\e[31mwn'
is "archives are compared" 0 "$(similar packed --labs 1.1 packed/*)" packed.log
is "with the same result" "$(jq -c '.pairs[0]' out.json)" "$(jq -c '.pairs[0]' packed.json)"
is "a name is no markup, and no escape" "0 0" "$(grep -c '<b>moved' packed.html) $(cat packed.log packed.html | grep -c "$(printf '\033')")"

# The same code in many: it is said how many.
for i in 1 2 3; do hand_in "again-$i" "$right"; done
is "a copied class" 0 "$(similar many --labs 1.1 class)" many.log
holds "how many others have a passage is told" '.pairs[0].exercises[0].passages[0].others >= 3' many.json

ends 2 'which submissions\?' "$ipclab" similar
ends 2 'nothing to compare: of 1 submissions 1' "$ipclab" similar --labs 1.1 class/right
ends 2 'nothing to compare' "$ipclab" similar --labs 8 class/right class/moved
ends 2 'no-such: No such file' "$ipclab" similar --labs 1.1 class/right class/moved no-such
ends 2 '9\.9' "$ipclab" similar --labs 9.9 class
ends 2 'from 1 to' "$ipclab" similar --pairs 0 class
ends 3 "can't write" "$ipclab" similar --labs 1.1 --json /no/such/folder/x class
mkdir bare
ends 2 'similarity-tester' env PATH="$scratch/bare" "$ipclab" similar class
close_gate
