#!/bin/sh
# Installs what the tests need from the operating system: only what is missing, only as
# root on Debian and its kin. Elsewhere it names what is missing; the tests that need it
# skip.
set -eu

missing=
want() { # what it is for, the Debian package, commands or files of which one is enough
    purpose=$1 package=$2
    shift 2
    for place in "$@"; do
        if command -v "$place" >/dev/null 2>&1; then return; fi
        if [ -e "$place" ]; then return; fi
    done
    missing="$missing $package"
    echo "Missing: $package ($purpose)."
}

want "the tests on PostgreSQL" postgresql postgres /usr/lib/postgresql/*/bin/postgres
want "the browser tests, in half of Chromium's time" chromium-headless-shell \
    chromium-headless-shell "${HOME:-/}"/.cache/ms-playwright/chromium*
want "the tests behind nginx" nginx nginx /usr/sbin/nginx
want "the same" libnginx-mod-http-lua /usr/lib/nginx/modules/ngx_http_lua_module.so
want "the tests with Redis" redis-server redis-server
want "the tests behind Caddy" caddy caddy
want "the tests behind HAProxy" haproxy haproxy /usr/sbin/haproxy
want "the tests behind Apache httpd" apache2 apache2 /usr/sbin/apache2
want "the same" lua-socket /usr/share/lua/5.3/socket.lua
want "the tests with kubectl" jq jq
want "the lines of the documents" curl curl
want "the benches" wrk wrk

if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Tests that need them are skipped; install:$missing"
    exit 0
fi

echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
# The tests make their own cluster, Redis and proxies; no service is wanted.
if [ ! -e /etc/postgresql-common ]; then
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" \
        >/etc/postgresql-common/createcluster.d/kongadmin-tests.conf
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
if ! { apt-get -qq update && apt-get -qq install -y \
    --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log"
    echo "Could not install:$missing"
    exit 1
fi
rm -f "$log"
