"""A text of ours that cannot be translated is found, wherever it stands."""

import ast
import re

import pytest

from tests import marked_texts
from tests.marked_texts import ROOT

HELP = "mark it with _(…), outside of functions gettext_lazy(…), in templates {% translate %}: see CONTRIBUTING.md"


def test_every_text_for_staff_is_marked():
    assert list(marked_texts.unmarked()) == [], HELP


def test_every_text_of_a_template_is_marked():
    assert list(marked_texts.unmarked_in_templates()) == [], HELP


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, "The bill is paid.")',
        'raise ValidationError("Choose another day.")',
        'raise Refused(f"Bill {bill} is paid.")',
        '@display(description="left to pay")\ndef left(): ...',
        'panel = Panel("Open bills", HEADS, rows)',
        'card = Card("Paid", figure, note)',
        'title = "state"',
        'choices = [("open", "open")]',
        'told = label("paid", "success")',
        'field = forms.CharField(label="amount", help_text="Such as 5.00.")',
        'text = f"{count} bills of {customer}"',
    ],
)
def test_a_text_without_a_mark_is_found(source):
    assert list(marked_texts.unmarked_in(source)), source


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, _("The bill is paid."))',
        'raise Refused("Bill {bill} is paid.", bill=bill)',
        'heads = columns("Bill", "Left to pay", amounts=("Left to pay",))',
        'logger.warning("Row %s cannot be imported", row)',
        'address = reverse("admin:billing_bill_change")',
        'cursor.execute("SELECT number FROM billing_bill WHERE id = %s", [1])',
        '"""What the page is for."""',
    ],
)
def test_what_is_marked_or_no_text_is_not_found(source):
    assert list(marked_texts.unmarked_in(source)) == []


@pytest.mark.parametrize(
    "source", ["<h1>Open bills</h1>", '<img alt="The key">', "{% if paid %}Paid{% endif %}", "<p>{{ count }} bills</p>"]
)
def test_a_bare_text_of_a_template_is_found(source):
    assert list(marked_texts.unmarked_in_template(source))


def test_marked_texts_of_a_template_are_not_found():
    source = "<p title=\"{% translate 'Bill' %}\">{% blocktranslate %}{{ count }} bills{% endblocktranslate %}</p>"
    assert list(marked_texts.unmarked_in_template(source)) == []


def test_what_pages_write_down_is_said_in_the_language_of_the_books():
    told = [found for path in (ROOT / "billing/admin").glob("*.py") for found in stored_by(path)]
    assert len(told) > 12
    assert [place for place, is_kept in told if not is_kept] == [], "say it within `with of_the_books():`"


def stored_by(path):
    """Where a page writes into the audit or the history, and whether it does so in the language of the books."""
    tree = ast.parse(path.read_text())
    kept = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and "of_the_books()" in map(ast.unparse, (item.context_expr for item in node.items))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(r"^audit\.note|\.log_(change|actions)$", ast.unparse(node.func)):
            yield f"{path.name}:{node.lineno}", node in kept
