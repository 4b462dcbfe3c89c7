"""What differs between places: read once from the environment, then passed as an argument."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Environment(StrEnum):
    """Where the system runs; `production` refuses every convenience of the other one."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class BadSettings(Exception):
    """The environment names something that cannot work. The message is for the person who set it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds the embedded server, keys and stored files; `database_url` is None for the embedded server."""

    home: Path
    environment: Environment
    database_url: str | None
    secret: bytes
    issuer: str
    hosts: tuple[str, ...]
    webhook_loopback: tuple[str, ...]
    movable_clock: bool
    relay_url: str = ""  # Where copies of messages by SMS and e-mail are handed to; see office.messages.
    relay_token: str = ""
    audit_heads: str = ""  # Folder of the log's heads outside the database: best on a disk that others own.

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def heads_folder(self) -> Path:
        """Where heads of the log are kept outside the database; beside it where nothing else is named."""
        return Path(self.audit_heads) if self.audit_heads else self.home / "audit"


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read `XINYIDAI_*` and `DATABASE_URL`; raise BadSettings with one clear line."""
    env = os.environ if env is None else env
    home = Path(env.get("XINYIDAI_HOME", "var")).absolute()
    try:
        environment = Environment(env.get("XINYIDAI_ENV", "development"))
    except ValueError as error:
        raise BadSettings("XINYIDAI_ENV is neither 'development' nor 'production'.") from error
    production = environment is Environment.PRODUCTION
    if production and not env.get("XINYIDAI_SECRET"):
        raise BadSettings("XINYIDAI_SECRET must be set in production (at least 32 random bytes as text).")
    movable_clock = env.get("XINYIDAI_MOVABLE_CLOCK", "0") == "1"
    if production and movable_clock:
        raise BadSettings("XINYIDAI_MOVABLE_CLOCK is for demos and journeys, not for production.")
    loopback = _words(env.get("XINYIDAI_WEBHOOK_LOOPBACK", ""))
    if production and loopback:
        raise BadSettings("XINYIDAI_WEBHOOK_LOOPBACK opens loopback addresses, so it is refused in production.")
    database_url = env.get("DATABASE_URL") or None
    if database_url is not None and not database_url.startswith(("postgresql://", "postgres://")):
        raise BadSettings("DATABASE_URL is not of the form postgresql://user:password@host:port/database.")
    return Settings(
        home=home,
        environment=environment,
        database_url=database_url,
        secret=_secret(home, env.get("XINYIDAI_SECRET")),
        issuer=env.get("XINYIDAI_ISSUER", "http://127.0.0.1:8000"),
        hosts=_words(env.get("XINYIDAI_HOSTS", "127.0.0.1 localhost [::1]")),
        webhook_loopback=loopback,
        movable_clock=movable_clock,
        relay_url=env.get("XINYIDAI_RELAY", ""),
        relay_token=env.get("XINYIDAI_RELAY_TOKEN", ""),
        audit_heads=env.get("XINYIDAI_AUDIT_HEADS", ""),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _secret(home: Path, given: str | None) -> bytes:
    """The secret that signs cursors and forms and derives role passwords; made once where none is given."""
    if given is not None:
        if len(given) < 32:
            raise BadSettings("XINYIDAI_SECRET is shorter than 32 characters.")
        return given.encode()
    path = home / "keys" / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # Another process was first; its secret is as good.
    return path.read_text().encode()
