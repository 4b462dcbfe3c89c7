"""SQL of proving: the log as it stands, for an export, a case, or a single proof. Reads only, but for an erasure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access.audit.rules.entries import Entry
from app.access.audit.store.seals import ENTRY, EVENT
from app.infra.db import ReadTx, Record, Tx

ROWS: Final = """
select l.number, l.source, l.seq, l.commitment, l.leaf, s.salt, a.seq is not null or o.seq is not null as stands,
       coalesce(a.xid, o.xid)::text::bigint as xid, coalesce(a.recorded_at, o.recorded_at) as recorded_at,
       coalesce(a.business_at, o.at) as at, coalesce(a.act, o.kind) as act, a.org_id, a.case_id,
       coalesce(a.request_id, '') as request_id, a.actor_id, coalesce(a.subject_id, o.stream_id) as subject_id,
       coalesce(a.detail, o.body) as detail
  from audit_leaves l
  left join audit_salts s on s.number = l.number
  left join audit_events a on l.source = 0 and a.seq = l.seq
  left join outbox o on l.source = 1 and o.seq = l.seq
 where l.number >= $1 order by l.number limit $2
"""
STRAYS: Final = """
select * from (
  select 'audit' as source, e.seq from audit_events e where pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot)
     and not exists (select from audit_leaves l where l.source = 0 and l.seq = e.seq)
  union all
  select 'event', e.seq from outbox e where pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot)
     and not exists (select from audit_leaves l where l.source = 1 and l.seq = e.seq)) s
 order by source, seq limit $2
"""
OF_CASE: Final = f"""
select e.*, l.number, l.commitment, l.leaf, s.salt
  from (select 0 as source, {ENTRY} from audit_events e where e.case_id = $1
        union all select 1, {EVENT} from audit_stream($1) e) e
  left join audit_leaves l on l.source = e.source and l.seq = e.seq
  left join audit_salts s on s.number = l.number
 order by l.number nulls last, e.source, e.seq
"""  # noqa: S608 - the columns are ours
COVERING: Final = """
select distinct on (h.no) h.no, h.size, h.content, h.signature, h.x, h.sealed_at,
       coalesce(p.size, 0) as first, coalesce(p.peaks, '') as peaks
  from unnest($1::bigint[]) n
  cross join lateral (select * from audit_heads where size > n order by size limit 1) h
  left join audit_heads p on p.no = h.no - 1
 order by h.no
"""
ERASABLE: Final = """
select l.number from audit_leaves l join audit_salts s on s.number = l.number
  join audit_events e on l.source = 0 and e.seq = l.seq where e.subject_id = $1 or e.actor_id = $1
union
select l.number from audit_leaves l join audit_salts s on s.number = l.number
  join outbox e on l.source = 1 and e.seq = l.seq where e.stream_id = $1
order by 1 limit $2
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A leaf and the event that stands for it now. `number` is None while the event waits for its head; `entry` is
    None when the event is gone."""

    source: int
    seq: int
    number: int | None
    commitment: bytes
    leaf: bytes
    salt: bytes | None
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What no head covers yet: how many events, and when the first of them was recorded."""

    events: int
    oldest_at: datetime | None
    head_no: int | None
    sealed_at: datetime | None


async def read_rows(tx: ReadTx, first: int, limit: int) -> list[Row]:
    """Leaves from a number on, with their events."""
    return [_row(record) for record in await tx.fetch(ROWS, first, limit)]


async def read_case(tx: ReadTx, case_id: UUID) -> list[Row]:
    """Every event of a case, in the order of the log; those that wait come last."""
    return [_row(record) for record in await tx.fetch(OF_CASE, case_id)]


async def read_number(tx: ReadTx, source: int, seq: int) -> int | None:
    """Which leaf of the log an event is."""
    found: int | None = await tx.value("select number from audit_leaves where source = $1 and seq = $2", source, seq)
    return found


async def read_strays(tx: ReadTx, base: str, limit: int) -> list[tuple[str, int]]:
    """Events that the snapshot of the last head saw and that have no leaf."""
    return [(row["source"], row["seq"]) for row in await tx.fetch(STRAYS, base, limit)]


async def read_covering(tx: ReadTx, numbers: Sequence[int]) -> list[Record]:
    """The heads that cover leaves first, each with the frontier of the tree before its batch."""
    return await tx.fetch(COVERING, list(numbers))


async def read_nodes(tx: ReadTx, level: int, first: int, count: int) -> list[bytes]:
    """Neighbouring nodes of a level that is kept; level 0 are the leaves."""
    if level == 0:
        sql = "select leaf as node from audit_leaves where number >= $1 and number < $2 order by number"
        rows = await tx.fetch(sql, first, first + count)
    else:
        sql = "select node from audit_nodes where level = $3 and place >= $1 and place < $2 order by place"
        rows = await tx.fetch(sql, first, first + count, level)
    return [row["node"] for row in rows]


async def read_cosignatures(tx: ReadTx, first: int, end: int) -> list[Record]:
    """Witnesses' signatures of the heads from `first` up to, and without, `end`."""
    return await tx.fetch(
        "select c.no, c.kid, w.name, w.x, c.signature, c.recorded_at from audit_cosignatures c"
        " join audit_witnesses w on w.kid = c.kid where c.no >= $1 and c.no < $2 order by c.no, c.kid",
        first, end,
    )  # fmt: skip


async def read_witnesses(tx: ReadTx) -> list[Record]:
    return await tx.fetch("select kid, name, x from audit_witnesses order by recorded_at, kid")


async def insert_witness(tx: Tx, kid: str, name: str, x: bytes) -> bool:
    """Register a witness; False when the key is known already."""
    sql = "insert into audit_witnesses (kid, name, x) values ($1, $2, $3) on conflict do nothing"
    return await tx.execute(sql, kid, name, x) == 1


async def insert_cosignature(tx: Tx, no: int, kid: str, signature: str) -> bool:
    sql = "insert into audit_cosignatures (no, kid, signature) values ($1, $2, $3) on conflict do nothing"
    return await tx.execute(sql, no, kid, signature) == 1


async def read_waiting(tx: ReadTx) -> Waiting:
    row = await tx.row("select * from audit_waiting()")
    assert row is not None, "the function gives one row"
    return Waiting(row["events"], row["oldest_at"], row["head_no"], row["sealed_at"])


async def read_erasable(tx: ReadTx, subject_id: UUID, limit: int) -> list[int]:
    """The leaves of somebody whose personal part can still be shown."""
    return [row["number"] for row in await tx.fetch(ERASABLE, subject_id, limit)]


async def delete_salts(tx: Tx, numbers: Sequence[int]) -> None:
    rows = await tx.execute("delete from audit_salts where number = any($1::bigint[])", list(numbers))
    assert rows == len(numbers), "a salt was deleted meanwhile"


def _row(record: Record) -> Row:
    found = dict(record)
    entry = Entry(**{name: found[name] for name in Entry.__dataclass_fields__}) if found.get("stands", True) else None
    number = found["number"]
    commitment, leaf = (found["commitment"], found["leaf"]) if number is not None else (b"", b"")
    return Row(found["source"], found["seq"], number, commitment, leaf, found["salt"], entry)
