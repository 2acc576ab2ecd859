# Sourced by every script here: where things are, and how they speak. Leaves the caller in the repository's root.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

step() { printf -- '-----> %s\n' "$*"; }
detail() { printf '       %s\n' "$*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || die "this needs root, and there is no sudo"
        sudo -E "$@"
    fi
}

# The absolute data directory of this call.
data_directory() { realpath -m "${GASPER_DATA:-$root/var}"; }

# The built program; GASPER_PRESET names another build than the shipped one.
program() { printf '%s/build/%s/bin/gasper' "$root" "${GASPER_PRESET:-release}"; }

# wait_until SECONDS COMMAND …: polls until the command succeeds; its status is that of the wait.
wait_until() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.05
    done
}

process_gone() { [ ! -d "/proc/$1" ] || [ "$(process_state "$1")" = Z ]; }
process_state() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true; }

# end_process PID SECONDS: SIGTERM, and SIGKILL when it has not ended by then.
end_process() {
    as_root kill -TERM "$1" 2>/dev/null || return 0
    wait_until "$2" process_gone "$1" && return 0
    as_root kill -KILL "$1" 2>/dev/null || return 0
    wait_until 10 process_gone "$1"
}

# pids_with TEXT: processes, this script's own aside, that have TEXT as an argument or in one.
pids_with() {
    local entry pid
    for entry in /proc/[0-9]*; do
        pid=${entry#/proc/}
        if [ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ]; then continue; fi
        if tr '\0' '\n' 2>/dev/null <"$entry/cmdline" | grep -qF -- "$1"; then printf '%s\n' "$pid"; fi
    done
}

# mounts_below DIRECTORY: innermost first.
mounts_below() { awk -v d="$1/" 'index($2 "/", d) == 1 && $2 != d { print $2 }' /proc/mounts | sort -r; }
