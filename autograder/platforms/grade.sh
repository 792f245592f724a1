#!/bin/sh
# grade.sh - grades what one student handed in, and writes what a platform reads.
#
#     grade.sh FORMAT SECONDS COURSE.ini SUBMISSION REPORT [EXERCISES]
#
# The script that a platform starts calls it, in the kit that `ipclab pack` put into the archive. All
# that is said on the way goes to standard error; the report goes to the file REPORT, and nowhere else,
# so that nothing which a student printed can be taken for one. It is written whole or not at all.
# Status 0: there is a grade. 3: there is none, for the kit failed, or was not done in SECONDS.
set -u
format=$1 seconds=$2 rules=$3 submission=$4 report=$5 exercises=${6:-}
kit=$(cd "$(dirname "$0")/../.." && pwd) || exit 3

rm -f "$report"
if [ ! -x "$kit/ipclab" ]; then make -C "$kit" -j"$(nproc)" >&2 || exit 3; fi
scratch=$(mktemp -d) || exit 3
trap 'rm -rf "$scratch"' EXIT

timeout "$seconds" "$kit/ipclab" grade --single -j 1 --config "$rules" ${exercises:+--labs "$exercises"} \
    --out "$scratch/grades" "$submission" </dev/null >&2
graded=$?
results=$scratch/grades/submission.json
if [ ! -s "$results" ]; then
    if [ $graded = 124 ]; then
        echo "ipclab: not done in $seconds seconds: there is no grade. Grade fewer exercises at once." >&2
    else
        echo "ipclab: there is no grade, by no fault of what was handed in." >&2
    fi
    exit 3
fi
# For whoever reads the log, the same for people.
"$kit/ipclab" report tap "$results" --config "$rules" >&2
"$kit/ipclab" report "$format" "$results" --config "$rules" --out "$report" >&2
