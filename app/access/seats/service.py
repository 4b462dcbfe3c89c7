"""Seats, passwords, signing in and out. A session is a row; its cookie holds 256 random bits and nothing else."""

import asyncio
import hashlib
import math
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.access import audit, orgs
from app.access.seats import store
from app.access.seats.rules import (
    AGE_MAX,
    SEEN_STEP,
    SIGN_IN_BURST,
    SIGN_IN_REFILL,
    Seat,
    SeatChoice,
    SeatRole,
    is_live,
    judge_seat,
)
from app.access.seats.schemas import SeatView, SessionView
from app.infra.db import Database, ReadTx, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.web.context import Visitor

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_WAITING_MAX: Final = 10
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_waiting = 0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh session; `token` goes into the cookie and is kept nowhere."""

    token: str
    visitor: Visitor


# Seats ------------------------------------------------------------------------------------------------------------


async def create_seat(tx: Tx, person_id: UUID, org_id: UUID, role: SeatRole, *, branch_id: UUID | None = None) -> Seat:
    """Give a person a role in an organisation. Refuses with `conflict` (role, organisation and branch do not go
    together), `already-exists`, or `not-found`."""
    org = await orgs.get_org(tx, org_id)
    if (fault := judge_seat(role, org.kind.value, branch_id)) is not None:
        raise Refusal("conflict", "该身份与机构或网点不符。", reason=fault.value)
    seat = Seat(person_id, org_id, role, branch_id, seat_id=new_id())
    try:
        await store.insert_seat(tx, seat)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该人员已有此身份。") from None
    except asyncpg.ForeignKeyViolationError:
        raise Refusal("not-found") from None
    await audit.write(tx, "seat.created", detail={"seat_id": str(seat.seat_id), "role": role.value})
    return seat


async def end_seat(tx: Tx, seat_id: UUID) -> None:
    """Take a role away; every session that sits in it is refused from the next request on."""
    if await store.end_seat(tx, seat_id) == 0:
        raise Refusal("not-found")
    await audit.write(tx, "seat.ended", detail={"seat_id": str(seat_id)})


async def list_seats(tx: ReadTx, person_id: UUID) -> Sequence[SeatChoice]:
    return await store.list_seats(tx, person_id)


# Passwords --------------------------------------------------------------------------------------------------------


async def set_first_password(tx: Tx, person_id: UUID, password: str) -> None:
    """Keep the hash of a new account's password. Refuses with `already-exists` when there is one."""
    hashed = await _in_thread(lambda: _HASHER.hash(password))
    try:
        await store.insert_credential(tx, person_id, hashed)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该账号已有密码。") from None


