"""Whether a refusal of a loan holds: its code, its words, and what its evidence says.

Pure. The tree is dated data; the evidence is what was sealed before the decision. A reason holds only where its path
resolves in the evidence and the claim's comparison is true there. Unknown is never proof: "no record" (the source was
asked and has none) and "not collected" (nobody asked) are two different answers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.market.reasons.rules.wording import Wording, text_fault


class Comparison(StrEnum):
    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    NO_RECORD = "no_record"  # The source was asked and has nothing.
    NOT_COLLECTED = "not_collected"  # The source was never asked.


class Status(StrEnum):
    VALUE = "value"
    NO_RECORD = "no_record"
    NOT_COLLECTED = "not_collected"


class Source(StrEnum):
    """Where an item of evidence comes from."""

    PACKAGE = "package"  # The sealed credit data package.
    BANK_INPUT = "bank_input"  # The bank's own, recorded before accept and sealed beside the package.
    ORDER = "order"  # What the firm asked for.
    LIST = "list"  # The bank's own published list.
    POOL = "pool"  # The bank's own pool.
    FIRM_WORD = "firm_word"  # What the firm itself said here.


OWN_SOURCES: Final = frozenset({Source.ORDER, Source.LIST, Source.POOL})  # All that a bank knows before it accepts.


class Why(StrEnum):
    """Why a reason does not hold, in the order the checks run; the first that holds is the answer."""

    UNKNOWN = "unknown"
    NOT_IN_FORCE = "not_in_force"
    NOT_FROM_PUSHED = "not_from_pushed"
    TEXT_EMPTY = "text_empty"  # Only words that fit every refusal.
    TEXT_SHORT = "text_short"
    TEXT_LEAKS = "text_leaks"  # A score of a model, a number of a person, what another source said in confidence.
    CLAIM_MISSING = "claim_missing"
    PATH_NOT_ALLOWED = "path_not_allowed"  # The path has nothing to do with this reason.
    COMPARISON_NOT_ALLOWED = "comparison_not_allowed"
    VALUE_NOT_ALLOWED = "value_not_allowed"  # A threshold that proves nothing (turnover below ten trillion).
    ITEM_MISSING = "item_missing"  # The path does not resolve in the evidence.
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    FIRM_WORD_MISSING = "firm_word_missing"
    ITEM_NOT_COLLECTED = "item_not_collected"
    ITEM_NO_RECORD = "item_no_record"
    ITEM_STALE = "item_stale"
    CLAIM_FALSE = "claim_false"


PROBLEM_OF: Final[Mapping[Why, str]] = {
    Why.UNKNOWN: "reason-unknown",
    Why.NOT_IN_FORCE: "reason-unknown",
    Why.NOT_FROM_PUSHED: "evidence-missing",
    Why.TEXT_EMPTY: "reason-empty",
    Why.TEXT_SHORT: "reason-empty",
    Why.TEXT_LEAKS: "reason-leaks",
    Why.CLAIM_MISSING: "evidence-missing",
    Why.PATH_NOT_ALLOWED: "evidence-missing",
    Why.COMPARISON_NOT_ALLOWED: "evidence-contradicts",
    Why.VALUE_NOT_ALLOWED: "evidence-contradicts",
    Why.ITEM_MISSING: "evidence-missing",
    Why.SOURCE_NOT_ALLOWED: "evidence-missing",
    Why.FIRM_WORD_MISSING: "evidence-missing",
    Why.ITEM_NOT_COLLECTED: "evidence-missing",
    Why.ITEM_NO_RECORD: "evidence-missing",
    Why.ITEM_STALE: "evidence-missing",
    Why.CLAIM_FALSE: "evidence-contradicts",
}

Value = int | str


@dataclass(frozen=True, slots=True)
class Claim:
    """What the bank says of one item: `path comparison value`. No value for the two comparisons of absence."""

    path: str
    comparison: Comparison
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of evidence. `as_of_on` is the day its source states; None when the source states none."""

    path: str
    source: Source
    status: Status
    value: Value | None = None
    as_of_on: date | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """One way in which a reason may be proved: these paths, these comparisons, these sources."""

    path: re.Pattern[str]
    comparisons: frozenset[Comparison]
    sources: frozenset[Source]
    value_min: int | None = None
    value_max: int | None = None
    values: frozenset[str] | None = None
    age_days_max: int | None = None
    back_days_max: int | None = None  # The value is a day (YYYYMMDD), at most so long ago: all were founded after 1900.


@dataclass(frozen=True, slots=True)
class Reason:
    """A leaf of the tree. `proofs` is empty only for reasons that need no evidence."""

    code: str
    group: str
    text_zh: str
    text_en: str
    proofs: tuple[Proof, ...]
    curable: bool
    cure_zh: str
    cure_en: str
    ask_again_days: int | None
    from_pushed: bool
    needs_firm_word: bool
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    version: int
    reasons: Mapping[str, Reason]
    wording: Wording


@dataclass(frozen=True, slots=True)
class Held:
    """The reason holds. `item` is the evidence that bears it out; None when none was needed."""

    reason: Reason
    item: Item | None


@dataclass(frozen=True, slots=True)
class NotHeld:
    why: Why

    @property
    def problem(self) -> str:
        """The problem type that tells it."""
        return PROBLEM_OF[self.why]


