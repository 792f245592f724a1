/*
 * gradebook.c - the folder of a graded class. See gradebook.h.
 */
#include "gradebook.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/class.h"
#include "../tell/text.h"
#include "state.h"

enum { MOST_STAMPS = 1000, LOCK_SECONDS = 5 };

static char *path_of(const struct gradebook *book, const char *name, const char *ending)
{
    return kit_format("%s/%s%s", book->folder, name, ending);
}

static void wake(int number)
{
    (void)number;
}

/* Waits for a moment: a grading that was killed may have processes that are about to end. */
static int lock_soon(int fd)
{
    struct sigaction awake = {.sa_handler = wake}, before;
    if (sigaction(SIGALRM, &awake, &before) == -1)
        kit_broken("sigaction");
    alarm(LOCK_SECONDS);
    int result = flock(fd, LOCK_EX);
    int error = errno;
    alarm(0);
    if (sigaction(SIGALRM, &before, NULL) == -1)
        kit_broken("sigaction");
    errno = error;
    return result;
}

int gradebook_open(struct gradebook *book)
{
    char *path = path_of(book, ".lock", "");
    int status = 3;

    book->lock = -1;
    if (make_folders(book->folder) == 0)
        book->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (book->lock == -1)
        fprintf(stderr, "ipclab %s: cannot write to the folder %s: %s\n", book->command,
                book->folder, strerror(errno));
    else if (lock_soon(book->lock) == 0)
        status = 0;
    else if (errno == EINTR) {
        fprintf(stderr,
                "ipclab %s: another ipclab is writing to %s right now.\n"
                "Wait for it, or give this one a folder of its own: --out DIR\n",
                book->command, book->folder);
        status = 2;
    } else
        fprintf(stderr, "ipclab %s: cannot lock %s: %s\n", book->command, path, strerror(errno));
    free(path);
    return status;
}

/* ---- grading.json --------------------------------------------------------------------------- */

static cJSON *exercises_to_json(const struct selection *selection)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < selection->count; i++) {
        const struct selected *item = &selection->items[i];
        for (size_t c = 0; item->checks != NULL && c < item->n_checks; c++) {
            char *id = check_id(item->checks[c]);
            cJSON_AddItemToArray(array, cJSON_CreateString(id));
            free(id);
        }
        if (item->checks == NULL)
            cJSON_AddItemToArray(array, cJSON_CreateString(item->exercise->id));
    }
    return array;
}

/* Names are bytes: what is no UTF-8 would not come back from JSON. So each byte is a character. */
static char *to_latin1(const char *name)
{
    struct text_buffer wide = {0};
    for (; *name != '\0'; name++) {
        unsigned char byte = (unsigned char)*name;
        char pair[2] = {(char)(0xc0 | byte >> 6), (char)(0x80 | (byte & 0x3f))};
        if (byte < 0x80)
            text_add_bytes(&wide, name, 1);
        else
            text_add_bytes(&wide, pair, 2);
    }
    return wide.data != NULL ? wide.data : kit_strdup("");
}

static char *from_latin1(const char *wide)
{
    struct text_buffer name = {0};
    for (; *wide != '\0'; wide++) {
        char byte = *wide;
        if (((unsigned char)byte & 0xe0) == 0xc0 && wide[1] != '\0') {
            byte = (char)((unsigned char)byte << 6 | ((unsigned char)wide[1] & 0x3f));
            wide++;
        }
        text_add_bytes(&name, &byte, 1);
    }
    return name.data != NULL ? name.data : kit_strdup("");
}

int gradebook_write(const struct gradebook *book)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "schema", 1);
    cJSON_AddStringToObject(json, "kit", "1.0");
    cJSON_AddNumberToObject(json, "seed", (double)book->seed);
    cJSON_AddNumberToObject(json, "shard", (double)book->shard);
    cJSON_AddNumberToObject(json, "shards", (double)book->shards);
    cJSON_AddItemToObject(json, "exercises", exercises_to_json(&book->course.selection));
    if (book->course.text != NULL) {
        char *text = text_utf8(book->course.text);
        cJSON_AddStringToObject(json, "course", text);
        free(text);
    }
    cJSON *names = cJSON_AddArrayToObject(json, "submissions");
    for (size_t i = 0; i < book->n_names; i++) {
        char *name = to_latin1(book->names[i]);
        cJSON_AddItemToArray(names, cJSON_CreateString(name));
        free(name);
    }
    char *text = cJSON_Print(json), *path = path_of(book, "grading", ".json");
    cJSON_Delete(json);
    if (text == NULL)
        kit_broken("no memory for JSON");
    int result = kit_write_file_synced(path, text, strlen(text));
    free(text);
    free(path);
    return result;
}

