/*
 * alike.c - which submissions have passages alike. See alike.h.
 *
 * Theory of operation.  The own part of each source is written to a file of the scratch whose name
 * is the source's index: the lines that the skeleton has are empty there, so a line keeps its
 * number. One sim_c(1) for each exercise compares all its files, as nobody and within limits, for
 * it reads what strangers wrote; it writes lines into a file:
 *
 *     File 12: 589 tokens, 173 lines
 *     12: line 46-94 |31: line 45-93 [352]
 *
 * sim_c finds for each place of the left file the longest passage like it in the right one, so the
 * same lines on the right may stand in several passages. The longest are kept that do not overlap.
 */
#include "alike.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "checking.h"
#include "confine.h"
#include "kit_paths.h"
#include "unpack.h"

enum {
    CPU_SECONDS = 600,
    WALL_SECONDS = 3600,
    MEMORY_MB = 8192,
    MOST_PASSAGES = 200, /* of a pair in an exercise: a file may repeat itself without end */
    NOT_STARTED = 127
};

static const char comparer[] = "sim_c";

bool alike_can_compare(void)
{
    return kit_has_command(comparer);
}

/* ---- Own parts ------------------------------------------------------------------------------ */

/* Lines are compared with the skeleton's without space and braces, which editors move. */
static char *line_key(const char *line)
{
    char *key = kit_alloc(strlen(line) + 1), *end = key;
    for (; *line != '\0'; line++)
        if (!isspace((unsigned char)*line) && *line != '{' && *line != '}')
            *end++ = *line;
    return key;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Cuts a text into lines; a NUL in it is a space. */
static char **split(char *text, size_t length, size_t *n)
{
    char **lines = NULL;

    *n = 0;
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    for (char *line = text, *end; *line != '\0'; line = end) {
        size_t size = strcspn(line, "\n");
        end = line + size + (line[size] == '\n');
        *ARRAY_ADD(lines, *n) = kit_strndup(line, size);
    }
    return lines;
}

static void free_lines(char **lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(lines[i]);
    free(lines);
}

static void add_keys(struct alike_given *set, const char *path)
{
    size_t length, n;
    char *text = kit_read_file(path, &length);

    if (text == NULL)
        kit_broken("cannot read %s", path);
    char **lines = split(text, length, &n);
    for (size_t i = 0; i < n; i++)
        *ARRAY_ADD(set->keys, set->n) = line_key(lines[i]);
    free_lines(lines, n);
    free(text);
}

static DIR *open_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL && errno != ENOENT)
        kit_broken("cannot read %s", path);
    return dir;
}

/* What an exercise gives: its skeletons, and all that programs may use. */
static struct alike_given given_lines(const struct exercise *exercise)
{
    struct alike_given set = {0};
    struct dirent *entry;
    char *folder = kit_path("skeletons/%s", exercise->folder);
    DIR *dir = open_folder(folder);

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (is_source_name(entry->d_name)) {
            char *path = kit_format("%s/%s", folder, entry->d_name);
            add_keys(&set, path);
            free(path);
        }
    if (dir != NULL)
        closedir(dir);
    free(folder);
    if (set.n > 0)
        qsort(set.keys, set.n, sizeof *set.keys, by_text);
    return set;
}

static void mark_given(struct alike_source *source, const struct alike_given *given)
{
    source->given = kit_alloc(source->n_lines * sizeof *source->given + 1);
    for (size_t i = 0; i < source->n_lines; i++) {
        char *key = line_key(source->lines[i]);
        source->given[i] =
            *key == '\0' || bsearch(&key, given->keys, given->n, sizeof key, by_text) != NULL;
        free(key);
    }
}

/* A copy of common/NAME that was handed in beside a source is nobody's own. */
static bool is_common(const char *name)
{
    char *path = kit_path("common/%s", name);
    bool common = access(path, F_OK) == 0;
    free(path);
    return common;
}

static void add_source(struct alike *alike, size_t submission, const struct exercise *exercise,
                       const char *path, const struct alike_given *given, struct notes *notes)
{
    const char *name = strrchr(path, '/') + 1;
    size_t length;
    char *text = kit_read_file(path, &length);

    if (text == NULL)
        kit_broken("cannot read %s", path);
    if (length > OWN_LIMIT) {
        char *shown = text_visible(name, strlen(name), 120);
        notes_add(notes, "%s/%s has more than %d kB and is not compared.", exercise->folder, shown,
                  OWN_LIMIT >> 10);
        free(shown);
    } else if (!is_common(name)) {
        struct alike_source *source = ARRAY_ADD(alike->sources, alike->n_sources);
        source->submission = submission;
        source->exercise = exercise;
        source->name = kit_strdup(name);
        source->lines = split(text, length, &source->n_lines);
        mark_given(source, given);
    }
    free(text);
}

