/*
 * submissions.h - which submissions there are, and what each is called.
 */
#ifndef IPCLAB_SUBMISSIONS_H
#define IPCLAB_SUBMISSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct submission {
    char *path;
    char *name; /* the student's: of the folder, or of the archive without its ending */
    pid_t pid;  /* of the process that grades it; 0: none */
};

struct submissions {
    struct submission *items;
    size_t n;
    const char *command; /* whose messages these are: "grade" */
    bool wrong;          /* some path could not be used; that was said */
};

/*
 * Takes the paths of folders and archives, for a command whose name the caller has set. One folder
 * alone that holds several submissions, and none of the files of an exercise itself, stands for
 * these. The result is sorted by path and each has a name of its own: of two alike the second is
 * called NAME-2 (which is said), so the same paths get the same names on every machine.
 */
void submissions_find(struct submissions *submissions, char *const *paths, size_t n);
/* Takes one path for one submission, whatever the folder looks like. Its name is "submission". */
void submissions_single(struct submissions *submissions, const char *path);
/* Keeps number `shard` (from 1) of `shards` parts. */
void submissions_keep_shard(struct submissions *submissions, uint64_t shard, uint64_t shards);
/* The one archive that a folder holds, without sources or other folders beside it: what some
 * learning platforms hand out. Owned by the caller; NULL when it is not like that. */
char *submissions_wrapped(const char *folder);
void submissions_clear(struct submissions *submissions);

#endif
