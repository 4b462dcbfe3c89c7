"""The dated rules by which figures are shown: what is a small number, which share is aimed at, where districts lie.

Pure. Read from the policies `supervision`/`figures` and `supervision`/`tiles`; a body that is not understood is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from app.market.supervision.rules import PPM, Tally

MONTHS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Norms:
    """`small`: below so many cases a share is marked. Shares aimed at and held to be low, in ppm. `evening` ends a
    workday for what counts as overnight. `months` is how far the picture by month looks back."""

    small: int
    target_ppm: int
    low_ppm: int
    evening: time
    months: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A district on the map: its place counted from the north-west, and how many rows it takes."""

    code: str
    short: str
    column: int
    row: int
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    columns: int
    rows: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class BadNorms:
    """Why a policy body is not understood, in one line."""

    why: str


def parse_norms(body: Mapping[str, Any]) -> Norms | BadNorms:
    """
    >>> parse_norms({"small": 30, "target_ppm": 950000, "low_ppm": 800000, "evening": "18:00", "months": 12}).small
    30
    >>> parse_norms({"small": 30})
    BadNorms(why='not readable: KeyError')
    """
    try:
        norms = Norms(
            int(body["small"]), int(body["target_ppm"]), int(body["low_ppm"]), time.fromisoformat(body["evening"]),
            int(body["months"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        return BadNorms(f"not readable: {type(problem).__name__}")
    if not (norms.small >= 1 and 0 < norms.low_ppm <= norms.target_ppm <= PPM and 1 <= norms.months <= MONTHS_MAX):
        return BadNorms("0 < low ≤ target ≤ 1 000 000, small ≥ 1 and months in 1 … 60")
    return norms


def parse_layout(body: Mapping[str, Any]) -> Layout | BadNorms:
    """Every tile inside the grid, none over another, no district twice."""
    try:
        tiles = tuple(
            Tile(str(t["code"]), str(t["short"]), int(t["column"]), int(t["row"]), int(t.get("rows", 1)))
            for t in body["tiles"]
        )
        layout = Layout(int(body["columns"]), int(body["rows"]), tiles)
    except (KeyError, TypeError, ValueError) as problem:
        return BadNorms(f"not readable: {type(problem).__name__}")
    cells = [(t.column, t.row + down) for t in tiles for down in range(t.rows)]
    if len(set(cells)) < len(cells) or len({t.code for t in tiles}) < len(tiles):
        return BadNorms("two tiles on one place, or one district twice")
    if any(not (0 <= column < layout.columns and 0 <= row < layout.rows) for column, row in cells):
        return BadNorms("a tile lies outside the grid")
    return layout


@dataclass(frozen=True, slots=True)
class Division:
    """An administrative district as the policy `district` holds it: one version with its days and successors."""

    code: str
    name: str
    valid_from: date
    valid_to: date | None
    successors: tuple[str, ...] = ()


def held_by(codes: Iterable[str], divisions: Iterable[Division], shown: Iterable[str]) -> dict[str, str]:
    """Each code → the district among `shown`, those of a day, that holds its cases; "" where there is none.

    A district that is gone counts with its first successor, step by step. One that is not yet there cannot be divided
    among those before it, and stands by itself.

    >>> gone = Division("500112", "渝北区", date(1997, 6, 18), date(2025, 11, 5), ("500157", "500109"))
    >>> held_by(["500112", "x"], [gone], ["500157"])
    {'500112': '500157', 'x': ''}
    """
    newest = {one.code: one for one in sorted(divisions, key=lambda one: one.valid_from)}
    there = set(shown)
    found: dict[str, str] = {}
    for code in codes:
        at, seen = code, set[str]()
        while at not in there and at not in seen and (one := newest.get(at)) is not None and one.successors:
            seen.add(at)
            at = one.successors[0]
        found[code] = at if at in there else ""
    return found


def add_up(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """The figures of several groups as those of one. Medians cannot be added and are left out."""
    total: dict[str, Tally] = {}
    for figures in tallies:
        for name, tally in figures.items():
            if not name.endswith("_median_x2"):
                before = total.get(name, Tally())
                total[name] = Tally(before.value + tally.value, before.of + tally.of)
    return total
