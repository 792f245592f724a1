/*
 * test_blocked.c - programs that block. See blocked.h; the tests are in test_waiting.c.
 *
 * They are as short as the mistakes that learners make, and check only what the tests need.
 */
#define _GNU_SOURCE /* splice, tee, OFD locks, eventfd, pidfd, pthread_rwlock and SYS_* */
#include "blocked.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int report_fd;
static const char *directory;
static char bytes[256 * 1024];

/* The programs' own faults end them with a status that the test sees as a dead process. */
static int must(int result)
{
    if (result == -1) {
        perror("test_blocked");
        _exit(99);
    }
    return result;
}

static void tell(enum leaving leaving, int id, const char *name)
{
    struct report report = {.leaving = leaving, .id = id};
    snprintf(report.name, sizeof report.name, "%s", name);
    if (write(report_fd, &report, sizeof report) != (ssize_t)sizeof report)
        _exit(98);
}

/* To be called by one process of the program, when all is set up. */
static void ready(void)
{
    tell(0, 0, "");
    must(close(report_fd));
}

static pid_t split(void)
{
    pid_t child = must(fork());
    if (child == 0) {
        must(prctl(PR_SET_PDEATHSIG, SIGKILL));
        close(report_fd);
    }
    return child;
}

static void on_signal(int number)
{
    (void)number;
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = on_signal};
    must(sigaction(number, &action, NULL));
}

static void *shared_memory(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(97);
    return memory;
}

/* One byte from one process to another: an order that needs no sleeping. */
static void pass(int pipe_fd)
{
    if (write(pipe_fd, "x", 1) != 1)
        _exit(96);
}

static void await(int pipe_fd)
{
    char byte;
    if (read(pipe_fd, &byte, 1) != 1)
        _exit(95);
}

/* A child that has done something to what both share, and then waits for a signal. */
static void child_first(void (*act)(void *), void *on)
{
    int order[2];
    must(pipe(order));
    if (split() == 0) {
        act(on);
        pass(order[1]);
        close(order[0]);
        close(order[1]);
        for (;;)
            pause();
    }
    await(order[0]);
    close(order[0]);
    close(order[1]);
}

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static const char *make_fifo(const char *name)
{
    const char *path = path_of(name);
    must(mkfifo(path, 0600));
    tell(LEAVES_FILE, 0, path);
    return path;
}

static void fill(int fd)
{
    for (;;)
        must((int)write(fd, bytes, sizeof bytes));
}

/* ---- Pipes ---- */

static void own_write_end(void)
{
    int ends[2];
    must(pipe(ends));
    ready();
    must((int)read(ends[0], bytes, 1));
}

static void parent_keeps(void)
{
    int ends[2];
    must(pipe(ends));
    pid_t child = split();
    if (child == 0) {
        must(close(ends[1]));
        must((int)read(ends[0], bytes, 1));
    }
    must(close(ends[0]));
    ready();
    waitpid(child, NULL, 0);
}

static void siblings_hold(void)
{
    int ends[2];
    must(pipe(ends));
    if (split() == 0) {
        must(close(ends[1]));
        must((int)read(ends[0], bytes, 1));
    }
    if (split() == 0) {
        must(close(ends[0]));
        pause();
    }
    must(close(ends[0]));
    must(close(ends[1]));
    ready();
    while (wait(NULL) > 0)
        ;
}

static void full_own_pipe(void)
{
    int ends[2];
    must(pipe(ends));
    ready();
    fill(ends[1]);
}

static void wait_before_drain(void)
{
    int ends[2];
    must(pipe(ends));
    pid_t child = split();
    if (child == 0) {
        must(close(ends[0]));
        fill(ends[1]);
    }
    must(close(ends[1]));
    ready();
    waitpid(child, NULL, 0);
}

