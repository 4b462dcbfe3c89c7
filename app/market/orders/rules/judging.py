"""Whether an act may be done to an order, and what follows from it.

Total: every case and every command gives an Outcome or a Refused. Checks run in the declared order: the state first,
then what the act needs, then money. A clock that is due has been fired before this is asked.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.kernel.clock import shanghai_date
from app.kernel.text import match_key
from app.market.orders.rules import correcting, lending, linking
from app.market.orders.rules.facts import (
    Accept,
    AskPapers,
    BringPapers,
    Case,
    Command,
    Contact,
    EndDraws,
    Investigate,
    LetGo,
    LoanType,
    Offer,
    Origin,
    Outcome,
    Part,
    PayOut,
    Pick,
    Posted,
    Refuse,
    Refused,
    Revoke,
    Sign,
    TakenBack,
    Withdraw,
)
from app.market.orders.rules.states import (
    BANK_ACTS,
    BEFORE_PICK,
    BEFORE_SIGNING,
    FIRM_ACTS,
    FROM_PICK_ON,
    TARGETS,
    Act,
    Clock,
    State,
)
from app.market.orders.rules.steps import Working

ACT_OF: Final[dict[type[Any], Act]] = {
    Accept: Act.ACCEPT,
    Refuse: Act.REFUSE,
    Contact: Act.CONTACT,
    Investigate: Act.INVESTIGATE,
    AskPapers: Act.ASK_PAPERS,
    BringPapers: Act.BRING_PAPERS,
    Offer: Act.OFFER,
    Pick: Act.PICK,
    Sign: Act.SIGN,
    PayOut: Act.PAY_OUT,
    EndDraws: Act.END_DRAWS,
    LetGo: Act.LET_GO,
    Revoke: Act.REVOKE,
    Withdraw: Act.WITHDRAW,
    **correcting.ACT_OF,
    **linking.ACT_OF,
    **lending.ACT_OF,
}


def allowed_acts(part: Part) -> tuple[Act, ...]:
    """The acts that people may do to a suborder in its state, in the order of the table."""
    acts = [act for act in (*BANK_ACTS, *FIRM_ACTS) if (part.state, act) in TARGETS and lending.may(part, act)]
    if not _may_let_go(part):
        acts = [act for act in acts if act is not Act.LET_GO]
    if part.origin is Origin.APPEAL:
        acts = [act for act in acts if act is not Act.DENY_CONTACT]  # It is looked into without a call.
    if part.papers_open is None:
        acts = [act for act in acts if act not in (Act.BRING_PAPERS, Act.CONTEST_PAPERS)]
    return tuple(acts)


def judge(case: Case, command: Command, now: datetime) -> Outcome | Refused:
    """Say what `command` does to the order at `now`, or why it may not be done."""
    work = Working(case, now)
    if isinstance(command, Withdraw):
        refused = _withdraw(work)
    elif isinstance(command, Revoke):
        refused = _revoke(work, command)
    else:
        part = case.part(command.suborder_id)
        act = ACT_OF[type(command)]
        if act not in allowed_acts(part):
            return Refused("wrong-state", f"{act} is not possible in {part.state}", allowed_acts(part))
        refused = RULES[type(command)](work, part, command)
    if refused is not None:
        return refused
    work.settle()
    return Outcome(work.case, tuple(work.steps))


# One function per act: a Refused, or None after the work is noted.


def _accept(work: Working, part: Part, command: Accept) -> Refused | None:
    amount, terms = work.case.amount_fen, part.context.terms
    if terms is None or amount > terms.ceiling_fen:
        return Refused("above-ceiling", "the list in force does not cover the asked amount")
    # A deferral sets no money aside; one that came late from another branch does so with its offer.
    holds = part.loan_type is not LoanType.DEFERRAL and Clock.DECISION not in part.breached
    if holds and amount > part.context.room_fen:
        return Refused("quota-exhausted", "the pool has not enough money left")
    part = work.move(part, Act.ACCEPT, State.ACCEPTED, command=command)
    part = work.change(replace(part, accepted_at=work.at))
    if holds:
        work.hold(part, amount)
    return None


def _refuse(work: Working, part: Part, command: Refuse) -> Refused | None:
    reason = command.reason
    if not reason.code:
        return Refused("reason-required")
    if reason.problem:
        return Refused(reason.problem, reason.detail)
    if part.state is State.PUSHED and not reason.own_evidence:
        return Refused("evidence-missing", "before accepting, only the order, your list or your pool is evidence")
    if reason.needs_two and not command.seconded:
        return Refused("four-eyes", "this reason needs a second person")
    work.move(part, Act.REFUSE, State.REFUSED, command=command)
    return None


def _contact(work: Working, part: Part, command: Contact) -> Refused | None:
    assert part.accepted_at is not None
    if not part.accepted_at <= command.contacted_at <= work.at:
        return Refused("bad-time", "a contact lies between acceptance and now")
    work.move(part, Act.CONTACT, State.CONTACTED, command=command)
    return None


def _investigate(work: Working, part: Part, command: Investigate) -> Refused | None:
    work.move(part, Act.INVESTIGATE, State.INVESTIGATING, command=command)
    return None


def _ask_papers(work: Working, part: Part, command: AskPapers) -> Refused | None:
    # By how they read: another blank or width makes no other paper of it.
    items, asked = ({match_key(item) for item in named} for named in (command.items, part.papers_asked))
    if not items or len(items) < len(command.items):
        return Refused("papers-refused", "name every item once")
    if part.papers_open is not None:
        return Refused("papers-refused", "a request is open")
    if items & asked:
        return Refused("papers-refused", "an item was asked for before")
    if command.in_package:
        return Refused("papers-refused", "an item is in the package")
    if Clock.DECISION in part.breached or not part.context.decision_runs:
        return Refused("papers-refused", "the time for the decision is over")
    if part.context.pause_left <= 0:
        return Refused("papers-refused", "no time for papers is left")
    part = work.move(part, Act.ASK_PAPERS, part.state, command=command)
    work.change(replace(part, papers_open=command.request_id, papers_asked=part.papers_asked.union(command.items)))
    return None


def _bring_papers(work: Working, part: Part, command: BringPapers) -> Refused | None:
    work.change(replace(work.move(part, Act.BRING_PAPERS, part.state, command=command), papers_open=None))
    return None


def _offer(work: Working, part: Part, command: Offer) -> Refused | None:
    terms, amount, bounds = part.context.terms, command.amount_fen, work.case.bounds
    if not 0 < amount <= work.case.amount_fen:
        return Refused("amount-out-of-range", "an offer is above nothing and at most what was asked for")
    if part.held_fen and amount > part.held_fen:
        return Refused("amount-exceeds-hold")
    if terms is None:
        return Refused("above-ceiling", "no list has been published for this product")
    if amount < min(work.case.amount_fen, max(terms.amount_min_fen, bounds.amount_min_fen)):
        return Refused("amount-out-of-range", "an offer is at least the product's least amount")
    if not terms.rate_min_ppm <= command.rate_ppm <= terms.rate_max_ppm:
        return Refused("terms-out-of-range", "the rate is outside the product")
    if not terms.term_months_min <= command.term_months <= terms.term_months_max:
        return Refused("terms-out-of-range", "the term is outside the product")
    if not bounds.offer_workdays_min <= command.valid_workdays <= bounds.offer_workdays_max:
        return Refused("terms-out-of-range", "the offer stands for too few or too many workdays")
    if command.apr_ppm > bounds.apr_max_ppm:
        return Refused("terms-out-of-range", "with its fees it costs more in a year than is allowed")
    if amount > terms.approval_level_fen and not command.seconded:
        return Refused("four-eyes", "an offer above the approval level needs a second person")
    holds = part.loan_type is not LoanType.DEFERRAL
    if holds and part.held_fen == 0 and amount > part.context.room_fen:
        return Refused("quota-exhausted", "the hold has expired and the pool has not enough money left")
    part = work.move(part, Act.OFFER, State.OFFERED, command=command)
    if holds:
        part = work.shrink_to(part, amount) if part.held_fen else work.hold(part, amount)
    work.change(replace(part, offer_id=command.offer_id, offered_fen=amount, papers_open=None))
    return None


def _pick(work: Working, part: Part, command: Pick) -> Refused | None:
    if any(one.state in FROM_PICK_ON for one in work.case.parts):
        return Refused("wrong-state", "an offer is picked already", allowed_acts(part))
    part = work.move(part, Act.PICK, State.PICKED, command=command)
    work.change(replace(part, picked_at=work.at))
    for other in work.case.live:
        if other.state in BEFORE_PICK:
            work.move(other, Act.PASS_OVER, State.PASSED_OVER)
    return None


def _sign(work: Working, part: Part, command: Sign) -> Refused | None:
    assert part.picked_at is not None
    if not 0 < command.amount_fen <= part.offered_fen:
        return Refused("amount-exceeds-hold", "a contract is at most the offer")
    if command.amount_fen < min(part.offered_fen, work.case.bounds.amount_min_fen):
        return Refused("amount-out-of-range", "a contract is at least the least amount of an order")
    if not shanghai_date(part.picked_at) <= command.signed_on <= command.today:
        return Refused("bad-time", "a contract is signed between the pick and today")
    if not command.today <= command.draw_until_on <= command.signed_on + timedelta(days=work.case.bounds.draw_days_max):
        return Refused("terms-out-of-range", "the draw period is too long")
    part = work.move(part, Act.SIGN, State.SIGNED, command=command)
    part = work.shrink_to(part, command.amount_fen)
    work.change(replace(part, signed_fen=command.amount_fen, signed_on=command.signed_on))
    return None


def _pay_out(work: Working, part: Part, command: PayOut) -> Refused | None:
    assert part.signed_on is not None
    if not 0 < command.amount_fen <= part.signed_fen - part.paid_fen:
        return Refused("amount-exceeds-hold", "all draws together are at most the contract")
    if not part.signed_on <= command.paid_on <= command.today:
        return Refused("bad-time", "a draw is paid between signing and today")
    paid = part.paid_fen + command.amount_fen
    to = State.SERVICED if paid == part.signed_fen else State.PAYING
    part = work.move(part, Act.PAY_OUT, to, command=command)
    work.steps.append(Posted(part, command.draw_id, command.amount_fen, work.at))
    work.change(replace(part, paid_fen=paid, held_fen=part.held_fen - command.amount_fen))
    return None


def _end_draws(work: Working, part: Part, command: EndDraws) -> Refused | None:
    work.release(work.move(part, Act.END_DRAWS, State.SERVICED, cause="waived", command=command))
    return None


def _let_go(work: Working, part: Part, command: LetGo) -> Refused | None:
    work.move(part, Act.LET_GO, State.LAPSED, cause="let_go", command=command)
    return None


def _withdraw(work: Working) -> Refused | None:
    case = work.case
    if case.end is not None or any(
        part.state is State.SETTLED or (part.is_live and part.state not in BEFORE_SIGNING) for part in case.parts
    ):
        return Refused("wrong-state", "an order is withdrawn before it is signed or ended")
    work.case = replace(case, withdrawn_at=work.at)
    work.steps.append(TakenBack(work.at))
    for part in case.live:
        work.move(part, Act.WITHDRAW, State.WITHDRAWN, cause="withdrawn")
    return None


def _revoke(work: Working, command: Revoke) -> Refused | None:
    """Never refuses: a consent is free to take back. After signing the loan stays, only access ends."""
    listed = tuple(
        replace(one, holds=False) if one.consent_id == command.consent_id else one for one in work.case.listed
    )
    work.case = replace(work.case, listed=listed)
    for part in work.case.live:
        if part.consent_id == command.consent_id and part.state in BEFORE_SIGNING:
            work.move(part, Act.REVOKE, State.WITHDRAWN, cause="revoked")
    return None


def _may_let_go(part: Part) -> bool:
    broken = {State.PICKED: Clock.SIGN, State.SIGNED: Clock.PAYOUT}.get(part.state)
    return broken is not None and broken in part.breached


RULES: Final[dict[type[Any], Callable[[Working, Part, Any], Refused | None]]] = {
    Accept: _accept,
    Refuse: _refuse,
    Contact: _contact,
    Investigate: _investigate,
    AskPapers: _ask_papers,
    BringPapers: _bring_papers,
    Offer: _offer,
    Pick: _pick,
    Sign: _sign,
    PayOut: _pay_out,
    EndDraws: _end_draws,
    LetGo: _let_go,
    **correcting.RULES,
    **linking.RULES,
    **lending.RULES,
}
