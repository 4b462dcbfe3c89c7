"""All SQL of the desk: the inbox by working time left, its neighbours, saved filters, grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

Key = tuple[datetime | int, UUID]  # Where a row stands in a list: its sort value, its id.
ORDERS: Final[Mapping[str, tuple[str, str]]] = {  # Each as an expression that rises, and its type.
    "due_at": ("sort_at", "timestamptz"),
    "amount": ("amount_fen", "bigint"),
    "-amount": ("-amount_fen", "bigint"),
    "pushed_at": ("pushed_at", "timestamptz"),
}
NEVER: Final = "'9999-12-31 00:00+00'"
FLAGS: Final = ("paused", "proposed", "broken")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of the desk is asked for. `states` is what a tab shows; `due`: late, today or empty; `flag`: of FLAGS.

    `subject_ids` and `number` (hex digits of an order's number) are what a search found: a row fits either of them.
    """

    states: Sequence[str]
    branch_id: UUID | None = None
    product_id: UUID | None = None
    due: str = ""
    flag: str = ""
    proposed: Sequence[UUID] = ()
    subject_ids: Sequence[UUID] | None = None
    number: str = ""

    @property
    def values(self) -> tuple[object, ...]:
        subjects = None if self.subject_ids is None else list(self.subject_ids)
        return (
            list(self.states), self.branch_id, self.product_id, self.due, self.flag, list(self.proposed), subjects,
            self.number,
        )  # fmt: skip


COLUMNS: Final = (
    "s.suborder_id, s.order_id, s.subject_id, s.bank_id, s.branch_id, s.product_id, s.state, s.amount_fen,"
    " s.term_months, s.pushed_at, s.ended_at, s.papers_open, s.breached, s.loan_type"
)
# A suborder on the desk goes by one clock: the bank's before the firm's, one that runs (or broke and is still owed)
# before one that stands still, the earliest first. The index clocks_desk holds them in this order.
LIVE_CLOCKS: Final = """
  c.case_kind = 'suborder' and c.owner in ('bank', 'firm')
    and (c.state in ('running', 'paused') or (c.state = 'breached' and c.stopped_at is null and c.owner = 'bank'))
"""
# A seat in a branch reads that branch by its index; asked once, not row by row, which branch it is.
OWN: Final = {
    True: "s.state = any($1) and s.bank_id = app_org() and s.branch_id = (select app_branch())",
    False: "s.state = any($1) and s.bank_id = app_org()",
}
DESK: Final = f"""
with live as (
  select distinct on (c.case_id) c.case_id, c.kind as clock, c.owner, c.state as clock_state, c.started_at, c.due_on,
    c.due_at
  from clocks_v_clocks c where {LIVE_CLOCKS}
  order by c.case_id, c.owner, c.state = 'paused', c.due_at),
desk as not materialized (
  select {COLUMNS}, live.clock, live.owner, live.clock_state, live.started_at, live.due_on, live.due_at,
    case when live.owner = 'bank' and live.clock_state <> 'paused' then live.due_at else {NEVER} end as sort_at
  from suborders s left join live on live.case_id = s.suborder_id
  where {{own}})
"""  # noqa: S608 — the text is ours
FITS: Final = f"""
  state = any($4) and ($5::uuid is null or branch_id = $5) and ($6::uuid is null or product_id = $6)
  and ($7 = '' or ($7 = 'late' and sort_at <= $2)
    or ($7 = 'today' and sort_at > $2 and sort_at < {NEVER} and due_on = $3))
  and ($8 = '' or ($8 = 'paused' and papers_open is not null) or ($8 = 'broken' and 'DECISION' = any(breached))
    or ($8 = 'proposed' and suborder_id = any($9)))
  and ($10::uuid[] is null or subject_id = any($10)
    or ($11 <> '' and position($11 in replace(order_id::text, '-', '')) > 0))
"""
PAGE: Final = f"""
select *, {{key}} as key from desk where {FITS} and ($12::{{kind}} is null or ({{key}}, suborder_id) > ($12, $13))
order by {{key}}, suborder_id limit $14
"""  # noqa: S608
NEIGHBOURS: Final = f""",
listed as (select suborder_id, subject_id, {{key}} as key from desk where {FITS} and suborder_id <> $13)
select * from (select 'next' as side, * from listed where (key, suborder_id) > ($12::{{kind}}, $13)
  order by key, suborder_id limit 1) after
union all
select * from (select 'previous' as side, * from listed where (key, suborder_id) < ($12::{{kind}}, $13)
  order by key desc, suborder_id desc limit 1) before
"""  # noqa: S608


