from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from utils.alarms import channels
from utils.models import Alarm, AlarmNotice


class Command(BaseCommand):
    help = "Send an alarm for trial by every channel that is set up, and say which of them work; nothing is stored."

    def handle(self, *args: Any, **options: Any) -> None:
        ways = channels.configured()
        if not ways:
            raise CommandError("Alarms go to the log only: set ALARM_EMAILS or ALARM_WEBHOOK_URL.")
        alarm = Alarm(key="trial", text="This is a trial: nothing is wrong", began_at=timezone.now())
        faults = []
        for channel, send in ways.items():
            try:
                send(AlarmNotice(pk=0, alarm=alarm, channel=channel))
            except channels.Undeliverable as error:
                faults.append(f"It cannot be told by {channel}: {error}.")
            else:
                self.stdout.write(f"It was told by {channel}.")
        if faults:
            raise CommandError("\n".join(faults))
