/*
 * gigabyte-array.c - a program of 1 GB, all of it in the file.
 *
 * expect: not_built
 */
char everything[1 << 30] = {1};

int main(void)
{
    return everything[0];
}
