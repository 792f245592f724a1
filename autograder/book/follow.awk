# follow.awk - which links of the book lead nowhere.
#
# Lines: "file PAGE", "id PAGE ID", "href PAGE LINK" (src the same), in any order.
$1 == "file" { there[$2] = 1; next }
$1 == "id" { there[$2 "#" $3] = 1; next }
{ links[++n] = $2 " " $3 }

# PAGE seen from the folder of another: a/b.html and ../c/d.html are c/d.html.
function target(page, link,    folder)
{
    if (link ~ /^#/) return page link
    folder = page
    if (!sub(/\/[^\/]*$/, "", folder)) folder = ""
    while (sub(/^\.\.\//, "", link))
        if (!sub(/\/?[^\/]*$/, "", folder)) folder = ""
    return (folder == "" ? "" : folder "/") link
}

END {
    for (i = 1; i <= n; i++) {
        split(links[i], word, " ")
        if (word[2] ~ /^[a-z]+:/)
            print word[1] ": " word[2] " leads out of the book"
        else if (!(target(word[1], word[2]) in there))
            print word[1] ": " word[2] " leads nowhere"
    }
}
