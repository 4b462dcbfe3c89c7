"""Conduct measured a second time: in Python, day by day over the moves, owing nothing to the SQL that pages read."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

from app.kernel.clock import SHANGHAI

Admin = asyncpg.Connection
Fact = tuple[str, str, int, int]  # suborder, measure, value, whole
WORK = ("accepted", "contacted", "investigating")
LIMITS = {"ACCEPT": 2, "CONTACT": 3, "DECISION": 10, "SIGN": 5, "PAYOUT": 5}
STARTS = {"push": ("ACCEPT",), "accept": ("CONTACT", "DECISION"), "pick": ("SIGN",), "sign": ("PAYOUT",)}
KEPT = {"accept": "ACCEPT", "contact": "CONTACT", "offer": "DECISION", "sign": "SIGN", "pay_out": "PAYOUT"}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    red: int = 90
    near: int = 2
    alike: float = 0.8
    alike_days: int = 90


class Days:
    """The calendar document, read naively."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.weekend = set(body["weekend"])
        self.off: set[date] = set()
        self.on: set[date] = set()
        for year in body["years"]:
            for one in year["holidays"]:
                day = date.fromisoformat(one["from"])
                while day <= date.fromisoformat(one["to"]):
                    self.off.add(day)
                    day += DAY
            self.on |= {date.fromisoformat(one["on"]) for one in year["make_up"]}

    def worked(self, day: date) -> bool:
        return day in self.on or (day not in self.off and day.isoweekday() not in self.weekend)


@dataclass
class Case:
    """One suborder: its moves in order, and when its papers stopped the clock."""

    key: str
    moves: Sequence[Mapping[str, Any]]

    def first(self, *acts: str) -> Mapping[str, Any] | None:
        return next((one for one in self.moves if one["act"] in acts), None)

    def started(self, promise: str) -> datetime | None:
        begins = [one["at"] for one in self.moves if promise in STARTS.get(one["act"], ())]
        return begins[0] if begins else None

    def pauses(self) -> list[tuple[datetime, datetime | None]]:
        """From each request for papers to what ended it: the papers, the cap, or the end of the work."""
        found: list[tuple[datetime, datetime | None]] = []
        begun: datetime | None = None
        for one in self.moves:
            if one["act"] == "ask_papers":
                begun = one["at"]
            elif begun and (one["act"] in ("bring_papers", "cap_papers") or one["to_state"] not in WORK):
                found.append((begun, one["at"]))
                begun = None
        return [*found, (begun, None)] if begun else found

    def left(self) -> Mapping[str, Any] | None:
        return next((one for one in self.moves if one["from_state"] in WORK and one["to_state"] not in WORK), None)


def local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + DAY


def paused_at(pauses: Sequence[tuple[datetime, datetime | None]], at: datetime) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in pauses)


def walk(start: datetime, at: datetime, days: Days) -> Iterator[date]:
    """The workdays after the day of the start, up to the day of the act."""
    day = local(start).date() + DAY
    while day <= local(at).date():
        if days.worked(day):
            yield day
        day += DAY


def used(start: datetime, at: datetime, pauses: Sequence[tuple[datetime, datetime | None]], days: Days) -> timedelta:
    """Counted time: whole workdays that were not paused at their 24:00, and the part of today unless paused now."""
    total = timedelta()
    for day in walk(start, at, days):
        if day < local(at).date():
            total += timedelta() if paused_at(pauses, midnight_after(day)) else DAY
        elif not any(begin < at and (end is None or end > at) for begin, end in pauses):
            total += local(at) - datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return total


def due(start: datetime, limit: int, pauses: Sequence[tuple[datetime, datetime | None]], days: Days) -> datetime:
    """The 24:00 of the last counted day."""
    day, counted = local(start).date(), 0
    while counted < limit:
        day += DAY
        if days.worked(day) and not paused_at(pauses, midnight_after(day)):
            counted += 1
    return midnight_after(day)


def trigrams(text: str) -> set[str]:
    """As pg_trgm makes them: of each word, with two blanks before it and one behind."""
    words = "".join(one if one.isalnum() else " " for one in text.lower()).split()
    return {f"  {word} "[n : n + 3] for word in words for n in range(len(word) + 1)}


def similarity(one: str, two: str) -> float:
    first, second = trigrams(one), trigrams(two)
    return len(first & second) / len(first | second) if first | second else 0.0


