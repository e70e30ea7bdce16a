"""The six reports of the business, with what their figures mean (rule S8)."""

from __future__ import annotations

from billing.admin.reports import AreaForm, DaysForm, Report
from billing.admin.reports_of_customers import RevenueForm, ages, expected, revenue
from billing.admin.reports_of_money import CollectionsForm, IncomeForm, collected, earned, taxed
from billing.words import gettext_lazy as _

TODAY_AND_YESTERDAY = _(
    "Today and yesterday are counted every few minutes, all days anew each night: what is dated further back, or a "
    "customer who moves to another area, shows on the next day."
)
AREAS = _("The area is the customer's of today.")

RECEIVABLES = Report(
    "report_receivables", _("Receivables by age"), "hourglass_bottom", AreaForm, ages,
    (
        _("Each open bill counts with what is left to pay of it, by the days since its last day to pay."),
        _("“Not due” is every bill whose last day to pay is today or later; day 1 is the day after it."),
        _("Unused credit is what customers have with us and no bill has taken yet. It is not taken off the ages."),
        _("The file has one row for each customer, read from the bills at this moment."),
    ),
)  # fmt: skip
REVENUE = Report(
    "report_revenue", _("Recurring revenue"), "trending_up", RevenueForm, revenue,
    (
        _("The revenue of a month (MRR) is what the subscriptions that run on its last day, or today, bring in a "
          "month: the price of the plan on that day less discounts, without tax, in a free trial or on hold nothing."),
        _("A year counts by its twelfth, days and weeks by a year of 365 days."),
        _("A subscription runs from its start to its end. After 30 days off as unpaid it is lost until it is paid."),
        _("Gained and lost are subscriptions that run at the end of the month and not at its beginning, and the "
          "other way round. Churn is the lost in percent of those that ran at its beginning."),
        _("Per customer (ARPU) is the revenue divided by the customers with a subscription that runs."),
        _("Two years are counted anew each night. With a plan chosen, a change of plan is neither gained nor lost."),
    ),
)  # fmt: skip
COLLECTIONS = Report(
    "report_collections", _("Collections"), "point_of_sale", CollectionsForm, collected,
    (
        _("Received is every payment on the day on which it was taken, whatever it pays."),
        _("Taken back is what was reversed, bounced, refunded or charged back on a day, also of older payments; a "
          "refund counts by the method in which it was paid out, everything else by that of its payment."),
        _("The member of staff is who entered it; without a name it came from outside."),
        TODAY_AND_YESTERDAY, AREAS,
    ),
)  # fmt: skip
TAX = Report(
    "report_tax", _("Tax"), "account_balance", DaysForm, taxed,
    (
        _("Billed is the tax of the bills issued in a month, by rate, with the amount that it is computed on."),
        _("Taken back is that of bills that were voided and of credit notes that were issued in the month."),
        _("What has no tax stands under “No tax”. Gifts and write-offs change no tax and are left out."),
        TODAY_AND_YESTERDAY, AREAS,
    ),
)  # fmt: skip
INCOME = Report(
    "report_income", _("Income"), "savings", IncomeForm, earned,
    (
        _("Billed is what bills come to on the day of their issue, without tax, whether they are paid or not."),
        _("Voided and credited are taken off on the day of the void or the credit note. Given up is credit that was "
          "given and what was written off."),
        _("The plan is that of the bill's line. One-off items, gifts and write-offs belong to no plan."),
        TODAY_AND_YESTERDAY, AREAS,
    ),
)  # fmt: skip
EXPECTED = Report(
    "report_expected", _("Expected cash"), "event_available", AreaForm, expected,
    (
        _("Due is what is left to pay of the open bills whose last day to pay is that day: today and six days more."),
        _("Promised is what is overdue of customers who promised to pay until that day."),
        _("Bills that are still to be issued are not in it."),
    ),
)  # fmt: skip
REPORTS = (RECEIVABLES, EXPECTED, COLLECTIONS, INCOME, REVENUE, TAX)
