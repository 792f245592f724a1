/*
 * uses.c - what a line of source may have accessed. See uses.h.
 *
 * Theory of operation.  What the race detector knows of an access is its code address, and how far
 * from the start of the shared memory it was.  A register or variable that held the pointer is
 * gone.  So the statement is read: each `a->b`, `a[i]`, `*a` in it is followed through the types of
 * the debug information, which gives the distance from where the pointer points, and the size.
 * Which of them an access was is for the judge to say (judge/naming.h), who sees the offsets.
 *
 * This is no parser of C.  Where something could be a use and is not understood (a call's result
 * that is dereferenced, a macro in capitals), the site gets no uses at all: no name is better than
 * a wrong one.
 */
#include "uses.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "kit.h"
#include "statement.h"

struct reader {
    const struct statement *statement;
    Dwarf_Die *unit, *scopes;
    int n_scopes;
    bool *taken; /* words that are part of a use */
    struct race_site *site;
};

/* An expression, as far as it was read. */
struct value {
    size_t from, to;           /* its words */
    bool known;                /* type is; else it was cast to something */
    Dwarf_Die type;            /* peeled */
    int depth;                 /* dimensions of an array type that are behind us */
    bool pointed;              /* lies where a pointer points: what follows is known then */
    size_t base_from, base_to; /* that pointer */
    uint64_t offset, step, count;
    bool vague; /* somewhere behind the pointer */
};

/* ---- Types ----------------------------------------------------------------------------------- */

/* The debug information is the learner's: it may go in circles. */
enum { MOST_PEELED = 64, MOST_CHILDREN = 4096, MOST_NESTED = 16 };

static bool is_name_or_qualifier(Dwarf_Die *type)
{
    int tag = dwarf_tag(type);
    return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
           tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
}

/* The type of a variable, member, pointer or array, without its names and qualifiers. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    Dwarf_Die next = *die;

    for (int i = 0; i < MOST_PEELED; i++) {
        if (dwarf_attr_integrate(&next, DW_AT_type, &attribute) == NULL ||
            dwarf_formref_die(&attribute, &next) == NULL)
            return false;
        if (!is_name_or_qualifier(&next)) {
            *type = next;
            return true;
        }
    }
    return false;
}

static uint64_t size_of_type(Dwarf_Die *type)
{
    Dwarf_Word size;
    return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

/* How many elements dimension number `depth` of an array has; 0: not known. */
static uint64_t dimension(Dwarf_Die *array, int depth, bool *exists)
{
    Dwarf_Die child;
    Dwarf_Attribute attribute;
    Dwarf_Word bound;

    *exists = false;
    int left = MOST_CHILDREN;
    for (int more = dwarf_child(array, &child); more == 0 && left-- > 0;
         more = dwarf_siblingof(&child, &child)) {
        if (dwarf_tag(&child) != DW_TAG_subrange_type || depth-- > 0)
            continue;
        *exists = true;
        if (dwarf_formudata(dwarf_attr(&child, DW_AT_count, &attribute), &bound) == 0)
            return bound;
        if (dwarf_formudata(dwarf_attr(&child, DW_AT_upper_bound, &attribute), &bound) == 0)
            return bound < INT32_MAX ? bound + 1 : 0;
        return 0;
    }
    return 0;
}

static bool is_type(const struct value *value, int tag)
{
    return value->known && dwarf_tag((Dwarf_Die *)&value->type) == tag;
}

/* The size of what the value is; 0: not known. */
static uint64_t size_of(struct value *value)
{
    Dwarf_Die element;
    bool exists;
    if (!value->known)
        return 0;
    if (!is_type(value, DW_TAG_array_type))
        return size_of_type(&value->type);
    uint64_t size = type_of(&value->type, &element) ? size_of_type(&element) : 0;
    for (int depth = value->depth; depth < MOST_NESTED; depth++) {
        uint64_t n = dimension(&value->type, depth, &exists);
        if (!exists)
            return size;
        size *= n;
    }
    return 0;
}

