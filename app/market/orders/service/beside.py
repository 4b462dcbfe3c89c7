"""What stands beside an order and is asked from other rooms: a bank's own inputs, and evidence for refusals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.credit import catalogue, consents
from app.infra.db import Record, Tx
from app.kernel.clock import shanghai_date
from app.market import limits, packages, parties, reasons
from app.market.orders import store
from app.market.orders.rules import facts
from app.market.orders.service.acting import Entered, need_of
from app.market.orders.service.firm_words import as_evidence


async def bank_inputs(tx: Tx, bank_id: UUID, subject_id: UUID, *, now: datetime) -> Sequence[packages.BankInput]:
    """What the bank itself had recorded about the firm before it accepted: sealed beside the package."""
    said = await limits.bank_inputs(tx, subject_id, before=now, bank_id=bank_id)
    return [packages.BankInput(one.path, one.value, one.as_of_on, one.source, one.recorded_at) for one in said]


async def evidence_of(tx: Tx, entered: Entered, part: facts.Part) -> Mapping[str, reasons.Item]:
    """Everything that a refusal of this suborder may rest on, by path: the order, the bank's list and pool, and after
    acceptance the sealed package with the bank's inputs."""
    items = [*await _own(tx, entered, part), *await _asked(tx, part), *await _consented(tx, entered, part)]
    items += as_evidence(await store.read_words(tx, part.suborder_id))
    sealed = await packages.find_of_suborder(tx, part.suborder_id)
    if sealed is not None:
        items += [_sealed(item) for item in await packages.items(tx, sealed.package_id)]
    return {item.path: item for item in items}


async def _own(tx: Tx, entered: Entered, part: facts.Part) -> list[reasons.Item]:
    order, on = entered.order, shanghai_date(entered.now)
    entry = await parties.shelf.list_in_force(tx, part.branch_id, part.product_id, on)
    covered = parties.coverage(entry, need_of(order))
    pool = await parties.pools.pool_of(tx, parties.PoolKey(part.branch_id, part.product_id), on)
    free = 0 if pool is None or pool.is_frozen else pool.free_fen
    needs_none = part.loan_type is facts.LoanType.DEFERRAL  # A deferral takes no money, so none can be missing.
    enough = int(needs_none or part.held_fen > 0 or free >= order["amount_fen"])
    return [
        *(_item(path, reasons.Source.LIST, value) for path, value in covered.items()),
        _item("pool.covers_amount", reasons.Source.POOL, enough),
        *(_item(f"order.{name}", reasons.Source.ORDER, order[name]) for name in ("amount_fen", "term_months")),
        *(_item(f"order.{name}", reasons.Source.ORDER, order[name]) for name in ("purpose", "collateral")),
    ]


async def _asked(tx: Tx, part: facts.Part) -> list[reasons.Item]:
    """Whether papers were asked for in vain: those of requests that ran out of time count as missing."""
    requests: list[Record] = await store.read_papers(tx, part.suborder_id)
    capped = [row for row in requests if row["closed_how"] == "capped"]
    if not requests:
        return []
    return [
        _item("order.papers_capped", reasons.Source.ORDER, int(bool(capped))),
        _item("order.papers_missing_count", reasons.Source.ORDER, sum(len(row["items"]) for row in capped)),
    ]


async def _consented(tx: Tx, entered: Entered, part: facts.Part) -> list[reasons.Item]:
    """Which classes of data the firm let this bank see: one that it kept back is in no package to be pointed at."""
    letters = await consents.find_for_order(tx, entered.case.order_id)
    signed = {name for letter in letters if letter.consent_id == part.consent_id for name in letter.data_classes}
    edition = await catalogue.edition_on(tx, shanghai_date(entered.now))
    return [_item(f"consent.covers_{name}", reasons.Source.ORDER, int(name in signed)) for name in edition.classes]


def _item(path: str, source: reasons.Source, value: int | str) -> reasons.Item:
    return reasons.Item(path, source, reasons.Status.VALUE, value)


def _sealed(item: packages.PackageItem) -> reasons.Item:
    source = reasons.Source.BANK_INPUT if item.stated_by_bank else reasons.Source.PACKAGE
    return reasons.Item(item.path, source, reasons.Status(item.status.value), item.value, item.as_of_on)
