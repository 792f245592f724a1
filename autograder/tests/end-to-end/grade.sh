#!/usr/bin/env bash
# A class is graded: whatever is handed in, in whatever wrapping; stopped and gone on with; in shards; by rules.
. "$(dirname "$0")/../gates/lib.sh"
gate=grade
for tool in jq zip xz; do need_tool $tool; done
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3
deadline=$((SECONDS + 3600))

# grade OUT WORD...: ipclab grade --out OUT WORD..., what it said in OUT.log; prints its status.
grade()
{
    local out=$1
    shift
    timeout 3000 "$ipclab" grade --out "$out" "$@" </dev/null >"$out.log" 2>&1
    echo $?
}

# holds WHAT JQ FILE: the expression is true of the file.
holds()
{
    if jq -e "$2" "$3" >/dev/null 2>&1; then ok "$1"; else not_ok "$1" "Not true of $3: $2" "$3"; fi
}

# is WHAT WANTED GOT
is()
{
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "Wanted \"$2\", got \"$3\"."; fi
}

says()
{
    if grep -qE -- "$2" "$3"; then ok "$1"; else not_ok "$1" "It does not say \"$2\" but:" "$3"; fi
}

right=$tree/solutions/01-pipes/1-oneway/oneway.c

# --- layouts and wrappings: each of them is a right 1.1 ---
mkdir -p all plain/01-pipes/1-oneway deep/a/b/mine/01-pipes/1-oneway litter/01-pipes/1-oneway litter/__MACOSX/01-pipes/1-oneway \
    litter/.git "named/pipes of mine" windows odd
cp "$right" plain/01-pipes/1-oneway/
cp "$right" deep/a/b/mine/01-pipes/1-oneway/
cp "$right" litter/01-pipes/1-oneway/
echo junk | tee litter/__MACOSX/01-pipes/1-oneway/._oneway.c litter/01-pipes/1-oneway/oneway.c~ \
    litter/01-pipes/1-oneway/.oneway.c.swp litter/.git/oneway.c litter/.DS_Store >/dev/null
cp "$right" "named/pipes of mine/"
cp "$right" windows/OneWay.C
cp -r plain all/folder
mkdir all/wrapped
(cd plain && zip -qr ../all/zip.zip . && zip -qr ../all/wrapped/hand-in.zip .)
tar czf all/deep.tar.gz deep
tar cJf all/litter.tar.xz -C litter .
tar cf all/named.tar named
(cd windows && zip -q ../all/windows.zip OneWay.C)
cp -r plain "all/=cmd(\"x\"),y"
cp -r plain all/$'new\nline\e[31m'
cp -r plain all/"$(printf 'n%.0s' {1..250})"
mkdir all/latin-$'\xe9'
cp "$right" all/latin-$'\xe9'/

# --- and what cannot be graded, or only in part ---
echo "int main(void) { return 0; }" >outside.c
mkdir links
ln -s "$tree/solutions/01-pipes/1-oneway/oneway.c" links/oneway.c
tar cf all/link.tar -C links .
cp -r links all/link-folder
mkdir fifo && mkfifo fifo/oneway.c && tar cf all/fifo.tar -C fifo . && cp -r fifo all/fifo-folder
tar cf all/climbs.tar -P --transform 's,^outside.c,../../../climbed.c,' outside.c
tar cf all/absolute.tar -P --transform "s,^outside.c,$scratch/climbed.c," outside.c
mkdir hard && cp "$right" hard/a.c && ln hard/a.c hard/oneway.c && tar cf all/hard.tar -C hard a.c oneway.c
head -c 20000000 /dev/zero >big.bin && zip -q all/bomb.zip big.bin && tar cJf all/bomb.tar.xz big.bin
: >all/empty.zip
tar cf all/nothing.tar -T /dev/null
echo "no archive" >all/text.tar.gz
head -c 200 all/deep.tar.gz >all/cut.tar.gz
zip -q -P secret all/locked.zip "$right"
truncate -s 1G hole.c && tar cSf all/holes.tar --transform s,hole,oneway, hole.c && rm hole.c
mkfifo all/pipe
mkdir all/nobody
mkdir -p all/twice/a all/twice/b && cp "$right" all/twice/a/ && cp "$right" all/twice/b/
name=$(printf 'd%.0s' {1..200})
mkdir -p "far/$name/$name/$name/$name/$name" && cp "$right" "far/$name/$name/$name/$name/$name/"
tar cf all/far.tar -C far "$name"

is "a class with broken submissions is graded" 0 "$(grade out --labs 1.1 all/*)"
for name in folder zip deep litter named windows wrapped; do
    holds "$name: understood, all right" '.status == "graded" and .score == .max_score and .score > 0 and .notes == []' "out/$name.json"
