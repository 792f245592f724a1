/*
 * watch.c - ipclab watch: checks an exercise again whenever it is saved.
 *
 * Theory of operation. One loop waits for four things: signals (a descriptor, so that nothing is
 * ever done in a handler), saves (saves.h), keys, and the job that checks (jobs.h: the same code as
 * `ipclab check`). At most one exercise is checked at a time; a save stops it, for it has become
 * old or less urgent, and what was saved last is checked first. What is known of every exercise is
 * kept while it is checked again, and replaced check by check.
 *
 * On a terminal that is a picture with keys (screen.h), else lines as `ipclab check` prints them.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/kit.h"
#include "../tell/screen.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "chosen.h"
#include "commands.h"
#include "hint.h"
#include "jobs.h"
#include "machine.h"
#include "options.h"
#include "saved_runs.h"
#include "saves.h"
#include "state.h"

enum { OPTION_DIR = 256, OPTION_SEED };

enum { NOBODY = -1 };

static const struct option_row options[] = {
    {OPTION_DIR, "dir", "DIR",
     "Where the programs are: DIR/01-pipes/3-pipeline/... (default: work)."},
    {OPTION_SEED,     "seed", "N",
     "All that is random follows from the seed (default: one for all runs)."},
    {0         },
};

static const struct command_help help = {
    .name = "watch",
    .synopsis = "[LAB|EXERCISE|EXERCISE.check...]",
    .purpose = "Checks an exercise again whenever it is saved; without a name, everything that was "
               "started. First it checks what you name, or what did not pass yet.",
    .options = options,
    .notes = "Keys: h the next hint, n the next check that fails, s its picture in the browser, r "
             "check again, arrow and page keys "
             "move, q ends. Where standard output is no terminal it prints lines, and ^C ends it.\n"
             "Examples: ipclab watch    ipclab watch 1.3    ipclab watch 1 | tee log",
};

/* An exercise that is watched. */
struct watched {
    const struct selected *what;
    struct exercise_result known; /* the last that was found of each check */
    bool queued;
    long long saved_us; /* when it was saved; 0: not while we watched */
    long long took_us;  /* from then to the verdict; 0: not known */
};

struct watch {
    const char *work;
    char *runs_folder; /* where the runs of what fails are kept; NULL: nowhere */
    struct selection selection;
    struct watched *list; /* one for each of the selection */
    struct saves *saves;
    uint64_t seed;
    bool on_screen, ended;
    int signals;    /* signalfd(2) */
    int end_signal; /* by which it was ended; 0 */

    /* The exercise that is being checked: its number or NOBODY. */
    int running;
    struct selection one; /* only it */
    struct jobs *jobs;
    struct results results;
    size_t heard; /* checks that have told their result */
    char *first;  /* names of those that go first */

    /* What is shown. */
    int focus;        /* the number of an exercise */
    bool chosen;      /* the focus was chosen by a save or a key */
    char *check;      /* id of the failing check that is shown first; NULL: the first one */
    char *note;       /* a hint, an answer to a key; NULL */
    char *complaints; /* what was written to standard error since the check began; NULL */
    int from;         /* line */
};

/* ---- What is known -------------------------------------------------------------------------- */

static bool fails(const struct check_result *check)
{
    return check->status != CHECK_PASSED && check->status != CHECK_SKIPPED;
}

static void replace(char **string, char *new_one)
{
    free(*string);
    *string = new_one;
}

static void name_result(struct exercise_result *result, const struct exercise *exercise)
{
    *result = (struct exercise_result){.id = kit_strdup(exercise->id),
                                       .name = kit_strdup(exercise->name),
                                       .title = kit_strdup(exercise->title),
                                       .build_ok = true,
                                       .build_log = kit_strdup("")};
}

