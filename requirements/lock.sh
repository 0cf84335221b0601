#!/bin/sh
# Compile every lock: `make lock`. requirements/all.txt leads, the others are constrained by it, so that all
# programs of one release agree on every version. No file records a download address.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() { # compile OUT EXTRA [ARGS...]
    out=$1; extra=$2; shift 2
    "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --custom-compile-command "make lock" "$@" --extra "$extra" pyproject.toml requirements/build.in \
        -o "requirements/$out.txt"
}
compile all all
for extra in api web functions controllers cli; do compile "$extra" "$extra" -c requirements/all.txt; done
"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
    --custom-compile-command "make lock" -c requirements/all.txt requirements/dev.in -o requirements/dev.txt
