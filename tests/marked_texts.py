"""Finds texts of ours that nobody could translate, because they are not marked."""

import ast
import re
from pathlib import Path

from scripts import words

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    *("billing/admin", "billing/documents", "billing/garden.py", "billing/network", "billing/services"),
    *("utils/monitoring", "isp_billing/admin_site.py"),
)
NOT_SHOWN = (  # what checks of the books are called, and what reads files and talks to PostgreSQL and routers
    "billing/services/books/",
    "billing/services/reports/",
    "billing/services/imports/phpnuxbill.py",
    "billing/services/imports/daloradius.py",
    "billing/services/spreadsheets.py",
    "billing/services/arrays.py",
    "utils/monitoring/exposition.py",
    "utils/monitoring/metrics.py",
)
KEPT = re.compile(  # keys, words of other systems, commands, names of packets, what stands on routers
    r"^(opening balance|no unpaid bill explains|credit note$|on time$|text/csv"
    r"|apt-get install|Disconnect$|\{\} changing$)"
)
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "columns", "counted"}
NOT_TEXTS = {
    *"reverse static has_perm getattr setattr hasattr get_model import_module compile match search fullmatch".split(),
    *"sub strptime strftime startswith endswith removeprefix replace render_to_string execute filter".split(),
    *"exclude order_by values values_list select_related prefetch_related defer only get_field F Q Value".split(),
    *"OuterRef path date_format cast TypeVar TypeError ValueError RuntimeError KeyError NotImplementedError".split(),
    *"format_html include RawSQL debug info exception critical ImproperlyConfigured Literal NamedTuple".split(),
}
PROTOCOL = {"_ATTRIBUTES", "ERROR_CAUSES", "_SCRIPT"}  # what routers read and RFC 5176 calls
NOT_TEXT_WORDS = {"name", "headers", "icon", "css", "path", "template", "permission", "permissions", "fields", "row_is"}
SHOWN_WORDS = {"description", "label", "help_text", "empty", "empty_label", "verbose_name"}
SHOWN_NAMES = {"title", "noun", "button", "search_help_text", "verbose_name"}
SENTENCE = re.compile(r"[a-z0-9,;:”’.)}%] [“‘({a-zA-Z0-9]|^[A-Z][a-z]+(-[a-z]+)?[.:?!…]?$|[a-z]{2,} [a-z]+\.$")
SQL = re.compile(
    r"\b(SELECT|ALTER|FROM|WHERE|UPDATE|INSERT|JOIN|ORDER BY|LIMIT|CASE|NULLIF|ISOLATION|AND|OR)\b"
    r"|::|\|\||%\(|array_agg"
)
MARKUP = re.compile(
    r"</?\w|(^|\s)(font-|text-|flex|rounded|border|mb-|mt-|w-full|px-|py-|bg-|gap-)|^#?[\w.-]+\s*\{\s*[a-z-]+:"
)
NAME = re.compile(
    r"^[A-Z_]+$|^[\w.:-]*[/_=?&][\w./:=&?{}-]*$|^([A-Z][a-z]+){2,}$|^(Content-|Cache-|X-|Referrer|Set-Cookie|Accept)"
)


def unmarked():
    """Such as ``billing/admin/home.py:52: Latest payments``."""
    for place in PLACES:
        for path in [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(NOT_SHOWN):
                yield from (f"{name}:{line}: {text}" for line, text in unmarked_in(path.read_text()))


def unmarked_in(source):
    """Line and text of each that is not marked; ``{}`` stands for what is put in."""
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = text_of(node)
        if text and not KEPT.search(text) and needs_a_mark(node, text, above):
            yield node.lineno, text


def text_of(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def needs_a_mark(node, text, above):
    parent = above[node]
    if isinstance(parent, (ast.Expr, ast.Compare, ast.Subscript, ast.JoinedStr, ast.FormattedValue)):
        return False
    if isinstance(parent, ast.Dict) and node in parent.keys:
        return False
    return (reads_like_a_text(text) or is_shown(node, parent, text)) and not is_marked(node, above)


def reads_like_a_text(text):
    letters = re.search(r"[A-Za-z]{2,}", text.replace("{}", ""))
    return bool(letters and SENTENCE.search(text.strip())) and not any(one.search(text) for one in (SQL, MARKUP, NAME))


def is_shown(node, parent, text):
    """Whether one word, such as “paid”, stands where staff see it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z -]+", text):
        return False
    if isinstance(parent, ast.keyword):
        return parent.arg in SHOWN_WORDS
    if isinstance(parent, ast.Tuple):  # a choice that is called as its value
        return [getattr(one, "value", "") for one in parent.elts] == [text, text] and node is parent.elts[1]
    if isinstance(parent, ast.Assign):
        return isinstance(parent.targets[0], ast.Name) and parent.targets[0].id in SHOWN_NAMES
    return isinstance(parent, ast.Call) and called(parent) == "label" and parent.args[:1] == [node]


def is_marked(node, above):
    inner = node
    while inner in above:
        outer = above[inner]
        if isinstance(outer, ast.Call) and inner is not outer.func:
            name = called(outer)
            if name in MARKS | NOT_TEXTS or (name in words.REFUSALS and isinstance(node, ast.Constant)):
                return True
            if name == "Field" and inner in outer.args and outer.args.index(inner) != 1:
                return True  # names of columns in files of others
            if name in ("warning", "error") and getattr(outer.func.value, "id", "") == "logger":
                return True
        if isinstance(outer, ast.keyword) and outer.arg in {*NOT_TEXT_WORDS, "example"}:
            return True
        if is_a_note(inner, outer):
            return True
        inner = outer
    return False


def is_a_note(inner, outer):
    """An annotation, or a value that names no text."""
    if isinstance(outer, (ast.AnnAssign, ast.arg)) and inner is getattr(outer, "annotation", None):
        return True
    if isinstance(outer, ast.FunctionDef) and inner is outer.returns:
        return True
    if isinstance(outer, ast.Compare):
        return True
    return isinstance(outer, ast.Assign) and getattr(outer.targets[0], "id", "") in NOT_TEXT_WORDS | PROTOCOL | {
        "__all__"
    }


def called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


TEMPLATES = ("billing/templates", "utils/templates", "isp_billing/templates")
MARKED = re.compile(r"\{% (blocktranslate|comment) .*?\{% end\1 %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
NOT_TEXT = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)
SHOWN_ATTRIBUTE = re.compile(r'(?:placeholder|aria-label|alt|title)="([^"]*)"')


def unmarked_in_templates():
    """Texts between the tags of templates, and in attributes that are read."""
    for place in TEMPLATES:
        for path in sorted((ROOT / place).rglob("*.html")):
            if "documents" not in path.parts or path.name.startswith("shift"):
                name = path.relative_to(ROOT).as_posix()
                yield from (f"{name}: {text}" for text in unmarked_in_template(path.read_text()))


def unmarked_in_template(source):
    bare = MARKED.sub("", NOT_TEXT.sub("", source))
    for text in [*SHOWN_ATTRIBUTE.findall(bare), *re.split(r"<[^>]*>", bare)]:
        if re.search(r"[A-Za-z]{2,}", text):
            yield " ".join(text.split())
