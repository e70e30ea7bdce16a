"""From papers to HTML and PDF. PDF needs WeasyPrint's system libraries; HTML needs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from billing.documents.papers import Paper

END_OF_ROLL, MARGIN_OF_ROLL = "end-of-roll", 12  # an element's id; CSS pixels
INSTALL = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


class PdfUnavailable(Exception):
    """PDF cannot be made on this machine; the text says what to do."""


def html(paper: Paper, *, toolbar: dict[str, Any] | None = None) -> str:
    """The page of ``paper``; ``toolbar`` is what stands above it on the screen only."""
    with translation.override(paper.language):
        context = {
            **paper.content,
            "size": paper.size,
            "language": paper.language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "toolbar": toolbar,
        }
        return render_to_string(f"billing/documents/{paper.template}", context)


def pdf(papers: Iterable[Paper]) -> bytes:
    """One PDF of all ``papers``, each with page numbers of its own; memory grows by some 0.5 MB a page.

    Raises:
        PdfUnavailable: WeasyPrint's system libraries are missing.
    """
    weasyprint = _weasyprint()
    fonts = import_module("weasyprint.text.fonts").FontConfiguration()
    documents = [
        weasyprint.HTML(string=html(paper), url_fetcher=_nothing_from_elsewhere()).render(font_config=fonts)
        for paper in papers
    ]
    pages = [page for document in documents for page in document.pages]
    for page in pages:
        if end := page.anchors.get(END_OF_ROLL):
            page.height = end[1] + MARGIN_OF_ROLL
    written = BytesIO()
    documents[0].copy(pages).write_pdf(written)
    return written.getvalue()


def require_pdf() -> None:
    """See that PDF can be made here. Raises PdfUnavailable."""
    _weasyprint()


@lru_cache(maxsize=1)
def _weasyprint() -> Any:
    try:
        return import_module("weasyprint")
    except OSError as error:
        raise PdfUnavailable(
            _(
                "PDF cannot be made on this machine, because system libraries are missing: {install}. "
                "The print view works without them."
            ).format(install=INSTALL)
        ) from error


@lru_cache(maxsize=1)
def _nothing_from_elsewhere() -> Any:
    """Lets a document show what it carries itself; no template reads a file of this machine or asks the network."""
    return import_module("weasyprint.urls").URLFetcher(allowed_protocols=("data",))
