/*
 * faults.c - EACH_FAULT: a run without a fault shows from where the learner's program makes calls;
 * then there is one run for each of these places, with one fault there.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "check_runs.h"
#include "worker.h"

/* By what each call fails in practice. */
static const struct usual_error {
    const char *call; /* a name or a group of calls.h; the first that fits */
    int error;
    bool makes; /* something, or does another thing each time (msgctl): so the second one meets a
                   program in another state than the first */
} usual_errors[] = {
    {"pipe",       EMFILE, true },
    {"socketpair", EMFILE, true },
    {"socket",     EMFILE, true },
    {"open",       EMFILE, true },
    {"dup2",       EBUSY,  false},
    {"dup3",       EBUSY,  false},
    {"dup",        EMFILE, false},
    {"fcntl",      EMFILE, false},
    {"fork",       EAGAIN, true },
    {"exec",       ENOMEM, false},
    {"memory",     ENOMEM, false},
    {"read",       EIO,    false},
    {"write",      EIO,    false},
    {"splice",     ENOMEM, false},
    {"poll",       ENOMEM, false},
    {"mkfifo",     ENOSPC, true },
    {"msgget",     ENOSPC, true },
    {"semget",     ENOSPC, true },
    {"shmget",     ENOSPC, true },
    {"shmat",      ENOMEM, false},
    {"msgctl",     EPERM,  true },
    {"semctl",     EPERM,  true },
    {"shmctl",     EPERM,  true },
    {"msgsnd",     ENOMEM, true },
    {"msgrcv",     EACCES, true },
    {"flock",      ENOLCK, false},
    {"semop",      ENOMEM, true },
    {"mq_open",    ENOSPC, true },
};

enum { MOST_AT_A_SITE = 4 };

struct planned {
    struct fault fault;
    struct fault_site site;
};

/* Of the EACH_FAULT that is under way; there is one at a time. */
static struct {
    unsigned kinds;
    const char *calls;
    struct planned *faults;
    size_t count, found; /* to be done, of so many */
    size_t next;         /* the one that comes next; -1: the run without a fault is under way */
    size_t runs_before;
} plan;

static const struct usual_error *usual_error(const char *call)
{
    for (size_t i = 0; i < sizeof usual_errors / sizeof *usual_errors; i++)
        if (call_is(call, usual_errors[i].call))
            return &usual_errors[i];
    kit_broken("EACH_FAULT: by what does %s fail? See usual_errors in faults.c", call);
}

/* ---- From where calls were made ------------------------------------------------------------- */

/* Was that call one of those that the check named? */
static bool is_named(const struct call *call)
{
    const char *at = plan.calls;
    while (*at != '\0') {
        char name[32];
        size_t length = strcspn(at, " ");
        if (length >= sizeof name)
            kit_broken("EACH_FAULT: no call has so long a name");
        memcpy(name, at, length);
        name[length] = '\0';
        if (call_is(call->name, name))
            return true;
        at += length + strspn(at + length, " ");
    }
    return false;
}

static bool moves_bytes(const struct call *call)
{
    return call_is(call->name, "read") || call_is(call->name, "write");
}

static struct fault_site site_of(const struct record *record, const struct call *call)
{
    const struct process *process = &record->processes[call->process];
    int program = call->process;
    while (record->processes[program].parent >= 0)
        program = record->processes[program].parent;
    return (struct fault_site){.file = call->place.file,
                               .line = call->place.line,
                               .program = program,
                               .forked_file = process->forked_at.file,
                               .forked_line = process->forked_at.line,
                               .fd = moves_bytes(call) ? (int)call->args[0] : -1};
}

static bool same_file(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_site(const struct fault_site *a, const struct fault_site *b)
{
    return a->line == b->line && same_file(a->file, b->file) && a->program == b->program &&
           same_file(a->forked_file, b->forked_file) && a->forked_line == b->forked_line &&
           a->fd == b->fd;
}

/* msgctl and its kin with IPC_RMID. */
static bool removes_object(const struct call *call)
{
    bool control = strcmp(call->name, "msgctl") == 0 || strcmp(call->name, "shmctl") == 0;
    bool of_set = strcmp(call->name, "semctl") == 0;
    return (control || of_set) && (call->args[of_set ? 2 : 1] & 0xff) == IPC_RMID;
}

/* Could that call go that way? (Whether it can wait, the tracer looks when it is made.) What cannot
 * be removed stays, whatever the program does: that is no fault to try. */
static bool could_go(enum fault_kind kind, const struct call *call)
{
    if (call_is(call->name, "write") &&
        call->args[0] == 2) /* it says something: a message may be lost */
        return false;
    if (removes_object(call))
        return false;
    if (kind == FAULT_SHORT)
        return moves_bytes(call) && call->result > 1;
    return kind == FAULT_FAILS || !call_is(call->name, "memory");
}

static void plan_fault(const struct record *record, const struct call *call, enum fault_kind kind)
{
    struct fault_site site = site_of(record, call);
    const char *name = call_is(call->name, "memory") ? "memory" : call->name; /* in any way */
    const struct usual_error *usual = kind == FAULT_FAILS ? usual_error(call->name) : NULL;
    int nth = 1, most = usual != NULL && usual->makes ? MOST_AT_A_SITE : 1;
    for (size_t i = 0; i < plan.count; i++)
        if (plan.faults[i].fault.kind == kind && strcmp(plan.faults[i].fault.call, name) == 0 &&
            same_site(&plan.faults[i].site, &site) && ++nth > most)
            return;
    struct planned *planned = ARRAY_ADD(plan.faults, plan.count);
    planned->site = site;
    planned->fault = (struct fault){.kind = kind,
                                    .call = name,
                                    .nth = nth,
                                    .bytes = 1,
                                    .error = usual != NULL ? usual->error : 0};
}

/* Too many: the first of a shuffled list. */
static void choose_some(void)
{
    for (size_t i = 0; plan.count > MOST_FAULTS && i < MOST_FAULTS; i++) {
        size_t other = i + random_below(plan.count - i);
        struct planned chosen = plan.faults[other];
        plan.faults[other] = plan.faults[i];
        plan.faults[i] = chosen;
    }
    if (plan.count > MOST_FAULTS)
        plan.count = MOST_FAULTS;
}

static void make_plan(const struct record *record)
{
    static const enum fault_kind kinds[] = {FAULT_FAILS, FAULT_SHORT, FAULT_INTERRUPTS};
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *call = &record->calls[i];
        bool kits = record->kit_file != NULL && same_file(record->kit_file, call->place.file);
        if (call->place.file == NULL || kits || !is_named(call))
            continue;
        /* With a sanitizer it is its own memory that would be out. */
        if (worker.sanitized && call_is(call->name, "memory"))
            continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if ((plan.kinds & kinds[k]) && could_go(kinds[k], call))
                plan_fault(record, call, kinds[k]);
    }
    plan.found = plan.count;
    choose_some();
}

