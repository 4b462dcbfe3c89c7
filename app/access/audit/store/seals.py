"""SQL of sealing: what is new since the last head, and what a batch adds. Leaves, nodes and heads are only added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.access.audit.rules.entries import Entry, Leaf
from app.access.audit.rules.heads import Head, SignedHead, read_head, read_json
from app.access.audit.rules.merkle import Frontier, Node
from app.infra.db import ReadTx, Record, Tx

TURN: Final = 20260301  # Of two workers one seals.
SEQ_MAX: Final = 2**63 - 1

ENTRY: Final = """
 e.seq, e.xid::text::bigint as xid, e.recorded_at, e.business_at as at, e.act, e.org_id, e.case_id, e.request_id,
 e.actor_id, e.subject_id, e.detail"""
EVENT: Final = """
 e.seq, e.xid::text::bigint as xid, e.recorded_at, e.at, e.kind as act, null::uuid as org_id, null::uuid as case_id,
 '' as request_id, null::uuid as actor_id, e.stream_id as subject_id, e.body as detail"""
BEYOND: Final = """
 not pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot) and pg_visible_in_snapshot(e.xid, $2::text::pg_snapshot)"""
NEW: Final = f"""
select * from (
  (select 0 as source, {ENTRY} from audit_events e
    where (e.xid, e.seq) > ($3::text::xid8, $4::bigint) and {BEYOND} order by e.xid, e.seq limit $6)
  union all
  (select 1 as source, {EVENT} from outbox e
    where (e.xid, e.seq) > ($3::text::xid8, $5::bigint) and {BEYOND} order by e.xid, e.seq limit $6)) n
 order by xid, source, seq limit $6
"""  # noqa: S608 - the columns are ours
INSERT_HEAD: Final = """
insert into audit_heads (no, size, content, signature, x, sealed_at, peaks, base, target, cursor_xid, cursor_source,
  cursor_seq) values ($1, $2, $3, $4, $5, $6::text::timestamptz, $7, $8, $9, $10, $11, $12)
"""


@dataclass(frozen=True, slots=True)
class Window:
    """What a batch may take: rows that the snapshot `target` sees and `base` does not, after the cursor (transaction,
    source, row). Without a target the next batch takes a snapshot of its own. Snapshots are PostgreSQL's text."""

    base: str = "1:1:"
    target: str | None = None
    cursor: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest head with all that the next batch starts from."""

    signed: SignedHead
    x: bytes
    frontier: Frontier
    window: Window


async def take_turn(tx: Tx) -> bool:
    """Whether this transaction is the one that seals."""
    taken: bool = await tx.value("select pg_try_advisory_xact_lock($1)", TURN)
    return taken


async def read_snapshot(tx: ReadTx) -> str:
    found: str = await tx.value("select pg_current_snapshot()::text")
    return found


async def read_last(tx: ReadTx) -> Sealed | None:
    """The newest head."""
    row = await tx.row(
        "select content, signature, x, size, peaks, base, target, cursor_xid, cursor_source, cursor_seq"
        " from audit_heads order by no desc limit 1"
    )
    if row is None:
        return None
    peaks = tuple(row["peaks"][at : at + 32] for at in range(0, len(row["peaks"]), 32))
    cursor = (row["cursor_xid"], row["cursor_source"], row["cursor_seq"]) if row["target"] is not None else None
    return Sealed(
        signed_of(row), row["x"], Frontier(row["size"], peaks), Window(row["base"], row["target"], cursor)
    )  # fmt: skip


def signed_of(row: Record) -> SignedHead:
    """A head as it was signed. One that was spoilt is still shown, so that whoever checks it says so."""
    found = read_head({"head": read_json(row["content"].encode()), "signature": row["signature"]})
    return found or SignedHead(Head("", -1, -1, "", "", "", ""), row["signature"])


async def read_new(tx: ReadTx, window: Window, target: str, limit: int) -> list[Entry]:
    """The events of a window in the order of the log: by transaction, source, row."""
    xid, source, seq = window.cursor or (int(window.base.split(":")[0]), 0, -1)
    places = (seq, -1) if source == 0 else (SEQ_MAX, seq)
    rows = await tx.fetch(NEW, window.base, target, str(xid), *places, limit)
    return [Entry(**dict(row)) for row in rows]


async def read_log_id(tx: ReadTx) -> UUID | None:
    found: UUID | None = await tx.value("select log_id from audit_logs")
    return found


async def insert_log_id(tx: Tx, log_id: UUID) -> None:
    assert await tx.execute("insert into audit_logs (log_id) values ($1)", log_id) == 1


async def insert_leaves(tx: Tx, leaves: Sequence[Leaf]) -> None:
    numbers = [one.number for one in leaves]
    await tx.execute(
        "insert into audit_leaves (number, source, seq, commitment, leaf)"
        " select * from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[])",
        numbers, [one.source for one in leaves], [one.seq for one in leaves],
        [one.commitment for one in leaves], [one.leaf for one in leaves],
    )  # fmt: skip
    await tx.execute(
        "insert into audit_salts (number, salt) select * from unnest($1::bigint[], $2::bytea[])",
        numbers, [one.salt for one in leaves],
    )  # fmt: skip


async def insert_nodes(tx: Tx, nodes: Sequence[Node]) -> None:
    await tx.execute(
        "insert into audit_nodes (level, place, node)"
        " select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])",
        [one.level for one in nodes], [one.place for one in nodes], [one.node for one in nodes],
    )  # fmt: skip


async def insert_head(tx: Tx, sealed: Sealed) -> None:
    head, window = sealed.signed.head, sealed.window
    rows = await tx.execute(
        INSERT_HEAD, head.no, head.size, head.content, sealed.signed.signature, sealed.x, head.at,
        b"".join(sealed.frontier.peaks), window.base, window.target, *(window.cursor or (None, None, None)),
    )  # fmt: skip
    assert rows == 1, "a head was not written"


async def read_batch(tx: ReadTx, first: int, end: int) -> list[bytes]:
    """The leaves of a batch."""
    rows = await tx.fetch(
        "select leaf from audit_leaves where number >= $1 and number < $2 order by number", first, end
    )
    return [row["leaf"] for row in rows]


async def read_heads(tx: ReadTx, first: int, limit: int) -> list[Record]:
    """Heads from one on, in their order, with the public key of each."""
    return await tx.fetch(
        "select no, size, content, signature, x, sealed_at from audit_heads where no >= $1 order by no limit $2",
        first, limit,
    )  # fmt: skip


async def read_keys(tx: ReadTx) -> list[bytes]:
    """The public halves of every key that signed a head, in the order in which they began to."""
    rows = await tx.fetch("select x from audit_heads group by x order by min(no)")
    return [row["x"] for row in rows]
