/*
 * lab.c - the title of lab 04.
 */
#include "../exercise.h"

LAB("FIFOs");
