/*
 * 1-mkkey.c - the checks of 5.1: a key, its parts, and what it says of a file. What is expected is
 * computed from what the file's own status says, which the kit looks up while the run goes on.
 */
#include "../exercise.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

EXERCISE("What a key is made of");

/* ---- What is expected ----------------------------------------------------------------------- */

static unsigned key_of(const struct stat *file, int id)
{
    return ((unsigned)id & 0xff) << 24 | ((unsigned)file->st_dev & 0xff) << 16 |
           ((unsigned)file->st_ino & 0xffff);
}

static struct text lines_of(const struct stat *file, int id)
{
    return text_format("0x%08x\nid 0x%02x device 0x%02x inode 0x%04x\n", key_of(file, id),
                       (unsigned)id & 0xff, (unsigned)file->st_dev & 0xff,
                       (unsigned)file->st_ino & 0xffff);
}

static const char *number(int id)
{
    return text_format("%d", id).bytes;
}

/* ---- A cell in which files come and go ------------------------------------------------------ */

/* A run whose first program is one of the kit's that waits, so that its files stay until the end;
 * mkkey and others run beside it. */
static struct run *start_scene(struct given *given)
{
    return start_program(probe("fifohand"), no_args(),
                         given(given_input_held_open(text_of("")), given));
}

static struct peer *run_beside(struct run *run, const char *program, const char *const *arguments)
{
    struct peer *peer = start_peer(run, program, arguments, NULL);
    wait_until_peer_ended(peer);
    wait_until_idle(run); /* what it has written is in our hands */
    return peer;
}

static void end_scene(struct run *run)
{
    close_input(run);
    finish_run(run);
}

static struct stat status_of(struct run *run, const char *name)
{
    struct stat status;
    bool there = stat_in_cell(run, name, &status);
    expect_that(run, there, FINDING_WRONG_OUTPUT,
                "The file %s, which mkkey was to look at, is gone.", name);
    return status;
}

/* mkkey PATH ID, and the whole of what it should say. */
static void expect_key(struct run *run, const char *path, int id, const struct stat *file)
{
    struct peer *mkkey = run_beside(run, "mkkey", args(path, number(id)));
    scene("`mkkey %s %d` was run.", path, id);
    expect_peer_exit(mkkey, 0);
    expect_peer_stdout(mkkey, lines_of(file, id));
    scene(NULL);
}

CHECK(key_and_its_parts, 2,
      HINT("Which of the numbers that stat gives you take part, and how many bits of each?")
      HINT("How many digits does each number have in the output, and what fills the places in front?")
      HINT("Where does a symbolic link lead, for ftok and for you?"))
{
    const char *file = random_word(), *folder = random_word();
    struct run *run =
        start_scene(given(given_file(file, random_bytes(10)), given_folder(folder, 0755)));
    struct stat status = status_of(run, file), of_folder = status_of(run, folder), of_usr;
    run_beside(run, "/bin/ln", args("-s", file, "link"));

    expect_key(run, file, random_between(1, 127), &status);
    expect_key(run, folder, random_between(128, 255), &of_folder);
    expect_key(run, "link", random_between(1, 255), &status);
    if (stat("/usr/bin", &of_usr) == 0)
        expect_key(run, "/usr/bin", random_between(1, 15), &of_usr);
    end_scene(run);
}

/* It shows more than 8 bits of an id that has more, or refuses it. */
static bool takes_whole_id(struct run *run, struct peer *mkkey, int id)
{
    const struct process *process = &record_of(run)->processes[number_of_peer(mkkey) - 1];
    struct text whole = text_format("id 0x%02x ", (unsigned)id);
    bool refused = WIFEXITED(process->wait_status) && WEXITSTATUS(process->wait_status) == 2;
    bool longer = id < 0 || id > 255;
    return longer && (refused || text_count(stdout_of_peer(mkkey), whole) > 0);
}

