"""The compose file passes every setting on, with the application's own defaults."""

import re
from pathlib import Path

import yaml

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


def test_the_radius_profile_hides_its_secrets_and_starts_only_when_it_is_asked_for():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    radius = services["radius"]
    assert radius["image"] == "${RADIUS_IMAGE:-freeradius/freeradius-server:3.2.7}"
    assert radius["profiles"] == services["radius-login"]["profiles"] == ["radius"]
    secrets = {name: value for name, value in radius["environment"].items() if re.search("KEY|PASSWORD", name)}
    assert secrets and all(name.endswith("_FILE") and value.startswith("/run/") for name, value in secrets.items())
    assert radius["read_only"] and radius["cap_drop"] == ["ALL"] and radius["user"] != "root"
    assert radius["healthcheck"]["test"] == ["CMD", "/opt/isp-radius/health.sh"]
    for name in (radius["entrypoint"][0], radius["healthcheck"]["test"][1]):
        script = ROOT / "deploy" / "freeradius" / Path(name).name
        assert script.stat().st_mode & 0o111


def test_the_settings_of_radius_have_the_defaults_of_its_start_script():
    script = (ROOT / "deploy" / "freeradius" / "run.sh").read_text()
    compose = (ROOT / "docker-compose.yml").read_text()
    for name in ("RADIUS_THREADS", "RADIUS_ROUTERS", "RADIUS_AUTH_PORT", "RADIUS_ACCT_PORT"):
        default = re.search(rf': "\$\{{{name}:=(.*)\}}"', script)[1]
        assert f"${{{name}:-{default}}}" in compose
        for document in (".env.example", "README.md"):
            assert name in (ROOT / document).read_text()


def test_the_operators_hosts_are_added_to_those_of_the_health_check():
    assert PASSED["DJANGO_ALLOWED_HOSTS"] == "localhost,127.0.0.1,[::1],${DJANGO_ALLOWED_HOSTS:-}"
