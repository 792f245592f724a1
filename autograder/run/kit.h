/*
 * kit.h - small things that every part of the kit uses: its own failures, memory, text.
 */
#ifndef IPCLAB_KIT_H
#define IPCLAB_KIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Our own fault, never the learner's: says so with errno's text (when errno is not 0) and ends this
 * process with status 3. */
_Noreturn void kit_broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a child, right after the fork (and after a change of its uid, which would undo it): it ends
 * by SIGKILL when its parent, whose pid it is told, ends or has ended. 0; -1 with errno. */
int kit_end_with(pid_t parent);

/* Called by kit_broken() before it says anything: somebody who holds the terminal gives it back. */
void kit_before_broken(void (*give_back)(void));

/* Memory and strings that never fail (kit_broken() when memory is out). Freed with free(). */
void *kit_alloc(size_t size); /* zeroed */
void *kit_realloc(void *old, size_t size);
char *kit_strdup(const char *text);
char *kit_strndup(const char *text, size_t length);
char *kit_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *kit_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* The whole of a (small) file as text, or NULL with errno set. length may be NULL. */
char *kit_read_file(const char *path, size_t *length);
/* The same of an open descriptor, which is closed. */
char *kit_read_fd(int fd, size_t *length);
/* Writes it whole or not at all (temporary name, then rename). -1 with errno set. */
int kit_write_file(const char *path, const char *data, size_t length);
/* The same, and on the disk when it has its name: also a machine that loses power leaves no half.
 */
int kit_write_file_synced(const char *path, const char *data, size_t length);

/* Grows an array by one zeroed element and yields a pointer to it: ARRAY_ADD(items, count). */
#define ARRAY_ADD(items, count) \
    ((items) = kit_array_grow((items), (count), sizeof *(items)), &(items)[(count)++])
void *kit_array_grow(void *items, size_t count, size_t size);

/* Microseconds on CLOCK_MONOTONIC. */
long long kit_now_us(void);

#endif
