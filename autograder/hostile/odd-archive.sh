# odd-archive.sh - the right answer in an archive, among names of 4,000 characters, newlines and terminal escapes.
#
# expect: passed
part=$(printf 'n%.0s' {1..200}) path=.
for ((i = 0; i < 19; i++)); do path=$path/$part; done
mkdir 01-pipes && mkdir 01-pipes/1-oneway && cp "$2" 01-pipes/1-oneway/oneway.c || exit
odd=$'\e[2J\n\e]0;owned\a\x9b31m<script>alert(1)<|script>\xff.c'
cp "$2" "$odd" && mkdir "folder $odd" && cp "$2" "folder $odd/$odd" && cp "$2" long.c || exit
tar -cf "$1.tar" --transform "s,^long.c,$path/long.c," 01-pipes "$odd" "folder $odd" long.c
