/*
 * image.c - which files a program consists of, and which source line an address of it came from.
 *
 * Theory of operation.  image_read() only keeps the text of /proc/PID/maps: that is all a run pays
 * for.  The files are opened when the first line is asked for, perhaps after the process has ended,
 * by our own find_elf callback (libdwfl's looks into /proc/PID).  A learner can change or shorten
 * a file of his while we read it, and a mapped file that shrinks kills its reader with SIGBUS;
 * so such files are copied into memory, and only the system's own are mapped.  Separate debug files
 * are not looked for: we want nobody's lines but the learner's, and the standard callback might ask
 * the network.
 */
#include "image.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

enum { COPY_LIMIT = 64 << 20, SEEN_BUCKETS = 256 };

struct range {
    uint64_t start, end;
    bool code;
};

/* A file in memory, as libelf reads it. */
struct held_file {
    void *data;
    size_t size;
    bool mapped;
};

/* What an address turned out to be: asked again for every call in a loop. */
struct seen {
    uint64_t address;
    enum owner owner;
    struct place place;
    struct seen *next;
};

struct image {
    unsigned references;
    char *maps; /* text of /proc/PID/maps */
    size_t maps_length;
    char *root;
    struct range *ranges;
    size_t n_ranges;
    struct range *code; /* those with code, by address: asked for every captured word */
    size_t n_code;
    uint64_t vdso_start, vdso_end; /* 0: none */
    bool own_code;
    bool opened; /* dwfl has been tried */
    Dwfl *dwfl;
    struct held_file *files;
    size_t n_files;
    struct seen *seen[SEEN_BUCKETS];
};

/* ---- Whose is it? -----------------------------------------------------------------------------
 */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool is_system_path(const char *path)
{
    /* containers like to put people's work under /usr/src */
    if (starts_with(path, "/usr/src/") || starts_with(path, "/usr/local/src/"))
        return false;
    return starts_with(path, "/usr/") || starts_with(path, "/lib") || starts_with(path, "/bin/") ||
           starts_with(path, "/sbin/");
}

/* The kit's helpers for lab programs live in a folder called common. */
static bool in_common_folder(const char *path)
{
    const char *base = strrchr(path, '/');
    size_t length = base == NULL ? 0 : (size_t)(base - path);

    return (length == 6 || (length > 6 && path[length - 7] == '/')) &&
           memcmp(path + length - 6, "common", 6) == 0;
}

enum owner source_owner(const char *path)
{
    if (is_system_path(path))
        return OWNER_NOBODY;
    return in_common_folder(path) ? OWNER_COMMON : OWNER_LEARNER;
}

/* ---- The map ----------------------------------------------------------------------------------
 */

/* One line of /proc/PID/maps: "start-end rwxp offset major:minor inode   path". */
static void note_line(struct image *image, const char *line)
{
    struct range range;
    char rights[5];
    int path_at = 0;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &range.start, &range.end, rights,
               &path_at) < 3 ||
        path_at == 0)
        return;
    bool vdso = starts_with(line + path_at, "[vdso]");
    bool file = line[path_at] == '/';
    if (!vdso && !file)
        return;
    range.code = rights[2] == 'x';
    *ARRAY_ADD(image->ranges, image->n_ranges) = range;
    if (range.code)
        *ARRAY_ADD(image->code, image->n_code) = range;
    if (vdso) {
        image->vdso_start = range.start;
        image->vdso_end = range.end;
    } else if (range.code && !is_system_path(line + path_at)) {
        image->own_code = true;
    }
}

static void note_lines(struct image *image)
{
    char *save, *text = kit_strndup(image->maps, image->maps_length);

    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        note_line(image, line);
    free(text);
}

struct image *image_read(pid_t host_pid, const char *root)
{
    char path[64];
    size_t length;

