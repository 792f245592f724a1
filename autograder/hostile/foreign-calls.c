/*
 * foreign-calls.c - the same calls by the numbers of another architecture, which a filter could
 * overlook.
 *
 * expect: passed
 */
#define _GNU_SOURCE /* syscall(2) */
#include <sys/syscall.h>

#include "hostile.h"

ATTACK(call_by_other_numbers)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(20L /* getpid */)
                     : "memory", "r8", "r9", "r10", "r11");
    if (result > 0)
        escaped("a 32-bit call");
    if (syscall(0x40000000L + SYS_getpid) > 0)
        escaped("an x32 call");
#endif
}

#include "solution.h"