CHECK(eight_bits_of_the_id, 2,
      HINT("How many bits has an int, and how many of them has a key room for?")
      HINT("Do two ids that differ by 256 give different keys? Try it.")
      HINT("What do the low 8 bits of -1 look like?"))
{
    const char *file = random_word();
    int ids[] = {random_between(256, 511), random_between(512, 0x7fffff) | 1,
                 -random_between(1, 1000), 0, 0x7fffffff};
    struct run *run = start_scene(given_file(file, random_bytes(10)));
    struct stat status = status_of(run, file);

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct peer *mkkey = run_beside(run, "mkkey", args(file, number(ids[i])));
        scene("`mkkey %s %d` was run.", file, ids[i]);
        suspect_if(takes_whole_id(run, mkkey, ids[i]), "ftok-proj-id-8-bits");
        expect_peer_exit(mkkey, 0);
        expect_peer_stdout(mkkey, lines_of(&status, ids[i]));
        suspect(NULL);
    }
    end_scene(run);
}

/* No such file: exit status 1, the reason, and nothing that could be taken for a key. */
static void expect_no_key(const char *const *arguments, const char *reason)
{
    struct run *run = run_program("mkkey", arguments, given_file("f", text_of("x")));
    struct text out = stdout_of(run);

    scene("There is no file `%s`.", arguments[2] == NULL ? arguments[0] : arguments[2]);
    suspect_if(text_count(out, text_of("0xffffffff")) > 0, "ftok-missing-file");
    expect_that(run, out.length == 0, FINDING_UNCHECKED_ERROR,
                "Nothing should be on standard output when there is no key. There was: %s",
                out.bytes);
    suspect(NULL);
    expect_error_told(run, reason);
    scene(NULL);
}

CHECK(no_file_no_key, 2,
      HINT("What does ftok return when there is no such file?")
      HINT("What would two programs do that take that for a key, both of them?")
      HINT("What is on standard output when you find out that the second file is missing?"))
{
    const char *missing = random_word();

    expect_no_key(args(missing, number(random_between(1, 255))), "No such file");
    expect_no_key(args("f/g", "1"), "Not a directory");
    expect_no_key(args("f", "1", missing, "1"), "No such file");
}

