/*
 * xsi.c - the kit's hand on the System V objects of a cell: lays them, works on them, looks at
 * them. See exercise.h.
 *
 * The cell's init does it: an order goes there, and what it finds comes back (cell_call(),
 * cell_answer()). None of these calls waits.
 *
 * _GNU_SOURCE: msgrcv(2) and its kin beside the cell's own types; seteuid(2) is POSIX.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "../run/calls.h"
#include "../run/kit.h"
#include "check_runs.h"
#include "given.h"
#include "worker.h"

enum { SLICE = 128 * 1024, MOST_SEMAPHORES = 64, MOST_TEXT = 64 * 1024 };

/* Flat: it goes through a socket, its data behind it. */
struct order {
    enum object_kind kind;
    key_t key;
    unsigned mode;
    enum owner owner;
    int id, index, value;
    long type;
    size_t size, offset, length; /* length: of the data */
};

static const void *data_of(const struct order *order)
{
    return order + 1;
}

union semun { /* semctl(2): the caller defines it */
    int val;
    struct semid_ds *buf;
};

/* ---- In the cell ---------------------------------------------------------------------------- */

static bool act_as(enum owner owner)
{
    unsigned one_more = owner == ANOTHER_USER;
    return setegid(getgid() + one_more) == 0 && seteuid(getuid() + one_more) == 0;
}

/* Ours to fill at first, whatever its mode is to be: see settle_inside(). */
static int get_new(const struct order *order)
{
    int flags = (int)order->mode | 0600 | IPC_CREAT | IPC_EXCL;
    switch (order->kind) {
    case OBJECT_QUEUE:
        return msgget(order->key, flags);
    case OBJECT_SEMAPHORES:
        return semget(order->key, (int)order->size, flags);
    default:
        return shmget(order->key, order->size, flags);
    }
}

/* The creator's uid counts as well as the owner's: so it is made by him whose it is to be. */
static int make_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    if (order->owner == ANOTHER_USER && (seteuid(getuid()) == -1 || !act_as(ANOTHER_USER)))
        return -1;
    int id = get_new(order), error = errno;
    if (order->owner == ANOTHER_USER && !(seteuid(getuid()) == 0 && setegid(getgid()) == 0))
        return -1;
    errno = error;
    return id;
}

/* Gives it the mode that it is to have. */
static int settle_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    struct msqid_ds queue;
    struct semid_ds set;
    struct shmid_ds segment;
    (void)size;
    switch (order->kind) {
    case OBJECT_QUEUE:
        if (msgctl(order->id, IPC_STAT, &queue) == -1)
            return -1;
        queue.msg_perm.mode = (unsigned short)order->mode;
        return msgctl(order->id, IPC_SET, &queue);
    case OBJECT_SEMAPHORES:
        if (semctl(order->id, 0, IPC_STAT, (union semun){.buf = &set}) == -1)
            return -1;
        set.sem_perm.mode = (unsigned short)order->mode;
        return semctl(order->id, 0, IPC_SET, (union semun){.buf = &set});
    default:
        if (shmctl(order->id, IPC_STAT, &segment) == -1)
            return -1;
        segment.shm_perm.mode = (unsigned short)order->mode;
        return shmctl(order->id, IPC_SET, &segment);
    }
}

static int find_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return order->kind == OBJECT_QUEUE        ? msgget(order->key, 0)
           : order->kind == OBJECT_SEMAPHORES ? semget(order->key, 0, 0)
                                              : shmget(order->key, 0, 0);
}

static int remove_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return order->kind == OBJECT_QUEUE        ? msgctl(order->id, IPC_RMID, NULL)
           : order->kind == OBJECT_SEMAPHORES ? semctl(order->id, 0, IPC_RMID)
                                              : shmctl(order->id, IPC_RMID, NULL);
}

struct message {
    long type;
    char text[MOST_TEXT];
};

