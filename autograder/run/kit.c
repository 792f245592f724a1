/*
 * kit.c - the kit's own failures, memory and text. See kit.h.
 */
#include "kit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void (*before_broken)(void);

int kit_end_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
        return -1;
    if (getppid() != parent)
        _exit(0); /* it died before we asked */
    return 0;
}

void kit_before_broken(void (*give_back)(void))
{
    before_broken = give_back;
}

void kit_broken(const char *format, ...)
{
    int error = errno;
    va_list args;

    if (before_broken != NULL)
        before_broken();

    fputs("ipclab: the kit itself failed (this never counts against you): ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    if (error != 0)
        fprintf(stderr, ": %s", strerror(error));
    fputc('\n', stderr);
    fflush(stderr);
    _exit(3);
}

void *kit_alloc(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL)
        kit_broken("no memory for %zu bytes", size);
    return memory;
}

void *kit_realloc(void *old, size_t size)
{
    void *memory = realloc(old, size > 0 ? size : 1);
    if (memory == NULL)
        kit_broken("no memory for %zu bytes", size);
    return memory;
}

char *kit_strdup(const char *text)
{
    return kit_strndup(text, strlen(text));
}

char *kit_strndup(const char *text, size_t length)
{
    char *copy = kit_alloc(length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *kit_vformat(const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0)
        kit_broken("cannot format \"%s\"", format);
    char *text = kit_alloc((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *kit_format(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = kit_vformat(format, args);
    va_end(args);
    return text;
}

static char *read_whole(FILE *file, size_t *length)
{
    char *data = NULL;
    size_t have = 0, got;
    do {
        data = kit_realloc(data, have + 65536 + 1);
        got = fread(data + have, 1, 65536, file);
        have += got;
    } while (got > 0);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    if (failed != 0) {
        free(data);
        errno = failed;
        return NULL;
    }
    data[have] = '\0';
    if (length != NULL)
        *length = have;
    return data;
}

char *kit_read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "re");
    return file != NULL ? read_whole(file, length) : NULL;
}

char *kit_read_fd(int fd, size_t *length)
{
    FILE *file = fdopen(fd, "r");
    if (file == NULL)
        close(fd);
    return file != NULL ? read_whole(file, length) : NULL;
}

/* Is there a device, a pipe or the like? A file in its place would take it away from everybody. */
static bool is_written_in_place(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int write_file(const char *path, const char *data, size_t length, bool synced)
{
    bool in_place = is_written_in_place(path);
    char *temporary = in_place ? kit_strdup(path) : kit_format("%s.%ld.new", path, (long)getpid());
    FILE *file = fopen(temporary, "we");
    if (file == NULL) {
        free(temporary);
        return -1;
    }
    bool written = fwrite(data, 1, length, file) == length &&
                   (!synced || (fflush(file) == 0 && fsync(fileno(file)) == 0));
    int error = errno;
    if (fclose(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && !in_place && rename(temporary, path) == -1) {
        written = false;
        error = errno;
    }
    if (!written && !in_place)
        unlink(temporary);
    free(temporary);
    errno = error;
    return written ? 0 : -1;
}

int kit_write_file(const char *path, const char *data, size_t length)
{
    return write_file(path, data, length, false);
}

int kit_write_file_synced(const char *path, const char *data, size_t length)
{
    return write_file(path, data, length, true);
}

void *kit_array_grow(void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* 0, 1, 2, 4, 8, ... : time to double */
    if (full)
        items = kit_realloc(items, (count > 0 ? 2 * count : 1) * size);
    memset((char *)items + count * size, 0, size);
    return items;
}

long long kit_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}
