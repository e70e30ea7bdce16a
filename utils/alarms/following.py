"""Which alarms begin, last and are over, kept in rows: a restart or another leader goes on where one stopped.

An alarm is over as soon as its condition is gone. One that came back within ``FLAPPING`` of its
last end is over only when it has stayed away for as long, so that a condition that comes and goes
is told about once an hour, not every minute.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from utils.alarms.conditions import Findings
from utils.models import Alarm, AlarmNotice

FLAPPING = timedelta(hours=1)
KEY_LENGTH, TEXT_LENGTH = 120, 500  # characters that the table takes


class Changes(NamedTuple):
    """The alarms that began, and those that are over, since the last look."""

    begun: list[Alarm]
    over: list[Alarm]


@transaction.atomic(durable=True)
def follow(findings: Findings, *, channels: Collection[str], now: datetime, flapping: timedelta = FLAPPING) -> Changes:
    """Bring the rows in line with what was found, and write the notices that ``channels`` are to carry.

    Two processes may do this at once: each change is made, and returned, by one of them.
    """
    texts = {key[:KEY_LENGTH]: _one_line(text) for key, text in findings.texts.items()}
    lasting, over = [], []
    for alarm in Alarm.objects.filter(ended_at=None):
        if alarm.key in texts:
            _go_on(alarm, texts.pop(alarm.key))
        elif findings.concerns(alarm.key) and _end(alarm, now, flapping):
            over.append(alarm)
            continue
        lasting.append(alarm)
    begun = [new for key, text in texts.items() if (new := _begin(key, text, now))]
    _tell_begin([*lasting, *begun], channels, now)
    _tell_end(over, channels, now)
    return Changes(begun, over)


def forget(*, before: datetime) -> int:
    """Delete the alarms that were over before an instant, with what could not be told of them; how many."""
    return Alarm.objects.filter(ended_at__lt=before).delete()[1].get(Alarm._meta.label, 0)


def _begin(key: str, text: str, now: datetime) -> Alarm | None:
    alarm, is_new = Alarm.objects.get_or_create(key=key, ended_at=None, defaults={"text": text, "began_at": now})
    return alarm if is_new else None


def _go_on(alarm: Alarm, text: str) -> None:
    if (alarm.text, alarm.absent_since) != (text, None):
        alarm.text, alarm.absent_since = text, None
        alarm.save(update_fields=["text", "absent_since"])


def _end(alarm: Alarm, now: datetime, flapping: timedelta) -> bool:
    """Whether the alarm, whose condition is gone, is over now by our hand."""
    gone = alarm.absent_since or max(now, alarm.began_at)
    still_open = Alarm.objects.filter(pk=alarm.pk, ended_at=None)
    if _came_back(alarm, flapping) and now < gone + flapping:
        still_open.update(absent_since=gone)
        return False
    alarm.ended_at = gone
    return bool(still_open.update(absent_since=None, ended_at=gone))


def _came_back(alarm: Alarm, flapping: timedelta) -> bool:
    return Alarm.objects.filter(key=alarm.key, ended_at__gte=alarm.began_at - flapping).exclude(pk=alarm.pk).exists()


def _tell_begin(alarms: Iterable[Alarm], channels: Collection[str], now: datetime) -> None:
    """Write the notices that are missing: a channel that was set up meanwhile tells what goes on."""
    wanted = {(alarm.pk, channel) for alarm in alarms for channel in channels}
    _write(wanted - _told_of(alarms, is_end=False), now, is_end=False)


def _tell_end(alarms: Iterable[Alarm], channels: Collection[str], now: datetime) -> None:
    """The end is told where the beginning was."""
    begun = {(alarm_id, channel) for alarm_id, channel in _told_of(alarms, is_end=False) if channel in channels}
    _write(begun - _told_of(alarms, is_end=True), now, is_end=True)


def _told_of(alarms: Iterable[Alarm], *, is_end: bool) -> set[tuple[int, str]]:
    return set(AlarmNotice.objects.filter(alarm__in=alarms, is_end=is_end).values_list("alarm_id", "channel"))


def _write(notices: Iterable[tuple[int, str]], now: datetime, *, is_end: bool) -> None:
    AlarmNotice.objects.bulk_create(
        [
            AlarmNotice(alarm_id=alarm_id, channel=channel, is_end=is_end, next_try_at=now)
            for alarm_id, channel in sorted(notices)
        ],
        ignore_conflicts=True,
    )


def _one_line(text: str) -> str:
    line = " ".join(text.replace("\0", "").split())
    return line if len(line) <= TEXT_LENGTH else f"{line[: TEXT_LENGTH - 1]}…"
