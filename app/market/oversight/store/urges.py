"""All SQL of urges. Of what they are about it reads published views alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

COLUMNS: Final = (
    "u.urge_id, u.no, u.about_kind, u.about_id, u.order_id, u.bank_id, u.branch_id, u.addressee, u.clock, u.share,"
    " u.by_hand, u.said, u.issued_by, u.issued_at, u.state, u.replied_by, u.replied_at, u.breached_at, u.ended_by,"
    " u.ended_at"
)
INSERT: Final = """
insert into urges (urge_id, about_kind, about_id, order_id, bank_id, branch_id, addressee, clock, share, reached_at,
                   by_hand, said, issued_by, issued_at, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'issued')
on conflict do nothing
"""
MOVE: Final = """
insert into urge_moves (urge_id, about_id, bank_id, branch_id, addressee, from_state, act, to_state, at, said,
                        by_person, by_org)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
# The clock beside each: the newest one of the urge.
WITH_CLOCK: Final = f"""
select {COLUMNS}, c.due_on, c.due_at, c.state as clock_state, c.stopped_at
  from urges u
  left join lateral (select due_on, due_at, state, stopped_at from clocks_v_clocks
                      where case_kind = 'urge' and case_id = u.urge_id order by gen desc limit 1) c on true
"""  # noqa: S608 — the text is ours
LIST: Final = f"""
{WITH_CLOCK}
 where u.state = any($1) and ($2::uuid is null or u.bank_id = $2) and ($3::text is null or u.addressee = $3)
   and ($4::timestamptz is null or (u.issued_at, u.urge_id) < ($4, $5::uuid))
 order by u.issued_at desc, u.urge_id desc limit $6
"""
OF_CASE: Final = f"{WITH_CLOCK} where u.about_id = any($1) order by u.issued_at desc, u.urge_id desc limit 50"
SUBORDER: Final = """
select s.suborder_id, s.order_id, s.bank_id, s.branch_id, s.state, s.product_id
  from orders_v_suborders s where s.suborder_id = $1
"""
COMPLAINT: Final = """
select complaint_id, order_id, bank_id, branch_id from complaints_v_facts where complaint_id = $1
"""
ESCALATED: Final = """
select complaint_id, bank_id, branch_id, category, filed_at, state from complaints_v_facts
 where state in ('disputed', 'escalated') order by filed_at limit $1
"""
SUMS: Final = """
select count(*) filter (where state = 'closed') as closed, count(*) filter (where state <> 'withdrawn') as issued,
       count(*) filter (where breached_at is not null and state <> 'withdrawn') as broken
  from urges where ($1::uuid is null or bank_id = $1)
"""
COUNT: Final = """
select count(*) from (
  select from urges where state = any($1) and ($2::text is null or addressee = $2) and (not $3 or not by_hand)
  limit $4) waiting
"""


async def insert(tx: Tx, values: Sequence[object]) -> bool:
    """Whether it went in: False while another of the same case and rung is open, or the rung has urged already."""
    return await tx.execute(INSERT, *values) == 1


async def insert_move(tx: Tx, values: Sequence[object]) -> None:
    await tx.execute(MOVE, *values)


async def lock(tx: Tx, urge_id: UUID) -> Record | None:
    return await tx.row(f"select {COLUMNS} from urges u where u.urge_id = $1 for no key update", urge_id)  # noqa: S608


async def lock_free(tx: Tx, urge_ids: Sequence[UUID]) -> list[UUID]:
    """Lock those that nobody else works on, by id."""
    sql = "select urge_id from urges where urge_id = any($1) order by urge_id for no key update skip locked"
    return [row["urge_id"] for row in await tx.fetch(sql, list(urge_ids))]


async def set_state(tx: Tx, urge_id: UUID, state: str, before: str) -> None:
    touched = await tx.execute("update urges set state = $2 where urge_id = $1 and state = $3", urge_id, state, before)
    assert touched == 1, "the urge is locked and in this state"


async def set_replied(tx: Tx, urge_id: UUID, person_id: UUID, at: datetime) -> None:
    sql = "update urges set state = 'replied', replied_by = $2, replied_at = $3 where urge_id = $1"
    touched = await tx.execute(sql, urge_id, person_id, at)
    assert touched == 1, "the urge is locked"


async def set_ended(tx: Tx, urge_id: UUID, state: str, person_id: UUID, at: datetime) -> None:
    sql = "update urges set state = $2, ended_by = $3, ended_at = $4 where urge_id = $1 and ended_at is null"
    touched = await tx.execute(sql, urge_id, state, person_id, at)
    assert touched == 1, "the urge is locked and open"


async def set_breached(tx: Tx, urge_id: UUID, at: datetime) -> None:
    """The first breach stays; a later clock of the same urge may break too, which its moves tell."""
    sql = "update urges set breached_at = coalesce(breached_at, $2) where urge_id = $1"
    touched = await tx.execute(sql, urge_id, at)
    assert touched == 1, "the urge is locked"


async def read(tx: ReadTx, urge_id: UUID) -> Record | None:
    return await tx.row(f"{WITH_CLOCK} where u.urge_id = $1", urge_id)


async def read_moves(tx: ReadTx, urge_id: UUID) -> list[Record]:
    sql = (
        "select seq, from_state, act, to_state, at, said, by_person, by_org from urge_moves"
        " where urge_id = $1 order by seq"
    )
    return await tx.fetch(sql, urge_id)


async def read_page(
    tx: ReadTx, states: Sequence[str], bank_id: UUID | None, addressee: str | None,
    after: tuple[datetime, UUID] | None, limit: int,
) -> list[Record]:  # fmt: skip
    """The newest first."""
    at, urge_id = after or (None, None)
    return await tx.fetch(LIST, list(states), bank_id, addressee, at, urge_id, limit)


async def read_of_cases(tx: ReadTx, about_ids: Sequence[UUID]) -> list[Record]:
    return await tx.fetch(OF_CASE, list(about_ids))


async def read_sums(tx: ReadTx, bank_id: UUID | None) -> Record:
    row = await tx.row(SUMS, bank_id)
    assert row is not None, "a sum is a row"
    return row


async def count_waiting(tx: ReadTx, states: Sequence[str], addressee: str | None, *, of_rungs: bool, most: int) -> int:
    """How many in these states the caller sees; `of_rungs` leaves out those issued by hand."""
    return int(await tx.value(COUNT, list(states), addressee, of_rungs, most))


async def read_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(SUBORDER, suborder_id)


async def read_complaint(tx: ReadTx, complaint_id: UUID) -> Record | None:
    return await tx.row(COMPLAINT, complaint_id)


async def read_escalated(tx: ReadTx, limit: int) -> list[Record]:
    """Complaints that have come to the regulator and are not closed, the oldest first."""
    return await tx.fetch(ESCALATED, limit)
