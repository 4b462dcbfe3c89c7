"""What the launcher promises: one server per home, closed doors, and no harm to a server it did not start (P1)."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.infra import postgres
from app.infra.migrate import NotDurable, assert_durable

NAME = {"application_name": "fault-injector"}
CHILD = """
    import sys
    from pathlib import Path
    from app.infra import postgres
    server = postgres.start(Path(sys.argv[1]))
    print(server.pid, server.started_here, flush=True)
    sys.stdin.readline()
    postgres.stop(server)
"""


def open_folder(prefix: str) -> Path:
    """A folder that every account may enter, in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=memory if roomy else None))
    path.chmod(0o755)
    return path


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every account may enter; whatever server is left in it after the test is ended."""
    path = open_folder("xyd-launcher-")
    yield path
    for child in postgres._CHILDREN.values():
        if child.poll() is None and str(path / "data") in child.args:
            child.kill()
            child.wait()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A cluster that was made and stopped, to be copied by tests that need one quickly."""
    path = open_folder("xyd-launcher-made-")
    with postgres.running(path):
        pass
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def stopped(home: Path, made: Path) -> Path:
    subprocess.run(["cp", "-a", f"{made}/.", str(home)], check=True)
    return home


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Running]:
    """One server for the tests that only look at it."""
    path = open_folder("xyd-launcher-seen-")
    with postgres.running(path) as server:
        yield server
    shutil.rmtree(path, ignore_errors=True)


async def answers(server: postgres.Running, sql: str = "select 1") -> object:
    connection = await asyncpg.connect(server.url, server_settings=NAME)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def elsewhere(home: Path) -> "subprocess.Popen[str]":
    """Another process that starts the home's server, says so, and stops it when it is told."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(child: "subprocess.Popen[str]") -> tuple[int, bool]:
    assert child.stdout is not None
    pid, started = child.stdout.readline().split()
    return int(pid), started == "True"


async def test_a_first_start_makes_a_server_that_answers(server: postgres.Running):
    """Two commands must be enough for a stranger."""
    assert server.started_here
    assert await answers(server, "select current_setting('data_checksums')") == "on"


async def test_a_second_start_attaches_and_may_not_stop_it(server: postgres.Running):
    """Web and worker share one server; the first to leave must not take it along."""
    second = postgres.start(server.home)

    postgres.stop(second)

    assert (second.pid, second.port, second.started_here) == (server.pid, server.port, False)
    assert await answers(server) == 1


async def test_only_the_process_that_started_it_stops_it(stopped: Path):
    """Also when the other process believes that it could."""
    child = elsewhere(stopped)
    pid, started = told(child)
    mine = postgres.start(stopped)

    postgres.stop(postgres.Running(stopped, mine.pid, mine.port, started_here=True))
    still_there = await answers(mine)
    child.communicate("\n", timeout=60)

    assert (pid, started, mine.started_here, still_there) == (mine.pid, True, False, 1)
    assert not postgres._alive(pid)


async def test_two_first_starts_at_once_take_turns(home: Path):
    """Neither may see the half-made cluster of the other."""
    children = [elsewhere(home), elsewhere(home)]

    (one, first), (other, second) = (told(child) for child in children)

    for child in children:
        child.communicate("\n", timeout=60)
    assert one == other
    assert [first, second].count(True) == 1


async def test_the_port_stays_over_a_restart(stopped: Path):
    """Addresses that people wrote down go on working."""
    with postgres.running(stopped) as first:
        pass
    with postgres.running(stopped) as second:
        assert second.port == first.port


async def test_a_taken_port_is_no_obstacle(stopped: Path):
    """Somebody else may use it since."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (stopped / "port").write_text(str(taken.getsockname()[1]))

        with postgres.running(stopped) as server:
            assert server.port != taken.getsockname()[1]
            assert await answers(server) == 1


