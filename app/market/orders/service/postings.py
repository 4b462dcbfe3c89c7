"""Matching a need with published lists, posting an order, and the first push."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.access import audit, orgs
from app.access.seats import Seat
from app.credit import consents, subjects
from app.credit.consents import Consent, Purpose
from app.infra import outbox
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import due_at, month_later
from app.market import parties
from app.market.orders import rules, store
from app.market.orders.events import OrderPosted
from app.market.orders.rules import ranking
from app.market.orders.rules.facts import Bounds
from app.market.orders.rules.loans import LoanType
from app.market.orders.schemas import read_weights
from app.market.orders.service import acting, loan_types
from app.market.orders.service.bounds import bounds_on
from app.office import policies


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the firm needs. `order_id` is minted with the draft, since the consents name it before it is posted."""

    order_id: UUID
    amount_fen: int
    term_months: int
    purpose: str
    collateral: str
    district_code: str | None
    until_on: date
    places: int = 2
    previous_order_id: UUID | None = None
    loan_type: LoanType = LoanType.NEW
    of_suborder_id: UUID | None = None  # Of a renewal or a deferral: its loan.


@dataclass(frozen=True, slots=True)
class Pick:
    """A bank that the firm ticked, with the consent it signed for it."""

    branch_id: UUID
    product_id: UUID
    consent_id: UUID


@dataclass(frozen=True, slots=True)
class Tick:
    """A bank that the firm ticks and signs for at once. `seen_hash`: of the letter it was shown."""

    branch_id: UUID
    product_id: UUID
    data_classes: tuple[str, ...]
    seen_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A branch that can take the need, in its place of the ranking, with the names around it."""

    ranked: ranking.Ranked
    listing: parties.shelf.Listing


async def match(tx: ReadTx, draft: Draft, *, now: datetime) -> tuple[Match, ...]:
    """Every branch whose published list of that type covers the need, best first. A read: nothing is kept of it.

    A renewal and a deferral are for the bank of their loan alone.
    """
    on, bank_id = shanghai_date(now), await loan_types.bank_of_loan(tx, draft)
    listings = {
        (found.entry.branch_id, found.entry.product_id): found
        for found in await parties.lists_for(tx, on, loan_type=draft.loan_type.value, bank_id=bank_id)
        if parties.covers(found.entry, _need(draft))
    }
    ranked = await _rank(tx, draft, list(listings.values()), on)
    return tuple(Match(one, listings[one.candidate.branch_id, one.candidate.product_id]) for one in ranked)


async def post_order(tx: Tx, draft: Draft, picks: Sequence[Pick], *, by: Seat, now: datetime) -> UUID:
    """Post a need to the ticked banks; the list is frozen: places first, at most two ranked reserves behind.

    Refuses `terms-out-of-range` and `bad-time` for the draft itself, `no-match` when a branch does not cover it,
    `consent-missing` when a letter does not stand for this order and bank, `already-exists` for the same draft twice.
    """
    await acting.narrow(tx, draft.order_id)
    return await _post(tx, draft, picks, by=by, now=now)


async def _post(
    tx: Tx, draft: Draft, picks: Sequence[Pick], *, by: Seat, now: datetime, signed_here: bool = False
) -> UUID:
    """`signed_here`: this very unit of work has written the letters, so that they stand."""
    on = shanghai_date(now)
    _check(draft, len(picks), on, await bounds_on(tx, on))
    subject_id = await _subject_of(tx, by)
    typed = await loan_types.check_type(tx, draft, subject_id, by=by, now=now)
    listings = await _listings(tx, draft, picks, on)
    if typed.bank_id is not None and (len(picks) > 1 or listings[0].entry.bank_id != typed.bank_id):
        raise Refusal("no-match", "续贷和延期只向原贷款银行申请")
    if len({found.entry.bank_id for found in listings}) < len(listings):
        raise Refusal("no-match", "一家银行只能选择一次")
    if not signed_here:
        await _check_consents(tx, draft, picks, listings, by=by, now=now)
    if draft.previous_order_id is not None and await _previous(tx, draft.previous_order_id) != by.org_id:
        raise Refusal("not-found", "没有这个此前的需求")
    ranked = await _rank(tx, draft, listings, on)
    version = (await policies.in_force(tx, "ranking", "new", on)).version
    columns = _columns(draft, subject_id, typed, version, by, now)
    if not await store.insert_order(tx, columns, _listed(draft, picks, ranked, by.org_id)):
        raise Refusal("already-exists")
    await outbox.record(
        tx,
        OrderPosted(
            stream_id=draft.order_id, at=now, order_id=draft.order_id, business_id=by.org_id,
            subject_id=subject_id, amount_fen=draft.amount_fen, places=draft.places, until_on=draft.until_on,
            loan_type=draft.loan_type.value,
        ),
    )  # fmt: skip
    await audit.write(tx, "order.post", subject_id=subject_id, case_id=draft.order_id)
    return draft.order_id


async def sign_and_post(tx: Tx, draft: Draft, ticks: Sequence[Tick], *, by: Seat, now: datetime) -> UUID:
    """Sign one consent per ticked bank and post, all or nothing. Refuses as `consents.grant` and `post_order`."""
    await acting.narrow(tx, draft.order_id)
    on = shanghai_date(now)
    _check(draft, len(ticks), on, await bounds_on(tx, on))  # First: a letter's last day follows from the draft.
    subject_id = await _subject_of(tx, by)
    branch_ids = {tick.branch_id for tick in ticks}
    listed = await _lists_of(tx, branch_ids, on, draft.loan_type)
    grantor = (await subjects.get(tx, subject_id)).name
    picks = []
    for tick in ticks:
        found = listed.get((tick.branch_id, tick.product_id))
        if found is None:
            await parties.shelf.get_branch(tx, tick.branch_id)
            raise _no_match(tick.branch_id)
        letter = letter_for(draft, found.branch, tick.data_classes, subject_id, by=by, now=now)
        names = consents.Names(grantor=grantor, bank=found.bank.name, branch=found.branch.name)
        consent_id = await consents.grant(tx, letter, names=names, by=by, now=now, seen_hash=tick.seen_hash)
        picks.append(Pick(tick.branch_id, tick.product_id, consent_id))
    return await _post(tx, draft, picks, by=by, now=now, signed_here=True)


def letter_for(
    draft: Draft, branch: parties.Branch, data_classes: tuple[str, ...], subject_id: UUID, *, by: Seat, now: datetime
) -> consents.Grant:
    """The consent for one bank: before the loan, at most until until-when plus the loan's term."""
    return consents.Grant(
        business_id=by.org_id, grantor_subject_id=subject_id, bank_id=branch.bank_id, branch_id=branch.branch_id,
        order_id=draft.order_id, purpose=Purpose.PRE_LOAN, data_classes=data_classes, valid_from=now,
        valid_to=due_at(month_later(draft.until_on, draft.term_months)),
    )  # fmt: skip


