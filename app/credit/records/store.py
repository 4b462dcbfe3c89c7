"""All SQL of records. Takes a transaction, never commits one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.credit.records.rules import Coverage, CreditRecord, Features, NewRecord, RecordStatus
from app.infra.db import ReadTx, Record, Tx
from app.kernel.ids import new_id

STAGED: Final = ("row_no", "firm_key", "number", "issued_on", "party", "amount_fen", "tax_fen", "total_fen", "status")
CREATE_STAGED: Final = """
create temporary table staged_invoices (row_no integer, firm_key text, number text, issued_on date, party text,
  amount_fen bigint, tax_fen bigint, total_fen bigint, status text) on commit drop
"""
# Firms are few and invoices many, so the firms are resolved once. A code names a subject by itself; a customer
# number does so only within the bank whose file it is.
CREATE_FIRMS: Final = """
create temporary table staged_firms on commit drop as
select f.firm_key, k.subject_id
  from (select distinct firm_key from staged_invoices) f
  left join subjects_v_keys k on k.uscc = f.firm_key or (k.bank_id = $1::uuid and k.customer_no = f.firm_key)
"""
DROP_UNKNOWN: Final = """
delete from staged_invoices s using staged_firms f
where f.firm_key = s.firm_key and f.subject_id is null returning s.row_no, s.firm_key as original
"""
# The same invoice twice in one file is one invoice. Where its two rows disagree on the status, the void one counts:
# it is the later of the two facts, and the more careful reading.
DROP_REPEATED: Final = """
delete from staged_invoices s using (
  select row_no, row_number() over same as nth, min(status) over each <> max(status) over each as conflict
    from staged_invoices
  window each as (partition by firm_key, number, issued_on, party, amount_fen, tax_fen),
         same as (partition by firm_key, number, issued_on, party, amount_fen, tax_fen
                  order by status desc, row_no)) n
where n.row_no = s.row_no and n.nth > 1 returning s.row_no, s.number as original, n.conflict
"""
LAND: Final = """
insert into invoices as i (subject_id, direction, issued_on, number, party, amount_fen, tax_fen, status, batch_id)
select f.subject_id, $2, s.issued_on, s.number, s.party, s.amount_fen, s.tax_fen, s.status, $1
  from staged_invoices s join staged_firms f using (firm_key)
on conflict (subject_id, direction, issued_on, number, party, amount_fen, tax_fen) do update set
  status = excluded.status, batch_id = excluded.batch_id where i.status <> excluded.status
"""
FEATURES: Final = """
insert into invoice_features (subject_id, known_at, newest_on, turnover_12m_fen, gross_12m_fen, returns_12m_fen,
  purchases_12m_fen, sold_count_12m, void_count_12m, void_share_ppm, return_share_ppm, upstream_count,
  downstream_count, active_months, batch_id)
select subject_id, $3, newest_on, gross - returned, gross, returned, bought, sold, void,
  void * 1000000 / nullif(sold, 0), case when gross > 0 then least(div(returned * 1000000, gross), 1000000) end,
  upstream, downstream,
  months, $2
from (
  select i.subject_id, n.newest_on,
    coalesce(sum(amount_fen) filter (where direction = 'output' and status = 'valid' and amount_fen > 0), 0) as gross,
    coalesce(-sum(amount_fen) filter (where direction = 'output' and status = 'valid' and amount_fen < 0), 0)
      as returned,
    coalesce(sum(amount_fen) filter (where direction = 'input' and status = 'valid'), 0) as bought,
    count(*) filter (where direction = 'output') as sold,
    count(*) filter (where direction = 'output' and status = 'void') as void,
    count(distinct party) filter (where direction = 'input' and status = 'valid') as upstream,
    count(distinct party) filter (where direction = 'output' and status = 'valid') as downstream,
    count(distinct date_trunc('month', issued_on)) filter (where direction = 'output' and status = 'valid') as months
  from invoices i
  join (select subject_id, max(issued_on) as newest_on from invoices
         where subject_id = any($1) and status = 'valid' group by subject_id) n using (subject_id)
  where i.subject_id = any($1) and i.issued_on <= n.newest_on
    and i.issued_on > (n.newest_on - interval '12 months')::date
  group by i.subject_id, n.newest_on) figures
on conflict (subject_id, known_at) do update set
  newest_on = excluded.newest_on, turnover_12m_fen = excluded.turnover_12m_fen, gross_12m_fen = excluded.gross_12m_fen,
  returns_12m_fen = excluded.returns_12m_fen, purchases_12m_fen = excluded.purchases_12m_fen,
  sold_count_12m = excluded.sold_count_12m, void_count_12m = excluded.void_count_12m,
  void_share_ppm = excluded.void_share_ppm, return_share_ppm = excluded.return_share_ppm,
  upstream_count = excluded.upstream_count, downstream_count = excluded.downstream_count,
  active_months = excluded.active_months, batch_id = excluded.batch_id
