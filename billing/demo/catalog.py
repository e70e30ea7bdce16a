"""What the demo provider sells, where, and what its customers are called."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.models import Area, Plan, TaxRate
from billing.rules.money import exponent, rounded

MBIT = 1000  # kbit/s


@dataclass(frozen=True)
class Offer:
    """A plan, its price in a currency with cents, and how many of 100 subscriptions are on it."""

    code: str
    name: str
    price: str
    share: int
    download: int
    upload: int
    terms: dict[str, Any]
    is_taxed: bool = False


OFFERS = (
    Offer("home-20", "Home 20", "19.90", 30, 20, 5, {}),
    Offer("home-50", "Home 50", "29.90", 27, 50, 10, {}),
    Offer("home-100", "Home 100", "39.90", 15, 100, 20, {}),
    Offer("home-300", "Home 300", "59.90", 8, 300, 60, {"due_days": 10, "grace_days": 2}),
    Offer(
        "business-100", "Business 100", "149.00", 6, 100, 100, {"mode": "postpaid", "due_days": 21, "grace_days": 5},
        is_taxed=True,
    ),
    Offer("campus-50", "Campus 50, billed on the 1st", "24.90", 8, 50, 10, {"billing_day": 1, "due_days": 10}),
    Offer("weekly-10", "Weekly 10", "5.90", 2, 10, 2, {"interval_unit": "week", "due_days": 2}),
    Offer("yearly-20", "Yearly 20", "199.00", 4, 20, 5, {"interval_unit": "year", "due_days": 30}),
)  # fmt: skip
INSTALLATION_PRICE = "35.00"
TAX, TAX_PERCENT = "VAT 20%", Decimal(20)
DISCOUNT, DISCOUNT_PERCENT = "Neighbours' discount", Decimal(10)

AREAS = ("Hillside", "Lakeside", "Mill Valley", "Northfield", "Oakwood", "Old Harbour", "Riverbend", "Station Quarter")
STREETS = (
    "Acacia Avenue", "Bakery Street", "Bridge Street", "Canal Road", "Church Lane", "Garden Street", "High Street",
    "Market Square", "Mill Lane", "Orchard Road", "Park Avenue", "Ring Road", "School Lane", "Station Road",
    "Temple Street", "Tower Hill",
)  # fmt: skip
FIRST_NAMES = (
    "Aisha", "Akira", "Amara", "Ana", "Arjun", "Beatriz", "Carlos", "Chidi", "Clara", "David", "Elena", "Emma",
    "Fatima", "Felix", "Grace", "Hassan", "Ibrahim", "Ines", "Ivan", "Jamal", "Joao", "José", "Julia", "Karim",
    "Kofi", "Laura", "Leila", "Liam", "Lucía", "Maria", "Mateo", "Mei", "Michael", "Mina", "Nadia", "Noah", "Nora",
    "Olivia", "Omar", "Paolo", "Priya", "Rahul", "Rosa", "Samuel", "Sara", "Sofia", "Tariq", "Thomas", "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abadi", "Adeyemi", "Ahmed", "Alvarez", "Andersen", "Bauer", "Begum", "Bianchi", "Brown", "Castillo", "Chen",
    "Costa", "Das", "Diaz", "Dubois", "Eriksen", "Fernández", "Fischer", "Garcia", "Gomez", "Haddad", "Hansen",
    "Hossain", "Islam", "Ivanova", "Jensen", "Johnson", "Kamau", "Khan", "Kowalski", "Kumar", "Lee", "Lopez",
    "Martin", "Mbeki", "Mensah", "Miller", "Moreau", "Müller", "Nakamura", "Nguyen", "Nowak", "Okafor", "Oliveira",
    "Patel", "Peeters", "Pereira", "Rahman", "Ricci", "Rossi", "Santos", "Sato", "Schmidt", "Sharma", "Silva",
    "Singh", "Smith", "Suzuki", "Tanaka", "Weber", "Yilmaz",
)  # fmt: skip


def create(currency: str) -> None:
    """Write the areas, the tax and the plans."""
    Area.objects.bulk_create(Area(name=name) for name in AREAS)
    tax = TaxRate.objects.create(name=TAX, percent=TAX_PERCENT)
    Plan.objects.bulk_create(_plan(offer, tax if offer.is_taxed else None, currency) for offer in OFFERS)


def in_currency(price: str, currency: str) -> Decimal:
    """A price of the catalogue; currencies without decimals have units that are worth less."""
    factor = 1 if exponent(currency) else 100
    return rounded(Decimal(price) * factor, currency)


def _plan(offer: Offer, tax: TaxRate | None, currency: str) -> Plan:
    return Plan(
        code=offer.code,
        name=offer.name,
        price=in_currency(offer.price, currency),
        tax_rate=tax,
        download_kbps=offer.download * MBIT,
        upload_kbps=offer.upload * MBIT,
        **offer.terms,
    )
