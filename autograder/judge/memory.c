/*
 * memory.c - memory used wrongly, as valgrind saw it: in whose line, what, and whose memory it is.
 *
 * No correct program may be accused.  Bytes that were never set are no fault as long as nothing
 * depends on them: a struct has padding, a name may be shorter than its array, and both are written
 * to pipes and queues as a matter of course.  So unset bytes count where the program decides by
 * them or where the kernel takes them as an instruction, but not where they are data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "judge.h"

/* ---- What counts ---------------------------------------------------------------------------- */

static bool says(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static bool is_of_value(const struct misuse *misuse)
{
    return says(misuse->kind, "Uninit") || says(misuse->what, "uninitialised");
}

/* Arguments in which the kernel follows what the bytes say. All others are data. */
static const char *const instructions[] = {
    "(act->", "(addrlen_in)", "(msgp->mtype)", "(sops)", "(tsops)", "name)", "(argv)", "(argv[i])",
};

static bool is_fault(const struct misuse *misuse)
{
    if (misuse->what == NULL)
        return false;
    if (strcmp(misuse->kind, "SyscallParam") != 0 || says(misuse->what, "unaddressable"))
        return true;
    /* An argument itself; but the last one of semctl(2) is a union, of which an int is one half. */
    if (says(misuse->what, "contains uninitialised"))
        return !says(misuse->what, " semctl(");
    for (size_t i = 0; i < sizeof instructions / sizeof *instructions; i++)
        if (says(misuse->what, instructions[i]))
            return true;
    return false;
}

/* ---- In words ------------------------------------------------------------------------------- */

/* "at list.c:30 in insert()"; "" when it is not known. */
static char *at_place(const char *before, const struct place *place)
{
    if (place->file == NULL)
        return kit_strdup("");
    if (place->function == NULL)
        return kit_format("%s%s:%d", before, place->file, place->line);
    return kit_format("%s%s:%d in %s()", before, place->file, place->line, place->function);
}

static char *bytes_words(long count)
{
    return kit_format("%ld byte%s", count, count == 1 ? "" : "s");
}

/* The name between "param " and "(": the system call. */
static char *call_of(const char *what)
{
    const char *from = strstr(what, "param ");
    from = from != NULL ? from + 6 : what;
    if (strncmp(from, "rt_", 3) == 0)
        from += 3;
    return kit_strndup(from, strcspn(from, "( "));
}

/* What the process does, after its name. */
static char *deed(const struct misuse *misuse)
{
    static const struct {
        const char *kind, *deed;
    } plain[] = {
        {"InvalidJump",     "jumps to where there is no code of its own"                    },
        {"MismatchedFree",  "frees memory by another function than the one that goes with "
                           "its allocation"                       },
        {"UninitCondition", "decides by a value that was never set"                         },
        {"UninitValue",     "uses a value that was never set as an address or an index"     },
        {"Overlap",         "copies memory onto itself: source and destination overlap"     },
        {"FishyValue",      "asks for an amount of memory that looks like a negative number"},
    };
    long size = 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].kind, misuse->kind) == 0)
            return kit_strdup(plain[i].deed);
    if (strcmp(misuse->kind, "InvalidFree") == 0)
        return kit_strdup(says(misuse->about, "free'd")
                              ? "frees a block that it has freed already"
                              : "frees an address that no allocation has returned");
    bool reads = sscanf(misuse->what, "Invalid read of size %ld", &size) == 1;
    if (reads || sscanf(misuse->what, "Invalid write of size %ld", &size) == 1) {
        char *bytes = bytes_words(size);
        char *text = kit_format(reads ? "reads %s of memory that is not its own"
                                      : "writes %s into memory that is not its own",
                                bytes);
        free(bytes);
        return text;
    }
    if (strcmp(misuse->kind, "SyscallParam") != 0)
        return kit_format("uses memory wrongly (%s)", misuse->what);
    char *call = call_of(misuse->what);
    char *text =
        kit_format(says(misuse->what, "unaddressable") ? "gives %s() memory that is not its own"
                                                       : "gives %s() a value that was never set",
                   call);
    free(call);
    return text;
}

