/*
 * snapshot.h - the state of every thread of a run at one moment, from /proc, without stopping one.
 *
 * Nothing here disturbs the run: no ptrace stop (an interrupted semop or epoll_wait would return
 * EINTR to a program that did nothing to deserve it), only /proc, process_vm_readv(2) and
 * pidfd_getfd(2).
 */
#ifndef IPCLAB_SNAPSHOT_H
#define IPCLAB_SNAPSHOT_H

#include "ipc_state.h"
#include "record.h"

/*
 * Is everybody asleep?  Looks at all threads of all live processes of the record.
 * Returns 1 when each sleeps in a system call (state S, or D in vfork) and stores a digest of
 * (thread, call, arguments, context switches): two equal digests mean that nobody moved in between.
 * Returns 0 when some thread runs, is stopped, is just being started, or could not be read.
 * Cheap: meant to be called every 50 ms.
 */
int snapshot_stillness(const struct record *record, uint64_t *digest);

/*
 * Fills record->threads, ->descriptors and the state of ->objects (adding objects met for the
 * first time), replacing the last snapshot.  Threads that do not sleep get asleep = false.
 * ipc: System V objects, POSIX names, sockets and locks as seen inside the run's namespaces; NULL:
 * read them here (the run shares our namespaces).
 * kit_pid_is_outside: descriptors held by processes that are not in the record set outside_reads /
 * outside_writes of their objects (only when the record's world is open; in a closed world only the
 * flags that the runner has set itself count).
 */
void snapshot_take(struct record *record, const struct ipc_state *ipc, int64_t now_us);

#endif
