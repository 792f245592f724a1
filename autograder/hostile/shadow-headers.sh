# shadow-headers.sh - the right answer among headers with the names of the system's and the kit's, each of which breaks what includes it.
#
# expect: passed
mkdir -p "$1/01-pipes/1-oneway" && cd "$1/01-pipes/1-oneway" && cp "$2" oneway.c || exit
for name in stdio stdlib unistd errno fcntl signal string wait ipclab check exercise record hostile die log; do
    printf '#error "taken in place of another"\n#define main somebody_else\n' >$name.h
done
mkdir sys bits && cp stdio.h sys/wait.h && cp stdio.h sys/types.h && cp stdio.h bits/types.h
