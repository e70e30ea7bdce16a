"""A made-up provider for ``make demo``: plans, customers and a year of bills, made by set-based SQL.

The bulk load goes round the services, so every rule that they and the triggers keep is checked
over all rows before it is committed (``billing.services.books``).
"""

ADMIN, ADMIN_PASSWORD = "admin", "demo-admin-2026"  # for the demo only, and shown by it


def password_of(role: str) -> str:
    """The password of the demo's member of staff who has this role; the name is that of the role."""
    return f"demo-{role}-2026"
