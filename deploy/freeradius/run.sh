#!/bin/sh
# Start FreeRADIUS with this folder. What it needs comes from the environment; NETWORK_KEY and RADIUS_DATABASE_PASSWORD
# may also come from a file, named by NETWORK_KEY_FILE and RADIUS_DATABASE_PASSWORD_FILE. Arguments go on to FreeRADIUS:
# "run.sh -XC" checks the configuration.
set -eu

from_file() {
    eval "file=\${$1_FILE:-}"
    if [ -n "$file" ]; then
        [ -r "$file" ] || { echo "$1_FILE: $file cannot be read." >&2; exit 1; }
        eval "$1=\$(cat \"\$file\")"
    fi
    eval "value=\${$1:-}"
    [ -n "$value" ] || { echo "$1 is not set. Set it, or $1_FILE to a file that holds it." >&2; exit 1; }
    export "$1"
}

from_file NETWORK_KEY
from_file RADIUS_DATABASE_PASSWORD
case "$NETWORK_KEY$RADIUS_DATABASE_PASSWORD" in
    *[!A-Za-z0-9_-]*) echo "NETWORK_KEY and the password may have letters, digits, - and _ only." >&2; exit 1 ;;
esac

: "${RADIUS_FOLDER:=$(cd "$(dirname "$0")" && pwd)}"
: "${RADIUS_DATABASE_HOST:=127.0.0.1}"
: "${RADIUS_DATABASE_PORT:=5432}"
: "${RADIUS_DATABASE_NAME:=django_db}"
: "${RADIUS_DATABASE_USER:=isp_freeradius}"
: "${RADIUS_ADDRESS:=*}"
: "${RADIUS_AUTH_PORT:=1812}"
: "${RADIUS_ACCT_PORT:=1813}"
: "${RADIUS_STATUS_PORT:=18121}"
: "${RADIUS_ROUTERS:=0.0.0.0/0}"
: "${RADIUS_ADDRESS_IPV6:=::}"
: "${RADIUS_ROUTERS_IPV6:=}"
RADIUS_IPV6=${RADIUS_ROUTERS_IPV6:+ipv6.conf}
: "${RADIUS_IPV6:=no_ipv6.conf}"
: "${RADIUS_ROUTER_SECONDS:=60}"
: "${RADIUS_REJECT_DELAY:=1}"
: "${RADIUS_THREADS:=4}"
: "${RADIUS_CONNECTIONS:=$((RADIUS_THREADS + 4))}"
: "${RADIUS_LIBRARIES:=/usr/lib/freeradius}"
: "${RADIUS_RUN:=/tmp/freeradius}"
RADIUS_DATABASE="host=$RADIUS_DATABASE_HOST port=$RADIUS_DATABASE_PORT dbname=$RADIUS_DATABASE_NAME"
RADIUS_DATABASE="$RADIUS_DATABASE user=$RADIUS_DATABASE_USER"
# FreeRADIUS writes how it connects into its log, PostgreSQL what it is asked: libpq reads the password and the key here.
export PGPASSWORD="$RADIUS_DATABASE_PASSWORD"
export PGOPTIONS="${PGOPTIONS:-} -c isp.network_key=$NETWORK_KEY"
export RADIUS_FOLDER RADIUS_DATABASE RADIUS_ADDRESS RADIUS_AUTH_PORT RADIUS_ACCT_PORT RADIUS_STATUS_PORT RADIUS_ROUTERS
export RADIUS_IPV6 RADIUS_ADDRESS_IPV6 RADIUS_ROUTERS_IPV6
export RADIUS_ROUTER_SECONDS RADIUS_REJECT_DELAY RADIUS_THREADS RADIUS_CONNECTIONS RADIUS_LIBRARIES RADIUS_RUN

# The health check reads this one, made anew with each start; a check of the configuration leaves it.
umask 077
mkdir -p "$RADIUS_RUN"
RADIUS_STATUS_SECRET=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
export RADIUS_STATUS_SECRET
[ $# -gt 0 ] || printf '%s' "$RADIUS_STATUS_SECRET" >"$RADIUS_RUN/status-secret"

PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/sbin"
program=$(command -v freeradius || command -v radiusd) || { echo "There is no program freeradius." >&2; exit 1; }
exec "$program" -f -l stdout -d "$RADIUS_FOLDER" "$@"
