"""What firms say, as figures: by bank for the house, by branch for a head office; each share with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.access.seats import Seat, SeatRole
from app.infra.db import ReadTx
from app.kernel.shares import Share, share
from app.market import parties
from app.market.ratings.service.calling import questions_on
from app.market.ratings.service.rating import marks_on
from app.market.ratings.store import figures

SHARES: Final = ("complained", "answered", "good", "followed", "satisfied")
PERIOD: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Line:
    """One bank or branch, or all together (no name)."""

    name: str
    shares: Mapping[str, Share]
    open: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`names` are the shares that this reader may see; `goal_ppm` the satisfied that are aimed at."""

    names: Sequence[str]
    whole: Line
    lines: Sequence[Line]
    goal_ppm: int
    small: int


async def read(tx: ReadTx, *, by: Seat) -> Figures:
    """The last year. A head office sees its branches, and nothing of call-backs."""
    is_bank = by.role is SeatRole.BANK_ADMIN
    marks = await marks_on(tx, tx.now)
    names = SHARES[:-1] if is_bank else SHARES
    column = "branch_id" if is_bank else "bank_id"
    since = tx.now - PERIOD
    found = {name: await figures.read(tx, name, column, since, marks.rules.good_min) for name in (*names, "open")}
    called: Mapping[UUID, str]
    if is_bank:
        called = {one.branch_id: one.name for one in await parties.shelf.branches_of(tx, by.org_id)}
    else:
        called = {bank_id: bank.name for bank_id, bank in (await parties.shelf.banks(tx)).items()}
    lines = [
        Line(name, {one: share(*found[one].get(key, (0, 0))) for one in names}, found["open"].get(key, (0, 0))[0])
        for key, name in called.items() if any(key in group for group in found.values())
    ]  # fmt: skip
    whole = Line(
        "", {one: share(*_sum(found[one])) for one in names}, sum(value for value, _of in found["open"].values())
    )
    lines.sort(key=lambda one: (-(one.shares["complained"].ppm or 0), one.name))
    return Figures(names, whole, lines, (await questions_on(tx, tx.now)).rules.goal_ppm, marks.small)


def _sum(group: Mapping[object, tuple[int, int]]) -> tuple[int, int]:
    return sum(value for value, _of in group.values()), sum(of for _value, of in group.values())
