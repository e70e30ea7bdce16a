"""Create the secrets of a compose installation once, in the folder given (a volume).

postgres_password   for the database container, root only
database_url        for the application: the same password inside its address
django_secret_key   for the application
network_key         for the application and RADIUS: seals passwords of subscribers and secrets of routers
radius_database_password  for RADIUS: of its own login of the database

A secret that is there is never changed: the database keeps the password it was created with. Runs
as root because the files belong to root; the application's group may read what it needs.
"""

from __future__ import annotations

import grp
import os
import secrets
import sys
from pathlib import Path

APPLICATION_GROUP = "isp"
NOBODY_ELSE = 0


def write_once(path: Path, value: str, *, group: int) -> None:
    """Create ``path`` with ``value`` for root and ``group``, whole or not at all; keep it if it is there."""
    if path.exists():
        print(f"{path.name}: kept", flush=True)
        return
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(value)
        os.fchown(handle, 0, group)
        os.fchmod(handle, 0o440 if group else 0o400)
        os.fsync(handle)
    draft.rename(path)
    print(f"{path.name}: created", flush=True)


def main(folder: Path) -> int:
    application = grp.getgrnam(APPLICATION_GROUP).gr_gid
    folder.chmod(0o711)
    password_file = folder / "postgres_password"
    write_once(password_file, secrets.token_urlsafe(32), group=NOBODY_ELSE)
    url = f"postgresql://postgres:{password_file.read_text(encoding='utf-8')}@db:5432/django_db"
    write_once(folder / "database_url", url, group=application)
    write_once(folder / "django_secret_key", secrets.token_urlsafe(64), group=application)
    write_once(folder / "network_key", secrets.token_urlsafe(48), group=application)
    write_once(folder / "radius_database_password", secrets.token_urlsafe(32), group=application)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except OSError as error:
        sys.exit(f"The secrets cannot be written: {error}. Check the volume that holds them.")
