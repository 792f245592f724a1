#!/usr/bin/env bash
# The handbook: every text is a page, every link leads somewhere, and a broken one is told.
. "$(dirname "$0")/../gates/lib.sh"
gate=book
need_tool cmark-gfm
book=$scratch/book

if bash autograder/book/make-book.sh "$book" >"$scratch/said" 2>&1; then
    ok "the book is made, and every link of it was followed"
else
    not_ok "the book is made, and every link of it was followed" "make-book.sh said:" "$scratch/said"
fi

: >"$scratch/complaints"
for text in labs/[0-9]*/*.md autograder/explain/*.md; do
    page=${text#labs/}
    page=${page#autograder/}
    page=$book/${page%.md}.html
    page=${page/%README.html/index.html}
    title=$(sed -n 's/^# *//p' "$text" | head -n 1 | tr -d '`' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
    grep -qF "<title>$title</title>" "$page" 2>/dev/null || echo "$text has no page with its title" >>"$scratch/complaints"
done
judge "every chapter, task and explanation is a page" "See autograder/book/make-book.sh." "$scratch/complaints"

grep -lE '<script|https?://|\]\(|^#+ ' "$book"/*.html "$book"/*/*.html >"$scratch/complaints"
judge "no script, no network, no text that was not converted" "These pages:" "$scratch/complaints"

: >"$scratch/complaints"
while read -r _ folder; do
    grep -q "href=\"$folder.html\"" "$book/index.html" || echo "$folder is not on the first page"
done < <(exercises solutions) >"$scratch/complaints"
judge "the first page leads to every exercise" "See make-book.sh." "$scratch/complaints"

if grep -q '<a href="../explain/hang.html">' "$book"/*/*.html && grep -q '<a href="../05-keys/2-getid.html">5.2</a>' "$book/explain/ipc-creat-without-excl.html"; then
    ok "tasks lead to explanations, and those to the tasks where one meets them"
else
    not_ok "tasks lead to explanations, and those to the tasks where one meets them" "See links.awk."
fi

printf 'file a/b.html\nfile c.html\nid c.html x\nhref a/b.html ../c.html#x\nhref a/b.html ../c.html#y\nhref c.html a/d.html\n' |
    awk -f autograder/book/follow.awk >"$scratch/seen"
printf 'a/b.html: ../c.html#y leads nowhere\nc.html: a/d.html leads nowhere\n' | diff - "$scratch/seen" >"$scratch/complaints"
judge "a link that leads nowhere is found" "See follow.awk." "$scratch/complaints"

close_gate
