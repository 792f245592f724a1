/*
 * lab.h - what lab programs may use: one way out, and a checksum.
 *
 * It is small on purpose. Reading, writing, waiting and trying again are what the labs teach, so
 * nothing here does them for you.
 */
#ifndef IPCLAB_LAB_H
#define IPCLAB_LAB_H

#include <stddef.h>
#include <stdint.h>

/*
 * Ends the calling process because a call failed: writes one line to standard error,
 *
 *     PROGRAM: MESSAGE: what strerror(errno) says
 *
 * and exits with status 1. Name the call that failed, and what it was for:
 *
 *     if (pipe(ends) == -1)
 *         die("pipe");
 *     if (write(ends[1], block, size) == -1)
 *         die("write %zu bytes to the child", size);
 *
 * format: as for printf(3), without a newline at the end. errno: as the failed call left it; when
 * it is 0 (nothing failed, but you cannot go on) its text is left out.
 *
 * After fork(2) it is as good in the child as in the parent. In the process that the program
 * started as it ends by exit(3): stdio buffers are flushed and atexit(3) handlers run. In a forked
 * child it ends by _exit(2): the child's copy of the parent's unwritten output and the parent's
 * atexit handlers belong to the parent. So a child that prints with stdio must fflush(3) before it
 * may die(). The line is one write(2), and lines of several processes do not mix.
 *
 * It reaps nobody and removes nothing: a process that still has children, or objects to remove,
 * looks after them first.
 *
 * Source: exit(3), _exit(2), errno(3); the shape of the line is that of perror(3).
 */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Ends the calling process because it was called in a wrong way: writes "usage: TEXT" and a newline
 * to standard error and exits with status 2, by the same rules as die().
 *
 * text: the program's name and arguments, as in usage("oneway N").
 */
_Noreturn void usage(const char *text);

/*
 * The CRC-32 of a stream of bytes, a piece at a time: start with 0, hand each result to the next
 * call, and the last result is the checksum of all the bytes together.
 *
 *     uint32_t crc = 0;
 *     crc = crc32_update(crc, "hello, ", 7);
 *     crc = crc32_update(crc, "world", 5);
 *
 * crc: what the last call returned, 0 at first. bytes: any n bytes, NUL included; not changed; may
 * be NULL when n is 0. It cannot fail.
 *
 * Source: the polynomial 0xEDB88320 of IEEE 802.3, as in zlib's crc32() and in gzip.
 */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t n);

#endif
