/*
 * page_run.c - one run as data for page.js. See page_run.h.
 *
 * The data is the model of picture.h, as it stands: lanes, events, stretches, rows, and the state
 * after each event. A state is written as what changed: a process or an object that is as it was
 * before is left out, and page.js keeps what it had. Of many repeats only the first are written, of
 * a very long run only the last events; then an event's number on the page is not that in the
 * model.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include "page_run.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "draw.h"
#include "html.h"
#include "page_results.h"
#include "picture.h"

enum {
    EVENTS_MOST = 2000,
    EVENTS_LEAST = 4,
    STATES_MOST =
        400000,        /* of processes, their ends, and objects, that are looked at for changes */
    REPEATS_MOST = 20, /* of a fold: the others are the same */
    SOURCES_MOST = 12,
    TEXT_MOST = 256 * 1024, /* bytes of the drawing as text */
    TEXT_WIDTH = 100        /* its columns */
};

static const char *const lives[] = {
    [LIFE_UNBORN] = "unborn", [LIFE_RUNS] = "runs", [LIFE_SLEEPS] = "sleeps",
    [LIFE_ZOMBIE] = "zombie", [LIFE_GONE] = "gone",
};

/* ---- Small things --------------------------------------------------------------------------- */

/* Texts of the model are printable; names and labels of the record may hold any byte. */
static void add_text(cJSON *object, const char *name, const char *text)
{
    if (text == NULL)
        return;
    char *printable = text_visible(text, strlen(text), 400);
    cJSON_AddStringToObject(object, name, printable);
    free(printable);
}

static void add_number(cJSON *object, const char *name, int64_t number)
{
    cJSON_AddNumberToObject(object, name, (double)number);
}

/* Only when it says something: what is missing is false or unknown. */
static void add_known(cJSON *object, const char *name, int64_t number)
{
    if (number >= 0)
        add_number(object, name, number);
}

static void add_flag(cJSON *object, const char *name, bool flag)
{
    if (flag)
        cJSON_AddTrueToObject(object, name);
}

static void add_place(cJSON *object, const struct place *place)
{
    if (place == NULL || place->file == NULL || place->line <= 0)
        return;
    add_text(object, "file", place->file);
    add_number(object, "line", place->line);
    add_text(object, "function", place->function);
}

static cJSON *add_item(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(array, object))
        kit_broken("JSON for a page");
    return object;
}

/* ---- The sequence diagram ------------------------------------------------------------------- */

/* Which events are written, and their numbers on the page. */
struct kept {
    bool *is;       /* one an event of the model */
    int *number;    /* of the event, or of the last that is written before it; -1: none is */
    size_t skipped; /* events at the beginning that are left out, for there are too many */
};

static void leave_out_repeats(struct kept *kept, const struct picture *picture)
{
    for (size_t i = 0; i < picture->n_rows; i++) {
        const struct row *row = &picture->rows[i];
        for (int event = row->first + row->length * REPEATS_MOST;
             event < row->first + row->length * row->times; event++)
            kept->is[event] = false;
    }
}

/* After each event all that there is may have changed. A run that opens thousands of pipes, or
 * forks with a thousand descriptors, is told by its last events alone. */
static size_t most_events(const struct record *record)
{
    size_t states = 1 + record->n_objects + record->n_processes + record->n_descriptors;
    size_t most = STATES_MOST / states;
    return most > EVENTS_MOST ? EVENTS_MOST : most < EVENTS_LEAST ? EVENTS_LEAST : most;
}

static struct kept kept_events(const struct picture *picture)
{
    size_t n = picture->n_events, count = 0, most = most_events(picture->record);
    struct kept kept = {.is = kit_alloc(n + 1), .number = kit_alloc((n + 1) * sizeof(int))};

    memset(kept.is, true, n);
    leave_out_repeats(&kept, picture);
    for (size_t i = n; i-- > 0;) {
        if (kept.is[i] && count == most) {
            kept.is[i] = false;
            kept.skipped++;
        }
        count += kept.is[i];
    }
    int number = -1;
    for (size_t i = 0; i < n; i++)
        kept.number[i] = kept.is[i] ? ++number : number;
    return kept;
}

static void kept_clear(struct kept *kept)
{
    free(kept->is);
    free(kept->number);
}

