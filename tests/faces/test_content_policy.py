"""The browser is told to run nothing but our own files."""

import re
from pathlib import Path

import pytest

from tests.faces.conftest import text_of

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [path for folder in ("billing", "isp_billing", "utils") for path in (ROOT / folder).rglob("*.html")]


def policy(response):
    directives = response.headers["Content-Security-Policy"].split(";")
    return {name: set(values) for name, *values in (directive.split() for directive in directives)}


def test_outside_the_admin_only_our_own_files_run(client):
    found = policy(client.get("/livez"))
    assert found["default-src"] == {"'self'"}
    assert "script-src" not in found
    assert found["frame-ancestors"] == found["object-src"] == {"'none'"}
    assert found["base-uri"] == found["form-action"] == {"'self'"}


def test_the_admin_may_evaluate_but_runs_no_script_inside_a_page(admin_client):
    found = policy(admin_client.get("/admin/"))
    assert found["script-src"] == {"'self'", "'unsafe-eval'"}
    assert found["default-src"] == {"'self'"}


def test_an_error_page_has_the_policy_too(client):
    response = client.get("/nowhere")
    assert response.status_code == 404, text_of(response)
    assert policy(response)["default-src"] == {"'self'"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_template_of_ours_has_a_script_that_the_policy_would_stop(path):
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son(click|submit|change|load|input)=", text)
