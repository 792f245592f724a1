/*
 * draw.c - a picture in the terminal. See draw.h.
 *
 * The sequence diagram: at the left a column a lane, at the right the words of the event with its
 * line of source. The words begin with the number of the process, so that the drawing can also be
 * read without its lines.  A lane is a solid line while it runs and a dotted one while it sleeps.
 *
 * _GNU_SOURCE: newlocale(3), nl_langinfo_l(3).
 */
#define _GNU_SOURCE
#include "draw.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "picture_parts.h"
#include "terminal.h"
#include "text.h"

enum {
    USUAL_WIDTH = 80,
    LANE_WIDEST = 8,
    LANE_NARROWEST = 3,
    LEAST_WORDS = 24,
    MOST_PLACE = 22,
    MOST_LANES = 16, /* more are told, not drawn */
};

enum ink { PLAIN, DIM, RED, BLUE };

static const char *const inks[] = {
    [PLAIN] = "", [DIM] = "\x1b[2m", [RED] = "\x1b[1;31m", [BLUE] = "\x1b[36m"};

/* What the lines are made of. */
struct strokes {
    const char *runs, *sleeps, *event, *ends, *dies, *stuck, *across, *right, *left, *from,
        *from_right;
    const char *corner_top, *corner_bottom, *side;
};

static const struct strokes box_strokes = {"│", "┊", "●", "■", "X", "z", "─",
                                           ">", "<", "├", "┤", "┌", "└", "│"};
static const struct strokes ascii_strokes = {"|", ":", "*", "#", "X", "z", "-",
                                             ">", "<", "+", "+", "+", "+", "|"};

static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0)
        return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

struct drawing drawing_for(FILE *stream)
{
    return (struct drawing){.stream = stream,
                            .width = terminal_columns(stream, USUAL_WIDTH),
                            .unicode = locale_is_utf8(),
                            .colour = terminal_for(stream).colour};
}

/* ---- The sequence diagram ------------------------------------------------------------------- */

struct sheet {
    const struct picture *picture;
    const struct drawing *drawing;
    const struct strokes *strokes;
    int lanes;      /* drawn */
    int lane_width; /* columns a lane */
    int place_width;
    int words_width;
    int row_event; /* the event of the present row: lanes are drawn as they are then */
};

static void ink(const struct drawing *drawing, enum ink colour)
{
    if (drawing->colour && colour != PLAIN)
        fputs(inks[colour], drawing->stream);
}

static void no_ink(const struct drawing *drawing, enum ink colour)
{
    if (drawing->colour && colour != PLAIN)
        fputs("\x1b[0m", drawing->stream);
}

static void put(const struct drawing *drawing, enum ink colour, const char *text)
{
    ink(drawing, colour);
    fputs(text, drawing->stream);
    no_ink(drawing, colour);
}

/* Without characters that the locale's terminal may not have. Owned by the caller. */
static char *fit_for(const struct drawing *drawing, const char *text)
{
    char *copy = kit_strdup(text);
    char *to = copy;

    if (drawing->unicode)
        return copy;
    for (const char *at = text; *at != '\0'; at++)
        if (((unsigned char)*at & 0x80) == 0)
            *to++ = *at;
        else if (((unsigned char)*at & 0x40) != 0)
            *to++ = '?';
    *to = '\0';
    return copy;
}

static bool sleeps_at(const struct sheet *sheet, int lane)
{
    const struct picture *picture = sheet->picture;
    for (size_t i = 0; i < picture->n_stretches; i++) {
        const struct stretch *stretch = &picture->stretches[i];
        if (stretch->lane == lane && sheet->row_event > stretch->first &&
            (stretch->last < 0 || sheet->row_event < stretch->last))
            return true;
    }
    return false;
}

