/*
 * memcheck.c - programs of a run under valgrind's memcheck. See memcheck.h.
 *
 * The XML is read by expat: it takes a document piece by piece, so what a killed process has
 * written before its end is not lost.  Source: valgrind's docs/internals/xml-output-protocol4.txt.
 *
 * _GNU_SOURCE: struct ucred, SO_PASSCRED.
 */
#define _GNU_SOURCE
#include "memcheck.h"

#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image.h"
#include "kit.h"
#include "run.h"

/* A report has some kilobytes an error, and memcheck itself stops after a thousand of them. */
enum { PIECE_MAX = 65536, REPORT_MAX = 8 * 1024 * 1024 };

/* A process that has come by fork goes on without one. */
static const char document_start[] = "<?xml";

/* What one process has written; more than one if it has exec'ed. */
struct report {
    pid_t host_pid;
    struct bytes xml;
};

struct memcheck {
    int ours, theirs, number;
    char *xml_option;
    struct report *reports;
    size_t n_reports;
};

/* ---- The command ---------------------------------------------------------------------------- */

/* memcheck keeps the highest descriptors for itself. A program's limit is what we set, or ours. */
static int reserved_number(unsigned long descriptors)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        kit_broken("RLIMIT_NOFILE");
    bool lowered = descriptors != 0 && descriptors <= limit.rlim_max;
    return (int)(lowered ? descriptors : limit.rlim_cur) - 2;
}

struct memcheck *memcheck_new(unsigned long descriptors)
{
    struct memcheck *memcheck = kit_alloc(sizeof *memcheck);
    int ends[2], yes = 1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1 ||
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == -1)
        kit_broken("cannot make a socket for valgrind");
    memcheck->ours = ends[0];
    memcheck->theirs = ends[1];
    memcheck->number = reserved_number(descriptors);
    memcheck->xml_option = kit_format("--xml-fd=%d", memcheck->number);
    return memcheck;
}

void memcheck_free(struct memcheck *memcheck)
{
    if (memcheck == NULL)
        return;
    for (size_t i = 0; i < memcheck->n_reports; i++)
        free(memcheck->reports[i].xml.data);
    free(memcheck->reports);
    free(memcheck->xml_option);
    close(memcheck->ours);
    close(memcheck->theirs);
    free(memcheck);
}

/* The system's commands, and the kit's probes; what a learner has built is elsewhere. */
static const char skipped[] = "--trace-children-skip=/bin/*,/sbin/*,/lib*,/opt/*,/usr/bin/*,"
                              "/usr/sbin/*,/usr/lib*,/usr/games/*,/usr/local/bin/*,"
                              "/usr/local/sbin/*,/probe/*,*/probes/*";

const char **memcheck_command(const struct memcheck *memcheck, const struct run_program *program)
{
    static const char *const options[] = {
        "valgrind",
        "--command-line-only=yes", /* no .valgrindrc, which it could write */
        "--tool=memcheck",
        "--quiet",
        "--vgdb=no",
        "--xml=yes",
        "--track-origins=yes",
        "--show-leak-kinds=none",
        "--num-callers=40",
        "--trace-children=yes",
        skipped};
    const char **list = NULL;
    size_t count = 0;

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        *ARRAY_ADD(list, count) = options[i];
    *ARRAY_ADD(list, count) = memcheck->xml_option;
    *ARRAY_ADD(list, count) = program->file;
    for (size_t i = 0; program->argv[0] != NULL && program->argv[i + 1] != NULL; i++)
        *ARRAY_ADD(list, count) = program->argv[i + 1];
    *ARRAY_ADD(list, count) = NULL;
    return list;
}

int memcheck_end(const struct memcheck *memcheck)
{
    return memcheck->theirs;
}

int memcheck_number(const struct memcheck *memcheck)
{
    return memcheck->number;
}

bool memcheck_runs_in(const char *file)
{
    const char *slash = strrchr(file, '/');
    return strncmp(slash != NULL ? slash + 1 : file, "memcheck-", 9) == 0;
}

/* ---- What valgrind does not know ------------------------------------------------------------ */

