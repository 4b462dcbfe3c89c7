"""All SQL of deliveries. Takes a transaction, never commits one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

_ENDPOINT: Final = "endpoint_id, bank_id, url, kinds, scheme, registered_at, disabled_at, disabled_why"
_NOTICE: Final = """notice_id, seq, endpoint_id, bank_id, stream_id, kind, ids, happened_at, made_at, state, tries,
    next_at, ended_at, why"""

INSERT_NOTICES: Final = """
insert into notices (notice_id, endpoint_id, bank_id, stream_id, kind, ids, happened_at, made_at, next_at)
select uuidv7(), e.endpoint_id, e.bank_id, $2, $3::varchar, $4, $5, $6, $6
  from endpoints e
 where e.bank_id = $1 and e.disabled_at is null and (e.kinds = array['*']::varchar[] or $3::varchar = any (e.kinds))
returning notice_id
"""

# A lane is free while fewer than $3 tries to that endpoint are under way. The lock is taken per notice, so that several
# workers share the work; the lease outlives the transaction and covers the call, which runs in none.
CLAIM: Final = """
update notices n set lease_until = $2
  from endpoints e,
       lateral (select p.notice_id from notices p
                 where p.endpoint_id = e.endpoint_id and p.state = 'pending' and p.next_at <= $1
                   and (p.lease_until is null or p.lease_until <= $1)
                 order by p.seq
                 limit greatest(0, $3 - (select count(*) from notices f where f.endpoint_id = e.endpoint_id
                                            and f.state = 'pending' and f.lease_until > $1))
                   for no key update skip locked) due
 where e.disabled_at is null and n.notice_id = due.notice_id
returning n.notice_id, n.seq, n.endpoint_id, n.bank_id, n.stream_id, n.kind, n.ids, n.happened_at, n.tries, e.url,
          n.lease_until
"""


async def read_dead_by_bank(tx: ReadTx) -> list[Record]:
    return await tx.fetch(
        "select bank_id, count(*)::integer as notices, min(ended_at) as oldest_at, max(ended_at) as newest_at,"
        " (array_agg(why order by seq desc))[1] as why from notices where state = 'dead'"
        " group by bank_id order by 2 desc"
    )


async def insert_endpoint(tx: Tx, values: tuple[UUID, UUID, str, Sequence[str], str, UUID]) -> None:
    """Write an endpoint: id, bank, url, kinds, scheme, who."""
    sql = """insert into endpoints (endpoint_id, bank_id, url, kinds, scheme, registered_by, registered_at)
             values ($1, $2, $3, $4, $5, $6, $7)"""
    rows = await tx.execute(sql, *values, tx.wall)
    assert rows == 1, "an endpoint was not written"


async def insert_key(tx: Tx, key_id: UUID, endpoint_id: UUID, bank_id: UUID, material: bytes) -> None:
    sql = "insert into endpoint_keys (key_id, endpoint_id, bank_id, material, valid_from) values ($1, $2, $3, $4, $5)"
    rows = await tx.execute(sql, key_id, endpoint_id, bank_id, material, tx.wall)
    assert rows == 1, "a key was not written"


async def end_key(tx: Tx, endpoint_id: UUID, at: datetime) -> None:
    await tx.execute(
        "update endpoint_keys set valid_to = $2 where endpoint_id = $1 and valid_to is null", endpoint_id, at
    )


async def read_keys(tx: ReadTx, endpoint_id: UUID, at: datetime) -> Sequence[Record]:
    """The keys that sign now, newest first."""
    sql = """select key_id, bank_id, material from endpoint_keys where endpoint_id = $1 and valid_from <= $2
                and (valid_to is null or $2 < valid_to) order by valid_from desc"""
    return await tx.fetch(sql, endpoint_id, at)


async def lock_endpoint(tx: Tx, endpoint_id: UUID) -> Record | None:
    return await tx.row(f"select {_ENDPOINT} from endpoints where endpoint_id = $1 for no key update", endpoint_id)  # noqa: S608


async def read_endpoints(tx: ReadTx) -> Sequence[Record]:
    return await tx.fetch(f"select {_ENDPOINT} from endpoints order by registered_at")  # noqa: S608


async def count_live(tx: ReadTx, bank_id: UUID) -> int:
    found: int = await tx.value("select count(*) from endpoints where bank_id = $1 and disabled_at is null", bank_id)
    return found


async def is_told(tx: ReadTx, bank_id: UUID, kind: str) -> bool:
    """Whether a bank has a live endpoint for a kind."""
    sql = """select exists (select 1 from endpoints where bank_id = $1 and disabled_at is null
                              and (kinds = array['*']::varchar[] or $2 = any (kinds)))"""
    return bool(await tx.value(sql, bank_id, kind))


async def disable_endpoint(tx: Tx, endpoint_id: UUID, why: str) -> bool:
    sql = "update endpoints set disabled_at = $2, disabled_why = $3 where endpoint_id = $1 and disabled_at is null"
    return await tx.execute(sql, endpoint_id, tx.wall, why) == 1


async def bury_pending(tx: Tx, endpoint_id: UUID, why: str) -> int:
    """Move every waiting notice of an endpoint to the dead letters."""
    sql = """update notices set state = 'dead', ended_at = $2, why = $3, lease_until = null
              where endpoint_id = $1 and state = 'pending'"""
    return await tx.execute(sql, endpoint_id, tx.wall, why)


async def insert_notices(
    tx: Tx, bank_id: UUID, stream_id: UUID, kind: str, ids: Mapping[str, str], at: datetime
) -> list[UUID]:
    """One notice per live endpoint of the bank that takes the kind."""
    found = await tx.fetch(INSERT_NOTICES, bank_id, stream_id, kind, dict(ids), at, tx.wall)
    return [record["notice_id"] for record in found]


async def claim_due(tx: Tx, now: datetime, until: datetime, lanes: int) -> Sequence[Record]:
    """Lease what is due, with the endpoint's URL."""
    return await tx.fetch(CLAIM, now, until, lanes)


