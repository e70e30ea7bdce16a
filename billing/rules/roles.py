"""Which role may do what: the permissions that each role has from the start, as ``docs/roles.md`` tells staff.

An installation may change its groups afterwards; see ``billing.services.roles``.
"""

from __future__ import annotations

CASHIER, SUPPORT, BILLING, MANAGER, OWNER, AUDITOR, TECHNICIAN = ROLES = (
    "cashier",
    "support",
    "billing",
    "manager",
    "owner",
    "auditor",
    "technician",
)
BOSSES = {MANAGER, OWNER}
OFFICE = {BILLING, *BOSSES}
HELPERS = {SUPPORT, *OFFICE}
DESK = {CASHIER, *HELPERS}

GRANTS: tuple[tuple[set[str], str], ...] = (
    # What they see
    (set(ROLES), "billing.view_customer billing.view_subscription billing.view_area billing.view_plan"),
    (set(ROLES), "billing.view_accessstate"),
    (set(ROLES), "billing.view_customernote"),
    ({AUDITOR, TECHNICIAN, *HELPERS}, "billing.view_accessevent billing.view_block billing.view_holiday"),
    ({AUDITOR, *DESK}, "billing.view_bill billing.view_payment billing.view_creditnote billing.view_item"),
    ({AUDITOR, *DESK}, "billing.view_ledgerentry billing.view_promise"),
    ({AUDITOR, *HELPERS}, "billing.view_discount billing.view_hold billing.view_scheduledchange"),
    ({AUDITOR, *HELPERS}, "billing.view_exclusion billing.view_reminder"),
    ({CASHIER, AUDITOR, *OFFICE}, "billing.view_cashshift"),
    ({AUDITOR, *OFFICE}, "billing.view_every_cashshift"),
    ({AUDITOR, *OFFICE}, "billing.view_reversal billing.view_billline billing.view_allocation billing.view_account"),
    ({AUDITOR, *OFFICE}, "billing.view_taxrate billing.view_numberseries billing.view_billingstate"),
    ({AUDITOR, *OFFICE}, "billing.view_unbilleddays billing.view_sweeprun"),
    ({AUDITOR, *BOSSES}, "utils.view_jobrun utils.view_alarm utils.view_jobrequest utils.view_instance"),
    ({AUDITOR, *BOSSES}, "django_apscheduler.view_djangojob django_apscheduler.view_djangojobexecution"),
    ({AUDITOR, OWNER}, "billing.view_auditentry"),
    ({AUDITOR, OWNER}, "auth.view_user auth.view_group axes.view_accessattempt axes.view_accesslog"),
    ({AUDITOR, *OFFICE}, "billing.export_lists"),
    ({AUDITOR, *OFFICE}, "billing.view_reports"),
    ({AUDITOR, TECHNICIAN, *HELPERS}, "billing.view_onlinesession billing.view_sessionrecord"),
    ({AUDITOR, TECHNICIAN, *OFFICE}, "billing.view_router billing.view_networkfinding billing.view_loginattempt"),
    # Money
    ({CASHIER, *OFFICE}, "billing.add_payment billing.run_cashshift"),
    (OFFICE, "billing.sign_cashshift"),
    (OFFICE, "billing.reverse_payment billing.win_chargeback"),
    (BOSSES, "billing.refund_payment"),
    (OFFICE, "billing.add_bill billing.void_bill billing.credit_bill billing.add_item"),
    (BOSSES, "billing.writeoff_bill"),
    (OFFICE, "billing.give_credit billing.add_discount billing.change_billingstate"),
    ({AUDITOR, *OFFICE}, "billing.view_unmatchedpayment"),
    (OFFICE, "billing.import_payments billing.resolve_unmatchedpayment"),
    # Customers and their subscriptions
    (BOSSES, "billing.import_customers"),
    (HELPERS, "billing.add_customer billing.change_customer billing.add_subscription"),
    ({TECHNICIAN, *DESK}, "billing.add_customernote"),
    (HELPERS, "billing.switch_plan billing.hold_subscription"),
    (DESK, "billing.renew_subscription"),
    (OFFICE, "billing.end_subscription"),
    # Access
    (HELPERS, "billing.give_promise"),
    (OFFICE, "billing.change_subscription"),
    (BOSSES, "billing.exclude_customer billing.confirm_run billing.undo_run"),
    (BOSSES, "billing.add_holiday billing.change_holiday billing.delete_holiday"),
    # The network
    ({TECHNICIAN, *HELPERS}, "billing.disconnect_session billing.apply_again billing.set_credentials"),
    ({TECHNICIAN, *BOSSES}, "billing.test_router"),
    (BOSSES, "billing.add_router billing.change_router billing.delete_router billing.see_network_secrets"),
    # What is sold, and the installation
    (BOSSES, "billing.add_plan billing.change_plan billing.delete_plan"),
    (BOSSES, "billing.add_taxrate billing.change_taxrate billing.delete_taxrate"),
    (BOSSES, "billing.add_area billing.change_area billing.delete_area"),
    (BOSSES, "utils.run_job utils.pause_job"),
    ({OWNER}, "auth.add_user auth.change_user auth.add_group auth.change_group auth.delete_group"),
    ({OWNER}, "axes.delete_accessattempt"),
)


def permissions_of(role: str) -> set[str]:
    """The permissions of ``role`` from the start, such as ``billing.add_payment``."""
    return {permission for roles, permissions in GRANTS if role in roles for permission in permissions.split()}
