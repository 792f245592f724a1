/*
 * chance.h - where the random values of a check start.
 */
#ifndef IPCLAB_CHANCE_H
#define IPCLAB_CHANCE_H

#include <stdint.h>

void chance_seed(uint64_t seed);

#endif
