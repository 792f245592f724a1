#!/usr/bin/env bash
# make-book.sh - the handbook as one site: chapters, tasks and the pages that explain.
#
# Usage: make-book.sh DIR
#
# DIR becomes index.html, NN-lab/index.html, NN-lab/K-exercise.html and explain/NAME.html: read from a
# folder or put on any server, without script or network.  The texts are labs/ and autograder/explain/
# as they stand; what is made here is the way from one to the next: contents, neighbours, and a link
# wherever a text says `ipclab explain NAME` or names an exercise.  At the end every link is followed.
set -eu
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# = 1 ] || { echo "usage: make-book.sh DIR" >&2; exit 2; }
command -v cmark-gfm >/dev/null || { echo "make-book.sh needs cmark-gfm: autograder/deps.sh test" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$root"

escape() { sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

# The first heading of a text, as HTML.
title_of()
{
    sed -n 's/^# *//p' "$1" | head -n 1 | tr -d '`' | escape
}

# page TEXT FILE UP BEFORE AFTER: a text as the page FILE; UP leads to the top of the book ("", "../").
# BEFORE and AFTER: links to its neighbours, as HTML.
page()
{
    local text=$1 file=$2 up=$3 before=$4 after=$5
    mkdir -p "$(dirname "$out/$file")"
    {
        printf '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        printf '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        printf '<title>%s</title>\n<link rel="stylesheet" href="%sstyle.css">\n</head>\n<body>\n' "$(title_of "$text")" "$up"
        printf '<a class="skip" href="#text">To the text</a>\n'
        printf '<nav class="head"><a href="%sindex.html">The handbook</a> <a href="%sexplain/index.html">What the kit finds</a></nav>\n' "$up" "$up"
        printf '<main id="text">\n'
        cmark-gfm -e table -e autolink "$text" | awk -v up="$up" -v places="$places" -f "$here/links.awk"
        printf '</main>\n<nav class="foot"><span>%s</span><span>%s</span></nav>\n</body>\n</html>\n' "$before" "$after"
    } >"$out/$file"
}

# ---- What there is ------------------------------------------------------------------------------

places=$(mktemp)
sequence=$(mktemp)
index=$(mktemp)
trap 'rm -f "$places" "$sequence" "$index"' EXIT

# Every exercise and every page that explains, "NAME PLACE": for links out of running text.
for text in labs/[0-9]*/[0-9]*.md; do
    lab=$(basename "$(dirname "$text")")
    file=$(basename "$text" .md)
    echo "$((10#${lab%%-*})).${file%%-*} $lab/$file.html"
done >"$places"
for text in autograder/explain/*.md; do
    echo "$(basename "$text" .md) explain/$(basename "$text" .md).html"
done >>"$places"

for chapter in labs/[0-9]*/README.md; do
    lab=$(basename "$(dirname "$chapter")")
    echo "$chapter $lab/index.html"
    for text in labs/"$lab"/[0-9]*.md; do
        echo "$text $lab/$(basename "$text" .md).html"
    done
done >"$sequence"

# ---- Pages --------------------------------------------------------------------------------------

cp "$here/style.css" "$out/style.css"
{
    echo '# Processes that talk to each other'
    echo
    echo 'The handbook of ipclab. A chapter says how a kind of communication works and what goes wrong'
    echo 'with it; its tasks are programs that you write; `ipclab check` says what they really did.'
    while read -r text file; do
        case $text in
        */README.md) printf '\n## [%s](%s)\n\n' "$(title_of "$text")" "$file" ;;
        *) printf '* [%s](%s)\n' "$(title_of "$text")" "$file" ;;
        esac
    done <"$sequence"
    printf '\n## [What the kit finds](explain/index.html)\n\n%s\n' \
        'Each kind of finding, and each misconception behind one.'
} >"$index"
page "$index" index.html "" "" ""

before=
mapfile -t rows <"$sequence"
for ((i = 0; i < ${#rows[@]}; i++)); do
    read -r text file <<<"${rows[i]}"
    after=
    if [ $((i + 1)) -lt ${#rows[@]} ]; then
        read -r next next_file <<<"${rows[i + 1]}"
        after="<a rel=\"next\" href=\"../$next_file\">$(title_of "$next") &rarr;</a>"
    fi
    page "$text" "$file" ../ "$before" "$after"
    before="<a rel=\"prev\" href=\"../$file\">&larr; $(title_of "$text")</a>"
done

{
    echo '# What the kit finds'
    echo
    for text in autograder/explain/*.md; do
        printf '* [%s](%s.html)\n' "$(title_of "$text")" "$(basename "$text" .md)"
    done
} >"$index"
page "$index" explain/index.html ../ "" ""
for text in autograder/explain/*.md; do
    page "$text" "explain/$(basename "$text" .md).html" ../ \
        '<a href="index.html">&larr; What the kit finds</a>' ""
done

# ---- Links --------------------------------------------------------------------------------------

# Every link of a page leads to a page, or a place in a page, of this book.
broken=$(cd "$out" && {
    find . -type f | sed 's|^\./|file |'
    grep -roE --include='*.html' ' (id|href|src)="[^"]*"' . | sed 's|^\./\([^:]*\): \([a-z]*\)="\(.*\)"$|\2 \1 \3|' | sort -u
} | awk -f "$here/follow.awk")
if [ -n "$broken" ]; then
    printf '%s\n' "$broken" >&2
    echo "make-book.sh: broken links: put the texts right" >&2
    exit 1
fi
echo "$(find "$out" -name '*.html' | wc -l) pages, every link followed: $1/index.html"
