# hard-link.sh - an archive whose source is a hard link to the machine's accounts.
#
# expect: refused
mkdir here && cd here && echo nothing >first && ln first oneway.c && tar cf "$1.tar" --transform 's,^first$,/etc/passwd,' first oneway.c 2>/dev/null
