"""The login of the database by which FreeRADIUS asks: it may call six functions, and see no table."""

from __future__ import annotations

import re

from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from billing.rules.errors import Refused

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[A-Za-z0-9_-]{20,200}")


def grant(name: str, password: str) -> bool:
    """Give the login ``name`` this password and what a RADIUS server may do; whether it was created.

    Raises:
        Refused: a name or password that cannot be, or the application's own login may not create others.
    """
    if not _NAME.fullmatch(name):
        raise Refused("“{name}” is not a name for a login: lower-case letters, digits and “_”.", name=name)
    if not _PASSWORD.fullmatch(password):
        raise Refused("The password needs 20 to 200 letters, digits, “-” or “_”.")
    try:
        return _grant(name, password)
    except ProgrammingError as error:
        raise Refused(
            "The database does not allow it: {splitlines}. Create the login as its administrator: "
            "see “By hand” in docs/network.md.",
            splitlines=str(error).splitlines()[0],
        ) from error


@transaction.atomic
def _grant(name: str, password: str) -> bool:
    login = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT radius.grant_role()")
        if not cursor.fetchone()[0]:
            raise Refused(
                "The role isp_radius is missing, and the application may not create it: see “By hand” in "
                "docs/network.md."
            )
        cursor.execute("SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [name])
        is_new = bool(cursor.fetchone()[0])
        if is_new:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(login))
        # What is sent, and what the server may log, is the verifier and not the password.
        verifier = encrypt_password(password, name, scope=connection.connection, algorithm="scram-sha-256")
        cursor.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(login, sql.Literal(verifier)))
        cursor.execute(sql.SQL("GRANT isp_radius TO {}").format(login))
    return is_new
