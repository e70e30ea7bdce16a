"""What ``docs/roles.md`` says, and who has it in a test."""

import re
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.test import Client

from billing.rules.roles import ROLES

TABLE = Path(__file__).resolve().parents[2] / "docs/roles.md"
HEAD, ANSWERS = "| permission |", {"yes", ""}
ADDED = {"billing.customer", "billing.subscription", "billing.plan", "billing.taxrate", "billing.area"}
ADDED |= {"billing.holiday", "billing.router", "auth.user", "auth.group"}
DELETED = {"billing.plan", "billing.taxrate", "billing.area", "billing.holiday", "billing.router", "auth.group"}


def written():
    """Role -> the permissions that the table gives it."""
    given = {role: set() for role in ROLES}
    rows = TABLE.read_text().partition(HEAD)[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) > 20
    for row in rows:
        names, *answers = (cell.strip() for cell in row[1:-1].split("|"))
        assert len(answers) == len(ROLES) and set(answers) <= ANSWERS, row
        for role, answer in zip(ROLES, answers, strict=True):
            given[role] |= set(re.findall(r"`([\w.]+)`", names)) if answer else set()
    return given


def somebody(role):
    """A client that is signed in as a member of staff with this role and nothing else."""
    user = User.objects.create_user(f"the-{role}", is_staff=True)
    user.groups.add(Group.objects.get(role=role))
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client
