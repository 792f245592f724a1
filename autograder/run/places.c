/*
 * places.c - from a stopped thread to file:line in function, by libdw. See places.h.
 *
 * Theory of operation.  A traced call must cost microseconds, and only a few of thousands of calls
 * are ever asked about, so stack_capture() copies what unwinding will need: the registers, the
 * innermost KiB of the stack as it is, and of the next 15 KiB only the words that can be return
 * addresses or saved stack pointers (stderr's printf alone has 8 KiB of buffer between it and its
 * caller).  stack_place() feeds that to libdwfl as if it were a thread, and walks outwards to the
 * first frame in the learner's source.
 */
/* _GNU_SOURCE: process_vm_readv(2) */
#define _GNU_SOURCE
#include "places.h"

#include <elf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "image.h"
#include "kit.h"

enum {
    WORD = sizeof(uint64_t),
    EXACT_WORDS = 1024 / WORD,
    CAPTURED_WORDS = 16 * 1024 / WORD,
    STACK_REACH = 256 * 1024, /* a word that points this far above is taken for a saved pointer */
    MAX_FRAMES = 256,
    SMALLEST_PAGE = 4096
};

/* The general registers in the order of the DWARF numbers, which libdwfl wants. */
#if defined(__x86_64__)
enum { N_REGISTERS = 17, FRAME_POINTER = 6, STACK_POINTER = 7, PC_IS_REGISTER = 1 };
enum { PC_REGISTER = 16 };

static uint64_t order_registers(const struct user_regs_struct *raw, uint64_t *ordered)
{
    const uint64_t values[N_REGISTERS] = {
        raw->rax, raw->rdx, raw->rcx, raw->rbx, raw->rsi, raw->rdi, raw->rbp, raw->rsp, raw->r8,
        raw->r9,  raw->r10, raw->r11, raw->r12, raw->r13, raw->r14, raw->r15, raw->rip,
    };
    memcpy(ordered, values, sizeof values);
    return raw->rip;
}
#elif defined(__aarch64__)
enum { N_REGISTERS = 32, FRAME_POINTER = 29, STACK_POINTER = 31, PC_IS_REGISTER = 0 };
enum { PC_REGISTER = 0 /* not used */, LINK_REGISTER = 30 };

static uint64_t order_registers(const struct user_regs_struct *raw, uint64_t *ordered)
{
    memcpy(ordered, raw->regs, 31 * sizeof(uint64_t));
    ordered[STACK_POINTER] = raw->sp;
    return raw->pc;
}
#else
#error "places.c knows x86-64 and aarch64: add the order of your processor's DWARF registers"
#endif

struct stack {
    struct image *image;
    uint64_t registers[N_REGISTERS];
    uint64_t pc;
    uint64_t start; /* address of the first captured word */
    size_t n_exact; /* words from start on */
    size_t n_kept;  /* words picked from beyond: their values, then (uint16_t) their numbers */
    uint64_t words[];
};

/* ---- Capturing --------------------------------------------------------------------------------
 */

/* As much of the stack as there is. One piece a page: a piece is read whole or not at all. */
static size_t read_stack(pid_t tid, uint64_t start, uint64_t *words, size_t n)
{
    enum { PIECES = CAPTURED_WORDS * WORD / SMALLEST_PAGE + 1 };
    struct iovec here = {words, n * WORD}, there[PIECES];
    size_t pieces = 0, left = n * WORD;

    for (uint64_t at = start; left > 0 && pieces < PIECES; pieces++) {
        size_t length = SMALLEST_PAGE - at % SMALLEST_PAGE;
        length = length < left ? length : left;
        there[pieces] = (struct iovec){(void *)(uintptr_t)at, length};
        at += length;
        left -= length;
    }
    ssize_t got = process_vm_readv(tid, &here, 1, there, pieces, 0);
    return got > 0 ? (size_t)got / WORD : 0;
}

/* Picks from the words beyond the exact part those that lead outwards. Returns how many. */
static size_t pick_words(const struct image *image, uint64_t start, const uint64_t *words, size_t n,
                         uint64_t *values, uint16_t *numbers)
{
    uint64_t low, high;
    size_t kept = 0;

    image_code_span(image, &low, &high);
    for (size_t i = EXACT_WORDS; i < n; i++) {
        bool in_stack = words[i] - start < STACK_REACH;
        bool maybe_code = words[i] >= low && words[i] < high;
        if (!in_stack && !(maybe_code && image_has_code(image, words[i])))
            continue;
        values[kept] = words[i];
        numbers[kept++] = (uint16_t)i;
    }
    return kept;
}

