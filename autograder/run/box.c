/*
 * box.c - bubblewrap around the worker of one exercise. See box.h.
 *
 * _GNU_SOURCE: setresuid(2), unshare(2), nftw(3) flags, O_NOFOLLOW with copy_file_range(2).
 */
#define _GNU_SOURCE
#include "box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "kit.h"
#include "remove.h"

static const char *const parts[] = {"kit",        "box",         "box/source", "box/headers",
                                    "box/common", "box/drivers", "box/race",   "program",
                                    "probe",      "box/account", "runs",       NULL};

/* ---- Becoming nobody ------------------------------------------------------------------------ */

int box_drop_privileges(void)
{
    if (geteuid() != 0)
        return 0;
    if (setgroups(0, NULL) == -1 || setresgid(BOX_UID, BOX_UID, BOX_UID) == -1)
        return -1;
    return setresuid(BOX_UID, BOX_UID, BOX_UID);
}

/* ---- A second user -------------------------------------------------------------------------- */

static bool write_map(pid_t pid, const char *which)
{
    char *path = kit_format("/proc/%d/%s", (int)pid, which);
    char *map = kit_format("%d %d 2", BOX_UID, BOX_UID);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
    if (fd >= 0)
        close(fd);
    free(path);
    free(map);
    return written;
}

/* Holds it as long as the kit lives: the signal is asked for when the uid has changed, which would
 * undo it, and the write fails when the kit was gone before that. */
static _Noreturn void hold_namespace(int ready)
{
    char byte = 'r';
    if (box_drop_privileges() == 0 && unshare(CLONE_NEWUSER) == 0 &&
        prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && write(ready, &byte, 1) == 1)
        pause();
    _exit(1);
}

/* A user namespace that has two users, ours and the next, for checks of what another user may do.
 * Only root can map two. -1: not here. Source: user_namespaces(7). */
static int two_users(void)
{
    int ready[2], users = -1;
    char byte;

    if (geteuid() != 0 || pipe2(ready, O_CLOEXEC) == -1)
        return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        hold_namespace(ready[1]);
    }
    close(ready[1]);
    if (pid > 0 && read(ready[0], &byte, 1) == 1 && write_map(pid, "uid_map") &&
        write_map(pid, "gid_map")) {
        char *path = kit_format("/proc/%d/ns/user", (int)pid);
        users = open(path, O_RDONLY | O_CLOEXEC);
        free(path);
    }
    close(ready[0]);
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
            continue;
    return users;
}

/* ---- Bubblewrap's words --------------------------------------------------------------------- */

struct words {
    const char **list;
    size_t count;
};

static void add(struct words *words, const char *word)
{
    *ARRAY_ADD(words->list, words->count) = word;
}

static void add3(struct words *words, const char *a, const char *b, const char *c)
{
    add(words, a);
    add(words, b);
    add(words, c);
}

/* A folder of the system: bound read-only, or the same symbolic link (/bin -> usr/bin). */
static void add_system_folder(struct words *words, const char *path)
{
    char target[256];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length > 0) {
        target[length] = '\0';
        add3(words, "--symlink", kit_strdup(target), path);
    } else if (access(path, X_OK) == 0) {
        add3(words, "--ro-bind", path, path);
    }
}

static void add_system(struct words *words)
{
    static const char *const folders[] = {"/usr",   "/bin",   "/sbin", "/lib",
                                          "/lib64", "/lib32", NULL};
    static const char *const files[] = {"/etc/ld.so.cache",
                                        "/etc/ld.so.conf",
                                        "/etc/ld.so.conf.d",
                                        "/etc/alternatives",
                                        "/etc/localtime",
                                        "/etc/os-release",
                                        NULL};
    for (size_t i = 0; folders[i] != NULL; i++)
        add_system_folder(words, folders[i]);
    for (size_t i = 0; files[i] != NULL; i++)
        add3(words, "--ro-bind-try", files[i], files[i]);
}

/* users: a user namespace (two_users()), or -1: bubblewrap makes one with us alone in it. */
static void add_isolation(struct words *words, int users)
{
    static const char *const plain[] = {"bwrap",
                                        "--unshare-ipc",
                                        "--unshare-pid",
                                        "--unshare-net",
                                        "--unshare-uts",
                                        "--unshare-cgroup-try",
                                        "--die-with-parent",
                                        "--new-session",
                                        "--cap-drop",
                                        "ALL",
                                        "--hostname",
                                        "ipclab",
                                        NULL};
    for (size_t i = 0; plain[i] != NULL; i++)
        add(words, plain[i]);
    if (users >= 0) {
        add3(words, "--userns", kit_format("%d", users), "--cap-add");
        add3(words, "CAP_SETUID", "--cap-add", "CAP_SETGID");
    } else {
        add(words, "--unshare-user");
    }
    add_system(words);
    add3(words, "--proc", "/proc", "--dev");
    add3(words, "/dev", "--mqueue", "/dev/mqueue");
    add3(words, "--tmpfs", "/tmp", "--chdir");
    add(words, "/");
}

