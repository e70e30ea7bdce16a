#!/bin/sh
# Start of every container of the application: wait for the database, then become the given
# command (exec), so that signals of `docker stop` reach it directly.
set -eu
cd "$(dirname "$0")"
# Gunicorn reads this variable before any file of ours and shows a traceback for what is no number.
case "${WEB_CONCURRENCY:-3}" in
    *[!0-9]* | 0)
        echo "WEB_CONCURRENCY is '$WEB_CONCURRENCY': write a whole number of at least 1." >&2
        exit 1
        ;;
esac
python scripts/wait_for_database.py
exec "$@"