static uint64_t get_number(const cJSON *json, const char *key, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    double number = cJSON_IsNumber(item) ? item->valuedouble : otherwise;
    return number >= 0 && number < 9007199254740992.0 ? (uint64_t)number : 0;
}

/* What is wrong with it (owned by the caller), or NULL. */
static char *take_json(const cJSON *json, struct gradebook *book)
{
    const cJSON *item, *course = cJSON_GetObjectItemCaseSensitive(json, "course");
    struct selection selection = {0};
    char *error = NULL;

    if (!cJSON_IsObject(json) || get_number(json, "schema", 0) != 1)
        return kit_strdup("it is not what ipclab grade writes");
    if (cJSON_IsString(course) &&
        course_read(&book->course, "its course.ini", course->valuestring, &error) == -1)
        return error;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "exercises"))
    {
        if (error == NULL && cJSON_IsString(item))
            selection_add(&selection, item->valuestring, &error);
    }
    selection_clear(&book->course.selection);
    book->course.selection = selection;
    book->seed = get_number(json, "seed", 1);
    book->shard = get_number(json, "shard", 1);
    book->shards = get_number(json, "shards", 1);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "submissions"))
    {
        if (cJSON_IsString(item))
            *ARRAY_ADD(book->names, book->n_names) = from_latin1(item->valuestring);
    }
    return error;
}

int gradebook_read(const char *folder, struct gradebook *book, char **error)
{
    *book = (struct gradebook){.folder = folder, .lock = -1};
    *error = NULL;
    char *path = path_of(book, "grading", ".json"), *text = kit_read_file(path, NULL);
    int missing = text == NULL && (errno == ENOENT || errno == ENOTDIR);

    if (text == NULL && !missing)
        *error = kit_format("cannot read %s: %s", path, strerror(errno));
    if (text != NULL) {
        cJSON *json = cJSON_Parse(text);
        char *wrong = take_json(json, book);
        cJSON_Delete(json);
        if (wrong != NULL)
            *error = kit_format("%s cannot be used: %s", path, wrong);
        free(wrong);
    }
    free(text);
    free(path);
    if (*error != NULL)
        gradebook_clear(book);
    return *error != NULL ? -1 : missing;
}

void gradebook_clear(struct gradebook *book)
{
    for (size_t i = 0; i < book->n_names; i++)
        free(book->names[i]);
    free(book->names);
    free(book->stamp);
    course_clear(&book->course);
    if (book->lock >= 0)
        close(book->lock);
    *book = (struct gradebook){.lock = -1};
}

bool gradebook_has(const struct gradebook *book, const char *name)
{
    for (size_t i = 0; i < book->n_names; i++)
        if (strcmp(book->names[i], name) == 0)
            return true;
    return false;
}

