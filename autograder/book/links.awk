# links.awk - what cmark-gfm gives, with ids on the headings, contents, and links between the pages.
#
# -v up="../"       the way to the top of the book
# -v places=FILE    lines "NAME PLACE": 1.3 01-pipes/3-pipeline.html, hang explain/hang.html
BEGIN {
    while ((getline row <places) > 0) {
        split(row, word, " ")
        place[word[1]] = word[2]
    }
}

function plain(html)
{
    gsub(/<[^>]*>/, "", html)
    return html
}

function id_of(heading,    id)
{
    id = tolower(plain(heading))
    gsub(/&[a-z]*;/, "", id)
    gsub(/[^a-z0-9]+/, "-", id)
    gsub(/^-|-$/, "", id)
    while (id in taken) id = id "-"
    taken[id] = 1
    return id
}

# Texts link to each other as files.
function with_pages(html)
{
    while (match(html, /href="[^":]*\.md[#"]/))
        html = substr(html, 1, RSTART + RLENGTH - 5) ".html" substr(html, RSTART + RLENGTH - 1)
    gsub(/\/README\.html/, "/index.html", html)
    gsub(/"README\.html/, "\"index.html", html)
    return html
}

# <code>ipclab explain NAME</code> and <code>NAME</code> lead to that page, where there is one.
function with_code(html,    out, name, whole)
{
    out = ""
    while (match(html, /<code>[^<]*<\/code>/)) {
        whole = substr(html, RSTART, RLENGTH)
        name = substr(whole, 7, length(whole) - 13)
        sub(/^ipclab explain /, "", name)
        out = out substr(html, 1, RSTART - 1)
        out = out ((name in place && name !~ /^[0-9]/) ? "<a href=\"" up place[name] "\">" whole "</a>" : whole)
        html = substr(html, RSTART + RLENGTH)
    }
    return out html
}

# "Met in: 1.1 1.3"
function with_tasks(html,    out, id)
{
    out = ""
    while (match(html, /[0-9]+\.[0-9]+/)) {
        id = substr(html, RSTART, RLENGTH)
        out = out substr(html, 1, RSTART - 1) ((id in place) ? "<a href=\"" up place[id] "\">" id "</a>" : id)
        html = substr(html, RSTART + RLENGTH)
    }
    return out html
}

/<pre>/ { in_code = 1 }
{
    line[++n] = $0
    if (!in_code && match($0, /^<h2>.*<\/h2>$/)) {
        heading = substr($0, 5, length($0) - 9)
        id = id_of(heading)
        line[n] = "<h2 id=\"" id "\">" heading "</h2>"
        contents = contents "<li><a href=\"#" id "\">" plain(heading) "</a></li>\n"
        headings++
    } else if (!in_code) {
        line[n] = with_pages($0)
        if (line[n] !~ /<a /) line[n] = with_code(line[n])
        if (line[n] ~ /Met in:/) line[n] = with_tasks(line[n])
    }
}
/<\/pre>/ { in_code = 0 }
END {
    for (i = 1; i <= n; i++) {
        print line[i]
        if (up != "" && headings > 3 && !told && line[i] ~ /<\/h1>/ && ++told)
            print "<details class=\"contents\"><summary>On this page</summary><ul>\n" contents "</ul></details>"
    }
}