static void add_lanes(cJSON *json, const struct picture *picture, const struct kept *kept)
{
    cJSON *lanes = cJSON_AddArrayToObject(json, "lanes");

    for (size_t i = 0; i < picture->n_lanes; i++) {
        const struct lane *lane = &picture->lanes[i];
        cJSON *item = add_item(lanes);
        add_number(item, "process", lane->process);
        if (lane->process >= 0)
            add_number(item, "number", picture->record->processes[lane->process].number);
        add_text(item, "name", lane->name);
        add_text(item, "command", lane->command);
        add_number(item, "born", lane->born >= 0 ? kept->number[lane->born] : -1);
        if (lane->ended >= 0)
            add_number(item, "ended", kept->number[lane->ended]);
        add_flag(item, "stuck", lane->stuck);
        add_flag(item, "killed", lane->killed);
    }
}

/* Inside the kernel, a call that a signal broke off has one of four results (ERESTARTSYS and its
 * kin) that a program never sees. */
static bool never_returned(int64_t result)
{
    return result <= -512 && result >= -516;
}

/* "write(4, 0x7ffc0010, 12, ...) = 12", as the kernel was asked. */
static void add_call(cJSON *item, const struct call *call)
{
    struct text_buffer text = {0};

    text_add(&text, "%s(", call->name);
    for (int i = 0; i < 3; i++)
        text_add(&text, call->args[i] < 65536 ? "%s%lld" : "%s%#llx", i > 0 ? ", " : "",
                 (long long)call->args[i]);
    text_add(&text, ", ...)");
    if (call->end_us < 0 || never_returned(call->result))
        text_add(&text, " did not return");
    else if (call->result < 0 && call->result > -4096 && strerrorname_np((int)-call->result))
        text_add(&text, " = -1 %s", strerrorname_np((int)-call->result));
    else
        text_add(&text, " = %lld", (long long)call->result);
    if (call->end_us > call->start_us)
        text_add(&text, ", %.3f ms", (double)(call->end_us - call->start_us) / 1000);
    add_text(item, "call", text.data);
    free(text.data);
    if (call->detail != NULL)
        add_text(item, "detail", call->detail);
}

static void add_event(cJSON *events, const struct picture *picture, const struct event *event)
{
    cJSON *item = add_item(events);

    cJSON_AddStringToObject(item, "kind", event_kind_name(event->kind));
    add_number(item, "at", event->at_us);
    add_number(item, "lane", event->lane);
    add_known(item, "from", event->from);
    add_known(item, "object", event->object);
    if (event->text != NULL)
        cJSON_AddStringToObject(item, "text", event->text);
    if (event->bytes != NULL)
        cJSON_AddStringToObject(item, "bytes", event->bytes);
    add_known(item, "size", event->size);
    add_flag(item, "failed", event->failed);
    add_flag(item, "injected", event->injected);
    add_flag(item, "fatal", event->fatal);
    add_place(item, event->place);
    if (event->call >= 0)
        add_call(item, &picture->record->calls[event->call]);
}

static void add_stretches(cJSON *json, const struct picture *picture, const struct kept *kept)
{
    cJSON *stretches = cJSON_AddArrayToObject(json, "stretches");

    for (size_t i = 0; i < picture->n_stretches; i++) {
        const struct stretch *stretch = &picture->stretches[i];
        if (stretch->last >= 0 && kept->number[stretch->last] < 0)
            continue;
        cJSON *item = add_item(stretches);
        add_number(item, "lane", stretch->lane);
        add_number(item, "first", stretch->first < 0 ? -1 : kept->number[stretch->first]);
        if (stretch->last >= 0)
            add_number(item, "last", kept->number[stretch->last]);
        add_flag(item, "stuck", stretch->stuck);
        if (stretch->text != NULL)
            cJSON_AddStringToObject(item, "text", stretch->text);
    }
}

/* [its first event, events in it, repeats that are written, repeats] */
static void add_row(cJSON *rows, int first, int length, int written, int times)
{
    int row[] = {first, length, written, times};
    cJSON_AddItemToArray(rows, cJSON_CreateIntArray(row, 4));
}

