/*
 * program.c - the tiny programs that test_run.c has run by the engine: the first argument says
 * which.
 *
 * A line whose place in the record is tested says "at: NAME".
 */
#define _GNU_SOURCE /* unshare(2), CLONE_NEWUSER, memfd_create(2), strerrorname_np(3), vfork(2) */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Output and input -------------------------------------------------------------------------
 */

static int speak(char **words)
{
    (void)words;
    dprintf(1, "to standard output\n");
    dprintf(2, "to standard error\n");
    return 7;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written == -1 && errno != EINTR)
            return -1;
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* Standard input to standard output; then how often it read, was interrupted, and got less. */
static int copy(char **words)
{
    char block[16];
    int interrupted = 0, full = 0, small = 0;

    (void)words;
    for (;;) {
        ssize_t got = read(0, block, sizeof block);
        if (got == 0)
            break;
        if (got == -1 && errno != EINTR)
            return 1;
        interrupted += got == -1;
        full += got == (ssize_t)sizeof block;
        small += got > 0 && got < (ssize_t)sizeof block;
        if (got > 0 && write_all(1, block, (size_t)got) == -1)
            return 1;
    }
    dprintf(2, "interrupted %d full %d small %d\n", interrupted, full, small);
    return 0;
}

/* As many blocks as the argument says (0: for ever), with a write for each. */
static int pour(char **words)
{
    static char block[4096];
    long count = strtol(words[0], NULL, 10);

    memset(block, 'x', sizeof block);
    for (long i = 0; count == 0 || i < count; i++)
        if (write(1, block, sizeof block) != (ssize_t)sizeof block) /* at: pour */
            return 1;
    return 0;
}

/* Until there is no room. */
static int fill(char **words)
{
    char block[512] = {0};
    long sum = 0;
    ssize_t written;

    (void)words;
    while ((written = write(1, block, sizeof block)) > 0)
        sum += written;
    dprintf(2, "%ld %s\n", sum, errno == EAGAIN ? "EAGAIN" : "other");
    return 0;
}

static int list_descriptors(char **words)
{
    DIR *folder = opendir("/proc/self/fd");

    (void)words;
    if (folder == NULL)
        return 1;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder))
            dprintf(1, "%s ", entry->d_name);
    closedir(folder);
    return 0;
}

/* ---- Calls that fail --------------------------------------------------------------------------
 */

/* How many pipes it got before the first failure. */
static int make_pipes(char **words)
{
    int ends[2], made = 0;

    (void)words;
    while (made < 5 && pipe(ends) == 0)
        made++;
    dprintf(1, "%d %s\n", made, errno == EMFILE ? "EMFILE" : "other");
    return 0;
}

static void on_signal(int signal)
{
    (void)signal;
}

/* Two reads; a signal comes into the first, and the kernel begins it again. */
static int read_twice(char **words)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    char byte;

    (void)words;
    if (sigaction(SIGUSR1, &action, NULL) == -1)
        return 1;
    dprintf(1, "ready\n");
    ssize_t first = read(0, &byte, 1), second = read(0, &byte, 1);
    dprintf(1, "%zd %zd %s\n", first, second, errno == EIO ? "EIO" : "other");
    return 0;
}

/* What a writev of three parts returned, and whether it left them as they were. */
static int write_parts(char **words)
{
    char one[] = "abcd", two[] = "efghi";
    struct iovec parts[] = {
        {one, 0},
        {one, 4},
        {two, 5}
    };

    (void)words;
    ssize_t written = writev(1, parts, 3);
    dprintf(2, "%zd of %zu %zu %zu\n", written, parts[0].iov_len, parts[1].iov_len,
            parts[2].iov_len);
    return 0;
}

/* What malloc said: of some bytes, and of very many. */
static int ask_for_memory(char **words)
{
    (void)words;
    for (size_t size = 100; size < 1000000000; size *= 1000000) {
        errno = 0;
        char *bytes = malloc(size);
        dprintf(1, "%s ", bytes != NULL ? "got" : errno == ENOMEM ? "ENOMEM" : "other");
        if (bytes != NULL)
            memset(bytes, 1, size);
        free(bytes);
    }
    return 0;
}

static int say_name(const char *name)
{
    return write(1, name, 1) == 1 ? 0 : 1; /* at: name */
}

