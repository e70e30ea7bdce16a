"""The expiry sweep in a process of its own: ``python -m benchmarks.sweeper 500`` or ``by-hand``.

It says when it is ready, and starts at the first line that it reads.
"""

from __future__ import annotations

import sys


def main(how: str) -> None:
    import django

    django.setup()
    from django.db import connection

    from benchmarks import installation
    from benchmarks.overdue import DUE_AT
    from billing.services import sweep

    by_hand = installation.connect()
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    if how == "by-hand":
        by_hand.cursor().execute(installation.sql("limit_sweep"), {"now": DUE_AT})
    else:
        sweep.disable_due(now=DUE_AT, limit=int(how))


if __name__ == "__main__":
    main(sys.argv[1])
