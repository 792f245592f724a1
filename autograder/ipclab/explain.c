/*
 * explain.c - ipclab explain: a kind of finding, a misconception, an exercise or a check in depth.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../judge/finding.h"
#include "../run/kit.h"
#include "../suites/registry.h"
#include "../tell/catalogue.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "commands.h"
#include "options.h"

static const struct command_help help = {
    .name = "explain",
    .synopsis = "NAME",
    .purpose =
        "Explains a finding (hang), a mistake (pipe-parent-keeps-write-end), an exercise (1.3) "
        "or a check (1.3.name): what it means, why it matters, how it is seen, manual pages.",
    .notes = "ipclab explain --list prints the name of every page.",
    .options = (const struct option_row[]){{'l', "list", NULL, "All names, one a line."}, {0}},
};

/* "Met in: 1.1 oneway, 1.3 pipeline": only what this kit has. */
static void print_met_in(const char *page)
{
    size_t n, printed = 0;
    const struct lab *const *labs = labs_all(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < labs[i]->n; j++) {
            const struct exercise *exercise = labs[i]->exercises[j];
            if (catalogue_met_in(page, exercise->id))
                printf("%s%s %s", printed++ == 0 ? "\nMet in: " : ", ", exercise->id,
                       exercise->name);
        }
    if (printed > 0)
        printf("\n");
}

static int print_page(const char *page)
{
    struct terminal terminal = terminal_for(stdout);
    const char *end = strstr(page, "\nMet in:");
    int title = (int)strcspn(page, "\n");

    printf("%s%.*s%s", terminal.colour ? "\x1b[1m" : "", title, page,
           terminal.colour ? "\x1b[0m" : "");
    if (end == NULL) {
        printf("%s", page + title);
        return 0;
    }
    while (end > page && end[-1] == '\n')
        end--;
    printf("%.*s\n", (int)(end - page) - title, page + title);
    print_met_in(page);
    return 0;
}

/* "last_stage_sees_end_of_file" -> "Last stage sees end of file." Owned by the caller. */
static char *as_sentence(const char *name)
{
    char *sentence = kit_format("%s.", name);

    for (char *c = sentence; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    if (sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    return sentence;
}

static void print_check(const struct check *check)
{
    char *requirement = as_sentence(check->name);
    int hints = check_hints(check);

    printf("%s.%s\n  requirement: %s\n  points: %d   hints: %d\n", check->exercise->id, check->name,
           requirement, check->points, hints);
    free(requirement);
}

/* The mistakes that the exercise is made to catch. */
static void print_mistakes(const struct exercise *exercise)
{
    size_t n, printed = 0;
    char **names = catalogue_names(&n);

    for (size_t i = 0; i < n; i++) {
        char *page = catalogue_page(names[i]);
        if (page != NULL && catalogue_met_in(page, exercise->id)) {
            char *title = catalogue_title(names[i]);
            if (printed++ == 0)
                printf("\nMistakes that are often made here (ipclab explain NAME says more):\n");
            printf("  %-36s %s\n", names[i], title);
            free(title);
        }
        free(page);
        free(names[i]);
    }
    free(names);
}

static void print_exercise(const struct selected *item)
{
    const struct exercise *exercise = item->exercise;
    size_t n = item->checks != NULL ? item->n_checks : exercise->n_checks;

    printf("%s %s: %s (%d points)\n\n", exercise->id, exercise->name, exercise->title,
           exercise_points(exercise));
    for (size_t i = 0; i < n; i++)
        print_check(item->checks != NULL ? item->checks[i] : exercise->checks[i]);
    printf("\nIn every run also: every child is waited for, nothing is left behind, no descriptor "
           "leaks,\nnobody waits busily or by sleeping, errors and interruptions are handled.\n");
    print_mistakes(exercise);
}

static int print_list(void)
{
    size_t n;
    char **names = catalogue_names(&n);

    for (size_t i = 0; i < n; i++) {
        char *title = catalogue_title(names[i]);
        printf("%-38s %s\n", names[i], title != NULL ? title : "");
        free(title);
        free(names[i]);
    }
    free(names);
    return 0;
}

static int unknown_name(const char *word, const char *error)
{
    size_t n;
    char **names = catalogue_names(&n);
    const char *nearest = text_nearest(word, (const char *const *)names, n);
    char *shown = text_visible(word, strlen(word), 80);

    if (nearest != NULL)
        usage_error(&help, "there is no page \"%s\"; did you mean: ipclab explain %s", shown,
                    nearest);
    else
        usage_error(&help, "%s; all pages: ipclab explain --list", error);
    free(shown);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return 2;
}

static int explain(const char *word)
{
    char *page = catalogue_page(word);
    struct selection selection = {0};
    char *error;
    int status = 0;

    if (page != NULL)
        status = print_page(page);
    else if (finding_kind_from_name(word) != -1)
        kit_broken("the page of %s is missing", word);
    else if (selection_add(&selection, word, &error) == 0)
        for (size_t i = 0; i < selection.count; i++)
            print_exercise(&selection.items[i]);
    else {
        status = unknown_name(word, error);
        free(error);
    }
    selection_clear(&selection);
    free(page);
    return status;
}

int command_explain(int argc, char **argv)
{
    int key = options_next(&help, argc, argv);

    if (key == 'l')
        return print_list();
    if (key != OPTIONS_END)
        return key == OPTIONS_HELP ? 0 : 2;
    if (argc != optind + 1)
        return usage_error(&help, argc == optind ? "say what, for example: ipclab explain hang"
                                                 : "one name at a time, please");
    return explain(argv[optind]);
}