    snprintf(path, sizeof path, "/proc/%ld/maps", (long)host_pid);
    char *maps = kit_read_file(path, &length);
    if (maps == NULL || length == 0) { /* a zombie has an empty map */
        free(maps);
        return NULL;
    }
    struct image *image = kit_alloc(sizeof *image);
    image->references = 1;
    image->maps = kit_realloc(maps, length + 1);
    image->maps_length = length;
    image->root = kit_strdup(root != NULL ? root : "");
    note_lines(image);
    return image;
}

struct image *image_share(struct image *image)
{
    if (image != NULL)
        image->references++;
    return image;
}

static void free_seen(struct image *image)
{
    for (size_t i = 0; i < SEEN_BUCKETS; i++) {
        for (struct seen *seen = image->seen[i], *next; seen != NULL; seen = next) {
            next = seen->next;
            free(seen->place.file);
            free(seen->place.function);
            free(seen);
        }
    }
}

void image_release(struct image *image)
{
    if (image == NULL || --image->references > 0)
        return;
    dwfl_end(image->dwfl); /* before the files that it reads */
    for (size_t i = 0; i < image->n_files; i++) {
        if (image->files[i].mapped)
            munmap(image->files[i].data, image->files[i].size);
        else
            free(image->files[i].data);
    }
    free_seen(image);
    free(image->files);
    free(image->ranges);
    free(image->code);
    free(image->root);
    free(image->maps);
    free(image);
}

bool image_covers(const struct image *image, uint64_t address)
{
    for (size_t i = 0; image != NULL && i < image->n_ranges; i++)
        if (address >= image->ranges[i].start && address < image->ranges[i].end)
            return true;
    return false;
}