static bool is_aggregate(Dwarf_Die *type)
{
    int tag = dwarf_tag(type);
    return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Finds a member, also one of a structure without a name. false: none, or a field of bits. */
static bool find_member(Dwarf_Die *type, const char *name, int nested, uint64_t *offset,
                        Dwarf_Die *member_type)
{
    Dwarf_Die child;
    Dwarf_Attribute attribute;

    int left = nested < MOST_NESTED ? MOST_CHILDREN : 0;
    for (int more = dwarf_child(type, &child); more == 0 && left-- > 0;
         more = dwarf_siblingof(&child, &child)) {
        Dwarf_Word start = 0;
        Dwarf_Die inner;
        const char *own = dwarf_diename(&child);
        if (dwarf_tag(&child) != DW_TAG_member || !type_of(&child, &inner))
            continue;
        dwarf_formudata(dwarf_attr(&child, DW_AT_data_member_location, &attribute), &start);
        if (own != NULL && strcmp(own, name) == 0) {
            *offset += start;
            *member_type = inner;
            return !dwarf_hasattr(&child, DW_AT_bit_size);
        }
        uint64_t within = start;
        if (own == NULL && is_aggregate(&inner) &&
            find_member(&inner, name, nested + 1, &within, member_type)) {
            *offset += within;
            return true;
        }
    }
    return false;
}

/* ---- Writing down ---------------------------------------------------------------------------- */

static bool word_is(const struct reader *reader, size_t i, const char *text)
{
    return statement_is(reader->statement, i, text);
}

static void take(struct reader *reader, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        reader->taken[i] = true;
}

/* Is it "(...)" from one end to the other? */
static bool is_enclosed(const struct reader *reader, size_t from, size_t to)
{
    int depth = 0;
    if (!word_is(reader, from, "(") || !word_is(reader, to - 1, ")"))
        return false;
    for (size_t i = from; i + 1 < to; i++) {
        depth += word_is(reader, i, "(") ? 1 : word_is(reader, i, ")") ? -1 : 0;
        if (depth == 0)
            return false;
    }
    return true;
}

static struct race_use *add_use(struct reader *reader, const struct value *value, bool reads,
                                bool writes)
{
    struct race_use *use = ARRAY_ADD(reader->site->uses, reader->site->n_uses);
    size_t from = value->from, to = value->to;
    while (is_enclosed(reader, from, to)) {
        from++;
        to--;
    }
    *use = (struct race_use){
        .text = statement_quote(reader->statement, from, to),
        .base = statement_quote(reader->statement, value->base_from, value->base_to),
        .reads = reads,
        .writes = writes,
        .offset = value->offset,
        .step = 1};
    return use;
}

/* Does nothing for a variable itself: it is not what a pointer points to. */
static void note_use(struct reader *reader, struct value *value, bool reads, bool writes)
{
    if (!value->pointed)
        return;
    uint64_t size = size_of(value);
    bool whole = is_type(value, DW_TAG_array_type) || !value->known || is_aggregate(&value->type);
    struct race_use *use = add_use(reader, value, reads, writes);
    if (value->vague || size == 0)
        return;
    use->size = whole ? 0 : size;
    use->count = value->count;
    use->step = value->count == 1 ? size : value->step;
}

/* ---- One step further ------------------------------------------------------------------------ */

static bool follow_pointer(struct reader *reader, struct value *value)
{
    Dwarf_Die target;

    if (is_type(value, DW_TAG_array_type)) { /* as a pointer to its first element */
        if (value->depth > 0 || !type_of(&value->type, &target))
            return false;
        value->type = target;
        return true;
    }
    if (value->known && !is_type(value, DW_TAG_pointer_type))
        return false;
    note_use(reader, value, true, false);
    value->known = value->known && type_of(&value->type, &target);
    if (value->known)
        value->type = target;
    value->base_from = value->from;
    value->base_to = value->to;
    value->pointed = true;
    value->offset = 0;
    value->step = 0;
    value->count = 1;
    value->vague = false;
    return true;
}

static bool step_to_member(struct value *value, const struct word *word)
{
    if (word->kind != WORD_NAME || !value->known || !is_aggregate(&value->type))
        return false;
    char *name = kit_strndup(word->at, word->length);
    bool found = find_member(&value->type, name, 0, &value->offset, &value->type);
    free(name);
    return found;
}

/* Any of `count` elements (0: no end known). Of an array in an array all are in one row. */
static void spread(struct value *value, uint64_t size, uint64_t count)
{
    bool one_row = count > 0 && value->step == size * count;
    if (size == 0 || (value->count != 1 && !one_row)) {
        value->vague = true;
        return;
    }
    value->step = size;
    value->count *= count;
}

/* The ] of the [ at `open`; n_words: none. */
static size_t closing(const struct reader *reader, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < reader->statement->n_words; i++) {
        if (word_is(reader, i, "["))
            depth++;
        if (word_is(reader, i, "]") && --depth == 0)
            return i;
    }
    return reader->statement->n_words;
}

