"""All SQL of complaints. An act holds the complaint's lock."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

COLUMNS: Final = (
    "complaint_id, business_id, subject_id, bank_id, branch_id, suborder_id, order_id, category, policy_version, state,"
    " filed_at, filed_by, for_firm, callback_id, acknowledged_at, answered_at, silent_until_on, ended_at, finding, late"
)
ALIVE: Final = "c.state in ('filed', 'acknowledged', 'answered', 'disputed', 'escalated')"
# The deadline that a complaint goes by: the next one that still runs, else the one that was missed and not made good.
DUE: Final = """
  left join lateral (
    select k.kind, k.due_at, k.due_on, k.state as clock_state from clocks_v_clocks k
     where k.root_id = c.complaint_id and k.stopped_at is null and k.state in ('running', 'breached')
     order by k.state = 'breached' and k.kind = 'COMPLAINT_ACK', k.due_at limit 1) k on true
"""
KINDS: Final[Mapping[str, str]] = {
    "waiting": "c.state in ('filed', 'acknowledged')",
    "disputed": "c.state in ('disputed', 'escalated')",
    "escalated": "c.state = 'escalated'",
    "answered": "c.state = 'answered'",
    "ended": "c.state in ('accepted', 'closed', 'withdrawn')",
    "open": ALIVE,
    "all": "true",
}
SUBORDER: Final = """
select suborder_id, order_id, business_id, subject_id, bank_id, branch_id from orders_v_suborders where suborder_id = $1
"""


async def read_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(SUBORDER, suborder_id)


async def read_suborder_ids(tx: ReadTx, order_id: UUID) -> list[UUID]:
    rows = await tx.fetch("select suborder_id from orders_v_suborders where order_id = $1", order_id)
    return [row["suborder_id"] for row in rows]


async def read_suborders_of(tx: ReadTx, business_id: UUID, limit: int) -> list[Record]:
    return await tx.fetch(
        "select suborder_id, bank_id, branch_id, product_id, amount_fen, state, pushed_at from orders_v_suborders"
        " where business_id = $1 order by pushed_at desc, suborder_id limit $2",
        business_id, limit,
    )  # fmt: skip


async def insert(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Whether it was written: no two open ones of a firm are about the same thing."""
    names = tuple(row)
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    sql = f"insert into complaints ({', '.join(names)}) values ({places}) on conflict do nothing"  # noqa: S608
    return await tx.execute(sql, *row.values()) == 1


async def lock(tx: Tx, complaint_id: UUID) -> Record | None:
    return await tx.row(
        f"select {COLUMNS} from complaints where complaint_id = $1 for no key update",  # noqa: S608
        complaint_id,
    )


async def lock_free(tx: Tx, complaint_ids: Sequence[UUID]) -> list[UUID]:
    """Of these, those that nobody else works on now; locked, by id."""
    rows = await tx.fetch(
        "select complaint_id from complaints where complaint_id = any($1) order by complaint_id"
        " for no key update skip locked",
        list(complaint_ids),
    )
    return [row["complaint_id"] for row in rows]


async def save(
    tx: Tx, complaint_id: UUID, from_state: str, to_state: str, at: datetime, *, is_taken_up: bool, is_answer: bool,
    is_end: bool, silent_until_on: date | None, finding: str | None,
) -> None:  # fmt: skip
    touched = await tx.execute(
        "update complaints set state = $3, acknowledged_at = case when $9 then coalesce(acknowledged_at, $4)"
        " else acknowledged_at end, answered_at = case when $5 then coalesce(answered_at, $4) else answered_at end,"
        " silent_until_on = coalesce($6, silent_until_on), ended_at = case when $7 then $4 end, finding = $8"
        " where complaint_id = $1 and state = $2",
        complaint_id, from_state, to_state, at, is_answer, silent_until_on, is_end, finding, is_taken_up,
    )  # fmt: skip
    assert touched == 1, "a complaint moves from the state it was judged in"


async def add_late(tx: Tx, complaint_id: UUID, clock: str) -> None:
    touched = await tx.execute(
        "update complaints set late = array_append(late, $2) where complaint_id = $1 and not $2 = any(late)",
        complaint_id, clock,
    )  # fmt: skip
    assert touched == 1, "a deadline is missed once"


async def append_move(tx: Tx, row: Mapping[str, Any]) -> None:
    names = tuple(row)
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    await tx.execute(f"insert into complaint_moves ({', '.join(names)}) values ({places})", *row.values())  # noqa: S608


async def read(tx: ReadTx, complaint_id: UUID) -> Record | None:
    return await tx.row(
        f"select {COLUMNS} from complaints where complaint_id = $1",  # noqa: S608
        complaint_id,
    )


async def read_moves(tx: ReadTx, complaint_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select seq, from_state, act, to_state, at, side, cause, said, by_name, by_person from complaint_moves"
        " where complaint_id = $1 order by seq",
        complaint_id,
    )


async def read_list(tx: ReadTx, kind: str, bank_id: UUID | None, limit: int) -> list[Record]:
    """Those that the caller may see, by the time left; ended ones newest first. `kind` is one of `KINDS`."""
    order = "c.ended_at desc" if kind == "ended" else "k.due_at nulls last, c.filed_at"
    return await tx.fetch(
        f"select c.*, k.kind as clock, k.due_at, k.due_on, k.clock_state from complaints c {DUE}"  # noqa: S608
        f" where {KINDS[kind]} and ($1::uuid is null or c.bank_id = $1) order by {order} limit $2",
        bank_id, limit,
    )  # fmt: skip


async def read_of_firm(tx: ReadTx, business_id: UUID, limit: int) -> list[Record]:
    """A firm's complaints: open ones first, then the newest."""
    return await tx.fetch(
        f"select c.*, k.kind as clock, k.due_at, k.due_on, k.clock_state from complaints c {DUE}"  # noqa: S608
        " where c.business_id = $1 order by c.ended_at is not null, c.filed_at desc limit $2",
        business_id, limit,
    )  # fmt: skip


async def read_of_order(tx: ReadTx, order_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select complaint_id, suborder_id, category, state, filed_at, late from complaints"
        " where order_id = $1 order by filed_at",
        order_id,
    )


async def count_by_kind(tx: ReadTx) -> Mapping[str, int]:
    """How many the caller may see, by the kinds of list; the ended of all time are not counted."""
    counted = [
        f"count(*) filter (where {where}) as {kind}" for kind, where in KINDS.items() if kind not in ("ended", "all")
    ]
    row = await tx.row(f"select {', '.join(counted)} from complaints c where {ALIVE}")  # noqa: S608
    assert row is not None, "a count has a row"
    return dict(row)


async def insert_file(tx: Tx, row: Mapping[str, Any]) -> None:
    names = tuple(row)
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    await tx.execute(f"insert into complaint_papers ({', '.join(names)}) values ({places})", *row.values())  # noqa: S608


async def read_files(tx: ReadTx, complaint_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select paper_id, complaint_id, name, kind, size_bytes, sha256, added_at from complaint_papers"
        " where complaint_id = $1 order by position",
        complaint_id,
    )


async def read_file(tx: ReadTx, complaint_id: UUID, paper_id: UUID) -> Record | None:
    return await tx.row(
        "select paper_id, complaint_id, name, kind, size_bytes, sha256, added_at, subject_id, sealed"
        " from complaint_papers where complaint_id = $1 and paper_id = $2",
        complaint_id, paper_id,
    )  # fmt: skip
