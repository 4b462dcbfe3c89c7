"""All SQL of ratings, work orders and call-backs. What orders and complaints tell is read over their views."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

SUBORDER: Final = """
select s.suborder_id, s.order_id, s.business_id, s.subject_id, s.bank_id, s.branch_id, s.product_id, s.state,
       s.amount_fen,
       (select max(m.at) from orders_v_moves m where m.suborder_id = s.suborder_id and m.from_state <> m.to_state)
         as since
  from orders_v_suborders s
"""
OWN: Final = "suborder_id, business_id, subject_id, bank_id, branch_id, order_id"
RATING: Final = (
    f"rating_id, {OWN}, about, stars, worst, tags, said, policy_version, rated_at, changed_at, changeable_until, marks"
)
CALLBACK: Final = (
    f"callback_id, draw_id, {OWN}, ended_state, factors, state, attempts, drawn_at, tried_at, done_at, answers, said,"
    " complaint_id, done_by"
)
# Suborders that came to an end and stood in no draw yet, with what speaks for calling: $1 from, $2 until, $3 which
# states are ends, $4 days of silence (as seconds), $5 up to so many stars are bad.
CANDIDATES: Final = """
with ends as (
  select m.suborder_id, min(m.at) as ended_at from orders_v_moves m
   where m.at >= $1 and m.at < $2 and m.to_state = any($3) and m.from_state <> m.to_state
     and not exists (select 1 from callback_candidates k where k.suborder_id = m.suborder_id)
   group by m.suborder_id)
select s.suborder_id, s.order_id, s.business_id, s.subject_id, s.bank_id, s.branch_id, s.state, e.ended_at,
       cardinality(s.breached) > 0 as red_clock,
       exists (select 1 from orders_v_moves m where m.suborder_id = s.suborder_id and m.act = 'deny_contact')
         as contact_denied,
       s.state = 'withdrawn' and s.accepted_at is not null
         and e.ended_at - s.accepted_at >= make_interval(secs => $4)
         and not exists (select 1 from orders_v_moves m where m.suborder_id = s.suborder_id and m.act = 'contact')
         as silent_withdrawal,
       exists (select 1 from complaints_v_facts c where c.suborder_id = s.suborder_id and c.filed_at < $2)
         as complained,
       exists (select 1 from ratings r where r.suborder_id = s.suborder_id and r.worst <= $5) as bad_rating
  from ends e join orders_v_suborders s on s.suborder_id = e.suborder_id
 order by s.suborder_id
"""


async def read_suborder(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """A suborder that the caller may see; `since` is when it came to its state."""
    return await tx.row(f"{SUBORDER} where s.suborder_id = $1", suborder_id)


async def read_suborders(tx: ReadTx, order_id: UUID) -> list[Record]:
    return await tx.fetch(f"{SUBORDER} where s.order_id = $1", order_id)


# Ratings.


async def find_rating(tx: ReadTx, suborder_id: UUID) -> Record | None:
    return await tx.row(f"select {RATING} from ratings where suborder_id = $1", suborder_id)  # noqa: S608


async def read_rating(tx: ReadTx, rating_id: UUID) -> Record | None:
    return await tx.row(f"select {RATING} from ratings where rating_id = $1", rating_id)  # noqa: S608


async def lock_rating(tx: Tx, rating_id: UUID) -> Record | None:
    sql = f"select {RATING} from ratings where rating_id = $1 for no key update"  # noqa: S608
    return await tx.row(sql, rating_id)


async def insert(tx: Tx, table: str, row: Mapping[str, Any]) -> bool:
    """Whether it was written; a row that is there already stays as it is. `table` is one of this room's."""
    names = tuple(row)
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    sql = f"insert into {table} ({', '.join(names)}) values ({places}) on conflict do nothing"  # noqa: S608
    return await tx.execute(sql, *row.values()) == 1


async def change_rating(
    tx: Tx, rating_id: UUID, n: int, stars: int, tags: Sequence[str], said: str, at: datetime
) -> None:
    touched = await tx.execute(
        "update ratings set stars = $3, worst = least(worst, $3), tags = $4, said = $5, changed_at = $6, marks = $2"
        " where rating_id = $1 and marks = $2 - 1",
        rating_id, n, stars, list(tags), said, at,
    )  # fmt: skip
    assert touched == 1, "a rating is changed under its lock"


async def read_marks(tx: ReadTx, rating_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select n, stars, tags, said, at from rating_marks where rating_id = $1 order by n", rating_id
    )


async def read_of_order(tx: ReadTx, order_id: UUID) -> list[Record]:
    return await tx.fetch(f"select {RATING} from ratings where order_id = $1", order_id)  # noqa: S608


async def read_ratings(tx: ReadTx, stars_max: int, limit: int) -> list[Record]:
    """Those that the caller may see, the newest first, with their work orders."""
    return await tx.fetch(
        "select r.*, w.opened_at, w.closed_at, w.closed_side, w.by_name, w.said as closed_said"
        " from ratings r left join work_orders w on w.rating_id = r.rating_id"
        " where r.stars <= $1 order by r.changed_at desc, r.rating_id limit $2",
        stars_max, limit,
    )  # fmt: skip


async def count_stars(tx: ReadTx) -> Mapping[int, int]:
    """How many ratings of each number of stars the caller may see."""
    rows = await tx.fetch("select stars, count(*) as many from ratings group by stars")
    return {row["stars"]: row["many"] for row in rows}


# Work orders.


