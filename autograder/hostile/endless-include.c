/*
 * endless-include.c - includes itself twice, and so without end.
 *
 * expect: not_built
 * says: The compiler
 */
#include __FILE__
#include __FILE__
