/*
 * lab.c - the title of lab 06.
 */
#include "../exercise.h"

LAB("Message queues");