/* A fold that begins among the events left out is not folded. */
static void add_rows(cJSON *json, const struct picture *picture, const struct kept *kept)
{
    cJSON *rows = cJSON_AddArrayToObject(json, "rows");

    for (size_t i = 0; i < picture->n_rows; i++) {
        const struct row *row = &picture->rows[i];
        int end = row->first + row->length * row->times;
        int written = row->times < REPEATS_MOST ? row->times : REPEATS_MOST;
        if (kept->is[row->first])
            add_row(rows, kept->number[row->first], row->length, written, row->times);
        else
            for (int event = row->first; event < end; event++)
                if (kept->is[event])
                    add_row(rows, kept->number[event], 1, 1, 1);
    }
}

static void add_objects(cJSON *json, const struct record *record)
{
    cJSON *objects = cJSON_AddArrayToObject(json, "objects");

    for (size_t i = 0; i < record->n_objects; i++) {
        cJSON *item = add_item(objects);
        add_text(item, "label", record->objects[i].label);
        cJSON_AddStringToObject(item, "kind", object_kind_name(record->objects[i].kind));
    }
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* [fd, object, what, mode, flags...] would be shorter, but nobody could read it. */
static void add_end(cJSON *ends, const struct end *end)
{
    cJSON *item = add_item(ends);

    add_number(item, "fd", end->fd);
    add_known(item, "object", end->object);
    add_text(item, "what", end->what);
    add_flag(item, "reads", end->reads);
    add_flag(item, "writes", end->writes);
    add_flag(item, "cloexec", end->close_on_exec);
    add_flag(item, "guilty", end->guilty);
}

static cJSON *process_to_json(const struct process_now *now)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *ends = cJSON_AddArrayToObject(json, "ends");

    cJSON_AddStringToObject(json, "life", lives[now->life]);
    add_text(json, "name", now->name);
    add_place(json, now->place);
    add_text(json, "waits", now->waits);
    add_known(json, "waits_object", now->waits_object);
    add_known(json, "waits_process", now->waits_process);
    for (size_t i = 0; i < now->n_ends; i++)
        add_end(ends, &now->ends[i]);
    return json;
}

static cJSON *object_to_json(const struct record *record, int index, const struct object_now *now)
{
    cJSON *json = cJSON_CreateObject();

    add_flag(json, "exists", now->exists);
    add_flag(json, "removed", now->removed);
    char *contents = object_contents(record, index, now);
    add_text(json, "contents", contents);
    free(contents);
    return json;
}

/* What was last written of each process and object: only what changed is written again. */
struct written {
    char **texts;
    size_t n;
};

/* Takes over json: it goes into `changes` under its number, or is dropped. */
static void add_if_changed(cJSON *changes, struct written *written, size_t index, cJSON *json)
{
    char name[24];
    char *text = cJSON_PrintUnformatted(json);

    if (text == NULL)
        kit_broken("JSON for a page");
    if (written->texts[index] != NULL && strcmp(written->texts[index], text) == 0) {
        cJSON_Delete(json);
        free(text);
        return;
    }
    free(written->texts[index]);
    written->texts[index] = text;
    snprintf(name, sizeof name, "%zu", index);
    cJSON_AddItemToObject(changes, name, json);
}

static struct written written_new(size_t n)
{
    return (struct written){kit_alloc((n + 1) * sizeof(char *)), n};
}

static void written_clear(struct written *written)
{
    for (size_t i = 0; i < written->n; i++)
        free(written->texts[i]);
    free(written->texts);
}

static void add_steps(cJSON *json, const struct picture *picture, const struct kept *kept)
{
    const struct record *record = picture->record;
    struct written processes = written_new(record->n_processes);
    struct written objects = written_new(record->n_objects);
    cJSON *steps = cJSON_AddArrayToObject(json, "steps");
    struct replay *replay = replay_new(picture);

    for (size_t event = 0; replay_next(replay); event++) {
        const struct moment *now = replay_now(replay);
        if (!kept->is[event])
            continue;
        cJSON *step = add_item(steps);
        cJSON *changes = cJSON_AddObjectToObject(step, "processes");
        for (size_t i = 0; i < record->n_processes; i++)
            add_if_changed(changes, &processes, i, process_to_json(&now->processes[i]));
        changes = cJSON_AddObjectToObject(step, "objects");
        for (size_t i = 0; i < record->n_objects; i++)
            add_if_changed(changes, &objects, i, object_to_json(record, (int)i, &now->objects[i]));
    }
    replay_free(replay);
    written_clear(&processes);
    written_clear(&objects);
}

