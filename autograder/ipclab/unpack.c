/*
 * unpack.c - taking the sources out of an archive. See unpack.h.
 *
 * Theory of operation.  A child opens the archive, goes into the folder, gives up root, takes
 * limits upon itself and lets libarchive(3) read.  It writes lines into a pipe: 'n' and a note, or
 * one last line: '.' all was read, 'r' and why the archive is refused, 'k' and what failed on our
 * side. No last line: it was ended by one of its limits.
 *
 * Only .c and .h files are written, and only by names whose components were looked at.  No link is
 * ever made, so no name can lead out of the folder.
 */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/box.h"
#include "../run/kit.h"
#include "../tell/text.h"
#include "confine.h"
#include "state.h"

enum {
    CPU_SECONDS = 20,
    WALL_SECONDS = 120,
    MEMORY_MB = 1024,
    SHOWN_NAME = 120,
    NAME_LIMIT = 1024
};

/* ---- Names ---------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return length > end && strcasecmp(name + length - end, ending) == 0;
}

bool is_litter(const char *name)
{
    size_t length = strlen(name);
    return name[0] == '.' || strcmp(name, "__MACOSX") == 0 ||
           (length > 0 && (name[length - 1] == '~' || name[0] == '#'));
}

bool is_source_name(const char *name)
{
    return ends_with(name, ".c") || ends_with(name, ".h");
}

unsigned archive_stem(const char *name)
{
    static const char *const endings[] = {
        ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tar.lz4", ".tar.Z", ".tar.lzma",
        ".tgz",    ".txz",    ".tbz2",    ".tbz",     ".tar",     ".zip",   ".7z",
        ".rar",    ".cpio",   ".cab",     ".lzh",     NULL};
    for (size_t i = 0; endings[i] != NULL; i++)
        if (ends_with(name, endings[i]))
            return (unsigned)(strlen(name) - strlen(endings[i]));
    return 0;
}

/* ---- In the child: what it says ------------------------------------------------------------- */

static FILE *report;

static void say(char kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char kind, const char *format, ...)
{
    va_list args;
    fputc(kind, report);
    va_start(args, format);
    vfprintf(report, format, args);
    va_end(args);
    fputc('\n', report);
}

static _Noreturn void leave(void)
{
    _exit(fflush(report) == 0 ? 0 : 1);
}

#define REFUSE(...) (say('r', __VA_ARGS__), leave())

static _Noreturn void our_fault(const char *what)
{
    say('k', "%s: %s", what, strerror(errno));
    leave();
}

/* ---- In the child: one entry ---------------------------------------------------------------- */

struct unpacking {
    struct archive *archive;
    uint64_t packed, unpacked; /* bytes */
    unsigned entries;
};

/* What is wrong with a name, or NULL. Changes it: backslashes (of archives made on Windows) become
 * slashes, "./" at its beginning goes. */
static const char *wrong_name(char **name)
{
    unsigned depth = 0;
    if (strchr(*name, '/') == NULL)
        for (char *at = *name; (at = strchr(at, '\\')) != NULL;)
            *at = '/';
    while (strncmp(*name, "./", 2) == 0)
        *name += 2 + strspn(*name + 2, "/");
    if ((*name)[0] == '/')
        return "its name leads out of the archive";
    if (strlen(*name) > NAME_LIMIT)
        return "its name is too long";
    for (const char *at = *name; *at != '\0'; depth++) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            return "its name leads out of the archive";
        at += length + strspn(at + length, "/");
    }
    return depth > DEPTH_LIMIT ? "it lies too deep" : NULL;
}

static bool lies_in_litter(const char *name)
{
    bool litter = false;
    char *copy = kit_strdup(name), *rest = NULL;
    for (char *part = strtok_r(copy, "/", &rest); part != NULL && !litter;
         part = strtok_r(NULL, "/", &rest))
        litter = is_litter(part);
    free(copy);
    return litter;
}

static void refuse_for(const struct unpacking *unpacking)
{
    const char *said = archive_error_string(unpacking->archive);
    char *shown = said != NULL ? text_visible(said, strlen(said), 200) : kit_strdup("no reason");
    if (archive_errno(unpacking->archive) == ENOMEM)
        REFUSE("The archive needs more memory to unpack than is allowed (%d MB).", MEMORY_MB);
    REFUSE("The archive is broken or of a kind that cannot be read (%s).", shown);
}