/* What a lane shows in a row in which nothing happens to it. */
static const char *lane_line(const struct sheet *sheet, int lane, bool after)
{
    const struct lane *it = &sheet->picture->lanes[lane];
    bool born =
        it->process < 0 || it->born < sheet->row_event || (after && it->born == sheet->row_event);
    bool over = it->ended >= 0 &&
                (it->ended < sheet->row_event || (after && it->ended == sheet->row_event));
    if (!born || over)
        return " ";
    if (after && it->stuck && it->process >= 0 && sheet->row_event >= 0 &&
        sheet->picture->events[sheet->row_event].lane == lane &&
        sheet->picture->events[sheet->row_event].fatal)
        return sheet->strokes->sleeps;
    return sleeps_at(sheet, lane) ? sheet->strokes->sleeps : sheet->strokes->runs;
}

static const char *event_mark(const struct sheet *sheet, const struct event *event)
{
    if (event->kind == EVENT_EXIT)
        return event->fatal ? sheet->strokes->dies : sheet->strokes->ends;
    if (event->kind == EVENT_SLEEP && event->fatal)
        return sheet->strokes->stuck;
    return sheet->strokes->event;
}

static enum ink event_ink(const struct event *event)
{
    if (event->fatal || (event->failed && event->kind != EVENT_SLEEP))
        return RED;
    return event->from >= 0 ? BLUE : PLAIN;
}

/* What stands at a lane's column. */
static void put_node(const struct sheet *sheet, const struct event *event, int lane)
{
    const struct drawing *drawing = sheet->drawing;
    bool arrow = event->from >= 0 && event->from < sheet->lanes && event->lane < sheet->lanes &&
                 event->from != event->lane;
    bool rightward = event->lane > event->from;
    int low = rightward ? event->from : event->lane, high = rightward ? event->lane : event->from;

    if (arrow && lane == event->lane)
        put(drawing, BLUE, rightward ? sheet->strokes->right : sheet->strokes->left);
    else if (arrow && lane == event->from)
        put(drawing, BLUE, rightward ? sheet->strokes->from : sheet->strokes->from_right);
    else if (arrow && lane > low && lane < high)
        put(drawing, BLUE, sheet->strokes->across);
    else if (lane == event->lane)
        put(drawing, event_ink(event), event_mark(sheet, event));
    else
        put(drawing, sleeps_at(sheet, lane) ? DIM : PLAIN, lane_line(sheet, lane, false));
}

/* The part of a row at the left. event NULL: only the lanes. */
static void put_lanes(const struct sheet *sheet, const struct event *event)
{
    const struct drawing *drawing = sheet->drawing;

    fputc(' ', drawing->stream);
    for (int lane = 0; lane < sheet->lanes; lane++) {
        bool arrow = event != NULL && event->from >= 0 && event->from < sheet->lanes &&
                     event->lane < sheet->lanes;
        int low = !arrow ? 0 : event->from < event->lane ? event->from : event->lane;
        int high = !arrow ? 0 : event->from < event->lane ? event->lane : event->from;
        bool across = arrow && lane >= low && lane < high;
        if (event != NULL)
            put_node(sheet, event, lane);
        else
            put(drawing, PLAIN, lane_line(sheet, lane, true));
        ink(drawing, across ? BLUE : PLAIN);
        for (int i = 1; i < sheet->lane_width; i++)
            fputs(across ? sheet->strokes->across : " ", drawing->stream);
        no_ink(drawing, across ? BLUE : PLAIN);
    }
}

static int lane_number(const struct sheet *sheet, int lane)
{
    int process = lane_process(sheet->picture, lane);
    return process >= 0 ? sheet->picture->record->processes[process].number : 0;
}

/* Bytes have no spaces to break a line at: cuts them to what fits, not within a character or an
 * escape. */
static void cut_bytes(char *bytes, int room)
{
    char *end = bytes;

    if (text_columns(bytes) <= room)
        return;
    for (int columns = 0; columns < room - 3; columns++)
        for (end++; ((unsigned char)*end & 0xc0) == 0x80; end++)
            continue;
    for (int back = 1; back <= 3 && end - back > bytes; back++)
        if (end[-back] == '\\') {
            end -= back;
            break;
        }
    strcpy(end, "...");
}