async def _in_thread(work: Callable[[], T]) -> T:
    """Two hashes at a time and few that wait, so that a flood of sign-ins can't take all memory or all threads."""
    global _waiting
    if _waiting >= _WAITING_MAX:
        raise Refusal("overloaded")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Checked when there is no such account, so that the answer takes as long."""
    return _HASHER.hash(secrets.token_hex(16))


# Signing in and out -----------------------------------------------------------------------------------------------


def session_key(token: str) -> bytes:
    """What the database keeps of a cookie."""
    return hashlib.sha256(token.encode()).digest()


async def sign_in(
    db: Database, login: str, password: str, *, source: str, request_id: str, old_token: str | None = None
) -> Opened:
    """Open a session, with a fresh id whatever the browser brought. Refuses with `login-failed` or `rate-limited`.

    An attempt takes one token of the account and one of the source; both come back when it succeeds.
    """
    login = login.strip().lower()
    buckets = [_bucket("login", login), _bucket("source", source)]
    async with db.transaction(Role.AUTH, Scope(request_id=request_id)) as tx:
        for bucket in buckets:
            if not await store.spend(tx, bucket, burst=SIGN_IN_BURST, refill=SIGN_IN_REFILL):
                raise await _too_many(tx, bucket, SIGN_IN_BURST, SIGN_IN_REFILL)
        account = await store.find_account(tx, login)
    hashed = account.password_hash if account and account.password_hash else None
    known = await _in_thread(lambda: _matches(hashed or _nobodys_hash(), password))
    if account is None or hashed is None or account.disabled or not known:
        raise Refusal("login-failed")
    async with db.transaction(Role.AUTH, Scope(actor_id=account.person_id, request_id=request_id)) as tx:
        for bucket in buckets:
            await store.give_back(tx, bucket, refill=SIGN_IN_REFILL)
        choices = await store.list_seats(tx, account.person_id)
        only = choices[0].seat if len(choices) == 1 else None
        old_key = session_key(old_token) if old_token else None
        return await open_session(tx, account.person_id, only, old_key=old_key)


async def open_session(tx: Tx, person_id: UUID, seat: Seat | None, *, old_key: bytes | None = None) -> Opened:
    """Make a session with a fresh id and end the old one, whose age the new one inherits. Runs in the role `auth`."""
    created_at = tx.wall
    if old_key is not None and (old := await store.find_session(tx, old_key)) is not None:
        created_at = old.created_at if old.person_id == person_id else tx.wall
        await store.delete_session(tx, old_key)
    token = secrets.token_urlsafe(32)
    key = session_key(token)
    await store.insert_session(tx, key, person_id, seat.seat_id if seat else None, created_at)
    await audit.write(tx, "session.opened", detail={"seat_id": str(seat.seat_id)} if seat else {})
    found = await store.find_session(tx, key)
    assert found is not None
    return Opened(token, _visitor(key, found))


async def choose_seat(db: Database, key: bytes, person_id: UUID, seat_id: UUID, *, request_id: str) -> Opened:
    """Sit in another of one's own seats. Refuses with `not-found` for anybody else's."""
    async with db.transaction(Role.AUTH, Scope(actor_id=person_id, request_id=request_id)) as tx:
        mine = {choice.seat.seat_id: choice.seat for choice in await store.list_seats(tx, person_id)}
        if seat_id not in mine:
            raise Refusal("not-found")
        return await open_session(tx, person_id, mine[seat_id], old_key=key)


async def sign_out(db: Database, key: bytes, person_id: UUID, *, request_id: str) -> None:
    """End the session; its cookie is worthless from now on."""
    async with db.transaction(Role.AUTH, Scope(actor_id=person_id, request_id=request_id)) as tx:
        await store.delete_session(tx, key)
        await audit.write(tx, "session.closed")


async def find_visitor(db: Database, token: str) -> Visitor | None:
    """Who a cookie stands for at this moment, or None: no session, too old, disabled, or its seat was ended."""
    key = session_key(token)
    found, wall = await store.glance_at_session(db, key), db.wall.now()
    if found is None or found.disabled or found.seat_ended or not is_live(found.created_at, found.seen_at, wall):
        return None
    if wall - found.seen_at >= SEEN_STEP:
        async with db.transaction(Role.AUTH) as tx:
            await store.touch_session(tx, key)
    return _visitor(key, found)


async def view_session(db: Database, visitor: Visitor, csrf_token: str) -> SessionView:
    """What a signed-in person is told about the session: the seat, and the seats there are to choose."""
    async with db.reading(Role.AUTH) as tx:
        choices = tuple(SeatView.of(choice) for choice in await store.list_seats(tx, visitor.person_id))
    seat = visitor.seat if isinstance(visitor.seat, Seat) else None
    return SessionView.of(visitor.person_id, seat, choices, csrf_token)


async def forget_old(tx: Tx) -> int:
    """Drop sessions past their age and rate buckets that are full again; the worker's housekeeping."""
    return await store.delete_old_sessions(tx, tx.wall - AGE_MAX) + await store.delete_full_buckets(tx)


async def limit_rate(
    db: Database, kind: str, name: str, *, burst: int, refill: timedelta, request_id: str = ""
) -> None:
    """Let `burst` calls through at once and one more each `refill`, counted over all processes, else `rate-limited`.

    `kind` is the class of the call, `name` who makes it (an id or an address; only its hash is kept). Call it before
    the unit of work is opened: it has a short one of its own, which stands whatever becomes of the request.
    """
    bucket = _bucket(kind, name)
    async with db.transaction(Role.AUTH, Scope(request_id=request_id)) as tx:
        if not await store.spend(tx, bucket, burst=burst, refill=refill):
            raise await _too_many(tx, bucket, burst, refill)


def _visitor(key: bytes, found: store.StoredSession) -> Visitor:
    return Visitor(found.person_id, found.seat, key, found.person_name, found.seats_count)


def _bucket(kind: str, name: str) -> str:
    """A bucket's key: a hash, so that the table holds neither accounts nor addresses."""
    return f"{kind}:{hashlib.sha256(name.encode()).hexdigest()}"


async def _too_many(tx: ReadTx, bucket: str, burst: int, refill: timedelta) -> Refusal:
    """The refusal with the time until one token is back."""
    full_at = await store.full_at(tx, bucket)
    wait = (full_at - tx.wall - refill * (burst - 1)).total_seconds() if full_at else 1
    return Refusal("rate-limited", "尝试次数过多，请稍后再试。", retry_after=max(1, math.ceil(wait)))