/* Puts a result in the place of the last one of that check. */
static void learn_check(struct exercise_result *known, const struct check_result *check)
{
    struct check_result *place = exercise_result_find_check(known, check->id);
    char *json = check_result_to_json(check);

    if (place == NULL)
        place = exercise_result_add_check(known, check->id, check->max_score);
    check_result_clear(place);
    if (check_result_from_json(json, place) == -1)
        kit_broken("a result does not survive being copied: %s", json);
    free(json);
}

/* What an exercise's result says; results of checks that the kit has no longer are left out. */
static void learn_exercise(struct exercise_result *known, const struct exercise_result *result)
{
    known->build_ok = result->build_ok;
    replace(&known->build_log, kit_strdup(result->build_log != NULL ? result->build_log : ""));
    for (size_t i = 0; i < result->n_checks; i++)
        if (registry_find_check(result->checks[i].id) != NULL)
            learn_check(known, &result->checks[i]);
    exercise_result_sum(known);
}

static size_t checks_of(const struct watched *watched)
{
    return watched->what->checks != NULL ? watched->what->n_checks
                                         : watched->what->exercise->n_checks;
}

static bool is_passed(const struct watched *watched)
{
    for (size_t i = 0; i < watched->known.n_checks; i++)
        if (fails(&watched->known.checks[i]))
            return false;
    return watched->known.n_checks >= checks_of(watched);
}

/* The check after that of this id that fails, in the exercise; NULL: there is none. */
static const struct check_result *next_failing(const struct watched *watched, const char *after)
{
    size_t i = 0;

    for (; after != NULL && i < watched->known.n_checks; i++)
        if (strcmp(watched->known.checks[i].id, after) == 0)
            after = NULL;
    for (; i < watched->known.n_checks; i++)
        if (fails(&watched->known.checks[i]))
            return &watched->known.checks[i];
    return NULL;
}

/* The failing check that is shown first. */
static const struct check_result *shown_check(const struct watch *watch)
{
    const struct watched *focus = &watch->list[watch->focus];
    const struct check_result *check =
        watch->check != NULL ? exercise_result_find_check(&focus->known, watch->check) : NULL;

    return check != NULL && fails(check) ? check : next_failing(focus, NULL);
}

static void show_exercise(struct watch *watch, int focus)
{
    if (watch->focus != focus) {
        watch->from = 0;
        replace(&watch->check, NULL);
        replace(&watch->note, NULL);
    }
    watch->focus = focus;
}

/* ---- The picture ---------------------------------------------------------------------------- */

/* "checking: 3 of 8", "0.62 s after the save". Owned by the caller. */
static char *state_in_words(const struct watch *watch)
{
    const struct watched *focus = &watch->list[watch->focus];

    if (watch->running == watch->focus)
        return kit_format("checking: %zu of %zu", watch->heard, checks_of(focus));
    if (focus->queued)
        return kit_strdup("to be checked");
    if (!saves_is_there(watch->saves, (size_t)watch->focus))
        return kit_strdup("its folder has gone");
    if (focus->took_us > 0)
        return kit_format("checked %.2f s after the save", (double)focus->took_us / 1e6);
    return kit_strdup("waiting for a save");
}

/* "3 of 5 exercises pass, not yet: 1.3 1.4"; NULL where only one is watched. */
static char *overview(const struct watch *watch)
{
    struct text_buffer missing = {0};
    size_t there = 0, passed = 0;

    for (size_t i = 0; i < watch->selection.count; i++) {
        if (!saves_is_there(watch->saves, i))
            continue;
        there++;
        passed += is_passed(&watch->list[i]);
        if (!is_passed(&watch->list[i]))
            text_add(&missing, " %s", watch->selection.items[i].exercise->id);
    }
    char *text = there < 2 ? NULL
                           : kit_format("%zu of %zu exercises pass%s%s", passed, there,
                                        missing.data != NULL ? ", not yet:" : "",
                                        missing.data != NULL ? missing.data : "");
    free(missing.data);
    return text;
}

