"""Estimates: one card per product, an amount or why it is zero; and the banks' own inputs.

An estimate is indicative: it binds nobody and never enters a pool's ledger. It is made from the firm's own report,
which is the firm's right to see, and from what a bank says of its own customer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from app.access import audit
from app.credit import reports
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.limits import store
from app.market.limits.rules import BadModel, Input, Measured, Status, Value, features_hash, measure, oldest_on
from app.market.limits.schemas import FAULT_WORDS, MODEL_FAULT, ModelBody, ModelInput, ZeroWords, read_model
from app.market.parties import Product, shelf
from app.office import policies
from app.office.policies import Policy

log = structlog.get_logger(__name__)
BANK = "bank"  # The source of a bank's own input, as the firm is shown it.
ESTIMATE_DAYS = 30  # For a card whose model cannot be run; every model says its own.
Words = Mapping[str, str]

OF_A_LOAN = ("renewal", "deferral")  # Types of loan that are about one that the firm has already.


@dataclass(frozen=True, slots=True)
class BankInput:
    """A bank's own word about a subject. As evidence its path is `bank_input.<key>`."""

    bank_id: UUID
    subject_id: UUID
    key: str
    value: Value
    as_of_on: date
    source: str
    recorded_at: datetime

    @property
    def path(self) -> str:
        return f"bank_input.{self.key}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One card. `why_zero`: code, zh, en, change_zh, change_en; None beside an amount. `inputs` are as the firm reads
    them; `trace` is the engine's, numbers as texts; `data_as_of_on` is the day of the oldest input."""

    estimate_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    product_id: UUID
    amount_fen: int
    rate_ppm: int
    term_months: int
    raw_amount_fen: int
    raw_rate_ppm: int
    why_zero: Words | None
    model_key: str
    model_version: int
    features_hash: str
    inputs: tuple[Mapping[str, Value | None], ...]
    data_as_of_on: date | None
    trace: tuple[Mapping[str, object], ...]
    made_at: datetime
    expires_at: datetime

    def data_age_days(self, on: date) -> int | None:
        return None if self.data_as_of_on is None else (on - self.data_as_of_on).days


@dataclass(frozen=True, slots=True)
class _Model:
    """A product's model in force; `body` is None when there is none or it cannot be read."""

    key: str
    version: int
    body: ModelBody | None


async def cards(tx: Tx, subject_id: UUID, *, business_id: UUID, now: datetime) -> tuple[Estimate, ...]:
    """A fresh estimate for every product offered today, kept, by bank and code.

    What is about a loan that the firm has already, a renewal or a deferral, is not estimated.
    """
    offered = [p for p in await shelf.products_on(tx, shanghai_date(now)) if p.loan_type not in OF_A_LOAN]
    return await _estimate(tx, subject_id, offered, business_id, now)


async def estimate(tx: Tx, subject_id: UUID, product_id: UUID, *, business_id: UUID, now: datetime) -> Estimate:
    """A fresh estimate for one product, kept. Refuses `not-found` when it is not offered today."""
    offered = [p for p in await shelf.products_on(tx, shanghai_date(now)) if p.product_id == product_id]
    if not offered:
        raise Refusal("not-found")
    (made,) = await _estimate(tx, subject_id, offered, business_id, now)
    return made


async def latest(tx: ReadTx, business_id: UUID, *, now: datetime) -> tuple[Estimate, ...]:
    """The newest card of each product that has not expired."""
    return tuple(_kept(row) for row in await store.read_latest_estimates(tx, business_id, now))


async def earlier(tx: ReadTx, estimates: Sequence[Estimate]) -> Mapping[UUID, Estimate]:
    """By product: the newest card before these that gave another amount or rate."""
    rows = await store.read_earlier_estimates(tx, [card.estimate_id for card in estimates])
    return {row["product_id"]: _kept(row) for row in rows}


async def model_of(tx: ReadTx, card: Estimate, product: Product) -> ModelBody | None:
    """The document that a card was made with; None when it is not known any more or cannot be read."""
    if card.model_key == own_key(product.product_id):
        bodies = [row["body"] for row in await store.read_models_of(tx, product.product_id)
                  if row["version"] == card.model_version]  # fmt: skip
    elif card.model_version:
        bodies = [(await policies.get_version(tx, "limit_model", card.model_key, card.model_version)).body]
    else:
        bodies = []
    try:
        return read_model(bodies[0]) if bodies else None
    except ValueError:
        return None