static void add_part(struct words *words, const struct box *box, const char *how, const char *part)
{
    add3(words, how, kit_format("%s/%s", box->folder, part), kit_format("/%s", part));
}

/* ---- Which mode ----------------------------------------------------------------------------- */

/* users: as in add_isolation(). */
static bool strong_works(int users)
{
    struct words words = {0};
    add_isolation(&words, users);
    add3(&words, "--", "unshare", "--user");
    add3(&words, "--map-root-user", "--pid", "--fork");
    add3(&words, "--mount-proc", "true", NULL);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (box_drop_privileges() == -1 || null == -1 || dup2(null, 1) == -1 ||
            dup2(null, 2) == -1 || (users >= 0 && fcntl(users, F_SETFD, 0) == -1))
            _exit(1);
        execvp("bwrap", (char *const *)words.list);
        _exit(1);
    }
    int status = 1;
    if (pid > 0)
        while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
            continue;
    free(words.list);
    return status == 0;
}

/* Bubblewrap may refuse a namespace of ours where it makes one of its own. */
static bool two_users_work(void)
{
    int users = two_users();
    bool works = users >= 0 && strong_works(users);
    if (users >= 0)
        close(users);
    return works;
}

static struct {
    bool known, two_users;
    enum box_mode mode;
} here;

enum box_mode box_mode_here(void)
{
    const char *asked = getenv("IPCLAB_BOX");
    if (here.known)
        return here.mode;
    here.known = true;
    here.mode = BOX_WEAK;
    if (asked != NULL && strcmp(asked, "weak") == 0)
        return here.mode;
    here.two_users = two_users_work();
    if (here.two_users || strong_works(-1))
        here.mode = BOX_STRONG;
    return here.mode;
}

/* ---- The folder ----------------------------------------------------------------------------- */

/* Whoever made a box holds a lock on its folder; one that nobody holds was left by a kit that was
 * killed. */
static void sweep(const char *base)
{
    DIR *dir = opendir(base);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat status;
        if (strncmp(entry->d_name, "ipclab-box-", 11) != 0)
            continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bool ours = fd >= 0 && fstat(fd, &status) == 0 &&
                    (status.st_uid == geteuid() || (geteuid() == 0 && status.st_uid == BOX_UID));
        if (ours && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            char *path = kit_format("%s/%s", base, entry->d_name);
            remove_tree(path);
            free(path);
        }
        if (fd >= 0)
            close(fd);
    }
    if (dir != NULL)
        closedir(dir);
}

static bool make_folder(struct box *box, const char *base)
{
    /* Between mkdtemp() and flock() a sweep of another kit could take it: then make another. */
    for (int tries = 0; tries < 5; tries++) {
        box->folder = kit_format("%s/ipclab-box-XXXXXX", base);
        if (mkdtemp(box->folder) == NULL)
            return false;
        box->lock = open(box->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (box->lock >= 0 && flock(box->lock, LOCK_EX) == 0 && access(box->folder, F_OK) == 0)
            return true;
        close(box->lock);
        free(box->folder);
    }
    box->folder = NULL;
    return false;
}

struct box *box_new(void)
{
    const char *base = getenv("TMPDIR");
    struct box *box = kit_alloc(sizeof *box);

    box->mode = box_mode_here();
    base = base != NULL && base[0] == '/' ? base : "/tmp";
    sweep(base);
    bool made = make_folder(box, base);
    for (size_t i = 0; made && parts[i] != NULL; i++) {
        char *path = kit_format("%s/%s", box->folder, parts[i]);
        made = mkdir(path, 0711) == 0; /* the box's own folder is shut */
        free(path);
    }
    if (made)
        return box;
    int error = errno;
    free(box->folder);
    free(box);
    errno = error;
    return NULL;
}

static int copy_data(int from, int to)
{
    char buffer[65536];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, (size_t)got) != got)
            return -1;
    return got == 0 ? 0 : -1;
}

int box_copy(struct box *box, const char *file, const char *part)
{
    struct stat status;
    const char *base = strrchr(file, '/');
    int from = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (from == -1)
        return -1;
    if (fstat(from, &status) == -1 || !S_ISREG(status.st_mode)) {
        close(from);
        errno = EINVAL;
        return -1;
    }
    char *path = kit_format("%s/%s/%s", box->folder, part, base != NULL ? base + 1 : file);
    int to =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status.st_mode & 0100 ? 0755 : 0600);
    int result = to == -1 ? -1 : copy_data(from, to);
    int error = errno;
    if (to != -1 && close(to) == -1 && result == 0) {
        result = -1;
        error = errno;
    }
    close(from);
    free(path);
    errno = error;
    return result;
}

