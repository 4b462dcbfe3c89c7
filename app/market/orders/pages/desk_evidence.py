"""A package as a clerk reads it, and what a reason may be proved with: the items, with their present values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.market.packages import Opened, PackageItem
from app.market.packages import Status as Kept
from app.market.reasons import Comparison, Item, Reason, Status, compares

ABSENCES: Final = (Comparison.NO_RECORD, Comparison.NOT_COLLECTED)
KINDS: Final = (Kept.VALUE, Kept.NO_RECORD, Kept.NOT_COLLECTED)
GB_FIRST, GB_LAST = 0xB0A1, 0xD7F9
GB_LETTERS: Final = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
FLAGS: Final = ("list.", "pool.", "order.papers_capped")


@dataclass(frozen=True, slots=True)
class Choice:
    """One item that may bear a reason out. `fixed`: the only value that proves it, so that nothing is typed."""

    path: str
    title: str
    item: Item
    unit: str
    comparisons: tuple[Comparison, ...]
    fixed: int | None
    words: tuple[str, ...]

    @property
    def contradicts(self) -> bool:
        """The present value speaks against the reason already, whatever is typed."""
        if self.item.status is not Status.VALUE:
            return not set(ABSENCES) & set(self.comparisons)
        if set(self.comparisons) <= set(ABSENCES):
            return True
        if self.words:
            return self.item.value not in self.words
        return self.fixed is not None and not any(compares(self.item.value, c, self.fixed) for c in self.comparisons)

    @property
    def as_of_on(self) -> date | None:
        return self.item.as_of_on


def choices(
    reason: Reason, evidence: Mapping[str, Item], items: Sequence[PackageItem], *, own_only: bool
) -> list[Choice]:
    """Items of the evidence that fit one of the reason's proofs; those that do not contradict it first.

    `own_only`: before acceptance, when the order and the bank's own list and pool are all that counts.
    """
    named = {one.path: one for one in items}
    found = []
    for path, item in evidence.items():
        proofs = [one for one in reason.proofs if one.path.fullmatch(path) and item.source in one.sources]
        if not proofs or (own_only and not path.startswith(("order.", "list.", "pool."))):
            continue
        allowed = {comparison for proof in proofs for comparison in proof.comparisons}
        comparisons = tuple(one for one in Comparison if one in allowed and _fits(one, item))
        bounds = {(proof.value_min, proof.value_max) for proof in proofs}
        low, high = next(iter(bounds)) if len(bounds) == 1 else (None, None)
        packed = named.get(path)
        found.append(
            Choice(
                path, packed.title if packed else "", item, packed.unit if packed and packed.unit else unit_of(path),
                comparisons or tuple(sorted(allowed)), low if low is not None and low == high else None,
                tuple(sorted({word for proof in proofs for word in proof.values or ()})),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.contradicts, one.path))


def _fits(comparison: Comparison, item: Item) -> bool:
    if comparison is Comparison.NO_RECORD:
        return item.status is Status.NO_RECORD
    if comparison is Comparison.NOT_COLLECTED:
        return item.status is Status.NOT_COLLECTED
    return item.status is Status.VALUE


def unit_of(path: str) -> str:
    """The unit of one of the bank's own items, which its name tells."""
    if path.startswith(FLAGS):
        return "count" if path.endswith("_count") else "flag"
    return next((unit for unit in ("fen", "ppm", "months", "count", "date") if path.endswith(f"_{unit}")), "text")


@dataclass(frozen=True, slots=True)
class Tab:
    """The items of one class: how many have a value, were looked for in vain, were never collected; the oldest day."""

    name: str
    rows: tuple[PackageItem, ...]
    values: int
    no_record: int
    not_collected: int
    oldest: PackageItem | None
    changed: int


def tabs_of(opened: Opened | None) -> list[Tab]:
    """The items of an open package class by class; the bank's own words last."""
    if opened is None:
        return []
    classes = dict.fromkeys(one.data_class or "" for one in opened.items)
    return [_tab(name, tuple(one for one in opened.items if (one.data_class or "") == name)) for name in classes]


def _tab(name: str, rows: tuple[PackageItem, ...]) -> Tab:
    values, no_record, not_collected = (sum(one.status is kind for one in rows) for kind in KINDS)
    aged = [one for one in rows if one.age_days is not None]
    oldest = max(aged, key=lambda one: one.age_days or 0, default=None)
    return Tab(name, rows, values, no_record, not_collected, oldest, sum(one.changed_since_consent for one in rows))


def gaps_of(opened: Opened | None, classes: Mapping[str, str]) -> list[str]:
    """The classes of data that the firm did not consent to show: nothing of them is in the package."""
    if opened is None:
        return []
    shown = {one.data_class for one in opened.items}
    return [name for name in classes if name and name not in shown]


def initials(text: str) -> str:
    """The first letters of the sounds of a Chinese text, to find it by typing them; what has no sound is left out.

    The first plane of GB 2312 stands in the order of its sounds, so the place of a character tells its letter.

    >>> initials("实缴税款偏低"), initials("D1 负债率")
    ('sjskpd', 'fzl')
    """
    found = []
    for one in text:
        try:
            place = int.from_bytes(one.encode("gb2312"), "big")
        except UnicodeEncodeError:
            continue
        if GB_FIRST <= place <= GB_LAST:
            found.append(next(letter for start, letter in reversed(GB_LETTERS) if place >= start))
    return "".join(found)
