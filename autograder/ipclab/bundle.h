/*
 * bundle.h - files that become an archive, always the same one from the same files.
 */
#ifndef IPCLAB_BUNDLE_H
#define IPCLAB_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bundle_file {
    char *path; /* in the archive */
    char *data;
    size_t length;
    bool executable;
};

/* Start with {0}. */
struct bundle {
    struct bundle_file *files;
    size_t n;
};

/* Adds a file; the data become the bundle's. */
void bundle_add(struct bundle *bundle, const char *path, bool executable, char *data,
                size_t length);
/* Adds the file or everything below the folder `from`, but for hidden files and editors' litter, as
 * path `to`. A file that its owner may execute stays so. Returns 0; or -1 with errno when it cannot
 * be read. */
int bundle_add_tree(struct bundle *bundle, const char *from, const char *to);
/* NULL when there is no such file. */
struct bundle_file *bundle_find(struct bundle *bundle, const char *path);
/* Of all names, modes and contents. */
uint64_t bundle_digest(struct bundle *bundle);

/* The formats by the ending of a name: .tar, .tar.gz, .tgz, .zip. */
bool bundle_can_be(const char *name);
/* The archive: sorted, everything of one time and of user 0. name tells the format. Owned by the
 * caller. */
char *bundle_pack(struct bundle *bundle, const char *name, size_t *length);
void bundle_clear(struct bundle *bundle);

#endif
