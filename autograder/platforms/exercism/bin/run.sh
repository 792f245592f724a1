#!/bin/sh
# run.sh - what Exercism starts: run.sh SLUG SOLUTION/ OUTPUT/. The slug is the name of an exercise.
# Status 0: OUTPUT/results.json is there, whatever it says.
set -u
if [ $# != 3 ]; then
    echo "usage: run.sh SLUG SOLUTION_FOLDER OUTPUT_FOLDER" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")/.." && pwd) || exit 3
# Exercism ends a runner after 20 seconds, and then there would be no result at all.
sh "$here/ipclab/autograder/platforms/grade.sh" exercism 19 "$here/course.ini" "$2" "$3/results.json" "$1"
[ -s "$3/results.json" ]