async def letter_names(tx: ReadTx, branch: parties.Branch, subject_id: UUID) -> consents.Names:
    """The names that stand in the letter, as registered."""
    firm = await subjects.get(tx, subject_id)
    bank = await parties.shelf.get_bank(tx, branch.bank_id)
    return consents.Names(grantor=firm.name, bank=bank.name, branch=branch.name)


async def push_first(tx: Tx, event: OrderPosted) -> None:
    """After the post: show the order to the first banks of its list. The worker's; repeating it changes nothing."""
    await acting.narrow(tx, event.order_id)
    entered = await acting.enter(tx, event.order_id, now=tx.now)
    outcome = rules.push_first(entered.case, entered.now)
    await acting.write(tx, entered.order, entered.case, outcome, by=None)


def _check(draft: Draft, banks: int, on: date, bounds: Bounds) -> None:
    if not 0 < draft.places <= bounds.places_max:
        raise Refusal("terms-out-of-range", "同时办理的银行超出允许的家数", most=bounds.places_max)
    if not 0 < banks <= draft.places + bounds.reserves_max:
        raise Refusal("terms-out-of-range", "至少选择一家银行，候补不超过允许的家数", most=bounds.reserves_max)
    if not on < draft.until_on <= on + timedelta(days=bounds.until_days_max):
        raise Refusal("bad-time", "有效期自明日起计算，不超过允许的天数", most=bounds.until_days_max)
    if not bounds.amount_min_fen <= draft.amount_fen <= bounds.amount_max_fen:
        raise Refusal("terms-out-of-range", "融资金额超出允许的范围")
    if not 0 < draft.term_months <= bounds.term_months_max:
        raise Refusal("terms-out-of-range", "融资期限超出允许的范围", most=bounds.term_months_max)


async def _previous(tx: ReadTx, order_id: UUID) -> UUID | None:
    """The firm of the order that is posted again."""
    order = await store.read_order(tx, order_id)
    return None if order is None else order["business_id"]


async def _subject_of(tx: ReadTx, by: Seat) -> UUID:
    """The subject that the firm's account is bound to."""
    firm = await tx.remember(("org", by.org_id), lambda: orgs.get_org(tx, by.org_id))
    if firm.subject_id is None:
        raise Refusal("forbidden", "账户尚未与主体绑定")
    return firm.subject_id


async def _listings(tx: ReadTx, draft: Draft, picks: Sequence[Pick], on: date) -> tuple[parties.shelf.Listing, ...]:
    """What each ticked branch may decide of the ticked product; `no-match` when one does not cover the need."""
    found = await _lists_of(tx, {pick.branch_id for pick in picks}, on, draft.loan_type)
    for pick in picks:
        listing = found.get((pick.branch_id, pick.product_id))
        if listing is None or not parties.covers(listing.entry, _need(draft)):
            raise _no_match(pick.branch_id)
    return tuple(found[pick.branch_id, pick.product_id] for pick in picks)


