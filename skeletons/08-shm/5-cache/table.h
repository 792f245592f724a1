/*
 * table.h - what lies in shared memory, for the server that makes it and the clients that use it.
 *
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdatomic.h>
#include <stdint.h>

#include "cache.h"

// TODO: An entry; the table with its entries; which semaphores there are. What if somebody is
// killed in the middle of a change?

#endif
