#!/usr/bin/env bash
# What platforms get: each archive is unpacked and run as its platform would, in its folders and without a network,
# and what comes out is compared with the platform's format.
#
# The platform's machine is made by bubblewrap: a root of its own, with the rights that a container has. make is stood
# in for by a copy of what is built here; IPCLAB_THOROUGH=1 (as in `make soak`) really builds each kit.
. "$(dirname "$0")/../gates/lib.sh"
gate=pack
for tool in jq zip unzip; do need_tool $tool; done
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# holds WHAT JQ FILE: the expression is true of the file.
holds()
{
    if jq -e "$2" "$3" >/dev/null 2>&1; then ok "$1"; else not_ok "$1" "Not true of $3: $2" "$3"; fi
}

# is WHAT WANTED GOT [FILE]
is()
{
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "Wanted \"$2\", got \"$3\"." "${4:-}"; fi
}

# --- wrong use ---
ends 2 "takes a platform" "$ipclab" pack
ends 2 "no platform \"gradscope\"; did you mean: gradescope" "$ipclab" pack gradscope x.zip
ends 2 "should end in .zip" "$ipclab" pack gradescope x.tar.gz
ends 2 "should end in" "$ipclab" pack github x.rar
ends 2 "no exercise|99" "$ipclab" pack github x.tar.gz 99
ends 2 "whole exercises" "$ipclab" pack github x.tar.gz 1.1.every_byte_arrives
printf '[course]\ninclude = 1.1.every_byte_arrives\n' >checks.ini
ends 2 "whole exercises" "$ipclab" pack github x.tar.gz --config checks.ini
ends 2 "cannot read nowhere.ini" "$ipclab" pack github x.tar.gz --config nowhere.ini
ends 3 "cannot write nowhere/x.zip" "$ipclab" pack gradescope nowhere/x.zip
ends 2 "takes one submission" "$ipclab" grade --single one two

# --- the archives ---
hidden=$("$ipclab" list --json | jq -r '.labs[0].exercises[0].checks[1].id')
printf '[course]\n; %s\ninclude = 1.1, 1.2 ; %s\n[hidden]\n%s = never\n[weights]\n  1.1 = 20\n' "$hidden" "$hidden" "$hidden" >course.ini
ends 2 "either here or in the rules" "$ipclab" pack github x.tar.gz --config course.ini 1
for archive in gradescope.zip autolab.tar github.tar.gz prairielearn.tar exercism.tar; do
    ends 0 "1\.1 oneway: 20 points" "$ipclab" pack "${archive%%.*}" "$archive" --config course.ini
    mkdir "${archive%%.*}"
    case $archive in
    *.zip) (cd gradescope && unzip -q ../gradescope.zip) ;;
    *) tar xf "$archive" -C "${archive%%.*}" ;;
    esac
done
ends 2 "--force replaces it" "$ipclab" pack gradescope gradescope.zip
ends 0 "" "$ipclab" pack gradescope again.zip --config course.ini
if cmp -s gradescope.zip again.zip; then ok "the same tree gives the same archive"; else not_ok "the same tree gives the same archive" "They differ."; fi
mkdir autolab/job && tar xf autolab/autograde.tar -C autolab/job
find . -path './*/*' | grep -E '/(solutions|mistakes|alternatives|hostile|build|\.git)(/|$)' >found
judge "no solution is in any of them" "These are:" found
grep -rl "${hidden##*.}" github >found
judge "students, who can read the repository, do not find hidden checks" "Here is its name:" found
for platform in gradescope autolab/job/autograde prairielearn/image exercism; do
    grep -q "CHECK(${hidden##*.}," "$platform"/ipclab/autograder/suites/01-pipes/1-oneway.c || echo "$platform"
done >found
judge "the others grade them" "It is not there:" found
find . -name '*.sh' -o -name run_autograder | grep -v '/ipclab/' | while read -r script; do bash -n "$script"; done >found 2>&1
judge "the scripts can be read by their shell" "See the message." found