bool image_has_code(const struct image *image, uint64_t address)
{
    size_t low = 0, high = image->n_code;

    while (low < high) { /* the first range that ends behind the address */
        size_t middle = (low + high) / 2;
        if (image->code[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < image->n_code && image->code[low].start <= address;
}

void image_code_span(const struct image *image, uint64_t *low, uint64_t *high)
{
    *low = image->n_code > 0 ? image->code[0].start : 0;
    *high = image->n_code > 0 ? image->code[image->n_code - 1].end : 0;
}

bool image_has_own_code(const struct image *image)
{
    return image->own_code;
}

/* ---- Opening the files ------------------------------------------------------------------------
 */

static bool read_whole(int fd, char *data, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = read(fd, data + have, size - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

/* The learner's file is copied (see above), the system's is mapped. */
static bool hold_file(int fd, bool copy, struct held_file *file)
{
    struct stat status;

    if (fstat(fd, &status) == -1 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
        (copy && status.st_size > COPY_LIMIT))
        return false;
    file->size = (size_t)status.st_size;
    file->mapped = !copy;
    if (!copy) { /* writable, privately: libelf may convert in place */
        file->data = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        return file->data != MAP_FAILED;
    }
    file->data = kit_alloc(file->size);
    if (read_whole(fd, file->data, file->size))
        return true;
    free(file->data);
    return false;
}

static Elf *open_file(struct image *image, const char *name)
{
    struct held_file file;
    char *path = kit_format("%s%s", image->root, name);
    /* O_NONBLOCK: somebody may have put a FIFO in the place of the file since */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    free(path);
    if (fd == -1)
        return NULL;
    bool held = hold_file(fd, !is_system_path(name), &file);
    close(fd);
    if (!held)
        return NULL;
    *ARRAY_ADD(image->files, image->n_files) = file;
    return elf_memory(file.data, file.size);
}

/* Every process of a machine has the same vdso: our own serves for all. */
static Elf *open_vdso(void)
{
    uintptr_t start = getauxval(AT_SYSINFO_EHDR);

    if (start == 0)
        return NULL;
    ElfW(Ehdr) header;
    memcpy(&header, (const void *)start, sizeof header);
    return elf_memory((void *)start, header.e_shoff + (size_t)header.e_shnum * header.e_shentsize);
}

static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                    char **file_name, Elf **elf)
{
    struct image *image = *data; /* from tell_module() */

    (void)module;
    (void)base;
    *elf = strcmp(name, "[vdso]") == 0 ? open_vdso() : open_file(image, name);
    if (*elf != NULL)
        *file_name = kit_strdup(name);
    return -1; /* no descriptor: the file is in memory */
}

static int find_no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                             const char *file_name, const char *debuglink, GElf_Word crc,
                             char **debuginfo)
{
    (void)module;
    (void)data;
    (void)name;
    (void)base;
    (void)file_name;
    (void)debuglink;
    (void)crc;
    *debuginfo = NULL;
    return -1;
}

static int tell_module(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr start,
                       void *image)
{
    (void)module;
    (void)name;
    (void)start;
    *data = image;
    return DWARF_CB_OK;
}

static bool report_modules(struct image *image)
{
    FILE *maps = fmemopen(image->maps, image->maps_length, "r");

    if (maps == NULL)
        return false;
    dwfl_report_begin(image->dwfl);
    bool reported = dwfl_linux_proc_maps_report(image->dwfl, maps) == 0;
    fclose(maps);
    if (image->vdso_start != 0)
        dwfl_report_module(image->dwfl, "[vdso]", image->vdso_start, image->vdso_end);
    if (dwfl_report_end(image->dwfl, NULL, NULL) != 0 || !reported)
        return false;
    return dwfl_getmodules(image->dwfl, tell_module, image, 0) == 0;
}

Dwfl *image_modules(struct image *image, const Dwfl_Thread_Callbacks *callbacks)
{
    static const Dwfl_Callbacks how = {.find_elf = find_elf, .find_debuginfo = find_no_debuginfo};
    enum { ANY_PID = 1 }; /* libdwfl wants one, and does nothing with it */

    if (image->opened)
        return image->dwfl;
    image->opened = true;
    elf_version(EV_CURRENT);
    image->dwfl = dwfl_begin(&how);
    if (image->dwfl == NULL)
        return NULL;
    if (!report_modules(image) || !dwfl_attach_state(image->dwfl, NULL, ANY_PID, callbacks, NULL)) {
        dwfl_end(image->dwfl);
        image->dwfl = NULL;
    }
    return image->dwfl;
}

/* ---- From an address to a line ----------------------------------------------------------------
 */

/* The compilation unit that an address of a module was compiled in. clang writes no .debug_aranges,
 * so every unit is asked: a learner's program has few. */
static bool find_unit(Dwfl_Module *module, uint64_t address, Dwarf_Die *unit, uint64_t *inside)
{
    Dwarf_Addr bias;

    for (Dwarf_Die *die = dwfl_module_nextcu(module, NULL, &bias); die != NULL;
         die = dwfl_module_nextcu(module, die, &bias)) {
        if (dwarf_haspc(die, address - bias) == 1) {
            *unit = *die;
            *inside = address - bias;
            return true;
        }
    }
    return false;
}

/* The line in the table of the unit: the last row at or below the address that has a line number
 * (clang gives 0 to code of no line, or of several; exact: not so here). path belongs to libdw. */
static const char *table_line(Dwarf_Die *unit, uint64_t address, int *line, bool *exact)
{
    Dwarf_Lines *lines;
    size_t n;
    const char *path = NULL;

    if (dwarf_getsrclines(unit, &lines, &n) != 0)
        return NULL;
    for (size_t i = 0; i < n; i++) { /* sorted by address; sequences end with a marker */
        Dwarf_Line *row = dwarf_onesrcline(lines, i);
        Dwarf_Addr start;
        bool ends;
        int number;
        if (dwarf_lineaddr(row, &start) != 0 || start > address)
            break;
        if (dwarf_lineendsequence(row, &ends) == 0 && ends) {
            path = NULL;
        } else if (dwarf_lineno(row, &number) == 0) {
            *exact = number > 0;
            if (!*exact)
                continue;
            path = dwarf_linesrc(row, NULL, NULL);
            *line = number;
        }
    }
    return path;
}

/* A relative path of the line table is relative to where the compiler ran. */
static enum owner owner_in_unit(Dwarf_Die *unit, const char *path)
{
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));

    if (path[0] == '/' || folder == NULL)
        return source_owner(path);
    char *whole = kit_format("%s/%s", folder, path);
    enum owner owner = source_owner(whole);
    free(whole);
    return owner;
}

/* Where an inlined function was called, from its DIE. */
static const char *call_line(Dwarf_Die *unit, Dwarf_Die *inlined, int *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, number;
    Dwarf_Files *files;
    size_t n;

    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) != 0 ||
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) != 0 ||
        dwarf_getsrcfiles(unit, &files, &n) != 0 || file >= n)
        return NULL;
    *line = (int)number;
    return dwarf_filesrc(files, file, NULL, NULL);
}