static char *picture_head(const struct watch *watch, int columns)
{
    const struct watched *focus = &watch->list[watch->focus];
    char *left = kit_format("ipclab watch  %s", focus->known.title);
    char *right = state_in_words(watch), *all = overview(watch);
    int gap = columns - 1 - text_columns(left) - text_columns(right);
    char *head = kit_format("\x1b[7m%s%*s%s \n%s%s\n", left, gap > 2 ? gap : 2, "", right,
                            all != NULL ? all : "", all != NULL ? "\n" : "");

    free(left);
    free(right);
    free(all);
    return head;
}

static char *picture_body(const struct watch *watch, const struct terminal *like)
{
    const struct watched *focus = &watch->list[watch->focus];
    const struct check_result *check = shown_check(watch);
    char *body = NULL;
    size_t length;
    struct terminal terminal = *like;

    terminal.stream = open_memstream(&body, &length);
    if (terminal.stream == NULL)
        kit_broken("open_memstream");
    if (watch->complaints != NULL)
        fprintf(terminal.stream, "%s\n", watch->complaints);
    if (watch->note != NULL)
        fprintf(terminal.stream, "%s\n", watch->note);
    terminal_exercise_failing_first(&terminal, &focus->known, check != NULL ? check->id : NULL,
                                    hint_count);
    if (fclose(terminal.stream) != 0)
        kit_broken("no memory for the picture");
    return body;
}