done
holds "a name that is no UTF-8 is graded" '.score > 0' out/latin-$'\xe9'.json
holds "a link in an archive is not followed" '.status == "refused" and (.notes[0] | test("oneway.c.*link"))' out/link.json
holds "a link in a folder is not followed" '.status == "refused" and (.notes[0] | test("symbolic link"))' out/link-folder.json
holds "a FIFO in an archive is skipped" '.status == "refused" and (.notes[0] | test("no plain file"))' out/fifo.json
holds "a FIFO in a folder is skipped" '.status == "refused" and (.notes[0] | test("no plain file"))' out/fifo-folder.json
holds "a hard link is skipped" '.status == "refused" and (.notes[0] | test("it is a link"))' out/hard.json
for name in climbs absolute; do
    holds "$name: a name that leads out is skipped" '.status == "refused" and (.notes[0] | test("leads out"))' "out/$name.json"
done
is "nothing was written outside" "" "$(find . "${TMPDIR:-/tmp}" -maxdepth 1 -name 'climbed.c' 2>/dev/null)"
holds "a bomb is refused" '.status == "refused" and (.notes[-1] | test("times its size"))' out/bomb.json
holds "so is one of the same name" '.status == "refused" and (.notes[-1] | test("times its size"))' out/bomb-2.json
holds "an empty file is refused" '.status == "refused" and (.notes[-1] | test("is empty"))' out/empty.json
holds "an archive of nothing is refused" '.status == "refused" and (.notes[-1] | test("is empty"))' out/nothing.json
holds "a text file is refused" '.status == "refused" and (.notes[-1] | test("cannot be read"))' out/text.json
holds "half an archive is refused" '.status == "refused" and (.notes[-1] | test("broken"))' out/cut.json
holds "an encrypted archive is refused" '.status == "refused" and (.notes[-1] | test("encrypted"))' out/locked.json
holds "a source with holes is skipped" '.status == "refused" and (.notes[0] | test("has holes"))' out/holes.json
holds "a FIFO is no submission" '.status == "refused" and (.notes[0] | test("neither a folder"))' out/pipe.json
holds "an empty folder is refused" '.status == "refused" and .score == 0 and .max_score > 0' out/nobody.json
holds "two that fit are not chosen from" '.notes | any(test("could be a/oneway.c or b/oneway.c"))' out/twice.json
holds "a path of a thousand letters is skipped or graded" '.status != "kit_error"' out/far.json
says "what is refused is said" 'cut: .*broken' out.log
is "no control character reaches the terminal" 0 "$(grep -c "$(printf '\033')" out.log)"
is "the gradebook has a row each, and its head" "$(($(find all -mindepth 1 -maxdepth 1 -printf x | wc -c) + 1))" "$(wc -l <out/gradebook.csv)"
says "no formula reaches a spreadsheet" "^\"'=cmd\(\"\"x\"\"\),y\",8,8,8,graded\$" out/gradebook.csv
says "a newline in a name is no row" '^"new\\nline\\x1b\[31m",8,8,8,graded$' out/gradebook.csv
holds "the summary counts" '.graded > 8 and .refused > 12 and .kit_errors == 0 and (.exercises[0].passed == .graded)' out/summary.json
is "the class page loads nothing" 0 "$(grep -cE '(src|href)=|@import|url\(|<script' out/class.html)"

# --- wrong use ---
is "a submission that is not there: status 2, the others are graded" 2 "$(grade gone --labs 1.1 all/nobody nothing-there)"
says "it is said" 'nothing-there: No such file' gone.log
holds "and the other one is graded" '.status == "refused"' gone/nobody.json
is "a wrong shard" 2 "$(grade wrong --shard 3/2 all/zip.zip)"
is "a wrong lab" 2 "$(grade wrong --labs 99 all/zip.zip)"
is "nothing to grade" 2 "$(grade wrong)"
touch a-file
"$ipclab" grade --labs 1.1 --out a-file/out all/nobody >file.log 2>&1
is "results to where there is a file: the kit fails" 3 $?

# --- our own fault is nobody's zero ---
is "the kit cannot work: status 3" 3 "$(TMPDIR=$scratch/nowhere grade fault --labs 1.1 all/zip.zip)"
says "the grade is empty, not 0" '^"zip",,,0,kit_error$' fault/gradebook.csv
is "it is made up for" 0 "$(grade fault --labs 1.1 --resume all/zip.zip)"
says "and now there is one" '^"zip",8,8,8,graded$' fault/gradebook.csv

# --- one folder stands for the class, and for one submission ---
mkdir class && cp -r plain class/ann && cp all/zip.zip class/bob.zip
grade folder --labs 1.1 class/ >/dev/null
is "a folder of submissions is a class" "ann bob" "$(jq -r '.submissions | join(" ")' folder/grading.json)"
grade alone --labs 1.1 plain >/dev/null
is "a folder of labs is one submission" "plain" "$(jq -r '.submissions | join(" ")' alone/grading.json)"

