/*
 * lab.c - the title of lab 07.
 */
#include "../exercise.h"

LAB("Semaphores");