async def measured(admin: "Admin[Any]", rule: Rule = Rule()) -> list[Fact]:
    """Every fact of every suborder, sorted."""
    days = Days(await _calendar(admin))
    moves: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await admin.fetch("select * from suborder_moves order by seq"):
        moves[str(row["suborder_id"])].append(row)
    rows = {str(row["suborder_id"]): row for row in await admin.fetch("select * from refusals")}
    grades = {str(row[0]): row[1] for row in await admin.fetch("select suborder_id, grade from suborder_grades")}
    blamed = {str(row[0]) for row in await admin.fetch("select suborder_id from withdrawal_answers where by_bank")}
    upheld = {str(row[0]) for row in await admin.fetch("select suborder_id from appeals where upheld")}
    facts: list[Fact] = []
    for key, own in moves.items():
        case = Case(key, own)
        facts += [*_of_time(case, days, rule), *_of_leaving(case, days, rule, key in blamed, key in upheld)]
        facts += [*_of_answers(case, grades.get(key, "")), *_of_contacts(case)]
        if key in rows and case.first("refuse"):
            facts.append((key, "copied", int(_is_copied(rows[key], list(rows.values()), rule)), 1))
    return sorted(facts)


async def _calendar(admin: "Admin[Any]") -> Mapping[str, Any]:
    sql = "select body from policies where kind = 'calendar' and key = 'cn' order by version desc limit 1"
    body = await admin.fetchval(sql)
    found: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
    return found


def _of_time(case: Case, days: Days, rule: Rule) -> Iterator[Fact]:
    """after_red: of each promise that was kept, whether only from the red rung on."""
    paid = False
    for one in case.moves:
        refused = {"refuse": "ACCEPT" if one["from_state"] == "pushed" else "DECISION"}
        promise = (KEPT | refused).get(one["act"], "")
        if not promise or (promise == "PAYOUT" and paid):
            continue
        paid = paid or promise == "PAYOUT"
        start = case.started(promise)
        if start is not None:
            yield case.key, "after_red", int(_is_red(case, promise, start, one["at"], days, rule)), 1


def _is_red(case: Case, promise: str, start: datetime, at: datetime, days: Days, rule: Rule) -> bool:
    pauses = case.pauses() if promise == "DECISION" else []
    return used(start, at, pauses, days) * 100 >= DAY * LIMITS[promise] * rule.red


def _of_leaving(case: Case, days: Days, rule: Rule, blamed: bool, upheld: bool) -> Iterator[Fact]:
    left, start = case.left(), case.started("DECISION")
    if left is None or start is None:
        return
    at, act, pauses = left["at"], left["act"], case.pauses()
    worked = list(walk(start, at, days))
    stood = sum(paused_at(pauses, midnight_after(day)) for day in worked if day < local(at).date())
    yield case.key, "paused", stood, len(worked)
    before = at < due(start, LIMITS["DECISION"], [(a, b or at) for a, b in pauses], days)
    if act in ("offer", "refuse") and before:
        yield case.key, "last_tenth", int(_is_red(case, "DECISION", start, at, days, rule)), 1
    later = [one["act"] for one in case.moves if one["seq"] > left["seq"]]
    if act in ("offer", "refuse", "reassign"):
        yield case.key, "reopened", int(act == "reassign" or upheld or {"retract", "reassign"} & set(later) != set()), 1
    if act in ("offer", "refuse", "withdraw", "revoke"):
        counted = sum(not paused_at(pauses, midnight_after(day)) for day in worked if day < local(at).date())
        soon = before and LIMITS["DECISION"] - counted <= rule.near
        yield case.key, "hidden", int(act in ("withdraw", "revoke") and (soon or blamed)), 1


def _of_answers(case: Case, grade: str) -> Iterator[Fact]:
    accepted = case.first("accept")
    lapsed = any(one["act"] == "lapse" and one["cause"] == "ACCEPT" for one in case.moves)
    if grade and (accepted or lapsed or case.first("refuse")):
        yield case.key, "accept_ab" if grade in "AB" else "accept_cd", int(accepted is not None), 1


def _of_contacts(case: Case) -> Iterator[Fact]:
    said = [one["act"] for one in case.moves if one["act"] in ("contact", "deny_contact")]
    for place, act in enumerate(said):
        if act == "contact":
            yield case.key, "denied", int(said[place + 1 : place + 2] == ["deny_contact"]), 1


def _is_copied(own: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], rule: Rule) -> bool:
    since = own["refused_at"] - timedelta(days=rule.alike_days)
    return any(
        similarity(one["said"], own["said"]) >= rule.alike - 1e-6
        for one in rows
        if one["branch_id"] == own["branch_id"] and one["business_id"] != own["business_id"]
        and since <= one["refused_at"] < own["refused_at"]
    )  # fmt: skip
