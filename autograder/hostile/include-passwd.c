/*
 * include-passwd.c - the compiler's messages are to show the machine's accounts: those of the box
 * are there, no others.
 *
 * expect: not_built
 * silent: root:|daemon:
 * weak: none; there the compiler reads what its user can
 */
#include "/etc/passwd"
#include "/etc/shadow"
