"""How much a product would lend, measured by its decision document. Pure: facts in, a measure and its trace out.

The document (JSON Decision Model) is data that a bank may change; this module only runs it. Inside, integers stay exact
and every division is floored in the document itself; whatever leaves is an integer or a text, never a float.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import zen

Value = int | str
_UNIT_WORDS: Final = re.compile(r"（(?:分|百万分之)）|，分(?=）)| \((?:fen|ppm)\)")
FACT_MAX: Final = 10**15  # fen: ten trillion yuan. Beyond it the engine's decimals may run over.


class Status(StrEnum):
    """Unknown is not zero: the source has no record, or was never asked."""

    VALUE = "value"
    NO_RECORD = "no_record"
    NOT_COLLECTED = "not_collected"


@dataclass(frozen=True, slots=True)
class Input:
    """One fact as it goes into a model. `as_of_on`: the day its source states; None when there is no value."""

    name: str
    value: Value | None
    as_of_on: date | None
    source: str
    status: Status = Status.VALUE


@dataclass(frozen=True, slots=True)
class Measured:
    """What a document says. `raw_*` are before bounds and rounding; all are 0 when `why` is set."""

    amount_fen: int
    rate_ppm: int
    term_months: int
    raw_amount_fen: int
    raw_rate_ppm: int
    why: str | None
    trace: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BadModel:
    """The document broke its own contract on these facts; nothing is shown to anybody as an amount."""

    fault: str


OUTPUTS: Final = ("amount_fen", "rate_ppm", "term_months", "raw_amount_fen", "raw_rate_ppm")


def measure(document: str, facts: Mapping[str, Value | None]) -> Measured | BadModel:
    """Run a document on facts.

    `document`: JSON Decision Model as text. It must put out the five integers of `OUTPUTS` and `why`, which is null or
    a code; with a code every figure is 0, without one amount and rate are above 0.
    """
    out_of_range = [name for name, value in facts.items() if isinstance(value, int) and abs(value) > FACT_MAX]
    if out_of_range:
        return BadModel(f"fact out of range: {', '.join(sorted(out_of_range))}")
    try:
        answer = decision(document).evaluate(dict(facts), {"trace": True})
    except RuntimeError as error:
        return BadModel(_first_line(error))
    result = answer["result"]
    figures = [result.get(name) for name in OUTPUTS]
    if not all(isinstance(figure, int) and not isinstance(figure, bool) and figure >= 0 for figure in figures):
        return BadModel("a figure is no whole number")
    why = result.get("why")
    if not (why is None or isinstance(why, str)):
        return BadModel("why is no code")
    amount_fen, rate_ppm, term_months, raw_amount_fen, raw_rate_ppm = figures
    if (why is None) != (amount_fen > 0 and rate_ppm > 0) or (why is not None and any(figures)):
        return BadModel("an amount without a reason for it, or a reason beside an amount")
    return Measured(amount_fen, rate_ppm, term_months, raw_amount_fen, raw_rate_ppm, why, _trace(answer["trace"]))


@lru_cache(maxsize=256)
def decision(document: str) -> Any:
    """Compile a document once per process. Raises RuntimeError when it is no decision document."""
    compiled = zen.ZenEngine().create_decision(document)
    compiled.validate()
    return compiled


def features_hash(model_key: str, model_version: int, facts: Mapping[str, Value | None]) -> str:
    """SHA-256 over the model's name, its version and the facts: equal hashes mean an equal estimate.

    >>> features_hash("m", 1, {"a": 1, "b": None}) == features_hash("m", 1, {"b": None, "a": 1})
    True
    """
    body = json.dumps([model_key, model_version, dict(facts)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def oldest_on(inputs: Iterable[Input]) -> date | None:
    """How far an estimate's knowledge reaches: the day of its oldest input, since the chain is as old as that.

    >>> day = Input("x", 1, date(2020, 2, 21), "invoices")
    >>> oldest_on([day, Input("bank_rating", "A", date(2025, 9, 1), "bank"), Input("y", None, None, "tax")])
    datetime.date(2020, 2, 21)
    """
    return min((entry.as_of_on for entry in inputs if entry.as_of_on and entry.status is Status.VALUE), default=None)


def _trace(trace: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The engine's trace in running order: what each step took from its table or expressions, numbers as texts."""
    steps = sorted((step for step in trace.values() if step["traceData"] is not None), key=lambda step: step["order"])
    return tuple({"step": step["id"], "name": step["name"], "data": texts(step["traceData"])} for step in steps)


Shown = Mapping[str, Value | None]
Change = tuple[Shown, Shown]


def changes(before: Sequence[Shown], after: Sequence[Shown]) -> tuple[Change, ...]:
    """Which inputs of two estimates of one product differ in value or in being known at all, as (before, after).

    An input that only one of the two models reads is no change of the firm's, and is left out.
    """
    known = {entry["name"]: entry for entry in before}
    pairs = [(known[entry["name"]], entry) for entry in after if entry["name"] in known]
    return tuple((old, new) for old, new in pairs if (old["status"], old["value"]) != (new["status"], new["value"]))


def effects(
    document: str,
    before: Mapping[str, Value | None],
    after: Mapping[str, Value | None],
    names: Sequence[str],
    then_fen: int,
) -> tuple[int, tuple[int, ...]] | None:
    """What the document's own change, and then each changed fact in turn, did to the amount, in fen.

    One after the other from `before` to `after`, so that all of them add up to the whole difference from `then_fen`.
    None when the document gives no answer on the way.
    """
    facts = {name: before.get(name) for name in after}
    amounts = [then_fen]
    for step in ((), *((name,) for name in names)):
        facts |= {name: after[name] for name in step}
        outcome = measure(document, facts)
        if isinstance(outcome, BadModel):
            return None
        amounts.append(outcome.amount_fen)
    steps = [later - sooner for sooner, later in pairwise(amounts)]
    return steps[0], tuple(steps[1:])


def plain_words(words: str) -> str:
    """What an input is called where its value stands beside it with its unit, so that the unit is not said twice.

    >>> plain_words("近十二个月有效销项净额（不含税，分）"), plain_words("share of void invoices (ppm)")
    ('近十二个月有效销项净额（不含税）', 'share of void invoices')
    """
    return _UNIT_WORDS.sub("", words)


def texts(value: Any) -> Any:
    """A JSON value with its numbers as texts, so that none of them turns into a float on its way.

    >>> texts({"a": [1, 2.5, None, True]})
    {'a': ['1', '2.5', None, True]}
    """
    if isinstance(value, Mapping):
        return {key: texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    return value if value is None or isinstance(value, bool | str) else str(value)


def _first_line(error: Exception) -> str:
    """The engine adds a stack to its messages; that is nobody's business."""
    return str(error).partition("\n")[0][:300]