/* Two children from one line, one from another, and their parent come to the same line. */
static int say_names(char **words)
{
    int failed = 0, status;

    (void)words;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) /* at: twins */
            _exit(say_name("t"));
    if (fork() == 0) /* at: single */
        _exit(say_name("s"));
    while (wait(&status) > 0)
        failed += status != 0;
    return 10 * say_name("p") + failed;
}

/* ---- Processes --------------------------------------------------------------------------------
 */

static int start_command(char **words)
{
    int ends[2], status;

    (void)words;
    if (pipe(ends) == -1) /* at: pipe */
        return 1;
    pid_t pid = fork(); /* at: fork */
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "exit 3", (char *)NULL); /* at: exec */
        _exit(127);
    }
    if (pid == -1 || waitpid(pid, &status, 0) != pid) /* at: wait */
        return 1;
    return WEXITSTATUS(status);
}

static void sleep_for_ever(void)
{
    int ends[2];
    char byte;

    while (pipe(ends) == 0 && read(ends[0], &byte, 1) != 0)
        continue;
}

static int hang(char **words)
{
    (void)words;
    dprintf(1, "ready\n");
    sleep_for_ever();
    return 0;
}

/* Nobody is left to continue either. */
static int stop_both(char **words)
{
    (void)words;
    fork();
    return raise(SIGSTOP);
}

/* The child stops; its parent continues it after longer than a hang takes to be seen. */
static int stop_and_wake(char **words)
{
    const struct timespec while_ = {0, 300000000};
    int status = 0;
    pid_t pid = fork();
    (void)words;
    if (pid == 0)
        _exit(raise(SIGSTOP));
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
        return 1;
    nanosleep(&while_, NULL);
    return kill(pid, SIGCONT) == 0 && waitpid(pid, &status, 0) == pid ? status : 1;
}

/* The child of a vfork() neither execs nor ends. */
static int hold_vfork(char **words)
{
    (void)words;
    if (vfork() == 0) // NOLINT(clang-analyzer-security.insecureAPI.vfork): that is what is tested
        for (;;)
            pause();
    return 0;
}

/* A process of a session of its own, and nobody's child. */
static int leave_daemon(char **words)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (setsid() == -1 || fork() != 0)
            _exit(0);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        sleep_for_ever();
    }
    if (pid == -1 || waitpid(pid, NULL, 0) != pid)
        return 1;
    dprintf(1, "ready\n");
    return strcmp(words[0], "stay") == 0 ? copy(words) : 0;
}

static volatile sig_atomic_t never;

static int spin(char **words)
{
    (void)words;
    while (!never)
        continue;
    return 0;
}

/* Calls that are recorded and bring nothing. */
static int call_for_ever(char **words)
{
    (void)words;
    while (!never)
        close(dup(0));
    return 0;
}

static int *volatile nowhere;

static int crash(char **words)
{
    (void)words;
    *nowhere = 1; /* at: crash */
    return 0;
}

/* A while, in each way that libc has for it. */
static int nap(char **words)
{
    const struct timespec while_long = {0, 150000000};
    struct timeval period = {0, 150000};

    switch (words[0][0]) {
    case 'p':
        return poll(NULL, 0, 150); /* at: poll */
    case 's':
        return select(0, NULL, NULL, NULL, &period); /* at: select */
    default:
        return nanosleep(&while_long, NULL); /* at: nanosleep */
    }
}

/* ---- Objects ----------------------------------------------------------------------------------
 */

/* Makes one of each: key, POSIX name, FIFO. Nothing of it may be there. */
static int make_objects(char **words)
{
    key_t key = (key_t)strtol(words[0], NULL, 10);
    const int make = O_CREAT | O_EXCL | O_RDWR;
    struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 8};

    if (msgget(key, IPC_CREAT | IPC_EXCL | 0600) == -1)
        return 1;
    if (semget(key, 1, IPC_CREAT | IPC_EXCL | 0600) == -1)
        return 2;
    if (shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600) == -1)
        return 3;
    if (shm_open(words[1], make, 0600) == -1)
        return 4;
    if (sem_open(words[1], O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED)
        return 5;
    if (mq_open(words[1], make, 0600, &small) == (mqd_t)-1)
        return 6;
    if (mkfifo("fifo", 0600) == -1) /* at: mkfifo */
        return 7;
    return 0;
}

