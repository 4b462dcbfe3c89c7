"""What a replay reads of documents: promises with their limits, the evidence of refusals. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

# Who promised what: the act that starts each promise, and those that keep it.
ACTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ACCEPT": ("push", ("accept", "refuse")),
    "CONTACT": ("accept", ("contact", "refuse")),
    "DECISION": ("accept", ("offer", "refuse", "retract")),
    "SIGN": ("pick", ("sign", "reschedule")),
    "PAYOUT": ("sign", ("pay_out",)),
}


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise as its policy body states it: acts that start and stop it, and its limit in its unit.

    `pause_cap` is how many workdays a request for papers may set aside in all; 0 where nothing pauses.
    """

    code: str
    start: str
    stops: tuple[str, ...]
    limit: int
    pause_cap: int = 0
    calendar: str = "national"  # Whose days count: also `branch`, or the key of a calendar.
    unit: str = "workdays"


@dataclass(frozen=True, slots=True)
class DatedPromise:
    """A promise and the days on which a case may start under it, `valid_to` included. The newest version counts."""

    promise: Promise
    version: int
    valid_from: date
    valid_to: date | None


def read_promise(code: str, body: Mapping[str, Any]) -> Promise:
    """A clock's policy body as a promise; which acts start and stop it is what the promises themselves say."""
    base = code.partition("/")[0]
    start, stops = ACTS[base]
    return Promise(
        base, start, stops, int(body["count"]), int(body.get("pause_cap", 0)), body.get("calendar", "national"),
        body["unit"],
    )  # fmt: skip


def bears_out(claim: Mapping[str, Any] | None, evidence: Mapping[str, Any] | None) -> bool:
    """Whether the evidence kept with a refusal says what the refusal claims of it.

    >>> bears_out({"path": "x", "comparison": "lt", "value": 5}, {"path": "x", "status": "value", "value": 3})
    True
    >>> bears_out({"path": "x", "comparison": "lt", "value": 5}, {"path": "x", "status": "no_record", "value": None})
    False
    """
    if claim is None or evidence is None or claim.get("path") != evidence.get("path"):
        return False
    how, status = str(claim.get("comparison")), evidence.get("status", "value")
    if how in ("no_record", "not_collected"):
        return bool(status == how)
    left, right = evidence.get("value"), claim.get("value")
    if status != "value" or type(left) is not type(right) or left is None:
        return False
    tests = {"eq": left == right, "ne": left != right}
    if isinstance(left, int) and isinstance(right, int):
        tests |= {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}
    return bool(tests.get(how, False))