static int put_inside(const void *argument, size_t size)
{
    static struct message message;
    const struct order *order = argument;
    (void)size;
    message.type = order->type;
    memcpy(message.text, data_of(order), order->length);
    return msgsnd(order->id, &message, order->length, IPC_NOWAIT);
}

static int take_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return (int)msgrcv(order->id, cell_answer_inside(), MOST_TEXT, order->type, IPC_NOWAIT);
}

static int limit_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    struct msqid_ds state;
    (void)size;
    if (msgctl(order->id, IPC_STAT, &state) == -1)
        return -1;
    state.msg_qbytes = order->size;
    return msgctl(order->id, IPC_SET, &state);
}

static int set_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return semctl(order->id, order->index, SETVAL, (union semun){.val = order->value});
}

static int operate_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    struct sembuf operation = {(unsigned short)order->index, (short)order->value, IPC_NOWAIT};
    (void)size;
    return semop(order->id, &operation, 1);
}

static int segment_inside(const struct order *order, const void *from, void *to, size_t length)
{
    struct shmid_ds state;
    if (shmctl(order->id, IPC_STAT, &state) == -1)
        return -1;
    if (order->offset > state.shm_segsz || length > state.shm_segsz - order->offset) {
        errno = EINVAL;
        return -1;
    }
    char *memory = shmat(order->id, NULL, from != NULL ? 0 : SHM_RDONLY);
    if (memory == (void *)-1)
        return -1;
    if (from != NULL)
        memcpy(memory + order->offset, from, length);
    else
        memcpy(to, memory + order->offset, length);
    return shmdt(memory);
}

static int write_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return segment_inside(order, data_of(order), NULL, order->length);
}

static int read_inside(const void *argument, size_t size)
{
    const struct order *order = argument;
    (void)size;
    return segment_inside(order, NULL, cell_answer_inside(), order->size);
}

/* ---- The kit's side ------------------------------------------------------------------------- */

static int command(struct run *run, cell_function *function, struct order order, const void *data)
{
    struct order *flat = kit_alloc(sizeof order + order.length);
    *flat = order;
    if (order.length > 0)
        memcpy(flat + 1, data, order.length);
    int result = cell_call(run->cell, function, flat, sizeof order + order.length);
    int error = errno;
    free(flat);
    errno = error;
    return result;
}

int find_id(struct run *run, enum object_kind kind, key_t key)
{
    return command(run, find_inside, (struct order){.kind = kind, .key = key}, NULL);
}

bool put_message(struct run *run, int id, long type, struct text text)
{
    struct order order = {.id = id, .type = type, .length = text.length};
    if (text.length > MOST_TEXT)
        kit_broken("put_message: too long");
    return command(run, put_inside, order, text.bytes) == 0;
}

bool take_message(struct run *run, int id, long type, struct a_message *message)
{
    int length = command(run, take_inside, (struct order){.id = id, .type = type}, NULL);
    const struct message *came = cell_answer(run->cell);
    if (length >= 0)
        *message = (struct a_message){came->type, text_bytes(came->text, (size_t)length)};
    return length >= 0;
}

bool set_queue_limit(struct run *run, int id, size_t bytes)
{
    return command(run, limit_inside, (struct order){.id = id, .size = bytes}, NULL) == 0;
}

bool set_semaphore(struct run *run, int id, int index, int value)
{
    struct order order = {.id = id, .index = index, .value = value};
    return command(run, set_inside, order, NULL) == 0;
}

bool operate_semaphore(struct run *run, int id, int index, int operation)
{
    struct order order = {.id = id, .index = index, .value = operation};
    return command(run, operate_inside, order, NULL) == 0;
}

bool write_segment(struct run *run, int id, size_t offset, struct text bytes)
{
    for (size_t done = 0; done < bytes.length; done += SLICE) {
        size_t left = bytes.length - done;
        struct order order = {
            .id = id, .offset = offset + done, .length = left < SLICE ? left : SLICE};
        if (command(run, write_inside, order, bytes.bytes + done) == -1)
            return false;
    }
    return true;
}