/* Sets up the two pipes of a coprocess; in both processes ends[0] reads and ends[1] writes. */
static pid_t coprocess(int ends[2])
{
    int there[2], back[2];
    must(pipe(there));
    must(pipe(back));
    pid_t child = split();
    must(close(child == 0 ? there[1] : there[0]));
    must(close(child == 0 ? back[0] : back[1]));
    ends[0] = child == 0 ? there[0] : back[0];
    ends[1] = child == 0 ? back[1] : there[1];
    return child;
}

static void both_read(void)
{
    int ends[2];
    if (coprocess(ends) != 0)
        ready();
    must((int)read(ends[0], bytes, 1));
}

static void both_write(void)
{
    int ends[2];
    if (coprocess(ends) != 0)
        ready();
    fill(ends[1]);
}

static void half_close_missing(void)
{
    int ends[2];
    pid_t child = coprocess(ends);
    if (child == 0) {
        must(dup2(ends[0], 0));
        must(dup2(ends[1], 1));
        must(close(ends[0]));
        must(close(ends[1]));
        must((int)read(0, bytes, 1));
    }
    ready();
    waitpid(child, NULL, 0);
}

static void readv_pipe(void)
{
    int ends[2];
    struct iovec part = {.iov_base = bytes, .iov_len = 2};
    must(pipe(ends));
    ready();
    must((int)readv(ends[0], &part, 1));
}

static void splice_pipes(void)
{
    int from[2], to[2];
    must(pipe(from));
    must(pipe(to));
    ready();
    must((int)splice(from[0], NULL, to[1], NULL, 10, 0));
}

static void tee_pipes(void)
{
    int from[2], to[2];
    must(pipe(from));
    must(pipe(to));
    ready();
    must((int)tee(from[0], to[1], 10, 0));
}

static void vmsplice_pipe(void)
{
    int ends[2];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    must(pipe(ends));
    ready();
    for (;;)
        must((int)vmsplice(ends[1], &part, 1, 0));
}

static void sendfile_pipe(void)
{
    int ends[2], file = must(open("/proc/self/exe", O_RDONLY));
    must(pipe(ends));
    ready();
    for (;;) {
        off_t start = 0;
        must((int)sendfile(ends[1], file, &start, sizeof bytes));
    }
}

static void outside_pipe(void)
{
    ready(); /* descriptor 0 is a pipe that the test holds */
    must((int)read(0, bytes, 1));
}

/* ---- FIFOs ---- */

static void fifo_order(void)
{
    char first[256], second[256];
    snprintf(first, sizeof first, "%s", make_fifo("a"));
    snprintf(second, sizeof second, "%s", make_fifo("b"));
    if (split() == 0)
        must(open(second, O_RDONLY));
    ready();
    must(open(first, O_RDONLY));
}

static void fifo_write_open(void)
{
    const char *path = make_fifo("w");
    must(chdir(directory));
    ready();
    (void)path;
    must(open("w", O_WRONLY)); /* relative on purpose */
}

static void fifo_server(void)
{
    int fd = must(open(make_fifo("s"), O_RDWR));
    ready();
    must((int)read(fd, bytes, 1));
}

/* ---- System V ---- */

struct message {
    long type;
    char text[4096];
};

static int new_queue(void)
{
    int id = must(msgget(IPC_PRIVATE, 0600));
    tell(LEAVES_QUEUE, id, "");
    return id;
}

static int new_semaphores(int count)
{
    int id = must(semget(IPC_PRIVATE, count, 0600));
    tell(LEAVES_SEMAPHORES, id, "");
    return id;
}

static void change(int id, int index, int by)
{
    struct sembuf operation = {.sem_num = (unsigned short)index, .sem_op = (short)by};
    must(semop(id, &operation, 1));
}

static void message_type(void)
{
    int id = new_queue();
    struct message message = {.type = 7};
    must(msgsnd(id, &message, 6, 0));
    message.type = 9;
    must(msgsnd(id, &message, 3, 0));
    ready();
    must((int)msgrcv(id, &message, sizeof message.text, 5, 0));
}

static void message_any(void)
{
    struct message message;
    int id = new_queue();
    ready();
    must((int)msgrcv(id, &message, sizeof message.text, 0, 0));
}

