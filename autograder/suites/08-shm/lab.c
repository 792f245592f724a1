/*
 * lab.c - the title of lab 08.
 */
#include "../exercise.h"

LAB("Shared memory");