/* Reads the data of an entry, whether it is wanted or not: what counts is what comes out, not what
 * the archive says. Returns how much; -1: it has holes. data: room for SOURCE_LIMIT, or NULL. */
static int64_t read_data(struct unpacking *unpacking, char *data)
{
    const void *block;
    size_t size;
    la_int64_t offset;
    int64_t length = 0;
    bool holes = false;

    for (;;) {
        int status = archive_read_data_block(unpacking->archive, &block, &size, &offset);
        if (status == ARCHIVE_EOF)
            return holes ? -1 : length;
        if (status < ARCHIVE_WARN)
            refuse_for(unpacking);
        holes = holes || offset != length;
        if (data != NULL && length + (int64_t)size <= SOURCE_LIMIT)
            memcpy(data + length, block, size);
        length += (int64_t)size;
        unpacking->unpacked += size;
        if (unpacking->unpacked > (uint64_t)UNPACKED_MB << 20)
            REFUSE("The archive unpacks to more than %d MB.", UNPACKED_MB);
        if (unpacking->unpacked > (uint64_t)RATIO_FROM_MB << 20 &&
            unpacking->unpacked / RATIO_LIMIT > unpacking->packed)
            REFUSE("The archive unpacks to more than %d times its size: no source is like that.",
                   RATIO_LIMIT);
    }
}

static bool write_source(const char *name, const char *data, size_t length)
{
    char *folder = kit_strdup(name), *slash = strrchr(folder, '/');
    bool made = true;
    if (slash != NULL) {
        *slash = '\0';
        made = make_folders(folder) == 0;
    }
    free(folder);
    int fd = made ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (fd == -1 &&
        (errno == ENOTDIR || errno == EISDIR || errno == ENAMETOOLONG || errno == EEXIST))
        return false;
    if (fd == -1 || write(fd, data, length) != (ssize_t)length || close(fd) == -1)
        our_fault("cannot unpack here");
    return true;
}

static void take_source(struct unpacking *unpacking, struct archive_entry *entry, const char *name,
                        const char *shown)
{
    char *data = kit_alloc(SOURCE_LIMIT);
    int64_t length = read_data(unpacking, data);
    if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > length)
        length = -1; /* its end is a hole */
    if (length > SOURCE_LIMIT)
        say('n', "%s is skipped: it has more than %d MB.", shown, SOURCE_LIMIT >> 20);
    else if (length == -1)
        say('n', "%s is skipped: it has holes.", shown);
    else if (!write_source(name, data, (size_t)length))
        say('n', "%s is skipped: another entry stands in its way, or its name is too long.", shown);
    free(data);
}

/* Why an entry that looks like a source is not taken, or NULL. */
static const char *wrong_kind(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL)
        return "it is a link";
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return NULL;
    case AE_IFLNK:
        return "it is a link";
    default:
        return "it is no plain file";
    }
}

static void take_entry(struct unpacking *unpacking, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    char *owned = kit_strdup(path != NULL ? path : ""), *name = owned;
    const char *wrong = path == NULL ? "its name cannot be read" : wrong_name(&name);
    char *shown = text_visible(name, strlen(name), SHOWN_NAME);

    if (archive_entry_is_encrypted(entry))
        REFUSE("The archive is encrypted; nobody here has the password.");
    bool folder = archive_entry_filetype(entry) == AE_IFDIR && wrong == NULL;
    bool wanted = !folder && (wrong != NULL || (is_source_name(name) && !lies_in_litter(name)));
    if (wrong == NULL && wanted)
        wrong = wrong_kind(entry);
    if (wanted && wrong != NULL)
        say('n', "%s is skipped: %s.", shown, wrong);
    if (wanted && wrong == NULL)
        take_source(unpacking, entry, name, shown);
    else
        read_data(unpacking, NULL);
    if (!folder && !wanted && archive_stem(name) > 0 && !lies_in_litter(name))
        say('n', "%s is an archive in the archive and is not unpacked.", shown);
    free(shown);
    free(owned);
}

/* ---- In the child: the archive -------------------------------------------------------------- */

