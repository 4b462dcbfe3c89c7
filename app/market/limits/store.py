"""All SQL of limits."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx

INSERT_INPUT = """
insert into bank_inputs (input_id, bank_id, subject_id, key, value, number, as_of_on, source, recorded_by, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
LATEST_INPUTS = """
select distinct on (bank_id, key) bank_id, subject_id, key, coalesce(to_jsonb(value), to_jsonb(number)) as value,
       as_of_on, source, recorded_at
from bank_inputs
where subject_id = $1 and recorded_at <= $2 and ($3::uuid is null or bank_id = $3)
order by bank_id, key, recorded_at desc, input_id desc
"""
INSERT_ESTIMATE = """
insert into estimates (estimate_id, business_id, subject_id, bank_id, product_id, amount_fen, rate_ppm, term_months,
  raw_amount_fen, raw_rate_ppm, why_zero, model_key, model_version, features_hash, inputs, data_as_of_on, trace,
  made_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
LATEST_ESTIMATES = """
select distinct on (product_id) * from estimates
where business_id = $1 and expires_at > $2 and ($3::uuid is null or product_id = $3)
order by product_id, made_at desc, estimate_id desc
"""

# Of each product the newest card before the one in hand that said something else, so that a change can be explained.
EARLIER_ESTIMATES = """
select distinct on (old.product_id) old.* from estimates shown
join estimates old on old.business_id = shown.business_id and old.product_id = shown.product_id
where shown.estimate_id = any($1) and old.made_at < shown.made_at
  and (old.amount_fen, old.rate_ppm) is distinct from (shown.amount_fen, shown.rate_ppm)
order by old.product_id, old.made_at desc, old.estimate_id desc
"""

INSERT_MODEL = """
insert into product_models (product_id, version, bank_id, valid_from, body, made_by, checked_by, published_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""
MODELS_ON = """
select distinct on (product_id) product_id, version, body from product_models
where product_id = any($1) and valid_from <= $2
order by product_id, version desc
"""


async def insert_inputs(tx: Tx, rows: Iterable[Sequence[object]]) -> None:
    await tx.executemany(INSERT_INPUT, rows)


async def read_latest_inputs(tx: ReadTx, subject_id: UUID, at: datetime, bank_id: UUID | None = None) -> list[Record]:
    return await tx.fetch(LATEST_INPUTS, subject_id, at, bank_id)


async def insert_estimates(tx: Tx, rows: Iterable[Sequence[object]]) -> None:
    await tx.executemany(INSERT_ESTIMATE, rows)


async def read_latest_estimates(
    tx: ReadTx, business_id: UUID, now: datetime, product_id: UUID | None = None
) -> list[Record]:
    return await tx.fetch(LATEST_ESTIMATES, business_id, now, product_id)


async def read_earlier_estimates(tx: ReadTx, estimate_ids: Sequence[UUID]) -> list[Record]:
    return await tx.fetch(EARLIER_ESTIMATES, list(estimate_ids))


async def insert_model(tx: Tx, *fields: object) -> bool:
    """False when that version, or one from that day on, exists: somebody published meanwhile."""
    return await tx.execute(INSERT_MODEL, *fields) == 1


async def read_models_on(tx: ReadTx, product_ids: Sequence[UUID], on: date) -> list[Record]:
    """Of each product the newest document of its own that has begun."""
    return await tx.fetch(MODELS_ON, list(product_ids), on)


async def read_models_of(tx: ReadTx, product_id: UUID) -> list[Record]:
    """Every document of a product's own, the newest first."""
    return await tx.fetch("select * from product_models where product_id = $1 order by version desc", product_id)
