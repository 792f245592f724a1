#!/usr/bin/env bash
# ipclab show: which check it takes, what it runs again, what it falls back to, and what it never does.
. "$(dirname "$0")/../gates/lib.sh"
gate=show
ipclab=$tree/ipclab
export NO_COLOR=1 LC_ALL=C.UTF-8 COLUMNS=100
chmod 711 "$scratch" # the uid in the box goes through it
mkdir "$scratch/desk"
cd "$scratch/desk" || exit 3

# says WHAT STATUS WORDS COMMAND...: the command ends so, and says WORDS (a pattern) on either stream.
says()
{
    local what=$1 wanted=$2 words=$3 status
    shift 3
    timeout 120 "$@" </dev/null >"$scratch/said" 2>&1
    status=$?
    if [ $status = "$wanted" ] && grep -qE -- "$words" "$scratch/said"; then
        ok "$what"
    else
        not_ok "$what" "\"${*/#$ipclab/ipclab}\" ended with status $status and said:" "$scratch/said"
    fi
}

# then WHAT PATTERN: what was said last has such a line.
then_says()
{
    if grep -qE -- "$2" "$scratch/said"; then ok "$1"; else not_ok "$1" "It said:" "$scratch/said"; fi
}

says "nothing was checked yet" 2 "type: ipclab check" "$ipclab" show
"$ipclab" start 1.1 >"$scratch/said" || not_ok "start" "It said:" "$scratch/said"
mine=work/01-pipes/1-oneway/oneway.c
cp "$tree/solutions/01-pipes/1-oneway/oneway.c" $mine
says "not checked yet, by name" 2 "type: ipclab check 1\.1" "$ipclab" show 1.1 --text
says "no such exercise" 2 "1\.99" "$ipclab" show 1.99
says "one at a time" 2 "one at a time" "$ipclab" show 1.1 1.2

check=1.1.child_sees_end_of_file
patch -s $mine "$tree/autograder/mistakes/01-pipes/1-oneway/pipe-parent-keeps-write-end.patch" ||
    not_ok "the mistake" "The patch does not apply." /dev/null
says "a check that fails names the picture" 1 "picture: ipclab show $check" "$ipclab" check $check
[ -s work/.ipclab/runs/$check ] && ok "its run is kept" || not_ok "its run is kept" "It is not there." /dev/null
[ "$(stat -c %s work/.ipclab/runs/$check)" -lt 1000000 ] && ok "it is not long" || not_ok "it is not long" "It is." /dev/null
says "without a name: what failed last" 0 "^$check: failed" "$ipclab" show --text
then_says "the arrow of a fork" '├─+> +1 fork makes process 2 +oneway\.c:[0-9]+'
then_says "closing ends is watched" '2 close\(4\): pipe A, writing +oneway\.c'
then_says "who waits to the end" 'z +2 waits in read\(3\) on pipe A, to the end'
then_says "the guilty end" '4  ───>  pipe A  writing .*KEEPS OTHERS WAITING'
then_says "the cycle" '2 needs 1, 1 needs 2'
says "no Unicode, no box drawing" 0 '\+-+> +1 fork makes process 2' env LC_ALL=C "$ipclab" show --text
if LC_ALL=C grep -q '[^ -~]' "$scratch/said"; then
    not_ok "ASCII only" "There are other bytes in:" "$scratch/said"
else
    ok "ASCII only"
fi
says "what was kept, without a run" 0 "At the end of the run" "$ipclab" show $check --saved --text
then_says "it knows the guilty end, too" '4  ───>  pipe A  writing .*KEEPS OTHERS WAITING'

# A program that has changed since.
cp "$tree/solutions/01-pipes/1-oneway/oneway.c" $mine
says "mended since: the run that failed" 0 "Run again it did not fail" "$ipclab" show --text
echo "not C" >$mine
says "broken since: the run that failed" 0 "does not build now" "$ipclab" show $check --text
head -c 100 /dev/urandom >work/.ipclab/runs/$check
says "what was kept is no record" 2 "does not build now" "$ipclab" show $check --text
cp "$tree/solutions/01-pipes/1-oneway/oneway.c" $mine
says "it passes" 0 "passed" "$ipclab" check $check
[ ! -e work/.ipclab/runs/$check ] && ok "then nothing is kept" || not_ok "then nothing is kept" "It is there." /dev/null
says "nothing fails now" 2 "type: ipclab show" "$ipclab" show
says "a check that passes is drawn by its name" 0 "exit status 0" "$ipclab" show $check --text
then_says "the end of file" 'read\(3\) end of file on pipe A'
close_gate