def check(
    tree: Tree,
    code: str,
    text: str,
    claim: Claim | None,
    evidence: Mapping[str, Item],
    on: date,
    *,
    from_pushed: bool = False,
) -> Held | NotHeld:
    """Whether the refusal `code` with its words and claim holds on the day `on`, on this evidence.

    `evidence` maps a path to its sealed item. `from_pushed`: the bank refuses before it has accepted.
    """
    reason = tree.reasons.get(code)
    if reason is None:
        return NotHeld(Why.UNKNOWN)
    if not in_force(reason, on):
        return NotHeld(Why.NOT_IN_FORCE)
    if from_pushed and not reason.from_pushed:
        return NotHeld(Why.NOT_FROM_PUSHED)
    if (fault := text_fault(text, tree.wording)) is not None:
        return NotHeld(Why(fault.value))
    if not reason.proofs:
        return Held(reason, None)
    if claim is None:
        return NotHeld(Why.CLAIM_MISSING)
    return _prove(reason, claim, evidence, on, from_pushed)


def in_force(reason: Reason, on: date) -> bool:
    """`valid_to` is the last day, as everywhere in policies."""
    return reason.valid_from <= on and (reason.valid_to is None or on <= reason.valid_to)


def _prove(reason: Reason, claim: Claim, evidence: Mapping[str, Item], on: date, from_pushed: bool) -> Held | NotHeld:
    """The claim must fit one of the reason's proofs; of several misfits the one that came furthest is told."""
    fitting = [proof for proof in reason.proofs if proof.path.fullmatch(claim.path)]
    if not fitting:
        return NotHeld(Why.PATH_NOT_ALLOWED)
    item = evidence.get(claim.path)
    if from_pushed and item is not None and item.source not in OWN_SOURCES:
        return NotHeld(Why.SOURCE_NOT_ALLOWED)
    misfits = [_misfit(proof, claim, item, on) for proof in fitting]
    if None in misfits:
        return Held(reason, item)
    order = tuple(Why)
    return NotHeld(max((why for why in misfits if why is not None), key=order.index))


def _misfit(proof: Proof, claim: Claim, item: Item | None, on: date) -> Why | None:
    if claim.comparison not in proof.comparisons:
        return Why.COMPARISON_NOT_ALLOWED
    if not _value_allowed(proof, claim, on):
        return Why.VALUE_NOT_ALLOWED
    if item is None:
        return Why.FIRM_WORD_MISSING if proof.sources == {Source.FIRM_WORD} else Why.ITEM_MISSING
    if item.source not in proof.sources:
        return Why.FIRM_WORD_MISSING if proof.sources == {Source.FIRM_WORD} else Why.SOURCE_NOT_ALLOWED
    if claim.comparison is Comparison.NOT_COLLECTED:
        return None if item.status is Status.NOT_COLLECTED else Why.CLAIM_FALSE
    if item.status is Status.NOT_COLLECTED:
        return Why.ITEM_NOT_COLLECTED
    if is_stale(item, proof, on):
        return Why.ITEM_STALE
    if claim.comparison is Comparison.NO_RECORD:
        return None if item.status is Status.NO_RECORD else Why.CLAIM_FALSE
    if item.status is Status.NO_RECORD:
        return Why.ITEM_NO_RECORD
    return None if compares(item.value, claim.comparison, claim.value) else Why.CLAIM_FALSE


def is_stale(item: Item, proof: Proof, on: date) -> bool:
    """An item without a date is stale where an age is asked for: nobody can say that it is fresh."""
    if proof.age_days_max is None:
        return False
    return item.as_of_on is None or (on - item.as_of_on).days > proof.age_days_max


def _value_allowed(proof: Proof, claim: Claim, on: date) -> bool:
    if claim.comparison in (Comparison.NO_RECORD, Comparison.NOT_COLLECTED):
        return claim.value is None
    if claim.value is None or isinstance(claim.value, bool):
        return False
    if isinstance(claim.value, str):
        return proof.values is None or claim.value in proof.values
    if proof.values is not None or not _is_recent(claim.value, proof.back_days_max, on):
        return False
    above = proof.value_min is None or claim.value >= proof.value_min
    return above and (proof.value_max is None or claim.value <= proof.value_max)


def _is_recent(value: int, back_days_max: int | None, on: date) -> bool:
    if back_days_max is None:
        return True
    try:
        day = date(value // 10_000, value // 100 % 100, value % 100)
    except ValueError:
        return False
    return 0 <= (on - day).days <= back_days_max


_TEST: Final[Mapping[Comparison, Callable[[int, int], bool]]] = {
    Comparison.EQ: lambda left, right: left == right,
    Comparison.NE: lambda left, right: left != right,
    Comparison.LT: lambda left, right: left < right,
    Comparison.LE: lambda left, right: left <= right,
    Comparison.GT: lambda left, right: left > right,
    Comparison.GE: lambda left, right: left >= right,
}


def compares(left: Value | None, comparison: Comparison, right: Value | None) -> bool:
    """Numbers compare as numbers; texts are equal or not; a number and a text never compare.

    >>> compares(5, Comparison.LT, 7), compares("5", Comparison.LT, 7), compares("C", Comparison.EQ, "C")
    (True, False, True)
    """
    if isinstance(left, int) and isinstance(right, int):
        return _TEST[comparison](left, right)
    if isinstance(left, str) and isinstance(right, str):
        return (left == right) if comparison is Comparison.EQ else comparison is Comparison.NE and left != right
    return False