struct stack *stack_capture(pid_t tid, struct image *image)
{
    struct user_regs_struct raw;
    struct iovec registers = {&raw, sizeof raw};
    uint64_t words[CAPTURED_WORDS], values[CAPTURED_WORDS], ordered[N_REGISTERS];
    uint16_t numbers[CAPTURED_WORDS];

    if (image == NULL || ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &registers) == -1 ||
        registers.iov_len != sizeof raw) /* shorter: a 32-bit program */
        return NULL;
    uint64_t pc = order_registers(&raw, ordered);
    uint64_t start = ordered[STACK_POINTER] & ~(uint64_t)(WORD - 1);
    size_t n = read_stack(tid, start, words, CAPTURED_WORDS);
    size_t exact = n < EXACT_WORDS ? n : EXACT_WORDS;
    size_t kept = pick_words(image, start, words, n, values, numbers);

    struct stack *stack = kit_alloc(sizeof *stack + (exact + kept) * WORD + kept * sizeof *numbers);
    stack->image = image_share(image);
    memcpy(stack->registers, ordered, sizeof ordered);
    stack->pc = pc;
    stack->start = start;
    stack->n_exact = exact;
    stack->n_kept = kept;
    memcpy(stack->words, words, exact * WORD);
    memcpy(stack->words + exact, values, kept * WORD);
    memcpy(stack->words + exact + kept, numbers, kept * sizeof *numbers);
    return stack;
}

void stack_free(struct stack *stack)
{
    if (stack == NULL)
        return;
    image_release(stack->image);
    free(stack);
}

/* ---- Unwinding --------------------------------------------------------------------------------
 */

/* One walk over one stack. */
struct walk {
    const struct stack *stack;
    uint64_t registers[N_REGISTERS]; /* where the walk starts */
    uint64_t pc;
    pid_t live;
    int frames;
    uint64_t frame_pointer; /* of the outermost frame reached; 0: not known */
    enum owner owner;
    struct place place; /* its strings belong to the image */
};

/* The walk of the moment: an image's Dwfl lives longer than a walk, and so do its callbacks. */
static _Thread_local struct walk *walking;

static bool saved_word(const struct stack *stack, uint64_t number, uint64_t *value)
{
    const uint64_t *values = stack->words + stack->n_exact;
    const uint16_t *numbers = (const uint16_t *)(values + stack->n_kept);
    size_t low = 0, high = stack->n_kept;

    if (number < stack->n_exact) {
        *value = stack->words[number];
        return true;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == stack->n_kept || numbers[low] != number)
        return false;
    *value = values[low];
    return true;
}

static bool read_word(const struct walk *walk, uint64_t address, uint64_t *value)
{
    const struct stack *stack = walk->stack;
    struct iovec here = {value, WORD}, there = {(void *)(uintptr_t)address, WORD};

    if (address >= stack->start && (address - stack->start) % WORD == 0 &&
        saved_word(stack, (address - stack->start) / WORD, value))
        return true;
    return walk->live > 0 && process_vm_readv(walk->live, &here, 1, &there, 1, 0) == WORD;
}

/* Where false is given for a register that was saved, libdwfl goes on without that register. */
static bool give_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *argument)
{
    (void)dwfl;
    (void)argument;
    return read_word(walking, address, result);
}

static bool give_registers(Dwfl_Thread *thread, void *argument)
{
    const struct walk *walk = argument;

    if (!dwfl_thread_state_registers(thread, 0, N_REGISTERS, walk->registers))
        return false;
    if (!PC_IS_REGISTER)
        dwfl_thread_state_register_pc(thread, walk->pc);
    return true;
}

enum { ONLY_THREAD = 1 };

static pid_t give_thread(Dwfl *dwfl, void *argument, void **walk)
{
    (void)dwfl;
    (void)argument;
    if (*walk != NULL)
        return 0;
    *walk = walking;
    return ONLY_THREAD;
}

static bool find_thread(Dwfl *dwfl, pid_t tid, void *argument, void **walk)
{
    (void)dwfl;
    (void)argument;
    *walk = walking;
    return tid == ONLY_THREAD;
}

static const Dwfl_Thread_Callbacks callbacks = {
    .next_thread = give_thread,
    .get_thread = find_thread,
    .memory_read = give_memory,
    .set_initial_registers = give_registers,
};

/* Keeps the innermost frame of the learner's; one of the common helpers only until one is found. */
static void consider_address(struct walk *walk, uint64_t address)
{
    struct place place;
    enum owner owner = image_line(walk->stack->image, address, &place);

    if (owner <= walk->owner)
        return;
    walk->owner = owner;
    walk->place = place;
}