struct text read_segment(struct run *run, int id, size_t offset, size_t length)
{
    struct text all = text_of("");
    for (size_t done = 0; done < length; done += SLICE) {
        size_t left = length - done;
        struct order order = {
            .id = id, .offset = offset + done, .size = left < SLICE ? left : SLICE};
        if (command(run, read_inside, order, NULL) == -1)
            return text_of("");
        all = text_join(all, text_bytes(cell_answer(run->cell), order.size));
    }
    return all;
}

bool remove_object(struct run *run, enum object_kind kind, int id)
{
    return command(run, remove_inside, (struct order){.kind = kind, .id = id}, NULL) == 0;
}

/* ---- Laying --------------------------------------------------------------------------------- */

static void fill_queue(struct run *run, const struct xsi_wish *wish)
{
    if (wish->queue.qbytes > 0 && !set_queue_limit(run, wish->id, wish->queue.qbytes))
        kit_broken("cannot limit a queue");
    for (size_t i = 0; i < wish->queue.n_messages; i++)
        if (!put_message(run, wish->id, wish->queue.messages[i].type, wish->queue.messages[i].text))
            kit_broken("cannot put a message into a queue");
}

static void fill_set(struct run *run, const struct xsi_wish *wish)
{
    for (size_t i = 0; !wish->set.uninitialised && i < wish->set.count; i++) {
        int value = wish->set.values != NULL ? wish->set.values[i] : 0;
        if (!set_semaphore(run, wish->id, (int)i, value))
            kit_broken("cannot set a semaphore");
    }
}

static size_t size_of_segment(const struct a_segment *segment)
{
    return segment->size > 0 ? segment->size : segment->contents.length;
}

void xsi_lay(struct run *run, struct xsi_wish *wish)
{
    struct order order = {.kind = wish->kind};
    switch (wish->kind) {
    case OBJECT_QUEUE:
        order.key = wish->queue.key, order.mode = wish->queue.mode, order.owner = wish->queue.owner;
        break;
    case OBJECT_SEMAPHORES:
        order.key = wish->set.key, order.mode = wish->set.mode, order.owner = wish->set.owner;
        order.size = wish->set.count;
        break;
    default:
        order.key = wish->segment.key, order.mode = wish->segment.mode;
        order.owner = wish->segment.owner, order.size = size_of_segment(&wish->segment);
        break;
    }
    if (order.owner == ANOTHER_USER && !cell_has_another_user())
        kit_broken("an object of another user without need_another_user()");
    wish->id = command(run, make_inside, order, NULL);
    if (wish->id == -1)
        kit_broken("cannot lay a %s", object_kind_name(wish->kind));
    int laid = record_object_by_id(run->record, wish->kind, wish->id, order.key);
    run->record->objects[laid].was_there = true;
    *ARRAY_ADD(check_run_of(run)->laid, check_run_of(run)->n_laid) = *wish;
    if (wish->kind == OBJECT_QUEUE)
        fill_queue(run, wish);
    else if (wish->kind == OBJECT_SEMAPHORES)
        fill_set(run, wish);
    else if (!write_segment(run, wish->id, 0, wish->segment.contents))
        kit_broken("cannot fill a segment");
    order.id = wish->id;
    if ((order.mode & 0600) != 0600 && command(run, settle_inside, order, NULL) == -1)
        kit_broken("cannot give a %s its mode", object_kind_name(wish->kind));
}

/* ---- Users ---------------------------------------------------------------------------------- */

void need_another_user(void)
{
    if (!worker.confined)
        check_skip("It needs a second user, which the weaker mode (without namespaces) has not. "
                   "Type: ipclab doctor");
    if (!cell_has_another_user())
        check_skip("It needs a second user, which only root can give the box. Start ipclab as root "
                   "to have it checked, too.");
}

