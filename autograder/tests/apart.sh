# apart.sh - a world of its own for a test that looks at what is left behind, and the same test as an ordinary user.
# Sourced after gates/lib.sh, never run.
# shellcheck shell=bash

ordinary=64123 # a uid that is nobody's

# apart SCRIPT: goes on in fresh namespaces (processes, IPC objects, network, /dev/shm), where the machine allows that: then
# whatever is left can be seen, and nobody else is harmed if a cell does not hold. The script begins anew there.
apart()
{
    local how=(unshare --mount --pid --ipc --net --fork --mount-proc --kill-child)
    [ "$(id -u)" = 0 ] || how+=(--user --map-current-user --keep-caps)
    if [ -z "${IPCLAB_APART:-}" ] && "${how[@]}" true 2>/dev/null; then
        clean_up
        # shellcheck disable=SC2016
        IPCLAB_APART=1 IPCLAB_PASSED=$passed IPCLAB_FAILED=$failed exec "${how[@]}" bash -c \
            'mount -t tmpfs -o mode=1777 tmpfs /dev/shm && mount -t tmpfs -o mode=1777 tmpfs /var/tmp &&
            exec setpriv --inh-caps=-all --ambient-caps=-all bash "$0"' "$1"
    fi
    passed=${IPCLAB_PASSED:-$passed}
    failed=${IPCLAB_FAILED:-$failed}
}

# as_ordinary_user SCRIPT: root runs it also as a user that owns nothing, in a copy of the tree that this one can read, and
# counts what passed and failed. SCRIPT is its path in the tree.
as_ordinary_user()
{
    local counts said=$scratch/ordinary.txt
    if [ "$(id -u)" != 0 ] || [ -n "${IPCLAB_APART:-}" ]; then return; fi
    if getent passwd $ordinary >/dev/null; then
        echo "# as an ordinary user: skipped, as uid $ordinary is somebody's here"
        return
    fi
    chmod 755 "$scratch" && mkdir -m 1777 "$scratch/tmp" && mkdir "$scratch/tree" &&
        tar -C "$tree" -cf - --exclude=./.git --exclude=./work --exclude='*.[od]' . | tar -C "$scratch/tree" -xf - --no-same-owner &&
        chmod -R a+rX,go-w "$scratch/tree" || exit 3
    env -u GATES_TALLY IPCLAB_CLASS="${IPCLAB_CLASS:-5}" IPCLAB_TREE="$scratch/tree" TMPDIR="$scratch/tmp" HOME="$scratch/tmp" \
        setpriv --reuid $ordinary --regid $ordinary --clear-groups bash "$scratch/tree/$1" >"$said" 2>&1 </dev/null
    counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$said")
    sed '${/ passed, /d}; s/^\(ok\|not ok\) [^ ]* - /&as an ordinary user, /; s/^#/# as an ordinary user:/' "$said"
    [ -n "$counts" ] || counts="0 0" not_ok "an ordinary user can do it" "The test ended too early, and said:" "$said"
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}

# What of the machine a submission could have changed: processes, objects, files, sockets.
world()
{
    local process
    for process in /proc/[0-9]*; do
        [ "${process#/proc/}" = $$ ] || [ ! -e "$process/exe" ] || tr '\0' ' ' 2>/dev/null <"$process/cmdline" | sed 's/^/process: /;s/$/\n/'
    done | grep -vE '^process: (bash|tr|sed|grep|sort|find|ls|awk) |^$'
    awk 'FNR > 1 { print FILENAME ": " $1 " " $2 }' /proc/sysvipc/msg /proc/sysvipc/sem /proc/sysvipc/shm
    find /dev/shm /dev/mqueue /var/tmp "$TMPDIR" -mindepth 1 2>/dev/null | sed 's/^/file: /'
    awk '$8 ~ /^@/ || $6 == "01" { print "socket: " $NF }' /proc/net/unix 2>/dev/null
    awk '$4 == "0A" { print "listens: " $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# settles BEFORE LEFT COMMAND: it prints what is in BEFORE, at once or very soon; else LEFT has the difference.
settles()
{
    local deadline=$((SECONDS + 10))
    until "$3" >"$2.now" && diff "$1" "$2.now" >"$2"; do
        [ $SECONDS -lt $deadline ] || return 1
        read -r -t 0.05 <> <(:) || :
    done
}
