#!/bin/sh
# grade.sh - PrairieLearn starts it in the image for each submission to a question; which exercise that
# is stands in the question's tests/exercise. A job that takes longer than info.json allows is ended.
set -u
mkdir -p /grade/results
exec sh /opt/ipclab/autograder/platforms/grade.sh prairielearn 290 /grade/serverFilesCourse/ipclab/course.ini \
    /grade/student /grade/results/results.json "$(cat /grade/tests/exercise)"