/* Segments, each of which two others find as soon as it is there. */
static int make_while_seen(char **words)
{
    key_t key = (key_t)strtol(words[0], NULL, 10);
    int go[2][2], found[2];
    char byte = 0;

    if (pipe(go[0]) == -1 || pipe(go[1]) == -1 || pipe(found) == -1)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            close(go[0][1]);
            close(go[1][1]);
            while (read(go[i][0], &byte, 1) == 1) {
                while (shmget(key, 0, 0) == -1)
                    if (errno != ENOENT)
                        _exit(1);
                if (write(found[1], &byte, 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
    for (int round = 0; round < 20; round++) {
        if (write(go[0][1], &byte, 1) != 1 || write(go[1][1], &byte, 1) != 1)
            return 2;
        int id = shmget(key, 100, IPC_CREAT | (round % 2 == 0 ? IPC_EXCL : 0) | 0600);
        for (int i = 0; i < 2; i++)
            if (read(found[0], &byte, 1) != 1)
                return 3;
        if (id == -1 || shmctl(id, IPC_RMID, NULL) == -1)
            return 4;
    }
    close(go[0][1]);
    close(go[1][1]);
    for (int i = 0; i < 2; i++)
        if (wait(NULL) == -1)
            return 5;
    return 0;
}

/* Until that process sleeps. */
static void await_sleep(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    while (strstr(line, ") S ") == NULL) {
        FILE *file = fopen(path, "r");
        if (file == NULL || fgets(line, sizeof line, file) == NULL)
            _exit(1);
        fclose(file);
    }
}

/* Sleeps in semop while signals come that it ignores, or that are ignored by default: 1 if one of
 * them ends the call. */
static int sleep_through(char **words)
{
    const int signals[] = {SIGUSR1, SIGCONT, SIGURG, SIGWINCH};
    struct sembuf take = {0, -1, 0}, give = {0, 1, 0};
    int set = semget(IPC_PRIVATE, 1, 0600);

    (void)words;
    signal(SIGUSR1, SIG_IGN);
    if (fork() == 0) {
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
            await_sleep(getppid());
            kill(getppid(), signals[i]);
        }
        if (fork() == 0)
            _exit(0);
        await_sleep(getppid());
        _exit(wait(NULL) == -1 || semop(set, &give, 1) == -1);
    }
    int taken = semop(set, &take, 1);
    semctl(set, 0, IPC_RMID);
    return taken == -1 || wait(NULL) == -1;
}

/* Puts a message into a queue of its own, and at the end of its input counts what is in it. */
static int hold_queue(char **words)
{
    struct {
        long type;
        char text[1];
    } message = {1, {'x'}};
    struct msqid_ds state;
    int id = msgget((key_t)strtol(words[0], NULL, 10), IPC_CREAT | IPC_EXCL | 0600);

    if (id == -1 || msgsnd(id, &message, 1, 0) == -1)
        return 1;
    dprintf(1, "ready\n");
    while (read(0, message.text, 1) > 0)
        continue;
    if (msgctl(id, IPC_STAT, &state) == -1 || msgctl(id, IPC_RMID, NULL) == -1)
        return 1;
    dprintf(1, "%d\n", (int)state.msg_qnum);
    return 0;
}

static int hear(char **words)
{
    if (mkfifo("meeting", 0600) == -1)
        return 1;
    dprintf(1, "ready\n");
    int fd = open("meeting", O_RDONLY);
    if (fd == -1 || dup2(fd, 0) == -1 || unlink("meeting") == -1)
        return 1;
    close(fd);
    return copy(words);
}

static int tell(char **words)
{
    int fd = open("meeting", O_WRONLY);
    return fd == -1 ? 1 : write_all(fd, words[0], strlen(words[0]));
}

/* ---- More than there is ------------------------------------------------------------------------
 */

static void say_made(const char *what, int made, int asked)
{
    const char *error = strerrorname_np(errno);
    dprintf(1, "%s: %d of %d%s%s\n", what, made, asked, made < asked ? ", then " : "",
            made < asked ? error : "");
}

/* What lies in no process's memory: no more of it than a run may have. All is removed again. */
static int take_much(char **words)
{
    int ids[6], made = 0;
    (void)words;
    for (; made < 6 && (ids[made] = shmget(IPC_PRIVATE, 64 << 20, 0600)) != -1; made++)
        continue;
    say_made("segments", made, 6);
    for (int i = 0; i < made; i++)
        shmctl(ids[i], IPC_RMID, NULL);
    for (made = 0; made < 6 && memfd_create("much", 0) != -1; made++)
        continue;
    say_made("memory files", made, 6);
    for (made = 0; made < 300; made++) { /* never more than one at a time */
        int id = msgget(IPC_PRIVATE, 0600);
        if (id == -1 || msgctl(id, IPC_RMID, NULL) == -1)
            break;
    }
    say_made("queues", made, 300);
    return 0;
}

/* Two processes with so many MiB each, which then wait. */
static int hold_memory(char **words)
{
    size_t size = (size_t)atoi(words[0]) << 20;
    fork();
    volatile char *memory = malloc(size);
    if (memory == NULL)
        return 1;
    for (size_t i = 0; i < size; i += 1024)
        memory[i] = 'x';
    bool failed = read(0, words[0], 1) == -1; /* the kit holds it open */
    free((void *)memory);
    return failed;
}

/* ---- Links -------------------------------------------------------------------------------------
 */

/* To a file of its own and to the one that is named; then it says so and waits. */
static int lay_links(char **words)
{
    char own[4096], path[4200];
    int fd = open("own", O_WRONLY | O_CREAT, 0600);
    if (fd == -1 || write_all(fd, "own", 3) == -1 || getcwd(own, sizeof own) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/own", own);
    if (symlink(path, "to-own") == -1 || symlink(words[0], "to-other") == -1 ||
        symlink("/", "to-root") == -1)
        return 1;
    dprintf(1, "ready\n");
    return copy(words);
}

/* ---- Ways out ---------------------------------------------------------------------------------
 */

static void say_refused(const char *what, long result)
{
    dprintf(1, "%s %s\n", what,
            result != -1                        ? "works"
            : errno == EPERM || errno == ENOSYS ? "refused"
                                                : strerror(errno));
}

/* A child, if there is one, ends at once. */
static long clone_with(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return pid;
}

static int try_to_leave(char **words)
{
    static const struct {
        const char *name;
        int flag;
    } spaces[] = {
        {"user",  CLONE_NEWUSER},
        {"pid",   CLONE_NEWPID },
        {"ipc",   CLONE_NEWIPC },
        {"mount", CLONE_NEWNS  },
        {"net",   CLONE_NEWNET },
    };
    char what[32];

    (void)words;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        snprintf(what, sizeof what, "clone %s", spaces[i].name);
        say_refused(what, clone_with((unsigned long)spaces[i].flag));
        snprintf(what, sizeof what, "unshare %s", spaces[i].name);
        say_refused(what, unshare(spaces[i].flag));
    }
    say_refused("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    say_refused("undumpable", prctl(PR_SET_DUMPABLE, 0));
    const struct rlimit core = {4096, 4096};
    say_refused("core", setrlimit(RLIMIT_CORE, &core));
    return 0;
}

static const struct {
    const char *name;
    int (*run)(char **words);
} programs[] = {
    {"speak",            speak           },
    {"copy",             copy            },
    {"pour",             pour            },
    {"fill",             fill            },
    {"list_descriptors", list_descriptors},
    {"make_pipes",       make_pipes      },
    {"read_twice",       read_twice      },
    {"write_parts",      write_parts     },
    {"ask_for_memory",   ask_for_memory  },
    {"say_names",        say_names       },
    {"start_command",    start_command   },
    {"hang",             hang            },
    {"leave_daemon",     leave_daemon    },
    {"spin",             spin            },
    {"call_for_ever",    call_for_ever   },
    {"crash",            crash           },
    {"nap",              nap             },
    {"make_objects",     make_objects    },
    {"make_while_seen",  make_while_seen },
    {"sleep_through",    sleep_through   },
    {"hold_queue",       hold_queue      },
    {"hear",             hear            },
    {"tell",             tell            },
    {"try_to_leave",     try_to_leave    },
    {"stop_both",        stop_both       },
    {"stop_and_wake",    stop_and_wake   },
    {"hold_vfork",       hold_vfork      },
    {"take_much",        take_much       },
    {"hold_memory",      hold_memory     },
    {"lay_links",        lay_links       },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(argv[1], programs[i].name) == 0)
            return programs[i].run(argv + 2);
    return 99;
}
