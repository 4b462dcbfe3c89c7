"""The migration step: makes roles and the database, then runs Alembic as the owner. Nothing else connects as superuser.

Safe to repeat. Waits at most `lock_timeout` for a lock, so that a migration never queues in front of the service.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, cast

import alembic.command
import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.infra.db import Role, role_password, with_database, with_user
from app.infra.resources import resource_dir
from app.kernel.clock import WALL

APPLICATION = "xinyidai-migrate"
VERSION_MIN = 180000
LIMITS = {"transaction_timeout": "10s", "idle_in_transaction_session_timeout": "5s", "lock_timeout": "2s",
          "statement_timeout": "5s"}  # fmt: skip
LIMITS_PATIENT = {"transaction_timeout": "30min", "idle_in_transaction_session_timeout": "10min", "lock_timeout": "10s",
                  "statement_timeout": "20min"}  # fmt: skip
PATIENT = (Role.LOADER, Role.REPORTER)
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


class NotDurable(Exception):
    """The server would lose acknowledged writes, or is too old; the application refuses to start on it."""


async def migrate(url: str, secret: bytes, *, database: str = "xinyidai", prefix: str = "xinyidai") -> str:
    """Bring the database to the newest version; return the address of that database (as given, other path)."""
    await _roles(url, secret, prefix)
    await _database(url, database, prefix)
    owner_url = with_user(url, f"{prefix}_migrate", role_password(secret, f"{prefix}_migrate"), database)
    await _upgrade(owner_url, prefix, "head")
    await _policies(owner_url, prefix)
    return with_database(url, database)


async def downgrade(url: str, secret: bytes, to: str, *, database: str, prefix: str) -> None:
    """Undo migrations down to a revision (`base` for all)."""
    owner_url = with_user(url, f"{prefix}_migrate", role_password(secret, f"{prefix}_migrate"), database)
    await _upgrade(owner_url, prefix, to, down=True)


async def assert_durable(url: str) -> None:
    """Raise NotDurable unless the server keeps what it acknowledges (P1) and is new enough."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "xinyidai-check"})
    try:
        if connection.get_server_version().major * 10000 < VERSION_MIN:
            raise NotDurable(f"PostgreSQL {connection.get_server_version().major} is too old; 18 or newer is needed.")
        for name, wanted in DURABLE.items():
            found = await connection.fetchval("select current_setting($1)", name)
            if found != wanted:
                raise NotDurable(f"PostgreSQL runs with {name}={found}; {wanted} is needed.")
    finally:
        await connection.close()


def head() -> str:
    """The newest revision that ships with this code."""
    revision = ScriptDirectory.from_config(_config("")).get_current_head()
    assert revision is not None
    return revision


def seeds() -> Iterator[tuple[str, dict[str, Any]]]:
    """Dated policies that ship: (kind, row) from `migrations/policies/<kind>.json`."""
    for path in sorted((resource_dir("migrations") / "policies").glob("*.json")):
        for row in json.loads(path.read_text()):
            yield path.stem, row


async def _roles(url: str, secret: bytes, prefix: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"application_name": APPLICATION})
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(20220301)")
            await _role(connection, f"{prefix}_owner", "nologin")
            for name in ("migrate", *Role):
                user = f"{prefix}_{name}"
                await _role(connection, user, f"login password '{role_password(secret, user)}'")
                limits = LIMITS_PATIENT if name == "migrate" or name in PATIENT else LIMITS
                for setting, value in limits.items():
                    await connection.execute(f"alter role {user} set {setting} = '{value}'")
            await connection.execute(f"grant {prefix}_owner to {prefix}_migrate")
            # How old the oldest transaction of any role is: told by a function of the owner, to the operator alone.
            await connection.execute(f"grant pg_read_all_stats to {prefix}_owner")
    finally:
        await connection.close()


