"""Tables and the constraints that PostgreSQL keeps for us; no decisions are taken here."""

from billing.models.access import AccessEvent, AccessState, Block
from billing.models.audit import AuditEntry
from billing.models.bills import Bill, BillLine, BillTax, Item
from billing.models.cash import CashMovement, CashShift
from billing.models.catalog import Plan, PriceBefore, TaxRate
from billing.models.changes import Discount, Hold, ScheduledChange
from billing.models.credit_notes import CreditNote, CreditNoteLine, CreditNoteTax
from billing.models.customers import Area, Customer
from billing.models.enforcement import Exclusion, FollowedPolicy, Holiday, Promise, Reminder
from billing.models.figures import CollectedDay, FiguresCount, IncomeDay, OpenDay, RunningMonth, TaxDay
from billing.models.imports import ImportedFile, ImportedRow
from billing.models.ledger import Account, LedgerEntry
from billing.models.network import DataUse, NetworkFinding, NetworkIntent, NetworkPolicy
from billing.models.network_sessions import LoginAttempt, OnlineSession, SessionRecord, UsageDay
from billing.models.notes import CustomerNote
from billing.models.numbering import NumberSeries
from billing.models.payments import Allocation, Payment, Reversal
from billing.models.printing import PrintOrder, PrintPart
from billing.models.routers import NetworkAccount, Router, RouterState
from billing.models.staff import RecoveryCode, Role, StaffArea, StaffSession
from billing.models.subscriptions import BillingState, Subscription, UnbilledDays
from billing.models.sweeps import SweepFinding, SweepRun
from billing.models.unmatched import UnmatchedPayment

__all__ = [
    "AccessEvent",
    "AccessState",
    "Account",
    "Allocation",
    "Area",
    "AuditEntry",
    "Bill",
    "BillLine",
    "BillTax",
    "BillingState",
    "Block",
    "CashMovement",
    "CashShift",
    "CollectedDay",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteTax",
    "Customer",
    "CustomerNote",
    "DataUse",
    "Discount",
    "Exclusion",
    "FiguresCount",
    "FollowedPolicy",
    "Hold",
    "Holiday",
    "ImportedFile",
    "ImportedRow",
    "IncomeDay",
    "Item",
    "LedgerEntry",
    "LoginAttempt",
    "NetworkAccount",
    "NetworkFinding",
    "NetworkIntent",
    "NetworkPolicy",
    "NumberSeries",
    "OnlineSession",
    "OpenDay",
    "Payment",
    "Plan",
    "PriceBefore",
    "PrintOrder",
    "PrintPart",
    "Promise",
    "RecoveryCode",
    "Reminder",
    "Reversal",
    "Role",
    "Router",
    "RouterState",
    "RunningMonth",
    "ScheduledChange",
    "SessionRecord",
    "StaffArea",
    "StaffSession",
    "Subscription",
    "SweepFinding",
    "SweepRun",
    "TaxDay",
    "TaxRate",
    "UnbilledDays",
    "UnmatchedPayment",
    "UsageDay",
]
