/*
 * rendezvous.h - processes that know the same file meet at one segment of shared memory.
 *
 *     int created;
 *     int id = rv_attach("/srv/desk", 'd', 1000, &created);
 *     char *segment = shmat(id, NULL, 0);
 *     char *data = segment + RV_DATA;        1000 bytes; all 0 if created
 *
 * There is no server and no client in this: whoever comes first makes the segment, and the others
 * find it. It stays until somebody removes it (shmctl(2), IPC_RMID); that is not done here.
 *
 * In the segment:
 *
 *     0                    sizeof header      RV_DATA                  RV_DATA + n
 *     +--------------------+------------------+------------------------+
 *     | struct rv_header   | nothing          | n bytes of the callers |
 *     +--------------------+------------------+------------------------+
 */
#ifndef RENDEZVOUS_H
#define RENDEZVOUS_H

#include <stddef.h>
#include <stdint.h>

#define RV_MAGIC UINT64_C(0x52656e64657a7631)

enum { RV_DATA = 64 }; /* bytes */

/* Says whose segment it is. A key alone does not: other files may have the same, see ftok(3). */
struct rv_header {
    uint64_t magic;  /* RV_MAGIC; not before all the rest is in its place */
    uint64_t bytes;  /* n */
    uint64_t device; /* st_dev of the file, */
    uint64_t inode;  /* and st_ino */
    int64_t project; /* proj, all of it */
};

/*
 * The segment that belongs to this file and this project id; made, if there is none. Its key is
 * ftok(path, proj), its permissions 0600, its size RV_DATA + n bytes.
 *
 * path: a regular file that the caller may read and write.
 * proj: any number whose low 8 bits are not all 0.
 * n: how many bytes the caller needs, at least 1; all callers say the same number.
 * created: set to 1 if this call has made the segment, to 0 if it has found it.
 *
 * However many processes call it at once: one of them makes it, and none returns before the header
 * is complete. Afterwards the segment is not attached, and no descriptor is open, on our account.
 *
 * Returns the identifier, or -1 with errno
 *   EINVAL  n is 0, proj is not possible, or the segment was made for another n
 *   EEXIST  something has that key which is not the segment of this file and this project id: it
 *           has no (complete) header, or another one. It stays as it is
 *   or as open(2), stat(2), ftok(3), shmget(2) or shmat(2) have set it: ENOENT, EACCES, ENOMEM, ...
 * Then *created means nothing, and no segment has been made that is still there.
 */
int rv_attach(const char *path, int proj, size_t n, int *created);

#endif
