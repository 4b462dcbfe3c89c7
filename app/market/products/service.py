"""A bank's products with their decision documents: the draft of the next one, and two people who put it in force."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.credit import catalogue
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import limits, parties
from app.market.limits import ModelBody, ModelVersion
from app.market.parties import Product
from app.market.products import store
from app.market.products.rules import BYTES_MAX, Checked, Fault, Sheet, check, read_sheet, vet
from app.office import proposals
from app.office.proposals import Kind, Proposal

MODEL_PUBLISH: Final = "product-model"
ADMINS: Final = frozenset({SeatRole.BANK_ADMIN})


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product as its head office lists it. `following`: what is published for a later day, the next first."""

    product: Product
    in_force: ModelVersion | None
    following: tuple[ModelVersion, ...]
    past: tuple[ModelVersion, ...]
    drafted_at: datetime | None
    waiting: Proposal | None


@dataclass(frozen=True, slots=True)
class Draft:
    """`revision` is 0 while nothing was kept yet and `body` is the newest version's."""

    body: Mapping[str, Any]
    revision: int
    edited_at: datetime | None
    model: ModelBody
    sheet: Sheet


async def shelf_of(tx: ReadTx, bank_id: UUID, on: date) -> list[Shelved]:
    """Every product that a bank offers on a day, by code."""
    drafted = await store.read_drafted(tx)
    return [await _shelved(tx, one, drafted, on) for one in await parties.shelf.products_on(tx, on, bank_id=bank_id)]


async def shelved(tx: ReadTx, product_id: UUID, on: date, *, by: Seat) -> Shelved:
    """One product of the caller's bank; refuses `not-found`."""
    return await _shelved(tx, await own_product(tx, product_id, by), await store.read_drafted(tx), on)


async def own_product(tx: ReadTx, product_id: UUID, by: Seat) -> Product:
    product = await parties.shelf.get_product(tx, product_id)
    if product.bank_id != by.org_id:
        raise Refusal("not-found")
    return product


async def product_of(tx: ReadTx, product_id: UUID) -> Product:
    return await parties.shelf.get_product(tx, product_id)


async def before(tx: ReadTx, product: Product, proposal: Proposal) -> ModelVersion | None:
    """The version that was in force on the day of a proposal."""
    on = shanghai_date(proposal.made_at)
    return next((one for one in await limits.model_versions(tx, product, on) if one.valid_from <= on), None)


def opened(version: ModelVersion) -> tuple[ModelBody, Sheet]:
    """A published document with its sheet."""
    model = limits.read_model(version.body)
    return model, read_sheet(model)


async def draft_of(tx: ReadTx, one: Shelved) -> Draft:
    """What is being written, or the newest version to begin from. Refuses `policy-missing` when there is neither."""
    row = await store.read_draft(tx, one.product.product_id)
    newest = next(iter((*reversed(one.following), *filter(None, [one.in_force]))), None)
    if row is None and newest is None:
        raise Refusal("policy-missing")
    body = row["body"] if row is not None else newest.body  # type: ignore[union-attr]
    model = limits.read_model(body)
    revision, edited_at = (row["revision"], row["edited_at"]) if row is not None else (0, None)
    return Draft(body, revision, edited_at, model, read_sheet(model))


async def save_draft(
    tx: Tx, product_id: UUID, body: Mapping[str, Any], revision: int, *, by: Seat, now: datetime
) -> None:
    """Keep a draft that is a document. Refuses `model-refused` with its faults, and `conflict` when somebody else
    wrote meanwhile."""
    product = await own_product(tx, product_id, by)
    model, faults = await judge(tx, body, now)
    if faults:
        raise refused(faults)
    assert model is not None, "a document without faults can be read"
    kept = model.model_dump(mode="json", by_alias=True)
    is_kept = (
        await store.insert_draft(tx, product_id, product.bank_id, kept, by.person_id, now)
        if revision == 0
        else await store.update_draft(tx, product_id, kept, by.person_id, now, revision)
    )
    if not is_kept:
        raise Refusal("conflict", "有人刚刚改过这份草稿，请重新打开后再改；您刚才的改动没有保存。")
    await audit.write(tx, "product_draft.save", case_id=product_id)


