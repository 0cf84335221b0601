#!/bin/sh
# `make setup` and `make setup-dev`: a virtual environment in .venv from the hashed locks, and nothing outside it.
# A stamp holds the digest of the locks, pyproject.toml, the interpreter and the checkout's path: when it agrees,
# there is nothing to do.
set -eu
cd "$(dirname "$0")/.."
want=${1:-runtime}

usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" && { command -v "$PYTHON"; return; }
        echo "PYTHON=$PYTHON is not a Python >= 3.11 with venv and ensurepip." >&2; return 1
    fi
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        usable "$candidate" && { command -v "$candidate"; return; }
    done
    if command -v apt-get >/dev/null; then hint="sudo apt-get install python3 python3-venv"
    elif command -v dnf >/dev/null; then hint="sudo dnf install python3.12"
    elif command -v apk >/dev/null; then hint="apk add python3"
    elif command -v pacman >/dev/null; then hint="sudo pacman -S python"
    elif command -v zypper >/dev/null; then hint="sudo zypper install python312"
    else hint="install Python >= 3.11 from your distribution"; fi
    echo "Krate needs Python >= 3.11 with venv: $hint  (or set PYTHON=/path/to/python3)" >&2
    return 1
}

check_git() {
    version=$(git --version 2>/dev/null | sed 's/^git version //; s/[^0-9.].*//') || version=
    major=${version%%.*}; rest=${version#*.}; minor=${rest%%.*}
    if [ -z "$version" ] || [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 38 ]; }; then
        echo "Krate needs git >= 2.38 (found ${version:-none}): merges are made with git's own merge machinery." >&2
        exit 1
    fi
}

python=$(find_python)
check_git
locks_of() { case $1 in dev) echo requirements/all.txt requirements/dev.txt ;; *) echo requirements/all.txt ;; esac; }
digest_of() {
    { cat $(locks_of "$1") pyproject.toml requirements/setup.sh
      "$python" -c 'import sys; print(sys.executable, sys.version)'; pwd; } | sha256sum | cut -d' ' -f1
}
locks=$(locks_of "$want")
digest=$(digest_of "$want")
stamp=.venv/.stamp-$want
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ] && exit 0

started=$(date +%s)
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys' 2>/dev/null \
    || [ "$(cat .venv/.base 2>/dev/null)" != "$python $(pwd)" ]; then
    echo "setup: creating .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
    echo "$python $(pwd)" > .venv/.base
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
for lock in $locks; do
    echo "setup: installing $(grep -c '^[a-z0-9].*==' "$lock") packages of $lock"
    .venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r "$lock"
done
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
rm -f .venv/.stamp-*
echo "$digest" > "$stamp"
# The development environment holds the runtime one.
[ "$want" = runtime ] || digest_of runtime > .venv/.stamp-runtime
echo "setup: done in $(($(date +%s) - started)) s"