static int consider_frame(Dwfl_Frame *frame, void *argument)
{
    struct walk *walk = argument;
    Dwarf_Addr pc;
    Dwarf_Word pointer;
    bool is_activation;

    if (++walk->frames > MAX_FRAMES || !dwfl_frame_pc(frame, &pc, &is_activation))
        return DWARF_CB_ABORT;
    /* a return address belongs to the line after the call, or to the next function */
    consider_address(walk, is_activation ? pc : pc - 1);
    walk->frame_pointer = dwfl_frame_reg(frame, FRAME_POINTER, &pointer) == 0 ? pointer : 0;
    return walk->owner == OWNER_LEARNER ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* When call frame information ended too early: frames of -fno-omit-frame-pointer form a chain,
 * {caller's frame pointer, return address}, that grows towards higher addresses. */
static void follow_frame_pointers(struct walk *walk)
{
    uint64_t frame = walk->frame_pointer, lowest = walk->stack->start, next, back;

    while (walk->owner != OWNER_LEARNER && walk->frames++ < MAX_FRAMES && frame >= lowest &&
           frame % WORD == 0 && read_word(walk, frame, &next) &&
           read_word(walk, frame + WORD, &back) && image_has_code(walk->stack->image, back)) {
        consider_address(walk, back - 1);
        lowest = frame + 2 * WORD;
        frame = next;
    }
}

static bool has_frame_information(Dwfl *dwfl, uint64_t pc)
{
    Dwfl_Module *module = dwfl_addrmodule(dwfl, pc);
    Dwarf_Addr bias;
    Dwarf_Frame *frame;
    Dwarf_CFI *cfi = module == NULL ? NULL : dwfl_module_eh_cfi(module, &bias);

    if (cfi == NULL || dwarf_cfi_addrframe(cfi, pc - bias, &frame) != 0)
        return false;
    free(frame);
    return true;
}

/* Where a function that has made no frame will return to. */
static bool find_leaf_return(const struct walk *walk, uint64_t *back)
{
#if defined(__x86_64__)
    return read_word(walk, walk->registers[STACK_POINTER], back);
#else
    *back = walk->registers[LINK_REGISTER];
    return true;
#endif
}

/* libc's clone and clone3 end their frame information before the system call, because it would be
 * wrong in the child; what libdwfl then guesses from the frame pointer leaves out a frame. In such
 * a leaf, which has made no frame, the return address is where the call put it. */
static void leave_bare_leaf(struct walk *walk, Dwfl *dwfl)
{
    uint64_t back;

    if (has_frame_information(dwfl, walk->pc) || !find_leaf_return(walk, &back) ||
        !image_has_code(walk->stack->image, back))
        return;
    walk->pc = back - 1; /* the innermost frame's pc is taken as it is: stay inside the call */
    if (PC_IS_REGISTER) {
        walk->registers[PC_REGISTER] = walk->pc;
        walk->registers[STACK_POINTER] += WORD;
    }
}

static struct walk start_walk(const struct stack *stack, pid_t live)
{
    struct walk walk = {.stack = stack, .live = live, .pc = stack->pc};

    memcpy(walk.registers, stack->registers, sizeof walk.registers);
    walk.frame_pointer = stack->registers[FRAME_POINTER];
    return walk;
}

static char *copy_text(const char *text)
{
    return text != NULL ? kit_strdup(text) : NULL;
}

struct place stack_place(const struct stack *stack, pid_t live)
{
    struct place nowhere = {NULL, 0, NULL};

    if (stack == NULL || !image_has_own_code(stack->image))
        return nowhere;
    Dwfl *dwfl = image_modules(stack->image, &callbacks);
    if (dwfl == NULL)
        return nowhere;
    struct walk walk = start_walk(stack, live);
    leave_bare_leaf(&walk, dwfl);
    walking = &walk;
    int ended = dwfl_getthread_frames(dwfl, ONLY_THREAD, consider_frame, &walk);
    if (ended == -1)
        follow_frame_pointers(&walk);
    walking = NULL;
    if (walk.owner == OWNER_NOBODY)
        return nowhere;
    return (struct place){copy_text(walk.place.file), walk.place.line,
                          copy_text(walk.place.function)};
}

struct place image_place(struct image *image, uint64_t address)
{
    struct place place = {NULL, 0, NULL};

    if (image == NULL || image_modules(image, &callbacks) == NULL ||
        image_line(image, address, &place) == OWNER_NOBODY)
        return (struct place){NULL, 0, NULL};
    return (struct place){copy_text(place.file), place.line, copy_text(place.function)};
}

void places_resolve_call(struct call *call)
{
    if (call->stack == NULL)
        return;
    free(call->place.file);
    free(call->place.function);
    call->place = stack_place(call->stack, 0);
    stack_free(call->stack);
    call->stack = NULL;
}

void places_resolve(struct record *record)
{
    for (size_t i = 0; i < record->n_calls; i++)
        places_resolve_call(&record->calls[i]);
}
