#!/usr/bin/env bash
# clang-format, clang-tidy, cppcheck, the compilers' warnings and the shell's syntax: clean over the whole tree.
#
# IPCLAB_STYLE="format tidy" does only these of: format habits warnings tidy cppcheck shell.
# clang-tidy looks at no skeleton (lines of its solution) and no alternative; IPCLAB_DEEP=1 (`make soak`)
# lets it look at these, too, and its analyzer ten times as long (minutes).
. "$(dirname "$0")/lib.sh"
parts=${IPCLAB_STYLE:-format habits shell warnings tidy cppcheck}
doing() { [[ " $parts " == *" $1 "* ]]; }

# Ours: not what learners have in work/, not what was built.
mapfile -t all_files < <(find common skeletons solutions autograder -name '*.[ch]' -type f 2>/dev/null | sort)
# autograder/hostile/ is wrong on purpose, in every way that a tool could point at, and built only as what is handed in.
mapfile -t sources < <(printf '%s\n' "${all_files[@]}" | grep '\.c$' | grep -v '^autograder/hostile/')
[ ${#sources[@]} -gt 0 ] || close_gate
lab_flags="-std=c17 -D_XOPEN_SOURCE=700 -Icommon"
warnings="-Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2"
export lab_flags warnings
packages=$(pkg-config --cflags check libseccomp libdw libelf libcjson libarchive inih expat)
export packages

# The flags that one file is compiled with: those of a lab for a lab's file, with the headers of its
# exercise (a driver's header is in solutions/), those of the kit for the others.
flags_of()
{
    local exercise
    exercise=$(printf %s "$1" | grep -oE '[0-9]+-[a-z0-9-]+/[0-9]+-[a-z0-9-]+' | head -n 1)
    case $1 in
    autograder/suites/*) echo "$lab_flags $warnings $packages" ;;
    *) echo "$lab_flags $warnings $packages ${exercise:+-Isolutions/$exercise}" ;;
    esac
}
export -f flags_of

if doing format; then
    need_tool clang-format
    clang-format --dry-run -Werror "${all_files[@]}" >"$scratch/complaints" 2>&1
    judge "clang-format changes nothing (${#all_files[@]} files)" "Run: make format" "$scratch/complaints"
fi

if doing habits; then
    # Nothing waits by sleeping: not the kit, not its checks, not its tests. (Programs that show the
    # mistake are in autograder/mistakes/, and those that block in tests/test_blocked.c.)
    grep -snE '(^|[^a-zA-Z_0-9"])(u|nano|clock_nano)?sleep *\(' -r autograder/run autograder/judge autograder/tell \
        autograder/suites autograder/ipclab autograder/tests/*.c --include='*.[ch]' | grep -vE '/test_blocked\.c:|:[0-9]+: *(\*|/\*|//)' >"$scratch/complaints"
    judge "the kit never sleeps to wait for something" "Wait for the state, with a deadline on CLOCK_MONOTONIC." "$scratch/complaints"

    for file in "${all_files[@]}"; do
        grep -q '^#define _GNU_SOURCE' "$file" || continue
        grep -qE '^#define _GNU_SOURCE +/[*/] *[A-Za-z]|^ ?(\*|/\*) _GNU_SOURCE: [^ ]' "$file" || echo "$file"
    done >"$scratch/complaints"
    judge "every _GNU_SOURCE says why" "Write the reason beside it, #define _GNU_SOURCE /* pipe2(2) */, or above it: _GNU_SOURCE: pipe2(2)." "$scratch/complaints"

    grep -nE '[[:space:]]+$' -r "${all_files[@]}" labs README.md CONTRIBUTING.md NEWS.md SECURITY.md Makefile autograder \
        --include='*.[ch]' --include='*.md' --include='*.sh' --include=Makefile 2>/dev/null | sort -u >"$scratch/complaints"
    judge "no line ends in blanks" "Take them off." "$scratch/complaints"

    for file in "${sources[@]}"; do
        head -n 3 "$file" | grep -q "$(basename "$file") - " || echo "$file"
    done >"$scratch/complaints"
    judge "every source opens with its name and purpose" "Begin: /* newline * NAME.c - what it is for." "$scratch/complaints"
fi

if doing shell; then
    : >"$scratch/complaints"
    while IFS= read -r script; do
        case $(head -n 1 "$script") in
        *bash) bash -n "$script" ;;
        *sh) sh -n "$script" ;;
        esac
    done >"$scratch/complaints" 2>&1 < <(find .ci autograder completion -type f \( -name '*.sh' -o -path '*/gates/*' -o -path '.ci/run' \) ! -name '*.c' ! -name '*.h' 2>/dev/null)
    judge "every script can be read by its shell" "See the message." "$scratch/complaints"
fi

# for_each_source COMMAND [PATTERN]: runs it for each source, "$1", not those whose path matches, as many
# at once as there are cores.
for_each_source()
{
    printf '%s\n' "${sources[@]}" | grep -vE "${2:-^$}" | xargs -P "$jobs" -I{} bash -c "$1" _ {} >"$scratch/complaints" 2>&1
}

if doing warnings; then
    need_tool gcc # clang's own are among what clang-tidy finds
    # -O2: some warnings come only when the optimizer looks.  What make has compiled need not be again.
    for_each_source 'said=build/${1%.c}.said
        if [ "$said" -nt "$1" ]; then cat "$said"; else gcc $(flags_of "$1") -O2 -c -o /dev/null "$1"; fi'
    judge "no warning from the compiler (${#sources[@]} files)" "Put the code right rather than the warning off." "$scratch/complaints"
fi

if doing tidy; then
    need_tool clang-tidy
    export mode="-Xclang -analyzer-config -Xclang mode=shallow"
    not_these='^(skeletons|autograder/alternatives)/'
    [ -z "${IPCLAB_DEEP:-}" ] || mode='' not_these=''
    for_each_source 'clang-tidy --quiet "$1" -- $(flags_of "$1") $mode 2>/dev/null' "$not_these"
    judge "clang-tidy finds nothing" "What it looks for, and what was put off with reasons, is in .clang-tidy." "$scratch/complaints"
fi

if doing cppcheck; then
    need_tool cppcheck # 2.10 knows the attribute, but not the keyword
    mapfile -t cpp_sources < <(printf '%s\n' "${sources[@]}")
    cppcheck --quiet --std=c11 --enable=warning,performance,portability -j "$jobs" --inline-suppr \
        --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
        --error-exitcode=0 '-D_Noreturn=__attribute__((noreturn))' -D_XOPEN_SOURCE=700 -D__x86_64__=1 -D__linux__=1 -Icommon "${cpp_sources[@]}" >"$scratch/complaints" 2>&1
    judge "cppcheck finds nothing" "A false alarm is put off in place: // cppcheck-suppress NAME, with the reason." "$scratch/complaints"
fi
close_gate