/* ---- Sources -------------------------------------------------------------------------------- */

static void add_source(cJSON *sources, const char *const *folders, const struct place *place)
{
    if (place == NULL || place->file == NULL || place->line <= 0 ||
        cJSON_GetObjectItemCaseSensitive(sources, place->file) != NULL ||
        cJSON_GetArraySize(sources) >= SOURCES_MOST)
        return;
    char *source = page_read_source(folders, place->file);
    if (source == NULL)
        return;
    char *printable = text_printable(source);
    char *clean = text_utf8(printable);
    cJSON_AddStringToObject(sources, place->file, clean);
    free(clean);
    free(printable);
    free(source);
}

static void add_sources(cJSON *json, const struct page_run *run, const struct picture *picture)
{
    cJSON *sources = cJSON_AddObjectToObject(json, "sources");

    for (size_t i = 0; i < picture->n_events; i++)
        add_source(sources, run->folders, picture->events[i].place);
    for (size_t i = 0; i < run->record->n_threads; i++)
        add_source(sources, run->folders, &run->record->threads[i].place);
}

/* ---- The run -------------------------------------------------------------------------------- */

static cJSON *run_to_json(const struct page_run *run, const struct picture *picture)
{
    struct kept kept = kept_events(picture);
    cJSON *json = cJSON_CreateObject();

    add_flag(json, "io_watched", picture->io_watched);
    add_flag(json, "complete", picture->complete);
    add_flag(json, "hung", picture->hung);
    add_number(json, "skipped", (int64_t)kept.skipped);
    add_lanes(json, picture, &kept);
    cJSON *events = cJSON_AddArrayToObject(json, "events");
    for (size_t i = 0; i < picture->n_events; i++)
        if (kept.is[i])
            add_event(events, picture, &picture->events[i]);
    add_stretches(json, picture, &kept);
    add_rows(json, picture, &kept);
    add_objects(json, run->record);
    add_steps(json, picture, &kept);
    cJSON *cycle = cJSON_AddArrayToObject(json, "cycle");
    for (size_t i = 0; i < run->record->n_processes; i++)
        if (picture->in_cycle != NULL && picture->in_cycle[i])
            cJSON_AddItemToArray(cycle, cJSON_CreateNumber((double)i));
    add_sources(json, run, picture);
    kept_clear(&kept);
    return json;
}

/* What draw_picture() draws: for those without the script, without eyes, or without patience. */
static void add_drawing(struct text_buffer *out, const struct picture *picture)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        kit_broken("open_memstream");
    draw_picture(picture,
                 &(struct drawing){.stream = stream, .width = TEXT_WIDTH, .unicode = true});
    if (fclose(stream) == EOF)
        kit_broken("open_memstream");
    text_add(out, "<details class=\"as-text\"><summary>The same as text</summary>\n"
                  "<pre tabindex=\"0\">");
    html_text_cut(out, text, TEXT_MOST);
    text_add(out, "</pre></details>\n");
    free(text);
}

void page_add_run(struct text_buffer *out, const struct page_run *run, size_t number)
{
    struct picture *picture = picture_new(run->record, run->findings);
    cJSON *json = run_to_json(run, picture);

    text_add(out, "<section class=\"run\" id=\"run-%zu\" data-run=\"%zu\">\n<h4>The run: <code>",
             number, number);
    html_text_cut(out, run->title != NULL ? run->title : "", 400);
    text_add(out, "</code></h4>\n");
    if (run->outcome != NULL) {
        text_add(out, "<p class=\"words\">");
        html_text(out, run->outcome);
        text_add(out, "</p>\n");
    }
    text_add(out, "<noscript><p>The picture needs the script of this page; below is the same as "
                  "text.</p></noscript>\n<div class=\"stage\"></div>\n");
    add_drawing(out, picture);
    text_add(out, "<script type=\"application/json\" id=\"data-%zu\">", number);
    html_json(out, json);
    text_add(out, "</script>\n</section>\n");
    cJSON_Delete(json);
    picture_free(picture);
}