static int plain_name(const struct dirent *entry)
{
    return is_source_name(entry->d_name);
}

void alike_add(struct alike *alike, size_t submission, const char *folder, struct notes *notes)
{
    for (size_t i = 0; i < alike->selection->count; i++) {
        const struct exercise *exercise = alike->selection->items[i].exercise;
        if (submission == 0)
            *ARRAY_ADD(alike->given, alike->n_given) = given_lines(exercise);
        char *from = kit_format("%s/%s", folder, exercise->folder);
        struct dirent **entries;
        int n = scandir(from, &entries, plain_name, alphasort);
        if (n == -1 && errno != ENOENT)
            kit_broken("cannot read %s", from);
        for (int k = 0; k < n; k++) {
            char *path = kit_format("%s/%s", from, entries[k]->d_name);
            add_source(alike, submission, exercise, path, &alike->given[i], notes);
            free(path);
            free(entries[k]);
        }
        if (n >= 0)
            free(entries);
        free(from);
    }
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static void write_own_part(const struct alike *alike, size_t which, const char *scratch)
{
    const struct alike_source *source = &alike->sources[which];
    struct text_buffer text = {0};
    char *path = kit_format("%s/%zu", scratch, which);

    for (size_t i = 0; i < source->n_lines; i++) {
        if (!source->given[i])
            text_add_bytes(&text, source->lines[i], strlen(source->lines[i]));
        text_add_bytes(&text, "\n", 1);
    }
    if (kit_write_file(path, text.data != NULL ? text.data : "", text.length) == -1 ||
        chmod(path, 0644) == -1) /* who reads it is nobody */
        kit_broken("cannot write %s", path);
    free(text.data);
    free(path);
}

/* One exercise that is compared. */
struct comparison {
    const struct exercise *exercise;
    pid_t pid;
    char *output; /* a file */
};

/* Writes the names of the sources of an exercise, a line each. Returns how many there are. */
static size_t list_sources(const struct alike *alike, const struct exercise *exercise,
                           const char *path)
{
    struct text_buffer text = {0};
    size_t n = 0;

    for (size_t i = 0; i < alike->n_sources; i++)
        if (alike->sources[i].exercise == exercise) {
            text_add(&text, "%zu\n", i);
            n++;
        }
    if (n > 0 && kit_write_file(path, text.data, text.length) == -1)
        kit_broken("cannot write %s", path);
    free(text.data);
    return n;
}

static _Noreturn void compare_here(const char *scratch, int names, int output)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (nothing == -1 || dup2(names, STDIN_FILENO) == -1 || dup2(output, STDOUT_FILENO) == -1 ||
        dup2(nothing, STDERR_FILENO) == -1 ||
        confine(&(struct confinement){scratch, CPU_SECONDS, WALL_SECONDS, MEMORY_MB,
                                      RLIM_INFINITY}) == -1)
        _exit(NOT_STARTED);
    char *shortest = kit_format("%d", ALIKE_TOKENS);
    execlp(comparer, comparer, "-e", "-s", "-n", "-r", shortest, "-i", (char *)NULL);
    _exit(NOT_STARTED);
}