async def test_a_port_that_is_still_held_is_waited_for(stopped: Path):
    """The last processes of a killed server may hold it: an address that changed would cut off whoever knows it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    (stopped / "port").write_text(str(port))
    asyncio.get_running_loop().call_later(0.5, taken.close)

    server = await asyncio.to_thread(postgres.start, stopped)

    try:
        assert server.port == port
    finally:
        await asyncio.to_thread(postgres.stop, server)


def ended() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


@pytest.mark.parametrize(
    "pid_file",
    ["", "\n", "not a number\n", "-7\n", "\x00\x00\x00", "{ended}\n", "{ended}\n{data}\n1\n5432\n\n127.0.0.1\n  1 1\n"],
)
async def test_a_stale_pid_file_does_not_stop_a_start(stopped: Path, pid_file: str):
    """Whatever a crash left in it."""
    text = pid_file.replace("{ended}", str(ended())).replace("{data}", str(stopped / "data"))
    (stopped / "data" / "postmaster.pid").write_text(text)

    with postgres.running(stopped) as server:
        assert server.started_here
        assert await answers(server) == 1


@pytest.fixture(params=[None, "nobody"])
def stranger(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[bytes]"]:
    if request.param is not None and os.geteuid() != 0:
        pytest.skip("only root may start a program of another account")
    with subprocess.Popen(["sleep", "120"], user=request.param) as stranger:
        yield stranger
        stranger.kill()


async def test_a_pid_that_lives_on_in_another_program_is_left_alone(stopped: Path, stranger, monkeypatch):
    """After a reboot the number may be anybody's: he is neither taken for the server nor ended."""
    monkeypatch.setattr(postgres, "READY_SECONDS_MAX", 20)
    (stopped / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n{stopped / 'data'}\n1\n5432\n")

    with postgres.running(stopped) as server:
        started = server.started_here, await answers(server)

    assert started == (True, 1)
    assert stranger.poll() is None


async def test_a_server_of_another_home_is_not_taken_for_ours(stopped: Path, cluster):
    """Its number may stand in a copied or restored pid file."""
    theirs = postgres.start(cluster.home)
    (stopped / "data" / "postmaster.pid").write_text(f"{theirs.pid}\n{stopped / 'data'}\n1\n{theirs.port}\n")

    with postgres.running(stopped) as server:
        assert server.started_here
        assert server.pid != theirs.pid
    assert postgres.start(cluster.home).pid == theirs.pid


@pytest.mark.parametrize("columns", ["20", "80", ""])
def test_a_narrow_terminal_does_not_hide_the_server(server: postgres.Running, monkeypatch, columns: str):
    """`ps` shortens what it prints to the width it is told; the server would look like a stranger."""
    monkeypatch.setenv("COLUMNS", columns)

    assert postgres._pid(server.home) == server.pid


def test_ps_finds_the_server_where_there_is_no_proc(server: postgres.Running, monkeypatch):
    """macOS has no /proc."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(postgres, "PROC", Path("/nonexistent"))

    assert postgres._pid(server.home) == server.pid


async def test_a_first_start_that_was_killed_half_way_is_made_anew(home: Path, made: Path):
    """initdb writes PG_VERSION first, so its presence says nothing about completeness."""
    half = home / "data-0123.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    with postgres.running(home) as server:
        assert await answers(server) == 1
    assert not half.exists()


async def test_a_kill_at_any_moment_of_the_first_start_is_survived(home: Path):
    """The launcher is killed while initdb works; the next start begins again."""
    child = elsewhere(home)
    while not list(home.glob("data-*.new")):
        assert child.poll() is None
    child.kill()
    child.communicate()

    with postgres.running(home) as server:
        assert await answers(server) == 1


@pytest.mark.parametrize("password", ["", "postgres", "wrong"])
async def test_a_wrong_password_is_refused(server: postgres.Running, password: str):
    """The wheel's own start trusts everybody who reaches the port."""
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InternalClientError)):
        await asyncpg.connect(
            host="127.0.0.1",
            port=server.port,
            user="postgres",
            password=password,
            database="postgres",
            server_settings=NAME,
        )


async def test_nobody_is_trusted_and_nothing_but_loopback_listens(server: postgres.Running):
    """Every way in asks for scram, and passwords are stored as such."""
    methods = "select array_agg(distinct auth_method) from pg_hba_file_rules"

    assert await answers(server, methods) == ["scram-sha-256"]
    assert await answers(server, "show listen_addresses") == "127.0.0.1"
    assert await answers(server, "show unix_socket_directories") == ""
    assert str(await answers(server, "select rolpassword from pg_authid where rolname='postgres'")).startswith("SCRAM-")


