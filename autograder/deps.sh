#!/bin/sh
# deps.sh - is everything installed that ipclab needs?  What is missing is installed, or named.
#
#     autograder/deps.sh          what building and grading need
#     autograder/deps.sh test     also what `make test` needs
#     autograder/deps.sh slurm    also what `make test-slurm` needs
#     autograder/deps.sh book     what `make book` needs
#
# Looks for the tools and libraries themselves, not for packages, so it is right wherever they came
# from.  As root, or with sudo, on Debian and its kin it installs what is missing; everywhere else it
# prints the command that does, and ends with status 1.  Prints nothing when nothing is missing.
# IPCLAB_NO_INSTALL=1 never installs: it only prints the commands.

set -eu

# How it is looked for     |  names of the package with apt, dnf, pacman and apk ("-": comes along).
needed_to_build='
compiler                   gcc               gcc              gcc         gcc
header:stdio.h             libc6-dev         glibc-devel      glibc       musl-dev
header:linux/ptrace.h      linux-libc-dev    kernel-headers   linux-api-headers linux-headers
tool:make                  make              make             make        make
tool:pkg-config            pkg-config        pkgconf-pkg-config pkgconf   pkgconf
library:check              check             check-devel      check       check-dev
library:libseccomp         libseccomp-dev    libseccomp-devel libseccomp  libseccomp-dev
library:libdw              libdw-dev         elfutils-devel   libelf      elfutils-dev
library:libelf             libelf-dev        elfutils-libelf-devel libelf elfutils-dev
library:libcjson           libcjson-dev      cjson-devel      cjson       cjson-dev
library:libarchive         libarchive-dev    libarchive-devel libarchive  libarchive-dev
library:inih               libinih-dev       inih-devel       libinih     inih-dev
library:expat              libexpat1-dev     expat-devel      expat       expat-dev
tool:bwrap                 bubblewrap        bubblewrap       bubblewrap  bubblewrap
'
needed_to_make_the_book='
tool:cmark-gfm             cmark-gfm         cmark-gfm        cmark-gfm   cmark-gfm
'
needed_to_test='
tool:clang                 clang             clang            clang       clang
tool:clang-format          clang-format      clang-tools-extra clang      clang-extra-tools
tool:clang-tidy            clang-tidy        clang-tools-extra clang      clang-extra-tools
tool:cppcheck              cppcheck          cppcheck         cppcheck    cppcheck
tool:valgrind              valgrind          valgrind         valgrind    valgrind
tool:strace                strace            strace           strace      strace
tool:jq                    jq                jq               jq          jq
tool:curl                  curl              curl             curl        curl
tool:chromium              chromium          chromium         chromium    chromium
tool:chromedriver          chromium-driver   chromedriver     -           chromium-chromedriver
tool:tmux                  tmux              tmux             tmux        tmux
tool:patch                 patch             patch            patch       patch
tool:script                bsdutils          util-linux       util-linux  util-linux-misc
tool:zip                   zip               zip              zip         zip
tool:unzip                 unzip             unzip            unzip       unzip
tool:xz                    xz-utils          xz               xz          xz
tool:sim_c                 similarity-tester similarity-tester -          -
'
needed_for_slurm='
tool:slurmctld             slurm-wlm         slurm-slurmctld  slurm-llnl  slurm
tool:munged                munge             munge            munge       munge
'
PATH=$PATH:/usr/sbin:/sbin

is_there()
{
    case $1 in
    compiler) command -v "${CC:-gcc}" || command -v gcc || command -v clang ;;
    tool:*) command -v "${1#tool:}" ;;
    library:*) pkg-config --exists "${1#library:}" ;;
    header:*) echo "#include <${1#header:}>" | "${compiler:-gcc}" -E -o /dev/null - ;;
    esac >/dev/null 2>&1
}

# Prints the lines of a table whose first column is not there.
missing_of()
{
    # One question for all the libraries is much quicker than one each, and mostly enough.
    libraries=$(echo "$1" | sed -n 's/^library:\([^ ]*\).*/\1/p')
    all_there=no
    # shellcheck disable=SC2086
    if [ -n "$libraries" ] && pkg-config --exists $libraries 2>/dev/null; then all_there=yes; fi
    echo "$1" | while read -r what rest; do
        case $what in
        '') continue ;;
        library:*) [ $all_there = no ] || continue ;;
        esac
        is_there "$what" || echo "$what $rest"
    done
}

# Packages in column N of the missing lines, each once, on one line.
packages()
{
    echo "$missing" | awk -v column="$1" '
        $column != "" && $column != "-" && !seen[$column]++ { line = line " " $column }
        END { print substr(line, 2) }'
}

compiler=$(command -v gcc || command -v clang || true)
table=$needed_to_build
case ${1:-} in
test) table=$table$needed_to_make_the_book$needed_to_test ;;
book) table=$needed_to_make_the_book ;;
esac
missing=$(missing_of "$table")
[ -n "$missing" ] || exit 0

as_root=
can_install=no
if [ -z "${IPCLAB_NO_INSTALL:-}" ] && command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        can_install=yes
    elif command -v sudo >/dev/null 2>&1; then
        can_install=yes
        as_root=sudo
    fi
fi

if [ $can_install = yes ]; then
    names=$(packages 2)
    echo "ipclab: these packages are missing and are installed now: $names"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    # shellcheck disable=SC2086
    if { $as_root apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends $names; } </dev/null >"$log" 2>&1; then
        compiler=$(command -v gcc || command -v clang || true)
        missing=$(missing_of "$table")
        [ -n "$missing" ] || exit 0
        echo "ipclab: apt-get succeeded, but these are still not found:" \
            "$(echo "$missing" | cut -d' ' -f1 | tr '\n' ' ')" >&2
        exit 1
    fi
    echo "ipclab: apt-get could not install them; this is what it said last:" >&2
    tail -n 15 "$log" >&2
fi

cat >&2 <<END
ipclab needs packages that are not installed. The command that installs them:

  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install $(packages 2)
  Fedora:          sudo dnf install $(packages 3)
  Arch:            sudo pacman -S --needed $(packages 4)
  Alpine:          sudo apk add $(packages 5)

Then run make again.
END
exit 1
