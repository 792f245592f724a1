# link.sh - the source is a symbolic link to the reference answer.
#
# expect: refused
mkdir -p "$1" && ln -s "$2" "$1/oneway.c"
