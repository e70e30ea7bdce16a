"""The embedded PostgreSQL: start, reuse, crash, stop. Every test runs real servers in folders of its own."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.database_places import START, connect, open_place, postmaster_pid, program, query
from utils.database import ensure_running, running, stop
from utils.database_binaries import server_account
from utils.database_folder import poll


@pytest.fixture
def folder():
    with open_place() as place:
        yield place / "var" / "postgres"


def await_true(condition, seconds=90):
    assert poll(condition, until=time.monotonic() + seconds)


def kill_server(folder):
    pid = postmaster_pid(folder)
    os.kill(pid, signal.SIGKILL)
    await_true(lambda: not Path(f"/proc/{pid}/cwd").exists())


def test_a_fresh_start_gives_a_working_postgresql_18(folder, capsys):
    server = ensure_running(folder)
    assert server.started
    assert server.folder == folder
    assert server.url.endswith(f"@127.0.0.1:{server.port}/django_db")
    connection = connect(server.url)
    assert connection.server_version // 10_000 == 18
    connection.close()
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"{folder} on 127.0.0.1:{server.port}" in line
    assert "make database-stop" in line


def test_the_server_is_set_up_for_billing(folder):
    url = ensure_running(folder).url
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "password_encryption": "scram-sha-256",
    }
    assert {name: query(url, f"SHOW {name}") for name in expected} == expected
    assert query(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    assert query(url, "SELECT datlocale FROM pg_database WHERE datname = 'django_db'") == "C.UTF-8"
    assert query(url, "SELECT upper('ñandú') || lower('ÉLODIE')") == "ÑANDÚélodie"
    assert query(url, "SELECT to_tsvector('simple', 'MÜLLER Ñandú') @@ to_tsquery('simple', 'mül:* & ñan:*')") is True


def test_only_the_right_password_opens_it_and_only_we_can_read_that(folder):
    server = ensure_running(folder)
    password = folder / "password"
    assert password.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Exception, match="password authentication failed"):
        connect(server.url.replace(password.read_text().strip(), "wrong"))


def test_a_second_call_finds_it_at_once_and_says_nothing(folder, capsys):
    first = ensure_running(folder)
    capsys.readouterr()
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        again = ensure_running(folder)
        times.append(time.perf_counter() - begin)
        assert (again.started, again.port, again.url) == (False, first.port, first.url)
    assert min(times) < 0.02
    assert capsys.readouterr() == ("", "")


def test_committed_data_survive_kill_9_of_the_server(folder):
    first = ensure_running(folder)
    query(first.url, "CREATE TABLE paid (amount numeric)", "INSERT INTO paid VALUES (42)")
    kill_server(folder)
    again = ensure_running(folder)
    assert again.started
    assert again.port == first.port
    assert query(again.url, "SELECT sum(amount) FROM paid") == 42


def test_a_stale_file_that_names_another_living_process_does_no_harm(folder):
    ensure_running(folder)
    file = folder / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    kill_server(folder)
    account = server_account()
    identity = {"user": account.uid, "group": account.gid} if account.is_borrowed else {}
    stranger = subprocess.Popen(["sleep", "60"], **identity)
    try:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server = ensure_running(folder)
        assert server.started
        assert query(server.url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_makes_it_choose_another_one(folder):
    first = ensure_running(folder)
    assert stop(folder)
    with socket.create_server(("127.0.0.1", first.port)):
        second = ensure_running(folder)
        assert second.port != first.port
        assert query(second.url, "SELECT 1") == 1


def test_six_programs_at_once_make_one_database_and_all_connect(folder):
    programs = [program(START, folder) for _ in range(6)]
    answers = [process.communicate(timeout=200) for process in programs]
    urls, started = zip(*(output.split() for output, _ in answers), strict=True)
    assert sorted(started) == ["False"] * 5 + ["True"]
    assert len(set(urls)) == 1
    assert query(urls[0], "SELECT 1") == 1
    assert sorted(errors.count("\n") for _, errors in answers) == [0] * 5 + [1]


@pytest.mark.parametrize("initdb_is_killed_too", [True, False])
def test_an_interrupted_initialisation_is_done_again(folder, initdb_is_killed_too):
    starter = program(START, folder)
    draft = folder / "data.draft"
    await_true(lambda: (draft / "PG_VERSION").exists())
    initdb = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()[0]
    starter.kill()
    if initdb_is_killed_too:
        os.kill(int(initdb), signal.SIGKILL)
    starter.communicate()
    assert not (folder / "data").exists()
    server = ensure_running(folder)
    assert server.started
    assert query(server.url, "SELECT 1") == 1
    assert not draft.exists()


def test_a_server_whose_starter_died_before_the_database_was_made_is_completed(folder):
    server = ensure_running(folder)
    drop_database(server.url)
    (folder / "port").unlink()
    assert running(folder) is None
    assert not ensure_running(folder).started
    assert query(server.url, "SELECT current_database()") == "django_db"


def drop_database(url):
    connection = connect(url.replace("django_db", "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE django_db")
    connection.close()


def test_two_folders_have_servers_of_their_own(folder):
    one, two = ensure_running(folder / "one"), ensure_running(folder / "two")
    assert one.port != two.port
    query(one.url, "CREATE TABLE only_in_one ()")
    assert query(two.url, "SELECT to_regclass('only_in_one')") is None
    assert stop(folder / "one")
    assert query(two.url, "SELECT 1") == 1


def test_the_copy_of_a_folder_in_use_does_not_lead_to_the_original(folder):
    original = ensure_running(folder)
    query(original.url, "CHECKPOINT")
    copy = folder.parent / "copy"
    subprocess.run(["cp", "-a", folder, copy], check=True)
    assert running(copy) is None
    server = ensure_running(copy)
    assert server.started
    assert server.port != original.port
    assert query(server.url, "SHOW data_directory") == str(copy / "data")


def test_the_server_outlives_the_program_and_the_terminal_that_started_it(folder):
    starter = program(START + "import time; time.sleep(60)", folder, start_new_session=True)
    url = starter.stdout.readline().split()[0]
    os.killpg(starter.pid, signal.SIGINT)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert query(url, "SELECT 1") == 1
    assert not ensure_running(folder).started


def test_stop_keeps_data_and_port_and_is_harmless_when_nothing_runs(folder):
    assert stop(folder) is False
    assert not folder.exists()
    first = ensure_running(folder)
    connection = connect(first.url)
    assert stop(folder) is True
    connection.close()
    assert stop(folder) is False
    assert running(folder) is None
    second = ensure_running(folder)
    assert second.started
    assert second.url == first.url
