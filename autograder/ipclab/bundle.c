/*
 * bundle.c - files that become an archive. See bundle.h.
 */
#include "bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../run/kit.h"
#include "unpack.h"

/* 1 January 2020: an archive tells nothing of when it was made, and zip knows no time before 1980.
 */
enum { FILE_TIME = 1577836800 };

void bundle_add(struct bundle *bundle, const char *path, bool executable, char *data, size_t length)
{
    *ARRAY_ADD(bundle->files, bundle->n) = (struct bundle_file){
        .path = kit_strdup(path), .data = data, .length = length, .executable = executable};
}

static int add_folder(struct bundle *bundle, const char *from, const char *to)
{
    DIR *dir = opendir(from);
    int result = dir != NULL ? 0 : -1;
    struct dirent *entry;

    while (result == 0 && (entry = readdir(dir)) != NULL) {
        if (is_litter(entry->d_name))
            continue;
        char *inner_from = kit_format("%s/%s", from, entry->d_name);
        char *inner_to = kit_format("%s/%s", to, entry->d_name);
        result = bundle_add_tree(bundle, inner_from, inner_to);
        free(inner_from);
        free(inner_to);
    }
    if (dir != NULL)
        closedir(dir);
    return result;
}

int bundle_add_tree(struct bundle *bundle, const char *from, const char *to)
{
    struct stat status;
    size_t length;

    if (stat(from, &status) == -1)
        return -1;
    if (S_ISDIR(status.st_mode))
        return add_folder(bundle, from, to);
    char *data = S_ISREG(status.st_mode) ? kit_read_file(from, &length) : NULL;
    if (data == NULL)
        return S_ISREG(status.st_mode) ? -1 : 0;
    bundle_add(bundle, to, (status.st_mode & S_IXUSR) != 0, data, length);
    return 0;
}

struct bundle_file *bundle_find(struct bundle *bundle, const char *path)
{
    for (size_t i = 0; i < bundle->n; i++)
        if (strcmp(bundle->files[i].path, path) == 0)
            return &bundle->files[i];
    return NULL;
}

static int by_path(const void *a, const void *b)
{
    const struct bundle_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static void sort(struct bundle *bundle)
{
    if (bundle->n > 1)
        qsort(bundle->files, bundle->n, sizeof *bundle->files, by_path);
}

/* FNV-1a, 64 bits. */
static uint64_t digest_bytes(uint64_t digest, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        digest = (digest ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

uint64_t bundle_digest(struct bundle *bundle)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    sort(bundle);
    for (size_t i = 0; i < bundle->n; i++) {
        const struct bundle_file *file = &bundle->files[i];
        digest = digest_bytes(digest, file->path, strlen(file->path) + 1);
        digest = digest_bytes(digest, file->executable ? "x" : "-", 1);
        digest = digest_bytes(digest, file->data, file->length);
    }
    return digest;
}

/* ---- The archive ---------------------------------------------------------------------------- */

struct format {
    const char *ending;
    int (*set_format)(struct archive *archive);
    int (*add_filter)(struct archive *archive); /* NULL: none */
    const char *options;                        /* NULL: none */
};

static const struct format formats[] = {
    {".tar.gz", archive_write_set_format_ustar, archive_write_add_filter_gzip, "gzip:!timestamp"},
    {".tgz",    archive_write_set_format_ustar, archive_write_add_filter_gzip, "gzip:!timestamp"},
    {".tar",    archive_write_set_format_ustar, NULL,                          NULL             },
    {".zip",    archive_write_set_format_zip,   NULL,                          NULL             },
};

static const struct format *find_format(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length > ending && strcmp(name + length - ending, formats[i].ending) == 0)
            return &formats[i];
    }
    return NULL;
}

bool bundle_can_be(const char *name)
{
    return find_format(name) != NULL;
}

struct written {
    char *data;
    size_t length, room;
};

static la_ssize_t keep(struct archive *archive, void *context, const void *bytes, size_t n)
{
    struct written *written = context;
    (void)archive;
    if (written->length + n > written->room) {
        written->room = 2 * (written->length + n);
        written->data = kit_realloc(written->data, written->room);
    }
    memcpy(written->data + written->length, bytes, n);
    written->length += n;
    return (la_ssize_t)n;
}

static void must(struct archive *archive, int result)
{
    errno = 0;
    if (result != ARCHIVE_OK)
        kit_broken("libarchive: %s", archive_error_string(archive));
}

static void write_file(struct archive *archive, const struct bundle_file *file)
{
    struct archive_entry *entry = archive_entry_new();

    if (entry == NULL)
        kit_broken("no memory for an archive");
    archive_entry_set_pathname(entry, file->path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, file->executable ? 0755 : 0644);
    archive_entry_set_mtime(entry, FILE_TIME, 0);
    archive_entry_set_size(entry, (la_int64_t)file->length);
    must(archive, archive_write_header(archive, entry));
    if (archive_write_data(archive, file->data, file->length) != (la_ssize_t)file->length)
        kit_broken("libarchive: %s", archive_error_string(archive));
    archive_entry_free(entry);
}

char *bundle_pack(struct bundle *bundle, const char *name, size_t *length)
{
    const struct format *format = find_format(name);
    struct archive *archive = archive_write_new();
    struct written written = {0};

    if (archive == NULL || format == NULL)
        kit_broken("no archive can be made as %s", name);
    must(archive, format->set_format(archive));
    if (format->add_filter != NULL)
        must(archive, format->add_filter(archive));
    if (format->options != NULL)
        must(archive, archive_write_set_options(archive, format->options));
    must(archive, archive_write_open(archive, &written, NULL, keep, NULL));
    sort(bundle);
    for (size_t i = 0; i < bundle->n; i++)
        write_file(archive, &bundle->files[i]);
    must(archive, archive_write_close(archive));
    archive_write_free(archive);
    *length = written.length;
    return written.data;
}

void bundle_clear(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->n; i++) {
        free(bundle->files[i].path);
        free(bundle->files[i].data);
    }
    free(bundle->files);
    *bundle = (struct bundle){0};
}
