#!/usr/bin/env bash
# run-all.sh - all tests, one kind after the other, and a summary. `make test` and .ci/run run it.
#
# Each kind keeps its own closing line ("100%: Checks: 60, Failures: 0, Errors: 0" or
# "N passed, N failed").  A kind that fails does not keep the next from running; a build that fails
# does, for there is nothing to test.  End-to-end tests are autograder/tests/end-to-end/*.sh: each is
# a program that closes so and whose status says how it went.
set -u
cd "$(dirname "$0")/../.."
MAKE=${MAKE:-make}
failed=()
kinds=0

# stage NAME COMMAND...
stage()
{
    local name=$1 started=$SECONDS status
    shift
    echo
    echo "=== $name"
    "$@"
    status=$?
    kinds=$((kinds + 1))
    if [ $status = 0 ]; then
        echo "=== $name: ok, $((SECONDS - started)) s"
    else
        failed+=("$name")
        echo "=== $name: FAILED with status $status, $((SECONDS - started)) s"
    fi
    return $status
}

# Several at a time, for they mostly wait; what each says comes when it has ended, in their order.
# Those that look at the whole machine, or build in this folder, run alone.
end_to_end()
{
    local script name pool=0 logs alone=" hostile install trace "
    logs=$(mktemp -d)
    for script in autograder/tests/end-to-end/*.sh; do
        name=$(basename "$script" .sh)
        [[ $alone != *" $name "* ]] || continue
        (
            started=$SECONDS
            bash "$script" </dev/null >"$logs/$name" 2>&1
            echo "$? $((SECONDS - started))" >"$logs/$name.status"
        ) &
        pool=$((pool + 1))
        if [ $pool -gt "$(nproc)" ]; then wait -n; pool=$((pool - 1)); fi
    done
    wait
    for script in autograder/tests/end-to-end/*.sh; do
        name=$(basename "$script" .sh)
        if [[ $alone == *" $name "* ]]; then
            stage "end to end: $name" bash "$script"
        else
            stage "end to end: $name" told "$logs/$name"
        fi
    done
    rm -rf "$logs"
}

# told LOG: what ran beside others, and how it ended.
told()
{
    local status=1 seconds=?
    cat "$1"
    if [ -s "$1.status" ]; then read -r status seconds <"$1.status"; fi
    echo "(it took $seconds s, beside others)"
    return "$status"
}

sh autograder/deps.sh test || exit 1
stage build "$MAKE" --no-print-directory all || exit 1
stage "unit tests" "$MAKE" --no-print-directory unit
stage gates "$MAKE" --no-print-directory gates
end_to_end
stage "the gates can fail" "$MAKE" --no-print-directory selftest
stage demo bash autograder/demo/demo.sh

echo
if [ ${#failed[@]} -gt 0 ]; then
    printf 'make test: %d of %d kinds of tests FAILED after %d s:' ${#failed[@]} $kinds $SECONDS
    printf ' [%s]' "${failed[@]}"
    echo
    exit 1
fi
echo "make test: all $kinds kinds of tests passed in $SECONDS s"