/* "2 write(1) 12 bytes to pipe A "hello\n"", fit for the terminal. Owned by the caller. */
static char *row_words(const struct sheet *sheet, const struct event *event)
{
    int lane = event->kind == EVENT_FORK && event->from >= 0 ? event->from : event->lane;
    char *shown = kit_strdup(event->bytes != NULL ? event->bytes : "");
    cut_bytes(shown, sheet->words_width - 2);
    char *bytes = shown[0] != '\0' ? kit_format(" \"%s\"", shown) : kit_strdup("");
    const char *more = event->kind == EVENT_SLEEP && event->fatal ? ", to the end" : "";
    char *words = kit_format("%d %s%s%s", lane_number(sheet, lane), event->text, more, bytes);
    char *fit = fit_for(sheet->drawing, words);
    free(shown);
    free(bytes);
    free(words);
    return fit;
}

static char *place_words(const struct place *place)
{
    if (place == NULL)
        return kit_strdup("");
    char *file = safe_text(place->file);
    char *words = kit_format("%s:%d", file, place->line);
    free(file);
    return words;
}

/* The words beside the lanes, over as many lines as they need, the place at the end of the first.
 */
static void put_words(const struct sheet *sheet, const struct event *event, const char *words,
                      const struct place *place)
{
    const struct drawing *drawing = sheet->drawing;
    char *wrapped = text_wrap(words, 0, sheet->words_width);
    char *where = place_words(place);
    bool first = true;

    for (char *line = wrapped; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');
        line[length] = '\0';
        put_lanes(sheet, first ? event : NULL);
        put(drawing, event != NULL && event_ink(event) == RED ? RED : PLAIN, line);
        if (first && where[0] != '\0') {
            fprintf(drawing->stream, "%*s", sheet->words_width - text_columns(line) + 1, "");
            put(drawing, DIM, where);
        }
        fputc('\n', drawing->stream);
        first = false;
        line = next;
    }
    free(where);
    free(wrapped);
}

static void put_event(struct sheet *sheet, int index)
{
    const struct event *event = &sheet->picture->events[index];
    char *words = row_words(sheet, event);

    sheet->row_event = index;
    put_words(sheet, event, words, event->place);
    free(words);
}

static void put_row(struct sheet *sheet, const struct row *row)
{
    for (int i = 0; i < row->length; i++)
        put_event(sheet, row->first + i);
    if (row->times == 1)
        return;
    sheet->row_event = row->first + row->length * row->times - 1;
    char *words = row->length == 1
                      ? kit_format("... %d times in all", row->times)
                      : kit_format("... these %d rows %d times in all", row->length, row->times);
    put_words(sheet, NULL, words, NULL);
    free(words);
}

static void put_head(const struct sheet *sheet)
{
    const struct drawing *drawing = sheet->drawing;
    const struct picture *picture = sheet->picture;

    for (size_t i = 0; i < picture->n_lanes; i++) {
        const struct lane *lane = &picture->lanes[i];
        char *name = fit_for(drawing, lane->command);
        fprintf(drawing->stream, " %2d  %s%s%s\n", lane_number(sheet, (int)i), name,
                lane->killed ? "   (the kit ended it)" : "",
                (int)i >= sheet->lanes ? "   (no lane here: there are too many)" : "");
        free(name);
    }
    fputs("\n ", drawing->stream);
    for (int lane = 0; lane < sheet->lanes; lane++)
        fprintf(drawing->stream, "%-*d", lane + 1 < sheet->lanes ? sheet->lane_width : 0,
                lane_number(sheet, lane));
    fputc('\n', drawing->stream);
}