static const char *unknown_name(const char *name)
{
    static const char *const unknown[] = {"pidfd_open",   "pidfd_send_signal", "pidfd_getfd",
                                          "epoll_pwait2", "process_mrelease",  "syscall"};
    for (size_t i = 0; name != NULL && i < sizeof unknown / sizeof *unknown; i++)
        if (strcmp(name, unknown[i]) == 0)
            return unknown[i];
    return NULL;
}

/* Of the names that the program has from its libraries. */
static const char *unknown_in(Elf *elf, Elf_Scn *section)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    Elf_Data *data = elf_getdata(section, NULL);
    const char *found = NULL;

    if (data == NULL || gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_DYNSYM)
        return NULL;
    for (int i = 0; found == NULL && gelf_getsym(data, i, &symbol) != NULL; i++)
        if (symbol.st_shndx == SHN_UNDEF)
            found = unknown_name(elf_strptr(elf, header.sh_link, symbol.st_name));
    return found;
}

const char *memcheck_unknown_call(const char *file)
{
    const char *found = NULL;
    Elf_Scn *section = NULL;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd == -1 || elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    while (elf != NULL && found == NULL && (section = elf_nextscn(elf, section)) != NULL)
        found = unknown_in(elf, section);
    elf_end(elf);
    close(fd);
    return found;
}

/* ---- What comes ----------------------------------------------------------------------------- */

int memcheck_input(const struct memcheck *memcheck)
{
    return memcheck != NULL ? memcheck->ours : -1;
}

/* The document that this piece goes on with. */
static struct report *report_of(struct memcheck *memcheck, pid_t host_pid, bool begins)
{
    for (size_t i = memcheck->n_reports; !begins && i-- > 0;)
        if (memcheck->reports[i].host_pid == host_pid)
            return &memcheck->reports[i];
    struct report *report = ARRAY_ADD(memcheck->reports, memcheck->n_reports);
    report->host_pid = host_pid;
    return report;
}

static void keep_piece(struct memcheck *memcheck, pid_t host_pid, const char *piece, size_t length)
{
    size_t start = strlen(document_start);
    bool begins = length >= start && memcmp(piece, document_start, start) == 0;
    struct bytes *xml = &report_of(memcheck, host_pid, begins)->xml;

    if (xml->length + length > REPORT_MAX)
        return;
    xml->data = kit_realloc(xml->data, xml->length + length);
    memcpy(xml->data + xml->length, piece, length);
    xml->length += length;
}

/* One message with the pid of who sent it. -1: none is there. Source: unix(7). */
static ssize_t receive_piece(int socket, char *piece, pid_t *sender)
{
    union {
        char space[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {piece, PIECE_MAX};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got == -1 && errno == EINTR);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header == NULL || header->cmsg_type != SCM_CREDENTIALS)
        return got > 0 ? 0 : got;
    struct ucred who;
    memcpy(&who, CMSG_DATA(header), sizeof who);
    *sender = who.pid;
    return got;
}

bool memcheck_drain(struct memcheck *memcheck)
{
    static char piece[PIECE_MAX];
    bool any = false;
    ssize_t got;
    pid_t sender = -1;

    if (memcheck == NULL)
        return false;
    while ((got = receive_piece(memcheck->ours, piece, &sender)) >= 0) {
        keep_piece(memcheck, sender, piece, (size_t)got);
        any = true;
    }
    return any;
}

/* ---- Reading a document --------------------------------------------------------------------- */

enum { DEPTH_MAX = 16 };

struct frame {
    char *object, *function, *folder, *file;
    int line;
};

struct reader {
    struct record *record;
    int process;
    const char *inside[DEPTH_MAX]; /* the elements around us: names of the table below, or "" */
    int depth;
    bool in_error;
    struct bytes text; /* of the present element */

    struct misuse misuse; /* the present error */
    char *last_about;     /* what the next stack is about; NULL: the error itself */
    struct frame frame;
    /* Of the present stack: the innermost frame of the best owner so far. */
    enum owner owner;
    struct place place;
    char *called; /* the function of the frame before (called by this one) */
    char *through;
    struct text_words {
        char **list;
        size_t count;
    } words; /* the program's command */
};

