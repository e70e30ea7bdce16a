from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.rules.errors import Refused
from billing.services.network import change_of_key

NEXT = """Now, before anybody signs in or a password is made:
1. Put the new key where NETWORK_KEY or NETWORK_KEY_FILE is read, for the application and for FreeRADIUS.
2. Start web, scheduler, network and radius anew. Until radius is, it is silent and routers ask again.
3. Keep the former key with the backups of the database that were made before: they are sealed with it."""


class Command(BaseCommand):
    help = "Seal the passwords of subscriptions and the secrets of routers with another NETWORK_KEY."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-key-file", required=True, type=Path, help="a file that holds the new key")

    def handle(self, *, new_key_file: Path, **options: Any) -> None:
        try:
            key = new_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{new_key_file} cannot be read: {error}. Check its path and mode.") from error
        try:
            done = change_of_key.change(key, tell=self._tell)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        passwords, secrets, rest = done.counts.values()
        self.stdout.write(
            f"Sealed with the new key: {passwords:,} passwords of subscriptions, {secrets:,} secrets and {rest:,} REST "
            f"passwords of routers.\n{NEXT}"
        )

    def _tell(self, done: int, total: int) -> None:
        self.stdout.write(f"{done:,} of {total:,}")
