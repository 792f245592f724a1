#!/usr/bin/env bash
# class.sh - makes a class of submissions, from a seed: right ones, wrong ones by each kind of mistake, broken and
# missing ones, as folders and archives, in all the layouts that people hand in.
#
#     autograder/tests/class.sh SEED N DIR EXERCISE...        EXERCISE: 01-pipes/3-pipeline
#
# Every submission holds one of the exercises (some none). A line for each says what it is.
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
    mistake)
        # Not those that fare by chance, for which of their own processes is quicker decides.
        mapfile -t patches < <(printf '%s\n' autograder/mistakes/"$folder"/*.patch | grep -v 'status-of-first-ended-last')
        pick "${patches[@]}"
        kind=$(basename "$picked" .patch)
        (cd "$into" && patch -s -p4 --no-backup-if-mismatch --fuzz=0 <"$here/$picked")
        ;;
    broken) for file in "$into"/*.c; do echo 'int main(void) { return undeclared }' >"$file"; done ;;
    hangs) for file in "$into"/*.c; do printf '#include <unistd.h>\nint main(void) { pause(); }\n' >"$file"; done ;;
    missing) rm "$into"/*.c ;;
    esac
    what="$folder: $kind"
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
    pick right right mistake mistake mistake mistake mistake broken hangs missing
    write_program "$folder" "$picked"
    pick plain plain work deep flat litter
    change_layout "$folder" "$picked"
    pick folder folder zip tar.gz tar.xz zip tar.gz tar.xz cut empty
    hand_in "$picked"
    echo "$name: $what"
done