/* Elements that mean something to us. */
static const char *const elements[] = {
    "error", "kind", "what",  "text",     "auxwhat",       "stack", "frame",
    "obj",   "fn",   "dir",   "file",     "line",          "argv",  "exe",
    "arg",   "args", "xwhat", "xauxwhat", "valgrindoutput"};

static const char *known_element(const char *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcmp(elements[i], name) == 0)
            return elements[i];
    return "";
}

static bool is_inside(const struct reader *reader, const char *element)
{
    for (int i = 0; i < reader->depth && i < DEPTH_MAX; i++)
        if (strcmp(reader->inside[i], element) == 0)
            return true;
    return false;
}

/* The text of an element. We have said that the document is Latin-1, because a program's arguments
 * need not be UTF-8; expat has made UTF-8 of each byte, and here it becomes that byte again. */
static char *take_text(struct reader *reader)
{
    const unsigned char *from = (const unsigned char *)reader->text.data;
    size_t length = reader->text.length, n = 0;
    char *text = kit_alloc(length + 1);

    for (size_t i = 0; i < length; i++) {
        bool two = from[i] >= 0x80 && i + 1 < length;
        text[n++] = (char)(two ? (from[i] & 3) << 6 | (from[i + 1] & 0x3f) : from[i]);
        i += two;
    }
    reader->text.length = 0;
    return text;
}

static void replace(char **old, char *value)
{
    free(*old);
    *old = value;
}

static void clear_frame(struct frame *frame)
{
    free(frame->object);
    free(frame->function);
    free(frame->folder);
    free(frame->file);
    *frame = (struct frame){0};
}

static void clear_place(struct place *place)
{
    free(place->file);
    free(place->function);
    *place = (struct place){0};
}

/* The kit's driver of a module counts as little as the common helpers: its caller, or whom it
 * calls, says more. */
static enum owner owner_of(const struct reader *reader, const struct frame *frame)
{
    const char *driver = reader->record->kit_file;
    if (frame->file == NULL || (frame->object != NULL && is_system_path(frame->object)))
        return OWNER_NOBODY;
    if (driver != NULL && strcmp(driver, frame->file) == 0)
        return OWNER_COMMON;
    char *path = kit_format("%s/%s", frame->folder != NULL ? frame->folder : "", frame->file);
    enum owner owner = source_owner(path);
    free(path);
    return owner;
}

/* "__libc_msgsnd", "_IO_puts", "memcpy@@GLIBC_2.14": as the manual calls them. */
static char *plain_name(const char *function)
{
    static const char *const prefixes[] = {"__libc_", "__GI_", "_IO_", "__"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0) {
            function += strlen(prefixes[i]);
            break;
        }
    return kit_strndup(function, strcspn(function, "@"));
}

static void end_frame(struct reader *reader)
{
    struct frame *frame = &reader->frame;
    enum owner owner = owner_of(reader, frame);

    if (owner > reader->owner) {
        const char *slash = strrchr(frame->file, '/');
        reader->owner = owner;
        clear_place(&reader->place);
        reader->place.file = kit_strdup(slash != NULL ? slash + 1 : frame->file);
        reader->place.line = frame->line;
        reader->place.function = frame->function != NULL ? kit_strdup(frame->function) : NULL;
        replace(&reader->through, reader->called != NULL ? kit_strdup(reader->called) : NULL);
    }
    replace(&reader->called, frame->function != NULL ? plain_name(frame->function) : NULL);
    clear_frame(frame);
}

static void begin_stack(struct reader *reader)
{
    reader->owner = OWNER_NOBODY;
    replace(&reader->called, NULL);
    replace(&reader->through, NULL);
    clear_place(&reader->place);
}