static int widest_place(const struct picture *picture)
{
    int widest = 0;
    for (size_t i = 0; i < picture->n_events; i++) {
        char *where = place_words(picture->events[i].place);
        int columns = text_columns(where);
        widest = columns > widest ? columns : widest;
        free(where);
    }
    return widest > MOST_PLACE ? MOST_PLACE : widest;
}

static struct sheet lay_out(const struct picture *picture, const struct drawing *drawing)
{
    struct sheet sheet = {.picture = picture,
                          .drawing = drawing,
                          .strokes = drawing->unicode ? &box_strokes : &ascii_strokes,
                          .lanes = (int)picture->n_lanes,
                          .place_width = widest_place(picture)};

    if (sheet.lanes > MOST_LANES)
        sheet.lanes = MOST_LANES;
    int room = drawing->width - sheet.place_width - 2 - LEAST_WORDS - drawing->width / 5;
    sheet.lane_width = sheet.lanes > 0 ? room / sheet.lanes : LANE_NARROWEST;
    if (sheet.lane_width > LANE_WIDEST)
        sheet.lane_width = LANE_WIDEST;
    if (sheet.lane_width < LANE_NARROWEST)
        sheet.lane_width = LANE_NARROWEST;
    sheet.words_width = drawing->width - 2 - sheet.lanes * sheet.lane_width - sheet.place_width;
    if (sheet.words_width < LEAST_WORDS)
        sheet.words_width = LEAST_WORDS;
    return sheet;
}

static void put_legend(const struct sheet *sheet)
{
    const struct strokes *strokes = sheet->strokes;
    fprintf(
        sheet->drawing->stream,
        "\n %s runs  %s sleeps  %s does something  %s ends  %s is killed  %s sleeps to the end\n",
        strokes->runs, strokes->sleeps, strokes->event, strokes->ends, strokes->dies,
        strokes->stuck);
}

void draw_sequence(const struct picture *picture, const struct drawing *drawing)
{
    struct sheet sheet = lay_out(picture, drawing);

    put_head(&sheet);
    for (size_t i = 0; i < picture->n_rows; i++)
        put_row(&sheet, &picture->rows[i]);
    put_legend(&sheet);
}

/* ---- The ends ------------------------------------------------------------------------------- */

/* Drawn are those that processes talk through. */
static bool is_channel(const struct object *object)
{
    return object->kind != OBJECT_FILE && object->kind != OBJECT_TERMINAL &&
           object->kind != OBJECT_OTHER && object->kind != OBJECT_FUTEX;
}

/* Made by the run, or used by it: what was merely inherited says nothing of the program. */
static bool has_a_part(const struct picture *picture, int object)
{
    if (object < 0 || !is_channel(&picture->record->objects[object]))
        return false;
    if (picture->record->objects[object].made_by >= 0)
        return true;
    for (size_t i = 0; i < picture->n_events; i++)
        if (picture->events[i].object == object && picture->events[i].kind != EVENT_CLOSE &&
            picture->events[i].kind != EVENT_DUP)
            return true;
    return false;
}

