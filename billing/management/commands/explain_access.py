from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.management.arguments import instant
from billing.models import Subscription
from billing.rules.errors import Refused
from billing.services import access, wording


class Command(BaseCommand):
    help = "Explain why a subscription has access or not, at an instant before or after now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument(
            "--at", type=instant, metavar="INSTANT", help="such as 2026-03-31T18:00, in the installation's zone"
        )

    def handle(self, *, login: str, at: datetime | None, **options: Any) -> None:
        subscription = Subscription.objects.select_related("customer", "plan").filter(login=login.strip()).first()
        if subscription is None:
            raise CommandError(f"There is no subscription with the login {login.strip()}. Check it in the admin.")
        now = timezone.now()
        try:
            found = access.explain(subscription, at or now, now=now)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        state = "has access" if found.has_access else "has no access"
        self.stdout.write(f"{login} of customer {subscription.customer} {state} on {wording.instant(found.at)}.")
        for sentence in found.sentences:
            self.stdout.write(f"  {sentence}")
        for step in found.steps:
            self.stdout.write(f"  {'then' if step.at > found.at else 'was '} {wording.instant(step.at)}  {step.what}")