def _by_order(rest: str) -> Mapping[tuple[str, bool], str]:
    """A statement over the desk, by its order and by whether the caller sits in a branch."""
    return {
        (order, branch): (DESK + rest).format(own=own, key=key, kind=kind)
        for order, (key, kind) in ORDERS.items() for branch, own in OWN.items()
    }  # fmt: skip


READ_PAGE: Final = _by_order(PAGE)
READ_NEIGHBOURS: Final = _by_order(NEIGHBOURS)
# How many stand where, out of an index alone; and of those with a promise that ends today or is broken, how many.
READ_COUNTS: Final = {
    branch: f"""
with due as (
  select c.case_id, bool_or(c.due_at <= $2) as is_late from clocks_v_clocks c
  where {LIVE_CLOCKS} and c.owner = 'bank' and c.state <> 'paused' and c.due_on <= $3 group by c.case_id),
parts as (select s.state, count(*) as parts from suborders s where {own} group by s.state),
timed as (
  select s.state, count(*) filter (where due.is_late) as late, count(*) filter (where not due.is_late) as today
  from due join suborders s on s.suborder_id = due.case_id where {own} group by s.state)
select state, parts, coalesce(late, 0) as late, coalesce(today, 0) as today from parts left join timed using (state)
"""  # noqa: S608
    for branch, own in OWN.items()
}
# The same by branch, for a head office: what the inbox shows when it is narrowed to that branch.
READ_BRANCHES: Final = f"""
with due as (
  select c.case_id, bool_or(c.due_at <= $2) as is_late from clocks_v_clocks c
  where {LIVE_CLOCKS} and c.owner = 'bank' and c.state <> 'paused' and c.due_on <= $3 group by c.case_id),
parts as (select s.branch_id, count(*) as parts from suborders s where {OWN[False]} group by s.branch_id),
timed as (
  select s.branch_id, count(*) filter (where due.is_late) as late, count(*) filter (where not due.is_late) as today
  from due join suborders s on s.suborder_id = due.case_id where {OWN[False]} group by s.branch_id)
select branch_id, parts, coalesce(late, 0) as late, coalesce(today, 0) as today
from parts left join timed using (branch_id)
"""  # noqa: S608
READ_ENDED: Final = f"""
select {COLUMNS}, null as clock, null as owner, null as clock_state, null as started_at, null as due_on,
  null as due_at, coalesce(s.ended_at, s.pushed_at) as key
from suborders s
where s.state = any($1) and ($2::uuid is null or s.branch_id = $2) and ($3::uuid is null or s.product_id = $3)
  and ($4 = '' or ($4 = 'broken' and 'DECISION' = any(s.breached)))
  and ($5::uuid[] is null or s.subject_id = any($5)
    or ($6 <> '' and position($6 in replace(s.order_id::text, '-', '')) > 0))
  and ($7::timestamptz is null or (coalesce(s.ended_at, s.pushed_at), s.suborder_id) < ($7, $8))
order by key desc, s.suborder_id desc limit $9
"""  # noqa: S608
READ_ROWS: Final = f"""
select {COLUMNS}, null as clock, null as owner, null as clock_state, null as started_at, null as due_on,
  null as due_at, s.pushed_at as key
from suborders s where s.suborder_id = any($1)
"""  # noqa: S608


async def read_page(
    tx: ReadTx, live: Sequence[str], asked: Narrowed, *, order: str, now: datetime, today: date, after: Key | None,
    limit: int,
) -> list[Record]:  # fmt: skip
    """The desk in an order of ORDERS (by due time: late first, what waits for others last), beyond `after`."""
    sql = READ_PAGE[order, tx.scope.branch_id is not None]
    return await tx.fetch(sql, list(live), now, today, *asked.values, *(after or (None, None)), limit)


async def read_counts(
    tx: ReadTx, live: Sequence[str], *, now: datetime, today: date
) -> Mapping[str, tuple[int, int, int]]:
    """Over the whole desk, by state: how many stand there, are late, are due today."""
    rows = await tx.fetch(READ_COUNTS[tx.scope.branch_id is not None], list(live), now, today)
    return {row["state"]: (row["parts"], row["late"], row["today"]) for row in rows}


async def read_branches(tx: ReadTx, live: Sequence[str], *, now: datetime, today: date) -> list[Record]:
    """By branch of the caller's bank: how many are in hand, how many of them are late, how many are due today."""
    return await tx.fetch(READ_BRANCHES, list(live), now, today)


