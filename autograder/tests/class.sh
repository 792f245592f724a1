#!/usr/bin/env bash
# class.sh - makes a class of submissions, from a seed: right ones, wrong ones by each kind of mistake, broken, missing and
# hostile ones, as folders and archives, in all the layouts that people hand in.
#
#     autograder/tests/class.sh SEED N DIR WHAT...        WHAT: 01-pipes/3-pipeline, or hostile/fork-bomb
#
# Every submission holds one of these (some nothing). A line for each says what it is: "NAME: WHAT: KIND, LAYOUT, FORM".
# Hostile ones attack the kit's tree, the class, and $IPCLAB_CLASS_RESULTS.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
RANDOM=$1 count=$2 class=$3
shift 3
exercises=("$@")
mkdir -p "$class"
class=$(cd "$class" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$here"

# pick WORD...: one of them, in $picked (not printed: a subshell would not move $RANDOM on).
pick()
{
    picked=${*:$((RANDOM % $# + 1)):1}
}

# The program, in $scratch/$name/$folder/.
write_program()
{
    local folder=$1 kind=$2 into=$scratch/$name/$1 patches
    mkdir -p "$into"
    echo "What I did." >"$scratch/$name/README.txt"
    cp solutions/"$folder"/* "$into"
    case $kind in
    other)
        mapfile -t others < <(printf '%s\n' autograder/alternatives/"$folder"/*/)
        pick "${others[@]}"
        kind="the other answer $(basename "$picked")"
        cp "$picked"/* "$into"
        ;;
    mistake)
        # Not those that fare by chance, for which of their own processes is quicker decides.
        mapfile -t patches < <(printf '%s\n' autograder/mistakes/"$folder"/*.patch | grep -v 'status-of-first-ended-last')
        pick "${patches[@]}"
        kind=$(basename "$picked" .patch)
        (cd "$into" && patch -s -p4 --no-backup-if-mismatch --fuzz=0 <"$here/$picked")
        ;;
    broken) for file in "$into"/*.c; do echo 'int main(void) { return undeclared }' >"$file"; done ;;
    hangs) for file in "$into"/*.c; do printf '#include <unistd.h>\nint main(void) { pause(); }\n' >"$file"; done ;;
    empty) for file in "$into"/*.c; do : >"$file"; done ;;
    misnamed) for file in "$into"/*.c; do mv "$file" "${file%.c}-final.c"; done ;;
    missing) rm "$into"/*.c ;;
    esac
    what="$folder: $kind"
}

# A hostile program, in the same way. Some are scripts that make what is handed in.
write_hostile()
{
    local hostile=autograder/hostile/$1 into=$scratch/$name/01-pipes/1-oneway right=solutions/01-pipes/1-oneway/oneway.c
    what="hostile: $1"
    if [ -e "$hostile.sh" ]; then
        mkdir "$scratch/making"
        (cd "$scratch/making" && bash "$here/$hostile.sh" "$class/$name" "$here/$right")
        rm -rf "$scratch/making"
        what+=", as it is, made"
        return 1
    fi
    mkdir -p "$into"
    cp "$hostile.c" "$into/oneway.c"
    cp "$right" "$into/solution.h"
    cp autograder/hostile/hostile.h "$into"
    printf '#define KIT "%s"\n#define CLASS "%s"\n#define RESULTS "%s"\n' "$here" "$class" "${IPCLAB_CLASS_RESULTS:-$class}" >"$into/places.h"
}

# The program's folder, as somebody would hand it in.
change_layout()
{
    local folder=$1 layout=$2
    cd "$scratch/$name"
    case $layout in
    work) mkdir work && mv "${folder%%/*}" work/ ;;
    deep) mkdir -p "my work/$name" && mv "${folder%%/*}" "my work/$name/" ;;
    flat) find "$folder" -type f -exec mv {} . \; && rm -r "${folder%%/*}" ;;
    litter)
        mkdir -p "__MACOSX/$folder" .git
        for file in "$folder"/*.c; do
            echo junk >"__MACOSX/$folder/._${file##*/}"
            echo junk >"$folder/.${file##*/}.swp"
            echo junk >"$file~"
        done
        echo junk >.DS_Store
        ;;
    esac
    cd "$here"
    what+=", $layout"
}

# A folder or an archive of it, in $class.
hand_in()
{
    local form=$1
    case $form in
    folder) mv "$scratch/$name" "$class/$name" ;;
    zip) (cd "$scratch/$name" && zip -q -r "$class/$name.zip" .) ;;
    tar.gz) tar czf "$class/$name.tar.gz" -C "$scratch" "$name" ;;
    tar.xz) tar cJf "$class/$name.tar.xz" -C "$scratch/$name" . ;;
    cut) tar cf - -C "$scratch" "$name" | gzip | head -c 150 >"$class/$name.tar.gz" ;;
    empty) : >"$class/$name.zip" ;;
    esac
    what+=", $form"
}

for ((i = 1; i <= count; i++)); do
    name=$(printf 'student-%03d' "$i")
    pick "${exercises[@]}"
    folder=$picked
    pick right other mistake mistake mistake mistake mistake mistake broken empty hangs missing misnamed
    if [ "${folder%%/*}" != hostile ]; then
        write_program "$folder" "$picked"
    elif write_hostile "${folder#*/}"; then
        folder=01-pipes/1-oneway
    else
        folder=
    fi
    if [ -n "$folder" ]; then
        pick plain plain work deep flat litter
        change_layout "$folder" "$picked"
        pick folder folder zip tar.gz tar.xz zip tar.gz tar.xz folder zip cut empty
        hand_in "$picked"
    fi
    echo "$name: $what"
done
