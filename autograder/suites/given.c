/*
 * given.c - what a program starts with: each given_*() makes a wish, given_apply() fulfils them.
 */
#include "given.h"

#include <string.h>

#include "../ipclab/kit_paths.h"
#include "../run/kit.h"
#include "check_runs.h"
#include "worker.h"

struct given {
    void (*fulfil)(const struct given *given, struct start *start);
    struct text text;
    const char *name, *value;
    int number, extra;
    unsigned mode;
    struct given **list; /* given_list(): NULL-terminated */
    struct hold hold;
    struct fault fault;
    struct xsi_wish *object; /* kept: id_of_given() asks it */
};

static struct given *wish(void (*fulfil)(const struct given *, struct start *))
{
    struct given *given = kit_alloc(sizeof *given);
    given->fulfil = fulfil;
    return given;
}

void given_apply(const struct given *given, struct start *start)
{
    if (given == NULL)
        return;
    for (size_t i = 0; given->list != NULL && given->list[i] != NULL; i++)
        given_apply(given->list[i], start);
    if (given->fulfil != NULL)
        given->fulfil(given, start);
}

struct given *given_list(struct given **list)
{
    struct given *given = wish(NULL);
    size_t count = 0;
    while (list[count] != NULL) {
        struct given *next = list[count];
        *ARRAY_ADD(given->list, count) = next;
    }
    *ARRAY_ADD(given->list, count) = NULL;
    return given;
}

struct given *given_nothing(void)
{
    return wish(NULL);
}

static void fulfil_input(const struct given *given, struct start *start)
{
    start->input = given->text;
    start->hold_input = given->number != 0;
}

struct given *given_input(struct text bytes)
{
    struct given *given = wish(fulfil_input);
    given->text = bytes;
    return given;
}

struct given *given_input_held_open(struct text bytes)
{
    struct given *given = given_input(bytes);
    given->number = 1;
    return given;
}

static void fulfil_closed(const struct given *given, struct start *start)
{
    start->closed[given->number] = true;
}

struct given *given_closed(int fd)
{
    struct given *given = wish(fulfil_closed);
    given->number = fd;
    return given;
}

static void fulfil_nonblocking(const struct given *given, struct start *start)
{
    start->nonblocking[given->number] = true;
}

struct given *given_nonblocking(int fd)
{
    struct given *given = wish(fulfil_nonblocking);
    given->number = fd;
    return given;
}

static void fulfil_unread_output(const struct given *given, struct start *start)
{
    (void)given;
    start->unread_output = true;
}

struct given *given_unread_output(void)
{
    return wish(fulfil_unread_output);
}

static void fulfil_no_reader(const struct given *given, struct start *start)
{
    (void)given;
    start->no_reader = true;
}

struct given *given_no_reader(void)
{
    return wish(fulfil_no_reader);
}

static void fulfil_output_file(const struct given *given, struct start *start)
{
    start->output_file = given->name;
}

struct given *given_output_file(const char *path)
{
    struct given *given = wish(fulfil_output_file);
    given->name = path;
    return given;
}

static void fulfil_input_file(const struct given *given, struct start *start)
{
    start->input_file = given->name;
}

struct given *given_input_file(const char *path)
{
    struct given *given = wish(fulfil_input_file);
    given->name = path;
    return given;
}

static void fulfil_capacity(const struct given *given, struct start *start)
{
    start->capacity[given->number] = given->extra;
}

struct given *given_capacity(int fd, int bytes)
{
    struct given *given = wish(fulfil_capacity);
    given->number = fd;
    given->extra = bytes;
    return given;
}

static void fulfil_file(const struct given *given, struct start *start)
{
    if (start->n_files == sizeof start->files / sizeof start->files[0])
        kit_broken("too many given_file()");
    start->files[start->n_files++] = (struct given_file_row){given->name, given->text, given->mode};
}

struct given *given_file_mode(const char *name, struct text content, unsigned mode)
{
    struct given *given = wish(fulfil_file);
    given->name = name;
    given->text = content;
    given->mode = mode;
    return given;
}

struct given *given_file(const char *name, struct text content)
{
    return given_file_mode(name, content, 0644);
}

struct given *given_fifo(const char *name, unsigned mode)
{
    return given_file_mode(name, text_of(""), mode | S_IFIFO);
}

struct given *given_folder(const char *name, unsigned mode)
{
    return given_file_mode(name, text_of(""), mode | S_IFDIR);
}

static void fulfil_terminal(const struct given *given, struct start *start)
{
    (void)given;
    start->terminal = true;
}

struct given *given_terminal(void)
{
    return wish(fulfil_terminal);
}

static void fulfil_umask(const struct given *given, struct start *start)
{
    start->umask = given->mode;
    start->umask_given = true;
}

struct given *given_umask(unsigned mask)
{
    struct given *given = wish(fulfil_umask);
    given->mode = mask;
    return given;
}

static void fulfil_env(const struct given *given, struct start *start)
{
    if (start->n_env == sizeof start->env / sizeof start->env[0])
        kit_broken("too many given_env()");
    start->env[start->n_env].name = given->name;
    start->env[start->n_env++].value = given->value;
}

struct given *given_env(const char *name, const char *value)
{
    struct given *given = wish(fulfil_env);
    given->name = name;
    given->value = value;
    return given;
}

static void fulfil_ignored_signal(const struct given *given, struct start *start)
{
    start->ignored_signals |= 1ULL << (given->number - 1);
}

struct given *given_ignored_signal(int signal)
{
    struct given *given = wish(fulfil_ignored_signal);
    given->number = signal;
    return given;
}

static void fulfil_watched_io(const struct given *given, struct start *start)
{
    (void)given;
    start->watched_io = true;
}

struct given *given_watched_io(void)
{
    return wish(fulfil_watched_io);
}