/* The kinds that people hand in. Not all that libarchive knows: mtree opens files of its own
 * choice, some filters start programs. */
static void allow_kinds(struct archive *archive)
{
    static int (*const kinds[])(struct archive *) = {
        archive_read_support_filter_gzip,     archive_read_support_filter_bzip2,
        archive_read_support_filter_xz,       archive_read_support_filter_lzma,
        archive_read_support_filter_zstd,     archive_read_support_filter_lz4,
        archive_read_support_filter_compress, archive_read_support_format_tar,
        archive_read_support_format_zip,      archive_read_support_format_7zip,
        archive_read_support_format_rar,      archive_read_support_format_rar5,
        archive_read_support_format_cpio,     archive_read_support_format_cab,
        archive_read_support_format_lha,      archive_read_support_format_empty,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i](archive) == ARCHIVE_FATAL)
            our_fault("libarchive");
}

static _Noreturn void unpack_here(int fd, uint64_t packed)
{
    struct unpacking unpacking = {.archive = archive_read_new(), .packed = packed};
    struct archive_entry *entry;
    int status;

    setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive turns names of some kinds into it */
    if (unpacking.archive == NULL)
        our_fault("libarchive");
    allow_kinds(unpacking.archive);
    if (archive_read_open_fd(unpacking.archive, fd, 65536) != ARCHIVE_OK)
        refuse_for(&unpacking);
    while ((status = archive_read_next_header(unpacking.archive, &entry)) >= ARCHIVE_WARN &&
           status != ARCHIVE_EOF) {
        if (++unpacking.entries > ENTRIES_LIMIT)
            REFUSE("The archive has more than %d entries.", ENTRIES_LIMIT);
        take_entry(&unpacking, entry);
    }
    if (status != ARCHIVE_EOF)
        refuse_for(&unpacking);
    if (unpacking.entries == 0)
        REFUSE("The archive is empty.");
    say('.', "%s", "");
    leave();
}

/* ---- The caller's side ---------------------------------------------------------------------- */

/* Reads what the child says. Returns its last word, '\0' without one; *why: what follows it. */
static char listen_to(int fd, struct notes *notes, char **why)
{
    FILE *stream = fdopen(fd, "r");
    char *line = NULL, last = '\0';
    size_t room = 0;
    ssize_t length;

    if (stream == NULL)
        kit_broken("fdopen");
    while (last == '\0' && (length = getline(&line, &room, stream)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (line[0] == 'n')
            notes_add(notes, "%s", line + 1);
        else
            last = line[0];
    }
    *why = last != '\0' ? kit_strdup(line + 1) : NULL;
    free(line);
    fclose(stream);
    return last;
}

static int open_plain(const char *path, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 || fstat(fd, status) == -1)
        kit_broken("cannot open %s", path);
    return fd;
}

char *unpack(const char *archive, const char *folder, struct notes *notes)
{
    int ends[2], status;
    struct stat file;
    char *why;
    int fd = open_plain(archive, &file);

    if (!S_ISREG(file.st_mode) || file.st_size == 0) {
        close(fd);
        return kit_strdup(S_ISREG(file.st_mode) ? "The file is empty."
                                                : "It is neither a folder nor a plain file.");
    }
    if (geteuid() == 0 && chown(folder, BOX_UID, BOX_UID) == -1)
        kit_broken("cannot give %s away", folder);
    if (pipe(ends) == -1)
        kit_broken("pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == -1)
        kit_broken("fork");
    if (pid == 0) {
        close(ends[0]);
        report = fdopen(ends[1], "w");
        if (report == NULL)
            _exit(1);
        if (confine(&(struct confinement){folder, CPU_SECONDS, WALL_SECONDS, MEMORY_MB,
                                          SOURCE_LIMIT}) == -1)
            our_fault("cannot confine what unpacks");
        unpack_here(fd, (uint64_t)file.st_size);
    }
    close(ends[1]);
    close(fd);
    char last = listen_to(ends[0], notes, &why);
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            kit_broken("waitpid");
    errno = 0;
    if (last == 'k')
        kit_broken("%s", why);
    if (last == 'r')
        return why;
    free(why);
    return last == '.' ? NULL : kit_strdup("The archive takes too much time or memory to unpack.");
}