struct block {
    long offset, size;
    char side[8]; /* "after", "before", "inside" */
    bool freed;
};

/* "Address 0x4a42068 is 0 bytes after a block of size 40 alloc'd" */
static bool read_block(const char *about, struct block *block)
{
    char fate[8] = "";
    char offset[32] = "", size[32] = "";
    if (about == NULL ||
        sscanf(about, "Address %*s is %31[0-9,] bytes %7s a block of size %31[0-9,] %7s", offset,
               block->side, size, fate) != 4)
        return false;
    const struct {
        const char *from;
        long *to;
    } numbers[] = {
        {offset, &block->offset},
        {size,   &block->size  },
    };
    for (size_t i = 0; i < 2; i++) /* 1,024 */
        for (const char *at = numbers[i].from; *at != '\0'; at++)
            if (*at != ',')
                *numbers[i].to = *numbers[i].to * 10 + (*at - '0');
    block->freed = strcmp(fate, "free'd") == 0;
    return true;
}

static char *block_words(const struct misuse *misuse, const struct block *block)
{
    char *size = bytes_words(block->size), *offset = bytes_words(block->offset);
    char *made = at_place(" at ", block->freed ? &misuse->made_place : &misuse->about_place);
    char *freed = at_place(" at ", &misuse->about_place), *text;

    if (block->freed)
        text = kit_format("The block of %s there was allocated%s and freed%s.", size, made, freed);
    else if (strcmp(block->side, "inside") == 0)
        text =
            kit_format("It is %s inside a block of %s that was allocated%s.", offset, size, made);
    else if (block->offset == 0)
        text = kit_format("It begins just %s the end of a block of %s that was allocated%s.",
                          block->side, size, made);
    else
        text = kit_format("It is %s %s a block of %s that was allocated%s.", offset, block->side,
                          size, made);
    free(size);
    free(offset);
    free(made);
    free(freed);
    return text;
}

/* Whose memory it is, or where the value comes from; NULL: nothing can be said. */
static char *about_words(const struct misuse *misuse)
{
    struct block block = {0};
    unsigned long address = 0;
    const char *about = misuse->about;

    if (about == NULL)
        return NULL;
    if (read_block(about, &block))
        return block_words(misuse, &block);
    char *made = at_place(" at ", &misuse->about_place), *text = NULL;
    if (says(about, "created by a heap allocation"))
        text =
            kit_format("It comes from a block that was allocated%s and never filled there.", made);
    else if (says(about, "created by a stack allocation"))
        text = kit_format("It comes from a local variable%s that nothing was stored in.", made);
    else if (sscanf(about, "Address %lx", &address) == 1 && address < 4096)
        text = kit_strdup("The address is that of a null pointer, or near it.");
    else if (says(about, "is not stack'd, malloc'd"))
        text = kit_strdup("Nothing of the program's is at that address (any more).");
    else if (says(about, "below stack pointer"))
        text = kit_strdup("The address is on the stack, where a function that has returned had its "
                          "variables.");
    else if (says(about, "data symbol"))
        text = kit_strdup("The address lies beside a variable.");
    free(made);
    return text;
}

/* ---- Which belief --------------------------------------------------------------------------- */

/* Library functions that take a string and look for its end. */
static bool is_string_function(const char *name)
{
    return name != NULL && (strncmp(name, "str", 3) == 0 || says(name, "printf") ||
                            strcmp(name, "puts") == 0 || strcmp(name, "fputs") == 0 ||
                            strcmp(name, "stpcpy") == 0 || strncmp(name, "ato", 3) == 0);
}

static const char *belief_of_address(const struct misuse *misuse)
{
    struct block block = {0};
    bool writes = says(misuse->what, "write");
    if (!read_block(misuse->about, &block))
        return NULL;
    if (block.freed)
        return "use-after-free";
    if (strcmp(block.side, "after") != 0)
        return NULL;
    if (is_string_function(misuse->through))
        return writes ? "no-room-for-nul" : "read-not-nul-terminated";
    return "block-too-small";
}