async def discard_draft(tx: Tx, product_id: UUID, *, by: Seat) -> None:
    """Begin again from the newest version. Refuses `not-found`."""
    await own_product(tx, product_id, by)
    if not await store.delete_draft(tx, product_id):
        raise Refusal("wrong-state", "没有草稿。")
    await audit.write(tx, "product_draft.discard", case_id=product_id)


async def judge(tx: ReadTx, body: Mapping[str, Any], now: datetime) -> tuple[ModelBody | None, tuple[Fault, ...]]:
    """A body as a document, and what is wrong with it."""
    if len(json.dumps(body, ensure_ascii=False).encode()) > BYTES_MAX:
        raise Refusal("model-refused", "决策文件过大，最多 64 KB。")
    try:
        model = limits.read_model(body)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))[:80]
        raise Refusal("model-refused", f"决策文件的结构不对：{place}", pointer=place) from None
    edition = await catalogue.edition_on(tx, shanghai_date(now))
    facts: dict[str, set[str]] = {}
    for item in edition.items.values():
        facts.setdefault(item.data_class.value, set()).update(figure.path for figure in item.figures)
    return model, vet(model, {name: frozenset(paths) for name, paths in facts.items()})


def refused(faults: Sequence[Fault]) -> Refusal:
    return Refusal(
        "model-refused", faults=[{"flaw": one.flaw.value, "where": one.where, "words": one.words} for one in faults]
    )


async def propose_model(tx: Tx, product_id: UUID, valid_from: date, *, by: Seat, now: datetime) -> Proposal:
    """Lay the draft before a second person, to be in force from a later day on.

    Refuses `bad-time`, `model-refused` when its checks fail, `wrong-state` when there is no draft or it changes
    nothing, `already-exists` while one waits.
    """
    one = await shelved(tx, product_id, shanghai_date(now), by=by)
    draft = await draft_of(tx, one)
    if draft.revision == 0:
        raise Refusal("wrong-state", "还没有改动，没有可以提交的草稿。")
    newest = next(iter((*reversed(one.following), *filter(None, [one.in_force]))), None)
    if newest is not None and draft.model == limits.read_model(newest.body):
        raise Refusal("wrong-state", "草稿与最新版本相同，没有改动。")
    body = {"valid_from": valid_from.isoformat(), "model": draft.model.model_dump(mode="json", by_alias=True)}
    return await proposals.propose(tx, MODEL_PUBLISH, product_id, body, by=by, now=now)


async def _vet(tx: Tx, product_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    one = await _shelved(tx, await own_product(tx, product_id, by), {}, shanghai_date(now))
    valid_from = date.fromisoformat(body["valid_from"])
    if valid_from <= shanghai_date(now):
        raise Refusal("bad-time", "生效日最早为明天，不能追溯。")
    if any(valid_from <= version.valid_from for version in one.following):
        raise Refusal("bad-time", "已有版本定于这一天或之后生效；新版本须晚于它，两个版本不能重叠。")
    model, faults = await judge(tx, body["model"], now)
    if faults or model is None:
        raise refused(faults)
    if not examined(model).may_be_submitted:
        raise Refusal("model-refused", "检查没有通过：请先看检查结果，改好后再提交。")


def examined(model: ModelBody) -> Checked:
    """All checks of a vetted document."""
    return check(model)


async def _apply(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    body = proposal.body
    await _vet(tx, proposal.case_id, body, by, now)
    product = await own_product(tx, proposal.case_id, by)
    await limits.publish_model(
        tx, product, body["model"], date.fromisoformat(body["valid_from"]), made_by=proposal.made_by,
        checked_by=by.person_id, now=now,
    )  # fmt: skip


async def _shelved(tx: ReadTx, product: Product, drafted: Mapping[UUID, datetime], on: date) -> Shelved:
    versions = await limits.model_versions(tx, product, on)
    begun = [one for one in versions if one.valid_from <= on]
    waiting = [one for one in await proposals.open_of(tx, product.product_id) if one.kind == MODEL_PUBLISH]
    return Shelved(
        product, begun[0] if begun else None, tuple(reversed([one for one in versions if one.valid_from > on])),
        tuple(begun[1:]), drafted.get(product.product_id), waiting[0] if waiting else None,
    )  # fmt: skip


proposals.register(Kind(MODEL_PUBLISH, ADMINS, ADMINS, _apply, _vet))
