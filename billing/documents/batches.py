"""Bills that staff ordered, made part by part and joined into one PDF file."""

from __future__ import annotations

import logging
from datetime import datetime
from io import BytesIO

from pypdf import PdfWriter

from billing.documents import bills, rendering
from billing.models import PrintOrder
from billing.services import print_orders

logger = logging.getLogger(__name__)

BILLS_AT_A_TIME = 50  # some 2 seconds and 100 MB


def carry_out(*, now: datetime) -> int | None:
    """Make the next bills of the oldest order, or join its file; how many bills. None when no order waits.

    An order whose bills cannot be made is given up with the reason, and the next one is not held up.
    """
    order = print_orders.begin(now=now)
    if order is None:
        return None
    ids = order.bill_ids[order.done : order.done + BILLS_AT_A_TIME]
    papers = bills.bills(ids)
    try:
        made = rendering.pdf(papers) if papers else _joined(order)
    except Exception as error:
        logger.exception("Print order %d cannot be carried out", order.pk)
        print_orders.fail(order, str(error) or type(error).__name__, now=now)
        return 0
    if papers:
        print_orders.add(order, made, count=len(ids))
    else:
        print_orders.finish(order, made, now=now)
    return len(ids)


def _joined(order: PrintOrder) -> bytes:
    writer, file = PdfWriter(), BytesIO()
    for part in print_orders.parts_of(order):
        writer.append(BytesIO(part))
    writer.write(file)
    return file.getvalue()