static void index_by(const struct reader *reader, struct value *value, size_t open, size_t close,
                     uint64_t count)
{
    const struct word *word = &reader->statement->words[open + 1];
    uint64_t size = size_of(value);
    if (close == open + 2 && word->kind == WORD_NUMBER)
        value->offset += strtoull(word->at, NULL, 0) * size;
    else
        spread(value, size, count);
}

static bool step_to_element(struct reader *reader, struct value *value)
{
    size_t open = value->to, close = closing(reader, open);
    bool exists;
    uint64_t count = 0;

    if (close == reader->statement->n_words)
        return false;
    if (is_type(value, DW_TAG_array_type)) {
        Dwarf_Die element;
        count = dimension(&value->type, value->depth++, &exists);
        dimension(&value->type, value->depth, &exists);
        if (!exists) {
            if (!type_of(&value->type, &element))
                return false;
            value->type = element;
            value->depth = 0;
        }
    } else if (!follow_pointer(reader, value)) {
        return false;
    }
    index_by(reader, value, open, close, count);
    reader->taken[open] = true;
    value->to = close + 1;
    return true;
}

/* All that follows: ->member .member [index]. */
static bool read_postfix(struct reader *reader, struct value *value)
{
    const struct statement *statement = reader->statement;
    for (;;) {
        bool arrow = word_is(reader, value->to, "->");
        if (arrow || word_is(reader, value->to, ".")) {
            if (value->to + 1 >= statement->n_words || (arrow && !follow_pointer(reader, value)) ||
                !step_to_member(value, &statement->words[value->to + 1]))
                return false;
            take(reader, value->to, value->to + 2);
            value->to += 2;
        } else if (!word_is(reader, value->to, "[")) {
            return true;
        } else if (!step_to_element(reader, value)) {
            return false;
        }
    }
}

/* ---- What stands before it ------------------------------------------------------------------- */

static bool is_one_of(const struct reader *reader, size_t i, const char *const *list)
{
    for (; *list != NULL; list++)
        if (word_is(reader, i, *list))
            return true;
    return false;
}

/* Words after which an expression begins. */
static bool is_keyword(const struct reader *reader, size_t i)
{
    static const char *const keywords[] = {"return", "else", "do",     "case",   "if",
                                           "while",  "for",  "switch", "sizeof", NULL};
    return is_one_of(reader, i, keywords);
}

/* Is word i the end of an operand, so that a mark behind it has two sides? */
static bool ends_operand(const struct reader *reader, size_t i)
{
    if (i >= reader->statement->n_words) /* also before the first: (size_t)-1 */
        return false;
    if (reader->statement->words[i].kind == WORD_MARK)
        return word_is(reader, i, ")") || word_is(reader, i, "]");
    return !is_keyword(reader, i);
}

static bool find_variable(const struct reader *reader, size_t i, Dwarf_Die *variable)
{
    const struct word *word = &reader->statement->words[i];
    if (word->kind != WORD_NAME)
        return false;
    char *name = kit_strndup(word->at, word->length);
    int scope = dwarf_getscopevar(reader->scopes, reader->n_scopes, name, 0, NULL, 0, 0, variable);
    free(name);
    return scope >= 0;
}

/* The ( of the ) at `close`; n_words: none. */
static size_t opening(const struct reader *reader, size_t close)
{
    int depth = 0;
    for (size_t i = close + 1; i-- > 0;) {
        if (word_is(reader, i, ")"))
            depth++;
        if (word_is(reader, i, "(") && --depth == 0)
            return i;
    }
    return reader->statement->n_words;
}

