"""Public credit evaluation (公共信用综合评价): A to D from weighted groups, with every point explained.

Pure. The formula is dated data; this module only applies it. Points are integers, and every line that moves the
score is kept, so that a subject can read why it has its grade. What was never collected is neither clean nor bad: a
group nobody reported on stands at its `unknown` points, and a subject about whom little is known is a thin file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

PERMILLE: Final = 1000


class GradeLetter(StrEnum):
    """The grade, best first. It is the public one: neither a bank's rating nor the tax office's."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


RANK: Final = {letter: place for place, letter in enumerate(GradeLetter)}


class LineKind(StrEnum):
    """What a line of the explanation does."""

    START = "start"  # A group that was collected begins here.
    UNKNOWN = "unknown"  # A group that nobody reported on stands here.
    ITEM = "item"  # A record moves its group up or down.
    ENDED = "ended"  # A record that was repaired or has run out: weighs nothing.
    CAP = "cap"  # A listing, or a thin file, holds the grade down.


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record as the formula sees it: its catalogue item, value, day, and whether it may still be used."""

    item_code: str
    value: str | int | None
    on: date | None
    in_use: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about a subject on a day. `collected` are the data classes somebody has reported on."""

    evidence: tuple[Evidence, ...]
    collected: frozenset[str]
    on: date


@dataclass(frozen=True, slots=True)
class Weigh:
    """One line of the formula: what an item does to its group, and how that fades with the item's age in days.

    `fades` are (age in days, share in permille) steps: the last step whose age has been reached counts.
    `value` narrows the line to items of that value; `points_max` bounds what all items of the line move together.
    """

    code: str
    group: str
    item_code: str
    points: int
    title: str
    value: str | None = None
    fades: tuple[tuple[int, int], ...] = ()
    points_max: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A first-level indicator. `points` is the most it can bring, `start` what a collected, empty group has."""

    code: str
    title: str
    points: int
    start: int
    unknown: int
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cap:
    """While an item (of that value) is in use, the grade is at most `grade`."""

    code: str
    item_code: str
    grade: GradeLetter
    title: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """One version of the evaluation. `floors` are (letter, least score), best first; `thin_below` is in points."""

    version: int
    groups: tuple[Group, ...]
    weighs: tuple[Weigh, ...]
    caps: tuple[Cap, ...]
    floors: tuple[tuple[GradeLetter, int], ...]
    thin_below: int
    thin_grade: GradeLetter


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the explanation; `points` is signed, `count` how many records stand behind it."""

    kind: LineKind
    code: str
    group: str
    points: int
    count: int
    title: str


@dataclass(frozen=True, slots=True)
class Grade:
    """The outcome. `known_points` is the weight of the groups that somebody reported on, out of `full_points`."""

    grade: GradeLetter
    score: int
    thin_file: bool
    known_points: int
    full_points: int
    lines: tuple[Line, ...]
    formula_version: int
    on: date


def parse_formula(version: int, body: Mapping[str, Any]) -> Formula:
    """Read a dated formula. Its shape is judged by `judge_formula` before it is ever in force."""
    return Formula(
        version=version,
        groups=tuple(Group(**{**group, "classes": tuple(group["classes"])}) for group in body["groups"]),
        weighs=tuple(
            Weigh(**{**line, "fades": tuple((age, share) for age, share in line.get("fades", ()))})
            for line in body["weighs"]
        ),
        caps=tuple(Cap(**{**cap, "grade": GradeLetter(cap["grade"])}) for cap in body["caps"]),
        floors=tuple((GradeLetter(letter), least) for letter, least in body["floors"]),
        thin_below=body["thin_below"],
        thin_grade=GradeLetter(body["thin_grade"]),
    )


def judge_formula(formula: Formula) -> tuple[str, ...]:
    """Every flaw of a formula, in words for the two people who are about to put it in force; empty when sound."""
    groups = {group.code for group in formula.groups}
    leasts = [least for _, least in formula.floors]
    flaws = [
        *(f"group {g.code}: unknown or start outside 0..{g.points}" for g in formula.groups if not _is_sound(g)),
        *(f"group {g.code}: clean is worse than unknown" for g in formula.groups if g.start < g.unknown),
        *(f"line {w.code}: no group {w.group}" for w in formula.weighs if w.group not in groups),
        *(f"line {w.code}: ages are not rising" for w in formula.weighs if list(w.fades) != sorted(set(w.fades))),
        *(f"line {w.code}: a share outside 0..1000" for w in formula.weighs if not _shares_are_sound(w)),
    ]
    if [letter for letter, _ in formula.floors] != list(GradeLetter) or leasts != sorted(leasts, reverse=True):
        flaws.append("floors do not fall from A to D")
    elif leasts[-1] != 0:
        flaws.append("some score has no grade")
    elif _letter(formula, sum(group.unknown for group in formula.groups)) is not formula.thin_grade:
        flaws.append("a subject nobody knows would not get the thin file's grade")
    return tuple(flaws)