static void message_room(void)
{
    int id = new_queue();
    struct message message = {.type = 2};
    if (split() == 0)
        must((int)msgrcv(id, &message, sizeof message.text, 1, 0));
    ready();
    for (;;)
        must(msgsnd(id, &message, sizeof message.text, 0));
}

static void semaphore_down(void)
{
    int id = new_semaphores(3);
    struct sembuf operations[2] = {
        {.sem_num = 0 },
        { .sem_num = 1, .sem_op = -2}
    };
    change(id, 1, 1);
    ready();
    must(semop(id, operations, 2));
}

static void semaphore_zero(void)
{
    int id = new_semaphores(1);
    change(id, 0, 3);
    ready();
    change(id, 0, 0);
}

static void semaphore_timed(void)
{
    int id = new_semaphores(1);
    struct sembuf operation = {.sem_op = -1};
    struct timespec limit = {.tv_sec = 60};
    ready();
    must(semtimedop(id, &operation, 1, &limit));
}

static void semaphores_crossing(void)
{
    int id = new_semaphores(2), order[2];
    must(pipe(order));
    change(id, 1, 1); /* semaphore 0 is taken by this process from the beginning */
    change(id, 0, 1);
    change(id, 0, -1);
    if (split() == 0) {
        change(id, 1, -1);
        pass(order[1]);
        change(id, 0, -1);
    }
    await(order[0]);
    must(close(order[0]));
    must(close(order[1]));
    ready();
    change(id, 1, -1);
}

/* Semaphore 0 is the mutex, 1 counts items. */
static void items_inside_mutex(void)
{
    int id = new_semaphores(2), order[2];
    must(pipe(order));
    change(id, 0, 1);
    if (split() == 0) { /* the consumer */
        change(id, 0, -1);
        pass(order[1]);
        change(id, 1, -1);
    }
    await(order[0]);
    must(close(order[0]));
    must(close(order[1]));
    ready();
    change(id, 0, -1); /* the producer */
}

static void killed_inside(void)
{
    int id = new_semaphores(1);
    change(id, 0, 1);
    pid_t child = split();
    if (child == 0) {
        change(id, 0, -1);
        raise(SIGKILL);
    }
    siginfo_t status;
    must(waitid(P_PID, (id_t)child, &status, WEXITED | WNOWAIT));
    ready();
    change(id, 0, -1);
}

/* ---- Locks in memory ---- */

static void post_nothing(void *unused)
{
    (void)unused;
}

static void semaphore_in_memory(void)
{
    sem_t *semaphore = shared_memory();
    must(sem_init(semaphore, 1, 0));
    child_first(post_nothing, NULL);
    ready();
    must(sem_wait(semaphore));
}

static void semaphore_not_shared(void)
{
    static sem_t semaphore;
    must(sem_init(&semaphore, 1, 0));
    pid_t child = split();
    if (child == 0) {
        must(sem_post(&semaphore));
        pause();
    }
    ready();
    must(sem_wait(&semaphore));
}

static void semaphore_named(void)
{
    char name[64];
    snprintf(name, sizeof name, "/ipclab-test-%d", (int)getpid());
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    if (semaphore == SEM_FAILED)
        _exit(94);
    tell(LEAVES_SEMAPHORE, 0, name);
    ready();
    must(sem_wait(semaphore));
}

static void semaphore_in_memory_timed(void)
{
    sem_t *semaphore = shared_memory();
    struct timespec limit;
    must(sem_init(semaphore, 1, 0));
    must(clock_gettime(CLOCK_REALTIME, &limit));
    limit.tv_sec += 60;
    ready();
    must(sem_timedwait(semaphore, &limit));
}

static void mutex_twice(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    ready();
    pthread_mutex_lock(&mutex);
}

static void lock_mutex(void *mutex)
{
    pthread_mutex_lock(mutex);
}

