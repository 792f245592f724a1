/*
 * remove.c - removing an IPC object that a run has made and left.
 */
#include <mqueue.h>
#include <stdlib.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "kit.h"
#include "run.h"

int run_remove_object(const struct object *object)
{
    switch (object->kind) {
    case OBJECT_QUEUE:
        return msgctl(object->id, IPC_RMID, NULL);
    case OBJECT_SEMAPHORES:
        return semctl(object->id, 0, IPC_RMID);
    case OBJECT_SEGMENT:
        return shmctl(object->id, IPC_RMID, NULL);
    case OBJECT_POSIX_QUEUE:
        return mq_unlink(object->path);
    case OBJECT_POSIX_SEMAPHORE:
    case OBJECT_POSIX_MEMORY: {
        char *path =
            kit_format("/dev/shm/%s%s", object->kind == OBJECT_POSIX_SEMAPHORE ? "sem." : "",
                       object->path + (object->path[0] == '/'));
        int result = unlink(path);
        free(path);
        return result;
    }
    case OBJECT_FIFO:
    case OBJECT_SOCKET:
        return unlink(object->path);
    default:
        return 0;
    }
}