/* A stack belongs to the words before it. */
static void end_stack(struct reader *reader)
{
    struct misuse *misuse = &reader->misuse;
    struct place *place = reader->last_about == NULL                ? &misuse->place
                          : strstr(reader->last_about, "Block was") ? &misuse->made_place
                                                                    : &misuse->about_place;
    if (place == &misuse->place)
        replace(&misuse->through, reader->through != NULL ? kit_strdup(reader->through) : NULL);
    clear_place(place);
    *place = reader->place;
    reader->place = (struct place){0};
    begin_stack(reader);
}

static void end_about(struct reader *reader)
{
    replace(&reader->last_about, take_text(reader));
    bool is_origin = strncmp(reader->last_about, "Uninitialised", 13) == 0;
    if (reader->misuse.about == NULL || is_origin) /* where a value is from says more */
        replace(&reader->misuse.about, kit_strdup(reader->last_about));
}

/* Errors in which no line of the learner's has a part are the system's affair, and so are the
 * leaks that are reported in any XML: at its end a program may leave its memory to the kernel. */
static void end_error(struct reader *reader)
{
    struct misuse *misuse = &reader->misuse;
    bool wanted = misuse->kind != NULL && strncmp(misuse->kind, "Leak_", 5) != 0 &&
                  (misuse->place.file != NULL || misuse->about_place.file != NULL);

    misuse->process = reader->process;
    replace(&reader->last_about, NULL);
    reader->in_error = false;
    if (wanted)
        *ARRAY_ADD(reader->record->misuses, reader->record->n_misuses) = *misuse;
    else
        misuse_clear(misuse);
    *misuse = (struct misuse){.process = -1};
}

static char *joined(const struct text_words *words)
{
    char *whole = kit_strdup("");
    for (size_t i = 0; i < words->count; i++) {
        char *longer = kit_format("%s%s%s", whole, i > 0 ? " " : "", words->list[i]);
        replace(&whole, longer);
    }
    return whole;
}

static void clear_words(struct text_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct text_words){0};
}

/* The tracer has seen valgrind's command; this is the program's own. */
static void name_process(struct reader *reader)
{
    if (reader->process < 0 || reader->words.count == 0)
        return;
    struct process *process = &reader->record->processes[reader->process];
    const char *slash = strrchr(reader->words.list[0], '/');
    if (process->own_program) {
        replace(&process->name, kit_strdup(slash != NULL ? slash + 1 : reader->words.list[0]));
        replace(&process->command, joined(&reader->words));
    }
    clear_words(&reader->words);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = context;
    const char *element = known_element(name);

    (void)attributes;
    if (reader->depth < DEPTH_MAX)
        reader->inside[reader->depth] = element;
    reader->depth++;
    reader->text.length = 0;
    if (strcmp(element, "error") == 0)
        reader->in_error = true;
    else if (strcmp(element, "stack") == 0)
        begin_stack(reader);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length)
{
    struct bytes *into = &((struct reader *)context)->text;
    into->data = kit_realloc(into->data, into->length + (size_t)length);
    memcpy(into->data + into->length, text, (size_t)length);
    into->length += (size_t)length;
}

static void end_in_frame(struct reader *reader, const char *element)
{
    struct frame *frame = &reader->frame;
    const struct {
        const char *element;
        char **field;
    } fields[] = {
        {"obj",  &frame->object  },
        {"fn",   &frame->function},
        {"dir",  &frame->folder  },
        {"file", &frame->file    },
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].element, element) == 0)
            replace(fields[i].field, take_text(reader));
    if (strcmp(element, "line") == 0) {
        char *digits = take_text(reader);
        frame->line = (int)strtol(digits, NULL, 10);
        free(digits);
    }
    if (strcmp(element, "frame") == 0)
        end_frame(reader);
}

static void end_in_error(struct reader *reader, const char *element)
{
    bool about = is_inside(reader, "xauxwhat");

    if (is_inside(reader, "frame") || strcmp(element, "frame") == 0)
        end_in_frame(reader, element);
    else if (strcmp(element, "stack") == 0)
        end_stack(reader);
    else if (strcmp(element, "kind") == 0)
        replace(&reader->misuse.kind, take_text(reader));
    else if (strcmp(element, "what") == 0 || (strcmp(element, "text") == 0 && !about))
        replace(&reader->misuse.what, take_text(reader));
    else if (strcmp(element, "auxwhat") == 0 || strcmp(element, "text") == 0)
        end_about(reader);
    else if (strcmp(element, "error") == 0)
        end_error(reader);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct reader *reader = context;
    const char *element = known_element(name);

    reader->depth--;
    if (reader->in_error)
        end_in_error(reader, element);
    else if (is_inside(reader, "argv") && element[0] != '\0')
        *ARRAY_ADD(reader->words.list, reader->words.count) = take_text(reader);
    else if (strcmp(element, "argv") == 0)
        name_process(reader);
}

