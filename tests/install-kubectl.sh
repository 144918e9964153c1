#!/bin/sh
# Builds kubectl, where there is none, into .tools: from its packages, by Go, verified by
# real_clients/kubectl/go.sum. Debian's own is of 1.20, older than what is tested. Takes minutes
# the first time. Where it cannot be built it says why, and the tests of kubectl skip.
set -eu

version=1.32.4
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.tools/kubectl-$version
if [ -x "$folder/kubectl" ]; then exit 0; fi
if command -v kubectl >/dev/null 2>&1; then
    minor=$(kubectl version --client -o json 2>/dev/null |
        sed -n 's/.*"minor": "\([0-9]*\).*/\1/p')
    if [ "${minor:-0}" -ge 27 ]; then exit 0; fi
fi

skip() {
    echo "Tests of kubectl are skipped: $1"
    exit 0
}
command -v go >/dev/null 2>&1 || skip "Go is not installed."

mkdir -p "$folder"
log=$folder/log
echo "Building kubectl $version"
cd "$root/tests/real_clients/kubectl"
named="-X k8s.io/component-base/version.gitVersion=v$version"
named="$named -X k8s.io/component-base/version.gitMajor=1"
named="$named -X k8s.io/component-base/version.gitMinor=32"
CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=readonly" go build -trimpath -ldflags="-s -w $named" \
    -o "$folder/built" . >"$log" 2>&1 || skip "it could not be built; see $log."
mv "$folder/built" "$folder/kubectl"
