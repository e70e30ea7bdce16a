"""The compose file passes every setting on, with the application's own defaults."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = {"True": "1", "False": "0"}
SETTINGS = {
    name: FLAGS.get(value, text or value)
    for name, text, value in re.findall(
        r'env\.\w+\("(\w+)"(?:, (?:"([^"]*)"|([^,)]*)))?', (ROOT / "isp_billing" / "settings.py").read_text()
    )
}
PASSED = dict(re.findall(r'^    (\w+): "?(.*?)"?$', (ROOT / "docker-compose.yml").read_text(), re.MULTILINE))

FIXED_IN_THE_IMAGE = {"STATIC_ROOT"}
NEVER_IN_CONTAINERS = {"DEMO"}
OTHER_VALUE = {"DJANGO_ALLOWED_HOSTS", "SCHEDULER_HEARTBEAT_FILE"}


def test_every_setting_can_be_given_to_the_containers():
    wanted = SETTINGS.keys() - FIXED_IN_THE_IMAGE - NEVER_IN_CONTAINERS
    assert not {name for name in wanted if name not in PASSED and f"{name}_FILE" not in PASSED}


def test_the_containers_have_the_same_defaults_as_the_application():
    defaults = {name: match[1] for name in PASSED if (match := re.fullmatch(rf"\$\{{{name}:-(.*)\}}", PASSED[name]))}
    assert len(defaults) > 10
    assert {name: SETTINGS[name].strip() for name in defaults.keys() & SETTINGS.keys() - OTHER_VALUE} == {
        name: defaults[name] for name in defaults.keys() & SETTINGS.keys() - OTHER_VALUE
    }


def test_the_operators_hosts_are_added_to_those_of_the_health_check():
    assert PASSED["DJANGO_ALLOWED_HOSTS"] == "localhost,127.0.0.1,[::1],${DJANGO_ALLOWED_HOSTS:-}"
