"""督办: which act takes an urge from which state to which, and who may do it. Pure.

One table as data: the rule reads it, PostgreSQL holds a copy as a CHECK, pages draw their buttons from it. Words are of
the trade: issue 下发, receive 签收, reply 回复, rectify 整改, send back 退回, close 办结.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class State(StrEnum):
    ISSUED = "issued"
    RECEIVED = "received"
    REPLIED = "replied"  # What happened and what is being done is said; it is not put right yet.
    RECTIFIED = "rectified"  # The urged say that it is put right; whoever urged looks at it.
    SENT_BACK = "sent_back"  # Not good enough: the clock runs anew.
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"  # Taken back by whoever may urge: it should not have been issued.


class Act(StrEnum):
    RECEIVE = "receive"
    REPLY = "reply"
    RECTIFY = "rectify"
    SEND_BACK = "send_back"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    BREACH = "breach"  # The time for the reply is over: recorded, the state stays.


class Side(StrEnum):
    URGED = "urged"
    URGER = "urger"
    CLOCK = "clock"


class Addressee(StrEnum):
    """Who is urged: the three kinds of supervisors, from the nearest upwards."""

    BRANCH = "branch"
    HEAD_OFFICE = "head_office"
    SUPERVISOR = "supervisor"


class About(StrEnum):
    """What an urge is about."""

    SUBORDER = "suborder"
    COMPLAINT = "complaint"
    BRANCH = "branch"
    BANK = "bank"


class Not(StrEnum):
    """Why an act is not allowed, in the order in which the tests run; the first that holds is the answer."""

    NOT_THEIRS = "not_theirs"  # Somebody whom it does not concern: it is as if there were none.
    SIDE = "side"  # It concerns them, but the other side acts here.
    STATE = "state"
    MAKER = "maker"  # Whoever replied never closes or sends back.
    WORDS = "words"  # The act needs words.


S, A = State, Act
OPEN: Final = (S.ISSUED, S.RECEIVED, S.REPLIED, S.RECTIFIED, S.SENT_BACK)
ENDS: Final = frozenset({S.CLOSED, S.WITHDRAWN})
UNANSWERED: Final = (S.ISSUED, S.RECEIVED, S.SENT_BACK)  # The URGE clock runs, or has been broken, in these.
TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = {
    (S.ISSUED, A.RECEIVE): S.RECEIVED,
    (S.RECEIVED, A.REPLY): S.REPLIED,
    (S.SENT_BACK, A.REPLY): S.REPLIED,
    (S.REPLIED, A.RECTIFY): S.RECTIFIED,
    (S.REPLIED, A.SEND_BACK): S.SENT_BACK,
    (S.RECTIFIED, A.SEND_BACK): S.SENT_BACK,
    (S.RECTIFIED, A.CLOSE): S.CLOSED,
    **{(state, A.WITHDRAW): S.WITHDRAWN for state in OPEN},
    **{(state, A.BREACH): state for state in UNANSWERED},
}
SIDE_OF: Final[Mapping[Act, Side]] = {
    A.RECEIVE: Side.URGED, A.REPLY: Side.URGED, A.RECTIFY: Side.URGED,
    A.SEND_BACK: Side.URGER, A.CLOSE: Side.URGER, A.WITHDRAW: Side.URGER,
    A.BREACH: Side.CLOCK,
}  # fmt: skip
WORDED: Final = frozenset({A.REPLY, A.RECTIFY, A.SEND_BACK, A.WITHDRAW})
WORDS_MIN: Final = 4
ABOVE: Final[Mapping[Addressee, Sequence[Addressee]]] = {
    Addressee.BRANCH: (Addressee.HEAD_OFFICE, Addressee.SUPERVISOR),
    Addressee.HEAD_OFFICE: (Addressee.SUPERVISOR,),
    Addressee.SUPERVISOR: (Addressee.SUPERVISOR,),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts. `role` is a seat's: regulator, bank_admin, branch_checker, branch_clerk or bank_client, a bank's
    machine (for one branch, where it has one); None is the clock."""

    person_id: UUID | None
    role: str | None
    org_id: UUID | None = None
    branch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a judgement rests on. `by_hand`: a supervisor issued it, not a rung."""

    state: State
    addressee: Addressee
    bank_id: UUID
    branch_id: UUID | None
    by_hand: bool
    replied_by: UUID | None


@dataclass(frozen=True, slots=True)
class Moved:
    to: State


@dataclass(frozen=True, slots=True)
class Refused:
    why: Not


def sides(facts: Facts, person: Person) -> frozenset[Side]:
    """On which sides a person stands. Regulators urge, and are urged themselves at the highest rung; a head office is
    urged, may answer for its branch, and judges what a rung (never a regulator) urged its branch to do. A bank's
    machine answers as its head office does, and judges nothing."""
    if person.role is None:
        return frozenset({Side.CLOCK})
    if person.role == "regulator":
        return frozenset({Side.URGER, *([Side.URGED] if facts.addressee is Addressee.SUPERVISOR else [])})
    if person.org_id != facts.bank_id or facts.addressee is Addressee.SUPERVISOR:
        return frozenset()
    if person.role == "bank_admin":
        judges = facts.addressee is Addressee.BRANCH and not facts.by_hand
        return frozenset({Side.URGED, *([Side.URGER] if judges else [])})
    if person.role == "bank_client" and person.branch_id is None:
        return frozenset({Side.URGED})
    own = facts.addressee is Addressee.BRANCH and person.branch_id == facts.branch_id
    return frozenset({Side.URGED}) if own else frozenset()


def judge(facts: Facts, act: Act, person: Person, words: str = "") -> Moved | Refused:
    """Where an act leads, or why it is not allowed.

    >>> bank, one = UUID(int=1), UUID(int=2)
    >>> facts = Facts(S.ISSUED, Addressee.HEAD_OFFICE, bank, None, True, None)
    >>> judge(facts, A.RECEIVE, Person(one, "bank_admin", bank))
    Moved(to=<State.RECEIVED: 'received'>)
    >>> judge(facts, A.CLOSE, Person(one, "bank_admin", bank))
    Refused(why=<Not.SIDE: 'side'>)
    """
    theirs = sides(facts, person)
    if not theirs:
        return Refused(Not.NOT_THEIRS)
    if SIDE_OF[act] not in theirs:
        return Refused(Not.SIDE)
    to = TRANSITIONS.get((facts.state, act))
    if to is None:
        return Refused(Not.STATE)
    if act in (A.CLOSE, A.SEND_BACK) and person.person_id == facts.replied_by:
        return Refused(Not.MAKER)
    if act in WORDED and len(words.strip()) < WORDS_MIN:
        return Refused(Not.WORDS)
    return Moved(to)


def acts_for(facts: Facts, person: Person) -> tuple[Act, ...]:
    """What a person may do now, in the order of the table; words are asked for by the form."""
    return tuple(act for act in Act if isinstance(judge(facts, act, person, "。" * WORDS_MIN), Moved))
