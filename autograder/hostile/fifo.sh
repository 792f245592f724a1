# fifo.sh - the source is a FIFO, which keeps a reader for ever.
#
# expect: refused
mkdir -p "$1" && mkfifo "$1/oneway.c"
