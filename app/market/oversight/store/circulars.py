"""All SQL of circulars and of the banks that they name."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

COLUMNS: Final = (
    "circular_id, no, measure, month, title, rectify_by_on, to_all, bank_ids, document, sha256, refers_to, made_by,"
    " checked_by, published_at"
)
INSERT: Final = """
insert into circulars (circular_id, measure, month, title, rectify_by_on, to_all, bank_ids, document, sha256, refers_to,
                       made_by, checked_by, published_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
NAME: Final = "insert into circular_named (circular_id, bank_id, state, rectify_by_on) values ($1, $2, 'named', $3)"
MOVE: Final = """
insert into circular_moves (circular_id, bank_id, from_state, act, to_state, at, said, by_person, by_org)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
NAMED: Final = """
select circular_id, bank_id, state, rectify_by_on, answer, answered_by, answered_at, judged_by, judged_at
  from circular_named
"""
# How many banks each names and how many of them have put it right, as far as the caller may see them.
LIST: Final = """
select c.circular_id, c.no, c.measure, c.month, c.title, c.rectify_by_on, c.to_all, c.published_at, c.refers_to,
       coalesce(n.named, 0) as named, coalesce(n.done, 0) as done, coalesce(n.late, 0) as late,
       coalesce(n.waiting, 0) as waiting, n.state as own_state
  from circulars c
  left join lateral (
    select count(*) as named, count(*) filter (where state = 'accepted') as done,
           count(*) filter (where state <> 'accepted' and rectify_by_on < $1) as late,
           count(*) filter (where state = 'answered') as waiting, max(state) as state
      from circular_named m where m.circular_id = c.circular_id) n on true
 where ($2::timestamptz is null or (c.published_at, c.circular_id) < ($2, $3::uuid))
 order by c.published_at desc, c.circular_id desc limit $4
"""
WAITING: Final = """
select n.circular_id, n.bank_id, n.state, n.rectify_by_on, n.answered_at, c.no, c.title
  from circular_named n join circulars c using (circular_id)
 where n.state = any($1) order by n.rectify_by_on, n.circular_id, n.bank_id limit $2
"""


async def insert(tx: Tx, values: Sequence[object]) -> None:
    await tx.execute(INSERT, *values)


async def insert_named(tx: Tx, circular_id: UUID, bank_ids: Sequence[UUID], by_on: date) -> None:
    await tx.executemany(NAME, [(circular_id, bank_id, by_on) for bank_id in bank_ids])


async def insert_move(tx: Tx, values: Sequence[object]) -> None:
    await tx.execute(MOVE, *values)


async def lock_named(tx: Tx, circular_id: UUID, bank_id: UUID) -> Record | None:
    return await tx.row(f"{NAMED} where circular_id = $1 and bank_id = $2 for no key update", circular_id, bank_id)


async def set_answered(tx: Tx, key: tuple[UUID, UUID], answer: str, person_id: UUID, at: datetime) -> None:
    sql = (
        "update circular_named set state = 'answered', answer = $3, answered_by = $4, answered_at = $5"
        " where circular_id = $1 and bank_id = $2 and state in ('named', 'returned')"
    )
    touched = await tx.execute(sql, *key, answer, person_id, at)
    assert touched == 1, "the bank's part is locked and waits for its answer"


async def set_judged(tx: Tx, key: tuple[UUID, UUID], state: str, person_id: UUID, at: datetime) -> None:
    sql = (
        "update circular_named set state = $3, judged_by = $4, judged_at = $5"
        " where circular_id = $1 and bank_id = $2 and state = 'answered'"
    )
    touched = await tx.execute(sql, *key, state, person_id, at)
    assert touched == 1, "the bank's part is locked and answered"


async def read(tx: ReadTx, circular_id: UUID) -> Record | None:
    return await tx.row(f"select {COLUMNS} from circulars where circular_id = $1", circular_id)  # noqa: S608


async def read_corrections(tx: ReadTx, circular_id: UUID) -> list[Record]:
    """Later circulars that refer to this one."""
    sql = "select circular_id, no, title, published_at from circulars where refers_to = $1 order by published_at"
    return await tx.fetch(sql, circular_id)


async def read_named(tx: ReadTx, circular_id: UUID) -> list[Record]:
    return await tx.fetch(f"{NAMED} where circular_id = $1 order by bank_id", circular_id)


async def read_moves(tx: ReadTx, circular_id: UUID) -> list[Record]:
    sql = (
        "select seq, bank_id, from_state, act, to_state, at, said, by_org from circular_moves"
        " where circular_id = $1 order by seq"
    )
    return await tx.fetch(sql, circular_id)


async def read_states(tx: ReadTx) -> list[Record]:
    return await tx.fetch("select state, rectify_by_on from circular_named")


async def read_page(tx: ReadTx, today: date, after: tuple[datetime, UUID] | None, limit: int) -> list[Record]:
    at, circular_id = after or (None, None)
    return await tx.fetch(LIST, today, at, circular_id, limit)


async def read_waiting(tx: ReadTx, states: Sequence[str], limit: int) -> list[Record]:
    """Named banks in these states, as far as the caller sees them: the earliest date first."""
    return await tx.fetch(WAITING, list(states), limit)


async def count_waiting(tx: ReadTx, states: Sequence[str], most: int) -> int:
    sql = "select count(*) from (select from circular_named where state = any($1) limit $2) waiting"
    return int(await tx.value(sql, list(states), most))