def _is_sound(group: Group) -> bool:
    return 0 <= group.unknown <= group.points and 0 <= group.start <= group.points


def _shares_are_sound(weigh: Weigh) -> bool:
    return all(0 <= share <= PERMILLE and age >= 0 for age, share in weigh.fades)


def evaluate(formula: Formula, facts: Facts) -> Grade:
    """Apply the formula to the facts of a day.

    The score is the sum of the groups, each kept inside 0..its points. The letter is the first whose floor the score
    reaches, held down by every cap in use, and by a thin file.
    """
    scores, lines = zip(*(_score_group(formula, group, facts) for group in formula.groups), strict=True)
    score = sum(scores)
    full = sum(group.points for group in formula.groups)
    known = sum(group.points for group in formula.groups if _is_known(group, facts))
    thin = known < formula.thin_below
    caps = [_cap_line(cap, facts) for cap in formula.caps if _count(facts, cap.item_code, cap.value)]
    held = [cap.grade for cap in formula.caps if _count(facts, cap.item_code, cap.value)]
    if thin:
        held.append(formula.thin_grade)
        caps.append(Line(LineKind.CAP, "thin_file", "", 0, 0, f"可用信息不足，等级不高于 {formula.thin_grade}"))
    worst = max((_letter(formula, score), *held), key=RANK.__getitem__)
    return Grade(
        grade=worst,
        score=score,
        thin_file=thin,
        known_points=known,
        full_points=full,
        lines=tuple(line for group in lines for line in group) + tuple(caps),
        formula_version=formula.version,
        on=facts.on,
    )


def _score_group(formula: Formula, group: Group, facts: Facts) -> tuple[int, tuple[Line, ...]]:
    known = _is_known(group, facts)
    first = (
        Line(LineKind.START, "start", group.code, group.start, 0, f"{group.title}：起始分")
        if known
        else Line(LineKind.UNKNOWN, "unknown", group.code, group.unknown, 0, f"{group.title}：未采集，按未知计分")
    )
    moves = [line for weigh in formula.weighs if weigh.group == group.code for line in _weigh(weigh, facts)]
    total = first.points + sum(line.points for line in moves)
    return min(max(total, 0), group.points), (first, *moves)


def _is_known(group: Group, facts: Facts) -> bool:
    """A class of the group was collected. A stray record alone leaves it unknown: it says nothing of the rest."""
    return not facts.collected.isdisjoint(group.classes)


def _weigh(weigh: Weigh, facts: Facts) -> Sequence[Line]:
    hits = [one for one in facts.evidence if _matches(one, weigh.item_code, weigh.value)]
    used = [one for one in hits if one.in_use]
    lines = []
    if used:
        points = sum(_faded(weigh, one, facts.on) for one in used)
        if weigh.points_max is not None:
            points = max(-weigh.points_max, min(weigh.points_max, points))
        lines.append(Line(LineKind.ITEM, weigh.code, weigh.group, points, len(used), weigh.title))
    if len(used) < len(hits):
        title = f"{weigh.title}：已修复或已到期，不计分"
        lines.append(Line(LineKind.ENDED, weigh.code, weigh.group, 0, len(hits) - len(used), title))
    return lines


def _faded(weigh: Weigh, one: Evidence, on: date) -> int:
    """The points of one item at its age, rounded towards zero. An item without a day counts in full."""
    share = PERMILLE
    if one.on is not None:
        age = (on - one.on).days
        share = next((share for since, share in reversed(weigh.fades) if since <= age), PERMILLE)
    faded = abs(weigh.points) * share // PERMILLE
    return faded if weigh.points >= 0 else -faded


def _matches(one: Evidence, item_code: str, value: str | None) -> bool:
    return one.item_code == item_code and (value is None or str(one.value) == value)


def _count(facts: Facts, item_code: str, value: str | None) -> int:
    return sum(one.in_use and _matches(one, item_code, value) for one in facts.evidence)


def _cap_line(cap: Cap, facts: Facts) -> Line:
    return Line(LineKind.CAP, cap.code, "", 0, _count(facts, cap.item_code, cap.value), cap.title)


def _letter(formula: Formula, score: int) -> GradeLetter:
    return next(letter for letter, least in formula.floors if score >= least)
