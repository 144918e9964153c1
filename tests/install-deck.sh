#!/bin/sh
# Builds decK, the client that tests/real_clients/test_deck.py runs, into .tools: from
# its source, by Go, verified by decK's own go.sum. Takes minutes the first time. Where
# it cannot be built it says why, and the tests of decK skip.
set -eu

version=1.55.0
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.tools/deck-$version
if [ -x "$folder/deck" ]; then exit 0; fi

skip() {
    echo "Tests of decK are skipped: $1"
    exit 0
}
command -v go >/dev/null 2>&1 || skip "Go is not installed."

# `go install …@version` also asks the module proxy for the list of versions, which not
# every network lets through; the module itself is all that is needed.
mkdir -p "$folder"
log=$folder/log
echo "Building decK $version"
cd "$folder"
go mod download -json "github.com/kong/deck@v$version" >"$log" 2>&1 ||
    skip "its source could not be fetched; see $log."
source=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p' "$log")
rm -rf source
cp -R "$source" source
chmod -R u+w source
(cd source && GOFLAGS=-buildvcs=false go build -trimpath -ldflags='-s -w' \
    -o "$folder/built" .) >>"$log" 2>&1 || skip "it could not be built; see $log."
rm -rf source
mv built deck