/* Is what ends in ) at `close` a cast: names of types and stars alone? */
static bool is_cast(const struct reader *reader, size_t close, size_t *open)
{
    Dwarf_Die variable;

    *open = opening(reader, close);
    if (*open == reader->statement->n_words || *open + 1 == close ||
        (ends_operand(reader, *open - 1) && !word_is(reader, *open - 1, ")")) ||
        is_keyword(reader, *open - 1))
        return false; /* a call, sizeof, or the condition of an if */
    for (size_t i = *open + 1; i < close; i++)
        if (!word_is(reader, i, "*") &&
            (reader->statement->words[i].kind != WORD_NAME || find_variable(reader, i, &variable)))
            return false;
    return reader->statement->words[*open + 1].kind == WORD_NAME;
}

/* *p, where * is no multiplication (it is not of pointers) and no declaration. */
static bool is_followed(const struct reader *reader, const struct value *value)
{
    return word_is(reader, value->from - 1, "*") &&
           (!value->known || is_type(value, DW_TAG_pointer_type) ||
            is_type(value, DW_TAG_array_type)) &&
           (!ends_operand(reader, value->from - 2) || word_is(reader, value->from - 2, ")"));
}

static bool is_grouped(const struct reader *reader, const struct value *value)
{
    return word_is(reader, value->from - 1, "(") && word_is(reader, value->to, ")") &&
           !ends_operand(reader, value->from - 2) && !is_keyword(reader, value->from - 2);
}

static bool is_step(const struct reader *reader, size_t i)
{
    return word_is(reader, i, "++") || word_is(reader, i, "--");
}

/* From the inside out: *value, (value), (type *)value. false: not understood. */
static bool read_around(struct reader *reader, struct value *value)
{
    size_t open;
    for (;;) {
        if (!read_postfix(reader, value))
            return false;
        if (is_followed(reader, value)) {
            if (is_step(reader, value->to)) { /* *p++ */
                note_use(reader, value, false, true);
                value->to++;
            }
            if (!follow_pointer(reader, value))
                return false;
            take(reader, --value->from, value->to);
        } else if (is_grouped(reader, value)) {
            value->from--;
            value->to++;
        } else if (word_is(reader, value->from - 1, ")") &&
                   is_cast(reader, value->from - 1, &open)) {
            take(reader, open, value->to);
            value->from = open;
            value->known = false;
        } else {
            return true;
        }
    }
}

/* ---- What is done with it -------------------------------------------------------------------- */

struct sought {
    const struct word *name;
    bool found;
};

