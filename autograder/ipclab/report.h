/*
 * report.h - results written to a file, in one of the formats of tell/formats.h.
 */
#ifndef IPCLAB_REPORT_H
#define IPCLAB_REPORT_H

#include "../tell/formats.h"

/* file: "-" is standard output. Returns 0; or 3, after saying why it could not be written: command
 * is who says it. */
int report_write(const char *command, const struct format *format, const struct results *results,
                 const char *file);

#endif