static const char *belief_of(const struct misuse *misuse)
{
    static const struct {
        const char *what, *belief;
    } arguments[] = {
        {"sigaction(act", "sa-struct-uninitialised"   },
        {"(addrlen_in)",  "accept-addrlen-uninit"     },
        {"msgsnd(",       "msgsnd-size-includes-mtype"},
    };
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        if (says(misuse->what, arguments[i].what) && !says(misuse->what, "mtype"))
            return arguments[i].belief;
    if (strcmp(misuse->kind, "InvalidFree") == 0)
        return says(misuse->about, "free'd") ? "use-after-free" : NULL;
    if (is_of_value(misuse))
        return is_string_function(misuse->through) ? "read-not-nul-terminated"
                                                   : "uninitialised-memory";
    return belief_of_address(misuse);
}

/* ---- The finding ---------------------------------------------------------------------------- */

/* ", at list.c:30 in insert(), where it calls strcpy()," */
static char *where_words(const struct misuse *misuse)
{
    bool said =
        strcmp(misuse->kind, "InvalidFree") == 0 || strcmp(misuse->kind, "SyscallParam") == 0;
    bool calls = misuse->through != NULL && misuse->place.file != NULL && !said;
    char *at = at_place(", at ", &misuse->place);
    char *text =
        kit_format("%s%s%s%s%s", at, calls ? ", where it calls " : "", calls ? misuse->through : "",
                   calls ? "()" : "", misuse->place.file != NULL ? "," : "");
    free(at);
    return text;
}

/* What ran when it happened: a child that has exec'ed a command since was its parent's program. */
static const char *program_of(const struct record *record, int process)
{
    int at = process;
    while (at >= 0 && !record->processes[at].own_program)
        at = record->processes[at].parent;
    return at >= 0 && record->processes[at].name != NULL ? record->processes[at].name : "?";
}

static void add_misuse(struct findings *findings, const struct record *record,
                       const struct misuse *misuse)
{
    struct finding *finding = findings_add(findings, FINDING_MEMORY_ERROR);
    const struct place *place = misuse->place.file != NULL ? &misuse->place : &misuse->about_place;
    const struct process *process =
        misuse->process >= 0 ? &record->processes[misuse->process] : NULL;
    const char *belief = belief_of(misuse);
    char *what = deed(misuse), *where = where_words(misuse);
    char *about = about_words(misuse);

    finding->misconception = belief != NULL ? kit_strdup(belief) : NULL;
    finding->place = place_copy(place);
    finding->text = kit_format("Process %d `%s`%s %s.%s%s", process != NULL ? process->number : 0,
                               program_of(record, misuse->process), where, what,
                               about != NULL ? " " : "", about != NULL ? about : "");
    if (process != NULL)
        finding_add_process(finding, record, misuse->process);
    free(what);
    free(where);
    free(about);
}

static bool same_place(const struct place *a, const struct place *b)
{
    return a->line == b->line && a->file != NULL && b->file != NULL &&
           strcmp(a->file, b->file) == 0;
}

/* The same kind at the same line, in a loop or in a sibling, is one mistake; and a block that is
 * too small, freed too early or never filled is one, too, however many lines use it. */
static bool is_same_mistake(const struct misuse *a, const struct misuse *b)
{
    struct block block_a = {0}, block_b = {0};
    if (same_place(&a->place, &b->place) && strcmp(a->kind, b->kind) == 0)
        return true;
    if (is_of_value(a) != is_of_value(b) || !same_place(&a->about_place, &b->about_place))
        return false;
    return is_of_value(a) ||
           (read_block(a->about, &block_a) && read_block(b->about, &block_b) &&
            block_a.freed == block_b.freed && strcmp(block_a.side, block_b.side) == 0);
}

static bool is_repeated(const struct record *record, size_t index)
{
    const struct misuse *misuse = &record->misuses[index];
    for (size_t i = 0; i < index; i++)
        if (is_fault(&record->misuses[i]) && is_same_mistake(&record->misuses[i], misuse))
            return true;
    return false;
}

void judge_memory(const struct record *record, struct findings *findings)
{
    for (size_t i = 0; i < record->n_misuses; i++)
        if (record->misuses[i].kind != NULL && is_fault(&record->misuses[i]) &&
            !is_repeated(record, i))
            add_misuse(findings, record, &record->misuses[i]);
}