# --- course.ini ---
cat >course.ini <<'END'
[course]
title = IPC <autumn>
include = 1
exclude = 1.2, 1.3, 1.4, 1.5, 1.6
pass = 50.5
hints = all
[weights]
1.1 = 20
END
is "a course is graded" 0 "$(grade course --config course.ini class/ann all/nobody)"
says "weights and the pass mark are in the gradebook" '^"ann",20,20,20,graded,yes$' course/gradebook.csv
says "also for who has none" '^"nobody",0,0,20,refused,no$' course/gradebook.csv
holds "its rules are kept" '.course | test("pass = 50.5")' course/grading.json
says "its title is escaped" '<h1>IPC &lt;autumn&gt;</h1>' course/class.html
refused_line()
{
    printf '%b\n' "$2" >wrong.ini
    is "wrong.ini: $1: status 2" 2 "$(grade wrong --config wrong.ini class/ann)"
    says "and says the line" "wrong\.ini:$3" wrong.log
}
refused_line "an unknown key" '[course]\nincluded = 1' '2: .*did you mean "include"'
refused_line "an unknown section" '; remark\n[cuorse]' '2: .*allowed: course, weights, hidden, limits'
refused_line "no section" 'seed = 1' '1: .*section'
refused_line "a key twice" '[course]\nseed = 1\nseed = 2' '3: .*twice'
refused_line "an unknown exercise" '[weights]\n1.99 = 3' '2: .*1\.99'
refused_line "an unknown check" '[hidden]\n1.1.nope = never' '2: .*1\.1\.nope'
refused_line "a day that is none" '[hidden]\n1.1.every_byte_arrives = 2027-02-30' '2: .*2027-01-31'
refused_line "a number that is none" '[limits]\nseconds = soon' '2: .*"soon"'
refused_line "a line that is none" '[course]\nhello' '2: .*key = value'
is "the sample is right" 0 "$(grade sample --config "$tree/autograder/course.ini" --labs 1.1 all/nobody)"

# --- pages, and what is hidden in them ---
mkdir -p "wrong/one <script>" && sed 's,close(,(void)(,' "$right" >"wrong/one <script>/oneway.c"
cat >hiding.ini <<'END'
[course]
include = 1.1
hints = none
[hidden]
1.1.child_sees_end_of_file = never
END
is "a wrong one is graded, with a check hidden" 0 "$(grade hiding --config hiding.ini "wrong/one <script>")"
page="hiding/one <script>.html"
says "its page has the verdicts" 'every_byte_arrives' "$page"
says "and the lines of the source" 'oneway\.c' "$page"
says "the hidden check is there without its name" 'This check is hidden\.' "$page"
is "nor is its name anywhere in the page" 0 "$(grep -c child_sees_end_of_file "$page")"
holds "the results file has it" '[.labs[].exercises[].checks[].id] | index("1.1.child_sees_end_of_file") != null' "hiding/one <script>.json"
holds "no hint is given where the rules say so" '[.labs[].exercises[].checks[].hint] | all(. == null)' "hiding/one <script>.json"
is "a name is no markup" 0 "$(grep -c 'one <script>' "$page")"
before=$(stat -c %i "$page")
is "resumed" 0 "$(grade hiding --config hiding.ini --resume "wrong/one <script>")"
is "a page that is good stays" "$before" "$(stat -c %i "$page")"

# --- what is regraded stays ---
is "graded anew" 0 "$(grade course --labs 1.1 class/ann)"
is "what was there before is kept" 2 "$(find course/earlier -name 'ann.json' -o -name 'nobody.json' | wc -l)"
is "and gone from the gradebook" 2 "$(wc -l <course/gradebook.csv)"

# --- stopped and gone on with; in shards (class.sh has what is decided then, and killing) ---
mkdir many
for name in ann bob cid dan eve; do cp -r plain many/$name; done
# wait_for COMMAND...: until it succeeds.
wait_for()
{
    until "$@" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || exit 3
        read -r -t 0.02 <> <(:) || :
    done
}
"$ipclab" grade --out many-out --labs 1.1 -j 1 many/* >stopped.log 2>&1 </dev/null &
pid=$!
helpers+=($pid)
wait_for test -e many-out/ann.json
kill -INT $pid
wait $pid 2>/dev/null
is "stopped by INT in the middle" 130 $?
says "it says how to go on" 'ipclab grade --resume --out many-out' stopped.log
find many-out -maxdepth 1 -name '???.json' -printf '%f %i\n' | sort >kept.txt
is "resumed" 0 "$(grade many-out --labs 1.1 --resume many/*)"
find many-out -maxdepth 1 -name '???.json' -printf '%f %i\n' | sort >now.txt
is "nothing is graded twice" "" "$(comm -23 kept.txt now.txt)"
is "and all are graded" 5 "$(wc -l <now.txt)"
is "another seed is no resumption" 2 "$(grade many-out --labs 1.1 --seed 5 --resume many/*)"
is "a shard" 0 "$(grade shard-1 --labs 1.1 --shard 1/2 many/*)"
"$ipclab" merge --out joined shard-1 >merge.log 2>&1
is "half of the shards cannot be merged" 2 $?
says "the missing one is named" 'shard 2 of 2 is missing' merge.log
is "a shard cannot take the folder of another" 2 "$(grade shard-1 --labs 1.1 --shard 2/2 many/*)"

close_gate
