/*
 * hint.c - ipclab hint: the next hint for what fails now, one at a time.
 */
#include "hint.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"
#include "../tell/terminal.h"
#include "../tell/text.h"
#include "chosen.h"
#include "commands.h"
#include "options.h"
#include "state.h"

enum { OPTION_DIR = 256 };

static const struct option_row options[] = {
    {OPTION_DIR, "dir", "DIR", "The folder that was checked (default: work)."},
    {0    },
};

static const struct command_help help = {
    .name = "hint",
    .synopsis = "[EXERCISE|EXERCISE.check]",
    .purpose = "Gives the next hint for the first check that fails, one more each time. Without a "
               "name, for the first that fails at all.",
    .options = options,
    .notes = "No hint gives the answer. ipclab explain NAME says more about what was found.",
};

struct question {
    const char *work;
    const struct check *failing; /* the first that fails */
    const struct exercise *not_built;
    size_t checked, wanted; /* checks of the selection: with a result, all */
};

static void look_at(struct question *question, const struct results *results,
                    const struct check *check)
{
    char *id = check_id(check);
    const struct exercise_result *exercise = results_find_exercise(results, check->exercise->id);
    const struct check_result *result =
        exercise != NULL ? exercise_result_find_check(exercise, id) : NULL;

    question->wanted++;
    if (result != NULL) {
        question->checked++;
        if (result->status == CHECK_FAILED && question->failing == NULL)
            question->failing = check;
        if (result->status == CHECK_NOT_BUILT && question->not_built == NULL)
            question->not_built = check->exercise;
    }
    free(id);
}

static void look_at_all(struct question *question, const struct selection *selection)
{
    struct results results;

    state_load(question->work, &results);
    for (size_t i = 0; i < selection->count; i++) {
        const struct selected *item = &selection->items[i];
        size_t n = item->checks != NULL ? item->n_checks : item->exercise->n_checks;
        for (size_t j = 0; j < n; j++)
            look_at(question, &results,
                    item->checks != NULL ? item->checks[j] : item->exercise->checks[j]);
    }
    results_clear(&results);
}

static void add_hint(struct text_buffer *text, const struct check *check, int number, int width)
{
    char *wrapped = text_wrap(check_hint(check, number), 2, width);
    text_add(text, "hint %d of %d for %s.%s\n%s", number + 1, check_hints(check),
             check->exercise->id, check->name, wrapped);
    free(wrapped);
}

char *hint_next(const char *work, const struct check *check, int width)
{
    struct text_buffer text = {0};
    char *id = check_id(check);
    int hints = check_hints(check), shown = hints_shown(work, id);

    if (hints == 0)
        text_add(&text, "%s has no hints; what was found is explained by: ipclab explain %s\n", id,
                 id);
    else if (shown < hints) {
        add_hint(&text, check, shown, width);
        hints_set_shown(work, id, shown + 1);
    } else {
        for (int i = 0; i < hints; i++)
            add_hint(&text, check, i, width);
        text_add(&text, "These are all the hints. More on this check: ipclab explain %s\n", id);
    }
    free(id);
    return text.data;
}

static const char *counted_work; /* terminal.h calls hint_count() with an id only */

void hint_count_in(const char *work)
{
    counted_work = work;
}

void hint_count(const char *id, int *hints, int *shown)
{
    const struct check *check = registry_find_check(id);
    *hints = check != NULL ? check_hints(check) : 0;
    *shown = hints_shown(counted_work, id);
}

static int give_hint(const struct question *question)
{
    char *text = hint_next(question->work, question->failing, terminal_for(stdout).width);
    fputs(text, stdout);
    free(text);
    return 0;
}

static int answer(const struct question *question, const char *what)
{
    if (question->failing != NULL)
        return give_hint(question);
    if (question->not_built != NULL)
        fprintf(stderr,
                "ipclab hint: %s was not built, so no check could run\n"
                "type: ipclab check %s   (it says why)\n",
                question->not_built->id, question->not_built->id);
    else if (question->checked < question->wanted)
        fprintf(stderr, "ipclab hint: %s was not checked yet\ntype: ipclab check%s%s\n",
                what != NULL ? what : "something", what != NULL ? " " : "",
                what != NULL ? what : "");
    else
        printf("Nothing fails there: there is nothing to hint at.\n");
    return 2;
}

int command_hint(int argc, char **argv)
{
    const char *given = NULL;
    struct selection selection = {0};
    struct question question = {0};

    for (int key; (key = options_next(&help, argc, argv)) != OPTIONS_END;) {
        if (key != OPTION_DIR)
            return key == OPTIONS_HELP ? 0 : 2;
        given = optarg;
    }
    if (argc > optind + 1)
        return usage_error(&help, "one at a time, please: %s, or %s", argv[optind],
                           argv[optind + 1]);
    const char *what = argv[optind];
    if (choose_words(&help, &selection, argv + optind) == -1)
        return 2;
    char *work = work_folder(given);
    question.work = work;
    look_at_all(&question, &selection);
    int status = answer(&question, what);
    selection_clear(&selection);
    free(work);
    return status;
}
