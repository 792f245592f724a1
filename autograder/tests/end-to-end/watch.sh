#!/usr/bin/env bash
# ipclab watch, as one uses it: in a terminal (tmux) with keys, and as plain lines into a file.
. "$(dirname "$0")/../gates/lib.sh"
gate=watch
need_tool tmux
export PATH=$tree:$PATH TERM=xterm
export TMPDIR=$scratch/boxes # ours alone: what is left there, watch has left
mkdir "$TMPDIR" "$scratch/desk"
chmod 711 "$scratch" # the uid in the box goes through it
cd "$scratch/desk" || exit 3
answer=$tree/solutions/01-pipes/1-oneway/oneway.c
mine=work/01-pipes/1-oneway/oneway.c
ipclab start 1.1 1.3 >"$scratch/log" || not_ok "start" "It said:" "$scratch/log"

# soon WHAT COMMAND...: the command succeeds before long (nothing here usually takes more than 3 s).
soon()
{
    local what=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        if "$@"; then
            ok "$what"
            return 0
        fi
        read -rt 0.05 _ <>"$scratch/never"
    done
    not_ok "$what" "It did not happen; there was:" "$scratch/seen"
    return 1
}
mkfifo "$scratch/never"

# --- a terminal ---

terminal() { tmux -S "$scratch/tmux" -f /dev/null "$@"; }
types() { terminal send-keys -t desk "$@"; }
shows()
{
    terminal capture-pane -p -t desk >"$scratch/seen" 2>&1
    grep -qE -- "$1" "$scratch/seen"
}
shows_not() { ! shows "$1"; }
bottom_is() { shows . && tail -n 1 "$scratch/seen" | grep -qE "$1"; }

terminal new-session -d -s desk -x 90 -y 30 "exec env PS1='ready> ' bash --norc" || not_ok "tmux starts" "See its message."
soon "the shell is there" shows '^ready>'
types 'stty -a | tail -n +2 >before; ipclab watch 1.1' Enter
soon "what is named is checked at once" shows '^1\.1 oneway .* 0/8 points'
soon "the keys are told" bottom_is 'h hint .*q quit'
soon "it waits then" shows 'waiting for a save'
types h
soon "h gives a hint" shows 'hint 1 of 3 for 1\.1\.child_sees_end_of_file'
types h
soon "h again gives the next" shows 'hint 2 of 3 for 1\.1\.child_sees_end_of_file'
types s
soon "s draws the picture" shows '/show\.html'
types n
soon "n shows another failing check first" shows_not 'FAIL  0/1  child_sees_end_of_file'
echo 'int oops' >>"$mine"
soon "what does not compile is told" shows 'could not be built'
cp "$answer" "work/01-pipes/1-oneway/.oneway.new" && mv "work/01-pipes/1-oneway/.oneway.new" "$mine"
soon "a save by rename is seen, and passes" shows '^1\.1 oneway .* 8/8 points'
soon "the time from the save is told" shows 'checked [0-9.]+ s after the save'
soon "the next thing to do is told" shows 'next: .*1\.3'
cp "$tree/skeletons/01-pipes/1-oneway/oneway.c" "$mine"
soon "a wrong save fails again" shows '^1\.1 oneway .* 0/8 points'
soon "all of it is checked" shows 'checked [0-9.]+ s after the save'
terminal resize-window -t desk -x 60 -y 12
soon "a smaller window: what has no room is told" shows '^  lines 1 to [0-9]+ of [0-9]+'
soon "the keys stay at the bottom" bottom_is 'q quit'
types Down Down Down
soon "arrow keys move" shows '^  lines 4 to'
types C-z
soon "^Z gives the terminal back" shows 'Stopped'
types 'stty -a | tail -n +2 >stopped; fg' Enter
soon "and fg takes it again" bottom_is 'q quit'
types q
soon "q ends it" shows '^0/8|0/8 points$'
types 'stty -a | tail -n +2 >after; echo status $?; touch all-done' Enter
soon "the shell goes on" test -e all-done
diff before after >"$scratch/seen" && diff before stopped >>"$scratch/seen"
judge "the terminal is as before" "Give it back on every way out." "$scratch/seen"
types 'ipclab watch 1.1' Enter
soon "it can be begun again" bottom_is 'q quit'
types C-c
soon "^C ends it" shows_not 'q quit'
types 'echo "status $?" >ended; stty -a | tail -n +2 >after; touch done-again' Enter
soon "the shell goes on after ^C" test -e done-again
{ grep -vx 'status 130' ended; diff before after; } >"$scratch/seen"
judge "it ended by that signal, and the terminal is as before" "Give it back on every way out." "$scratch/seen"
terminal kill-server

# --- lines ---

says() { [ "$(grep -cE -- "$1" "$scratch/seen")" -ge "${2:-1}" ]; }

ipclab watch 1.1 </dev/null >"$scratch/seen" 2>&1 &
watcher=$!
helpers+=($watcher)
soon "lines: the first verdict" says '^1\.1 oneway .* 0/8 points'
rm -r work && mkdir -p "$(dirname "$mine")" && cp "$answer" "$mine"
soon "lines: a folder that was removed and made again" says '^1\.1 oneway .* 8/8 points'
soon "lines: the time is told" says 'checked [0-9.]+ s after the save'
touch "$mine"
soon "lines: a touch is a save" says '^1\.1 oneway was saved' 2
touch "$mine" # while it is checked: begun again, and told once
soon "lines: a save during a run" says '^1\.1 oneway was saved' 3
soon "lines: ends in a verdict" says '^1\.1 oneway .* 8/8 points' 2
touch work/01-pipes/1-oneway/notes.txt work/01-pipes/1-oneway/.oneway.c.swp
if grep -q $'\e' "$scratch/seen"; then not_ok "lines: no escape sequence" "Plain lines only." "$scratch/seen"; else ok "lines: no escape sequence"; fi
touch "$mine" # it dies in the middle of a run
soon "lines: another run begins" says '^1\.1 oneway was saved' 4
kill -TERM $watcher
wait $watcher
echo "status $?" | grep -vx 'status 143' >"$scratch/status"
judge "SIGTERM ends it" "By that signal." "$scratch/status"
ls "$TMPDIR" >"$scratch/seen"
judge "no box is left" "Stop the job, wait for it." "$scratch/seen"

ipclab watch 2 </dev/null >"$scratch/seen" 2>&1
[ $? = 2 ] || not_ok "nothing to watch: status 2" "It said:" "$scratch/seen"
soon "nothing to watch: what to type" says 'ipclab start 2\.1'
close_gate
