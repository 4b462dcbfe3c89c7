"""All SQL of seats, credentials, sessions and rate buckets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.access.seats.rules import Seat, SeatChoice, SeatRole
from app.infra.db import Database, ReadTx, Record, Role, Tx


@dataclass(frozen=True, slots=True)
class Account:
    """Who a login name belongs to. `password_hash` is None until a first password was set."""

    person_id: UUID
    disabled: bool
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class StoredSession:
    person_id: UUID
    person_name: str
    disabled: bool
    created_at: datetime
    seen_at: datetime
    seat: Seat | None
    seat_ended: bool
    seats_count: int


async def insert_seat(tx: Tx, seat: Seat) -> None:
    await tx.execute(
        "insert into seats (seat_id, person_id, org_id, role, branch_id, created_at) values ($1, $2, $3, $4, $5, $6)",
        *(seat.seat_id, seat.person_id, seat.org_id, seat.role.value, seat.branch_id, tx.wall),
    )


async def end_seat(tx: Tx, seat_id: UUID) -> int:
    return await tx.execute("update seats set ended_at = $2 where seat_id = $1 and ended_at is null", seat_id, tx.wall)


async def insert_credential(tx: Tx, person_id: UUID, password_hash: str) -> None:
    await tx.execute("insert into credentials (person_id, password_hash) values ($1, $2)", person_id, password_hash)


async def find_account(tx: ReadTx, login: str) -> Account | None:
    row = await tx.row(
        """
        select p.person_id, p.disabled, c.password_hash
        from orgs_v_persons p left join credentials c using (person_id) where p.login = $1
        """,
        login,
    )
    return None if row is None else Account(row["person_id"], row["disabled"], row["password_hash"])


async def list_seats(tx: ReadTx, person_id: UUID) -> Sequence[SeatChoice]:
    rows = await tx.fetch(
        """
        select s.seat_id, s.person_id, s.org_id, s.role, s.branch_id, o.name
        from seats s join orgs_v_orgs o using (org_id)
        where s.person_id = $1 and s.ended_at is null order by o.name, s.role, s.seat_id
        """,
        person_id,
    )
    return [SeatChoice(_seat(row), row["name"]) for row in rows]


async def insert_session(tx: Tx, key: bytes, person_id: UUID, seat_id: UUID | None, created_at: datetime) -> None:
    await tx.execute(
        "insert into sessions (session_key, person_id, seat_id, created_at, seen_at) values ($1, $2, $3, $4, $5)",
        *(key, person_id, seat_id, created_at, tx.wall),
    )


async def delete_session(tx: Tx, key: bytes) -> int:
    return await tx.execute("delete from sessions where session_key = $1", key)


async def touch_session(tx: Tx, key: bytes) -> int:
    return await tx.execute("update sessions set seen_at = $2 where session_key = $1", key, tx.wall)


SESSION: Final = """
select x.person_id, p.display_name, p.disabled, x.created_at, x.seen_at,
  s.seat_id, s.org_id, s.role, s.branch_id, s.ended_at is not null as seat_ended,
  (select count(*) from seats n where n.person_id = x.person_id and n.ended_at is null) as seats_count
from sessions x join orgs_v_persons p using (person_id) left join seats s on s.seat_id = x.seat_id
where x.session_key = $1
"""


async def find_session(tx: ReadTx, key: bytes) -> StoredSession | None:
    return _session(await tx.row(SESSION, key))


async def glance_at_session(db: Database, key: bytes) -> StoredSession | None:
    """The same in one round trip, for every request's first question."""
    return _session(await db.glance(Role.AUTH, SESSION, key))


def _session(row: Record | None) -> StoredSession | None:
    if row is None:
        return None
    return StoredSession(
        person_id=row["person_id"],
        person_name=row["display_name"],
        disabled=row["disabled"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        seat=None if row["seat_id"] is None else _seat(row),
        seat_ended=row["seat_ended"],
        seats_count=row["seats_count"],
    )


async def delete_old_sessions(tx: Tx, created_before: datetime) -> int:
    return await tx.execute("delete from sessions where created_at < $1", created_before)


async def spend(tx: Tx, bucket_key: str, *, burst: int, refill: timedelta) -> bool:
    """Take one token; one statement, so that every process counts together. False when the bucket is empty.

    The bucket is kept as the instant at which it will be full again: a token moves it one `refill` further, never
    further than `burst` refills from now.
    """
    taken: Any = await tx.value(
        """
        insert into rate_buckets as b (bucket_key, full_at) values ($1, $2::timestamptz + $3)
        on conflict (bucket_key) do update set full_at = greatest(b.full_at, $2) + $3
          where greatest(b.full_at, $2) + $3 <= $2::timestamptz + $3 * $4::integer
        returning 1
        """,
        *(bucket_key, tx.wall, refill, burst),
    )
    return taken is not None


async def give_back(tx: Tx, bucket_key: str, *, refill: timedelta) -> None:
    """Return the token of an attempt that turned out well."""
    await tx.execute(
        "update rate_buckets set full_at = full_at - $2::interval where bucket_key = $1", bucket_key, refill
    )


async def full_at(tx: ReadTx, bucket_key: str) -> datetime | None:
    found: datetime | None = await tx.value("select full_at from rate_buckets where bucket_key = $1", bucket_key)
    return found


async def delete_full_buckets(tx: Tx) -> int:
    return await tx.execute("delete from rate_buckets where full_at < $1", tx.wall)


def _seat(row: Record) -> Seat:
    return Seat(
        person_id=row["person_id"],
        org_id=row["org_id"],
        role=SeatRole(row["role"]),
        branch_id=row["branch_id"],
        seat_id=row["seat_id"],
    )
