# device.sh - the source is a device without end, where one may be made; else a link to one.
#
# expect: refused
mkdir -p "$1" && { mknod "$1/oneway.c" c 1 5 2>/dev/null || ln -s /dev/zero "$1/oneway.c"; }