/* Words inside a box, over as many lines as they need. */
static void put_boxed(const struct drawing *drawing, const struct strokes *strokes, enum ink colour,
                      const char *words)
{
    char *wrapped = text_wrap(words, 0, drawing->width - 3);
    for (char *line = strtok(wrapped, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        fprintf(drawing->stream, " %s ", strokes->side);
        put(drawing, colour, line);
        fputc('\n', drawing->stream);
    }
    free(wrapped);
}

static void put_end(const struct drawing *drawing, const struct record *record,
                    const struct strokes *strokes, const struct end *end)
{
    const struct call *maker = end->made_by >= 0 ? &record->calls[end->made_by] : NULL;
    char *safe = safe_text(end->object >= 0 ? record->objects[end->object].label : "?");
    char *label = fit_for(drawing, safe);
    struct text_buffer words = {0};

    text_add(&words, "%3d  %s%s%s%s  %s  %s", end->fd, end->reads ? strokes->left : strokes->across,
             strokes->across, strokes->across, end->writes ? strokes->right : strokes->across,
             label, end_words(end));
    if (maker != NULL && maker->place.file != NULL) {
        char *where = place_words(&maker->place);
        text_add(&words, "   (%s, %s)", call_spoken(maker->name), where);
        free(where);
    }
    if (end->guilty)
        text_add(&words, "   <== THIS END KEEPS OTHERS WAITING");
    put_boxed(drawing, strokes, end->guilty ? RED : PLAIN, words.data);
    free(words.data);
    free(label);
    free(safe);
}

static void put_waits(const struct drawing *drawing, const struct strokes *strokes,
                      const struct process_now *process, bool stuck)
{
    char *waits = fit_for(drawing, process->waits), *where = place_words(process->place);
    char *words = kit_format("%s%s%s", waits, where[0] != '\0' ? " at " : "", where);
    put_boxed(drawing, strokes, stuck ? RED : PLAIN, words);
    free(words);
    free(where);
    free(waits);
}

static void put_process(const struct picture *picture, const struct drawing *drawing,
                        const struct strokes *strokes, const struct moment *now, size_t index)
{
    const struct record *record = picture->record;
    const struct process_now *process = &now->processes[index];
    char *name = safe_text(process->name != NULL ? process->name : "program");
    char *fit = fit_for(drawing, name);

    fprintf(drawing->stream, " %s%s process %d `%s`%s\n", strokes->corner_top, strokes->across,
            record->processes[index].number, fit,
            process->life == LIFE_ZOMBIE ? ": ended, not waited for (a zombie)" : "");
    if (process->waits != NULL)
        put_waits(drawing, strokes, process, picture->in_cycle[index]);
    for (size_t i = 0; i < process->n_ends; i++)
        if (process->ends[i].guilty || has_a_part(picture, process->ends[i].object))
            put_end(drawing, record, strokes, &process->ends[i]);
    fprintf(drawing->stream, " %s%s\n", strokes->corner_bottom, strokes->across);
    free(fit);
    free(name);
}

/* "1 (fd 4), 2 (fd 1)": who holds an end of an object for writing, or reading. */
static char *holder_words(const struct picture *picture, const struct moment *now, int object,
                          bool writing)
{
    struct text_buffer out = {0};

    for (size_t p = 0; p < picture->record->n_processes; p++)
        for (size_t i = 0; i < now->processes[p].n_ends; i++) {
            const struct end *end = &now->processes[p].ends[i];
            if (end->object == object && (writing ? end->writes : end->reads))
                text_add(&out, "%s%d (fd %d)", out.length > 0 ? ", " : "",
                         picture->record->processes[p].number, end->fd);
        }
    const struct object *it = &picture->record->objects[object];
    if (writing ? it->outside_writes : it->outside_reads)
        text_add(&out, "%ssomebody outside", out.length > 0 ? ", " : "");
    if (out.length == 0)
        text_add(&out, "nobody");
    return out.data;
}

static bool is_in_use(const struct picture *picture, const struct moment *now, int object)
{
    const struct record *record = picture->record;
    for (size_t p = 0; p < record->n_processes; p++) {
        if (now->processes[p].waits_object == object)
            return true;
        for (size_t i = 0; i < now->processes[p].n_ends; i++)
            if (now->processes[p].ends[i].object == object)
                return true;
    }
    return record->objects[object].id >= 0 && now->objects[object].exists;
}

static void say(const struct drawing *drawing, const char *text)
{
    char *wrapped = text_wrap(text, 0, drawing->width);
    fputs(wrapped, drawing->stream);
    free(wrapped);
}

static void put_object(const struct picture *picture, const struct drawing *drawing,
                       const struct moment *now, int object)
{
    const struct object *it = &picture->record->objects[object];
    char *label = safe_text(it->label != NULL ? it->label : "?");
    char *fit = fit_for(drawing, label);
    char *contents = object_contents(picture->record, object, &now->objects[object]);
    bool stream = it->kind == OBJECT_PIPE || it->kind == OBJECT_FIFO || it->kind == OBJECT_SOCKET ||
                  it->kind == OBJECT_POSIX_QUEUE;
    struct text_buffer words = {0};

    text_add(&words, " [%s]  %s%s\n", fit, contents[0] == '?' ? "contents not known" : contents,
             it->left_behind ? "   left behind" : "");
    if (stream) {
        char *writers = holder_words(picture, now, object, true);
        char *readers = holder_words(picture, now, object, false);
        text_add(&words, "     written by %s; read by %s\n", writers, readers);
        free(writers);
        free(readers);
    }
    say(drawing, words.data);
    free(words.data);
    free(contents);
    free(fit);
    free(label);
}

static void put_cycle(const struct picture *picture, const struct drawing *drawing)
{
    struct text_buffer words = {0};

    for (size_t i = 0; i < picture->n_needs; i++)
        text_add(&words, "%s%d needs %d", i > 0 ? ", " : " Who needs whom: ",
                 picture->record->processes[picture->needs[i].process].number,
                 picture->record->processes[picture->needs[i].other].number);
    if (words.length > 0) {
        text_add(&words, ".\n");
        say(drawing, words.data);
    }
    free(words.data);
}

static void put_moment(const struct picture *picture, const struct drawing *drawing,
                       const struct moment *now)
{
    const struct strokes *strokes = drawing->unicode ? &box_strokes : &ascii_strokes;
    const struct record *record = picture->record;

    for (size_t i = 0; i < record->n_processes; i++)
        if (now->processes[i].life != LIFE_UNBORN && now->processes[i].life != LIFE_GONE)
            put_process(picture, drawing, strokes, now, i);
    for (size_t i = 0; i < record->n_objects; i++)
        if (has_a_part(picture, (int)i) && is_in_use(picture, now, (int)i))
            put_object(picture, drawing, now, (int)i);
    put_cycle(picture, drawing);
}

/* Of a leak the moment is worth drawing when the program begins that has it. */
static bool is_moment_to_draw(const struct picture *picture, const struct moment *now)
{
    if (picture->hung || picture->guilty_process < 0)
        return now->event == (int)picture->n_events - 1;
    const struct event *event = &picture->events[now->event];
    return event->kind == EVENT_EXEC && event->process == picture->guilty_process;
}

void draw_ends(const struct picture *picture, const struct drawing *drawing)
{
    struct replay *replay = replay_new(picture);

    while (replay_next(replay))
        if (is_moment_to_draw(picture, replay_now(replay))) {
            put_moment(picture, drawing, replay_now(replay));
            break;
        }
    replay_free(replay);
}

/* ---- The whole ------------------------------------------------------------------------------ */

static bool is_something_left(const struct picture *picture)
{
    for (size_t i = 0; i < picture->n_lanes; i++)
        if (picture->lanes[i].process >= 0 && picture->lanes[i].ended < 0)
            return true;
    for (size_t i = 0; i < picture->record->n_objects; i++)
        if (picture->record->objects[i].left_behind)
            return true;
    return picture->guilty_process >= 0;
}

void draw_picture(const struct picture *picture, const struct drawing *drawing)
{
    draw_sequence(picture, drawing);
    if (!picture->io_watched)
        say(drawing, "\n Read, write and close were not watched in this run, so no message through "
                     "a descriptor is drawn.");
    if (!picture->complete)
        say(drawing, "\n This run made more calls than are kept: some in its middle are missing "
                     "here.");
    if (!is_something_left(picture))
        return;
    fprintf(drawing->stream, "\n %s\n",
            picture->hung || picture->guilty_process < 0 ? "At the end of the run:"
                                                         : "When it began:");
    draw_ends(picture, drawing);
}
