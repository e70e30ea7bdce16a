#!/bin/sh
# Install what the container, browser and monitoring tests need from the system: a container engine, the tools
# for stand-in images, a browser, promtool. Safe to run again. Says clearly what is missing where it cannot install.
set -eu

# One line each: the program, and the Debian package that brings it.
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
LIST
}

missing_packages() {
    wanted | while read -r program package; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || echo "$package"
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
