"""Measuring conduct: the panel over all branches, the facts behind a share, and figures for circulars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.infra.db import ReadTx, Record
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision.rules import Within, gaming
from app.market.supervision.rules.gaming import BadPanel, Compared, Measure, OfBranch, PanelNorms, Sums
from app.market.supervision.store import gaming as store
from app.office import policies

Branches = Mapping[tuple[UUID, UUID], OfBranch]


@dataclass(frozen=True, slots=True)
class Panel:
    """Every measure over these days, both included."""

    first: date
    last: date
    norms: PanelNorms
    measures: Mapping[Measure, Compared]


async def read_panel_norms(tx: ReadTx, on: date) -> PanelNorms:
    """How branches are compared, as of a day."""
    found = gaming.parse_panel((await policies.in_force(tx, "gaming", "panel", on)).body)
    if isinstance(found, BadPanel):
        raise Refusal("policy-missing", found.why, kind="gaming", key="panel")
    return found


async def read_panel(tx: ReadTx, within: Within, measures: Sequence[Measure] = tuple(Measure)) -> Panel:
    """Every branch of the city by each measure; of one bank's branches when `within` names it, compared with all."""
    norms = await read_panel_norms(tx, shanghai_date(tx.now))
    first, last = days_of(within, shanghai_date(tx.now), norms)
    branches = await read_branches(tx, first, last, measures)
    compared = {one: gaming.compare(one, branches[one], norms) for one in measures}
    if within.bank_id is not None:
        compared = {one: _of_bank(found, within.bank_id) for one, found in compared.items()}
    return Panel(first, last, norms, compared)


def _of_bank(found: Compared, bank_id: UUID) -> Compared:
    lines = tuple(line for line in found.lines if line.bank_id == bank_id)
    return Compared(found.measure, found.norm, found.city, found.median_ppm, lines)


def days_of(within: Within, today: date, norms: PanelNorms) -> tuple[date, date]:
    """The days that are looked at: those asked for, else the last ones until today."""
    last = within.to_on or today
    return within.from_on or last - timedelta(days=norms.days - 1), last


async def read_branches(tx: ReadTx, first: date, last: date, measures: Sequence[Measure]) -> Mapping[Measure, Branches]:
    """The sums of every branch (bank, branch), by measure and part."""
    parts = {part: one for one in measures for part in gaming.PARTS[one]}
    found: dict[Measure, dict[tuple[UUID, UUID], dict[str, Sums]]] = {one: {} for one in measures}
    for row in await store.read_sums(tx, first, last, None, list(parts)):
        own = found[parts[row["measure"]]].setdefault((row["bank_id"], row["branch_id"]), {})
        own[row["measure"]] = Sums(*(row[name] for name in store.FIGURES))
    return found


async def find_cases(
    tx: ReadTx, measure: Measure, first: date, last: date, *, branch_id: UUID | None, counts: bool | None,
    after: tuple[datetime, UUID, int] | None = None, limit: int = 50,
) -> list[Record]:  # fmt: skip
    """The facts behind a share of a branch, or of all, the newest first."""
    return await store.read_cases(tx, first, last, branch_id, gaming.PARTS[measure], counts, after, limit)
