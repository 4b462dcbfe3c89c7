"""Refuse, offer and pick. An offer above the approval level, and a refusal where the list says so, need two people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import add_workdays
from app.market import parties, reasons
from app.market.orders import rules, store
from app.market.orders.rules import cost, facts
from app.market.orders.rules.states import State
from app.market.orders.service import acting
from app.market.orders.service.beside import evidence_of
from app.office import clocks, proposals
from app.office.proposals import Kind, Proposal

OFFER, REFUSAL = "loan-offer", "loan-refusal"
MAKERS: Final = frozenset({SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER, SeatRole.BANK_CLIENT})
CHECKERS: Final = frozenset({SeatRole.BRANCH_CHECKER, SeatRole.BANK_ADMIN})
WORDS_MAX: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An offer as the branch makes it. Rates in ppm a year; fees beside the interest."""

    amount_fen: int
    rate_ppm: int
    term_months: int
    repayment: cost.Repayment
    fees: tuple[cost.Fee, ...]
    valid_workdays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A refusal as the branch says it: the code, its own words, and what it claims of which item."""

    code: str
    words: str
    claim: reasons.Claim | None = None


async def refuse_suborder(tx: Tx, suborder_id: UUID, said: Said, *, by: Seat, now: datetime) -> UUID | Proposal:
    """Refuse with a reason that holds there and then. Where two people are needed: the proposal that now waits."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    judged = await _judge_reason(tx, entered, part, said)
    answer = rules.judge(entered.case, facts.Refuse(suborder_id, judged.reason), now)
    if isinstance(answer, facts.Refused) and answer.code == "four-eyes":
        return await proposals.propose(
            tx, REFUSAL, suborder_id, _said_body(said), by=by, now=now, root_id=entered.case.order_id
        )
    if isinstance(answer, facts.Refused) and judged.why is not None and answer.code == judged.reason.problem:
        refusal = acting.refusal_of(answer, kept=entered.fired)
        refusal.keep |= await _flag(tx, entered, part, said, judged.why, by=by)
        raise refusal
    await _refuse(tx, entered, part, said, judged, by=by, made_by=by.person_id, checked_by=None)
    return suborder_id


async def flag_misfit(tx: Tx, suborder_id: UUID, said: Said, why: reasons.Why, *, by: Seat, now: datetime) -> None:
    """Note a refusal that was sent by a form and went back to it, as `refuse_suborder` does for a machine's."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    await _flag(tx, entered, entered.part(suborder_id, by), said, why, by=by)


async def _flag(
    tx: Tx, entered: acting.Entered, part: facts.Part, said: Said, why: reasons.Why, *, by: Seat
) -> bool:  # fmt: skip
    whose = reasons.flags.Whose(entered.case.order_id, part.suborder_id, part.bank_id, part.branch_id)
    return await reasons.flags.note_attempt(tx, whose, said.code, said.words, why, by=by.person_id, now=entered.now)


async def make_offer(tx: Tx, suborder_id: UUID, offered: Offered, *, by: Seat, now: datetime) -> UUID | Proposal:
    """Offer a loan; its id. Above the approval level: the proposal that now waits for a second person."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    offer_id = new_id()
    case = await acting.with_context(tx, entered, suborder_id)
    answer = rules.judge(case, offer_command(suborder_id, offer_id, offered, shanghai_date(now)), now)
    if isinstance(answer, facts.Refused) and answer.code == "four-eyes":
        return await proposals.propose(
            tx, OFFER, suborder_id, _offered_body(offered), by=by, now=now, root_id=entered.case.order_id
        )
    await _offer(tx, entered, part, offer_id, offered, by=by, made_by=by.person_id, checked_by=None)
    return offer_id