static int give_away(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return lchown(path, BOX_UID, BOX_UID);
}

/* Inside the box nobody has a name but the one user. */
static int write_accounts(const struct box *box)
{
    unsigned uid = geteuid() == 0 ? BOX_UID : (unsigned)geteuid();
    char *passwd = kit_format("student:x:%u:%u::/tmp:/bin/sh\n", uid, uid);
    char *group = kit_format("student:x:%u:\n", uid);
    char *passwd_path = kit_format("%s/box/account/passwd", box->folder);
    char *group_path = kit_format("%s/box/account/group", box->folder);
    int result = kit_write_file(passwd_path, passwd, strlen(passwd)) == -1 ||
                         kit_write_file(group_path, group, strlen(group)) == -1
                     ? -1
                     : 0;
    free(passwd);
    free(group);
    free(passwd_path);
    free(group_path);
    return result;
}

int box_seal(struct box *box)
{
    if (write_accounts(box) == -1)
        return -1;
    return geteuid() == 0 ? nftw(box->folder, give_away, 16, FTW_PHYS) : 0;
}

char *box_inner_path(const struct box *box, const char *part)
{
    return box->mode == BOX_STRONG ? kit_format("/%s", part)
                                   : kit_format("%s/%s", box->folder, part);
}

void box_free(struct box *box)
{
    if (box == NULL)
        return;
    if (remove_tree(box->folder) == -1)
        fprintf(stderr, "ipclab: cannot remove %s: %s\n", box->folder, strerror(errno));
    close(box->lock);
    free(box->folder);
    free(box);
}

/* ---- The worker ----------------------------------------------------------------------------- */

static void add_box(struct words *words, const struct box *box, int users)
{
    add_isolation(words, users);
    add_part(words, box, "--ro-bind", "kit");
    add_part(words, box, "--bind", "box");
    add_part(words, box, "--bind", "program");
    add_part(words, box, "--ro-bind", "probe");
    add3(words, "--ro-bind", kit_format("%s/box/account/passwd", box->folder), "/etc/passwd");
    add3(words, "--ro-bind", kit_format("%s/box/account/group", box->folder), "/etc/group");
    /* Else a run could leave files there for the next one, and fill the memory with them. */
    add(words, "--remount-ro");
    add3(words, "/", "--remount-ro", "/dev");
    add(words, "--");
}

enum { RESULTS_FD = 3, USERS_FD = 4 };

/* The worker's descriptors: 0 empty, 1 and 2 our standard error, 3 the results; nothing else, but a
 * user namespace for bubblewrap (-1: none), which the worker closes. */
static int arrange(int result_fd, int users)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int result = fcntl(result_fd, F_DUPFD, 10), kept = users >= 0 ? fcntl(users, F_DUPFD, 10) : -1;
    if (null == -1 || result == -1 || dup2(null, 0) == -1 || dup2(2, 1) == -1 ||
        dup2(result, RESULTS_FD) == -1 || (kept >= 0 && dup2(kept, USERS_FD) == -1))
        return -1;
    return close_range(kept >= 0 ? USERS_FD + 1 : USERS_FD, ~0U, 0);
}

/* What becomes a box. */
struct start {
    const char *const *words;
    int result_fd, users;
};

static void become_box(const void *context)
{
    const struct start *start = context;
    pid_t guard = getppid();

    if (arrange(start->result_fd, start->users) == -1 || box_drop_privileges() == -1 ||
        kit_end_with(guard) == -1) /* again: the other uid has undone it */
        _exit(126);
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    execvp(start->words[0], (char *const *)start->words);
    fprintf(stderr, "ipclab: cannot start %s: %s\n", start->words[0], strerror(errno));
    _exit(127);
}

pid_t box_start(struct box *box, const char *const *words, int result_fd)
{
    struct words all = {0};
    int users = box->mode == BOX_STRONG && here.two_users ? two_users() : -1;
    if (box->mode == BOX_STRONG)
        add_box(&all, box, users >= 0 ? USERS_FD : -1);
    char *command = box_inner_path(box, "kit");
    add(&all, kit_format("%s/ipclab", command));
    free(command);
    for (size_t i = 0; words[i] != NULL; i++)
        add(&all, words[i]);
    add(&all, NULL);

    pid_t pid = guard_start(become_box, &(struct start){all.list, result_fd, users});
    if (users >= 0)
        close(users);
    free(all.list);
    return pid;
}

void box_end(pid_t pid)
{
    guard_end(pid);
}