static pthread_mutex_t *new_mutex(int sharing)
{
    pthread_mutex_t *mutex = shared_memory();
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, sharing);
    pthread_mutex_init(mutex, &attributes);
    return mutex;
}

static void mutex_of_child(void)
{
    pthread_mutex_t *mutex = new_mutex(PTHREAD_PROCESS_SHARED);
    child_first(lock_mutex, mutex);
    ready();
    pthread_mutex_lock(mutex);
}

static void mutex_not_pshared(void)
{
    pthread_mutex_t *mutex = new_mutex(PTHREAD_PROCESS_PRIVATE);
    child_first(lock_mutex, mutex);
    ready();
    pthread_mutex_lock(mutex);
}

static void mutex_of_the_dead(void)
{
    pthread_mutex_t *mutex = new_mutex(PTHREAD_PROCESS_SHARED);
    pid_t child = split();
    if (child == 0) {
        pthread_mutex_lock(mutex);
        _exit(0);
    }
    siginfo_t status;
    must(waitid(P_PID, (id_t)child, &status, WEXITED | WNOWAIT));
    ready();
    pthread_mutex_lock(mutex);
}

static void condition(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t happens = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    ready();
    pthread_cond_wait(&happens, &mutex);
}

static void condition_timed(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t happens = PTHREAD_COND_INITIALIZER;
    struct timespec limit;
    must(clock_gettime(CLOCK_REALTIME, &limit));
    limit.tv_sec += 60;
    pthread_mutex_lock(&mutex);
    ready();
    pthread_cond_timedwait(&happens, &mutex, &limit);
}

static void rwlock_upgrade(void)
{
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    ready();
    pthread_rwlock_wrlock(&lock);
}

static void *sleep_in_pause(void *unused)
{
    pause();
    return unused;
}

static void *sleep_a_minute(void *unused)
{
    struct timespec minute = {.tv_sec = 60};
    nanosleep(&minute, NULL);
    return unused;
}

static void join_with(void *(*body)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL) != 0)
        _exit(93);
    ready();
    pthread_join(thread, NULL);
}

static void join_sleeper(void)
{
    join_with(sleep_in_pause);
}

static void thread_in_nanosleep(void)
{
    join_with(sleep_a_minute);
}

/* ---- Children ---- */

static void any_child(void)
{
    if (split() == 0)
        pause();
    ready();
    wait(NULL);
}

static void waitid_child(void)
{
    siginfo_t status;
    pid_t child = split();
    if (child == 0)
        pause();
    ready();
    waitid(P_PID, (id_t)child, &status, WEXITED);
}

static void vfork_child(void)
{
    static int ends[2];
    must(pipe(ends));
    ready();
    /* By syscall number: the compilers warn of vfork, and rightly so. */
    pid_t child = (pid_t)syscall(SYS_clone, 0x4000 | 0x100 | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        must(prctl(PR_SET_PDEATHSIG, SIGKILL));
        must((int)read(ends[0], bytes, 1));
        _exit(0);
    }
}

static void pidfd_child(void)
{
    pid_t child = split();
    if (child == 0)
        pause();
    struct pollfd set = {.fd = must((int)syscall(SYS_pidfd_open, child, 0)), .events = POLLIN};
    ready();
    poll(&set, 1, -1);
}

static void child_in_nanosleep(void)
{
    if (split() == 0)
        sleep_a_minute(NULL);
    ready();
    wait(NULL);
}

static void child_is_busy(void)
{
    if (split() == 0)
        for (volatile unsigned count = 0;; count++)
            ;
    ready();
    wait(NULL);
}

static void keeps_forking(void)
{
    ready();
    for (;;) {
        pid_t child = must(fork());
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
}

/* ---- File locks ---- */

static int lock_file(void)
{
    const char *path = path_of("lock");
    int fd = must(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    tell(LEAVES_FILE, 0, path);
    return fd;
}

static void take_flock(void *unused)
{
    (void)unused;
    must(flock(must(open(path_of("lock"), O_RDWR)), LOCK_EX));
}

static void take_record_lock(void *unused)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)unused;
    must(fcntl(must(open(path_of("lock"), O_RDWR)), F_SETLK, &lock));
}

