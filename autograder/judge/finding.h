/*
 * finding.h - what the judges say: one of a closed list of kinds, with processes and source lines.
 *
 * One finding object, many voices: terminal, JSON, page, platform formats (tell/).
 */
#ifndef IPCLAB_FINDING_H
#define IPCLAB_FINDING_H

#include <stddef.h>

#include "../run/record.h"

enum finding_kind {
    FINDING_HANG,
    FINDING_ZOMBIE,
    FINDING_ORPHAN,
    FINDING_KILLED_BY_SIGNAL,
    FINDING_OBJECT_LEFT_BEHIND,
    FINDING_DESCRIPTOR_LEAK,
    FINDING_BUSY_WAIT,
    FINDING_SLEEP_AS_SYNCHRONISATION,
    FINDING_DATA_RACE,
    FINDING_LOST_MESSAGE,
    FINDING_UNCHECKED_ERROR,
    FINDING_SHORT_IO_IGNORED,
    FINDING_MEMORY_ERROR,
    FINDING_WRONG_OUTPUT,
    FINDING_WRONG_STATUS,
    FINDING_FORBIDDEN_CALL,
    FINDING_MISSING_CALL,
    FINDING_PERMISSIONS,
    FINDING_OUTPUT_FLOOD,
    FINDING_RESOURCE_LIMIT,
    FINDING_KINDS
};

/* A process that has a part in the finding. */
struct finding_process {
    int number;       /* process.number */
    char *name;       /* "sort"; owned */
    char *blocked_in; /* "read"; NULL: not blocked; owned */
    int fd;           /* the descriptor it waits on; -1 */
    int *waits_for;   /* numbers of the processes that could wake it; owned */
    size_t n_waits_for;
    struct place place;
};

struct finding {
    enum finding_kind kind;
    char *misconception; /* id of the catalogue; NULL: none fits; owned */
    char *text;          /* what was observed, in words; several lines allowed; owned */
    struct finding_process *processes;
    size_t n_processes;
    struct place place;      /* the line to look at first */
    char *expected, *actual; /* wrong-output and wrong-status: printable; else NULL; owned */
};

struct findings {
    struct finding *items;
    size_t count;
};

/* "hang", "zombie", ... as in the results file (static). */
const char *finding_kind_name(enum finding_kind kind);
/* The kind with that name, or -1. */
int finding_kind_from_name(const char *name);

/* Adds a finding of that kind, with the rest empty, and returns it (valid until the next add). */
struct finding *findings_add(struct findings *findings, enum finding_kind kind);
/* Adds a process of the record to a finding, with its name, number and (if it is blocked at the
 * last snapshot) call, descriptor and place. */
struct finding_process *finding_add_process(struct finding *finding, const struct record *record,
                                            int process);
/* Where a thread sleeps: its own place, or else that of its call that never returned. Never NULL.
 */
const struct place *sleeping_place(const struct record *record, const struct thread *thread);
void findings_clear(struct findings *findings);
/* Deep copy of a place (owned by the caller: place_clear). */
struct place place_copy(const struct place *place);
void place_clear(struct place *place);

#endif
