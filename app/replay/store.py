"""All that a replay reads: suborders to group by, moves, policy bodies, calendars, and what is shown.

Exempt from the rule that a room's tables are its own: it only reads, in a role that cannot write, and it must not lean
on the code it checks. It names no table of clocks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record
from app.replay.calendars import Calendars, Counted, Edition
from app.replay.documents import ACTS, DatedPromise, bears_out, read_promise
from app.replay.moves import Case, Move
from app.replay.rules import Row

CASES: Final = """
select s.suborder_id, s.bank_id, s.branch_id, s.product_id, coalesce(o.district_code, '') as district,
       coalesce(t.industry, '') as industry, coalesce(t.size, '') as size, o.loan_type, s.amount_fen as asked_fen,
       p.is_unsecured, s.origin, s.origin_id,
       (select b.branch_id from suborders b where b.suborder_id = s.origin_id) as before_branch,
       array(select k.sealed_at from packages k where k.suborder_id = s.suborder_id order by k.sealed_at) as sealed
  from suborders s join orders o using (order_id) left join supervision_traits t using (order_id)
  left join products p using (product_id) where $1::uuid[] is null or s.suborder_id = any($1) order by s.suborder_id
"""
MOVES: Final = """
select m.suborder_id, m.seq, m.act, m.to_state, m.at, m.cause,
       coalesce(d.amount_fen, c.amount_fen, f.amount_fen, l.amount_fen, 0) as amount_fen,
       coalesce(r.reason_code, '') as reason_code, r.claim, r.evidence, coalesce(f.rate_ppm, 0) as rate_ppm,
       m.act = 'pay_out' and m.seq = e.seq as is_first
  from (select *, row_number() over (partition by suborder_id, act order by seq) as nth from suborder_moves) m
  join suborders s using (suborder_id)
  left join (select distinct on (business_id) business_id, seq from suborder_moves
              where act = 'pay_out' order by business_id, at, seq) e on e.business_id = m.business_id
  left join refusals r on m.act = 'refuse' and r.suborder_id = m.suborder_id
  left join offers f on m.act in ('pick', 'reschedule') and f.offer_id = s.offer_id
  left join contracts c on m.act = 'sign' and c.suborder_id = m.suborder_id
  left join (select suborder_id, amount_fen, row_number() over (partition by suborder_id order by recorded_at, draw_id)
               as nth from draws) d on m.act = 'pay_out' and d.suborder_id = m.suborder_id and d.nth = m.nth
  left join (select suborder_id, kind, amount_fen,
                    row_number() over (partition by suborder_id, kind order by seq) as nth from loan_entries) l
    on l.suborder_id = m.suborder_id and l.nth = m.nth
   and (m.act, l.kind) in (('repay', 'repayment'), ('settle', 'settlement'))
 where m.at <= $1 and ($2::bigint is null or m.seq <= $2) and ($3::uuid[] is null or m.suborder_id = any($3))
 order by m.suborder_id, m.seq
"""
POLICIES: Final = (
    "select key, version, valid_from, valid_to, body from policies where kind = 'clock' order by key, version"
)
CALENDARS: Final = """
select key, version, valid_from, valid_to, nullif(loaded_at, '-infinity') as known_at, body
  from policies where kind = 'calendar' order by key, version
"""
# What was counted again by a later calendar; a deadline that was kept stays by the version before.
RECOUNTED: Final = """
select (body ->> 'case_id')::uuid as case_id, body ->> 'clock' as code, at, body ->> 'calendar_key' as key,
       (body ->> 'to_version')::integer as version, (body ->> 'to_base')::integer as base_version
  from outbox where kind = 'DeadlineRecounted' and body ->> 'outcome' <> 'kept'
 order by seq
"""
SHOWN: Final = """
select "by", key, figure, value, "of" from supervision_v_figures($1)
union all select "by", key, figure, value, "of" from supervision_v_voice_figures($1)
"""


async def read_cases(
    tx: ReadTx, as_of: datetime, last_seq: int | None = None, *, of: Sequence[UUID] | None = None
) -> tuple[Case, ...]:
    """Every suborder with its moves up to `as_of`, in order; with `last_seq` those alone that were known by then."""
    cases = await tx.fetch(CASES, of)
    moved = {record["suborder_id"]: record["origin_id"] for record in cases if record["origin"] == "moved"}
    moves: dict[object, list[Move]] = {}
    for record in await tx.fetch(MOVES, as_of, last_seq, None if of is None else [*of, *moved.values()]):
        moves.setdefault(record["suborder_id"], []).append(_move(record))
    return tuple(
        Case(
            record["suborder_id"],
            str(record["bank_id"]),
            str(record["branch_id"]),
            str(record["product_id"]),
            record["district"],
            tuple(moves.get(record["suborder_id"], ())),
            record["industry"],
            record["size"],
            record["loan_type"],
            record["asked_fen"],
            record["is_unsecured"],
            tuple(record["sealed"]),
            record["origin"],
            tuple(moves.get(moved.get(record["suborder_id"]), ())),
            str(record["before_branch"] or ""),
        )
        for record in cases
    )


def _move(record: Record) -> Move:
    fields = dict(record)
    claim, evidence = fields.pop("claim"), fields.pop("evidence")
    return Move(**fields, has_evidence=bears_out(claim, evidence))


async def read_promises(tx: ReadTx) -> dict[str, tuple[DatedPromise, ...]]:
    """The promises that banks make, each in all its dated versions; `DECISION/deferral` is that of one type of loan."""
    found: dict[str, list[DatedPromise]] = {}
    for record in await tx.fetch(POLICIES):
        code = record["key"].partition("/")[0]
        if code in ACTS:
            promise = read_promise(code, record["body"])
            dated = DatedPromise(promise, record["version"], record["valid_from"], record["valid_to"])
            found.setdefault(record["key"], []).append(dated)
    return {code: tuple(versions) for code, versions in found.items()}


async def read_days(tx: ReadTx) -> Calendars:
    """Every version of every calendar, and what each promise was counted by since it began."""
    editions: dict[str, list[Edition]] = {}
    for row in await tx.fetch(CALENDARS):
        editions.setdefault(row["key"], []).append(Edition(*row))
    again: dict[tuple[UUID, str], list[Counted]] = {}
    for row in await tx.fetch(RECOUNTED):
        again.setdefault((row["case_id"], row["code"]), []).append(Counted(*tuple(row)[2:]))
    return Calendars(editions, again)


async def read_shown(tx: ReadTx, as_of: datetime) -> tuple[Row, ...]:
    """The figures that supervision publishes, as of the same instant."""
    return tuple(Row(*record) for record in await tx.fetch(SHOWN, as_of))
