#!/bin/sh
# Ask the FreeRADIUS that run.sh started on this machine whether it answers; ends with 0 when it does.
set -eu
: "${RADIUS_STATUS_PORT:=18121}"
: "${RADIUS_RUN:=/tmp/freeradius}"
echo "Message-Authenticator = 0x00" |
    radclient -q -r 1 -t 2 -S "$RADIUS_RUN/status-secret" "127.0.0.1:$RADIUS_STATUS_PORT" status
