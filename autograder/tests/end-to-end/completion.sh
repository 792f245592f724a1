#!/usr/bin/env bash
# Completion in bash and zsh, as one uses it: begun words and the tab key, in a terminal (tmux).
. "$(dirname "$0")/../gates/lib.sh"
gate=completion
need_tool tmux
export PATH=$tree:$PATH TERM=xterm
mkdir -p "$scratch/desk/answers" && cd "$scratch/desk" || exit 3
touch answers.txt other.txt
mkfifo "$scratch/never"

terminal() { tmux -S "$scratch/$shell" -f /dev/null "$@"; }
shows()
{
    terminal capture-pane -p -J -t desk >"$scratch/seen" 2>&1 || return 2
    grep -qE -- "$1" "$scratch/seen"
}

# gives WORDS PATTERN: the words, and then the tab key (twice: it lists what it can't decide).
gives()
{
    local tries
    terminal send-keys -t desk C-u C-l # (^C would be a signal, which may come after the words)
    terminal send-keys -t desk -l "$1"
    terminal send-keys -t desk Tab
    for ((tries = 0; tries < 600; tries++)); do
        if shows "$2"; then
            ok "$shell: $1<tab> gives $2"
            return
        fi
        [ $((tries % 40)) != 20 ] || terminal send-keys -t desk Tab
        read -rt 0.05 _ <>"$scratch/never"
    done
    not_ok "$shell: $1<tab> gives $2" "The terminal shows:" "$scratch/seen"
}

completes()
{
    gives "ipclab che" '^ready> ipclab check +$'
    gives "$tree/ipclab expl" 'ipclab explain +$'
    gives "ipclab check 8" '8\.6'
    gives "ipclab check pipel" 'check pipeline +$'
    gives "ipclab check 1.3.last" '1\.3\.last_stage_sees_end_of_file'
    gives "ipclab predict P19" 'predict P19 +$'
    gives "ipclab explain pipe-parent-k" 'pipe-parent-keeps-write-end'
    gives "ipclab check --fail" 'check --fail-fast +$'
    gives "ipclab check --dir ans" '--dir answers/'
    gives "ipclab pack grad" 'pack gradescope +$'
    gives "ipclab grade other" 'grade other\.txt'
    gives "ipclab trace -- oth" 'trace -- other\.txt'
    gives "ipclab help che" 'help check +$'
}

for shell in bash zsh; do
    if ! command -v $shell >/dev/null; then
        echo "# $shell is not here: its completion is not tested"
        continue
    fi
    case $shell in
    bash) terminal new-session -d -s desk -x 100 -y 40 "exec env PS1='ready> ' bash --norc" &&
        terminal send-keys -t desk ". $tree/completion/ipclab.bash; bind 'set completion-query-items 0'" Enter ;;
    zsh) terminal new-session -d -s desk -x 100 -y 40 "exec env PS1='ready> ' zsh -f" &&
        terminal send-keys -t desk "fpath=($tree/completion \$fpath); autoload -U compinit; compinit -u -D; LISTMAX=9999" Enter ;;
    esac
    terminal send-keys -t desk 'echo it is $((40 + 2))' Enter
    for ((tries = 0; tries < 600; tries++)); do
        if shows '^it is 42'; then break; fi
        read -rt 0.05 _ <>"$scratch/never"
    done
    if shows '^it is 42'; then completes; else not_ok "$shell begins" "The terminal shows:" "$scratch/seen"; fi
    terminal kill-server
done
close_gate