async def _role(connection: "asyncpg.Connection[asyncpg.Record]", name: str, attributes: str) -> None:
    exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", name)
    await connection.execute(f"{'alter' if exists else 'create'} role {name} {attributes} nosuperuser nobypassrls")


async def _database(url: str, database: str, prefix: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"application_name": APPLICATION})
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            await connection.execute(f"grant {prefix}_owner to current_user")
            await connection.execute(f"create database {database} owner {prefix}_owner template template0")
            await connection.execute(f"revoke all on database {database} from public")
        for name in ("migrate", *Role):
            await connection.execute(f"grant connect on database {database} to {prefix}_{name}")
    finally:
        await connection.close()
    inside = await asyncpg.connect(with_database(url, database), server_settings={"application_name": APPLICATION})
    try:
        await inside.execute("revoke create on schema public from public")
        await inside.execute(f"alter schema public owner to {prefix}_owner")
        await inside.execute("grant usage on schema public to public")
        # Only who may create in the database installs an extension, and a copy may belong to somebody else.
        await inside.execute("create schema if not exists extensions")
        await inside.execute("create extension if not exists pg_trgm schema extensions")
        await inside.execute("grant usage on schema extensions to public")
    finally:
        await inside.close()


def _config(prefix: str) -> Config:
    config = Config()
    folder = resource_dir("migrations")
    config.set_main_option("script_location", str(folder))
    config.set_main_option("prepend_sys_path", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["prefix"] = prefix
    return config


async def _upgrade(url: str, prefix: str, to: str, *, down: bool = False) -> None:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool,
        connect_args={"server_settings": {"application_name": APPLICATION}},
    )  # fmt: skip

    def run(connection: Connection) -> None:
        connection.execute(text(f"set role {prefix}_owner"))
        connection.execute(text("set lock_timeout = '3s'"))
        connection.commit()
        config = _config(prefix)
        config.attributes["connection"] = connection
        (alembic.command.downgrade if down else alembic.command.upgrade)(config, to)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


async def _policies(url: str, prefix: str) -> None:
    """Load each shipped policy version once; what an operator changed later stays."""
    connection = await asyncpg.connect(url, server_settings={"application_name": APPLICATION})
    try:
        await connection.execute(f"set role {prefix}_owner")
        if await connection.fetchval("select to_regproc('load_policy')") is None:
            return
        async with connection.transaction():
            for kind, row in seeds():
                to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
                dates = {"valid_from": date.fromisoformat(row["valid_from"]), "valid_to": to}
                await _load(connection, kind, row | dates)
    finally:
        await connection.close()


async def add_version(url: str, secret: bytes, kind: str, row: dict[str, Any], *, database: str, prefix: str) -> None:
    """Add one version of a policy; one that is there already stays as it is. `valid_from` and `valid_to` are dates."""
    user = f"{prefix}_migrate"
    address = with_user(url, user, role_password(secret, user), database)
    connection = await asyncpg.connect(address, server_settings={"application_name": APPLICATION})
    try:
        await connection.execute(f"set role {prefix}_owner")
        await _load(connection, kind, row)
    finally:
        await connection.close()


async def _load(connection: "asyncpg.Connection[asyncpg.Record]", kind: str, row: dict[str, Any]) -> None:
    await connection.execute(
        "select load_policy($1, $2, $3, $4, $5, $6, $7)", kind, row["key"], row["version"], row["valid_from"],
        row["valid_to"], json.dumps(row["body"]), await _business_now(connection),
    )  # fmt: skip


async def _business_now(connection: "asyncpg.Connection[asyncpg.Record]") -> datetime:
    wall = WALL.now()
    stated = await connection.fetchval("select coalesce(frozen_at, $1::timestamptz + ahead) from business_clock", wall)
    return wall if stated is None else cast(datetime, stated)


def migrate_now(url: str, secret: bytes, **names: str) -> str:
    """`migrate` for a command line."""
    return asyncio.run(migrate(url, secret, **names))
