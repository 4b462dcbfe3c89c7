"""The only module that begins or commits a transaction, and the only one that opens a database connection.

A unit of work is one transaction in one role. Its first statement sets who acts, so that row-level security and the
audit know; nothing of it outlives the transaction. See docs/adr/0002-own-the-commit.md.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import SplitResult, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from app.kernel.clock import WALL, Clock
from app.kernel.errors import Refusal

if TYPE_CHECKING:
    from app.infra.outbox import Bus

Record = asyncpg.Record
T = TypeVar("T")


class Role(StrEnum):
    """Login roles, a pool each; none is a superuser, owns a table or bypasses row-level security (P16)."""

    AUTH = "auth"  # sessions and seats, before the audience is known
    BUSINESS = "business"
    BANK = "bank"  # people and machines of a bank
    REGULATOR = "regulator"
    OPS = "ops"  # operators and data officers
    PUBLIC = "public"
    ACT = "act"  # after the guard: acts that change the other side of one order
    WORKER = "worker"
    LOADER = "loader"  # batches
    REPORTER = "reporter"  # read-only: replay, invariants
    SEALER = "sealer"


POOL_SIZES: Final = {Role.AUTH: 4, Role.BUSINESS: 4, Role.BANK: 4, Role.ACT: 4, Role.WORKER: 4}
POOL_SIZE_OTHERS: Final = 2
ACQUIRE_SECONDS_MAX: Final = 1.0
PATIENT: Final = {Role.WORKER, Role.LOADER, Role.REPORTER}  # Nobody waits at a screen for these.
JSONB_VERSION: Final = b"\x01"  # The first byte of jsonb on the wire.
OUTCOME_UNKNOWN: Final = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Who acts and on what; becomes `app.*` settings of the transaction, which row-level security compares."""

    org_id: UUID | None = None
    actor_id: UUID | None = None
    branch_id: UUID | None = None
    case_id: UUID | None = None
    request_id: str = ""


