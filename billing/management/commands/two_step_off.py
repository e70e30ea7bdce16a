from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.services import two_step


class Command(BaseCommand):
    help = "Turn the two-step sign-in of a member of staff off, when the phone and the recovery codes are lost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name to sign in with")

    def handle(self, *, name: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=name.strip()).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {name.strip()}. Check the name in the admin under Users.")
        two_step.turn_off(user)
        self.stdout.write(f"The two-step sign-in of {name.strip()} is off. If a role needs it, it is set up anew.")