async def read_neighbours(
    tx: ReadTx, live: Sequence[str], asked: Narrowed, *, order: str, now: datetime, today: date, at: Key
) -> Mapping[str, Record]:
    """What stands before (`previous`) and after (`next`) a place of a list, whether or not a row still stands there."""
    rows = await tx.fetch(
        READ_NEIGHBOURS[order, tx.scope.branch_id is not None], list(live), now, today, *asked.values, *at
    )
    return {row["side"]: row for row in rows}


async def read_ended(tx: ReadTx, asked: Narrowed, *, after: Key | None, limit: int) -> list[Record]:
    """What the branch has behind it, the latest first, in the shape of the desk."""
    states, branch_id, product_id, _due, flag, _proposed, subjects, number = asked.values
    return await tx.fetch(
        READ_ENDED, states, branch_id, product_id, flag, subjects, number, *(after or (None, None)), limit
    )


async def read_rows(tx: ReadTx, suborder_ids: Sequence[UUID]) -> list[Record]:
    """These suborders alone, in the shape of the desk, without their clocks."""
    return await tx.fetch(READ_ROWS, list(suborder_ids))


async def read_desk_subjects(tx: ReadTx, states: Sequence[str]) -> list[UUID]:
    rows = await tx.fetch("select distinct subject_id from suborders where state = any($1)", list(states))
    return [row["subject_id"] for row in rows]


async def read_suborder_subject(tx: ReadTx, suborder_id: UUID) -> UUID:
    subject_id: UUID = await tx.value("select subject_id from suborders where suborder_id = $1", suborder_id)
    return subject_id


async def insert_grade(tx: Tx, suborder_id: UUID, grade: str, *, is_thin: bool, version: int, at: datetime) -> None:
    """Once for a suborder; told again it changes nothing."""
    await tx.execute(
        "insert into suborder_grades (suborder_id, order_id, business_id, bank_id, branch_id, grade, is_thin,"
        " formula_version, graded_at) select suborder_id, order_id, business_id, bank_id, branch_id, $2, $3, $4, $5"
        " from suborders where suborder_id = $1 on conflict do nothing",
        suborder_id, grade, is_thin, version, at,
    )  # fmt: skip


async def read_grades(tx: ReadTx, suborder_ids: Sequence[UUID]) -> Mapping[UUID, Record]:
    rows = await tx.fetch(
        "select suborder_id, grade, is_thin, graded_at from suborder_grades where suborder_id = any($1)",
        list(suborder_ids),
    )
    return {row["suborder_id"]: row for row in rows}


async def read_filters(tx: ReadTx, person_id: UUID) -> list[Record]:
    return await tx.fetch(
        "select filter_id, name, query from desk_filters where person_id = $1 and removed_at is null"
        " order by saved_at, filter_id",
        person_id,
    )


async def read_filter(tx: ReadTx, filter_id: UUID) -> Record | None:
    return await tx.row("select filter_id, name, query, removed_at from desk_filters where filter_id = $1", filter_id)


async def save_filter(tx: Tx, filter_id: UUID, person_id: UUID, name: str, query: str, at: datetime) -> None:
    """Under a name that the person has in use already it takes the place of the old one."""
    await tx.execute(
        "insert into desk_filters (filter_id, bank_id, person_id, name, query, saved_at)"
        " values ($1, $2, $3, $4, $5, $6)"
        " on conflict (bank_id, person_id, name) where removed_at is null do update set query = excluded.query",
        filter_id, tx.org_id, person_id, name, query, at,
    )  # fmt: skip


async def remove_filter(tx: Tx, filter_id: UUID, at: datetime) -> bool:
    sql = "update desk_filters set removed_at = greatest($2, saved_at) where filter_id = $1 and removed_at is null"
    return await tx.execute(sql, filter_id, at) == 1


async def restore_filter(tx: Tx, filter_id: UUID) -> bool:
    """False when another has taken its name since."""
    return await tx.execute(
        "update desk_filters f set removed_at = null where filter_id = $1 and removed_at is not null"
        " and not exists (select 1 from desk_filters g where g.bank_id = f.bank_id and g.person_id = f.person_id"
        " and g.name = f.name and g.removed_at is null)",
        filter_id,
    ) == 1  # fmt: skip


async def forget_filters(tx: Tx, person_id: UUID, before: datetime) -> None:
    """What a person removed long ago is gone for good."""
    await tx.execute("delete from desk_filters where person_id = $1 and removed_at < $2", person_id, before)