async def pick_offer(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> UUID:
    """The firm takes this offer; every other bank is passed over and gives its money back."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.Pick(suborder_id), by=by)
    return suborder_id


@dataclass(frozen=True, slots=True)
class _Judged:
    reason: facts.Reason
    held: reasons.Held | None
    tree_version: int
    why: reasons.Why | None = None


async def weigh(
    tx: Tx, entered: acting.Entered, part: facts.Part, said: Said
) -> tuple[reasons.Held | reasons.NotHeld, bool]:
    """Whether a reason holds by the tree in force today and the evidence as it stands now; whether it needs two."""
    on = shanghai_date(entered.now)
    tree = await reasons.tree_in_force(tx, on)
    evidence = await evidence_of(tx, entered, part)
    from_pushed = part.state is State.PUSHED
    verdict = reasons.check(tree, said.code, said.words, said.claim, evidence, on, from_pushed=from_pushed)
    entry = await parties.shelf.list_in_force(tx, part.branch_id, part.product_id, on)
    return verdict, entry is not None and said.code in entry.two_person_reasons


async def _judge_reason(tx: Tx, entered: acting.Entered, part: facts.Part, said: Said) -> _Judged:
    """Hold the reason against the tree in force today and the evidence as it stands now."""
    tree = await reasons.tree_in_force(tx, shanghai_date(entered.now))
    verdict, needs_two = await weigh(tx, entered, part, said)
    from_pushed = part.state is State.PUSHED
    if isinstance(verdict, reasons.NotHeld):
        reason = facts.Reason(said.code, problem=verdict.problem, detail=verdict.why.value)
        return _Judged(reason, None, tree.version, verdict.why)
    # The tree has judged already whether the code may be used before acceptance, and on what evidence.
    return _Judged(facts.Reason(said.code, own_evidence=from_pushed, needs_two=needs_two), verdict, tree.version)


async def _refuse(
    tx: Tx, entered: acting.Entered, part: facts.Part, said: Said, judged: _Judged, *, by: Seat, made_by: UUID,
    checked_by: UUID | None,
) -> None:  # fmt: skip
    command = facts.Refuse(part.suborder_id, judged.reason, seconded=checked_by is not None)
    await acting.decide(tx, entered, command, by=by)
    assert judged.held is not None, "a refusal that was judged good rests on a reason that holds"
    reason, item = judged.held.reason, judged.held.item
    await store.insert_child(
        tx, "refusals", entered.case, part,
        {
            "reason_code": said.code, "tree_version": judged.tree_version, "said": said.words,
            "claim": _claim_body(said.claim), "evidence": _item_body(item), "reason_zh": reason.text_zh,
            "reason_en": reason.text_en, "cure_zh": reason.cure_zh, "cure_en": reason.cure_en,
            "ask_again_days": reason.ask_again_days, "refused_at": entered.now, "made_by": made_by,
            "checked_by": checked_by,
        },
    )  # fmt: skip


async def _offer(
    tx: Tx, entered: acting.Entered, part: facts.Part, offer_id: UUID, offered: Offered, *, by: Seat, made_by: UUID,
    checked_by: UUID | None,
) -> None:  # fmt: skip
    on = shanghai_date(entered.now)
    command = offer_command(part.suborder_id, offer_id, offered, on, seconded=checked_by is not None)
    await acting.decide(tx, entered, command, by=by)
    _, calendar = await clocks.calendar_on(tx, on)
    price = cost.cost_of(offered.amount_fen, offered.rate_ppm, offered.term_months, offered.repayment, offered.fees, on)
    fees = [{"name": fee.name, "amount_fen": fee.amount_fen, "months": fee.months} for fee in offered.fees]
    await store.insert_child(
        tx, "offers", entered.case, part,
        {
            "offer_id": offer_id, "amount_fen": offered.amount_fen, "rate_ppm": offered.rate_ppm,
            "term_months": offered.term_months, "repayment": offered.repayment.value, "fees": fees,
            "valid_workdays": offered.valid_workdays,
            "valid_until_on": add_workdays(calendar, on, offered.valid_workdays).due_on,
            "interest_fen": price.interest_fen, "total_cost_fen": price.total_cost_fen,
            "first_payment_fen": price.first_payment_fen, "apr_ppm": price.apr_ppm, "made_at": entered.now,
            "made_by": made_by, "checked_by": checked_by,
        },
    )  # fmt: skip


def price_of(body: Mapping[str, Any], on: date) -> cost.Cost:
    """What an offer that waits in a proposal would cost, paid out on a day."""
    made = _read_offered(body)
    return cost.cost_of(made.amount_fen, made.rate_ppm, made.term_months, made.repayment, made.fees, on)


def offer_command(
    suborder_id: UUID, offer_id: UUID, offered: Offered, on: date, *, seconded: bool = False
) -> facts.Offer:
    """An offer as the rules want it. Refuses `terms-out-of-range` for fees beyond reason."""
    fees_fen = sum(fee.amount_fen for fee in offered.fees)
    if (
        fees_fen > offered.amount_fen
        or any(not 0 <= fee.months <= offered.term_months for fee in offered.fees)
        or not cost.can_be_priced(
            offered.amount_fen, offered.rate_ppm, offered.term_months, offered.repayment, offered.fees
        )
    ):
        raise Refusal("terms-out-of-range", "费用超出合理范围")
    price = cost.cost_of(offered.amount_fen, offered.rate_ppm, offered.term_months, offered.repayment, offered.fees, on)
    return facts.Offer(
        suborder_id, offer_id, offered.amount_fen, offered.rate_ppm, offered.term_months, offered.valid_workdays,
        seconded, price.apr_ppm,
    )  # fmt: skip


# The second person. The case is locked before the proposal, and everything is judged again as it stands then.


async def _lock(tx: Tx, suborder_id: UUID) -> None:
    await store.lock_order(tx, await acting.find(tx, suborder_id))


async def _apply_refusal(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    entered = await acting.enter(tx, await acting.find(tx, proposal.case_id), now=now)
    part = entered.part(proposal.case_id, by)
    said = _read_said(proposal.body)
    judged = await _judge_reason(tx, entered, part, said)
    await _refuse(tx, entered, part, said, judged, by=by, made_by=proposal.made_by, checked_by=by.person_id)


async def _apply_offer(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    entered = await acting.enter(tx, await acting.find(tx, proposal.case_id), now=now)
    part = entered.part(proposal.case_id, by)
    await _offer(
        tx, entered, part, new_id(), _read_offered(proposal.body), by=by, made_by=proposal.made_by,
        checked_by=by.person_id,
    )  # fmt: skip


def _said_body(said: Said) -> dict[str, Any]:
    return {"code": said.code, "words": said.words, "claim": _claim_body(said.claim)}


def _read_said(body: Mapping[str, Any]) -> Said:
    claim = body["claim"]
    read = None
    if claim is not None:
        read = reasons.Claim(claim["path"], reasons.Comparison(claim["comparison"]), claim["value"])
    return Said(code=body["code"], words=body["words"], claim=read)


def _claim_body(claim: reasons.Claim | None) -> dict[str, Any] | None:
    if claim is None:
        return None
    return {"path": claim.path, "comparison": claim.comparison.value, "value": claim.value}


def _item_body(item: reasons.Item | None) -> dict[str, Any] | None:
    """What the refusal rests on, so that anybody who may read it can judge the claim again: the item as sealed.

    All of it is the firm's own: what it consented to, or what the bank says of it and shows to it.
    """
    if item is None:
        return None
    as_of = None if item.as_of_on is None else item.as_of_on.isoformat()
    return {"path": item.path, "source": item.source.value, "status": item.status.value, "value": item.value,
            "as_of_on": as_of}  # fmt: skip


def _offered_body(offered: Offered) -> dict[str, Any]:
    return {
        "amount_fen": offered.amount_fen, "rate_ppm": offered.rate_ppm, "term_months": offered.term_months,
        "repayment": offered.repayment.value, "valid_workdays": offered.valid_workdays,
        "fees": [[fee.name, fee.amount_fen, fee.months] for fee in offered.fees],
    }  # fmt: skip


def _read_offered(body: Mapping[str, Any]) -> Offered:
    fees: Sequence[tuple[str, int, int]] = body["fees"]
    return Offered(
        amount_fen=body["amount_fen"], rate_ppm=body["rate_ppm"], term_months=body["term_months"],
        repayment=cost.Repayment(body["repayment"]), valid_workdays=body["valid_workdays"],
        fees=tuple(cost.Fee(*fee) for fee in fees),
    )  # fmt: skip


proposals.register(Kind(OFFER, MAKERS, CHECKERS, _apply_offer, lock=_lock))
proposals.register(Kind(REFUSAL, MAKERS, CHECKERS, _apply_refusal, lock=_lock))
