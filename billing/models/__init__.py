"""Tables and the constraints that PostgreSQL keeps for us; no decisions are taken here."""

from billing.models.access import AccessEvent, AccessState, Block, SweepRun
from billing.models.bills import Bill, BillLine
from billing.models.catalog import Plan
from billing.models.customers import Area, Customer
from billing.models.numbering import NumberSeries
from billing.models.payments import Allocation, Payment
from billing.models.subscriptions import Subscription

__all__ = [
    "AccessEvent",
    "AccessState",
    "Allocation",
    "Area",
    "Bill",
    "BillLine",
    "Block",
    "Customer",
    "NumberSeries",
    "Payment",
    "Plan",
    "Subscription",
    "SweepRun",
]