async def lock_work_order(tx: Tx, rating_id: UUID) -> Record | None:
    return await tx.row(
        f"select rating_id, {OWN}, opened_at, closed_at from work_orders where rating_id = $1 for no key update",  # noqa: S608
        rating_id,
    )


async def lock_free_work_orders(tx: Tx, rating_ids: Sequence[UUID]) -> list[UUID]:
    rows = await tx.fetch(
        "select rating_id from work_orders where rating_id = any($1) order by rating_id for no key update skip locked",
        list(rating_ids),
    )
    return [row["rating_id"] for row in rows]


async def close_work_order(
    tx: Tx, rating_id: UUID, said: str, side: str, by_person: UUID, by_name: str, at: datetime
) -> None:
    touched = await tx.execute(
        "update work_orders set closed_at = $6, said = $2, closed_side = $3, closed_by = $4, by_name = $5"
        " where rating_id = $1 and closed_at is null",
        rating_id, said, side, by_person, by_name, at,
    )  # fmt: skip
    assert touched == 1, "a work order is closed once"


async def read_work_orders(tx: ReadTx, *, is_open: bool, limit: int) -> list[Record]:
    """Those that the caller may see, by the time left; closed ones newest first."""
    order = "k.due_at nulls last, w.opened_at" if is_open else "w.closed_at desc"
    return await tx.fetch(
        "select w.*, r.stars, r.worst, r.tags, r.said as words, r.about, k.due_at, k.due_on, k.state as clock_state"  # noqa: S608
        " from work_orders w join ratings r on r.rating_id = w.rating_id"
        " left join clocks_v_clocks k on k.root_id = w.rating_id and k.kind = 'RATING_FOLLOW'"
        f" where (w.closed_at is null) = $1 order by {order} limit $2",
        is_open, limit,
    )  # fmt: skip


async def count_work_orders(tx: ReadTx) -> int:
    return int(await tx.value("select count(*) from work_orders where closed_at is null") or 0)


# Call-backs.


async def last_draw_until(tx: ReadTx) -> datetime | None:
    found: datetime | None = await tx.value("select max(until_at) from callback_draws")
    return found


async def read_candidates(
    tx: ReadTx, since: datetime, until: datetime, ended: Sequence[str], silent_seconds: int, bad_max: int
) -> list[Record]:
    return await tx.fetch(CANDIDATES, since, until, list(ended), float(silent_seconds), bad_max)


async def insert_candidates(tx: Tx, rows: Sequence[Sequence[object]]) -> None:
    await tx.executemany(
        "insert into callback_candidates (suborder_id, draw_id, ended_at, factors, number_ppm, share_ppm, is_drawn)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        rows,
    )


async def lock_callback(tx: Tx, callback_id: UUID) -> Record | None:
    sql = f"select {CALLBACK} from callbacks where callback_id = $1 for no key update"  # noqa: S608
    return await tx.row(sql, callback_id)


async def read_callback(tx: ReadTx, callback_id: UUID) -> Record | None:
    sql = f"select {CALLBACK} from callbacks where callback_id = $1"  # noqa: S608
    return await tx.row(sql, callback_id)


async def save_call(
    tx: Tx, row: Record, state: str, attempts: int, answers: Mapping[str, str], said: str, by_person: UUID, at: datetime
) -> None:
    touched = await tx.execute(
        "update callbacks set state = $2, attempts = $3, answers = $4, said = $5, tried_at = $7::timestamptz,"
        " done_by = case when $2 <> 'waiting' then $6::uuid end,"
        " done_at = case when $2 <> 'waiting' then $7::timestamptz end"
        " where callback_id = $1 and state = 'waiting' and attempts = $3 - 1",
        row["callback_id"], state, attempts, dict(answers), said, by_person, at,
    )  # fmt: skip
    assert touched == 1, "a call is noted under its lock"


async def note_complaint(tx: Tx, callback_id: UUID, complaint_id: UUID) -> None:
    touched = await tx.execute(
        "update callbacks set complaint_id = $2 where callback_id = $1 and complaint_id is null",
        callback_id, complaint_id,
    )  # fmt: skip
    assert touched == 1, "a call opens one complaint"


async def read_attempts(tx: ReadTx, callback_id: UUID) -> list[Record]:
    return await tx.fetch("select n, at, outcome from callback_attempts where callback_id = $1 order by n", callback_id)


async def read_draw_of(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """Why a suborder was drawn: its number, its chance, and the draw with its seed."""
    return await tx.row(
        "select c.number_ppm, c.share_ppm, c.factors, c.ended_at, d.draw_id, d.seed, d.until_at, d.drawn_at,"
        " d.candidates, d.drawn, d.policy_version"
        " from callback_candidates c join callback_draws d on d.draw_id = c.draw_id where c.suborder_id = $1",
        suborder_id,
    )


async def read_waiting(tx: ReadTx, limit: int) -> list[Record]:
    """Whom to call: not tried yet first, then by the last try; those with something to tell before the others."""
    return await tx.fetch(
        f"select {CALLBACK} from callbacks where state = 'waiting'"  # noqa: S608
        " order by tried_at nulls first, cardinality(factors) = 0, drawn_at, callback_id limit $1",
        limit,
    )


async def read_done(tx: ReadTx, limit: int) -> list[Record]:
    return await tx.fetch(
        f"select {CALLBACK} from callbacks where state <> 'waiting' order by done_at desc, callback_id limit $1",  # noqa: S608
        limit,
    )


async def count_calls(tx: ReadTx) -> Mapping[str, int]:
    rows = await tx.fetch("select state, count(*) as many from callbacks group by state")
    return {row["state"]: row["many"] for row in rows}