static void draw(struct watch *watch)
{
    struct terminal terminal = terminal_for(stdout);
    int columns, rows;
    char *complaints = screen_complaints();

    if (complaints != NULL)
        replace(&watch->complaints, complaints);
    screen_size(&columns, &rows);
    char *head = picture_head(watch, columns), *body = picture_body(watch, &terminal);
    watch->from =
        screen_draw(head, body, "\x1b[7m h hint  n next  s show  r again  q quit \n", watch->from);
    free(head);
    free(body);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void print_watched(const struct watch *watch)
{
    printf("watching %s:", watch->work);
    for (size_t i = 0; i < watch->selection.count; i++)
        if (saves_is_there(watch->saves, i))
            printf(" %s", watch->selection.items[i].exercise->id);
    printf("   (^C ends it)\n\n");
}

static void print_verdict(const struct watch *watch, const struct watched *watched)
{
    struct terminal terminal = terminal_for(stdout);

    terminal_exercise_failing_first(&terminal, &watched->known, NULL, hint_count);
    if (watch->note != NULL)
        printf("%s", watch->note);
    if (watched->took_us > 0)
        printf("checked %.2f s after the save\n", (double)watched->took_us / 1e6);
    printf("\n");
}

/* The picture has gone: this stays. */
static void print_farewell(const struct watch *watch)
{
    const struct exercise_result *focus = &watch->list[watch->focus].known;
    char *all = overview(watch);

    if (all != NULL)
        printf("%s\n", all);
    else
        printf("%s %s: %s/%s points\n", focus->id, focus->name, points_text(focus->score),
               points_text(focus->max_score));
    free(all);
}

/* What has changed is to be seen. */
static void refresh(struct watch *watch)
{
    if (watch->on_screen)
        draw(watch);
    else
        fflush(stdout);
}

/* ---- Checking ------------------------------------------------------------------------------- */

static void hear_check(const struct check_result *check, void *context)
{
    struct watch *watch = context;
    struct exercise_result *known = &watch->list[watch->running].known;

    if (!known->build_ok) { /* now it is built */
        known->build_ok = true;
        replace(&known->build_log, kit_strdup(""));
    }
    learn_check(known, check);
    exercise_result_sum(known);
    watch->heard++;
}

/* The next thing to do, when one exercise is done. */
static void note_success(struct watch *watch, const struct watched *watched)
{
    struct results all;

    state_load(watch->work, &all);
    char *next = next_step(watch->work, &all);
    replace(&watch->note, kit_format("%s %s: everything passes.\nnext: %s\n", watched->known.id,
                                     watched->known.name, next));
    free(next);
    results_clear(&all);
}

static void hear_exercise(const struct exercise_result *exercise, void *context)
{
    struct watch *watch = context;
    struct watched *watched = &watch->list[watch->running];

    learn_exercise(&watched->known, exercise);
    watched->took_us = watched->saved_us > 0 ? kit_now_us() - watched->saved_us : 0;
}

/* Names of the checks that failed last: one sees first what one waits for. */
static char *names_of_failing(const struct exercise_result *known)
{
    struct text_buffer names = {0};

    for (size_t i = 0; i < known->n_checks; i++)
        if (fails(&known->checks[i]))
            text_add(&names, "%s%s", names.data != NULL ? "," : "",
                     strrchr(known->checks[i].id, '.') + 1);
    return names.data;
}

static void start_check(struct watch *watch, int number)
{
    struct watched *watched = &watch->list[number];

    watched->queued = false;
    replace(&watch->complaints, NULL);
    watch->running = number;
    watch->heard = 0;
    watch->first = names_of_failing(&watched->known);
    watch->one = (struct selection){&watch->selection.items[number], 1};
    watch->results = (struct results){.seed = watch->seed, .machine = machine_probe()};
    struct jobs_options how = {.dir = watch->work,
                               .seed = watch->seed,
                               .repeats = 1,
                               .parallel = 1,
                               .first = watch->first,
                               .runs_folder = watch->runs_folder,
                               .told = hear_check,
                               .stoppable = true};
    watch->jobs = jobs_begin(&watch->one, &how, &watch->results, hear_exercise, watch);
}

/* Ends what is being checked, wherever it is. */
static void end_check(struct watch *watch)
{
    if (watch->running == NOBODY)
        return;
    jobs_end(watch->jobs);
    results_clear(&watch->results);
    replace(&watch->first, NULL);
    watch->running = NOBODY;
}

static void queue(struct watched *watched)
{
    watched->queued = true;
}

/* As end_check(), but it is done later. */
static void put_off_check(struct watch *watch)
{
    if (watch->running != NOBODY)
        queue(&watch->list[watch->running]);
    end_check(watch);
}

/* What was saved last comes first. */
static void start_next_check(struct watch *watch)
{
    int next = NOBODY;

    for (int i = 0; i < (int)watch->selection.count; i++)
        if (watch->list[i].queued &&
            (next == NOBODY || watch->list[i].saved_us > watch->list[next].saved_us))
            next = i;
    if (next != NOBODY)
        start_check(watch, next);
}

static void finish_check(struct watch *watch)
{
    struct watched *watched = &watch->list[watch->running];
    int number = watch->running;

    state_store(watch->work, &watch->results, false);
    end_check(watch);
    if (!watch->on_screen || (!watch->chosen && is_passed(&watch->list[watch->focus])))
        show_exercise(watch, number);
    if (number == watch->focus)
        replace(&watch->note, NULL);
    if (is_passed(watched) && number == watch->focus)
        note_success(watch, watched);
    if (!watch->on_screen)
        print_verdict(watch, watched);
}

static void hear_job(struct watch *watch)
{
    if (!jobs_go_on(watch->jobs))
        finish_check(watch);
}

static void hear_saves(struct watch *watch)
{
    long long now_us = kit_now_us();
    int first = NOBODY;

    saves_look(watch->saves);
    for (int i = 0; i < (int)watch->selection.count; i++) {
        struct watched *watched = &watch->list[i];
        if (!saves_take(watch->saves, (size_t)i))
            continue;
        if (watch->running == i)
            end_check(watch);
        watched->queued = saves_is_there(watch->saves, (size_t)i);
        watched->saved_us = now_us;
        watched->took_us = 0;
        if (watched->queued && (first == NOBODY || i == watch->focus))
            first = i;
    }
    if (first == NOBODY)
        return;
    put_off_check(watch);
    watch->chosen = true;
    show_exercise(watch, first);
    if (!watch->on_screen)
        printf("%s %s was saved\n", watch->list[first].known.id, watch->list[first].known.name);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void key_quit(struct watch *watch)
{
    watch->ended = true;
}

static void key_hint(struct watch *watch)
{
    const struct check_result *shown = shown_check(watch);
    const struct check *check = shown != NULL ? registry_find_check(shown->id) : NULL;

    watch->from = 0;
    if (check == NULL)
        replace(&watch->note, kit_strdup("Nothing fails here: there is nothing to hint at.\n"));
    else if (shown->status == CHECK_NOT_BUILT)
        replace(&watch->note, kit_strdup("It was not built, so no check could run: what the "
                                         "compiler says stands below.\n"));
    else
        replace(&watch->note, hint_next(watch->work, check, terminal_for(stdout).width));
}

/* The next failing check here, or the first one in the next exercise that has one. */
static void key_next(struct watch *watch)
{
    const struct check_result *shown = shown_check(watch);
    int n = (int)watch->selection.count, number = watch->focus;
    const struct check_result *next =
        shown != NULL ? next_failing(&watch->list[number], shown->id) : NULL;

    for (int i = 1; next == NULL && i <= n; i++) {
        number = (watch->focus + i) % n;
        next = next_failing(&watch->list[number], NULL);
    }
    if (next == NULL) {
        replace(&watch->note, kit_strdup("Nothing fails.\n"));
        return;
    }
    char *id = kit_strdup(next->id);
    watch->chosen = true;
    show_exercise(watch, number);
    replace(&watch->note, NULL);
    replace(&watch->check, id);
    watch->from = 0;
}

/* Runs `ipclab WORDS` and returns all that it says. Whoever watches waits for it: ^C ends it. */
static char *said_by(char **words)
{
    FILE *said = tmpfile();
    char bytes[8192];

    if (said == NULL)
        kit_broken("tmpfile");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == -1)
        kit_broken("fork");
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(fileno(said), STDOUT_FILENO) != -1 && dup2(STDOUT_FILENO, STDERR_FILENO) != -1)
            execv("/proc/self/exe", words);
        _exit(127);
    }
    while (waitpid(pid, NULL, 0) == -1)
        if (errno != EINTR)
            kit_broken("waitpid");
    ssize_t got = pread(fileno(said), bytes, sizeof bytes - 1, 0);
    fclose(said);
    bytes[got > 0 ? got : 0] = '\0';
    return text_printable(bytes);
}

