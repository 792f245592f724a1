/*
 * party.c - several processes in one run that do the steps of a driver. See party.h.
 */
#define _GNU_SOURCE /* strerrorname_np(3) */
#include "party.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "../run/places.h"

const char *new_key(void)
{
    return text_format("0x%x", (unsigned)random_key()).bytes;
}

bool log_has(struct text text, const char *part)
{
    return text_count(text, text_of(part)) > 0;
}

const char *in_one_line(struct text log)
{
    struct text line = text_of("");
    if (log.length == 0)
        return "nothing";
    for (size_t i = 0; i + 1 < log.length; i++)
        line = text_join(line, log.bytes[i] == '\n' ? text_of(", ") : text_slice(log, i, i + 1));
    return line.bytes;
}

/* The line of a call is looked up when somebody asks for it; a check sees it as it was recorded. */
const char *at_place(const struct call *call)
{
    places_resolve_call((struct call *)call);
    return call->place.file != NULL
               ? text_format(" at %s:%d", call->place.file, call->place.line).bytes
               : "";
}

struct party new_party(const char *driver, const char *key, const char *const *keeper,
                       struct given *given)
{
    struct party party = {.driver = driver, .key = key};
    party.run = start_program(driver, keeper, given(given_input_held_open(text_of("")), given));
    return party;
}

struct peer *join(struct party *party, const char *const *arguments, struct given *given)
{
    if (party->count == MOST_GUESTS)
        kit_broken("too many in the party");
    struct peer *peer = start_peer(party->run, party->driver, arguments,
                                   given(given_input_held_open(text_of("")), given));
    party->peers[party->count++] = peer;
    return peer;
}

void let_go_on(struct party *party, struct peer *peer)
{
    close_peer_input(peer);
    wait_until_idle(party->run);
}

void expect_fault_logged(struct run *run, const char *log)
{
    int error = error_of_fault(run);
    bool fails = error != 0 && error != EINTR;
    const char *name = fails ? strerrorname_np(error) : "";
    const char *is = in_one_line(stdout_of(run));

    if (!fails || (saw_fault_in(run, "semget") && text_equal(stdout_of(run), text_of(log)))) {
        expect_that(run, text_equal(stdout_of(run), text_of(log)),
                    error == EINTR ? FINDING_UNCHECKED_ERROR : FINDING_WRONG_OUTPUT,
                    "The log should be as in any other run: %s. It is: %s.",
                    in_one_line(text_of(log)), is);
    } else {
        suspect("ignore-return-values");
        expect_that(run, log_has(stdout_of(run), text_format(": %s\n", name).bytes),
                    FINDING_UNCHECKED_ERROR,
                    "The function that made the call should return -1 with that errno, and the "
                    "log should say so: %s. The log is: %s.",
                    name, is);
        suspect(NULL);
    }
    expect_exit(run, 0);
}

/* ---- What was seen -------------------------------------------------------------------------- */

/* It has said "in" more often than "out". */
static bool is_inside(struct peer *peer)
{
    struct text log = stdout_of_peer(peer);
    return text_count(log, text_of("in\n")) > text_count(log, text_of("out\n"));
}

static bool is_alive(struct run *run, int number)
{
    return record_of(run)->processes[number - 1].ended_us < 0;
}

int count_inside(const struct party *party)
{
    int count = 0;
    for (int i = 0; i < party->count; i++)
        count +=
            is_alive(party->run, number_of_peer(party->peers[i])) && is_inside(party->peers[i]);
    return count;
}

bool anybody_failed(const struct party *party)
{
    for (int i = 0; i < party->count; i++)
        if (log_has(stdout_of_peer(party->peers[i]), ": "))
            return true;
    return false;
}

static const struct thread *sleeper_of(struct run *run, int number)
{
    const struct record *record = record_of(run);
    for (size_t i = 0; i < record->n_threads; i++)
        if (record->threads[i].process == number - 1 && record->threads[i].call != NULL)
            return &record->threads[i];
    return NULL;
}

bool sleeps_in_semop(struct run *run, int number)
{
    const struct thread *thread = sleeper_of(run, number);
    return thread != NULL && strcmp(call_spoken(thread->call), "semop") == 0;
}

/* "sleeps in semop at xlock.c:34". */
static const char *what_it_does(struct run *run, int number)
{
    const struct process *process = &record_of(run)->processes[number - 1];
    const struct thread *thread = sleeper_of(run, number);
    const struct call *call = call_in_progress(run, number);

    if (process->ended_us >= 0)
        return WIFSIGNALED(process->wait_status) ? "was killed" : "has ended";
    if (process->halted)
        return "is held";
    if (thread == NULL)
        return "runs";
    if (strcmp(thread->call, "read") == 0)
        return "waits for the kit to let it go on";
    return text_format("sleeps in %s%s", call_spoken(thread->call),
                       call != NULL ? at_place(call) : "")
        .bytes;
}

const char *who_does_what(const struct party *party)
{
    struct text lines = text_of("");
    for (int i = 0; i < party->count; i++) {
        int number = number_of_peer(party->peers[i]);
        struct text log = stdout_of_peer(party->peers[i]);
        const char *said = "";
        if (log.length > 0)
            said = text_format("logged \"%s\", and ", in_one_line(log)).bytes;
        if (text_equal(log, text_of("in\n")) && is_alive(party->run, number))
            said = "is inside, and ";
        lines = text_join(lines, text_format("\n  process %d %s%s", number, said,
                                             what_it_does(party->run, number)));
    }
    return lines.bytes;
}
