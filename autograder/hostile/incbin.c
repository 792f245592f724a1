/*
 * incbin.c - the assembler is to put a secret into the program.
 *
 * expect: not_built
 * says: incbin|shadow|open
 */
__asm__(".incbin \"/etc/shadow\"");

int main(void)
{
    return 0;
}
