from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.rules.errors import Refused
from billing.services.network import radius_login


class Command(BaseCommand):
    help = "Create the login of the database that FreeRADIUS uses, or give it another password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="isp_freeradius", help="of the login (default %(default)s)")
        parser.add_argument("--password-file", required=True, type=Path, help="a file that holds its password")

    def handle(self, *, name: str, password_file: Path, **options: Any) -> None:
        try:
            password = password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{password_file} cannot be read: {error}. Check its path and mode.") from error
        try:
            is_new = radius_login.grant(name, password)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"The login {name} is {'created' if is_new else 'there'} and may answer routers.")