static void start_comparison(const struct alike *alike, struct comparison *comparison,
                             const char *scratch)
{
    char *list = kit_format("%s/%s.names", scratch, comparison->exercise->id);

    comparison->output = kit_format("%s/%s.alike", scratch, comparison->exercise->id);
    if (list_sources(alike, comparison->exercise, list) > 1) {
        int names = open(list, O_RDONLY | O_CLOEXEC);
        int output = open(comparison->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (names == -1 || output == -1)
            kit_broken("cannot write to %s", scratch);
        fflush(NULL);
        comparison->pid = fork();
        if (comparison->pid == -1)
            kit_broken("fork");
        if (comparison->pid == 0)
            compare_here(scratch, names, output);
        close(names);
        close(output);
    }
    free(list);
}

/* ---- Reading what it found ------------------------------------------------------------------ */

struct passages {
    struct alike_passage *items;
    size_t n;
};

static struct alike_source *source_of(const struct alike *alike, size_t index)
{
    if (index >= alike->n_sources)
        kit_broken("%s names a file that it was not given", comparer);
    return &alike->sources[index];
}

static void take_line(struct alike *alike, const char *line, struct passages *found)
{
    size_t left, right;
    unsigned tokens;
    struct alike_passage passage;

    if (sscanf(line, "File %zu: %u token", &left, &tokens) == 2) {
        source_of(alike, left)->tokens = tokens;
    } else if (sscanf(line, "%zu: line %u-%u |%zu: line %u-%u [%u]", &left,
                      &passage.places[0].first, &passage.places[0].last, &right,
                      &passage.places[1].first, &passage.places[1].last, &passage.tokens) == 7) {
        passage.places[0].source = left;
        passage.places[1].source = right;
        if (source_of(alike, left)->submission != source_of(alike, right)->submission)
            *ARRAY_ADD(found->items, found->n) = passage;
    } else if (strncmp(line, "File", 4) == 0 || strchr(line, '|') != NULL) {
        kit_broken("%s says what is not understood", comparer);
    }
}

static void read_comparison(struct alike *alike, const char *path, struct passages *found)
{
    FILE *stream = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;

    if (stream == NULL)
        kit_broken("cannot read %s", path);
    while (getline(&line, &room, stream) > 0)
        take_line(alike, line, found);
    if (ferror(stream))
        kit_broken("cannot read %s", path);
    free(line);
    fclose(stream);
}

/* ---- Passages of a pair --------------------------------------------------------------------- */

static const struct alike *sorted; /* what the next three compare in: qsort(3) has no argument */

static size_t submission_at(const struct alike_passage *passage, int side)
{
    return sorted->sources[passage->places[side].source].submission;
}

static int order(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* By pair; then the longest first. */
static int by_pair(const void *a, const void *b)
{
    const struct alike_passage *x = a, *y = b;
    int result = order(submission_at(x, 0), submission_at(y, 0));

    result = result != 0 ? result : order(submission_at(x, 1), submission_at(y, 1));
    result = result != 0 ? result : order(y->tokens, x->tokens);
    for (int side = 0; side < 2 && result == 0; side++) {
        result = order(x->places[side].source, y->places[side].source);
        result = result != 0 ? result : order(x->places[side].first, y->places[side].first);
    }
    return result;
}

/* More than the line on which one ends and the next begins. */
static bool overlap(const struct alike_place *a, const struct alike_place *b)
{
    unsigned first = a->first > b->first ? a->first : b->first;
    unsigned last = a->last < b->last ? a->last : b->last;
    return a->source == b->source && last > first;
}

static bool is_counted(const struct alike_exercise *exercise, const struct alike_passage *passage)
{
    for (size_t i = 0; i < exercise->n_passages; i++)
        for (int side = 0; side < 2; side++)
            if (overlap(&exercise->passages[i].places[side], &passage->places[side]))
                return true;
    return false;
}

/* The tokens of each submission in an exercise; owned by the caller. */
static unsigned *own_tokens(const struct alike *alike, const struct exercise *exercise)
{
    unsigned *tokens = kit_alloc(alike->n_submissions * sizeof *tokens);
    for (size_t i = 0; i < alike->n_sources; i++)
        if (alike->sources[i].exercise == exercise)
            tokens[alike->sources[i].submission] += alike->sources[i].tokens;
    return tokens;
}

/* Of the n passages of a pair in an exercise. */
static struct alike_exercise count_passages(const struct alike_passage *passages, size_t n)
{
    struct alike_exercise counted = {0};

    for (size_t i = 0; i < n && counted.n_passages < MOST_PASSAGES; i++)
        if (!is_counted(&counted, &passages[i])) {
            *ARRAY_ADD(counted.passages, counted.n_passages) = passages[i];
            counted.tokens += passages[i].tokens;
        }
    return counted;
}

unsigned alike_percent(const struct alike_exercise *exercise, int side)
{
    unsigned own = exercise->own[side];
    return own == 0 || exercise->tokens >= own ? 100 : exercise->tokens * 100 / own;
}

/* Which pair it is; that of the same submissions in another exercise, or a new one. */
static struct alike_pair *pair_of(struct alike *alike, size_t *index, const size_t submissions[2])
{
    size_t *known = &index[submissions[0] * alike->n_submissions + submissions[1]];
    if (*known == 0) {
        struct alike_pair *pair = ARRAY_ADD(alike->pairs, alike->n_pairs);
        memcpy(pair->submissions, submissions, sizeof pair->submissions);
        *known = alike->n_pairs;
    }
    return &alike->pairs[*known - 1];
}

static void add_passages(struct alike *alike, const struct exercise *exercise,
                         struct passages *found, size_t *index)
{
    unsigned *own = own_tokens(alike, exercise);

    sorted = alike;
    if (found->n > 0)
        qsort(found->items, found->n, sizeof *found->items, by_pair);
    for (size_t i = 0, end; i < found->n; i = end) {
        const struct alike_passage *first = &found->items[i];
        size_t submissions[2] = {submission_at(first, 0), submission_at(first, 1)};
        for (end = i + 1; end < found->n &&
                          submission_at(&found->items[end], 0) == submissions[0] &&
                          submission_at(&found->items[end], 1) == submissions[1];)
            end++;
        struct alike_pair *pair = pair_of(alike, index, submissions);
        struct alike_exercise *counted = ARRAY_ADD(pair->exercises, pair->n_exercises);
        *counted = count_passages(first, end - i);
        counted->exercise = exercise;
        for (int side = 0; side < 2; side++)
            counted->own[side] = own[submissions[side]];
        unsigned one = alike_percent(counted, 0), other = alike_percent(counted, 1);
        pair->weight += counted->tokens * (one > other ? one : other) / 100.0;
    }
    free(own);
}

static int by_weight(const void *a, const void *b)
{
    const struct alike_pair *x = a, *y = b;
    int result = (x->weight < y->weight) - (x->weight > y->weight);

    result = result != 0 ? result : order(x->submissions[0], y->submissions[0]);
    return result != 0 ? result : order(x->submissions[1], y->submissions[1]);
}

/* ---- All of it ------------------------------------------------------------------------------ */

static void end_comparison(struct alike *alike, struct comparison *comparison, size_t *index)
{
    struct passages found = {0};
    int status = 0;

    while (comparison->pid != 0 && waitpid(comparison->pid, &status, 0) == -1)
        if (errno != EINTR)
            kit_broken("waitpid");
    if (status != 0) {
        fprintf(stderr, "ipclab similar: %s could not be compared: %s %s\n",
                comparison->exercise->id, comparer,
                WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "failed");
        alike->failed = true;
    } else if (comparison->pid != 0) {
        read_comparison(alike, comparison->output, &found);
        add_passages(alike, comparison->exercise, &found, index);
    }
    free(found.items);
    free(comparison->output);
}

void alike_compare(struct alike *alike, const char *scratch, size_t parallel)
{
    size_t n = alike->selection->count;
    struct comparison *all = kit_alloc(n * sizeof *all);
    size_t *index = kit_alloc(alike->n_submissions * alike->n_submissions * sizeof *index);

    for (size_t i = 0; i < alike->n_sources; i++)
        write_own_part(alike, i, scratch);
    for (size_t i = 0, started = 0; i < n; i++) {
        for (; started < n && started < i + parallel; started++) {
            all[started].exercise = alike->selection->items[started].exercise;
            start_comparison(alike, &all[started], scratch);
        }
        end_comparison(alike, &all[i], index);
    }
    if (alike->n_pairs > 0)
        qsort(alike->pairs, alike->n_pairs, sizeof *alike->pairs, by_weight);
    free(index);
    free(all);
}

/* Has a passage of that pair most of the place? */
static bool covers(const struct alike_pair *pair, int side, const struct alike_place *place)
{
    for (size_t i = 0; i < pair->n_exercises; i++)
        for (size_t k = 0; k < pair->exercises[i].n_passages; k++) {
            const struct alike_place *other = &pair->exercises[i].passages[k].places[side];
            unsigned first = other->first > place->first ? other->first : place->first;
            unsigned last = other->last < place->last ? other->last : place->last;
            if (other->source == place->source && last >= first &&
                2 * (last - first + 1) > place->last - place->first + 1)
                return true;
        }
    return false;
}

size_t alike_others(const struct alike *alike, const struct alike_pair *pair,
                    const struct alike_passage *passage)
{
    const struct alike_place *place = &passage->places[0];
    size_t whose = pair->submissions[0], others = 0;

    for (size_t i = 0; i < alike->n_pairs; i++) {
        const struct alike_pair *other = &alike->pairs[i];
        if (other == pair || (other->submissions[0] != whose && other->submissions[1] != whose))
            continue;
        others += covers(other, other->submissions[0] == whose ? 0 : 1, place);
    }
    return others;
}

void alike_clear(struct alike *alike)
{
    for (size_t i = 0; i < alike->n_sources; i++) {
        struct alike_source *source = &alike->sources[i];
        free_lines(source->lines, source->n_lines);
        free(source->given);
        free(source->name);
    }
    for (size_t i = 0; i < alike->n_pairs; i++) {
        for (size_t k = 0; k < alike->pairs[i].n_exercises; k++)
            free(alike->pairs[i].exercises[k].passages);
        free(alike->pairs[i].exercises);
    }
    for (size_t i = 0; i < alike->n_given; i++)
        free_lines(alike->given[i].keys, alike->given[i].n);
    free(alike->given);
    free(alike->sources);
    free(alike->pairs);
    *alike = (struct alike){0};
}
