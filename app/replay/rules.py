"""The figures of the four promises, reckoned day by day from the moves.

Pure, and deliberately naive: every deadline is found by walking the calendar one day at a time, so that nothing of the
arithmetic it checks can be wrong here in the same way.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.replay.calendars import DAY, Calendar, Calendars
from app.replay.documents import DatedPromise, Promise
from app.replay.moves import CHINA, begun, kept, line_of, pauses
from app.replay.moves import ENDS as ENDS
from app.replay.moves import Case as Case
from app.replay.moves import Move as Move
from app.replay.moves import china_day as china_day

Fact = tuple[str, datetime, int, int]  # Figure, the instant by which its month is told, value, of.
FORMULA: Final = 2  # 1: without what is owed and what was said, and with the rate of a deferral's offer.
FUNNEL: Final = ("push", "accept", "contact", "investigate", "offer", "pick", "sign", "pay_out")


class Outcome(StrEnum):
    """How one promise about one suborder came out, as of an instant."""

    MET = "met"
    BREACHED = "breached"
    VOID = "void"  # The suborder ended before the deadline, by no act of the promise's owner.
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Judged:
    """One promise about one suborder. `used` are counted, `paused` skipped workdays until it stopped (or `as_of`).

    `settled_at` is the instant of the outcome: the stop, or the deadline that passed.
    """

    suborder_id: UUID
    promise: str
    outcome: Outcome
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    settled_at: datetime | None
    used: int
    paused: int


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One figure of one group: `value` of `of`. What they count is said by the figure's name."""

    by: str
    key: str
    figure: str
    value: int
    of: int


