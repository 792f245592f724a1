/*
 * html.h - text that anybody may have written, as a part of an HTML page.
 *
 * What a program wrote, a file's name, a line of source: all of it goes through here, so none of it
 * can become markup, end a script or hide.
 */
#ifndef IPCLAB_HTML_H
#define IPCLAB_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct cJSON;

/* The beginning of a page for reading, up to its heading: it loads nothing and runs nothing, and
 * its policy forbids it. style: of ours, in addition. It ends with </body></html>. */
void html_begin(struct text_buffer *out, const char *title, const char *style);

/* Several lines of text: control characters are made visible as text_printable() does, what is not
 * UTF-8 becomes U+FFFD, and < > & " ' are escaped: good between tags and in a quoted attribute. */
void html_text(struct text_buffer *out, const char *text);

/* At most `most` bytes of it; says how many are left out. */
void html_text_cut(struct text_buffer *out, const char *text, size_t most);

/* What text_visible() made of a program's output, for people: escapes such as \n and \x1b stand
 * out, a \n ends the line, a space is a middle dot (spaces: true), and from byte `marked` on (an
 * offset that html_first_difference() gave; -1: none) the text is marked. */
void html_bytes(struct text_buffer *out, const char *visible, bool spaces, long marked);

/* Where two such texts first differ: the offset of the character or escape, in both; -1: nowhere.
 */
long html_first_difference(const char *one, const char *other);

/* JSON for a <script type="application/json">: < > & and U+2028, U+2029 are written as \u escapes.
 */
void html_json(struct text_buffer *out, const struct cJSON *json);

#endif