static int compare_function(Dwarf_Die *function, void *argument)
{
    struct sought *sought = argument;
    const char *name = dwarf_diename(function);
    sought->found = name != NULL && strlen(name) == sought->name->length &&
                    memcmp(name, sought->name->at, sought->name->length) == 0;
    return sought->found ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* Is it an argument of a function of which we do not see what it does to it? */
static bool is_handed_over(const struct reader *reader, size_t from, size_t to)
{
    int depth = 0;
    if (!(word_is(reader, from - 1, "(") || word_is(reader, from - 1, ",")) ||
        !(word_is(reader, to, ")") || word_is(reader, to, ",")))
        return false;
    for (size_t i = from; i-- > 1;) {
        if (word_is(reader, i, ")"))
            depth++;
        if (!word_is(reader, i, "(") || depth-- > 0)
            continue;
        struct sought sought = {&reader->statement->words[i - 1], false};
        if (sought.name->kind != WORD_NAME || is_keyword(reader, i - 1))
            return false;
        dwarf_getfuncs(reader->unit, compare_function, &sought, 0);
        return !sought.found; /* what a function of this file does is at its own lines */
    }
    return false;
}

/* What a function may do to what it is given a pointer to. */
static void note_handed_over(struct reader *reader, struct value *value)
{
    static const char *const form = "*%s";
    if (value->known && !is_type(value, DW_TAG_pointer_type))
        return;
    value->base_from = value->from;
    value->base_to = value->to;
    value->offset = 0;
    struct race_use *use = add_use(reader, value, true, true);
    char *text = kit_format(form, use->text);
    free(use->text);
    use->text = text;
}

static bool is_changed(const struct reader *reader, size_t i)
{
    static const char *const marks[] = {
        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "++", "--", NULL};
    return is_one_of(reader, i, marks);
}

static void note_deeds(struct reader *reader, struct value *value)
{
    static const char *const unevaluated[] = {"sizeof", "_Alignof",   "alignof",
                                              "typeof", "__typeof__", NULL};
    size_t before = value->from - 1;

    if (is_one_of(reader, before, unevaluated))
        return;
    if (word_is(reader, before, "&") && !ends_operand(reader, before - 1)) {
        value->vague = true; /* a function may use any part of what begins there */
        note_use(reader, value, true, true);
        return;
    }
    bool changed = is_changed(reader, value->to) || is_step(reader, before);
    bool set = word_is(reader, value->to, "=");
    bool array = is_type(value, DW_TAG_array_type);
    note_use(reader, value, !set || changed || array, set || changed || array);
    if (is_handed_over(reader, value->from, value->to))
        note_handed_over(reader, value);
}

static bool read_use(struct reader *reader, size_t i, Dwarf_Die *variable)
{
    struct value value = {.from = i, .to = i + 1, .count = 1};

    value.known = type_of(variable, &value.type);
    if (!value.known || !read_around(reader, &value))
        return false;
    note_deeds(reader, &value);
    return true;
}

/* ---- The statement --------------------------------------------------------------------------- */

/* A macro may do anything. By custom its name is in capitals. */
static bool is_macro_call(const struct reader *reader, size_t i)
{
    const struct word *word = &reader->statement->words[i];
    if (word->kind != WORD_NAME || word->length < 2 || !word_is(reader, i + 1, "("))
        return false;
    for (size_t k = 0; k < word->length; k++)
        if (word->at[k] >= 'a' && word->at[k] <= 'z')
            return false;
    return true;
}

/* Something that could be a use, and was not understood. */
static bool is_left_over(const struct reader *reader, size_t i)
{
    if (reader->taken[i])
        return false;
    return word_is(reader, i, "->") || word_is(reader, i, ".") || word_is(reader, i, "[") ||
           (word_is(reader, i, "*") && !ends_operand(reader, i - 1)) || is_macro_call(reader, i);
}

static bool read_uses(struct reader *reader)
{
    const struct statement *statement = reader->statement;
    for (size_t i = 0; i < statement->n_words; i++) {
        Dwarf_Die variable;
        bool member = i > 0 && (word_is(reader, i - 1, ".") || word_is(reader, i - 1, "->"));
        if (!member && find_variable(reader, i, &variable) && !read_use(reader, i, &variable))
            return false;
    }
    for (size_t i = 0; i < statement->n_words; i++)
        if (is_left_over(reader, i))
            return false;
    return true;
}

static void forget_uses(struct race_site *site)
{
    for (size_t i = 0; i < site->n_uses; i++) {
        free(site->uses[i].text);
        free(site->uses[i].base);
    }
    free(site->uses);
    site->uses = NULL;
    site->n_uses = 0;
}

static void look_through(const struct statement *statement, struct around *around,
                         struct race_site *site)
{
    struct reader reader = {.statement = statement, .unit = &around->unit, .site = site};

    reader.n_scopes = dwarf_getscopes(&around->unit, around->inside, &reader.scopes);
    if (reader.n_scopes <= 0)
        return;
    reader.taken = kit_alloc(statement->n_words + 1);
    if (!read_uses(&reader))
        forget_uses(site);
    free(reader.taken);
    free(reader.scopes);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Has the source been changed since the program was built? Then its lines are others. */
static bool is_younger(int folder, const char *source, const char *program)
{
    struct stat one, other;
    return fstatat(folder, source, &one, 0) == -1 || stat(program, &other) == -1 ||
           one.st_mtime > other.st_mtime;
}

void uses_find(struct image *image, uint64_t pc, const char *sources, struct race_site *site)
{
    struct around around;
    struct statement statement;

    if (site->place.file == NULL || !image_around(image, pc, &around))
        return;
    if (!around.exact) { /* the line would be another one: better none */
        free(site->place.file);
        free(site->place.function);
        site->place = (struct place){NULL, 0, NULL};
        return;
    }
    if (around.line != site->place.line || strcmp(base_name(around.path), site->place.file) != 0)
        return; /* the place is where an inlined helper was called from */
    const char *folder = sources != NULL ? sources : around.folder;
    const char *path = sources != NULL ? base_name(around.path) : around.path;
    int fd = open(folder != NULL ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return;
    if (!is_younger(fd, path, around.program) &&
        statement_read(&statement, fd, path, around.line)) {
        site->text = kit_strdup(statement.line);
        look_through(&statement, &around, site);
        statement_free(&statement);
    }
    close(fd);
}
