/*
 * draw.h - a picture (picture.h) in the terminal: the sequence diagram, and the ends.
 */
#ifndef IPCLAB_DRAW_H
#define IPCLAB_DRAW_H

#include <stdio.h>

#include "picture.h"

struct drawing {
    FILE *stream;
    int width;    /* columns */
    bool unicode; /* lines as box drawing characters; else ASCII only */
    bool colour;
};

/* For that stream: the width of its terminal, else 80; Unicode when the locale's characters are
 * UTF-8; colours as terminal_for(). */
struct drawing drawing_for(FILE *stream);

/* Both, with what is missing said: the whole of `--text`. */
void draw_picture(const struct picture *picture, const struct drawing *drawing);

/* A lane a process, a row an event. */
void draw_sequence(const struct picture *picture, const struct drawing *drawing);

/* Who holds which end at the end of the run, what everything holds, and the cycle. */
void draw_ends(const struct picture *picture, const struct drawing *drawing);

#endif
