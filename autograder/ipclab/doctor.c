/*
 * doctor.c - ipclab doctor: what this machine lets the kit do, what is missing, and the command
 * that installs it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/text.h"
#include "commands.h"
#include "kit_paths.h"
#include "machine.h"
#include "options.h"

enum { OLDEST_MAJOR = 5, OLDEST_MINOR = 10 };

static const struct command_help help = {
    .name = "doctor",
    .synopsis = "",
    .purpose = "Says what this machine lets the kit do, what is missing, and the command that "
               "installs it. Exit status 0: the kit can check programs here; 1: it can't.",
};

/* What a package manager calls the things that may be missing. */
enum { MANAGERS = 4 };

static const struct {
    const char *command, *install;
} managers[MANAGERS] = {
    {"apt-get", "apt-get install"},
    {"dnf",     "dnf install"    },
    {"pacman",  "pacman -S"      },
    {"apk",     "apk add"        },
};

static const struct tool {
    const char *name, *other, *purpose; /* other: does as well; NULL */
    bool needed;
    const char *package[MANAGERS];
} tools[] = {
    {"gcc",      "clang", "builds programs",                                true,  {"gcc", "gcc", "gcc", "build-base"}                                                 },
    {"make",     NULL,    "builds by hand in work/",                        false, {"make", "make", "make", "make"}                                                    },
    {"bwrap",
     NULL,                "the box that contains hostile programs",
     false,                                                                        {"bubblewrap", "bubblewrap", "bubblewrap", "bubblewrap"}                            },
    {"valgrind", NULL,    "memory errors",                                  false, {"valgrind", "valgrind", "valgrind", "valgrind"}                                    },
    {"gdb",      NULL,    "to look into a program yourself",                false, {"gdb", "gdb", "gdb", "gdb"}                                                        },
    {"strace",
     NULL,                "to see its system calls yourself",
     false,                                                                        {"strace", "strace", "strace", "strace"}                                            },
    {"sim_c",
     NULL,                "alike submissions: ipclab similar",
     false,                                                                        {"similarity-tester", "similarity-tester", "similarity-tester", "similarity-tester"}},
    {"xdg-open",
     NULL,                "opens pages in the browser: ipclab show --open",
     false,                                                                        {"xdg-utils", "xdg-utils", "xdg-utils", "xdg-utils"}                                },
};

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "NO ";
}

/* The first line of a small file without its newline; "" when there is none. Owned by the caller.
 */
static char *first_line(const char *path)
{
    char *text = kit_read_file(path, NULL);
    if (text == NULL)
        return kit_strdup("");
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static bool print_kernel(void)
{
    struct utsname name;
    int major = 0, minor = 0;

    if (uname(&name) == -1)
        kit_broken("uname");
    bool read = sscanf(name.release, "%d.%d", &major, &minor) == 2;
    bool good = read && (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR));
    printf("  %s  Linux %d.%d or newer: this is %s on %s\n", yes_or_no(good), OLDEST_MAJOR,
           OLDEST_MINOR, name.release, name.machine);
    return good;
}

static void print_ptrace(bool works)
{
    printf("  %s  ptrace: watching programs%s\n", yes_or_no(works),
           works ? "" : ". Without it nothing can be checked.");
    if (works)
        return;
    char *scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
    if (strcmp(scope, "3") == 0)
        printf("       kernel.yama.ptrace_scope is 3, which forbids it until the next start of the "
               "machine\n");
    else
        printf("       in a container, start it with: --cap-add=SYS_PTRACE --security-opt "
               "seccomp=unconfined\n");
    free(scope);
}

static void print_namespaces(bool works)
{
    printf("  %s  user, PID and IPC namespaces: a fresh world for every run%s\n", yes_or_no(works),
           works ? "" : ". Without: weaker containment;");
    if (works)
        return;
    printf(
        "       leftovers are known from the traced calls, and checks that need a second user are "
        "skipped\n");
    char *clone = first_line("/proc/sys/kernel/unprivileged_userns_clone");
    char *apparmor = first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    if (strcmp(clone, "0") == 0)
        printf("       allow them: sudo sysctl kernel.unprivileged_userns_clone=1\n");
    else if (strcmp(apparmor, "1") == 0)
        printf("       allow them: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\n");
    free(clone);
    free(apparmor);
}

/* inotify's watches are limited for each user; an editor for projects may have taken them all. */
static void print_watches(void)
{
    int fd = inotify_init1(IN_CLOEXEC);
    int instance_error = fd == -1 ? errno : 0;
    bool works = fd != -1 && inotify_add_watch(fd, "/", IN_CREATE) != -1;

    printf("  %s  inotify: ipclab watch sees what is saved\n", yes_or_no(works));
    if (!works && instance_error == ENOSYS)
        printf("       this kernel has none\n");
    else if (!works)
        printf("       all are taken; allow more: sudo sysctl fs.inotify.%s\n",
               instance_error != 0 ? "max_user_instances=1024" : "max_user_watches=65536");
    if (fd != -1)
        close(fd);
}

static bool has_tool(const struct tool *tool)
{
    return kit_has_command(tool->name) || (tool->other != NULL && kit_has_command(tool->other));
}

/* "sudo apt-get install valgrind strace", for what is missing. */
static void print_install(void)
{
    size_t manager = 0;
    struct text_buffer packages = {0};

    while (manager < MANAGERS && !kit_has_command(managers[manager].command))
        manager++;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (!has_tool(&tools[i]))
            text_add(&packages, " %s", tools[i].package[manager < MANAGERS ? manager : 0]);
    if (packages.data != NULL)
        printf("\ninstall what is missing:\n  %s%s%s\n",
               manager < MANAGERS && geteuid() != 0 ? "sudo " : "",
               manager < MANAGERS ? managers[manager].install : "(your package manager)",
               packages.data);
    free(packages.data);
}

int command_doctor(int argc, char **argv)
{
    int key = options_next(&help, argc, argv);

    if (key != OPTIONS_END)
        return key == OPTIONS_HELP ? 0 : 2;
    struct machine machine = machine_probe();
    printf("this machine:\n");
    bool able = print_kernel();
    print_ptrace(machine.ptrace);
    able = able && machine.ptrace;
    print_namespaces(machine.namespaces);
    print_watches();
    printf("  --   running as uid %ld%s\n", (long)geteuid(),
           geteuid() == 0 ? " (root): programs are run as an unprivileged user" : "");
    printf("tools:\n");
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        bool has = has_tool(&tools[i]);
        printf("  %s  %s%s%s: %s\n", yes_or_no(has), tools[i].name,
               tools[i].other != NULL ? " or " : "", tools[i].other != NULL ? tools[i].other : "",
               tools[i].purpose);
        able = able && (has || !tools[i].needed);
    }
    printf("mode: %s\n",
           machine_probe().namespaces
               ? "strong: every exercise in a bubblewrap box, every run in a fresh cell"
               : "weaker: no box and no namespaces (bubblewrap is missing, or user "
                 "namespaces are\n      refused). Verdicts are the same; programs are "
                 "kept apart only by process and uid.");
    printf("the kit's files: %s\n", kit_root());
    print_install();
    printf("\n%s\n", able ? "The kit can check programs here."
                          : "The kit can't check programs here: see the lines with NO above.");
    return able ? 0 : 1;
}