/* `show` runs the check once more: nothing else runs meanwhile. */
static void key_show(struct watch *watch)
{
    const struct check_result *shown = shown_check(watch);
    const struct exercise_result *focus = &watch->list[watch->focus].known;
    char *id = kit_strdup(shown != NULL ? shown->id : focus->id), *work = kit_strdup(watch->work);
    char *words[] = {(char[]){"ipclab"},
                     (char[]){"show"},
                     (char[]){"--open"},
                     (char[]){"--dir"},
                     work,
                     id,
                     NULL};

    put_off_check(watch);
    replace(&watch->note, kit_format("drawing %s ...\n", id));
    watch->from = 0;
    draw(watch);
    replace(&watch->note, said_by(words));
    free(id);
    free(work);
}

static void key_again(struct watch *watch)
{
    struct watched *focus = &watch->list[watch->focus];

    if (!saves_is_there(watch->saves, (size_t)watch->focus))
        return;
    put_off_check(watch);
    focus->saved_us = kit_now_us(); /* it comes first */
    queue(focus);
}

static void move(struct watch *watch, int lines)
{
    watch->from = watch->from + lines > 0 ? watch->from + lines : 0;
}

static void key_up(struct watch *watch)
{
    move(watch, -1);
}

static void key_down(struct watch *watch)
{
    move(watch, 1);
}

static int page(void)
{
    int columns, rows;
    screen_size(&columns, &rows);
    return rows > 8 ? rows - 6 : 2; /* some lines stay */
}

static void key_page_up(struct watch *watch)
{
    move(watch, -page());
}