/* ---- One after the other -------------------------------------------------------------------- */

struct given *first_fault(unsigned kinds, const char *calls)
{
    plan.kinds = kinds;
    plan.calls = calls;
    plan.faults = NULL; /* what was there is pointed at by faults of earlier runs */
    plan.count = plan.found = 0;
    plan.next = (size_t)-1;
    check_runs(&plan.runs_before);
    return given_one_fault(NULL, calls);
}

struct given *next_fault(void)
{
    size_t count;
    const struct check_run *runs = check_runs(&count);
    if (count != plan.runs_before + 1 || !runs[count - 1].one_fault)
        kit_broken("the body of EACH_FAULT makes one run, with the fault given to it");
    plan.runs_before = count;
    check_fail_if_found(runs[count - 1].run);
    if (plan.next++ == (size_t)-1)
        make_plan(runs[count - 1].run->record);
    if (plan.next == plan.count)
        return NULL;
    struct planned *planned = &plan.faults[plan.next];
    planned->fault.site = &planned->site;
    return given_one_fault(&planned->fault, plan.calls);
}

/* ---- In words ------------------------------------------------------------------------------- */

const struct call *meddled_call(const struct check_run *run)
{
    for (size_t i = 0; run->one_fault && i < run->run->record->n_calls; i++)
        if (run->run->record->calls[i].injected)
            return &run->run->record->calls[i];
    return NULL;
}

/* "the 3rd write", or only "fork" when there was but one of the process's. */
static char *which_call(const struct record *record, const struct call *call)
{
    const char *name = call_spoken(call->name);
    int nth = 0, all = 0;
    if (call_is(name, "memory"))
        return kit_strdup("more memory");
    for (size_t i = 0; i < record->n_calls; i++) {
        const struct call *other = &record->calls[i];
        bool same = other->process == call->process && other->place.file != NULL &&
                    strcmp(call_spoken(other->name), name) == 0;
        all += same;
        nth += same && other <= call;
    }
    if (all == 1)
        return kit_strdup(name);
    const char *ending = nth % 100 / 10 == 1 ? "th"
                         : nth % 10 == 1     ? "st"
                         : nth % 10 == 2     ? "nd"
                         : nth % 10 == 3     ? "rd"
                                             : "th";
    return kit_format("the %d%s %s", nth, ending, name);
}

static char *what_became(const struct call *call)
{
    if (call->result >= 0)
        return kit_format("was cut short to %lld byte%s", (long long)call->result,
                          call->result == 1 ? "" : "s");
    if (call->result == -EINTR)
        return kit_strdup("was interrupted by a signal (EINTR)");
    if (call_is(call->name, "memory"))
        return kit_format("was refused (%s)", strerrorname_np((int)-call->result));
    return kit_format("failed with %s", strerrorname_np((int)-call->result));
}

char *meddled_words(const struct check_run *run)
{
    const struct call *call = meddled_call(run);
    const struct record *record = run->run->record;
    if (call == NULL)
        return kit_strdup("");
    char *which = which_call(record, call);
    char *whose =
        call->process > 0 ? kit_format(" of process %d", call->process + 1) : kit_strdup("");
    char *where =
        call->place.function != NULL ? kit_format(" in %s", call->place.function) : kit_strdup("");
    char *fd =
        moves_bytes(call) ? kit_format(", descriptor %d", (int)call->args[0]) : kit_strdup("");
    char *became = what_became(call);
    char *chosen = plan.found > plan.count ? kit_format(" (the seed chose %zu of %zu such faults)",
                                                        plan.count, plan.found)
                                           : kit_strdup("");
    return kit_format("When %s%s (%s:%d%s%s) %s%s: ", which, whose, call->place.file,
                      call->place.line, where, fd, became, chosen);
}
