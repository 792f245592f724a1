/*
 * lab.c - the title of lab 02.
 */
#include "../exercise.h"

LAB("Other programs: popen and its dangers");