static void fulfil_small_pipes(const struct given *given, struct start *start)
{
    (void)given;
    start->small_pipes = true;
}

struct given *given_small_pipes(void)
{
    return wish(fulfil_small_pipes);
}

static void fulfil_kept_pipes(const struct given *given, struct start *start)
{
    (void)given;
    start->kept_pipes = start->watched_io = true;
}

struct given *given_kept_pipes(void)
{
    return wish(fulfil_kept_pipes);
}

static void fulfil_short_writes(const struct given *given, struct start *start)
{
    (void)given;
    start->short_writes = start->watched_io = true;
}

struct given *given_short_writes(void)
{
    return wish(fulfil_short_writes);
}

static void fulfil_short_reads(const struct given *given, struct start *start)
{
    (void)given;
    start->short_reads = start->watched_io = true;
}

struct given *given_short_reads(void)
{
    return wish(fulfil_short_reads);
}

static void fulfil_interruptions(const struct given *given, struct start *start)
{
    (void)given;
    start->interruptions = start->watched_io = true;
}

struct given *given_interruptions(void)
{
    return wish(fulfil_interruptions);
}

static void watch_calls(struct start *start, const char *calls)
{
    start->watched_io = true; /* they may be some of the frequent ones */
    if (strstr(calls, "memory") != NULL)
        start->watched_memory = true;
}

static void fulfil_fault(const struct given *given, struct start *start)
{
    if (start->n_faults == sizeof start->faults / sizeof start->faults[0])
        kit_broken("too many faults given");
    start->faults[start->n_faults++] = given->fault;
    watch_calls(start, given->fault.call);
}

struct given *given_fault(const struct fault *fault)
{
    struct given *given = wish(fulfil_fault);
    given->fault = *fault;
    return given;
}

struct given *given_failing(const char *call, int nth, int error)
{
    return given_fault(
        &(struct fault){.kind = FAULT_FAILS, .call = call, .nth = nth, .error = error});
}

struct given *given_short_at(const char *call, int nth, size_t bytes)
{
    return given_fault(
        &(struct fault){.kind = FAULT_SHORT, .call = call, .nth = nth, .bytes = bytes});
}

struct given *given_interrupted_at(const char *call, int nth)
{
    return given_fault(&(struct fault){.kind = FAULT_INTERRUPTS, .call = call, .nth = nth});
}

static void fulfil_one_fault(const struct given *given, struct start *start)
{
    start->one_fault = true;
    watch_calls(start, given->name);
    if (given->fault.call != NULL)
        fulfil_fault(given, start);
}

struct given *given_one_fault(const struct fault *fault, const char *calls)
{
    struct given *given = wish(fulfil_one_fault);
    given->name = calls;
    if (fault != NULL)
        given->fault = *fault;
    return given;
}

static void fulfil_another_user(const struct given *given, struct start *start)
{
    (void)given;
    start->another_user = true;
}

struct given *given_another_user(void)
{
    return wish(fulfil_another_user);
}

static void fulfil_race_build(const struct given *given, struct start *start)
{
    (void)given;
    start->race_build = start->watched_io = true;
}

struct given *given_race_build(void)
{
    return wish(fulfil_race_build);
}

static void fulfil_memory_check(const struct given *given, struct start *start)
{
    (void)given;
    if (!worker.sanitized && !kit_has_command("valgrind"))
        check_skip("It needs valgrind, which is not installed. Type: ipclab doctor");
    start->memory_check = !worker.sanitized;
}

struct given *given_memory_check(void)
{
    return wish(fulfil_memory_check);
}

/* ---- Held and killed ------------------------------------------------------------------------ */

static void fulfil_hold(const struct given *given, struct start *start)
{
    if (start->n_holds == sizeof start->holds / sizeof start->holds[0])
        kit_broken("too many given_held_*() and given_killed_*()");
    start->holds[start->n_holds++] = given->hold;
}

static struct given *wish_hold(const char *call, int nth, bool after, bool kills)
{
    struct given *given = wish(fulfil_hold);
    given->hold = (struct hold){.call = call, .nth = nth, .after = after, .kills = kills};
    return given;
}

struct given *given_held_before(const char *call, int nth)
{
    return wish_hold(call, nth, false, false);
}

struct given *given_held_after(const char *call, int nth)
{
    return wish_hold(call, nth, true, false);
}

struct given *given_killed_before(const char *call, int nth)
{
    return wish_hold(call, nth, false, true);
}

struct given *given_killed_after(const char *call, int nth)
{
    return wish_hold(call, nth, true, true);
}

/* ---- System V objects ----------------------------------------------------------------------- */

static void fulfil_object(const struct given *given, struct start *start)
{
    if (start->n_objects == sizeof start->objects / sizeof start->objects[0])
        kit_broken("too many System V objects given");
    start->objects[start->n_objects++] = given->object;
}

static struct given *wish_object(struct xsi_wish object)
{
    struct given *given = wish(fulfil_object);
    given->object = kit_alloc(sizeof object);
    object.id = -1;
    *given->object = object;
    return given;
}

struct given *given_queue(struct a_queue queue)
{
    return wish_object((struct xsi_wish){.kind = OBJECT_QUEUE, .queue = queue});
}

struct given *given_semaphore_set(struct a_semaphore_set set)
{
    return wish_object((struct xsi_wish){.kind = OBJECT_SEMAPHORES, .set = set});
}

struct given *given_segment(struct a_segment segment)
{
    return wish_object((struct xsi_wish){.kind = OBJECT_SEGMENT, .segment = segment});
}

int id_of_given(const struct given *given)
{
    if (given->object == NULL || given->object->id == -1)
        kit_broken("id_of_given() before the run is there, or of something without an id");
    return given->object->id;
}
