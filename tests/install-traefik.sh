#!/bin/sh
# Builds Traefik, which tests/proxies runs, into .tools: from its source, by Go, verified
# by Traefik's own go.sum. That takes a quarter of an hour of one processor, so `make test`
# does it where CI is set only; without it the tests behind Traefik skip, and only the
# requests that Traefik would send are checked.
set -eu

version=3.5.3
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.tools/traefik-$version
if [ -x "$folder/traefik" ]; then exit 0; fi

fail() {
    echo "Traefik was not built: $1"
    exit 1
}
command -v go >/dev/null 2>&1 || fail "Go is not installed."

mkdir -p "$folder"
log=$folder/log
echo "Building Traefik $version"
cd "$folder"
go mod download -json "github.com/traefik/traefik/v3@v$version" >"$log" 2>&1 ||
    fail "its source could not be fetched; see $log."
source=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p' "$log")
rm -rf source
cp -R "$source" source
chmod -R u+w source
(cd source && GOFLAGS=-buildvcs=false go build -trimpath -ldflags='-s -w' \
    -o "$folder/built" ./cmd/traefik) >>"$log" 2>&1 || fail "see $log."
rm -rf source
mv built traefik
