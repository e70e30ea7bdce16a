#!/bin/sh
# Start of every container of the application: wait for the database, then become the given
# command (exec), so that signals of `docker stop` reach it directly.
set -eu
cd "$(dirname "$0")"
python scripts/wait_for_database.py
exec "$@"
