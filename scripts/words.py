"""Brings the translations up to date with the sources: ``make words``.

Collects every marked text of ours, from Python by Babel, from templates by Django, and the names of models as
``billing.words`` marks them; then writes ``billing/locale`` anew, the ``.po`` files for translators and the ``.mo``
files that Django reads. What has no translation yet stays with an empty ``msgstr`` and is shown in English.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "billing" / "locale"
LANGUAGES = ("bn", "es", "pt", "fr", "ar")
SOURCES = ("billing", "utils", "isp_billing")
LEFT_OUT = {"migrations", "demo"}  # what documents say to customers has a context and a catalogue of its own
REFUSALS = {"Refused", "NotOpen", "NoAnswer", "Refusal", "NoSuchItem", "WrongKey", "said"}  # translated when shown
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", *REFUSALS}
LITERAL = r"""u?"(?:[^"\\]|\\.)*"|u?'(?:[^'\\]|\\.)*'"""
IN_TEMPLATES = re.compile(rf"\b(_|n?gettext)\(\s*((?:(?:{LITERAL})[\s,]*)+)")

Message = str | tuple[str, str]


def files(ending: str) -> list[Path]:
    """Our sources whose names end so."""
    found = (path for source in SOURCES for path in (ROOT / source).rglob(f"*{ending}"))
    return sorted(path for path in found if not LEFT_OUT & set(path.relative_to(ROOT).parts))


def texts_of(path: Path) -> set[Message]:
    """The marked texts of one Python file or template."""
    source = path.read_text("utf-8")
    return set(_of_template(source) if path.suffix == ".html" else _of_python(source))


def texts() -> set[Message]:
    """Every text of ours that is to be translated. Needs Django to be set up."""
    from billing import words  # noqa: PLC0415

    found: set[Message] = {text for text in words.names() if text}
    for path in [*files(".py"), *files(".html")]:
        found |= texts_of(path)
    plural = {text[0] for text in found if isinstance(text, tuple)}
    return found - plural - {""}


def _of_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            named = [one.value for one in node.keywords if (name, one.arg) == ("Job", "name")]
            yield from _of_call(name, [one.value for one in [*node.args, *named] if _is_text(one)])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _of_call(name: str, given: list[str]) -> Iterator[Message]:
    """What a call marks: also nouns that are counted, heads of columns and names of jobs."""
    if name in MARKS:
        yield from given[:1]
    elif name == "ngettext" and given:
        yield given[0], given[1]
    elif name == "counted":
        yield from ((f"{{count}} {noun}", f"{{count}} {noun}s") for noun in given)
    elif name in ("columns", "Job"):
        yield from given


def _of_template(source: str) -> Iterator[Message]:
    for name, literals in IN_TEMPLATES.findall(templatize(source)):
        given = [ast.literal_eval(literal) for literal in re.findall(LITERAL, literals)]
        yield (given[0], given[1]) if name == "ngettext" else given[0]


def catalogue(language: str) -> Catalog:
    """What is written for ``language``."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language, domain="django", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def updated(language: str, found: set[Message]) -> Catalog:
    """The texts that are ``found`` with the translations that are written for them, and nothing else."""
    written, anew = catalogue(language), Catalog(locale=language, domain="django", fuzzy=False)
    for text in found:
        known = written.get(_key(text))
        fits = known is not None and isinstance(known.string, tuple) == isinstance(text, tuple)
        anew.add(text, known.string if known is not None and fits else "")
    return anew


def untranslated(catalog: Catalog) -> set[str]:
    """The texts in ``catalog``, in the singular of those that are counted, that are shown in English."""
    messages = [one for one in catalog if one.id]
    return {_key(one.id) for one in messages if not (all(one.string) if one.pluralizable else one.string)}


def _key(text: Message) -> str:
    return text if isinstance(text, str) else text[0]


def po(catalog: Catalog) -> bytes:
    """The text for translators, always in the same order, so that two changes meet in few places."""
    written = BytesIO()
    write_po(written, catalog, sort_output=True, no_location=True, omit_header=True, width=0)
    return HEADER.format(language=catalog.locale, plurals=catalog.plural_forms).encode() + written.getvalue()


def mo(catalog: Catalog) -> bytes:
    """What Django reads; the same for the same texts at any time."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    written = BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def main() -> None:
    """Write all files anew and tell what is left to be translated."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")
    import django  # noqa: PLC0415

    django.setup()
    found = texts()
    for language in LANGUAGES:
        catalog = updated(language, found)
        folder = LOCALE / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "django.po").write_bytes(po(catalog))
        (folder / "django.mo").write_bytes(mo(catalogue(language)))
        print(f"{language}: {len(found)} texts, {len(untranslated(catalog))} without a translation")


if __name__ == "__main__":
    main()
