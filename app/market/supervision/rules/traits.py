"""A firm's industry and size, out of what departments reported of it. Pure.

Industry: the section of GB/T 4754-2017 to which its class belongs. Size: as the statistics tell large, medium, small
and micro firms apart (2017), by staff and revenue, with the limits of its industry as dated data. What was not
collected stays "".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

WAN_FEN: Final = 1_000_000
SIZES: Final = ("large", "medium", "small")  # Whoever reaches none of the limits is micro.
# First and last division of each section.
SECTIONS: Final[Mapping[str, tuple[int, int]]] = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60), "H": (61, 62),
    "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79), "O": (80, 82),
    "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The least staff and revenue (fen) of large, medium and small firms of some divisions; empty is not looked at."""

    divisions: frozenset[int]
    staff: tuple[int, ...]
    revenue_fen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BadLimits:
    why: str


def division_of(code: str) -> int | None:
    """The division (two digits) of an industry code, with or without its section's letter.

    >>> division_of("3429"), division_of("C34"), division_of("0141"), division_of("x")
    (34, 34, 1, None)
    """
    digits = code.strip().lstrip("ABCDEFGHIJKLMNOPQRST")[:2]
    return int(digits) if len(digits) == 2 and digits.isascii() and digits.isdigit() else None


def section_of(code: str) -> str:
    """The section of an industry code; "" where it is none.

    >>> section_of("3429"), section_of("6513"), section_of("0141"), section_of("9999"), section_of("")
    ('C', 'I', 'A', '', '')
    """
    division = division_of(code)
    if division is None:
        return ""
    return next((section for section, (first, last) in SECTIONS.items() if first <= division <= last), "")


def parse_limits(body: Mapping[str, Any]) -> tuple[Limits, ...] | BadLimits:
    """The rows of the policy: divisions from and to, staff and revenue (万元) of three sizes, the largest first."""
    try:
        rows = tuple(
            Limits(
                frozenset(n for first, last in row["divisions"] for n in range(int(first), int(last) + 1)),
                tuple(int(one) for one in row.get("staff", ())),
                tuple(int(one) * WAN_FEN for one in row.get("revenue_wan", ())),
            )
            for row in body["rows"]
        )
    except (KeyError, TypeError, ValueError) as problem:
        return BadLimits(f"not readable: {type(problem).__name__}")
    for row in rows:
        for bounds in (row.staff, row.revenue_fen):
            if bounds and (len(bounds) != len(SIZES) or list(bounds) != sorted(bounds, reverse=True)):
                return BadLimits("three limits, the largest first")
        if not row.staff and not row.revenue_fen:
            return BadLimits("a row without limits")
    if len({n for row in rows for n in row.divisions}) != sum(len(row.divisions) for row in rows):
        return BadLimits("a division in two rows")
    return rows


def size_of(code: str, staff: int | None, revenue_fen: int | None, limits: tuple[Limits, ...]) -> str:
    """The size of a firm; "" where its industry, or a figure that the industry looks at, was not collected.

    A size is reached by all figures that the industry looks at: whoever misses one falls to the size below.
    """
    division = division_of(code)
    row = next((one for one in limits if division in one.divisions), None)
    if row is None or (row.staff and staff is None) or (row.revenue_fen and revenue_fen is None):
        return ""
    for place, size in enumerate(SIZES):
        enough_staff = not row.staff or (staff or 0) >= row.staff[place]
        enough_revenue = not row.revenue_fen or (revenue_fen or 0) >= row.revenue_fen[place]
        if enough_staff and enough_revenue:
            return size
    return "micro"
