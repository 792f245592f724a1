/*
 * lists.c - drives the learner's shmlist.c: does what it is told on standard input.
 *
 * One order a line; L is the name of an attach, a letter. KEY, ADDRESS and SIZE may be hexadecimal.
 *
 *     init L KEY SIZE       shmlist_init(): "A init: ok", "A init: EEXIST"
 *     attach L KEY          shmlist_attach(): the same
 *     detach L              shmlist_detach()
 *     push L NUMBER TEXT    shmlist_push(); only a failure is logged
 *     fill L NUMBER         pushes NUMBER, NUMBER + 1, ..., until it fails: "A fill: 15 items,
 * ENOSPC" find L NUMBER         "A find 3: three", "A find 3: ENOENT" remove L NUMBER
 * shmlist_remove() walk L                shmlist_foreach(): "A walk: 3 three, 2 two" count L the
 * same, but only how many: "A count: 2" where L               "A is at 0x7f..., 4096 bytes" avoid
 * ADDRESS SIZE    from now on nothing can be attached there scan L                words of the
 * segment that are addresses of this process: "A scan: byte 40 is an address", or "A scan: no
 * address" beyond L              bytes other than 0 between the end of the segment and that of its
 * last page: "A beyond: 0" copy KEY NEW SIZE     makes a segment NEW with the first SIZE bytes of
 * that of KEY (filled up with zeros) drop KEY              removes the segment
 *
 * The log is standard output. It ends at the end of standard input.
 */
#define _GNU_SOURCE /* MAP_FIXED_NOREPLACE */
#include "shmlist.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { LETTERS = 128, FILL_LIMIT = 100000 };

static struct attach {
    struct shmlist list;
    int open;
} attaches[LETTERS];

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "lists: %s: %s\n", what, strerror(errno));
    _exit(1);
}

/* ---- The log -------------------------------------------------------------------------------- */

/* Past stdio: if a function of the module crashes, all that was done before has been said. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[8192];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof line)
        length = (int)sizeof line - 1;
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        fail("write the log");
}

static const char *errno_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {0,      "errno 0"},
        {EINVAL, "EINVAL" },
        {EEXIST, "EEXIST" },
        {ENOENT, "ENOENT" },
        {ENOSPC, "ENOSPC" },
        {ENOMEM, "ENOMEM" },
        {EACCES, "EACCES" },
        {EPERM,  "EPERM"  },
        {EIDRM,  "EIDRM"  },
        {ENOSYS, "ENOSYS" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

static void say_result(char letter, const char *what, int result, int error)
{
    if (result == 0)
        say("%c %s: ok\n", letter, what);
    else
        say("%c %s: %s\n", letter, what, errno_name(error));
}

/* ---- Orders --------------------------------------------------------------------------------- */

/* The words behind the order's name. */
struct words {
    char letter;
    unsigned long number[3];
    const char *text; /* what follows the letter and the first number */
};

static struct shmlist *named(const struct words *words)
{
    struct attach *attach = &attaches[(int)words->letter];
    if (attach->open)
        return &attach->list;
    say("%c is not attached\n", words->letter);
    return NULL;
}

static void note_open(const struct words *words, const char *what, int result)
{
    int error = errno;
    attaches[(int)words->letter].open = result == 0;
    say_result(words->letter, what, result, error);
}

static void do_init(const struct words *words)
{
    struct shmlist *list = &attaches[(int)words->letter].list;
    errno = 0;
    note_open(words, "init", shmlist_init(list, (key_t)words->number[0], words->number[1]));
}

static void do_attach(const struct words *words)
{
    struct shmlist *list = &attaches[(int)words->letter].list;
    errno = 0;
    note_open(words, "attach", shmlist_attach(list, (key_t)words->number[0]));
}

static void do_detach(const struct words *words)
{
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    errno = 0;
    int result = shmlist_detach(list), error = errno;
    attaches[(int)words->letter].open = 0;
    say_result(words->letter, "detach", result, error);
}

static void do_push(const struct words *words)
{
    struct shmlist *list = named(words);
    errno = 0;
    if (list != NULL && shmlist_push(list, (int)words->number[0], words->text) == -1)
        say("%c push %lu: %s\n", words->letter, words->number[0], errno_name(errno));
}

static void do_fill(const struct words *words)
{
    int count = 0, number = (int)words->number[0];
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    errno = 0;
    while (count < FILL_LIMIT && shmlist_push(list, number + count, "fill") == 0) {
        count++;
        errno = 0;
    }
    say("%c fill: %d items, %s\n", words->letter, count, errno_name(errno));
}

static void do_find(const struct words *words)
{
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    errno = 0;
    const char *text = shmlist_find(list, (int)words->number[0]);
    int error = errno;
    if (text == NULL)
        say("%c find %lu: %s\n", words->letter, words->number[0], errno_name(error));
    else if (text < list->base || text >= list->base + list->size)
        say("%c find %lu: a text outside of the segment\n", words->letter, words->number[0]);
    else
        say("%c find %lu: %s\n", words->letter, words->number[0], text);
}

static void do_remove(const struct words *words)
{
    struct shmlist *list = named(words);
    errno = 0;
    if (list != NULL && shmlist_remove(list, (int)words->number[0]) == -1)
        say("%c remove %lu: %s\n", words->letter, words->number[0], errno_name(errno));
}

static void say_item(int number, const char *text, void *data)
{
    int *count = data;
    say("%s%d %s", (*count)++ == 0 ? "" : ", ", number, text);
}

