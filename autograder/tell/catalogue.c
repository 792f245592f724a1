/*
 * catalogue.c - the pages that explain. See catalogue.h.
 */
#include "catalogue.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../ipclab/kit_paths.h"
#include "../run/kit.h"

static const char met_in[] = "\nMet in:";

bool catalogue_is_name(const char *word)
{
    size_t length = strlen(word);
    return length > 0 && length < 100 &&
           strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

char *catalogue_page(const char *name)
{
    if (!catalogue_is_name(name))
        return NULL;
    char *path = kit_path("autograder/explain/%s.md", name);
    char *page = kit_read_file(path, NULL);
    free(path);
    return page;
}

char *catalogue_title(const char *name)
{
    static const char dash[] = "\u2014 ";
    char *page = catalogue_page(name);

    if (page == NULL)
        return NULL;
    page[strcspn(page, "\n")] = '\0';
    const char *start = strstr(page, dash);
    char *title = kit_strdup(start != NULL ? start + strlen(dash) : page);
    free(page);
    return title;
}

char **catalogue_names(size_t *n)
{
    char *pattern = kit_path("autograder/explain/*.md");
    glob_t found = {0};
    char **names = NULL;

    *n = 0;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *base = strrchr(found.gl_pathv[i], '/') + 1;
            *ARRAY_ADD(names, *n) = kit_strndup(base, strlen(base) - strlen(".md"));
        }
    globfree(&found);
    free(pattern);
    return names;
}

bool catalogue_met_in(const char *page, const char *exercise_id)
{
    const char *line = strstr(page, met_in);

    if (line == NULL)
        return false;
    for (line += strlen(met_in); *line != '\0' && *line != '\n';) {
        line += strspn(line, " ,");
        size_t length = strcspn(line, " ,\n");
        if (length == strlen(exercise_id) && strncmp(line, exercise_id, length) == 0)
            return true;
        line += length;
    }
    return false;
}