def day_end(day: date) -> datetime:
    """24:00 of a day in China, as a UTC instant.

    >>> day_end(date(2025, 10, 15)).isoformat()
    '2025-10-15T16:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC) + DAY


def judge(case: Case, dated: Iterable[DatedPromise], calendar: Calendar | Calendars, as_of: datetime) -> Judged | None:
    """How one promise (given by its dated versions) came out for a suborder; None when it never started.

    Kept or broken by the calendar that it was counted by at the time; its days are told in the State Council's newest.
    """
    versions = tuple(dated)
    line = line_of(case, versions[0].promise, calendar, as_of)
    if line is None:
        return None
    start, promise = line.start, in_force(versions, china_day(line.start.at))
    if promise is None:
        return None
    if line.used:
        promise = replace(promise, limit=max(1, promise.limit - line.used))
    later = [move for move in kept(line.moves, as_of) if move.seq > start.seq]
    stop = next((move for move in later if move.act in promise.stops or move.to_state in ENDS), None)
    until = as_of if stop is None else stop.at
    days, stretches = calendar.of(begun(case, promise, start), as_of), pauses(line.moves)
    due_at, used, paused = _walk(promise, start.at, until, stretches, days)
    if days is not calendar.national or promise.unit != "workdays":
        _due_at, used, paused = _walk(replace(promise, unit="workdays"), start.at, until, stretches, calendar.national)
    if due_at is not None:
        # The deadline passed first. Work that came later still took its days.
        decided = next((move for move in later if move.act in promise.stops), None)
        stopped_at = None if decided is None else decided.at
        return Judged(
            case.suborder_id, promise.code, Outcome.BREACHED, start.at, stopped_at, due_at, due_at, used, paused
        )
    if stop is None:
        return Judged(case.suborder_id, promise.code, Outcome.RUNNING, start.at, None, None, None, used, paused)
    outcome = Outcome.MET if stop.act in promise.stops else Outcome.VOID
    return Judged(case.suborder_id, promise.code, outcome, start.at, stop.at, None, stop.at, used, paused)


def judge_case(
    case: Case, promises: Mapping[str, Sequence[DatedPromise]], calendar: Calendar | Calendars, as_of: datetime
) -> list[Judged]:
    """Every promise about one suborder, each by the edition for its kind where there is one (`DECISION/deferral`)."""
    codes = sorted(code for code in promises if "/" not in code)
    found = [judge(case, promises.get(f"{code}/{case.variant}", promises[code]), calendar, as_of) for code in codes]
    return [one for one in found if one is not None]


def in_force(versions: Iterable[DatedPromise], on: date) -> Promise | None:
    valid = [one for one in versions if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)]
    return max(valid, key=lambda one: one.version).promise if valid else None


def owed_to(case: Case, promises: Mapping[str, Sequence[DatedPromise]]) -> Iterator[Sequence[DatedPromise]]:
    """The promises about a case, in order of their codes: that of its type of loan, where there is one."""
    for code in sorted(one for one in promises if "/" not in one):
        yield promises.get(f"{code}/{case.loan_type}", promises[code])


def _walk(
    promise: Promise,
    start: datetime,
    until: datetime,
    stretches: Sequence[tuple[datetime, datetime | None]],
    calendar: Calendar,
) -> tuple[datetime | None, int, int]:
    """Walk from the day after `start` to the day of `until`: (the deadline if it has passed, counted, paused days).

    A day is skipped when the case is paused at its 24:00, as long as the cap lasts. The deadline is the 24:00 of the
    last day of the limit, for calendar days and months of the first workday from there on, and has passed when it is
    not after `until`. Every day counts for these, workdays alone for the others.
    """
    due_at: datetime | None = None
    counted = skipped = 0
    day = china_day(start)
    last = china_day(until)
    limit = _days(promise, day)
    while day < last:
        day += DAY
        is_worked = calendar.is_workday(day)
        if not is_worked and promise.unit == "workdays":
            continue
        end = day_end(day)
        if end <= until and skipped < promise.pause_cap and _is_paused(stretches, end):
            skipped += 1
            continue
        counted += 1
        if due_at is None and counted >= limit and is_worked and end <= until:
            due_at = end
    return due_at, counted, skipped


def _days(promise: Promise, start: date) -> int:
    """How many days the limit is; a month runs to the same day number, or to the last day of its month."""
    if promise.unit != "months":
        return promise.limit
    months = start.year * 12 + start.month - 1 + promise.limit
    day = start
    while day.year * 12 + day.month - 1 < months:
        day += DAY
    while day.day < start.day and (day + DAY).month == day.month:
        day += DAY
    return (day - start).days


def _is_paused(stretches: Sequence[tuple[datetime, datetime | None]], instant: datetime) -> bool:
    return any(asked <= instant and (ended is None or instant < ended) for asked, ended in stretches)


def reckon(
    cases: Sequence[Case],
    promises: Mapping[str, Sequence[DatedPromise]],
    calendar: Calendar | Calendars,
    as_of: datetime,
    month: str = "",
    said: Iterable[tuple[tuple[tuple[str, str], ...], Fact]] = (),
    formula: int = FORMULA,
) -> tuple[Row, ...]:
    """Every figure of every group, sorted: over all, by bank, branch, product, district, industry, size, type and
    month. With a `month` (YYYY-MM), of what is told in that month alone, with what is owed at its end, not by month.
    `said` are facts beside the cases, each with its groups."""
    gathered: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    medians: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for case in cases:
        judged = [judge(case, versions, calendar, as_of) for versions in owed_to(case, promises)]
        for figure, at, value, of in _facts(case, [one for one in judged if one], as_of, formula):
            if month and figure == "outstanding_fen" and formula > 1 and china_day(at).strftime("%Y-%m") <= month:
                for by, key in _groups(case, at)[:-1]:
                    gathered[by, key, "balance_fen"].append((value, of))
            if month and china_day(at).strftime("%Y-%m") != month:
                continue
            for by, key in _groups(case, at)[: -1 if month else None]:
                gathered[by, key, figure].append((value, of))
                if figure in MEDIANS:
                    medians[by, key, MEDIANS[figure]].append(value)
    for places, (figure, at, value, of) in said:
        told = china_day(at).strftime("%Y-%m")
        if month in ("", told):
            for by, key in (*places, *(() if month else (("month", told),))):
                gathered[by, key, figure].append((value, of))
    rows = [Row(*place, sum(v for v, _ in pairs), sum(o for _, o in pairs)) for place, pairs in gathered.items()]
    rows += [Row(*place, _twice_median(values), len(values)) for place, values in medians.items()]
    return tuple(sorted(rows))


MEDIANS: Final = {
    "workdays_to_decision": "workdays_to_decision_median_x2",
    "contact_seconds": "contact_seconds_median_x2",
}
IN_TIME: Final = {
    "ACCEPT": "answered_in_time",
    "CONTACT": "contacted_in_time",
    "DECISION": "decided_in_time",
    "SIGN": "signed_in_time",
    "PAYOUT": "paid_in_time",
}


def _groups(case: Case, at: datetime) -> tuple[tuple[str, str], ...]:
    return (
        ("all", ""),
        ("bank", case.bank),
        ("branch", case.branch),
        ("product", case.product),
        ("district", case.district),
        ("industry", case.industry),
        ("size", case.size),
        ("type", case.loan_type),
        ("month", china_day(at).strftime("%Y-%m")),
    )


def _facts(case: Case, judged: Sequence[Judged], as_of: datetime, formula: int) -> Iterator[Fact]:
    """What a suborder adds: (figure, the instant by which its month is told, value, of)."""
    moves = [move for move in case.moves if move.at <= as_of]
    firsts: dict[str, Move] = {}
    for move in moves:
        firsts.setdefault(move.act, move)
    standing = next((move for move in kept(case.moves, as_of) if move.act == "contact"), None)
    firsts.pop("contact", None)
    if standing is not None:
        firsts["contact"] = standing
    for act in FUNNEL:
        if act in firsts:
            yield f"funnel:{act}", firsts[act].at, 1, 1
    yield from _answers(firsts)
    yield from _money(moves, case.loan_type)
    yield from _loan(moves)
    yield from _lending(case, firsts, moves, formula)
    for sealed_at in case.sealed:
        if sealed_at <= as_of:
            yield "packages", sealed_at, 1, 1
    yield from _refusals(firsts)
    for one in judged:
        if one.outcome in (Outcome.MET, Outcome.BREACHED):
            assert one.settled_at is not None
            yield IN_TIME[one.promise], one.settled_at, int(one.outcome is Outcome.MET), 1
    yield from _decision_times(firsts, judged, as_of)


def _answers(firsts: Mapping[str, Move]) -> Iterator[Fact]:
    """Accepted among those the bank answered or let lapse; what the firm took back first counts nowhere."""
    lapse = firsts.get("lapse")
    refuse = firsts.get("refuse")
    if "accept" in firsts:
        yield "accepted", firsts["accept"].at, 1, 1
    elif refuse is not None:
        yield "accepted", refuse.at, 0, 1
    elif lapse is not None and lapse.cause == "ACCEPT":
        yield "accepted", lapse.at, 0, 1


def _money(moves: Sequence[Move], loan_type: str) -> Iterator[Fact]:
    """Granted, signed and paid out, each in fen, never added together. A deferral grants nothing: it puts off."""
    names = {"pick": "granted_fen", "sign": "signed_fen", "pay_out": "paid_out_fen", "reschedule": "deferred_fen"}
    for move in moves:
        if move.act in names and (move.act, loan_type) != ("pick", "deferral"):
            yield names[move.act], move.at, move.amount_fen, 1


def _lending(case: Case, firsts: Mapping[str, Move], moves: Sequence[Move], formula: int) -> Iterator[Fact]:
    """What was asked; of what was granted the unsecured part and the rate, weighted by yuan; first loans; renewals."""
    pick, draw, push = firsts.get("pick"), firsts.get("pay_out"), firsts.get("push")
    if push is not None:
        yield "asked_fen", push.at, case.asked_fen, 1
    if pick is not None and (formula == 1 or case.loan_type != "deferral"):
        yield "mean_rate", pick.at, pick.rate_ppm * (pick.amount_fen // 100), pick.amount_fen // 100
        if case.is_unsecured is not None:
            yield "unsecured_fen", pick.at, pick.amount_fen if case.is_unsecured else 0, pick.amount_fen
    if draw is not None:
        yield "first_loan", draw.at, int(draw.is_first), 1
    if case.loan_type == "renewal":
        answer = next((move for move in moves if move.act in {"pick", "refuse", "lapse"}), None)
        if answer is not None:
            yield "renewed", answer.at, int(answer.act == "pick"), 1


def _loan(moves: Sequence[Move]) -> Iterator[Fact]:
    """What came back, what was written off, and the balance by its changes: their sum to a day was owed on it."""
    owed = 0
    is_open = False
    for move in moves:
        before, was_open = owed, is_open
        match move.act:
            case "pay_out":
                owed, is_open = owed + move.amount_fen, True
            case "repay":
                yield "repaid_fen", move.at, move.amount_fen, 1
                owed -= move.amount_fen
            case "settle":
                if move.amount_fen:
                    yield "written_off_fen", move.at, move.amount_fen, 1
                owed, is_open = owed - move.amount_fen, False
            case _:
                continue
        yield "outstanding_fen", move.at, owed - before, int(is_open) - int(was_open)


def _refusals(firsts: Mapping[str, Move]) -> Iterator[Fact]:
    refuse = firsts.get("refuse")
    if refuse is not None:
        yield f"refused:{refuse.reason_code}", refuse.at, int(refuse.has_evidence), 1
        yield "refused_without_evidence", refuse.at, int(not refuse.has_evidence), 1


def _decision_times(firsts: Mapping[str, Move], judged: Sequence[Judged], as_of: datetime) -> Iterator[Fact]:
    accept, contact = firsts.get("accept"), firsts.get("contact")
    if accept is not None and contact is not None:
        yield "contact_seconds", contact.at, int((contact.at - accept.at).total_seconds()), 1
    decision = next((one for one in judged if one.promise == "DECISION"), None)
    if decision is None:
        return
    if decision.stopped_at is not None and decision.outcome is not Outcome.VOID:
        yield "workdays_to_decision", decision.stopped_at, decision.used, 1
    told_at = decision.settled_at or as_of
    yield "paused_workdays", told_at, decision.paused, decision.used + decision.paused


def _twice_median(values: Sequence[int]) -> int:
    """Twice the median, so that it stays whole.

    >>> _twice_median([3, 1, 2]), _twice_median([4, 1])
    (4, 5)
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] * 2 if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]


def compare(ours: Iterable[Row], shown: Iterable[Row]) -> tuple[str, ...]:
    """Every difference in words, sorted by place: `by key figure: replayed 1/2, shown 2/2`.

    A figure that one side lacks is a difference, unless it is 0 of 0.
    """
    left = {(row.by, row.key, row.figure): (row.value, row.of) for row in ours}
    right = {(row.by, row.key, row.figure): (row.value, row.of) for row in shown}
    nothing = (0, 0)
    return tuple(
        f"{' '.join(part or '-' for part in place)}: replayed {_said(left.get(place))}, shown {_said(right.get(place))}"
        for place in sorted(left.keys() | right.keys())
        if left.get(place, nothing) != right.get(place, nothing)
    )


def _said(pair: tuple[int, int] | None) -> str:
    return "nothing" if pair is None else f"{pair[0]}/{pair[1]}"
