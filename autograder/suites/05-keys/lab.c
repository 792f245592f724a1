/*
 * lab.c - the title of lab 05.
 */
#include "../exercise.h"

LAB("Keys and identifiers");