/* A program's arguments may hold bytes that XML does not know. */
static char *without_controls(const char *xml, size_t length)
{
    char *clean = kit_alloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)xml[i];
        clean[i] = byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r' ? xml[i] : '?';
    }
    return clean;
}

/* Not the last piece: whether an end is missing is nobody's fault. */
static bool parse(XML_Parser parser, const char *xml, size_t length)
{
    return XML_Parse(parser, xml, (int)length, XML_FALSE) == XML_STATUS_OK;
}

int memcheck_read(const char *xml, size_t length, struct record *record, int process)
{
    static const char root[] = "<valgrindoutput>";
    struct reader reader = {.record = record, .process = process, .misuse = {.process = -1}};
    XML_Parser parser = XML_ParserCreate("ISO-8859-1");
    char *clean = without_controls(xml, length);

    if (parser == NULL)
        kit_broken("no memory for the XML parser");
    XML_SetUserData(parser, &reader);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    bool whole = strncmp(clean, document_start, strlen(document_start)) == 0;
    bool read = (whole || parse(parser, root, strlen(root))) && parse(parser, clean, length);
    XML_ParserFree(parser);
    free(clean);
    free(reader.text.data);
    free(reader.last_about);
    free(reader.called);
    free(reader.through);
    clear_place(&reader.place);
    clear_frame(&reader.frame);
    clear_words(&reader.words);
    misuse_clear(&reader.misuse);
    return read ? 0 : -1;
}

/* ---- When the run is over ------------------------------------------------------------------- */

static int process_of(const struct record *record, pid_t host_pid)
{
    for (size_t i = record->n_processes; i-- > 0;)
        if (record->processes[i].host_pid == host_pid)
            return (int)i;
    return -1;
}

static bool has_report(const struct memcheck *memcheck, const struct process *process)
{
    for (size_t i = 0; i < memcheck->n_reports; i++)
        if (memcheck->reports[i].host_pid == process->host_pid)
            return true;
    return false;
}

/* And not because there is no such program: valgrind says so itself, as a shell would. */
static bool ended_by_itself(const struct process *process)
{
    int status = process->wait_status;
    return !process->killed_by_kit && WIFEXITED(status) && WEXITSTATUS(status) != 126 &&
           WEXITSTATUS(status) != 127;
}

/* Only a program that valgrind has started tells its name; its children by fork have the same. */
static void name_forked(struct record *record)
{
    for (size_t i = 0; i < record->n_processes; i++) {
        struct process *process = &record->processes[i];
        if (process->parent < 0 || !process->own_program || !memcheck_runs_in(process->name))
            continue;
        const struct process *parent = &record->processes[process->parent];
        replace(&process->name, kit_strdup(parent->name));
        replace(&process->command, kit_strdup(parent->command));
    }
}

void memcheck_collect(struct memcheck *memcheck, struct record *record)
{
    memcheck_drain(memcheck);
    record->memory_watched = true;
    for (size_t i = 0; i < memcheck->n_reports; i++) {
        const struct report *report = &memcheck->reports[i];
        int process = process_of(record, report->host_pid);
        if (memcheck_read(report->xml.data, report->xml.length, record, process) == -1) {
            errno = 0;
            kit_broken("what valgrind reports cannot be read");
        }
    }
    name_forked(record);
    for (size_t i = 0; i < record->n_processes; i++) {
        const struct process *process = &record->processes[i];
        if (process->own_program && ended_by_itself(process) && !has_report(memcheck, process))
            record->unwatched++;
    }
}
