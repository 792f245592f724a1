/*
 * start.c - ipclab start: copies the skeletons of exercises to where a learner works on them.
 *
 * Nothing that exists is ever overwritten: files are made with O_EXCL.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "commands.h"
#include "kit_paths.h"
#include "options.h"
#include "state.h"

enum { OPTION_DIR = 256 };

static const struct option_row options[] = {
    {OPTION_DIR, "dir", "DIR", "Where to put them (default: work)."},
    {0    },
};

static const struct command_help help = {
    .name = "start",
    .synopsis = "LAB|EXERCISE...",
    .purpose = "Copies skeletons to work/, each with a Makefile to build it by hand. A file that "
               "exists is never overwritten.",
    .options = options,
    .notes = "Examples: ipclab start 1    ipclab start pipeline",
};

/* 1 made, 0 it was there, -1 errno. */
static int make_file(const char *path, const char *data, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd == -1)
        return errno == EEXIST ? 0 : -1;
    for (size_t done = 0; done < length;) {
        ssize_t written = write(fd, data + done, length - done);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1) {
            int error = errno;
            close(fd);
            unlink(path); /* half a skeleton would be kept for ever */
            errno = error;
            return -1;
        }
        done += (size_t)written;
    }
    return close(fd) == 0 ? 1 : -1;
}

static int tell_made(const char *path, int made)
{
    if (made == -1)
        fprintf(stderr, "ipclab start: can't write %s: %s\n", path, strerror(errno));
    else
        printf("  %s %s\n", made ? "new " : "kept", path);
    return made == -1 ? -1 : 0;
}

/* Plain `make` builds every program of the folder, as the kit does. A .c file with a header of its
 * own name is a module: it is linked into every program. Grading never uses this file. */
static char *makefile_text(const struct exercise *exercise)
{
    struct text_buffer flags = {0};

    for (const char *const *flag = kit_compiler_flags(); *flag != NULL; flag++)
        text_add(&flags, "%s%s", flag == kit_compiler_flags() ? "" : " ", *flag);
    char *text =
        kit_format("# %s %s: builds with the kit's flags, for running by hand or in gdb.\n"
                   "# `ipclab check %s` does not use this file.\n"
                   "KIT      := %s\n"
                   "CFLAGS   := %s -I$(KIT)/common\n"
                   "COMMON   := $(wildcard $(KIT)/common/*.c)\n"
                   "HEADERS  := $(wildcard *.h)\n"
                   "MODULES  := $(wildcard $(HEADERS:.h=.c))\n"
                   "PROGRAMS := $(patsubst %%.c,%%,$(filter-out $(MODULES),$(wildcard *.c)))\n"
                   "# A module is linked with the kit's drivers, as the checks do.\n"
                   "DRIVERS  := $(if $(MODULES),$(wildcard $(KIT)/autograder/drivers/%s/*.c))\n"
                   "DRIVEN   := $(notdir $(DRIVERS:.c=))\n"
                   "\n"
                   "all: $(PROGRAMS) $(DRIVEN)\n"
                   "$(DRIVEN): %%: $(KIT)/autograder/drivers/%s/%%.c $(MODULES) $(HEADERS)\n"
                   "\t$(CC) $(CFLAGS) -I. -o $@ $< $(MODULES) $(COMMON) -lpthread -lrt -lm\n"
                   "$(PROGRAMS): %%: %%.c $(MODULES) $(HEADERS)\n"
                   "\t$(CC) $(CFLAGS) -o $@ $< $(MODULES) $(COMMON) -lpthread -lrt -lm\n"
                   "clean:\n"
                   "\trm -f $(PROGRAMS) $(DRIVEN)\n"
                   ".PHONY: all clean\n",
                   exercise->id, exercise->name, exercise->id, kit_root(), flags.data,
                   exercise->folder, exercise->folder);
    free(flags.data);
    return text;
}

static int make_makefile(const struct exercise *exercise, const char *folder)
{
    char *path = kit_format("%s/Makefile", folder);
    char *text = makefile_text(exercise);
    int result = tell_made(path, make_file(path, text, strlen(text)));

    free(text);
    free(path);
    return result;
}

/* -1: said why not. */
static int copy_file(const char *from, const char *to)
{
    size_t length;
    char *data = kit_read_file(from, &length);

    if (data == NULL)
        kit_broken("reading %s", from);
    int result = tell_made(to, make_file(to, data, length));
    free(data);
    return result;
}

static int is_regular(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "Makefile") != 0;
}

static int start_exercise(const struct exercise *exercise, const char *dir)
{
    char *from = kit_path("skeletons/%s", exercise->folder);
    char *to = kit_format("%s/%s", dir, exercise->folder);
    struct dirent **entries;
    int result = 0, n = scandir(from, &entries, is_regular, alphasort);

    if (n == -1)
        kit_broken("no skeleton of exercise %s in %s", exercise->id, from);
    printf("%s %s: %s\n", exercise->id, exercise->name, exercise->title);
    if (make_folders(to) == -1) {
        fprintf(stderr, "ipclab start: can't make the folder %s: %s\n", to, strerror(errno));
        result = -1;
    }
    for (int i = 0; i < n; i++) {
        char *source = kit_format("%s/%s", from, entries[i]->d_name);
        char *target = kit_format("%s/%s", to, entries[i]->d_name);
        if (result == 0)
            result = copy_file(source, target);
        free(source);
        free(target);
        free(entries[i]);
    }
    free(entries);
    if (result == 0)
        result = make_makefile(exercise, to);
    free(from);
    free(to);
    return result;
}

/* 0, 2 or 3. */
static int start_all(const struct selection *selection, const char *dir)
{
    if (state_make_folder(dir) == -1) {
        fprintf(stderr, "ipclab start: can't make the folder %s: %s\n", dir, strerror(errno));
        return 2;
    }
    for (size_t i = 0; i < selection->count; i++)
        if (start_exercise(selection->items[i].exercise, dir) == -1)
            return 2;
    const struct exercise *first = selection->items[0].exercise;
    char *task = kit_path("labs/%s.md", first->folder);
    printf("\n");
    if (access(task, R_OK) == 0)
        printf("read %s\n", task);
    printf("edit %s/%s, then: ipclab check %s   (whenever you save: ipclab watch %s)\n", dir,
           first->folder, first->id, first->id);
    free(task);
    return 0;
}

int command_start(int argc, char **argv)
{
    const char *given = NULL;
    struct selection selection = {0};
    char *error = NULL;

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key != OPTION_DIR)
            return key == OPTIONS_HELP ? 0 : 2;
        given = optarg;
    }
    if (optind == argc)
        return usage_error(&help, "say which lab or exercise, for example: ipclab start 1");
    for (int i = optind; i < argc && error == NULL; i++)
        selection_add(&selection, argv[i], &error);
    int status = 2;
    char *dir = work_folder(given);
    if (error != NULL)
        usage_error(&help, "%s", error);
    else if (selection.count == 0)
        fprintf(stderr, "ipclab start: there are no exercises in that lab\n");
    else
        status = start_all(&selection, dir);
    free(error);
    free(dir);
    selection_clear(&selection);
    return status;
}