CHECK(same_name_another_file, 1,
      HINT("What is it that ftok looks at: the name, or what has the name now?")
      HINT("What changes about a file when another one is renamed to its name?")
      HINT("Two programs make their keys from the same path, one of them after the change."))
{
    const char *file = random_word(), *other = random_word();
    int id = random_between(1, 255);
    struct run *run =
        start_scene(given(given_file(file, text_of("x")), given_file(other, text_of("x"))));
    struct peer *first = run_beside(run, "mkkey", args(file, number(id)));

    run_beside(run, "/bin/mv", args(other, file));
    struct stat after = status_of(run, file);
    struct peer *second = run_beside(run, "mkkey", args(file, number(id)));

    struct text before = stdout_of_peer(first);
    scene("Another file was renamed to `%s` between two runs of mkkey. Before it said: %s", file,
          before.bytes);
    suspect_if(before.length > 0 && text_equal(before, stdout_of_peer(second)),
               "ftok-file-recreated");
    expect_peer_stdout(second, lines_of(&after, id));
    suspect(NULL);
    end_scene(run);
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

/* Two different files of the machine whose keys are equal; paths are empty: none was found. */
static struct twins {
    char *first, *second;
} twins;

/* By the low bits of the inode number: a file that has them. */
static struct candidate {
    char *path;
    dev_t device;
    ino_t inode;
} candidates[0x10000];

static int look_for_twin(const char *path, const struct stat *status, int type, struct FTW *where)
{
    struct candidate *other = &candidates[status->st_ino & 0xffff];
    (void)where;
    if (type != FTW_F || access(path, R_OK) == -1)
        return 0;
    if (other->path != NULL && (other->device & 0xff) == (status->st_dev & 0xff) &&
        other->inode != status->st_ino) {
        twins = (struct twins){other->path, strdup(path)};
        return 1;
    }
    if (other->path == NULL)
        *other = (struct candidate){strdup(path), status->st_dev, status->st_ino};
    return 0;
}

static bool find_twins(void)
{
    static const char *const places[] = {"/usr/include", "/usr/lib", "/usr/share", "/usr"};
    for (size_t i = 0; i < sizeof places / sizeof places[0] && twins.second == NULL; i++)
        nftw(places[i], look_for_twin, 32, FTW_PHYS);
    return twins.second != NULL;
}

/* mkkey with two pairs in the cell of that run. */
static void expect_pair(struct run *run, const char *const *pair, const struct stat *a,
                        const struct stat *b)
{
    int ids[] = {atoi(pair[1]), atoi(pair[3])};
    bool same = a->st_dev == b->st_dev && a->st_ino == b->st_ino;
    bool equal = key_of(a, ids[0]) == key_of(b, ids[1]);
    struct text last = text_format("keys %s, files %s\n", equal ? "equal" : "different",
                                   same ? "same" : "different");

    struct peer *mkkey = run_beside(run, "mkkey", pair);

    struct text said = stdout_of_peer(mkkey);
    scene("`mkkey %s %s %s %s` was run. The paths lead to %s, with inode numbers %ju and %ju.",
          pair[0], pair[1], pair[2], pair[3], same ? "one file" : "two files", (uintmax_t)a->st_ino,
          (uintmax_t)b->st_ino);
    suspect_if(equal != same &&
                   text_count(said, text_of(equal ? "files same" : "files different")) > 0,
               "ftok-unique");
    expect_peer_exit(mkkey, 0);
    expect_peer_stdout(mkkey, text_join(lines_of(a, ids[0]), text_join(lines_of(b, ids[1]), last)));
    suspect(NULL);
    scene(NULL);
}

CHECK(equal_keys_are_no_proof, 3,
      HINT("How many files can a machine have, and how many keys are there for one id?")
      HINT("What says that two paths are one file? The key is made of a part of it.")
      HINT("Two names of one file, with different ids: what is equal, and what is not?"))
{
    struct text bytes = random_bytes(10);
    struct run *run = start_scene(given(given_file("f", bytes), given_file("g", bytes)));
    struct stat f = status_of(run, "f"), g = status_of(run, "g"), first, second;
    const char *id = number(random_between(1, 255)), *next = number(atoi(id) + 1),
               *far = number(atoi(id) + 256);
    run_beside(run, "/bin/ln", args("f", "hard"));
    run_beside(run, "/bin/ln", args("-s", "f", "soft"));

    expect_pair(run, args("f", id, "hard", id), &f, &f);
    expect_pair(run, args("soft", id, "f", far), &f, &f);
    expect_pair(run, args("f", id, "g", id), &f, &g);
    expect_pair(run, args("f", id, "hard", next), &f, &f);
    struct stat here, there;
    if (stat_in_cell(run, ".", &here) && stat_in_cell(run, "../dev/shm", &there))
        expect_pair(run, args(".", id, "/dev/shm", id), &here, &there);
    if (find_twins() && stat(twins.first, &first) == 0 && stat(twins.second, &second) == 0)
        expect_pair(run, args(twins.first, id, twins.second, id), &first, &second);
    end_scene(run);
}

static void expect_usage(const char *const *arguments)
{
    struct run *run = run_program("mkkey", arguments, given_file("f", text_of("x")));
    expect_exit(run, 2);
    expect_stderr_begins(run, "usage:");
    expect_stdout(run, text_of(""));
}

CHECK(wrong_usage_and_full_disk, 1,
      HINT("Which numbers of arguments are there?")
      HINT("What does strtol tell you beside the number, and where?")
      HINT("When does it show that standard output could not be written?"))
{
    expect_usage(no_args());
    expect_usage(args("f"));
    expect_usage(args("f", "1", "f"));
    expect_usage(args("f", "1", "f", "1", "f"));
    expect_usage(args("f", ""));
    expect_usage(args("f", "x"));
    expect_usage(args("f", "12x"));
    expect_usage(args("f", "1", "f", "99999999999999999999"));
    expect_usage(args("f", "2147483648"));

    struct run *run =
        run_program("mkkey", args("f", "1"),
                    given(given_file("f", text_of("x")), given_output_file("/dev/full")));
    expect_full_told(run);
    EACH_FAULT(fault, FAULT_FAILS, "write memory")
    {
        run = run_program("mkkey", args("f", "1", "f", "2"),
                          given(given_file("f", text_of("x")), fault));
        expect_fault_told(run, NULL);
    }
}
