"""通报: what a named bank and the regulator may do after a circular is published, and how much is put right. Pure.

The circular itself has no act: nothing of it is edited, a correction is a new one that refers to it. Each bank that it
names answers for itself.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

PPM: Final = 1_000_000


class State(StrEnum):
    NAMED = "named"
    ANSWERED = "answered"
    RETURNED = "returned"
    ACCEPTED = "accepted"  # Rectified: the regulator agrees that it is put right.


class Act(StrEnum):
    ANSWER = "answer"
    RETURN = "return"
    ACCEPT = "accept"


class Not(StrEnum):
    """Why an act is not allowed; the first that holds is the answer."""

    NOT_THEIRS = "not_theirs"
    SIDE = "side"
    STATE = "state"
    WORDS = "words"


S, A = State, Act
TRANSITIONS: Final[Mapping[tuple[State, Act], State]] = {
    (S.NAMED, A.ANSWER): S.ANSWERED,
    (S.RETURNED, A.ANSWER): S.ANSWERED,
    (S.ANSWERED, A.RETURN): S.RETURNED,
    (S.ANSWERED, A.ACCEPT): S.ACCEPTED,
}
HEAD_OFFICE: Final = frozenset({"bank_admin", "bank_client"})  # A machine that works for the bank as a whole.
REGULATOR: Final = frozenset({"regulator"})
ROLES_OF: Final[Mapping[Act, frozenset[str]]] = {A.ANSWER: HEAD_OFFICE, A.RETURN: REGULATOR, A.ACCEPT: REGULATOR}
WORDED: Final = frozenset({A.ANSWER, A.RETURN})
WORDS_MIN: Final = 4


@dataclass(frozen=True, slots=True)
class Moved:
    to: State


@dataclass(frozen=True, slots=True)
class Refused:
    why: Not


def judge(state: State, act: Act, *, bank_id: UUID, org_id: UUID, role: str, words: str = "") -> Moved | Refused:
    """Where an act of somebody leads for the named bank, or why it is not allowed.

    >>> judge(S.NAMED, A.ANSWER, bank_id=UUID(int=1), org_id=UUID(int=1), role="bank_admin", words="已整改到位")
    Moved(to=<State.ANSWERED: 'answered'>)
    >>> judge(S.NAMED, A.ACCEPT, bank_id=UUID(int=1), org_id=UUID(int=9), role="regulator")
    Refused(why=<Not.STATE: 'state'>)
    """
    if role != "regulator" and org_id != bank_id:
        return Refused(Not.NOT_THEIRS)
    if role not in ROLES_OF[act]:
        return Refused(Not.SIDE)
    to = TRANSITIONS.get((state, act))
    if to is None:
        return Refused(Not.STATE)
    if act in WORDED and len(words.strip()) < WORDS_MIN:
        return Refused(Not.WORDS)
    return Moved(to)


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of a circular: `value` of `of` for a bank or one of its branches; ppm where it is a share."""

    bank_id: UUID
    branch_id: UUID | None
    name: str
    value: int
    of: int
    ppm: int | None
    low_ppm: int | None
    high_ppm: int | None


@dataclass(frozen=True, slots=True)
class Document:
    """What is published, whole. `month` is its first day; `as_of` when the figures were taken from the journal."""

    title: str
    said: str
    measure: str
    month: date
    as_of: datetime
    rectify_by_on: date
    to_all: bool
    findings: tuple[Finding, ...]
    refers_to: UUID | None = None

    @property
    def bank_ids(self) -> tuple[UUID, ...]:
        """The banks that are named, each once."""
        return tuple(sorted({one.bank_id for one in self.findings}, key=str))


def written(document: Document) -> dict[str, Any]:
    """A document as it is kept: text and whole numbers only, so that it has one way of being written.

    >>> sorted(written(Document("t", "s", "m", date(2026, 1, 1), datetime(2026, 2, 1), date(2026, 3, 1), False, ())))
    ['as_of', 'findings', 'measure', 'month', 'rectify_by_on', 'refers_to', 'said', 'title', 'to_all']
    """
    return {
        "title": document.title, "said": document.said, "measure": document.measure,
        "month": document.month.isoformat(), "as_of": document.as_of.isoformat(),
        "rectify_by_on": document.rectify_by_on.isoformat(), "to_all": document.to_all,
        "refers_to": None if document.refers_to is None else str(document.refers_to),
        "findings": [
            {
                "bank_id": str(one.bank_id), "branch_id": None if one.branch_id is None else str(one.branch_id),
                "name": one.name, "value": one.value, "of": one.of, "ppm": one.ppm, "low_ppm": one.low_ppm,
                "high_ppm": one.high_ppm,
            }
            for one in document.findings
        ],
    }  # fmt: skip


def read(kept: Mapping[str, Any]) -> Document:
    """The document out of what `written` made of it."""
    findings = tuple(
        Finding(
            UUID(one["bank_id"]), None if one["branch_id"] is None else UUID(one["branch_id"]), one["name"],
            one["value"], one["of"], one["ppm"], one["low_ppm"], one["high_ppm"],
        )
        for one in kept["findings"]
    )  # fmt: skip
    return Document(
        kept["title"], kept["said"], kept["measure"], date.fromisoformat(kept["month"]),
        datetime.fromisoformat(kept["as_of"]), date.fromisoformat(kept["rectify_by_on"]), kept["to_all"], findings,
        None if kept["refers_to"] is None else UUID(kept["refers_to"]),
    )  # fmt: skip


def fingerprint(kept: Mapping[str, Any]) -> str:
    """SHA-256 of a document's one way of being written: keys sorted, no blanks, UTF-8.

    >>> fingerprint({"b": 1, "a": "通报"}) == fingerprint({"a": "通报", "b": 1})
    True
    """
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rectified:
    """How many of the named banks have put it right; `late` of the others are beyond the date."""

    done: int
    of: int
    late: int

    @property
    def ppm(self) -> int | None:
        return None if self.of == 0 else self.done * PPM // self.of


def rectified(states: Iterable[tuple[State, date]], today: date) -> Rectified:
    """The rectification rate over (state, rectify by).

    >>> rectified([(S.ACCEPTED, date(2026, 1, 9)), (S.NAMED, date(2026, 1, 9))], date(2026, 1, 10))
    Rectified(done=1, of=2, late=1)
    """
    rows = list(states)
    done = sum(state is S.ACCEPTED for state, _by in rows)
    late = sum(state is not S.ACCEPTED and today > by for state, by in rows)
    return Rectified(done, len(rows), late)