unsigned uid_of(enum owner owner)
{
    return (unsigned)geteuid() + (owner == ANOTHER_USER);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* The weaker mode has the machine's own IPC namespace: of two checks with the same seed only one at
 * a time may use its keys. The lock goes with the check's process. */
static void claim_keys(void)
{
    static int lock = -1;
    if (worker.confined || lock >= 0)
        return;
    char *path = kit_format("/tmp/ipclab-keys-%u.lock", (unsigned)geteuid());
    lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock == -1 || flock(lock, LOCK_EX) == -1)
        kit_broken("cannot lock %s", path);
    free(path);
}

key_t random_key(void)
{
    claim_keys();
    return (key_t)(0x10000000 + random_below(0x60000000)); /* positive: prints alike everywhere */
}

/* ---- State ---------------------------------------------------------------------------------- */

/* The ids of all that there are of a kind now: at most most. */
static size_t ids_now(struct run *run, enum object_kind kind, int ids[IPC_MAX])
{
    const struct ipc_state *ipc = cell_ipc_state(run->cell);
    int count = kind == OBJECT_QUEUE        ? ipc->n_queues
                : kind == OBJECT_SEMAPHORES ? ipc->n_semaphores
                                            : ipc->n_segments;
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        int id = kind == OBJECT_QUEUE        ? ipc->queues[i].id
                 : kind == OBJECT_SEMAPHORES ? ipc->semaphores[i].id
                                             : ipc->segments[i].id;
        if (worker.confined || record_find_id(run->record, kind, id) >= 0)
            ids[n++] = id;
    }
    return n;
}

size_t count_objects(struct run *run, enum object_kind kind)
{
    int ids[IPC_MAX];
    return ids_now(run, kind, ids);
}

const struct object *xsi_object(struct run *run, enum object_kind kind, int id)
{
    int ids[IPC_MAX];
    size_t count = ids_now(run, kind, ids), i = 0;
    while (i < count && ids[i] != id)
        i++;
    if (i == count)
        return NULL;
    run_snapshot(run);
    int index = record_find_id(run->record, kind, id);
    return index >= 0 ? &run->record->objects[index] : NULL;
}

const struct object *only_object(struct run *run, enum object_kind kind)
{
    int ids[IPC_MAX], only = -1;
    size_t count = ids_now(run, kind, ids), made = 0;
    for (size_t i = 0; i < count; i++) {
        int index = record_find_id(run->record, kind, ids[i]);
        if (index < 0 || run->record->objects[index].made_by < 0)
            continue;
        made++;
        only = ids[i];
    }
    return made == 1 ? xsi_object(run, kind, only) : NULL;
}

/* ---- What did not go through shared memory -------------------------------------------------- */

static bool is_kits(const struct run *run, int object)
{
    for (size_t i = 0; i < run->n_peers; i++)
        if (object >= 0 &&
            (object == run->peers[i]->output_object || object == run->peers[i]->error_object))
            return true;
    return false;
}

/* The bytes that this call has handed to others. */
static size_t bytes_handed_on(const struct run *run, const struct call *call)
{
    bool message = strcmp(call->name, "msgsnd") == 0 || call_is(call->name, "mq_send");
    bool file = call->object < 0 && (int)call->args[0] > 2;

    if (call->result < 0 || !run->record->processes[call->process].own_program)
        return 0;
    if (message) /* they return 0 */
        return (size_t)call->args[2];
    if (!call_is(call->name, "write") && !call_is(call->name, "splice"))
        return 0;
    return (call->object >= 0 && !is_kits(run, call->object)) || file ? (size_t)call->result : 0;
}

size_t bytes_sent_between(struct run *run)
{
    size_t sum = 0;
    for (size_t i = 0; i < run->record->n_calls; i++)
        sum += bytes_handed_on(run, &run->record->calls[i]);
    return sum;
}
