/*
 * race.c - the race detector's log, on the kit's side. See race.h.
 */
#include "race.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../race/log.h"
#include "kit.h"
#include "uses.h"

/* Sparse: only what is written takes memory. */
enum { REGION_SIZE = 128 * 1024 * 1024 };

struct known_image {
    int process;
    uint64_t from; /* number of the clock since when it runs this */
    struct image *image;
};

/* A line that was looked up. */
struct known_site {
    struct image *image;
    uint64_t pc;
};

struct race {
    struct race_region *region;
    char *path, *variable;
    char *sources; /* see race_new() */
    struct known_image *images;
    size_t n_images;
    struct known_site *sites; /* as many as the record's */
    size_t n_sites;
};

/* Logs of kits that were killed: their names hold their pids. */
static void sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int pid;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (sscanf(entry->d_name, "ipclab-race-%d-", &pid) == 1 && kill(pid, 0) == -1 &&
            errno == ESRCH)
            unlinkat(dirfd(dir), entry->d_name, 0); /* fails where it is somebody else's */
    if (dir != NULL)
        closedir(dir);
}

static int make_file(struct race *race, struct cell *cell)
{
    static unsigned made;
    int fd;
    do {
        free(race->path);
        free(race->variable);
        char *name = kit_format("/dev/shm/ipclab-race-%d-%u", (int)getpid(), made++);
        race->path = cell != NULL ? cell_path(cell, name) : kit_strdup(name);
        race->variable = kit_format("%s=%s", RACE_VARIABLE, name);
        free(name);
        fd = open(race->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (fd == -1 && errno == EEXIST);
    return fd;
}

struct race *race_new(struct cell *cell, const char *sources)
{
    struct race *race = kit_alloc(sizeof *race);
    race->sources = sources != NULL ? kit_strdup(sources) : NULL;
    if (cell == NULL) /* a cell's own is gone with it, and its pids are others */
        sweep("/dev/shm");
    int fd = make_file(race, cell);

    if (fd == -1 || ftruncate(fd, REGION_SIZE) == -1)
        kit_broken("cannot lay the log of the race detector in /dev/shm");
    race->region = mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (race->region == MAP_FAILED)
        kit_broken("cannot map the log of the race detector");
    close(fd);
    race->region->n_chunks = (REGION_SIZE - sizeof *race->region) / sizeof(struct race_chunk);
    race->region->version = RACE_VERSION;
    race->region->clock = 1;
    race->region->magic = RACE_MAGIC;
    return race;
}

void race_free(struct race *race)
{
    if (race == NULL)
        return;
    for (size_t i = 0; i < race->n_images; i++)
        image_release(race->images[i].image);
    unlink(race->path); /* in a cell that is gone there is nothing to unlink */
    munmap(race->region, REGION_SIZE);
    free(race->images);
    free(race->sites);
    free(race->path);
    free(race->variable);
    free(race->sources);
    free(race);
}

const char *race_variable(const struct race *race)
{
    return race->variable;
}

uint64_t race_number(struct race *race)
{
    return race != NULL ? __atomic_fetch_add(&race->region->clock, 1, __ATOMIC_SEQ_CST) : 0;
}

void race_keep_image(struct race *race, int process, struct image *image)
{
    if (race == NULL || image == NULL || process < 0)
        return;
    for (size_t i = race->n_images; i-- > 0;)
        if (race->images[i].process == process) {
            if (race->images[i].image == image)
                return;
            break;
        }
    *ARRAY_ADD(race->images, race->n_images) = (struct known_image){
        process, __atomic_load_n(&race->region->clock, __ATOMIC_SEQ_CST), image_share(image)};
}

/* ---- When the run is over ------------------------------------------------------------------- */

/* What the process ran at that moment; the first that is known of it, for moments before. */
static struct image *image_at(const struct race *race, int process, uint64_t stamp)
{
    struct image *found = NULL;
    for (size_t i = 0; i < race->n_images; i++)
        if (race->images[i].process == process && (found == NULL || race->images[i].from <= stamp))
            found = race->images[i].image;
    return found;
}

void race_want_yields(struct race *race, bool wanted)
{
    if (race != NULL)
        __atomic_store_n(&race->region->yields, wanted, __ATOMIC_SEQ_CST);
}

struct place race_place(const struct race *race, int process, uint64_t pc)
{
    return image_place(image_at(race, process, UINT64_MAX), pc);
}

static int site_of(struct race *race, struct record *record, struct image *image, uint64_t pc)
{
    if (image == NULL)
        return -1;
    for (size_t i = race->n_sites; i-- > 0;)
        if (race->sites[i].image == image && race->sites[i].pc == pc)
            return (int)i;
    *ARRAY_ADD(race->sites, race->n_sites) = (struct known_site){image, pc};
    struct race_site *site = ARRAY_ADD(record->sites, record->n_sites);
    site->place = image_place(image, pc);
    uses_find(image, pc, race->sources, site);
    return (int)record->n_sites - 1;
}

static char *label_of(const struct record *record, const struct race_mapping *mapping)
{
    char path[RACE_PATH];
    memcpy(path, mapping->path, sizeof path - 1);
    path[sizeof path - 1] = '\0';
    char *deleted = strstr(path, " (deleted)");
    if (deleted != NULL)
        *deleted = '\0';
    if (strncmp(path, "/SYSV", 5) == 0) {
        int object = record_find_id(record, OBJECT_SEGMENT, (int)mapping->ino);
        return object >= 0 ? kit_strdup(record->objects[object].label)
                           : kit_format("segment %d", (int)mapping->ino);
    }
    if (path[0] == '\0' || strcmp(path, "/dev/zero") == 0)
        return kit_strdup("the shared mapping");
    return kit_format("the mapping of %s", path);
}

static void collect_memories(struct race *race, struct record *record)
{
    for (size_t i = 0; i < RACE_MAPPINGS; i++) {
        const struct race_mapping *mapping = &race->region->mappings[i];
        if (mapping->dev == 0 && mapping->ino == 0)
            break;
        struct race_memory *memory = ARRAY_ADD(record->memories, record->n_memories);
        *memory = (struct race_memory){mapping->dev, mapping->ino, label_of(record, mapping)};
    }
}

/* The process that had that pid then (numbers may be given out anew). */
static int process_at(const struct record *record, pid_t pid, uint64_t stamp)
{
    int found = -1;
    for (size_t i = 0; i < record->n_processes; i++)
        if (record->processes[i].pid == pid && (found == -1 || record->processes[i].began <= stamp))
            found = (int)i;
    return found;
}

static void collect_entry(struct race *race, struct record *record, const struct race_thread *who,
                          const struct race_entry *entry)
{
    int process = process_at(record, who->pid, entry->stamp);
    bool is_private = entry->mapping == RACE_PRIVATE;

    if (process == -1 || entry->kind == RACE_NOTHING || entry->kind > RACE_SET_VALUE ||
        (!is_private && entry->mapping >= record->n_memories))
        return;
    struct image *image = image_at(race, process, entry->stamp);
    int site = site_of(race, record, image, entry->pc);
    *ARRAY_ADD(record->notes, record->n_notes) =
        (struct race_note){.stamp = entry->stamp,
                           .offset = entry->offset,
                           .size = entry->size < INT32_MAX ? (int)entry->size : INT32_MAX,
                           .mapping = is_private ? -1 : entry->mapping,
                           .process = process,
                           .tid = who->tid,
                           .site = site,
                           .kind = entry->kind,
                           .flags = entry->flags};
}

/* Everything read from the region is the learner's to write: each index is checked. */
void race_collect(struct race *race, struct record *record, bool hasty)
{
    const struct race_region *region = race->region;
    uint32_t most = (REGION_SIZE - sizeof *region) / sizeof(struct race_chunk);
    uint32_t chunks = region->next_chunk < most ? region->next_chunk : most;

    record->races_watched = true;
    record->race_builds = region->n_threads > 0;
    record->notes_dropped = (int)(region->dropped & INT32_MAX);
    if (hasty)
        return;
    collect_memories(race, record);
    for (uint32_t i = 0; i < chunks; i++) {
        const struct race_chunk *chunk = &region->chunks[i];
        uint32_t used = chunk->used < RACE_ENTRIES ? chunk->used : RACE_ENTRIES;
        if (chunk->thread == 0 || chunk->thread > RACE_THREADS)
            continue;
        struct race_thread who = region->threads[chunk->thread - 1];
        for (uint32_t k = 0; k < used; k++) {
            struct race_entry entry = chunk->entries[k];
            collect_entry(race, record, &who, &entry);
        }
    }
}
