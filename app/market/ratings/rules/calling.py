"""What comes of a call: nobody there, satisfied or not, and the answers to the dated questions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from app.market.ratings.rules.rating import Refused, Why

ANSWERS: Final = ("yes", "no", "unknown")


class CallState(StrEnum):
    WAITING = "waiting"
    SATISFIED = "satisfied"
    NOT = "not"
    UNREACHABLE = "unreachable"


class Outcome(StrEnum):
    """What one try came to."""

    REACHED = "reached"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Questions:
    """The dated questions: code → the answer that is bad; after how many tries nobody is reachable; the share of
    satisfied that is aimed at."""

    attempts_max: int
    goal_ppm: int
    bad: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the firm said: whether it is content, its answer to each question, its words, and whether it asks for a
    complaint in its name."""

    is_satisfied: bool
    answers: Mapping[str, str]
    said: str = ""
    complains: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """One try more: the state after it, and how many there were."""

    state: CallState
    attempts: int


Verdict: TypeAlias = Called | Refused


def judge_call(state: CallState, attempts: int, heard: Heard | None, questions: Questions) -> Verdict:
    """One try; `heard` is None where nobody answered. Each question has its answer, and nothing else does."""
    if state is not CallState.WAITING:
        return Refused("wrong-state", Why.CLOSED)
    if heard is None:
        last = attempts + 1 >= questions.attempts_max
        return Called(CallState.UNREACHABLE if last else CallState.WAITING, attempts + 1)
    if heard.answers.keys() != questions.bad.keys() or not set(heard.answers.values()) <= set(ANSWERS):
        return Refused("malformed-field", Why.TAGS)
    if heard.complains and not heard.said.strip():
        return Refused("reason-empty", Why.WORDS)
    return Called(CallState.SATISFIED if heard.is_satisfied else CallState.NOT, attempts + 1)