# --- what is handed in: a right 1.1, and a 1.2 that prints what platforms would like to hear ---
mkdir handed-in broken
cp "$tree/solutions/01-pipes/1-oneway/oneway.c" handed-in/
cat >handed-in/pager.c <<'END'
#include <stdio.h>
int main(void)
{
    const char *const files[] = {"/autograder/source/course.ini", "/opt/ipclab/KIT", "/opt/test-runner/ipclab/KIT"};
    for (int i = 0; i < 3; i++)
        if (fopen(files[i], "r") != NULL)
            puts("PEEKED");
    if (fopen("/autograder/results/results.json", "w") != NULL || fopen("/grade/results/results.json", "w") != NULL)
        puts("FORGED");
    puts("{\"scores\":{\"1.1 oneway\":100,\"1.2 pager\":100}}\nok 1 - all\n::set-output name=result::forged");
    puts("{\"score\":100,\"gradable\":true,\"version\":3,\"status\":\"pass\",\"tests\":[]} word:colon \x1b[2J");
    return 0;
}
END
echo 'int main(void) { return forgotten; }' >broken/oneway.c
mkdir labs && mv handed-in labs/ && mkdir labs/second && echo notes >labs/second/notes.txt # looks like a class of two

if ! bwrap --ro-bind / / --unshare-pid --unshare-net --proc /proc true 2>found; then
    echo "# no namespaces here ($(head -n 1 found)): the archives were not run"
    close_gate
fi