async def _lists_of(
    tx: ReadTx, branch_ids: Collection[UUID], on: date, loan_type: LoanType
) -> Mapping[tuple[UUID, UUID], parties.shelf.Listing]:
    """What these branches may decide of a type of loan, by branch and product; one answer for signing and posting."""

    async def read() -> Mapping[tuple[UUID, UUID], parties.shelf.Listing]:
        listings = await parties.lists_for(tx, on, loan_type=loan_type.value, branch_ids=branch_ids)
        return {(one.entry.branch_id, one.entry.product_id): one for one in listings}

    return await tx.remember(("lists", frozenset(branch_ids), on, loan_type), read)


def _no_match(branch_id: UUID) -> Refusal:
    return Refusal("no-match", "所选网点的授权清单不包含该需求", branch_id=str(branch_id))


async def _check_consents(
    tx: ReadTx, draft: Draft, picks: Sequence[Pick], listings: Sequence[parties.shelf.Listing], *, by: Seat,
    now: datetime,
) -> None:  # fmt: skip
    letters = {letter.consent_id: letter for letter in await consents.find_for_order(tx, draft.order_id)}
    for pick, found in zip(picks, listings, strict=True):
        letter = letters.get(pick.consent_id)
        if letter is None or not _stands(letter, draft, found.entry, by, now):
            raise Refusal("consent-missing", "请先就该银行签署授权书", branch_id=str(pick.branch_id))


def _stands(letter: Consent, draft: Draft, entry: parties.PublishedList, by: Seat, now: datetime) -> bool:
    """Whether the letter is the firm's, for this order and branch, before the loan, in force, and not taken back."""
    return (
        (letter.business_id, letter.order_id, letter.bank_id, letter.branch_id)
        == (by.org_id, draft.order_id, entry.bank_id, entry.branch_id)
        and letter.purpose is Purpose.PRE_LOAN
        and letter.person_subject_id is None
        and letter.valid_from <= now < letter.valid_to
        and letter.revoked_at is None
        and not letter.gated
    )


async def _rank(
    tx: ReadTx, draft: Draft, listings: Sequence[parties.shelf.Listing], on: date
) -> tuple[ranking.Ranked, ...]:
    policy = await policies.in_force(tx, "ranking", "new", on)
    need = ranking.Need(draft.amount_fen, draft.term_months, draft.purpose, draft.district_code)
    candidates = [
        ranking.Candidate(
            found.entry.bank_id, found.entry.branch_id, found.entry.product_id, found.entry.ceiling_fen,
            found.entry.rate_min_ppm, found.product.promised_workdays, found.entry.term_months_max,
            found.entry.purposes, found.entry.districts,
        )
        for found in listings
    ]  # fmt: skip
    return ranking.rank(need, candidates, read_weights(policy.version, policy.body), str(draft.order_id))


def _listed(
    draft: Draft, picks: Sequence[Pick], ranked: Sequence[ranking.Ranked], business_id: UUID
) -> list[dict[str, object]]:
    letters = {(pick.branch_id, pick.product_id): pick.consent_id for pick in picks}
    return [
        {
            "order_id": draft.order_id, "position": position, "suborder_id": new_id(), "business_id": business_id,
            "bank_id": one.candidate.bank_id, "branch_id": one.candidate.branch_id,
            "product_id": one.candidate.product_id,
            "consent_id": letters[one.candidate.branch_id, one.candidate.product_id],
            "is_reserve": position > draft.places, "score": one.score,
            "factors": {factor.value: value for factor, value in one.factors.items()}, "deciding": one.deciding,
        }
        for position, one in enumerate(ranked, 1)
    ]  # fmt: skip


def _columns(
    draft: Draft, subject_id: UUID, typed: loan_types.Typed, ranking_version: int, by: Seat, now: datetime
) -> dict[str, object]:
    return {
        "order_id": draft.order_id, "business_id": by.org_id, "subject_id": subject_id,
        "loan_type": draft.loan_type.value, "of_suborder_id": draft.of_suborder_id,
        "of_order_id": typed.of_order_id,
        "recommended_at": typed.recommended_at,
        "amount_fen": draft.amount_fen, "term_months": draft.term_months, "purpose": draft.purpose,
        "collateral": draft.collateral, "district_code": draft.district_code, "places": draft.places,
        "until_on": draft.until_on, "until_at": due_at(draft.until_on), "posted_at": now, "posted_by": by.person_id,
        "ranking_version": ranking_version, "seed": str(draft.order_id), "previous_order_id": draft.previous_order_id,
    }  # fmt: skip


def _need(draft: Draft) -> parties.Need:
    return parties.Need(draft.amount_fen, draft.term_months, draft.purpose, draft.collateral, draft.district_code)
