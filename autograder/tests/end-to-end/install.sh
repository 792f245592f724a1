#!/usr/bin/env bash
# make install: it works from there, holds no answers, and uninstall takes all of it away.
. "$(dirname "$0")/../gates/lib.sh"
gate=install
export NO_COLOR=1
at=$scratch/stage

# The build that is tested keeps its prefix: this one is made for the same one, staged elsewhere.
${MAKE:-make} -s --no-print-directory install DESTDIR="$at" PREFIX=/usr/local >"$scratch/log" 2>&1 ||
    not_ok "make install DESTDIR=... succeeds" "It said:" "$scratch/log"
prefix=$at/usr/local

find "$at" | grep -E '/(solutions|mistakes|alternatives|suites|hostile|tests)(/|$)|\.patch$' >"$scratch/seen"
judge "no answer is installed" "Leave it out of SHARED in the Makefile." "$scratch/seen"

cd "$scratch" || exit 3
run()
{
    local what=$1 status
    shift
    env -u IPCLAB_ROOT "$@" </dev/null >"$scratch/said" 2>&1
    status=$?
    if [ $status = 0 ]; then ok "$what"; else not_ok "$what" "It ended with status $status and said:" "$scratch/said"; fi
}
for file in share/man/man1/ipclab.1 share/bash-completion/completions/ipclab share/zsh/site-functions/_ipclab; do
    if [ -s "$prefix/$file" ]; then ok "$file is installed"; else not_ok "$file is installed" "See install in the Makefile."; fi
done
run "the installed command lists" "$prefix/bin/ipclab" list
run "the installed command starts an exercise" "$prefix/bin/ipclab" start 1.3
run "the installed command predicts" sh -c "echo '[P21]
own = reads' >said && '$prefix/bin/ipclab' predict P21 --answers said | grep 'as you said'"
run "the installed command explains" "$prefix/bin/ipclab" explain hang
cp -R "$tree/solutions" answers # it keeps its results there
run "the installed command checks" "$prefix/bin/ipclab" check 1 --dir answers

(cd "$tree" && ${MAKE:-make} -s --no-print-directory uninstall DESTDIR="$at" PREFIX=/usr/local) >"$scratch/log" 2>&1
find "$at" -type f >"$scratch/seen"
judge "uninstall leaves no file" "See uninstall in the Makefile." "$scratch/seen"
close_gate
