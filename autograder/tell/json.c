/*
 * json.c - building JSON with cJSON. See json.h.
 */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "../run/kit.h"
#include "text.h"

static cJSON *must(cJSON *json)
{
    if (json == NULL)
        kit_broken("no memory for JSON");
    return json;
}

cJSON *json_object(void)
{
    return must(cJSON_CreateObject());
}

void json_add(cJSON *object, const char *key, cJSON *item)
{
    if (!cJSON_AddItemToObject(object, key, must(item)))
        kit_broken("no memory for JSON");
}

void json_append(cJSON *array, cJSON *item)
{
    if (!cJSON_AddItemToArray(array, must(item)))
        kit_broken("no memory for JSON");
}

static cJSON *string(const char *text)
{
    char *clean = text != NULL ? text_utf8(text) : NULL;
    cJSON *item = must(clean != NULL ? cJSON_CreateString(clean) : cJSON_CreateNull());
    free(clean);
    return item;
}

void json_add_string(cJSON *object, const char *key, const char *text)
{
    json_add(object, key, string(text));
}

void json_append_string(cJSON *array, const char *text)
{
    json_append(array, string(text));
}

void json_add_number(cJSON *object, const char *key, double number)
{
    json_add(object, key, cJSON_CreateNumber(number));
}

cJSON *json_add_array(cJSON *object, const char *key)
{
    cJSON *array = must(cJSON_CreateArray());
    json_add(object, key, array);
    return array;
}

static char *printed(cJSON *json, char *text)
{
    cJSON_Delete(json);
    if (text == NULL)
        kit_broken("no memory for JSON");
    return text;
}

char *json_line(cJSON *json)
{
    return printed(json, cJSON_PrintUnformatted(json));
}

char *json_text(cJSON *json)
{
    char *text = printed(json, cJSON_Print(json));
    char *line = kit_format("%s\n", text);
    free(text);
    return line;
}
