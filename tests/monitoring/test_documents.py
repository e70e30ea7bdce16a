"""What the documents for operators name is what ``/metrics`` gives, and their rules and queries can be read."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.monitoring.runs import add_leader, add_run, run_every_job

ROOT = Path(__file__).resolve().parents[2]
ALERTS, DASHBOARD = ROOT / "docs/monitoring/alerts.yml", ROOT / "docs/monitoring/grafana.json"
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
PANELS = json.loads(DASHBOARD.read_text())["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


@pytest.fixture
def families(client, db):
    add_leader(timezone.now())
    run_every_job(timezone.now())
    add_run("generate_bills", "2026-03-02", result="failed")
    return list(text_string_to_metric_families(client.get("/metrics").content.decode()))


def named_in(expressions):
    return {name for text in expressions for name in re.findall(r"isp_billing_\w+", text)}


def test_alerts_and_dashboard_name_only_metrics_and_labels_that_there_are(families):
    given = {sample.name for family in families for sample in family.samples}
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert len(named_in(rule["expr"] for rule in RULES)) == len(RULES) - 1  # all but the one of Prometheus' own
    assert named_in(rule["expr"] for rule in RULES) <= given
    assert len(named_in(QUERIES)) > 15
    assert named_in(QUERIES) <= given
    legends = [target["legendFormat"] for panel in PANELS for target in panel["targets"] if "legendFormat" in target]
    assert set(re.findall(r"{{(\w+)}}", " ".join(legends))) <= labels
    told = " ".join(text for rule in RULES for text in rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", told)) <= labels | {"instance"}


def test_the_guide_explains_every_metric_and_no_other(families):
    table = (ROOT / "docs/monitoring.md").read_text().split("| metric (")[1]
    explained = re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    of_counters = {f"{family.name}_total" for family in families if family.type == "counter"}
    given = {family.name for family in families if family.type != "counter"} | of_counters
    assert sorted(f"isp_billing_{name}" for name in explained) == sorted(given)


def test_each_alert_says_how_bad_it_is_what_is_wrong_and_what_to_do():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken = [
        (column, row)
        for place in (panel["gridPos"] for panel in PANELS)
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(column for column, _ in taken) < 24


def promtool(*arguments):
    if not shutil.which("promtool"):
        pytest.skip("promtool not found: run `make setup-test-host`")
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules_and_the_alerts_come_in_time():
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(ROOT / "tests/monitoring/alerts_test.yml"))


def test_prometheus_takes_the_queries_of_the_dashboard(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(QUERIES)
    ]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(path))
