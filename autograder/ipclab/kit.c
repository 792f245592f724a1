/*
 * kit.c - `ipclab kit FILE`: what students get, as one archive.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "commands.h"
#include "kit_contents.h"
#include "options.h"

enum { OPTION_CONFIG = 256, OPTION_FORCE };

static const struct option_row options[] = {
    {OPTION_CONFIG, "config", "FILE", "The course.ini whose hidden checks are left out."},
    {OPTION_FORCE,  "force",  NULL,   "Replace FILE when it exists."                    },
    {0,             NULL,     NULL,   NULL                                              },
};

static const struct command_help help = {
    .name = "kit",
    .synopsis = "FILE.tar.gz",
    .purpose = "Packs what students get: the kit as source, without solutions and hidden checks.",
    .options = options,
    .notes = "In it are the chapters, the skeletons, the visible checks and all that make needs; "
             "no solution, no mistake, no other answer, no test of the kit itself. What "
             "course.ini hides until a day is hidden until that day. The same tree and rules give "
             "the same archive. FILE may also end in .tar or .zip.\n"
             "Exit status: 0 done, 2 wrong use, 3 the kit itself failed.\n"
             "Example: ipclab kit --config course.ini ipclab.tar.gz",
};

/* Returns 0; or the exit status, after saying what was wrong. */
static int make_kit(const char *file, const char *config, bool force)
{
    struct course rules;
    struct bundle bundle = {0};
    char *error = NULL;
    int status = 2;

    if (course_load(&rules, config, &error) == -1) {
        usage_error(&help, "%s", error);
        free(error);
        return 2;
    }
    if (kit_contents(&bundle, "ipclab", &rules, time(NULL), &error) == -1) {
        fprintf(stderr, "ipclab kit: %s\n", error);
        free(error);
    } else {
        kit_mark(&bundle, "ipclab");
        status = bundle_store(&bundle, "kit", file, force);
    }
    if (status == 0)
        printf("%s: %zu files. Students unpack it, type make in ipclab/, and then ./ipclab start "
               "1.\n",
               file, bundle.n);
    bundle_clear(&bundle);
    course_clear(&rules);
    return status;
}

int command_kit(int argc, char **argv)
{
    const char *config = NULL;
    bool force = false;

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key == OPTIONS_HELP ? 0 : 2;
        if (key == OPTION_CONFIG)
            config = optarg;
        force = force || key == OPTION_FORCE;
    }
    if (argc - optind != 1)
        return usage_error(&help, "it takes one name: the archive to write, such as ipclab.tar.gz");
    if (!bundle_can_be(argv[optind]))
        return usage_error(&help, "%s should end in .tar.gz, .tgz, .tar or .zip", argv[optind]);
    return make_kit(argv[optind], config, force);
}
