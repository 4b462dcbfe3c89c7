"""What a reason may be proved with, as a clerk chooses it: the items there are, with their present values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.market.packages import PackageItem
from app.market.reasons import Comparison, Item, Reason, Status, compares

ABSENCES: Final = (Comparison.NO_RECORD, Comparison.NOT_COLLECTED)
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
