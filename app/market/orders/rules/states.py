"""The table of the machine: which act takes a suborder from which state to which.

Source: the order design, section 3, for new loans. One table as data: the rule reads it, PostgreSQL holds a copy as a
foreign key, the documentation draws it. A further act or state is a further row.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    LISTED = "listed"  # On the frozen list, not shown to the bank yet; no suborder row exists.
    PUSHED = "pushed"  # Shown to the bank, which must accept or refuse.
    ACCEPTED = "accepted"  # The bank works on it and money is held.
    CONTACTED = "contacted"  # The bank has spoken with the firm.
    INVESTIGATING = "investigating"  # The bank looks into the case.
    OFFERED = "offered"  # The bank has decided: an offer stands until its day.
    PICKED = "picked"  # The firm chose this offer; the others are passed over.
    SIGNED = "signed"  # The contract stands, nothing is drawn.
    PAYING = "paying"  # Drawn in part.
    SERVICED = "serviced"  # Nothing more to draw: the loan runs.
    REFUSED = "refused"
    PASSED_OVER = "passed_over"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    MOVED = "moved"  # Another branch of the same bank goes on with it.
    SETTLED = "settled"  # The loan is over: nothing is owed, or what was owed is written off.


class Act(StrEnum):
    PUSH = "push"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CONTACT = "contact"
    INVESTIGATE = "investigate"
    ASK_PAPERS = "ask_papers"
    BRING_PAPERS = "bring_papers"
    CAP_PAPERS = "cap_papers"
    OFFER = "offer"
    PICK = "pick"
    PASS_OVER = "pass_over"  # noqa: S105
    SIGN = "sign"
    PAY_OUT = "pay_out"
    END_DRAWS = "end_draws"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    LAPSE = "lapse"
    LET_GO = "let_go"
    DENY_CONTACT = "deny_contact"
    CONTEST_PAPERS = "contest_papers"
    RETRACT = "retract"
    REASSIGN = "reassign"
    REOPEN = "reopen"  # An appeal was upheld: the bank looks once more, outside the places.
    REPAY = "repay"
    EXTEND = "extend"
    MARK_OVERDUE = "mark_overdue"
    SETTLE = "settle"
    RESCHEDULE = "reschedule"  # A deferral is agreed: its new schedule stands on the loan it points to.
    BREACH = "breach"  # A promise to the firm was not kept: recorded as history, the state stays.


class Clock(StrEnum):
    """Promises with a limit of time. UNTIL belongs to the order, all others to a suborder.

    Declared in the order in which clocks of one suborder fire that are due at the same instant: a pause ends before
    the deadline that it held back is judged.
    """

    PAPERS = "PAPERS"
    ACCEPT = "ACCEPT"
    CONTACT = "CONTACT"
    DECISION = "DECISION"
    RECOMMENDED = "RECOMMENDED"  # Of a recommended firm: an answer within a month of the recommendation.
    OFFER = "OFFER"
    SIGN = "SIGN"
    GRACE = "GRACE"  # After a breached SIGN: how long the firm may stay silent.
    PAYOUT = "PAYOUT"
    DRAWS = "DRAWS"
    DELIVERY = "DELIVERY"
    UNTIL = "UNTIL"


class End(StrEnum):
    """How an order ended; stored once, never left."""

    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    LAPSED = "lapsed"
    UNMATCHED = "unmatched"


class Standing(StrEnum):
    """What an order is, folded from its suborders."""

    POSTED = "posted"
    OPEN = "open"
    AGREED = "agreed"
    SERVICED = "serviced"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    LAPSED = "lapsed"
    UNMATCHED = "unmatched"


S, A = State, Act

TERMINAL: Final = frozenset({S.REFUSED, S.PASSED_OVER, S.WITHDRAWN, S.LAPSED, S.MOVED, S.SETTLED})
BEFORE_PICK: Final = (S.PUSHED, S.ACCEPTED, S.CONTACTED, S.INVESTIGATING, S.OFFERED)
BEFORE_SIGNING: Final = (*BEFORE_PICK, S.PICKED)
FROM_PICK_ON: Final = (S.PICKED, S.SIGNED, S.PAYING, S.SERVICED, S.SETTLED)
LENT: Final = (S.PAYING, S.SERVICED)
AT_WORK: Final = (S.ACCEPTED, S.CONTACTED, S.INVESTIGATING)
MOVABLE: Final = (S.PUSHED, S.ACCEPTED, S.CONTACTED)
PAPERS_ACTS: Final = (A.ASK_PAPERS, A.BRING_PAPERS, A.CAP_PAPERS, A.CONTEST_PAPERS)
RETRACTIONS: Final = ("fraud", "changed_facts")  # Why an offer may be taken back.

TRANSITIONS: Final[frozenset[tuple[State, Act, State]]] = frozenset(
    {
        (S.LISTED, A.PUSH, S.PUSHED),
        (S.PUSHED, A.ACCEPT, S.ACCEPTED),
        (S.ACCEPTED, A.CONTACT, S.CONTACTED),
        (S.CONTACTED, A.INVESTIGATE, S.INVESTIGATING),
        (S.CONTACTED, A.OFFER, S.OFFERED),
        (S.INVESTIGATING, A.OFFER, S.OFFERED),
        (S.OFFERED, A.PICK, S.PICKED),
        (S.PICKED, A.SIGN, S.SIGNED),
        (S.SIGNED, A.PAY_OUT, S.PAYING),
        (S.SIGNED, A.PAY_OUT, S.SERVICED),
        (S.PAYING, A.PAY_OUT, S.PAYING),
        (S.PAYING, A.PAY_OUT, S.SERVICED),
        (S.PAYING, A.END_DRAWS, S.SERVICED),
        (S.PUSHED, A.REFUSE, S.REFUSED),
        (S.SIGNED, A.LAPSE, S.LAPSED),
        (S.PICKED, A.LET_GO, S.LAPSED),
        (S.SIGNED, A.LET_GO, S.LAPSED),
        *((state, A.REFUSE, S.REFUSED) for state in AT_WORK),
        *((state, act, state) for state in AT_WORK for act in PAPERS_ACTS),
        *((S.PUSHED, act, S.PUSHED) for act in PAPERS_ACTS if act is not A.ASK_PAPERS),  # A request that came along.
        (S.LISTED, A.REOPEN, S.INVESTIGATING),
        *((state, A.REASSIGN, S.MOVED) for state in MOVABLE),
        *((state, A.DENY_CONTACT, S.ACCEPTED) for state in (S.CONTACTED, S.INVESTIGATING)),
        *((state, A.RETRACT, S.REFUSED) for state in (S.OFFERED, S.PICKED)),
        *((state, act, state) for state in LENT for act in (A.REPAY, A.EXTEND, A.MARK_OVERDUE)),
        (S.SERVICED, A.SETTLE, S.SETTLED),
        (S.PICKED, A.RESCHEDULE, S.SETTLED),
        *((state, A.PASS_OVER, S.PASSED_OVER) for state in BEFORE_PICK),
        *((state, A.WITHDRAW, S.WITHDRAWN) for state in BEFORE_SIGNING),
        *((state, A.REVOKE, S.WITHDRAWN) for state in BEFORE_SIGNING),
        *((state, A.LAPSE, S.LAPSED) for state in BEFORE_SIGNING),
        *((state, A.BREACH, state) for state in (*BEFORE_SIGNING, S.SIGNED, S.PAYING)),
    }
)

BANK_ACTS: Final = (
    A.ACCEPT, A.REFUSE, A.CONTACT, A.INVESTIGATE, A.ASK_PAPERS, A.OFFER, A.RETRACT, A.REASSIGN, A.SIGN, A.PAY_OUT,
    A.REPAY, A.EXTEND, A.MARK_OVERDUE, A.SETTLE, A.RESCHEDULE,
)  # fmt: skip
FIRM_ACTS: Final = (
    A.BRING_PAPERS, A.CONTEST_PAPERS, A.DENY_CONTACT, A.PICK, A.END_DRAWS, A.WITHDRAW, A.REVOKE, A.LET_GO,
)  # fmt: skip

TARGETS: Final[Mapping[tuple[State, Act], frozenset[State]]] = {
    (state, act): frozenset(to for s, a, to in TRANSITIONS if (s, a) == (state, act))
    for state, act in {(s, a) for s, a, _ in TRANSITIONS}
}
