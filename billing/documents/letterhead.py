"""Who sends a document: the frozen copies on it, with today's logo and contact."""

from __future__ import annotations

import base64
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from billing.models import Payment
from billing.models.documents import Document


@dataclass(frozen=True)
class Seller:
    """``logo`` is a data address, so that a document needs nothing from elsewhere; empty without one."""

    name: str
    address: str
    tax_id: str
    contact: str
    logo: str


def seller_on(document: Document | Payment) -> Seller:
    """The seller as frozen on ``document``."""
    return _seller(document.seller_name, document.seller_address, document.seller_tax_id)


def seller_today() -> Seller:
    """The seller of a statement, which is of today."""
    return _seller(settings.COMPANY_NAME, settings.COMPANY_ADDRESS, settings.COMPANY_TAX_ID)


def logo_file() -> Path | None:
    """Where the logo is to be: a name is that of a file in the folder ``custom``."""
    return settings.CUSTOM_DIR / settings.COMPANY_LOGO if settings.COMPANY_LOGO else None


def _seller(name: str, address: str, tax_id: str) -> Seller:
    return Seller(name, address, tax_id, contact=settings.COMPANY_CONTACT, logo=_logo())


def _logo() -> str:
    path = logo_file()
    if path is None or not path.is_file():
        return ""
    return _embedded(path, path.stat().st_mtime)


@lru_cache(maxsize=1)
def _embedded(path: Path, modified: float) -> str:
    kind = mimetypes.guess_type(path)[0]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