class ReadTx:
    """A transaction that reads. `now` is the business instant at which it began, `wall` the real one."""

    __slots__ = ("_connection", "_remembered", "now", "role", "scope", "shared", "wall")

    def __init__(
        self,
        connection: "asyncpg.pool.PoolConnectionProxy[Record]",
        role: Role,
        scope: Scope,
        now: datetime,
        wall: datetime,
        shared: dict[str, Any] | None = None,
    ) -> None:
        self._connection = connection
        self._remembered: dict[Hashable, Any] = {}
        self.role = role
        self.scope = scope
        self.now = now
        self.wall = wall
        self.shared = (
            {} if shared is None else shared
        )  # What the process keeps between units of work; who keeps it knows when it is stale.

    @property
    def org_id(self) -> UUID | None:
        return self.scope.org_id

    @property
    def actor_id(self) -> UUID | None:
        return self.scope.actor_id

    @property
    def request_id(self) -> str:
        return self.scope.request_id

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        return await self._connection.fetch(sql, *args)

    async def row(self, sql: str, *args: object) -> Record | None:
        return await self._connection.fetchrow(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def remember(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Ask once per unit of work for what does not change in it, such as a dated policy."""
        if key not in self._remembered:
            self._remembered[key] = await read()
        found: T = self._remembered[key]
        return found

    async def narrow(self, *, case_id: UUID) -> None:
        """Say which order this transaction is about, once that is known. The `act` role sees no other."""
        if self.scope.case_id == case_id:
            return
        self.scope = replace(self.scope, case_id=case_id)
        await self._connection.execute(f"select set_config('app.case', '{case_id}', true)")


class Tx(ReadTx):
    """A transaction that may write. Commits when its unit of work ends, rolls back when it raises."""

    __slots__ = ("_gathered", "bus")

    def __init__(self, *args: Any, bus: "Bus") -> None:
        super().__init__(*args)
        self.bus = bus
        self._gathered: dict[Callable[[Tx, Sequence[Any]], Awaitable[None]], list[Any]] = {}

    def gather(self, write: "Callable[[Tx, Sequence[T]], Awaitable[None]]", one: T) -> None:
        """Have `write` write this at the end of the unit of work, with all others gathered for it, by one statement.

        For what nothing in the unit reads again, such as traces and facts to tell.
        """
        self._gathered.setdefault(write, []).append(one)

    async def write_gathered(self) -> None:
        """The last thing of a unit of work before its commit."""
        gathered, self._gathered = self._gathered, {}
        for write, found in gathered.items():
            await write(self, found)

    async def execute(self, sql: str, *args: object) -> int:
        """Run one statement; return the number of rows it touched."""
        status = await self._connection.execute(sql, *args)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self._connection.executemany(sql, rows)

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> int:
        """COPY records into a table; return how many."""
        status = await self._connection.copy_records_to_table(table, columns=list(columns), records=records)
        return int(status.rsplit(" ", 1)[-1])

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what happens inside when it raises, without ending the transaction."""
        scope, gathered = self.scope, {write: list(found) for write, found in self._gathered.items()}
        await self._connection.execute("savepoint inner_work")
        try:
            yield
        except Exception:
            self.scope = scope  # Rolling back takes a narrowing back as well.
            self._gathered = gathered
            await self._connection.execute("rollback to savepoint inner_work")
            raise
        finally:
            if not self._connection.is_closed():
                await self._connection.execute("release savepoint inner_work")


@dataclass(slots=True)
class Database:
    """Pools for one database, opened on first use. `prefix` begins the names of its roles."""

    url: str
    secret: bytes
    bus: "Bus"
    prefix: str = "xinyidai"
    wall: Clock = WALL
    movable_clock: bool = False
    application_name: str = "xinyidai"
    acquire_seconds_max: float = ACQUIRE_SECONDS_MAX
    _pools: dict[Role, "asyncpg.Pool[Record]"] = field(default_factory=dict)
    _opening: dict[Role, asyncio.Lock] = field(default_factory=dict)
    _shared: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def transaction(self, role: Role, scope: Scope = Scope()) -> AsyncIterator[Tx]:
        """One unit of work that may write."""
        async with self._unit(role, scope, "begin") as (connection, now, wall):
            tx = Tx(connection, role, scope, now, wall, self._shared, bus=self.bus)
            yield tx
            await tx.write_gathered()

    @asynccontextmanager
    async def reading(self, role: Role, scope: Scope = Scope()) -> AsyncIterator[ReadTx]:
        """One consistent snapshot; PostgreSQL refuses any write in it."""
        async with self._unit(role, scope, "begin isolation level repeatable read read only") as (
            connection,
            now,
            wall,
        ):
            yield ReadTx(connection, role, scope, now, wall, self._shared)

    async def glance(self, role: Role, sql: str, *args: object) -> Record | None:
        """The first row of one statement that reads, in one round trip. It knows nobody: no scope is set, so that it
        is for roles whose policies ask for none."""
        assert sql.lstrip().startswith("select"), "a glance changes nothing"
        connection = await self._acquire(role)
        try:
            return await connection.fetchrow(sql, *args)
        finally:
            with suppress(*OUTCOME_UNKNOWN):
                await self._pools[role].release(connection) if role in self._pools else connection.terminate()

    async def close(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            try:
                await asyncio.wait_for(pool.close(), timeout=5)
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def listening(self, channel: str, heard: asyncio.Event) -> AsyncIterator[None]:
        """Set `heard` at every NOTIFY on the channel: a hint, never the only way to learn of work."""
        connection = await asyncpg.connect(**self._address(Role.WORKER))
        try:
            await connection.add_listener(channel, lambda *_: heard.set())
            yield
        finally:
            connection.terminate()

    @asynccontextmanager
    async def _unit(
        self, role: Role, scope: Scope, begin: str
    ) -> "AsyncIterator[tuple[asyncpg.pool.PoolConnectionProxy[Record], datetime, datetime]]":
        connection = await self._acquire(role)
        began = False
        try:
            wall = self.wall.now()
            await connection.execute(f"{begin}; {_settings(scope)}")
            assert connection.is_in_transaction(), "a unit of work runs inside its transaction"
            began = True
            now = await _business_now(connection, wall) if self.movable_clock else wall
            yield connection, now, wall
            await connection.execute("commit")
        except BaseException:
            if began and not connection.is_closed() and connection.is_in_transaction():
                with suppress(*OUTCOME_UNKNOWN, asyncpg.PostgresError):
                    await asyncio.shield(connection.execute("rollback"))
            raise
        finally:
            with suppress(*OUTCOME_UNKNOWN):
                await self._pools[role].release(connection) if role in self._pools else connection.terminate()

    async def _acquire(self, role: Role) -> "asyncpg.pool.PoolConnectionProxy[Record]":
        pool = await self._pool(role)
        try:
            timeout = None if role in PATIENT else self.acquire_seconds_max
            return await pool.acquire(timeout=timeout)
        except TimeoutError as error:
            raise Refusal("overloaded") from error

    async def _pool(self, role: Role) -> "asyncpg.Pool[Record]":
        if (pool := self._pools.get(role)) is not None:
            return pool
        async with self._opening.setdefault(role, asyncio.Lock()):
            if role not in self._pools:
                self._pools[role] = await asyncpg.create_pool(
                    min_size=0, max_size=POOL_SIZES.get(role, POOL_SIZE_OTHERS), init=_codecs, reset=_no_reset,
                    command_timeout=None if role in PATIENT else 30, **self._address(role),
                )  # fmt: skip
        return self._pools[role]

    def _address(self, role: Role) -> dict[str, Any]:
        user = f"{self.prefix}_{role}"
        return {
            "dsn": with_user(self.url, user, role_password(self.secret, user)),
            "server_settings": {"application_name": self.application_name},
        }


def role_password(secret: bytes, user: str) -> str:
    """Passwords of login roles follow from the secret, so none is stored and all change with it."""
    return hmac.new(secret, b"postgres-role:" + user.encode(), hashlib.sha256).hexdigest()


def with_user(url: str, user: str, password: str, database: str | None = None) -> str:
    """The same server as `url`, as another user, perhaps in another database."""
    parts = urlsplit(url)
    netloc = f"{user}:{password}@{parts.netloc.rsplit('@', 1)[-1]}"
    path = parts.path if database is None else f"/{database}"
    return urlunsplit(SplitResult(parts.scheme, netloc, path, parts.query, parts.fragment))


def with_database(url: str, name: str) -> str:
    """The same server and user as `url`, in another database.

    >>> with_database("postgresql://ada:secret@127.0.0.1:5432/one?ssl=no", "two")
    'postgresql://ada:secret@127.0.0.1:5432/two?ssl=no'
    """
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def text_enum(kind: type[StrEnum]) -> sa.Enum:
    """Store a StrEnum by value, as text with a CHECK: readable in psql, extended by one migration."""
    values = [member.value for member in kind]
    return sa.Enum(
        kind,
        name=f"{kind.__name__.lower()}_is_known",
        values_callable=lambda _: values,
        native_enum=False,
        create_constraint=True,
        length=32,
    )


def _settings(scope: Scope) -> str:
    """Transaction-local settings as one statement. Only UUIDs and hexadecimal text are ever spliced in."""
    request_id = "".join(c for c in scope.request_id if c in "0123456789abcdef-")[:64]
    pairs = {
        "app.org": scope.org_id,
        "app.actor": scope.actor_id,
        "app.branch": scope.branch_id,
        "app.case": scope.case_id,
    }
    calls = [f"set_config('{name}', '{UUID(str(value))}', true)" for name, value in pairs.items() if value is not None]
    calls.append(f"set_config('app.request', '{request_id}', true)")
    return "select " + ", ".join(calls)


async def _business_now(connection: "asyncpg.pool.PoolConnectionProxy[Record]", wall: datetime) -> datetime:
    moved = await connection.fetchval(
        "select coalesce(frozen_at, $1::timestamptz + ahead) from business_clock", wall
    )  # no row: the business clock is the wall clock
    return wall if moved is None else cast(datetime, moved)


async def _codecs(connection: "asyncpg.Connection[Record]") -> None:
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=lambda v: json.dumps(v, ensure_ascii=False), decoder=json.loads
    )
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary",  # Text could not stand in a row that is read as one value.
        encoder=lambda v: JSONB_VERSION + json.dumps(v, ensure_ascii=False).encode(),
        decoder=lambda sent: json.loads(sent[1:]),
    )  # fmt: skip


async def _no_reset(_: "asyncpg.Connection[Record]") -> None:
    """Every setting is transaction-local, so a returned connection has nothing to reset."""