async def insert_attempt(tx: Tx, attempt: tuple[UUID, UUID, UUID, UUID, datetime, datetime, str, int | None]) -> None:
    """Write a try: id, notice, bank, stream, began, ended, outcome, status."""
    sql = """insert into delivery_attempts
               (attempt_id, notice_id, bank_id, stream_id, began_at, ended_at, outcome, status)
             values ($1, $2, $3, $4, $5, $6, $7, $8)"""
    rows = await tx.execute(sql, *attempt)
    assert rows == 1, "a try was not written"


async def end_try(
    tx: Tx, notice_id: UUID, lease_until: datetime, state: str, next_at: datetime | None, why: str | None
) -> bool:
    """Count a try and say what follows; False when the lease was lost meanwhile."""
    sql = """update notices set tries = tries + 1, lease_until = null, state = $3::varchar,
                    next_at = coalesce($4, next_at),
                    ended_at = case when $3::varchar = 'pending' then null else $5::timestamptz end, why = $6
              where notice_id = $1 and lease_until = $2 and state = 'pending'"""
    return await tx.execute(sql, notice_id, lease_until, state, next_at, tx.wall, why) == 1


async def read_dead(tx: ReadTx, after: int, limit: int) -> Sequence[Record]:
    """Dead letters that the audience may see, oldest first."""
    sql = f"select {_NOTICE} from notices where state = 'dead' and seq > $1 order by seq limit $2"  # noqa: S608
    return await tx.fetch(sql, after, limit)


async def read_notices_of(tx: ReadTx, stream_id: UUID) -> Sequence[Record]:
    return await tx.fetch(f"select {_NOTICE} from notices where stream_id = $1 order by seq", stream_id)  # noqa: S608


async def read_attempts_of(tx: ReadTx, stream_id: UUID) -> Sequence[Record]:
    sql = """select notice_id, began_at, ended_at, outcome, status from delivery_attempts where stream_id = $1
              order by began_at"""
    return await tx.fetch(sql, stream_id)


async def revive(tx: Tx, notice_id: UUID, made_after: datetime) -> bool:
    """Let a dead letter be tried again from the start; False unless it is dead, young enough and its endpoint lives."""
    sql = """update notices n set state = 'pending', tries = 0, next_at = $2, ended_at = null, why = null
              where n.notice_id = $1 and n.state = 'dead' and n.made_at >= $3
                and exists (select 1 from endpoints e where e.endpoint_id = n.endpoint_id and e.disabled_at is null)"""
    return await tx.execute(sql, notice_id, tx.wall, made_after) == 1


async def knows_notice(tx: ReadTx, notice_id: UUID) -> bool:
    return bool(await tx.value("select exists (select 1 from notices where notice_id = $1)", notice_id))


async def read_scheme(tx: ReadTx, endpoint_id: UUID) -> str | None:
    found: str | None = await tx.value("select scheme from endpoints where endpoint_id = $1", endpoint_id)
    return found
