from decimal import Decimal

from django.utils import timezone

from billing.services import payments
from tests.builders import make_customer
from tests.faces.conftest import text_of


def cards(response):
    return {card.title: (card.figure, card.note) for card in response.context["cards"]}


def test_the_first_page_tells_how_the_business_stands(admin_client, disabled):
    payments.receive(customer=make_customer(), amount=Decimal("7.50"), method="cash", now=timezone.now())
    payments.receive(customer=disabled.customer, amount=Decimal(5), method="cash", now=timezone.now())
    assert cards(admin_client.get("/admin/")) == {
        "Customers": ("2", "on the books"),
        "Off as unpaid": ("1", "subscriptions"),
        "Open bills": ("$15.00", "1 bill"),
        "Overdue": ("$15.00", "1 bill"),
        "Paid today": ("$12.50", "2 payments"),
        "Due to be cut": ("0", "by the end of today, if nothing is paid"),
    }


def test_the_first_page_works_before_the_first_customer(admin_client):
    assert cards(admin_client.get("/admin/"))["Overdue"] == ("$0.00", "0 bills")


def test_the_first_page_shows_only_what_the_member_of_staff_may_see(staff, disabled):
    response = staff("view_customer").get("/admin/")
    assert set(cards(response)) == {"Customers"}
    assert not response.context["panels"]
    assert "no permissions yet" in text_of(staff().get("/admin/"))


def test_the_sidebar_leads_only_where_the_member_of_staff_may_go(staff):
    page = text_of(staff("view_customer").get("/admin/"))
    assert "/admin/billing/customer/" in page
    assert "/admin/billing/payment/" not in page


def test_the_pages_carry_the_companys_name(admin_client, settings):
    assert settings.COMPANY_NAME in text_of(admin_client.get("/admin/"))