static void take_description_lock(void *unused)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)unused;
    must(fcntl(must(open(path_of("lock"), O_RDWR)), F_OFD_SETLK, &lock));
}

static void flock_of_child(void)
{
    int fd = lock_file();
    child_first(take_flock, NULL);
    ready();
    must(flock(fd, LOCK_EX));
}

static void flock_twice(void)
{
    int fd = lock_file();
    take_flock(NULL);
    ready();
    must(flock(fd, LOCK_EX));
}

static void record_lock_of_child(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    int fd = lock_file();
    child_first(take_record_lock, NULL);
    ready();
    must(fcntl(fd, F_SETLKW, &lock));
}

static void description_lock_of_child(void)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int fd = lock_file();
    child_first(take_description_lock, NULL);
    ready();
    must(fcntl(fd, F_OFD_SETLKW, &lock));
}

static void flock_of_busy_child(void)
{
    int fd = lock_file(), order[2];
    must(pipe(order));
    if (split() == 0) {
        take_flock(NULL);
        pass(order[1]);
        for (volatile unsigned count = 0;; count++)
            ;
    }
    await(order[0]);
    ready();
    must(flock(fd, LOCK_EX));
}

/* ---- POSIX queues ---- */

static mqd_t new_posix_queue(void)
{
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
    snprintf(name, sizeof name, "/ipclab-test-%d", (int)getpid());
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    must(queue);
    tell(LEAVES_POSIX_QUEUE, 0, name);
    return queue;
}

static void posix_receive(void)
{
    mqd_t queue = new_posix_queue();
    ready();
    must((int)mq_receive(queue, bytes, sizeof bytes, NULL));
}

static void posix_send(void)
{
    mqd_t queue = new_posix_queue();
    ready();
    for (;;)
        must(mq_send(queue, "full", 4, 0));
}

static void posix_receive_timed(void)
{
    struct timespec limit;
    mqd_t queue = new_posix_queue();
    must(clock_gettime(CLOCK_REALTIME, &limit));
    limit.tv_sec += 60;
    ready();
    must((int)mq_timedreceive(queue, bytes, sizeof bytes, NULL, &limit));
}

/* ---- Sockets ---- */

/* An abstract address: it leaves nothing behind. */
static socklen_t test_address(struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "ipclab-test-%d",
                          (int)getpid());
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int bound_socket(int type, struct sockaddr_un *address, socklen_t *length)
{
    int fd = must(socket(AF_UNIX, type, 0));
    *length = test_address(address);
    must(bind(fd, (struct sockaddr *)address, *length));
    return fd;
}

static void accept_client(void)
{
    struct sockaddr_un address;
    socklen_t length;
    int fd = bound_socket(SOCK_STREAM, &address, &length);
    must(listen(fd, 1));
    ready();
    must(accept(fd, NULL, NULL));
}

