"""Carry notices out: on each channel by a thread of its own, again and again until they have arrived."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from utils.alarms.channels import Send, Undeliverable
from utils.models import AlarmNotice

logger = logging.getLogger(__name__)

ERROR_LENGTH = AlarmNotice._meta.get_field("error").max_length


@dataclass(frozen=True)
class Pace:
    """How often it is looked for notices, and how the pauses between the tries of one grow."""

    look: float = 5.0  # seconds
    first_retry: timedelta = timedelta(seconds=10)
    last_retry: timedelta = timedelta(minutes=5)

    def retry_after(self, tries: int) -> timedelta:
        longer: timedelta = self.first_retry * 2 ** min(tries - 1, 20)
        return min(longer, self.last_retry)


class Delivery(threading.Thread):
    """The thread of one channel; what it leaves behind at an end is found by the next process."""

    def __init__(self, channel: str, send: Send, pace: Pace) -> None:
        super().__init__(name=f"alarms by {channel}", daemon=True)
        self._channel, self._send, self._pace = channel, send, pace
        self._wake, self._ending = threading.Event(), False

    def wake(self) -> None:
        """There may be something new; the first time, begin."""
        if self.is_alive():
            self._wake.set()
        else:
            self.start()

    def end(self) -> None:
        """Wait until what is being sent is sent, and begin nothing more."""
        self._ending = True
        self._wake.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        while not self._ending:
            try:
                while not self._ending and self._deliver_next():
                    pass
            except (DatabaseError, InterfaceError) as error:
                logger.debug("Notices by %s wait for the database: %s", self._channel, error)
            except Exception:
                logger.exception("Notices by %s failed", self._channel)
            connections.close_all()
            self._wake.wait(self._pace.look)
            self._wake.clear()

    def _deliver_next(self) -> bool:
        return deliver_next(self._channel, self._send, self._pace, now=timezone.now())


def deliver_next(channel: str, send: Send, pace: Pace, *, now: datetime) -> bool:
    """Try the oldest notice that is due on ``channel``; False when there is none.

    It is put off before it is sent, so that nobody else takes it and a bad one holds up no other.
    A process that is killed between the sending and the record of it sends it again.
    """
    notice = _claim(channel, pace, now)
    if notice is None:
        return False
    record = AlarmNotice.objects.filter(pk=notice.pk)
    try:
        send(notice)
    except Undeliverable as error:
        record.update(error=str(error)[:ERROR_LENGTH])
        if notice.tries == 1:
            logger.warning("“%s” cannot be told by %s yet and is tried again: %s", notice.alarm, channel, error)
        return True
    record.update(sent_at=now, error="")
    if notice.tries > 1:
        logger.info("“%s” was told by %s at try %d", notice.alarm, channel, notice.tries)
    return True


@transaction.atomic(durable=True)
def _claim(channel: str, pace: Pace, now: datetime) -> AlarmNotice | None:
    """The oldest notice that is due, put off to its next try. An end waits until its beginning was told."""
    waiting = AlarmNotice.objects.filter(channel=channel, sent_at=None)
    begin = waiting.filter(alarm=OuterRef("alarm"), is_end=False)
    due = waiting.filter(Q(is_end=False) | ~Exists(begin), next_try_at__lte=now)
    notice = due.select_related("alarm").select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
    if notice is not None:
        notice.tries += 1
        notice.next_try_at = now + pace.retry_after(notice.tries)
        notice.save(update_fields=["tries", "next_try_at"])
    return notice