static void key_page_down(struct watch *watch)
{
    move(watch, page());
}

static const struct {
    int key;
    void (*act)(struct watch *watch);
} keys[] = {
    {'q',           key_quit     },
    {KEY_END,       key_quit     },
    {'h',           key_hint     },
    {'n',           key_next     },
    {'s',           key_show     },
    {'r',           key_again    },
    {'k',           key_up       },
    {KEY_UP,        key_up       },
    {'j',           key_down     },
    {KEY_DOWN,      key_down     },
    {KEY_PAGE_UP,   key_page_up  },
    {' ',           key_page_down},
    {KEY_PAGE_DOWN, key_page_down},
};

static void hear_keys(struct watch *watch)
{
    for (int key; !watch->ended && (key = screen_key()) != KEY_NONE;)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (keys[i].key == key)
                keys[i].act(watch);
}

/* ---- Signals -------------------------------------------------------------------------------- */

static const int heard_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};

static sigset_t set_of_heard_signals(void)
{
    sigset_t set;

    if (sigemptyset(&set) == -1)
        kit_broken("sigemptyset");
    for (size_t i = 0; i < sizeof heard_signals / sizeof *heard_signals; i++)
        if (sigaddset(&set, heard_signals[i]) == -1)
            kit_broken("sigaddset");
    return set;
}

static int open_signals(void)
{
    sigset_t set = set_of_heard_signals();

    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
        kit_broken("sigprocmask");
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd == -1)
        kit_broken("signalfd");
    return fd;
}

/* ^Z: the terminal is somebody else's until we are continued. What is being checked has limits of
 * time, so it is begun anew. */
static void sleep_until_continued(struct watch *watch)
{
    put_off_check(watch);
    if (watch->on_screen)
        screen_close();
    raise(SIGSTOP);
    if (watch->on_screen)
        screen_open();
}

static void hear_signals(struct watch *watch)
{
    struct signalfd_siginfo info;

    while (read(watch->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGTSTP)
            sleep_until_continued(watch);
        else if (number != SIGWINCH && number != SIGCONT)
            watch->end_signal = number;
    }
    watch->ended = watch->ended || watch->end_signal != 0;
}

