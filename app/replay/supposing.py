"""What a stretch of the past would have looked like under another promise. Pure.

History is judged again, not lived again: nobody would have acted otherwise, no hold would have expired sooner and no
reserve been asked. It answers how often the promise would have been kept had everybody done just what they did.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from app.replay.calendars import Calendar, Calendars
from app.replay.documents import DatedPromise, Promise
from app.replay.rules import Case, Judged, Outcome, china_day, day_end, in_force, judge

SETTLED: Final = (Outcome.MET, Outcome.BREACHED)
CURVE_DAYS: Final = 30
NO_LIMIT: Final = 10**6


@dataclass(frozen=True, slots=True)
class Supposition:
    """A promise (by its code) with another limit and another cap on pauses, both in workdays, for every case that it
    started for from `from_on` to `to_on`, both included; counted by other days where `days` names some of `DAYS`."""

    promise: str
    limit: int
    pause_cap: int
    from_on: date
    to_on: date
    days: str = ""


DAYS: Final = {
    "weekdays": Calendar(frozenset(), frozenset()),
    "every_day": Calendar(frozenset(), frozenset(), frozenset()),
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One case under both promises; `days_over` are the counted days that had ended when it stopped (or as of then),
    under the supposed cap, and `is_stopped` whether what was promised had been done."""

    case: Case
    actual: Judged
    supposed: Judged
    days_over: int
    is_stopped: bool


def weigh(
    case: Case, versions: Sequence[DatedPromise], calendar: Calendar | Calendars, as_of: datetime, asked: Supposition
) -> Weighed | None:
    """A case under the promise in force when it started and under the supposed one; None when it never started."""
    actual = judge(case, versions, calendar, as_of)
    if actual is None or not asked.from_on <= china_day(actual.started_at) <= asked.to_on:
        return None
    promise = in_force(versions, china_day(actual.started_at))
    assert promise is not None, "what was judged was promised"
    changed = replace(promise, limit=asked.limit, pause_cap=asked.pause_cap)
    days = DAYS.get(asked.days, calendar)
    supposed = _judge_as(case, changed, days, as_of)
    endless = _judge_as(case, replace(changed, limit=NO_LIMIT), days, as_of)
    until = endless.stopped_at or as_of
    return Weighed(case, actual, supposed, _ended(endless, until, days), endless.outcome is Outcome.MET)


def _judge_as(case: Case, promise: Promise, calendar: Calendar | Calendars, as_of: datetime) -> Judged:
    found = judge(case, [DatedPromise(promise, 0, date.min, None)], calendar, as_of)
    assert found is not None, "it started under the real promise too"
    return found


def _ended(endless: Judged, until: datetime, calendar: Calendar | Calendars) -> int:
    """Counted days whose 24:00 had come by `until`: the day under way counts as used, and has not ended."""
    today = china_day(until)
    under_way = today > china_day(endless.started_at) and calendar.national.is_workday(today) and day_end(today) > until
    return endless.used - int(under_way)


def tally(weighed: Iterable[Weighed]) -> dict[str, object]:
    """Both shares over all and by group, the share for every limit up to `CURVE_DAYS`, and the cases that change."""
    groups: dict[str, dict[str, list[int]]] = {by: defaultdict(lambda: [0, 0, 0, 0]) for by in GROUPS}
    curve = [[days, 0, 0] for days in range(1, CURVE_DAYS + 1)]
    changed: list[dict[str, object]] = []
    cases = 0
    for one in weighed:
        cases += 1
        for by, key in _places(one):
            _add(groups[by][key], one)
        for point in curve:
            _add_point(point, one)
        if one.actual.outcome is not one.supposed.outcome:
            changed.append(_change(one))
    changed.sort(key=lambda row: (str(row["started_at"]), str(row["suborder_id"])))
    return {
        "cases": cases, "curve": curve, "changed": changed,
        "groups": {by: [[key, *sums] for key, sums in sorted(found.items())] for by, found in groups.items()},
    }  # fmt: skip


GROUPS: Final = ("all", "bank", "branch", "product", "district", "type", "month")


def _places(one: Weighed) -> tuple[tuple[str, str], ...]:
    case, month = one.case, china_day(one.actual.started_at).strftime("%Y-%m")
    return (
        ("all", ""), ("bank", case.bank), ("branch", case.branch), ("product", case.product),
        ("district", case.district), ("type", case.loan_type), ("month", month),
    )  # fmt: skip


def _add(sums: list[int], one: Weighed) -> None:
    """Kept and settled as it was, kept and settled as supposed."""
    for place, judged in ((0, one.actual), (2, one.supposed)):
        sums[place] += judged.outcome is Outcome.MET
        sums[place + 1] += judged.outcome in SETTLED


def _add_point(point: list[int], one: Weighed) -> None:
    is_broken = one.days_over >= point[0]
    point[1] += one.is_stopped and not is_broken
    point[2] += one.is_stopped or is_broken


def _change(one: Weighed) -> dict[str, object]:
    return {
        "suborder_id": str(one.case.suborder_id), "bank": one.case.bank, "branch": one.case.branch,
        "started_at": one.actual.started_at.isoformat(), "was": one.actual.outcome.value,
        "would": one.supposed.outcome.value, "used": one.supposed.used, "paused": one.supposed.paused,
    }  # fmt: skip


def read_supposition(body: Mapping[str, object]) -> Supposition:
    """The body of a what-if as it is asked for."""
    return Supposition(
        str(body["promise"]), int(str(body["limit"])), int(str(body["pause_cap"])),
        date.fromisoformat(str(body["from_on"])), date.fromisoformat(str(body["to_on"])),
        str(body.get("days", "")),
    )  # fmt: skip
