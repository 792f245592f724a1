/*
 * loop.c - what a process that never sleeps does all the time: its last recorded calls, where
 * frequent calls were recorded at all.
 *
 * _GNU_SOURCE: strerrorname_np(3).
 */
#define _GNU_SOURCE
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../run/calls.h"
#include "../run/kit.h"

enum { WINDOW = 60, LEAST = 20, MOST_WORDS = 3 };

/* One kind of event of the loop, with how often it was seen. */
struct event {
    const char *call;
    int64_t result; /* as in the record; any positive number counts as 1 */
    const char *detail;
    int times;
};

struct events {
    struct event list[WINDOW];
    int count, calls;
    bool progress; /* bytes moved: not a loop that waits */
};

static bool moves_bytes(const char *name)
{
    return call_is(name, "read") || call_is(name, "write");
}

static void add_event(struct events *events, const struct call *call)
{
    int64_t result = call->result > 0 ? 1 : call->result;
    bool polls = call_is(call->name, "poll"); /* elsewhere it says what was asked for */
    const char *detail = polls && call->detail != NULL ? call->detail : "";

    events->calls++;
    events->progress = events->progress || (result > 0 && moves_bytes(call->name));
    for (int i = 0; i < events->count; i++) {
        struct event *event = &events->list[i];
        if (event->result == result && strcmp(event->call, call->name) == 0 &&
            strcmp(event->detail, detail) == 0) {
            event->times++;
            return;
        }
    }
    events->list[events->count++] = (struct event){call->name, result, detail, 1};
}

static struct events last_events(const struct record *record, int process)
{
    struct events events = {0};
    for (size_t i = record->n_calls; i-- > 0 && events.calls < WINDOW;) {
        const struct call *call = &record->calls[i];
        /* Below -511 are the kernel's own notes that a call is to be made again. */
        if (call->process == process && call->end_us >= 0 && call->result > -512 &&
            strcmp(call->name, "signal") != 0)
            add_event(&events, call);
    }
    return events;
}

/* Is such an event a part of each round? */
static bool has_event(const struct events *events, const char *call, int64_t result,
                      const char *detail)
{
    for (int i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        if (strncmp(event->call, call, strlen(call)) == 0 && event->result == result &&
            strstr(event->detail, detail) != NULL && 5 * event->times >= events->calls)
            return true;
    }
    return false;
}

/* What the loop does not know. NULL: nothing more than that one should not spin. */
static const char *loop_shape(const struct events *events)
{
    static const struct {
        const char *call;
        int64_t result;
        const char *detail, *misconception;
    } shapes[] = {
        {"write", -EPIPE, "",                          "select-writable-means-ok"    },
        {"read",  0,      "",                          "eagain-vs-eof"               },
        {"poll",  1,      "asked nothing got POLLHUP", "poll-needs-pollhup-in-events"},
        {"ppoll", 1,      "asked nothing got POLLHUP", "poll-needs-pollhup-in-events"},
        {"poll",  1,      "asked POLLIN got POLLHUP",  "pollin-only-loop-misses-hup" },
        {"ppoll", 1,      "asked POLLIN got POLLHUP",  "pollin-only-loop-misses-hup" },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (has_event(events, shapes[i].call, shapes[i].result, shapes[i].detail))
            return shapes[i].misconception;
    return NULL;
}

static char *event_words(const struct event *event)
{
    if (event->result < 0)
        return kit_format("%s failed with %s", event->call, strerrorname_np((int)-event->result));
    if (event->detail[0] != '\0')
        return kit_format("%s said: %s", call_spoken(event->call), event->detail);
    if (event->result == 0)
        return kit_format("%s returned 0", event->call);
    return kit_format("%s succeeded", event->call);
}

static char *loop_words(const struct events *events)
{
    char *words = kit_strdup("");
    for (int i = 0; i < events->count && i < MOST_WORDS; i++) {
        char *more = event_words(&events->list[i]);
        char *longer = kit_format("%s%s%s", words, i > 0 ? "; " : "", more);
        free(words);
        free(more);
        words = longer;
    }
    return words;
}

/* It reads the end of a FIFO again and again. */
static bool spins_on_fifo(const struct record *record, int process)
{
    for (size_t i = record->n_calls; i-- > 0;) {
        const struct call *call = &record->calls[i];
        if (call->process == process && call->end_us >= 0 && strcmp(call->name, "read") == 0)
            return call->result == 0 && call->object >= 0 &&
                   record->objects[call->object].kind == OBJECT_FIFO;
    }
    return false;
}

bool judge_loop(const struct record *record, int process, const char **misconception, char **words)
{
    struct events events = last_events(record, process);
    if (events.calls < LEAST || events.progress)
        return false;
    *misconception =
        spins_on_fifo(record, process) ? "fifo-server-spins-on-eof" : loop_shape(&events);
    *words = loop_words(&events);
    return true;
}
