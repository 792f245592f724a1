/*
 * lab.c - the title of lab 03.
 */
#include "../exercise.h"

LAB("Coprocesses");
