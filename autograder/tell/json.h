/*
 * json.h - building JSON with cJSON: memory never runs out (kit_broken() when it does), and strings
 * are always valid UTF-8.
 */
#ifndef IPCLAB_JSON_H
#define IPCLAB_JSON_H

struct cJSON;

struct cJSON *json_object(void);
/* Adds the item, which becomes the object's. */
void json_add(struct cJSON *object, const char *key, struct cJSON *item);
void json_append(struct cJSON *array, struct cJSON *item);
/* NULL becomes null; bytes that are no UTF-8 become U+FFFD. */
void json_add_string(struct cJSON *object, const char *key, const char *text);
void json_append_string(struct cJSON *array, const char *text);
void json_add_number(struct cJSON *object, const char *key, double number);
struct cJSON *json_add_array(struct cJSON *object, const char *key);

/* Prints and frees: on one line without a newline, or indented, with one at the end. Owned by the
 * caller. */
char *json_line(struct cJSON *json);
char *json_text(struct cJSON *json);

#endif
