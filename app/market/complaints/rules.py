"""A complaint: its states, who may do what in which, and what each act does to its clocks. Pure.

One table, (state, act, to), judged here and once more by PostgreSQL, which holds a copy. How few words are too few and
how long a firm may stay silent is dated data (policy `complaint`/`handling`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias


class State(StrEnum):
    NONE = "none"  # Before it is filed.
    FILED = "filed"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    DISPUTED = "disputed"
    ESCALATED = "escalated"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    FILE = "file"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ACCEPT = "accept"
    DISPUTE = "dispute"
    ESCALATE = "escalate"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    BREACH = "breach"


class Side(StrEnum):
    """Who acts. A branch's people and its head office are one side; their row-level security differs."""

    FIRM = "firm"
    BANK = "bank"
    SERVICE = "service"
    REGULATOR = "regulator"
    CLOCK = "clock"


class Finding(StrEnum):
    """What a complaint was found to be when it was closed."""

    FOUNDED = "founded"
    PARTLY = "partly"
    UNFOUNDED = "unfounded"


class Why(StrEnum):
    """Why an act is refused, beyond its state."""

    WORDS = "words"
    FINDING = "finding"
    NOT_LATE = "not_late"
    STILL_TIME = "still_time"


ACK, ANSWER_BY = "COMPLAINT_ACK", "COMPLAINT"
TERMINAL: Final = frozenset({State.ACCEPTED, State.CLOSED, State.WITHDRAWN})
WAITING: Final = frozenset({State.FILED, State.ACKNOWLEDGED})  # For the bank's answer.
OPEN: Final = frozenset(State) - TERMINAL - {State.NONE}
TRANSITIONS: Final[frozenset[tuple[State, Act, State]]] = frozenset(
    {
        (State.NONE, Act.FILE, State.FILED),
        (State.FILED, Act.ACKNOWLEDGE, State.ACKNOWLEDGED),
        *((state, Act.ANSWER, State.ANSWERED) for state in (State.FILED, State.ACKNOWLEDGED, State.DISPUTED)),
        (State.ESCALATED, Act.ANSWER, State.ESCALATED),
        (State.ANSWERED, Act.ACCEPT, State.ACCEPTED),
        (State.ANSWERED, Act.DISPUTE, State.DISPUTED),
        *((state, Act.ESCALATE, State.ESCALATED) for state in (*WAITING, State.DISPUTED)),
        *((state, Act.CLOSE, State.CLOSED) for state in (State.ANSWERED, State.DISPUTED, State.ESCALATED)),
        *((state, Act.WITHDRAW, State.WITHDRAWN) for state in OPEN),
        *((state, Act.BREACH, state) for state in WAITING),
    }
)
TO: Final[Mapping[tuple[State, Act], State]] = {(state, act): to for state, act, to in TRANSITIONS}
# Who may do an act; the state narrows it further for closing: what is escalated is the regulator's to close.
ACTORS: Final[Mapping[Act, frozenset[Side]]] = {
    Act.FILE: frozenset({Side.FIRM, Side.SERVICE}),  # Customer service for a firm that has given its word.
    Act.ACKNOWLEDGE: frozenset({Side.BANK}),
    Act.ANSWER: frozenset({Side.BANK}),
    Act.ACCEPT: frozenset({Side.FIRM}),
    Act.DISPUTE: frozenset({Side.FIRM}),
    Act.ESCALATE: frozenset({Side.SERVICE}),
    Act.CLOSE: frozenset({Side.SERVICE, Side.REGULATOR}),
    Act.WITHDRAW: frozenset({Side.FIRM}),
    Act.BREACH: frozenset({Side.CLOCK}),
}
NEEDS_WORDS: Final = frozenset({Act.FILE, Act.ANSWER, Act.DISPUTE, Act.ESCALATE, Act.CLOSE})
STOPS: Final[Mapping[Act, tuple[str, ...]]] = {Act.ACKNOWLEDGE: (ACK,), Act.ANSWER: (ACK, ANSWER_BY)}


@dataclass(frozen=True, slots=True)
class Handling:
    """The dated rules: fewest letters that say something; days of a firm's silence after which an answer may be
    closed."""

    words_min: int
    silent_days: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`is_late`: the answer's deadline is breached. `silent_until`: until then the firm may still say what it thinks of
    the answer."""

    state: State
    is_late: bool = False
    silent_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The act may be done: `to` follows; `stops` are the clocks whose promise it keeps, and `is_end` voids the rest."""

    to: State
    stops: tuple[str, ...]
    is_end: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is a problem; `allowed` the acts that this side may do now."""

    code: str
    why: Why | None = None
    allowed: tuple[Act, ...] = ()


Verdict: TypeAlias = Moved | Refused


def judge(
    facts: Facts, act: Act, side: Side, handling: Handling, *, said: str = "", finding: Finding | None = None,
    now: datetime | None = None,
) -> Verdict:  # fmt: skip
    """May `side` do `act` now? Judged in this order: whose act it is, the state, time, finding, words."""
    if side not in ACTORS[act]:
        return Refused("forbidden")
    if act not in allowed(facts, side, now):
        why = _untimely(facts, act, now)
        return Refused("wrong-state", why, allowed(facts, side, now))
    if act is Act.CLOSE and finding is None:
        return Refused("malformed-field", Why.FINDING)
    if act in NEEDS_WORDS and letters(said) < handling.words_min:
        return Refused("reason-empty", Why.WORDS)
    to = TO[facts.state, act]
    return Moved(to, STOPS.get(act, ()), to in TERMINAL)


def allowed(facts: Facts, side: Side, now: datetime | None) -> tuple[Act, ...]:
    """What this side may do in this state, in the order of the acts."""
    found = []
    for act in Act:
        if (facts.state, act) not in TO or side not in ACTORS[act]:
            continue
        if act is Act.CLOSE and (side is Side.REGULATOR) != (facts.state is State.ESCALATED):
            continue
        if _untimely(facts, act, now) is None:
            found.append(act)
    return tuple(found)


def _untimely(facts: Facts, act: Act, now: datetime | None) -> Why | None:
    if act is Act.ESCALATE and facts.state in WAITING and not facts.is_late:
        return Why.NOT_LATE
    if act is Act.CLOSE and facts.state is State.ANSWERED:
        until = facts.silent_until
        if until is None or now is None or now < until:
            return Why.STILL_TIME
    return None


def letters(said: str) -> int:
    """Letters, digits and ideographs that differ from the one before: "。。。。" and "啊啊啊啊" say nothing.

    >>> letters("没有联系我们"), letters("……！！！"), letters("啊啊啊啊")
    (6, 0, 1)
    """
    kept = [one for one in said if one.isalnum()]
    return sum(1 for n, one in enumerate(kept) if n == 0 or one != kept[n - 1])
