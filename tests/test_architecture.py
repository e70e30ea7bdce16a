"""What keeps the house small and clean is checked, not hoped."""

import ast
import re
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import is_psycopg3

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("isp_billing", "utils", "billing", "tests", "scripts", "benchmarks")
SOURCES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
] + [ROOT / name for name in ("manage.py", "run_scheduler.py", "gunicorn.conf.py")]
CLOCKS = re.compile(r"timezone\.now\(|datetime\.now\(|date\.today\(|localdate\(")
MAY_READ_A_CLOCK = (
    "billing/admin",
    "billing/management",
    "billing/demo",
    "billing/garden.py",
    "utils/",
    "tests/",
    "scripts/",
    "benchmarks/",
)


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_stay_under_300_lines_and_functions_under_40(path):
    text = path.read_text()
    assert text.count("\n") < 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 40, node.name


def test_no_rule_model_or_service_reads_a_clock():
    readers = [name(path) for path in SOURCES if CLOCKS.search(path.read_text())]
    assert [reader for reader in readers if not reader.startswith(MAY_READ_A_CLOCK)] == []


def test_rows_of_money_have_one_creator_each():
    creators = {
        "INSERT INTO billing_allocation": {"billing/services/credit.py"},
        "INSERT INTO billing_bill ": {"billing/services/issuing.py"},
        "INSERT INTO billing_ledgerentry": set(),
        "Payment(": {"billing/services/payments.py"},
    }
    for call, expected in creators.items():
        pattern = re.compile(rf"(?<![\w.]){re.escape(call)}")
        found = {name(path) for path in SOURCES if path.is_relative_to(ROOT / "billing/services")}
        found = {source for source in found if pattern.search((ROOT / source).read_text())}
        assert found == expected, call


@pytest.mark.parametrize("path", ["utils/apps.py", "billing/apps.py", "gunicorn.conf.py", "isp_billing/wsgi.py"])
def test_nothing_of_the_web_imports_the_scheduler(path):
    tree = ast.parse((ROOT / path).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [module for module in imported if "scheduler" in module or "background_tasks" in module]


def environment_variables():
    settings = (ROOT / "isp_billing/settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", settings))
    read |= set(re.findall(r"environ(?:\.get\(|\[)\"((?:WEB|LOG)_[A-Z_]+)\"", (ROOT / "gunicorn.conf.py").read_text()))
    return sorted(read)


@pytest.mark.parametrize("document", ["README.md", ".env.example"])
def test_every_environment_variable_is_documented(document):
    text = (ROOT / document).read_text()
    variables = environment_variables()
    assert len(variables) > 15
    assert [variable for variable in variables if not re.search(rf"\b{variable}\b", text)] == []


def test_the_compose_file_passes_every_setting_on():
    text = (ROOT / "docker-compose.yml").read_text()
    not_for_containers = {"DEMO", "STATIC_ROOT", "WEB_BIND"}
    missing = [variable for variable in environment_variables() if variable not in text]
    assert set(missing) <= not_for_containers


def test_django_runs_on_psycopg2():
    assert not is_psycopg3
    assert connection.Database.__name__ == "psycopg2"