static void connect_to_full(void)
{
    struct sockaddr_un address;
    socklen_t length;
    int fd = bound_socket(SOCK_STREAM, &address, &length);
    must(listen(fd, 0));
    ready();
    for (;;)
        must(connect(must(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address, length));
}

static void socket_pair(int type, bool sending)
{
    int ends[2];
    must(socketpair(AF_UNIX, type, 0, ends));
    if (split() == 0) {
        must(close(ends[0]));
        pause();
    }
    must(close(ends[1]));
    ready();
    if (sending)
        fill(ends[0]);
    must((int)recv(ends[0], bytes, 1, 0));
}

static void stream_receive(void)
{
    socket_pair(SOCK_STREAM, false);
}

static void stream_send(void)
{
    socket_pair(SOCK_STREAM, true);
}

static void datagram_receive(void)
{
    socket_pair(SOCK_DGRAM, false);
}

static void datagram_sendto(void)
{
    struct sockaddr_un address;
    socklen_t length;
    bound_socket(SOCK_DGRAM, &address, &length);
    int client = must(socket(AF_UNIX, SOCK_DGRAM, 0));
    ready();
    for (;;)
        must((int)sendto(client, "x", 1, 0, (struct sockaddr *)&address, length));
}

static void receive_timed(void)
{
    int ends[2];
    struct timeval limit = {.tv_sec = 60};
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    must(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    ready();
    must((int)read(ends[0], bytes, 1));
}

/* ---- poll and its kin ---- */

static void poll_for(int timeout_ms)
{
    int ends[2];
    must(pipe(ends));
    struct pollfd set[2] = {
        {.fd = ends[0], .events = POLLIN},
        {.fd = -1            }
    };
    ready();
    poll(set, 2, timeout_ms);
}

static void poll_pipe(void)
{
    poll_for(-1);
}

static void poll_timed(void)
{
    poll_for(60000);
}

static void poll_nothing(void)
{
    handle(SIGUSR1);
    ready();
    poll(NULL, 0, -1);
}

static void select_for(struct timeval *limit)
{
    int ends[2];
    fd_set readable;
    must(pipe(ends));
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    ready();
    select(ends[0] + 1, &readable, NULL, NULL, limit);
}

static void select_pipe(void)
{
    select_for(NULL);
}

static void select_timed(void)
{
    struct timeval limit = {.tv_sec = 60};
    select_for(&limit);
}

static void epoll_on(int watched, int timeout_ms)
{
    int epoll = must(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &event));
    ready();
    epoll_wait(epoll, &event, 1, timeout_ms);
}

static void epoll_pipe(void)
{
    int ends[2];
    must(pipe(ends));
    epoll_on(ends[0], -1);
}

static void epoll_timed(void)
{
    int ends[2];
    must(pipe(ends));
    epoll_on(ends[0], 60000);
}

static int new_timer(bool armed)
{
    int timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
    struct itimerspec minute = {.it_value = {.tv_sec = armed ? 60 : 0}};
    must(timerfd_settime(timer, 0, &minute, NULL));
    return timer;
}

static void epoll_timer(void)
{
    epoll_on(new_timer(true), -1);
}

static void timer_not_armed(void)
{
    int timer = new_timer(false);
    ready();
    must((int)read(timer, bytes, 8));
}

static void event_read(void)
{
    int event = must(eventfd(0, 0));
    ready();
    must((int)read(event, bytes, 8));
}

static void inotify_read(void)
{
    int watch = must(inotify_init1(0));
    must(inotify_add_watch(watch, directory, IN_CREATE));
    ready();
    must((int)read(watch, bytes, sizeof bytes));
}

static void terminal_read(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal == -1 || grantpt(terminal) == -1 || unlockpt(terminal) == -1)
        _exit(92);
    int slave = must(open(ptsname(terminal), O_RDWR | O_NOCTTY));
    ready();
    must((int)read(slave, bytes, 1));
}

/* ---- Signals and time ---- */

static void pause_lone(void)
{
    handle(SIGUSR1);
    ready();
    pause();
}

static void sigsuspend_lone(void)
{
    sigset_t all_but_one;
    handle(SIGUSR1);
    sigfillset(&all_but_one);
    sigdelset(&all_but_one, SIGUSR1);
    ready();
    sigsuspend(&all_but_one);
}

static void usr2_blocked(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGUSR2);
    must(sigprocmask(SIG_BLOCK, set, NULL));
}

static void sigwait_lone(void)
{
    sigset_t set;
    int number;
    usr2_blocked(&set);
    ready();
    sigwait(&set, &number);
}

static void sigtimedwait_lone(void)
{
    sigset_t set;
    struct timespec limit = {.tv_sec = 60};
    usr2_blocked(&set);
    ready();
    sigtimedwait(&set, NULL, &limit);
}

static void signalfd_read(void)
{
    sigset_t set;
    usr2_blocked(&set);
    int fd = must(signalfd(-1, &set, 0));
    ready();
    must((int)read(fd, bytes, sizeof bytes));
}