async def record_input(
    tx: Tx,
    bank_id: UUID,
    subject_id: UUID,
    key: str,
    value: Value,
    *,
    as_of_on: date,
    source: str,
    by_id: UUID | None,
    now: datetime,
) -> None:
    """Keep a bank's own word about a subject; the newest counts, the older ones stay."""
    assert not isinstance(value, bool), "a fact is a text or a whole number"
    text, number = (value, None) if isinstance(value, str) else (None, value)
    await store.insert_inputs(tx, [(new_id(), bank_id, subject_id, key, text, number, as_of_on, source, by_id, now)])
    await audit.write(tx, "bank_input.record", subject_id=subject_id, detail={"key": key})


async def bank_inputs(
    tx: ReadTx, subject_id: UUID, *, before: datetime, bank_id: UUID | None = None
) -> tuple[BankInput, ...]:
    """The newest of each key recorded at or before an instant, of one bank or of all that the reader may see."""
    return tuple(BankInput(**row) for row in await store.read_latest_inputs(tx, subject_id, before, bank_id))


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One dated document of a product; `is_own` is False for the one it shares with other products."""

    version: int
    valid_from: date
    body: Mapping[str, Any]
    is_own: bool
    published_at: datetime | None = None


async def model_versions(tx: ReadTx, product: Product, on: date) -> tuple[ModelVersion, ...]:
    """Every document of a product, the newest first: its own, before them the shared one it began with."""
    own = [
        ModelVersion(row["version"], row["valid_from"], row["body"], is_own=True, published_at=row["published_at"])
        for row in await store.read_models_of(tx, product.product_id)
    ]
    shared = [p for p in await policies.all_in_force(tx, "limit_model", on) if p.key == product.model_key]
    first = [ModelVersion(0, max(p.valid_from, product.valid_from), p.body, is_own=False) for p in shared]
    return (*own, *first)


async def publish_model(
    tx: Tx, product: Product, body: Mapping[str, Any], valid_from: date, *, made_by: UUID, checked_by: UUID,
    now: datetime,
) -> int:  # fmt: skip
    """Put a document in force from a later day on; what was estimated before keeps its own. Return the version.

    The caller has vetted it and asked a second person. Refuses `bad-time` for a day that is not after today and after
    every version that is published, and `conflict`.
    """
    read_model(body)
    if valid_from <= shanghai_date(now):
        raise Refusal("bad-time", "生效日最早为明天，不能追溯。")
    newest = next(iter(await store.read_models_of(tx, product.product_id)), None)
    if newest is not None and valid_from <= newest["valid_from"]:
        raise Refusal("bad-time", "新版本须晚于已发布版本的生效日，两个版本不能重叠。")
    version = 1 if newest is None else newest["version"] + 1
    fields = (product.product_id, version, product.bank_id, valid_from, dict(body), made_by, checked_by, now)
    if not await store.insert_model(tx, *fields):
        raise Refusal("conflict")
    await audit.write(tx, "product_model.publish", case_id=product.product_id, detail={"version": str(version)})
    return version


async def _estimate(
    tx: Tx, subject_id: UUID, products: Iterable[Product], business_id: UUID, now: datetime
) -> tuple[Estimate, ...]:
    """One report and one look at the banks' inputs serve all products."""
    products = tuple(products)
    today = shanghai_date(now)
    models = _models(await policies.all_in_force(tx, "limit_model", today))
    own = await store.read_models_on(tx, [product.product_id for product in products], today)
    models |= _models(Policy("", own_key(row["product_id"]), row["version"], today, None, row["body"]) for row in own)
    chosen = [(product, _chosen(product, models)) for product in products]
    wanted = [entry for _, model in chosen if model.body is not None for entry in model.body.inputs]
    figures = await _figures(tx, subject_id, {entry.data_class for entry in wanted if entry.data_class}, now)
    said = {(entry.bank_id, entry.key): entry for entry in await bank_inputs(tx, subject_id, before=now)}
    made = tuple(_card(product, model, figures, said, (business_id, subject_id), now) for product, model in chosen)
    await store.insert_estimates(tx, [_row(card) for card in made])
    return made


def own_key(product_id: UUID) -> str:
    """What a product's own documents are called in its estimates; those it shares keep the name of their policy."""
    return f"product:{product_id}"


