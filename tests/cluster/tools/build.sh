#!/bin/sh
# `make tools [TOOL="name name"]`: build the real components that the suites and benchmarks use, from their Go modules, into a
# cache outside the checkout (KRATE_TOOLS, by default ~/.cache/krate/tools). A stamp says what was built from what.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${KRATE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/krate/tools}
mkdir -p "$cache"

command -v go >/dev/null || { echo "make tools needs Go >= 1.26: install it from your distribution" >&2; exit 1; }

# name | module folder | package | cgo | tags | linker flags
K=v1.36.3
STAMP="-X k8s.io/component-base/version.gitVersion=$K -X k8s.io/component-base/version.gitMajor=1 \
-X k8s.io/component-base/version.gitMinor=36 -X k8s.io/client-go/pkg/version.gitVersion=$K"
table() {
    cat <<EOF
kubectl|kubernetes|k8s.io/kubernetes/cmd/kubectl|0||$STAMP
etcd|kubernetes|go.etcd.io/etcd/server/v3|0||
kube-apiserver|kubernetes|k8s.io/kubernetes/cmd/kube-apiserver|0||$STAMP
kube-controller-manager|kubernetes|k8s.io/kubernetes/cmd/kube-controller-manager|0||$STAMP
e2e|kubernetes|./e2e|0||$STAMP
informer|../informer/program|.|0||
argo|../argo/program|.|0||
gitea|gitea|code.gitea.io/gitea|1|sqlite,sqlite_unlock_notify|-X main.Version=1.26.0
EOF
}

build() { # build NAME FOLDER PACKAGE CGO TAGS FLAGS
    name=$1; folder=$2; package=$3; cgo=$4; tags=$5; flags=$6
    want=$({ cat "$here/$folder/go.sum"; find "$here/$folder" -name '*.go' | sort | xargs cat; echo "$@"; } | sha256sum | cut -d' ' -f1)
    if [ -x "$cache/$name" ] && [ "$(cat "$cache/$name.stamp" 2>/dev/null)" = "$want" ]; then
        echo "tools: $name is current ($cache/$name)"
        return
    fi
    echo "tools: building $name; the first time takes minutes"
    started=$(date +%s)
    (cd "$here/$folder" && CGO_ENABLED=$cgo go build -trimpath ${tags:+-tags "$tags"} -ldflags "-s -w $flags" \
        -o "$cache/$name.new" "$package")
    mv "$cache/$name.new" "$cache/$name"
    echo "$want" > "$cache/$name.stamp"
    echo "tools: $name built in $(($(date +%s) - started)) s"
}

for name in "$@"; do
    table | grep -q "^$name|" || { echo "no tool is called $name" >&2; exit 1; }
done
wanted=" $* "
table | while IFS='|' read -r name folder package cgo tags flags; do
    case $wanted in "  " | *" $name "*) build "$name" "$folder" "$package" "$cgo" "$tags" "$flags" ;; esac
done