static void nanosleep_lone(void)
{
    ready();
    sleep_a_minute(NULL);
}

static void posix_timer(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec minute = {.it_value = {.tv_sec = 60}};
    handle(SIGUSR1);
    must(timer_create(CLOCK_MONOTONIC, &event, &timer));
    must(timer_settime(timer, 0, &minute, NULL));
    ready();
    pause();
}

#define PROGRAM(name) \
    {                 \
#name, name   \
    }
static const struct program {
    const char *name;
    void (*run)(void);
} programs[] = {
    PROGRAM(own_write_end),
    PROGRAM(parent_keeps),
    PROGRAM(siblings_hold),
    PROGRAM(full_own_pipe),
    PROGRAM(wait_before_drain),
    PROGRAM(both_read),
    PROGRAM(both_write),
    PROGRAM(half_close_missing),
    PROGRAM(readv_pipe),
    PROGRAM(splice_pipes),
    PROGRAM(tee_pipes),
    PROGRAM(vmsplice_pipe),
    PROGRAM(sendfile_pipe),
    PROGRAM(outside_pipe),
    PROGRAM(fifo_order),
    PROGRAM(fifo_write_open),
    PROGRAM(fifo_server),
    PROGRAM(message_type),
    PROGRAM(message_any),
    PROGRAM(message_room),
    PROGRAM(semaphore_down),
    PROGRAM(semaphore_zero),
    PROGRAM(semaphore_timed),
    PROGRAM(semaphores_crossing),
    PROGRAM(items_inside_mutex),
    PROGRAM(killed_inside),
    PROGRAM(semaphore_in_memory),
    PROGRAM(semaphore_not_shared),
    PROGRAM(semaphore_named),
    PROGRAM(semaphore_in_memory_timed),
    PROGRAM(mutex_twice),
    PROGRAM(mutex_of_child),
    PROGRAM(mutex_not_pshared),
    PROGRAM(mutex_of_the_dead),
    PROGRAM(condition),
    PROGRAM(condition_timed),
    PROGRAM(rwlock_upgrade),
    PROGRAM(join_sleeper),
    PROGRAM(thread_in_nanosleep),
    PROGRAM(any_child),
    PROGRAM(waitid_child),
    PROGRAM(vfork_child),
    PROGRAM(pidfd_child),
    PROGRAM(child_in_nanosleep),
    PROGRAM(child_is_busy),
    PROGRAM(keeps_forking),
    PROGRAM(flock_of_child),
    PROGRAM(flock_twice),
    PROGRAM(record_lock_of_child),
    PROGRAM(description_lock_of_child),
    PROGRAM(flock_of_busy_child),
    PROGRAM(posix_receive),
    PROGRAM(posix_send),
    PROGRAM(posix_receive_timed),
    PROGRAM(accept_client),
    PROGRAM(connect_to_full),
    PROGRAM(stream_receive),
    PROGRAM(stream_send),
    PROGRAM(datagram_receive),
    PROGRAM(datagram_sendto),
    PROGRAM(receive_timed),
    PROGRAM(poll_pipe),
    PROGRAM(poll_timed),
    PROGRAM(poll_nothing),
    PROGRAM(select_pipe),
    PROGRAM(select_timed),
    PROGRAM(epoll_pipe),
    PROGRAM(epoll_timed),
    PROGRAM(epoll_timer),
    PROGRAM(timer_not_armed),
    PROGRAM(event_read),
    PROGRAM(inotify_read),
    PROGRAM(terminal_read),
    PROGRAM(pause_lone),
    PROGRAM(sigsuspend_lone),
    PROGRAM(sigwait_lone),
    PROGRAM(sigtimedwait_lone),
    PROGRAM(signalfd_read),
    PROGRAM(nanosleep_lone),
    PROGRAM(posix_timer),
};

void run_blocked(const char *name, int report, const char *in)
{
    report_fd = report;
    directory = in;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].name, name) == 0)
            programs[i].run();
    _exit(91);
}