def _chosen(product: Product, models: Mapping[str, _Model]) -> _Model:
    """The product's own document, else the one that it shares."""
    own = models.get(own_key(product.product_id))
    return own or models.get(product.model_key, _Model(product.model_key, 0, None))


def _models(found: Iterable[Policy]) -> dict[str, _Model]:
    models = {}
    for policy in found:
        try:
            body = read_model(policy.body)
        except ValueError:
            log.error("limit model cannot be read", model=policy.key, version=policy.version)
            body = None
        models[policy.key] = _Model(policy.key, policy.version, body)
    return models


async def _figures(tx: Tx, subject_id: UUID, data_classes: set[str], now: datetime) -> dict[str, reports.ReportItem]:
    if not data_classes:
        return {}
    report = await reports.assemble(tx, subject_id, sorted(data_classes), as_of=now)
    return {item.path: item for item in report.items}


def _card(
    product: Product,
    model: _Model,
    figures: Mapping[str, reports.ReportItem],
    said: Mapping[tuple[UUID, str], BankInput],
    who: tuple[UUID, UUID],
    now: datetime,
) -> Estimate:
    wanted = [] if model.body is None else model.body.inputs
    inputs = tuple(_input(entry, product.bank_id, figures, said) for entry in wanted)
    facts = {entry.name: entry.value for entry in inputs}
    outcome: Measured | BadModel
    outcome = BadModel("no model in force") if model.body is None else measure(model.body.text, facts)
    if isinstance(outcome, BadModel):
        log.error("limit model failed", model=model.key, version=model.version, fault=outcome.fault)
        outcome = Measured(0, 0, 0, 0, 0, MODEL_FAULT, ())
    days = ESTIMATE_DAYS if model.body is None else model.body.estimate_days
    return Estimate(
        new_id(), *who, product.bank_id, product.product_id, outcome.amount_fen, outcome.rate_ppm,
        outcome.term_months, outcome.raw_amount_fen, outcome.raw_rate_ppm, _why(outcome.why, model.body), model.key,
        model.version, features_hash(model.key, model.version, facts),
        tuple(_shown(entry, given) for entry, given in zip(wanted, inputs, strict=True)), oldest_on(inputs),
        outcome.trace, now, now + timedelta(days=days),
    )  # fmt: skip


def _input(
    entry: ModelInput,
    bank_id: UUID,
    figures: Mapping[str, reports.ReportItem],
    said: Mapping[tuple[UUID, str], BankInput],
) -> Input:
    """A fact for the document, or that it is unknown and in which way: an unknown is never a zero."""
    if entry.origin == "bank_input":
        word = said.get((bank_id, entry.path))
        if word is None:
            return Input(entry.name, None, None, BANK, Status.NOT_COLLECTED)
        return Input(entry.name, word.value, word.as_of_on, BANK)
    item = figures.get(entry.path)
    if item is None:
        return Input(entry.name, None, None, "", Status.NOT_COLLECTED)
    return Input(entry.name, item.value, item.as_of_on, item.source, Status(item.status.value))


def _shown(entry: ModelInput, given: Input) -> Mapping[str, Value | None]:
    return {
        "name": entry.name,
        "path": entry.path,
        "words_zh": entry.words_zh,
        "words_en": entry.words_en,
        "value": given.value,
        "status": given.status.value,
        "as_of_on": None if given.as_of_on is None else given.as_of_on.isoformat(),
        "source": given.source,
    }


def _why(code: str | None, body: ModelBody | None) -> Words | None:
    if code is None:
        return None
    words: ZeroWords = FAULT_WORDS if body is None else body.whys.get(code, FAULT_WORDS)
    return {"code": code, **words.model_dump()}


def _row(card: Estimate) -> tuple[object, ...]:
    return (
        card.estimate_id, card.business_id, card.subject_id, card.bank_id, card.product_id, card.amount_fen,
        card.rate_ppm, card.term_months, card.raw_amount_fen, card.raw_rate_ppm,
        None if card.why_zero is None else dict(card.why_zero), card.model_key, card.model_version,
        card.features_hash, [dict(entry) for entry in card.inputs], card.data_as_of_on, list(card.trace),
        card.made_at, card.expires_at,
    )  # fmt: skip


def _kept(row: Record) -> Estimate:
    return Estimate(**{**row, "inputs": tuple(row["inputs"]), "trace": tuple(row["trace"])})
