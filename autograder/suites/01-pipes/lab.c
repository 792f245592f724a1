/*
 * lab.c - the title of lab 01.
 */
#include "../exercise.h"

LAB("Pipes");