def test_the_superusers_password_is_its_keepers_alone(server: postgres.Running):
    """The file stands beside the data."""
    assert (server.home / "superuser").stat().st_mode & 0o077 == 0


def test_the_server_never_runs_as_root(server: postgres.Running):
    """PostgreSQL refuses root, so root lends it to an account with fewer rights."""
    uid = int(subprocess.check_output(["ps", "-o", "uid=", "-p", str(server.pid)], text=True))

    assert uid != 0
    assert uid == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())


def test_no_variable_of_the_caller_reaches_the_server(stopped: Path, monkeypatch):
    """A PGPORT or PGDATA of somebody's shell must not redirect it."""
    for name, value in {
        "PGPORT": "1",
        "PGDATA": "/nonexistent",
        "PGHOST": "192.0.2.1",
        "PGOPTIONS": "-c fsync=off",
    }.items():
        monkeypatch.setenv(name, value)

    with postgres.running(stopped) as server:
        assert server.port != 1


async def test_rows_outlive_a_kill_of_the_postmaster(stopped: Path):
    """What was acknowledged is there again after kill -9, and the start does not need a hand (P1)."""
    server = postgres.start(stopped)
    connection = await asyncpg.connect(server.url, server_settings=NAME)
    await connection.execute("create table kept (n int); insert into kept select generate_series(1, 1000)")
    os.kill(server.pid, signal.SIGKILL)

    again = postgres.start(stopped)  # at once: processes of the dead server may still hold its memory

    assert again.started_here
    assert await answers(again, "select count(*) from kept") == 1000
    connection.terminate()
    postgres.stop(again)


async def test_a_start_waits_for_what_is_left_of_a_killed_server(stopped: Path):
    """A backend that outlives its postmaster may still write; two servers on one folder would ruin it."""
    server = postgres.start(stopped)
    connection = await asyncpg.connect(server.url, server_settings=NAME)
    backend = await connection.fetchval("select pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGKILL)

    starting = asyncio.create_task(asyncio.to_thread(postgres.start, stopped))
    done, _ = await asyncio.wait([starting], timeout=1.5)
    os.kill(backend, signal.SIGCONT)
    again = await starting

    assert not done, "a second server ran beside a process of the first"
    assert await answers(again) == 1
    connection.terminate()
    postgres.stop(again)


def test_what_passes_by_itself_is_known_however_much_is_logged_after_it(home: Path):
    """Every connection of a killed server logs a line as it dies; on a busy one they push the reason out of sight."""
    dying = "FATAL:  terminating connection due to unexpected postmaster exit\n" * 50
    (home / "postgres.log").write_text(f"FATAL:  pre-existing shared memory block (key 1) is still in use\n{dying}")

    found = postgres._will_pass(postgres.ServerFailed(dying[-600:]), home, 0)

    assert found is True


async def test_a_home_that_cannot_be_entered_says_what_to_do(home: Path):
    """A checkout under a closed home directory is the usual cause."""
    if os.geteuid() != 0:
        pytest.skip("only root lends the server to another account")
    home.chmod(0o700)

    with pytest.raises(postgres.ServerFailed, match="XINYIDAI_HOME"):
        postgres.start(home)
    home.chmod(0o755)


async def test_a_broken_configuration_is_told_with_the_servers_own_words(stopped: Path):
    """The person who edited it must see which line it was."""
    with (stopped / "data" / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = on\n")

    with pytest.raises(postgres.ServerFailed, match="no_such_setting"):
        postgres.start(stopped)


async def test_a_durable_server_is_accepted(server: postgres.Running):
    """The launcher's own settings are what the application asks for."""
    await assert_durable(server.url)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_a_server_that_would_lose_rows_is_refused(server: postgres.Running, setting: str):
    """Whoever turned it off for speed must hear of it before the first row, not after the first outage (P1)."""
    connection = await asyncpg.connect(server.url, server_settings=NAME)
    await connection.execute(f"alter system set {setting} = off")
    await connection.execute("select pg_reload_conf()")
    while await answers(server, f"show {setting}") == "on":
        pass

    with pytest.raises(NotDurable, match=f"{setting}=off"):
        await assert_durable(server.url)
    await connection.execute(f"alter system reset {setting}")
    await connection.execute("select pg_reload_conf()")
    await connection.close()
    while await answers(server, f"show {setting}") == "off":
        pass