/* Ends by the signal that ended the watching, as whoever sent it expects. */
static void die_by(int number)
{
    sigset_t set = set_of_heard_signals();

    fflush(stdout);
    signal(number, SIG_DFL);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- The loop ------------------------------------------------------------------------------- */

enum { SIGNALS, SAVES, KEYS, OUTPUT, JOB, DESCRIPTORS };

static void wait_for_something(struct watch *watch, struct pollfd *ready)
{
    bool has_keys = watch->on_screen && isatty(STDIN_FILENO) == 1;

    ready[SIGNALS] = (struct pollfd){.fd = watch->signals, .events = POLLIN};
    ready[SAVES] = (struct pollfd){.fd = saves_fd(watch->saves), .events = POLLIN};
    ready[KEYS] = (struct pollfd){.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN};
    ready[OUTPUT] = (struct pollfd){.fd = STDOUT_FILENO}; /* POLLERR: nobody reads it any more */
    ready[JOB] = (struct pollfd){.fd = -1};
    if (watch->running != NOBODY)
        jobs_poll(watch->jobs, &ready[JOB]);
    if (poll(ready, DESCRIPTORS, -1) == -1 && errno != EINTR)
        kit_broken("poll");
}

static void watch_until_ended(struct watch *watch)
{
    struct pollfd ready[DESCRIPTORS];

    while (!watch->ended) {
        if (watch->running == NOBODY)
            start_next_check(watch);
        refresh(watch);
        wait_for_something(watch, ready);
        if (ready[OUTPUT].revents & (POLLERR | POLLNVAL | POLLHUP))
            watch->ended = true;
        if (ready[SIGNALS].revents != 0)
            hear_signals(watch);
        if (ready[JOB].revents != 0 && watch->running != NOBODY)
            hear_job(watch);
        if (ready[KEYS].revents != 0)
            hear_keys(watch);
        if (ready[SAVES].revents != 0)
            hear_saves(watch);
    }
    end_check(watch);
}

/* When the last results were kept; 0: never. */
static time_t time_of_results(const char *work)
{
    struct stat status;
    char *path = kit_format("%s/.ipclab/results.json", work);
    time_t when = stat(path, &status) == 0 ? status.st_mtim.tv_sec : 0;
    free(path);
    return when;
}

/* What is known from before, and what is to be checked at once: what is named, what did not pass
 * yet, and what was changed since. */
static void begin(struct watch *watch, bool named)
{
    struct results before;
    time_t checked = time_of_results(watch->work);

    state_load(watch->work, &before);
    watch->list = kit_alloc(watch->selection.count * sizeof *watch->list);
    watch->focus = NOBODY;
    for (size_t i = 0; i < watch->selection.count; i++) {
        struct watched *watched = &watch->list[i];
        watched->what = &watch->selection.items[i];
        name_result(&watched->known, watched->what->exercise);
        const struct exercise_result *last =
            results_find_exercise(&before, watched->what->exercise->id);
        if (last != NULL && watched->what->checks == NULL)
            learn_exercise(&watched->known, last);
        watched->queued =
            saves_is_there(watch->saves, i) &&
            (named || !is_passed(watched) || saves_newest(watch->saves, i) >= checked);
        if (saves_is_there(watch->saves, i) &&
            (watch->focus == NOBODY || (watched->queued && !watch->list[watch->focus].queued)))
            watch->focus = (int)i;
    }
    results_clear(&before);
}

static void forget(struct watch *watch)
{
    for (size_t i = 0; i < watch->selection.count; i++)
        exercise_result_clear(&watch->list[i].known);
    free(watch->list);
    saves_free(watch->saves);
    close(watch->signals);
    free(watch->check);
    free(watch->note);
    free(watch->complaints);
}

static int watch_all(struct watch *watch, bool named)
{
    (void)machine_probe(); /* it starts processes: before the signals are taken */
    watch->saves = saves_new(watch->work, &watch->selection);
    watch->signals = open_signals();
    watch->on_screen = screen_possible();
    watch->running = NOBODY;
    hint_count_in(watch->work);
    begin(watch, named);
    if (watch->on_screen)
        screen_open();
    else
        print_watched(watch);
    watch_until_ended(watch);
    if (watch->on_screen) {
        screen_close();
        print_farewell(watch);
    }
    if (watch->end_signal != 0)
        die_by(watch->end_signal);
    forget(watch);
    return 0;
}

/* 0; or the key of options_next() that ends the command. */
static int read_arguments(int argc, char **argv, const char **dir, uint64_t *seed)
{
    bool good = true;

    *seed = jobs_random_seed();
    for (int key; good && (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key == OPTIONS_HELP || key == OPTIONS_WRONG)
            return key;
        if (key == OPTION_DIR)
            *dir = optarg;
        else
            good = options_number(&help, "--seed", optarg, 0, UINT64_C(1) << 53, seed);
    }
    return good ? 0 : OPTIONS_WRONG;
}

int command_watch(int argc, char **argv)
{
    const char *given = NULL;
    struct watch watch = {0};
    struct selection started = {0};
    int key = read_arguments(argc, argv, &given, &watch.seed);

    if (key != 0)
        return key == OPTIONS_HELP ? 0 : 2;
    char *work = work_folder(given);
    int status = 2;
    watch.work = work;
    watch.runs_folder = saved_runs_folder(work);
    if (choose_words(&help, &started, argv + optind) == 0 &&
        choose_started(&help, &started, work) == 0 &&
        choose_words(&help, &watch.selection, argv + optind) == 0) /* all: some are started later */
        status = watch_all(&watch, optind < argc);
    selection_clear(&started);
    selection_clear(&watch.selection);
    free(watch.runs_folder);
    free(work);
    return status;
}
