#!/usr/bin/env bash
# The manual page: in order for man(1), and every command and every option of it has its place there.
. "$(dirname "$0")/../gates/lib.sh"
gate=manual
page=man/ipclab.1

if command -v man >/dev/null; then
    # 100 columns: some groups of options in the synopsis are wider than 80 can hold.
    MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null | grep . >"$scratch/seen"
    judge "man(1) has no warning" "See man/ipclab.1." "$scratch/seen"
fi
if command -v mandoc >/dev/null; then
    mandoc -Tlint -W warning "$page" >"$scratch/seen"
    judge "mandoc(1) has no warning" "See man/ipclab.1." "$scratch/seen"
fi

# In the source, a command is "Cm NAME" or ".It Cm NAME", and --seed is "Fl -seed".
./ipclab --complete '' | cut -f1 | grep -v -e '^-' -e '^help$' >"$scratch/commands"
while read -r command; do
    grep -qE "^\.(Op )?Cm $command\b" "$page" || echo "ipclab $command is not in the synopsis"
    grep -qE "^\.It Cm $command\b" "$page" || echo "ipclab $command has no paragraph (.It Cm $command)"
    ./ipclab --complete "$command" '' | cut -f1 | grep '^-' | grep -vx -e --help | while read -r option; do
        grep -qE "Fl $(printf %s "${option#-}" | sed 's/^-/\\&/')\b" "$page" || echo "ipclab $command $option is not told"
    done
done <"$scratch/commands" >"$scratch/seen"
judge "every command and option has its place ($(wc -l <"$scratch/commands") commands)" "Write it into man/ipclab.1." "$scratch/seen"
close_gate
