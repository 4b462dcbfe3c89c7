"""Sums of conduct by branch, and the cases behind them: what is kept, with what the worker has not folded yet."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

FOLD: Final = "select gaming_fold($1)"
TOUCHED: Final = "select distinct suborder_id from gaming_touched"
KEPT: Final = """
select measure, bank_id, branch_id, cases, value, whole, value_square, value_whole, whole_square from gaming_sums
 where told_on between $1 and $2 and ($3::uuid is null or bank_id = $3) and ($4::text[] is null or measure = any($4))
"""
ADDED: Final = """
select f.measure, f.bank_id, f.branch_id, {sign}1, {sign}f.value, {sign}f.whole, {sign}f.value * f.value,
       {sign}f.value * f.whole, {sign}f.whole * f.whole
  from {source} f
 where {day} between $1 and $2 and ($3::uuid is null or f.bank_id = $3)
   and ($4::text[] is null or f.measure = any($4))
"""
FRESH_DAY: Final = "(f.at at time zone 'Asia/Shanghai')::date"
LIVE: Final = f"""
{KEPT}
union all {ADDED.format(sign="-", source="gaming_facts", day="f.told_on")} and f.suborder_id = any($5)
union all {ADDED.format(sign="", source="gaming_facts_of($5)", day=FRESH_DAY)}
"""
SUMMED: Final = """
select measure, bank_id, branch_id, sum(cases)::bigint as cases, sum(value)::bigint as value,
       sum(whole)::bigint as whole, sum(value_square)::bigint as value_square, sum(value_whole)::bigint as value_whole,
       sum(whole_square)::bigint as whole_square
  from ({rows}) p group by measure, bank_id, branch_id having sum(cases) > 0
"""
STATEMENTS: Final = {False: SUMMED.format(rows=KEPT), True: SUMMED.format(rows=LIVE)}
# $4: what has moved since it was folded.
MONTHS: Final = """
select date_trunc('month', p.told_on)::date as month, p.bank_id, p.branch_id, sum(p.value)::bigint as value,
       sum(p.whole)::bigint as whole
  from (
    select told_on, bank_id, branch_id, value, whole from gaming_sums where measure = $1 and told_on between $2 and $3
    union all
    select told_on, bank_id, branch_id, -value, -whole from gaming_facts
     where measure = $1 and told_on between $2 and $3 and suborder_id = any($4)
    union all
    select (f.at at time zone 'Asia/Shanghai')::date, f.bank_id, f.branch_id, f.value, f.whole
      from gaming_facts_of($4) f
     where f.measure = $1 and (f.at at time zone 'Asia/Shanghai')::date between $2 and $3) p
 group by 1, 2, 3 having sum(p.whole) > 0 order by 1, 2, 3
"""
# $6: every case (null), those in the numerator (1) or out of it (0). $7, $8: the place behind which the page begins.
CASES: Final = f"""
with found as (
  select f.suborder_id, f.measure, f.mark, f.bank_id, f.branch_id, f.at, f.value, f.whole from gaming_facts f
   where f.measure = any($4) and f.told_on between $1 and $2 and ($3::uuid is null or f.branch_id = $3)
     and not f.suborder_id = any($5)
  union all
  select f.suborder_id, f.measure, f.mark, f.bank_id, f.branch_id, f.at, f.value, f.whole from gaming_facts_of($5) f
   where f.measure = any($4) and {FRESH_DAY} between $1 and $2 and ($3::uuid is null or f.branch_id = $3))
select f.suborder_id, f.measure, f.mark, f.bank_id, f.branch_id, f.at, f.value, f.whole, s.state, s.amount_fen,
       s.product_id
  from found f join orders_v_suborders s on s.suborder_id = f.suborder_id
 where ($6::smallint is null or (f.value > 0) = ($6 = 1))
   and ($7::timestamptz is null or (f.at, f.suborder_id, f.mark) < ($7, $8::uuid, $9::integer))
 order by f.at desc, f.suborder_id desc, f.mark desc limit $10
"""  # noqa: S608 — the text is ours
FIGURES: Final = ("cases", "value", "whole", "value_square", "value_whole", "whole_square")


async def fold(tx: Tx, most: int) -> int:
    """Measure so many touched suborders anew; returns how many there were."""
    return int(await tx.value(FOLD, most))


async def read_sums(
    tx: ReadTx, first: date, last: date, bank_id: UUID | None, parts: Sequence[str] | None
) -> list[Record]:
    """Facts of these days added up by measure, bank and branch; of one bank, or of some measures, alone."""
    touched = await _touched(tx)
    asked = (first, last, bank_id, None if parts is None else list(parts))
    return await tx.fetch(STATEMENTS[bool(touched)], *asked, *([touched] if touched else []))


async def read_months(
    tx: ReadTx, measure: str, first: date, last: date
) -> list[tuple[date, UUID, UUID, int, int]]:  # fmt: skip
    """(month, bank, branch, value, of) of one measure."""
    return [tuple(row) for row in await tx.fetch(MONTHS, measure, first, last, await _touched(tx))]


async def read_cases(
    tx: ReadTx, first: date, last: date, branch_id: UUID | None, parts: Sequence[str], counts: bool | None,
    after: tuple[datetime, UUID, int] | None, limit: int,
) -> list[Record]:  # fmt: skip
    """The facts behind a share, the newest first."""
    flag = None if counts is None else int(counts)
    at, suborder_id, mark = after or (None, None, None)
    touched = await _touched(tx)
    return await tx.fetch(CASES, first, last, branch_id, list(parts), touched, flag, at, suborder_id, mark, limit)


async def _touched(tx: ReadTx) -> list[UUID]:
    return [row["suborder_id"] for row in await tx.fetch(TOUCHED)]
