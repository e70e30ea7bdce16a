"""A customer's statement as a paper. It is of today: of the customer's name and address as they are now."""

from __future__ import annotations

from datetime import date
from itertools import islice

from billing.documents.letterhead import seller_today
from billing.documents.papers import Paper, language_of
from billing.models import Customer
from billing.rules.errors import Refused
from billing.services import statements

MOST_LINES = 500  # 12 pages, of which a web worker makes PDF in some 5 seconds


def statement(customer: Customer, *, since: date, until: date, today: date) -> Paper:
    """The paper of the account of ``customer`` from ``since`` to ``until``, both included.

    Raises:
        Refused: it would have more than ``MOST_LINES`` lines, or end before it begins.
    """
    lines = list(islice(statements.lines(customer, since=since, until=until), MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        raise Refused(
            "These days have more than {most} entries: choose fewer days, or download the CSV file.",
            most=f"{MOST_LINES:,}",
        )
    return Paper(
        template="statement.html",
        name=f"statement-{customer.code}-{since}-{until}",
        language=language_of(customer),
        content={
            "customer": customer,
            "seller": seller_today(),
            "lines": lines,
            "closing": lines[-1],
            "owed": abs(lines[-1].balance),
            "since": since,
            "until": until,
            "today": today,
        },
    )
