#!/bin/sh
# `make test`: every part, even after one failed, and a summary that cannot be overlooked. A part whose system package
# is absent is reported in red and passes locally; under CI=true it is a failure.
set -u
cd "$(dirname "$0")/.."
filter=${1:-}
failed=""; absent=""
red=""; green=""; plain=""
if [ -t 1 ] || [ "${CI:-}" = true ]; then red="\033[1;31m"; green="\033[1;32m"; plain="\033[0m"; fi

part() { # part NAME COMMAND...
    name=$1; shift
    started=$(date +%s)
    printf '\n== %s\n' "$name"
    "$@"
    code=$?
    took=$(($(date +%s) - started))
    # pytest ends with 5 when a filter leaves nothing.
    if [ "$code" -eq 0 ] || { [ "$code" -eq 5 ] && [ -n "$filter" ]; }; then printf '== %s: passed in %s s\n' "$name" "$took"
    else failed="$failed $name"; printf "${red}== %s: FAILED in %s s${plain}\n" "$name" "$took"; fi
}

missing() { # missing WHAT WHY
    absent="$absent\n  $1: $2"
}

have_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }
have_kubectl() {
    kubectl=${KRATE_KUBECTL:-kubectl}
    command -v "$kubectl" >/dev/null || return 1
    minor=$("$kubectl" version --client 2>/dev/null | sed -n 's/^Client Version: v1\.\([0-9]*\).*/\1/p')
    [ -n "$minor" ] && [ "$minor" -ge 28 ]
}

rm -rf .test-output
if [ -z "$filter" ]; then
    part lint make --no-print-directory lint
    part types make --no-print-directory types
    part verify make --no-print-directory verify
fi
part unit make --no-print-directory test-unit K="$filter"
part manifests make --no-print-directory manifests K="$filter"
part integration make --no-print-directory test-integration K="$filter"
if have_chromium; then part browser make --no-print-directory test-browser K="$filter"
else missing browser "no Chromium; Debian: apt-get install chromium"; fi
have_kubectl || missing kubectl "no kubectl >= 1.28 on PATH; make tools TOOL=kubectl builds one, KRATE_KUBECTL names it"

printf '\n== summary\n'
[ -z "$absent" ] || printf "${red}Did not run:${plain}$absent\n"
if [ -n "$failed" ]; then printf "${red}FAILED:%s${plain}\n" "$failed"; exit 1; fi
if [ -n "$absent" ] && [ "${CI:-}" = true ]; then printf "${red}CI runs everything: a part that did not run is a failure${plain}\n"; exit 1; fi
printf "${green}Everything that ran passed.${plain}\n"
