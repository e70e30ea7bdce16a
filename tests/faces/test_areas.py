"""Who has areas sees the customers of these and no other, on every page, list and action."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import (
    Area,
    AuditEntry,
    Bill,
    Customer,
    LoginAttempt,
    NetworkAccount,
    Payment,
    StaffArea,
    Subscription,
)
from billing.services import access, areas, payments
from tests.builders import make_customer, make_overdue_subscription, make_subscription
from tests.faces.conftest import list_url, text_of, url
from tests.faces.desk import act, everything_stored
from tests.faces.test_every_action import ACTIONS, held_run
from tests.faces.test_every_page_of_every_role import BUTTONS, PAGES
from tests.services.network.situations import asked, make_online_subscription, make_router

# What concerns the whole installation: the pages are the same for all.
OF_NO_AREA = {"sweeprun"}


@pytest.fixture
def south():
    return Area.objects.create(name="South")


@pytest.fixture
def limited(south):
    """Somebody who may do everything, for the customers of the south."""
    user = User.objects.create_superuser("south")
    StaffArea.objects.create(user=user, area=south)
    client = Client()
    client.force_login(user)
    return client


def rows_of_others():
    """(row, action) of everything that staff act on, of customers of the north or of no area."""
    north = Area.objects.create(name="North")
    held_first = sorted(ACTIONS, key=lambda entry: entry[0] is not held_run)  # nobody may be off when a run is held
    for make, action, *_ in held_first:
        row = make()
        yield row, action
    half = Customer.objects.order_by("pk").values("pk")[:15]
    Customer.objects.filter(pk__in=half).update(area=north)
    for model, action, _ in BUTTONS:
        yield model.objects.latest("pk"), action


def test_no_page_and_no_action_of_another_area_is_there(limited):
    found = [(row, action) for row, action in rows_of_others() if row._meta.model_name not in OF_NO_AREA]
    before, wrong = everything_stored(), []
    for row, action in found:
        for address in (url(row, action), url(row), url(row, "history")):
            seen, sent = limited.get(address).status_code, limited.post(address, {"confirmed": "1"}).status_code
            if seen != 404 or sent not in (403, 404):
                wrong.append(f"{address}: {seen}, {sent}")
    assert "\n".join(wrong) == ""
    assert everything_stored() == before


def test_no_list_and_no_other_page_names_anybody_of_another_area(limited, south):
    list(rows_of_others())
    late = make_overdue_subscription(login="north-login", customer=make_customer(name="Nora North", code="NORTH1"))
    payments.receive(customer=late.customer, amount=Decimal(1), method="cash", now=timezone.now())
    access.disable(subscription=late, now=timezone.now())
    mine = make_subscription(login="south-login", customer=make_customer(name="Sue South", area=south))
    seen = {"NORTH1", "Nora North", "north-login"}
    for model in areas.PATHS:
        rows = limited.get(list_url(model)).context["cl"].result_list
        own = areas.seen(User.objects.get(username="south"), model.objects.all())
        assert list(rows) == [] or {row.pk for row in rows} <= set(own.values_list("pk", flat=True)), model
    assert [row.pk for row in limited.get(list_url(Subscription)).context["cl"].result_list] == [mine.pk]
    addresses = [reverse("admin:index"), *(reverse(name) for name in PAGES if not name.startswith("report_"))]
    addresses += [reverse("who_will_be_cut") + "?days=7&format=csv", reverse("counter") + "?q=NORTH1"]
    addresses += [reverse("counter_matches") + "?q=nora", list_url(Customer, "?q=north-login")]
    query = "?app_label=billing&model_name=subscription&field_name=customer&term=Nora"
    addresses.append(reverse("admin:autocomplete") + query)
    assert list(limited.get(list_url(AuditEntry)).context["cl"].result_list) == []
    business = limited.get(reverse("admin:index")).context["sections"][-1]
    assert (list(business.cards), "You are limited to some" in business.note) == ([], True)
    for address in addresses:
        answer = limited.get(address)
        text = "".join(map(bytes.decode, answer.streaming_content)) if answer.streaming else text_of(answer)
        named = [name for name in seen if name in text and name not in address]
        assert (answer.status_code, named) == (200, []), address


def test_every_list_of_the_business_knows_its_area_or_has_none():
    free = {"cashshift", "plan", "taxrate", "holiday", "numberseries", "sweeprun", "auditentry", "loginattempt"}
    models = {model for model in admin.site._registry if model._meta.app_label == "billing"}
    assert {model._meta.model_name for model in models - set(areas.PATHS)} <= free


def test_in_their_area_they_work_as_everybody(limited, south):
    customer = make_overdue_subscription(customer=make_customer(name="Sue South", area=south)).customer
    assert act(limited, customer, "receive_payment", amount="20").status_code == 200
    assert Payment.objects.get().customer == customer
    assert limited.get(reverse("counter") + "?q=sue").status_code == 302
    assert [match["name"] for match in limited.get(reverse("counter_matches") + "?q=sue").json()["matches"]]
    assert limited.get(url(Bill.objects.get())).status_code == 200


def test_a_new_customer_is_of_an_area_of_theirs(limited, south):
    north, address = Area.objects.create(name="North"), reverse("admin:billing_customer_add")
    values = {"name": "Sam", "request_key": "7b1dbe6c-3c5f-4f1b-9d4d-0d5f5f7d3a10", "language": ""}
    assert limited.post(address, {**values, "area": ""}).status_code == 200
    assert limited.post(address, {**values, "area": north.pk}).status_code == 200
    assert not Customer.objects.exists()
    assert limited.post(address, {**values, "area": south.pk}).status_code == 302
    assert Customer.objects.get().area == south


def test_who_has_no_areas_sees_all(admin_client):
    customer = make_customer(area=Area.objects.create(name="North"))
    assert admin_client.get(url(customer)).status_code == 200


def test_an_owner_gives_areas_on_the_page_of_a_user(admin_client, south):
    user = User.objects.create_user("ann", is_staff=True)
    page = admin_client.get(url(user))
    form, formset = page.context["adminform"].form, page.context["inline_admin_formsets"][0].formset
    values = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    values |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "staff_areas-0-area": south.pk}
    values |= {f"{formset.prefix}-{name}": number for name, number in (("TOTAL_FORMS", 1), ("INITIAL_FORMS", 0))}
    values.pop("date_joined", None)
    values.pop("password", None)
    answer = admin_client.post(url(user), values)
    assert answer.status_code == 302, answer.context["errors"]
    assert areas.of(User.objects.get(pk=user.pk)) == {south.pk}


def sign_in_at(router, login, answer="Access-Reject"):
    why = "unknown login" if login == "guessed" else ""
    asked("SELECT radius.post_auth(%s, %s, %s, %s, %s)", login, answer, why, str(router.address), "00:11:22:33:44:55")


def test_sign_ins_of_their_customers_and_unknown_ones_at_their_routers_are_there(limited, admin_client, south):
    here, there = make_router(area=south), make_router(area=Area.objects.create(name="North"))
    make_subscription(login="Sue-Home", customer=make_customer(name="Sue South", area=south))
    make_subscription(login="nora-home")
    for router in (here, there):
        for login in ("sue-home", "nora-home", "guessed"):
            sign_in_at(router, login)
    sign_in_at(there, "sue-home", "Access-Accept")

    def listed(client):
        rows = client.get(list_url(LoginAttempt)).context["cl"].result_list
        return sorted((attempt.login, attempt.result) for attempt in rows)

    unknown = f"?{here.address}"
    assert listed(limited) == [(unknown, "refused"), ("sue-home", "accepted"), ("sue-home", "refused")]
    assert len(listed(admin_client)) == 5
    hidden = LoginAttempt.objects.get(login="nora-home")
    assert limited.get(url(hidden)).status_code == 404


def test_an_entry_is_kept_on_a_router_of_theirs_or_stays_where_it_is(limited, south):
    rest = {"kind": "routeros", "rest_url": "https://192.0.2.9/rest", "rest_user": "billing"}
    rest |= {"rest_password_sealed": b"sealed", "certificate_sha256": "ab" * 32}
    here, there = make_router(area=south, **rest), make_router(area=Area.objects.create(name="North"), **rest)
    sue = make_online_subscription(login="sue")
    Customer.objects.filter(pk=sue.customer_id).update(area=south)
    account = NetworkAccount.objects.get(pk=sue.pk)

    def offered():
        return set(limited.get(url(sue, "place")).context["form"].fields["router"].queryset)

    assert offered() == {here}
    answer = limited.post(url(sue, "place"), {"fixed_address": "", "router": there.pk})
    assert "router" in answer.context["form"].errors
    account.refresh_from_db()
    assert account.router is None
    NetworkAccount.objects.update(router=there)
    assert offered() == {here, there}
    act(limited, sue, "place", fixed_address="198.51.100.7")
    account.refresh_from_db()
    assert (account.router, str(account.fixed_address)) == (there, "198.51.100.7")