"""
# First reported stays what it was: a correction after the limit does not make a late record timely.
INSERT: Final = """
insert into credit_records (subject_id, record_id, item_code, record_key, content, as_of_on, source, status, edition,
  batch_id, first_reported_at, status_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
on conflict (subject_id, item_code, record_key) do nothing
"""
RECORDS: Final = """
select record_id, subject_id, item_code, record_key, content, as_of_on, source, status, edition, first_reported_at,
  status_at, ended_at from credit_records
where subject_id = $1 and item_code = any($2) and first_reported_at <= $3
order by item_code, as_of_on desc nulls last, record_id
"""
COVERAGES: Final = """
select distinct on (item_code) item_code, as_of_on, source, known_at from coverages
where subject_id = $1 and known_at <= $2 order by item_code, known_at desc
"""


async def insert(tx: Tx, one: NewRecord, edition: int, batch_id: UUID | None, now: datetime) -> bool:
    """Add a record once; False when the provider's key is known already, whatever became of that record."""
    touched = await tx.execute(
        INSERT, one.subject_id, new_id(), one.item_code, one.record_key, dict(one.values), one.as_of_on, one.source,
        one.status.value, edition, batch_id, now,
    )  # fmt: skip
    return touched == 1


async def read(tx: ReadTx, subject_id: UUID, item_codes: Sequence[str], as_of: datetime) -> list[CreditRecord]:
    return [_record(row) for row in await tx.fetch(RECORDS, subject_id, list(item_codes), as_of)]


async def set_status(tx: Tx, subject_id: UUID, record_id: UUID, to: RecordStatus, now: datetime) -> int:
    return await tx.execute(
        "update credit_records set status = $3::text, status_at = $4,"
        " ended_at = case when $3::text = 'ended' then $4::timestamptz end"
        " where subject_id = $1 and record_id = $2 and status not in ('ended', $3::text)",
        subject_id, record_id, to.value, now,
    )  # fmt: skip


async def insert_coverage(
    tx: Tx, subject_ids: Sequence[UUID], item_code: str, as_of_on: date, source: str, now: datetime
) -> None:
    await tx.execute(
        "insert into coverages (subject_id, item_code, known_at, as_of_on, source)"
        " select unnest($1::uuid[]), $2, $3, $4, $5 on conflict do nothing",
        list(subject_ids), item_code, now, as_of_on, source,
    )  # fmt: skip


async def read_coverage(tx: ReadTx, subject_id: UUID, as_of: datetime) -> list[Coverage]:
    return [Coverage(**dict(row)) for row in await tx.fetch(COVERAGES, subject_id, as_of)]


async def read_features(tx: ReadTx, subject_id: UUID, as_of: datetime) -> Features | None:
    row = await tx.row(
        "select newest_on, turnover_12m_fen, gross_12m_fen, returns_12m_fen, purchases_12m_fen, sold_count_12m,"
        " void_count_12m, void_share_ppm, return_share_ppm, upstream_count, downstream_count, active_months, known_at"
        " from invoice_features where subject_id = $1 and known_at <= $2 order by known_at desc limit 1",
        subject_id, as_of,
    )  # fmt: skip
    return None if row is None else Features(**dict(row))


async def create_staged(tx: Tx) -> None:
    await tx.execute(CREATE_STAGED)


async def copy_staged(tx: Tx, records: Iterable[Sequence[object]]) -> int:
    return await tx.copy("staged_invoices", STAGED, records)


async def resolve_firms(tx: Tx, bank_id: UUID | None) -> list[UUID]:
    """Find the subject behind every firm key of the staged rows."""
    await tx.execute("analyze staged_invoices")
    await tx.execute(CREATE_FIRMS, bank_id)
    rows = await tx.fetch("select distinct subject_id from staged_firms where subject_id is not null")
    return [row["subject_id"] for row in rows]


async def drop_unknown(tx: Tx) -> list[tuple[int, str]]:
    return [(row["row_no"], row["original"]) for row in await tx.fetch(DROP_UNKNOWN)]


async def drop_repeated(tx: Tx) -> list[Record]:
    return await tx.fetch(DROP_REPEATED)


async def land(tx: Tx, batch_id: UUID, direction: str) -> int:
    """Put the staged invoices in force; return how many are new or changed."""
    return await tx.execute(LAND, batch_id, direction)


async def keep_features(tx: Tx, subject_ids: Sequence[UUID], batch_id: UUID, now: datetime) -> None:
    await tx.execute(FEATURES, list(subject_ids), batch_id, now)


def _record(row: Any) -> CreditRecord:
    fields = dict(row)
    fields["values"] = fields.pop("content")
    fields["status"] = RecordStatus(fields["status"])
    return CreditRecord(**fields)