/* A line of one function, inlined or not: the learner's ends the search, the first of the common
 * helpers is kept in case that there is no other. */
static void consider(Dwarf_Die *unit, const char *path, int line, const char *function,
                     struct seen *seen)
{
    enum owner owner = path == NULL ? OWNER_NOBODY : owner_in_unit(unit, path);

    if (owner <= seen->owner) /* OWNER_LEARNER > OWNER_COMMON > OWNER_NOBODY */
        return;
    const char *slash = strrchr(path, '/');
    free(seen->place.file);
    free(seen->place.function);
    seen->owner = owner;
    seen->place.file = kit_strdup(slash != NULL ? slash + 1 : path);
    seen->place.line = line;
    seen->place.function = function != NULL ? kit_strdup(function) : NULL;
}

/* The functions around an address, innermost first: those inlined there, then the real one. */
static void consider_scopes(Dwarf_Die *unit, uint64_t inside, const char *path, int line,
                            struct seen *seen)
{
    Dwarf_Die *scopes = NULL, *around = NULL;
    int n = dwarf_getscopes(unit, inside, &scopes);

    /* dwarf_getscopes() leaves the chain at an inlined function; its parents stay on it */
    n = n > 0 ? dwarf_getscopes_die(&scopes[0], &around) : 0;
    for (int i = 0; i < n && path != NULL; i++) {
        int tag = dwarf_tag(&around[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        consider(unit, path, line, dwarf_diename(&around[i]), seen);
        path = tag == DW_TAG_subprogram ? NULL : call_line(unit, &around[i], &line);
    }
    free(scopes);
    free(around);
}

bool image_around(struct image *image, uint64_t address, struct around *around)
{
    Dwfl_Module *module = image->dwfl != NULL ? dwfl_addrmodule(image->dwfl, address) : NULL;
    Dwarf_Attribute attribute;
    const char *name = NULL;

    if (module != NULL)
        name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    if (name == NULL || name[0] != '/' || is_system_path(name) ||
        !find_unit(module, address, &around->unit, &around->inside))
        return false;
    around->program = name;
    around->line = 0;
    around->exact = false;
    around->path = table_line(&around->unit, around->inside, &around->line, &around->exact);
    around->folder = dwarf_formstring(dwarf_attr(&around->unit, DW_AT_comp_dir, &attribute));
    return around->path != NULL;
}

static void look_up(struct image *image, struct seen *seen)
{
    struct around at;

    if (!image_around(image, seen->address, &at))
        return;
    Dwfl_Module *module = dwfl_addrmodule(image->dwfl, seen->address);
    consider_scopes(&at.unit, at.inside, at.path, at.line, seen);
    consider(&at.unit, at.path, at.line, dwfl_module_addrname(module, seen->address), seen);
}

enum owner image_line(struct image *image, uint64_t address, struct place *place)
{
    struct seen **bucket = &image->seen[(address ^ address >> 8) % SEEN_BUCKETS];
    struct seen *seen = *bucket;

    while (seen != NULL && seen->address != address)
        seen = seen->next;
    if (seen == NULL) {
        seen = kit_alloc(sizeof *seen);
        seen->address = address;
        seen->next = *bucket;
        *bucket = seen;
        if (image->dwfl != NULL)
            look_up(image, seen);
    }
    *place = seen->place;
    return seen->owner;
}