static void do_walk(const struct words *words)
{
    int count = 0;
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    say("%c walk: ", words->letter);
    shmlist_foreach(list, say_item, &count);
    say(count == 0 ? "nothing\n" : "\n");
}

static void count_item(int number, const char *text, void *data)
{
    (void)number, (void)text;
    ++*(int *)data;
}

static void do_count(const struct words *words)
{
    int count = 0;
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    shmlist_foreach(list, count_item, &count);
    say("%c count: %d\n", words->letter, count);
}

static void do_where(const struct words *words)
{
    struct shmlist *list = named(words);
    if (list != NULL)
        say("%c is at %#lx, %zu bytes\n", words->letter, (unsigned long)(uintptr_t)list->base,
            list->size);
}

static void do_avoid(const struct words *words)
{
    void *address = (void *)(uintptr_t)words->number[0];
    void *got = mmap(address, words->number[1], PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED && errno != EEXIST) /* then something is there already, as well */
        fail("mmap");
}

/* ---- The bytes of the segment --------------------------------------------------------------- */

struct range {
    unsigned long from, to;
};

/* What is mapped here. A sanitizer's shadow, terabytes of it, is nothing one points to. */
static size_t read_mappings(struct range *ranges, size_t limit)
{
    enum { TOO_LONG = 36 }; /* 2^36 bytes */
    size_t count = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        fail("open /proc/self/maps");
    while (count < limit && fgets(line, sizeof line, maps) != NULL) {
        struct range *range = &ranges[count];
        if (sscanf(line, "%lx-%lx", &range->from, &range->to) == 2 &&
            (range->to - range->from) >> TOO_LONG == 0)
            count++;
    }
    fclose(maps);
    return count;
}

static void do_scan(const struct words *words)
{
    static struct range ranges[1024];
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    size_t count = read_mappings(ranges, sizeof ranges / sizeof *ranges);
    for (size_t at = 0; at + sizeof(uint64_t) <= list->size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, list->base + at, sizeof word);
        for (size_t i = 0; i < count; i++)
            if (word >= ranges[i].from && word < ranges[i].to) {
                say("%c scan: byte %zu is an address\n", words->letter, at);
                return;
            }
    }
    say("%c scan: no address\n", words->letter);
}

static void do_beyond(const struct words *words)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 0;
    struct shmlist *list = named(words);
    if (list == NULL)
        return;
    for (size_t at = list->size; at % page != 0; at++)
        bytes += list->base[at] != 0;
    say("%c beyond: %zu\n", words->letter, bytes);
}

static void do_copy(const struct words *words)
{
    struct shmid_ds status;
    size_t size = words->number[2];
    int from = shmget((key_t)words->number[0], 0, 0);
    int to = shmget((key_t)words->number[1], size, IPC_CREAT | IPC_EXCL | 0600);

    if (from == -1 || to == -1 || shmctl(from, IPC_STAT, &status) == -1)
        fail("shmget");
    char *source = shmat(from, NULL, SHM_RDONLY), *copy = shmat(to, NULL, 0);
    if (source == (char *)-1 || copy == (char *)-1)
        fail("shmat");
    memcpy(copy, source, size < status.shm_segsz ? size : status.shm_segsz);
    if (shmdt(source) == -1 || shmdt(copy) == -1)
        fail("shmdt");
}

static void do_drop(const struct words *words)
{
    int id = shmget((key_t)words->number[0], 0, 0);
    if (id == -1)
        say("drop: %s\n", errno_name(errno));
    else if (shmctl(id, IPC_RMID, NULL) == -1)
        fail("shmctl");
}

/* ---- Reading orders ------------------------------------------------------------------------- */

static const struct order {
    const char *name;
    void (*perform)(const struct words *words);
    int has_letter;
} orders[] = {
    {"init",   do_init,   1},
    {"attach", do_attach, 1},
    {"detach", do_detach, 1},
    {"push",   do_push,   1},
    {"fill",   do_fill,   1},
    {"find",   do_find,   1},
    {"remove", do_remove, 1},
    {"walk",   do_walk,   1},
    {"count",  do_count,  1},
    {"where",  do_where,  1},
    {"scan",   do_scan,   1},
    {"beyond", do_beyond, 1},
    {"avoid",  do_avoid,  0},
    {"copy",   do_copy,   0},
    {"drop",   do_drop,   0},
};

static struct words read_words(char *rest, int has_letter)
{
    struct words words = {.letter = 'A', .text = ""};

    if (has_letter && *rest != '\0') {
        words.letter = (char)(*rest & 0x7f);
        rest += 1 + (rest[1] == ' ');
    }
    for (int i = 0; i < 3; i++) {
        char *end;
        words.number[i] = strtoul(rest, &end, 0);
        if (end == rest)
            break;
        rest = *end == ' ' ? end + 1 : end;
        if (i == 0)
            words.text = rest;
    }
    return words;
}

static void obey(char *line)
{
    size_t length = strcspn(line, " ");
    char *rest = line + length + (line[length] == ' ');

    line[length] = '\0';
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strcmp(line, orders[i].name) == 0) {
            struct words words = read_words(rest, orders[i].has_letter);
            orders[i].perform(&words);
            return;
        }
    fprintf(stderr, "lists: there is no order \"%s\"\n", line);
    _exit(1);
}

int main(void)
{
    static char line[4096];

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            obey(line);
    }
    return 0;
}