void gradebook_add(struct gradebook *book, const char *name)
{
    *ARRAY_ADD(book->names, book->n_names) = kit_strdup(name);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_exercises(const struct selection *a, const struct selection *b)
{
    cJSON *one = exercises_to_json(a), *other = exercises_to_json(b);
    bool same = cJSON_Compare(one, other, true);
    cJSON_Delete(one);
    cJSON_Delete(other);
    return same;
}

const char *gradebook_differs(const struct gradebook *one, const struct gradebook *other)
{
    if (one->seed != other->seed)
        return "another seed";
    if (!same_exercises(&one->course.selection, &other->course.selection))
        return "other exercises";
    if (!same_text(one->course.text, other->course.text))
        return "another course.ini";
    return one->shards != other->shards ? "another number of shards" : NULL;
}

/* ---- What was there before ------------------------------------------------------------------ */

/* Makes earlier/STAMP/, by the time of now. */
static void make_stamp(struct gradebook *book)
{
    char when[32];
    time_t now = time(NULL);
    struct tm tm;

    if (gmtime_r(&now, &tm) == NULL || strftime(when, sizeof when, "%Y-%m-%dT%H-%M-%SZ", &tm) == 0)
        kit_broken("the time");
    char *earlier = path_of(book, "earlier", "");
    if (make_folders(earlier) == -1)
        kit_broken("cannot make the folder %s", earlier);
    for (int number = 1; number < MOST_STAMPS && book->stamp == NULL; number++) {
        char *name = number == 1 ? kit_format("%s/%s", earlier, when)
                                 : kit_format("%s/%s-%d", earlier, when, number);
        if (mkdir(name, 0777) == 0)
            book->stamp = name;
        else if (errno != EEXIST)
            kit_broken("cannot make the folder %s", name);
        else
            free(name);
    }
    free(earlier);
    if (book->stamp == NULL)
        kit_broken("no name is left in %s/earlier", book->folder);
}

static unsigned set_aside(struct gradebook *book, const char *name, const char *ending)
{
    char *path = path_of(book, name, ending);
    unsigned moved = 0;

    if (access(path, F_OK) == 0) {
        if (book->stamp == NULL)
            make_stamp(book);
        char *to = kit_format("%s/%s%s", book->stamp, name, ending);
        if (rename(path, to) == -1)
            kit_broken("cannot move %s to %s", path, to);
        free(to);
        moved = 1;
    }
    free(path);
    return moved;
}

unsigned gradebook_set_aside(struct gradebook *book, const char *name)
{
    static const char *const of_class[] = {"gradebook.csv", "summary.json", "class.html",
                                           "grading.json"};
    unsigned moved = 0;

    for (size_t i = 0; name == NULL && i < sizeof of_class / sizeof *of_class; i++)
        moved += set_aside(book, of_class[i], "");
    if (name != NULL)
        moved = set_aside(book, name, ".json") + set_aside(book, name, ".html");
    return moved;
}

/* ---- Results -------------------------------------------------------------------------------- */

bool gradebook_load(const struct gradebook *book, const char *name, struct results *results)
{
    const char *error;
    char *path = path_of(book, name, ".json"), *json = kit_read_file(path, NULL);

    *results = (struct results){0};
    bool good = json != NULL && results_from_json(json, results, &error) == 0;
    free(json);
    free(path);
    return good;
}

int gradebook_store(const struct gradebook *book, const struct results *results)
{
    char *path = path_of(book, results->submission, ".json"), *json = results_to_json(results);
    int result = kit_write_file_synced(path, json, strlen(json));
    free(json);
    free(path);
    return result;
}

int gradebook_store_page(const struct gradebook *book, const char *name, const char *html)
{
    char *path = path_of(book, name, ".html");
    int result = kit_write_file_synced(path, html, strlen(html));
    free(path);
    return result;
}

static int write_out(const struct gradebook *book, const char *name, char *text)
{
    char *path = path_of(book, name, "");
    int result = kit_write_file_synced(path, text, strlen(text));
    if (result == -1)
        fprintf(stderr, "ipclab %s: cannot write %s: %s\n", book->command, path, strerror(errno));
    free(path);
    free(text);
    return result;
}

static void start_class(const struct gradebook *book, struct class_book *class)
{
    const struct selection *selection = &book->course.selection;
    *class = (struct class_book){.title = book->course.title,
                                 .columns = kit_alloc(selection->count * sizeof *class->columns),
                                 .n_columns = selection->count,
                                 .pass_percent = book->course.pass_percent,
                                 .seed = book->seed};
    for (size_t i = 0; i < selection->count; i++) {
        const struct exercise *exercise = selection->items[i].exercise;
        class->columns[i] = (struct class_column){.id = exercise->id,
                                                  .name = exercise->name,
                                                  .points = course_points(&book->course, exercise)};
    }
}

int gradebook_close(const struct gradebook *book)
{
    struct class_book class;
    int status = 0;

    start_class(book, &class);
    for (size_t i = 0; i < book->n_names; i++) {
        struct results results;
        if (!gradebook_load(book, book->names[i], &results))
            results.status = SUBMISSION_KIT_ERROR;
        free(results.submission); /* JSON may have changed a name that is no UTF-8 */
        results.submission = kit_strdup(book->names[i]);
        if (results.status == SUBMISSION_KIT_ERROR)
            status = 3;
        class_add(&class, &results);
        results_clear(&results);
    }
    class_close(&class);
    if (write_out(book, "gradebook.csv", class_gradebook(&class)) == -1 ||
        write_out(book, "summary.json", class_summary(&class)) == -1 ||
        write_out(book, "class.html", class_page(&class)) == -1)
        status = 3;
    struct class_column *columns = class.columns;
    class_clear(&class);
    free(columns);
    return status;
}
