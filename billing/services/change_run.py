"""The run that makes scheduled changes happen when their day has come (rules L1, T6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from billing.models import Block, ScheduledChange
from billing.services import blocks, clock, endings, holds, locks, non_payment, plan_changes, scheduled_changes
from billing.services.wording import counted

logger = logging.getLogger(__name__)

Kind, Status = ScheduledChange.Kind, ScheduledChange.Status


@dataclass
class ChangeRun:
    """How many changes happened, and which failed and why, by the change's id; how many subscriptions
    ended because they were unpaid, and which could not."""

    applied: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    ended: int = 0
    not_ended: dict[int, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        failed = len(self.failed) + len(self.not_ended)
        ended = _(", {counted} ended").format(counted=counted(self.ended, "unpaid subscription")) if self.ended else ""
        return _("{counted} applied{ended}, {failed} failed").format(
            counted=counted(self.applied, "scheduled change"), ended=ended, failed=failed
        )


def apply_due(*, now: datetime) -> ChangeRun:
    """Make every change happen that is due as of ``now``, in the order of their days, each in its own transaction;
    then end what has been unpaid for too long (rule E16).

    One that cannot happen is marked as failed with its error; the others go on.
    """
    run = ChangeRun()
    _apply_changes(run, now=now)
    _end_unpaid(run, now=now)
    return run


def _apply_changes(run: ChangeRun, *, now: datetime) -> None:
    due = ScheduledChange.objects.filter(status=Status.PENDING, due_on__lte=clock.local_date(now))
    for pk in due.order_by("due_on", "pk").values_list("pk", flat=True).iterator():
        try:
            run.applied += _apply(pk, now=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            run.failed[pk] = str(error).splitlines()[0]
            _mark_as_failed(pk, run.failed[pk], now=now)


def _end_unpaid(run: ChangeRun, *, now: datetime) -> None:
    for subscription_id in non_payment.due(now=now):
        try:
            run.ended += endings.end_unpaid(subscription_id, now=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            run.not_ended[subscription_id] = str(error).splitlines()[0]
            logger.error("Subscription %d cannot end: %s", subscription_id, run.not_ended[subscription_id])


@transaction.atomic(durable=True)
def _apply(pk: int, *, now: datetime) -> bool:
    change = ScheduledChange.objects.select_related("subscription").get(pk=pk)
    locks.customer(change.subscription.customer_id)
    locks.access_states([change.subscription.customer_id])
    change = ScheduledChange.objects.select_related("subscription", "hold").get(pk=pk)
    if change.status != Status.PENDING:
        return False
    _HANDLERS[change.kind](change, now=now)
    return True


def _start(change: ScheduledChange, *, now: datetime) -> None:
    blocks.close_block(locks.access_state(change.subscription_id), Block.Reason.PENDING, rule="L1", now=now)
    scheduled_changes.done(change, now=now)


def _mark_as_failed(pk: int, error: str, *, now: datetime) -> None:
    ScheduledChange.objects.filter(pk=pk).update(status=Status.FAILED, error=error[:300], closed_at=now)
    logger.error("Scheduled change %d failed: %s", pk, error)


_HANDLERS: dict[str, Callable[..., object]] = {
    Kind.START: _start,
    Kind.PLAN: plan_changes.apply,
    Kind.HOLD: holds.apply_hold,
    Kind.RESUME: holds.apply_resume,
    Kind.END: endings.apply,
}
