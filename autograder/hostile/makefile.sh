# makefile.sh - the right answer, with a Makefile, a linker script, a compiler's options file and sources of odd names.
#
# expect: passed
mkdir -p "$1/01-pipes/1-oneway" && cd "$1/01-pipes/1-oneway" && cp "$2" oneway.c || exit
printf 'all oneway:\n\ttouch /tmp/hostile-was-here\n$(shell touch /tmp/hostile-was-here)\n' | tee Makefile GNUmakefile >/dev/null
echo 'SECTIONS { /DISCARD/ : { *(*) } }' >link.ld
echo '-wrapper touch,/tmp/hostile-was-here' | tee specs @options .gccrc >/dev/null
