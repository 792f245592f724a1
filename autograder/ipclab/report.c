/*
 * report.c - results written to a file. See report.h.
 * report.h.
 */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/kit.h"

int report_write(const char *command, const struct format *format, const struct results *results,
                 const char *file)
{
    char *text = format_write(format, results);
    int status = 0;

    if (text == NULL) {
        fprintf(stderr, "ipclab %s: the kit failed, and so there is no grade for %s to be told\n",
                command, format->name);
        status = 3;
    } else if (strcmp(file, "-") == 0) {
        fputs(text, stdout);
    } else if (kit_write_file(file, text, strlen(text)) == -1) {
        fprintf(stderr, "ipclab %s: can't write %s: %s\n", command, file, strerror(errno));
        status = 3;
    }
    free(text);
    return status;
}
