"""SQL of the rows put aside as a work list, and of a provider's score."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx, Tx

# $1 batch, $2 kind, $3 provider: what is not asked for is null.
CHOSEN: Final = """b.state = 'landed' and ($1::uuid is null or b.batch_id = $1) and ($2::text is null or b.kind = $2)
  and ($3::uuid is null or b.provider_id = $3)"""
CAUSES: Final = f"""
select c.code, sum(c.rows)::integer as rows, coalesce(sum(m.rows), 0)::integer as handled, count(*)::integer as files
from batch_counts c join batches b on b.batch_id = c.batch_id
left join (select batch_id, code, count(*) as rows from quarantine_marks group by batch_id, code) m
  on m.batch_id = c.batch_id and m.code = c.code
where c.outcome = 'fault' and {CHOSEN}
group by c.code order by sum(c.rows) - coalesce(sum(m.rows), 0) desc, sum(c.rows) desc, c.code
"""  # noqa: S608 — the condition is ours
# Rows with the same value in the same column are one piece of work, whichever file they came in.
WORK: Final = f"""
select r.column_name, r.original, r.suggestion, md5(r.column_name || chr(31) || r.original) as pick,
  count(*)::integer as rows, count(*) filter (where m.mark_id is null)::integer as open,
  count(distinct r.batch_id)::integer as files, (array_agg(r.batch_id order by r.batch_id desc))[1] as batch_id,
  (array_agg(r.row_no order by r.batch_id desc, r.row_no))[1] as row_no,
  (array_agg(b.file_name order by b.batch_id desc))[1] as file_name, max(m.mark) as mark
from rejected_rows r join batches b on b.batch_id = r.batch_id
left join quarantine_marks m on m.batch_id = r.batch_id and m.row_no = r.row_no
where r.code = $4 and {CHOSEN} and (m.mark_id is null) = $5
group by r.column_name, r.original, r.suggestion
having $6::integer is null or (-count(*), md5(r.column_name || chr(31) || r.original)) > ($6, $7)
order by -count(*), 4 limit $8
"""  # noqa: S608 — the condition is ours
MARK: Final = f"""
insert into quarantine_marks (batch_id, row_no, mark_id, code, mark, marked_by, marked_at)
select r.batch_id, r.row_no, $6, r.code, $7, $8, $9 from rejected_rows r join batches b on b.batch_id = r.batch_id
where r.code = $4 and {CHOSEN} and ($5::text[] is null or md5(r.column_name || chr(31) || r.original) = any($5))
on conflict do nothing
"""  # noqa: S608 — the condition is ours
ACTS: Final = """
select mark_id, code, mark, marked_by, marked_at, count(*)::integer as rows from quarantine_marks
group by mark_id, code, mark, marked_by, marked_at order by marked_at desc, mark_id limit $1
"""
SCORE: Final = """
select count(*)::integer as files, count(*) filter (where b.state = 'refused')::integer as refused,
  coalesce(sum(b.rows_read), 0)::bigint as rows, coalesce(sum(b.rows_accepted), 0)::bigint as accepted,
  coalesce(sum(b.rows_normalised), 0)::bigint as normalised,
  coalesce(sum(b.rows_quarantined), 0)::bigint as quarantined,
  count(b.as_of_on)::integer as dated, max(b.stored_at) as last_at,
  percentile_disc(0.5) within group (order by (b.stored_at at time zone 'Asia/Shanghai')::date - b.as_of_on) as age_days
from batches b where b.state in ('landed', 'refused') and b.stored_at >= $1 and b.stored_at < $2
  and ($3::uuid is null or b.provider_id = $3)
"""
SCORE_CAUSES: Final = """
select c.code, coalesce(sum(c.rows) filter (where b.stored_at >= $2), 0)::bigint as now,
  coalesce(sum(c.rows) filter (where b.stored_at < $2), 0)::bigint as before
from batch_counts c join batches b on b.batch_id = c.batch_id
where c.outcome = 'fault' and b.state = 'landed' and b.stored_at >= $1 and b.stored_at < $3
  and ($4::uuid is null or b.provider_id = $4)
group by c.code order by 2 desc, 3 desc, 1 limit $5
"""


async def read_causes(tx: ReadTx, chosen: Sequence[object]) -> list[Any]:
    return await tx.fetch(CAUSES, *chosen)


async def read_work(
    tx: ReadTx, chosen: Sequence[object], code: str, *, is_open: bool, after: tuple[int, str] | None, most: int
) -> list[Any]:
    """Values put aside for one cause, the most frequent first."""
    return await tx.fetch(WORK, *chosen, code, is_open, *(after or (None, None)), most)


async def insert_marks(
    tx: Tx, chosen: Sequence[object], code: str, picks: Sequence[str] | None, mark_id: UUID, mark: str, by_id: UUID,
    now: datetime,
) -> int:  # fmt: skip
    return await tx.execute(MARK, *chosen, code, picks, mark_id, mark, by_id, now)


async def delete_marks(tx: Tx, mark_id: UUID) -> int:
    return await tx.execute("delete from quarantine_marks where mark_id = $1", mark_id)


async def read_acts(tx: ReadTx, most: int) -> list[Any]:
    return await tx.fetch(ACTS, most)


async def read_provider_ids(tx: ReadTx) -> list[UUID]:
    rows = await tx.fetch("select distinct provider_id from batches where provider_id is not null")
    return [row["provider_id"] for row in rows]


async def read_score(tx: ReadTx, begins_at: datetime, ends_at: datetime, provider_id: UUID | None) -> Any:
    return await tx.row(SCORE, begins_at, ends_at, provider_id)


async def read_score_causes(
    tx: ReadTx, before_at: datetime, begins_at: datetime, ends_at: datetime, provider_id: UUID | None, most: int
) -> list[Any]:
    return await tx.fetch(SCORE_CAUSES, before_at, begins_at, ends_at, provider_id, most)


async def read_stuck(tx: ReadTx, before_at: datetime) -> Any:
    """Files that have waited since before an instant: how many, the oldest, and of them those never begun."""
    return await tx.row(
        "select count(*)::integer as files, min(b.stored_at) as oldest_at from batches b"
        " where b.stored_at < $1 and (b.state = 'stored' or (b.state = 'offered'"
        " and not exists (select 1 from batch_profiles p where p.batch_id = b.batch_id)))",
        before_at,
    )
