#!/bin/sh
# Install what the container, browser, monitoring and document tests need from the system: a container engine, the
# tools for stand-in images, a browser, promtool, what makes PDF. Safe to run again. Says clearly what is missing
# where it cannot install.
set -eu

# One line each: the program, library or file, and the Debian package that brings it.
wanted() {
    # From Debian 13 on the client of the engine is a package of its own.
    if apt-cache show docker-cli >/dev/null 2>&1; then echo "docker docker-cli"; else echo "docker docker.io"; fi
    cat <<'LIST'
dockerd docker.io
docker-compose docker-compose
iptables iptables
debootstrap debootstrap
update-ca-certificates ca-certificates
chromium chromium
faketime faketime
promtool prometheus
freeradius freeradius
/usr/lib/freeradius/rlm_sql_postgresql.so freeradius-postgresql
openssl openssl
radclient freeradius-utils
libpango-1.0.so.0 libpango-1.0-0
libpangoft2-1.0.so.0 libpangoft2-1.0-0
libharfbuzz-subset.so.0 libharfbuzz-subset0
/usr/share/fonts/truetype/noto/NotoSansBengali-Regular.ttf fonts-noto-core
LIST
}

is_there() {
    case "$1" in
        /*) [ -e "$1" ] ;;
        *.so.*) PATH="$PATH:/usr/sbin:/sbin" ldconfig -p | grep -q "^[[:space:]]*$1 " ;;
        *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing_packages() {
    wanted | while read -r wanted_thing package; do
        is_there "$wanted_thing" || echo "$package"
    done | sort -u | tr '\n' ' '
}

missing=$(missing_packages)
if [ -z "$missing" ]; then
    echo "Everything the tests need is installed."
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing: $missing" >&2
    echo "This is not a Debian system: install them with its package manager, then run this again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Missing: $missing" >&2
    echo "Install them as root: apt-get install $missing" >&2
    exit 1
fi

# The engine's package would start it at once; the tests start their own when they need one.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
missing=$(missing_packages)
echo "Installing: $missing"
# shellcheck disable=SC2086  # the list is split into words on purpose
apt-get install --yes --quiet --quiet --no-install-recommends $missing

missing=$(missing_packages)
if [ -n "$missing" ]; then
    echo "Still missing after the installation: $missing" >&2
    exit 1
fi
echo "Done: everything the tests need is installed."
