#include "commands.h"
int command_grade(int argc, char **argv) { (void)argc; (void)argv; return 3; }