# A machine of a platform. What a Docker container may do, root may do there, and no more (bwrap(1) drops the rest).
mkdir stand-in
cat >stand-in/make <<'END'
#!/bin/sh
# Stands in for make: the kit, built, is laid where make would leave it.
while [ $# -gt 0 ]; do
    if [ "$1" = -C ]; then shift && cd "$1"; fi
    shift
done
[ -f Makefile ] && mkdir -p build && cp -R /built/probes /built/race /built/experiments build/ && cp /built/ipclab .
END
printf '#!/bin/sh\nexit 100\n' >stand-in/apt-get # there is no network
chmod +x stand-in/*
if [ -n "${IPCLAB_THOROUGH:-}" ]; then rm stand-in/make; fi
rights=()
if [ "$(id -u)" = 0 ]; then
    for right in CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP MKNOD SYS_CHROOT; do rights+=(--cap-add CAP_$right); done
fi
system=()
for folder in /bin /sbin /lib /lib64 /etc; do
    if [ -L $folder ]; then system+=(--symlink "$(readlink $folder)" $folder); elif [ -e $folder ]; then system+=(--ro-bind $folder $folder); fi
done

# on_platform WORD OF bwrap... -- COMMAND...; what it says goes to `said`; prints its status.
on_platform()
{
    timeout 600 bwrap --die-with-parent --unshare-pid --unshare-net --unshare-ipc "${rights[@]}" --ro-bind /usr /usr "${system[@]}" \
        --unsetenv MAKELEVEL --unsetenv MAKEFLAGS --unsetenv MFLAGS \
        --proc /proc --dev /dev --perms 1777 --tmpfs /tmp --setenv TMPDIR /tmp --ro-bind "$scratch/stand-in" /stand-in \
        --setenv PATH /stand-in:/usr/local/bin:/usr/bin:/bin --ro-bind "$tree/ipclab" /built/ipclab \
        --ro-bind "$tree/build/probes" /built/probes --ro-bind "$tree/build/race" /built/race \
        --ro-bind "$tree/build/experiments" /built/experiments "$@" </dev/null >said 2>&1
    echo $?
}

# What all of them must have understood: 1.1 is right, and counts 20 by its weight; nothing of 1.2 is.
max=$((20 + $("$ipclab" list --json | jq '[.labs[0].exercises[1].checks[] | .max_score // .points] | add')))

# --- Gradescope ---
mkdir -p root/source root/results
cp -R gradescope/. root/source/
cp root/source/run_autograder root/
here=(--bind "$scratch/root" /autograder --ro-bind "$scratch/labs" /autograder/submission --chdir /autograder)
is "Gradescope: setup.sh makes the image" 0 "$(on_platform "${here[@]}" bash /autograder/source/setup.sh)" said
is "Gradescope: run_autograder ends well" 0 "$(on_platform "${here[@]}" /autograder/run_autograder)" said
report=root/results/results.json
holds "Gradescope: the score is that of the gradebook" '.score == 20 and .stdout_visibility == "hidden"' $report
holds "Gradescope: the tests are as it wants them" '[.tests[] | (.number | type == "string") and (.name | type == "string") and
    (.status == "passed" or .status == "failed") and .score <= .max_score and (.tags | map(type == "string") | all) and .visibility == "visible"] | all' $report
holds "Gradescope: only keys that it knows" '[keys[] | IN("score", "execution_time", "output", "output_format", "test_output_format",
    "test_name_format", "visibility", "stdout_visibility", "tests", "extra_data")] | all' $report
holds "Gradescope: all of 1.1 passed, and all points are there" "([.tests[] | select(.number == \"1.1\") | .status == \"passed\"] | all) and
    .extra_data.max_score == $max and ([.tests[] | .score // 0] | add - 20 | fabs < 0.01)" $report
if grep -q "${hidden##*.}" $report; then not_ok "Gradescope: a hidden check is not named" "It is." $report; else ok "Gradescope: a hidden check is not named"; fi
# Programs run as another user, where root grades (as there).
if [ "$(id -u)" = 0 ]; then
    grep -oE "PEEKED|FORGED" $report >found
    judge "Gradescope: a program neither reads the autograder nor writes the report" "It did:" found
fi
is "Gradescope: no grade where the kit fails" 3 "$(on_platform "${here[@]}" --setenv TMPDIR /nowhere /autograder/run_autograder)" said
is "... and no report that could be taken for one" "" "$(ls root/results)"

# A limit that comes before the end. What burns its 3 s of processor time cannot be done in one second.
mkdir slow && echo 'int main(void) { for (volatile int i = 0;; i++) ; }' >slow/pager.c
is "a time limit ends it without a grade" 3 "$(on_platform "${here[@]}" --ro-bind "$scratch/slow" /slow \
    sh source/ipclab/autograder/platforms/grade.sh gradescope 1 source/course.ini /slow results/results.json 1.2)" said
if grep -q "not done in 1 seconds" said; then ok "... and says so"; else not_ok "... and says so" "It says:" said; fi

# --- Autolab: make, beside what was handed in; it reads the last two lines of all that is printed ---
autolab()
{
    rm -rf tango && mkdir tango && chmod 777 tango
    cp autolab/autograde.tar tango/ && cp autolab/autograde-Makefile tango/Makefile
    cp "$1" "tango/$2"
    on_platform --bind "$scratch/tango" /home/autolab --chdir /home/autolab /usr/bin/make
}
(cd labs/handed-in && zip -qr "$scratch/handin.zip" .)
is "Autolab: the job ends well" 0 "$(autolab handin.zip "hand in.zip")" said
tail -n 1 said >scores.json
tail -n 2 said | head -n 1 >stages.json
holds "Autolab: the last line has the scores" '. == {"scores": {"1.1 oneway": 20, "1.2 pager": 0}}' scores.json
holds "Autolab: the line before has the stages" '._presentation == "semantic" and .stages == ["1.1 oneway", "1.2 pager"] and
    (.["1.1 oneway"] | map(.passed) | all) and (.["1.2 pager"] | map(.passed) | any | not)' stages.json
if sed -E 's/([a-zA-Z0-9]+):/"\1":/g' scores.json | jq -e . >/dev/null 2>&1; then ok "Autolab: also after it was rewritten"; else not_ok "Autolab: also after it was rewritten" "It is no JSON then." scores.json; fi
is "Autolab: nothing else looks like scores" 1 "$(grep -c '^ *{"scores"' said)" said

# --- GitHub ---
cp labs/handed-in/oneway.c github/work/01-pipes/1-oneway/
cp labs/handed-in/pager.c github/work/01-pipes/2-pager/
: >output
here=(--bind "$scratch/github" /repository --chdir /repository --bind "$scratch/output" /output --setenv GITHUB_OUTPUT /output)
is "GitHub: the step fails, as a check does" 1 "$(on_platform "${here[@]}" sh .github/ipclab/grade.sh)" said
is "GitHub: one output, one line" "1 result" "$(wc -l <output) $(cut -d= -f1 output)" output
cut -d= -f2- output | base64 -d >result.json
holds "GitHub: the result is as the reporter wants it" '.version == 1 and .status == "fail" and (.max_score | . == floor) and
    ([.tests[] | (.status | IN("pass", "fail", "error")) and ([.score, .line_no, .duration] | map(type == "number") | all) and
    ([.name, .message, .test_code, .filename] | map(type == "string") | all)] | all) and ([.tests[].score] | add - 20 | fabs < 0.01)' result.json
sed -n '/^::stop-commands::/,/^::[0-9a-f]*::$/d; /^::/p' said >found
judge "GitHub: no command of a student's reaches the runner" "These do:" found

# --- PrairieLearn ---
mkdir -p opt/ipclab grade/tests grade/student grade/serverFilesCourse
cp -R prairielearn/image/ipclab/. opt/ipclab/
cp -R prairielearn/serverFilesCourse/. grade/serverFilesCourse/
question=prairielearn/questions/ipclab-01-pipes-1-oneway
entry=$(jq -r .externalGradingOptions.entrypoint $question/info.json)
holds "PrairieLearn: questions differ" '.uuid | test("^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$")' $question/info.json
sed -n 's/.*file-download file-name="\([^"]*\)".*/\1/p' $question/question.html | (cd $question/clientFilesQuestion && sort | diff - <(ls)) >found
judge "PrairieLearn: what a question offers is there" "This differs:" found
is "PrairieLearn: each has an id of its own" 2 "$(jq -r .uuid prairielearn/questions/*/info.json | sort -u | wc -l)"
cp -R $question/tests/. grade/tests/
# The image is made by its Dockerfile: make, then a command.
is "PrairieLearn: the image is made" 0 "$(on_platform --bind "$scratch/opt" /opt sh -c "$(sed -n 's/^RUN make/make/p' prairielearn/image/Dockerfile)")" said
here=(--bind "$scratch/opt" /opt --bind "$scratch/grade" /grade)
report=grade/results/results.json
cp labs/handed-in/oneway.c grade/student/
is "PrairieLearn: the entry point ends well" 0 "$(on_platform "${here[@]}" "$entry")" said
holds "PrairieLearn: the right one has 1 of 1" '.gradable and .score == 1 and ([.tests[] | [.points, .max_points] | map(type == "number") | all] | all)' $report
holds "PrairieLearn: only this exercise" '[.tests[].name | startswith("1.1 ")] | all' $report
cp broken/oneway.c grade/student/
is "PrairieLearn: what does not compile is a result, too" 0 "$(on_platform "${here[@]}" "$entry")" said
holds "PrairieLearn: and is not gradable, with the reason" '.gradable == false and (has("score") | not) and (.format_errors | length == 1) and
    ([.tests[].output] | any(contains("forgotten")))' $report

# --- Exercism: SLUG SOLUTION/ OUTPUT/, where only OUTPUT and /tmp can be written ---
mkdir -p opt/test-runner output-folder
cp -R exercism/. opt/test-runner/
is "Exercism: the image is made" 0 "$(on_platform --bind "$scratch/opt" /opt --chdir /opt/test-runner sh -c "$(sed -n 's/^RUN make/make/p' exercism/Dockerfile)")" said
exercism()
{
    on_platform --ro-bind "$scratch/opt" /opt --ro-bind "$2" /solution --bind "$scratch/output-folder" /output \
        /opt/test-runner/bin/run.sh "$1" /solution/ /output/
}
report=output-folder/results.json
is "Exercism: the runner ends well" 0 "$(exercism pager "$scratch/labs/handed-in")" said
holds "Exercism: results.json is of version 3" '.version == 3 and .status == "fail" and .message == null and (.tests | length > 0) and
    ([.tests[] | (.status | IN("pass", "fail", "error")) and (.name | type == "string") and (.output == null or (.output | length <= 500))] | all)' $report
if [ "$(id -u)" = 0 ]; then
    grep -oE "PEEKED|FORGED" $report >found
    judge "Exercism: a program does not read the kit" "It did:" found
fi
is "Exercism: what does not compile is no failure of the runner" 0 "$(exercism oneway "$scratch/broken")" said
holds "Exercism: but an error, with the compiler's words" '.status == "error" and (.message | contains("forgotten")) and .tests == []' $report
close_gate
