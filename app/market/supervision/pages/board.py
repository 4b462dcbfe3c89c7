"""What the overview shows, read once: the page and the files to download are made of the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market.supervision import service
from app.market.supervision.pages import finding_words, sheets
from app.market.supervision.pages.group_words import group_name
from app.market.supervision.pages.sheets import Group, Sheet
from app.market.supervision.rules import Board, By, Reason, Share, Step, Tally, findings, funnel, norms, refusals
from app.market.supervision.rules.norms import Layout, Norms, Tile
from app.market.supervision.schemas import Part


@dataclass(frozen=True, slots=True)
class Place:
    """A tile of the map with its district's figures."""

    tile: Tile
    group: Group


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the part, the kind of group and its order, and the day of the map."""

    part: Part
    by: By
    sort: tuple[str, bool]
    map_on: date


@dataclass(frozen=True, slots=True)
class View:
    asked: Asked
    as_of: datetime
    norms: Norms
    promise_days: int
    whole: Group
    figures: Mapping[str, Tally]
    steps: tuple[Step, ...]
    months: tuple[Group, ...]
    reasons: tuple[Reason, ...]
    reason_words: Mapping[str, tuple[str, str]]
    layout: Layout
    places: tuple[Place, ...]
    elsewhere: tuple[Group, ...]
    groups: tuple[Group, ...]
    parties: Mapping[str, list[tuple[str, str]]]
    districts: tuple[tuple[str, str], ...]
    sheets: Mapping[str, Sheet]


@dataclass(frozen=True, slots=True)
class _Names:
    parties: Mapping[str, str]
    districts: Mapping[str, str]

    def of(self, by: str, key: str) -> str:
        return group_name(by, key, self.districts if by == By.DISTRICT else self.parties)


async def read_view(tx: ReadTx, asked: Asked) -> View:
    """Everything of the overview as of now."""
    today = shanghai_date(tx.now)
    part, limits = asked.part, await service.read_norms(tx, today)
    board, by_month = await _read_boards(tx, asked, limits, today)
    parties = await service.read_parties(tx)
    divisions = await service.read_divisions(tx)
    layout = await service.read_layout(tx, asked.map_on)
    named = {one.code: one.name for one in sorted(divisions, key=lambda one: one.valid_from)}
    names = _Names({key: name for rows in parties.values() for key, name in rows}, named)
    whole = board.get((By.ALL, ""), {})
    groups = _groups(board, asked.by, part, names, limits)
    places, elsewhere = _places(board, layout, divisions, part, names, limits)
    words = await service.read_reason_words(tx)
    view = View(
        asked=asked, as_of=tx.now, norms=limits, promise_days=await service.read_promise_days(tx, today),
        whole=sheets.group(part, whole, By.ALL, "", "", limits), figures=whole, steps=funnel(whole),
        months=tuple(sorted(_groups(by_month, By.MONTH, part, names, limits), key=lambda one: one.key)),
        reasons=refusals(whole), reason_words=words, layout=layout, places=places, elsewhere=elsewhere,
        groups=tuple(sheets.arranged(groups, *asked.sort)), parties=parties,
        districts=tuple((one.code, one.name) for one in divisions if one.valid_to is None), sheets={},
    )  # fmt: skip
    return replace(view, sheets=_sheets(view))


async def _read_boards(tx: ReadTx, asked: Asked, limits: Norms, today: date) -> tuple[Board, Board]:
    """The figures of the part, and those of its months; of all time both at once.

    Months go as far back as the norms look: a single month needs those before it.
    """
    within = asked.part.within
    groups = sorted({By.ALL, By.DISTRICT, asked.by})
    last = min(within.to_on or today, today)
    serial = last.year * 12 + last.month - limits.months
    first = date(serial // 12, serial % 12 + 1, 1)
    if within.from_on is None and within.to_on is None:
        board = await service.read_board(tx, as_of=tx.now, by=[*groups, By.MONTH], within=within, medians=False)
        months = {key: tallies for key, tallies in board.items() if key[0] == By.MONTH and key[1] >= f"{first:%Y-%m}"}
        return {key: tallies for key, tallies in board.items() if key[0] != By.MONTH}, months
    board = await service.read_board(tx, as_of=tx.now, by=groups, within=within, medians=False)
    recent = replace(within, from_on=first, to_on=last)
    return board, await service.read_board(tx, as_of=tx.now, by=[By.MONTH], within=recent, medians=False)


def _groups(board: Board, by: By, part: Part, names: _Names, limits: Norms) -> list[Group]:
    return [
        sheets.group(part, figures, by.value, key, names.of(group, key), limits)
        for (group, key), figures in board.items()
        if group == by.value
    ]


def _places(
    board: Board, layout: Layout, divisions: tuple[norms.Division, ...], part: Part, names: _Names,
    limits: Norms,
) -> tuple[tuple[Place, ...], tuple[Group, ...]]:  # fmt: skip
    """The tiles in reading order, each with the figures of all districts that it holds; and what no tile holds."""
    found = {key: figures for (by, key), figures in board.items() if by == By.DISTRICT}
    shown = [tile.code for tile in layout.tiles]
    held = norms.held_by(found, divisions, shown)
    places = []
    for tile in layout.tiles:
        codes = sorted(code for code, at in held.items() if at == tile.code)
        figures = norms.add_up(found[code] for code in codes)
        key = ",".join(codes) or tile.code
        places.append(
            Place(tile, sheets.group(part, figures, By.DISTRICT, key, names.of(By.DISTRICT, tile.code), limits))
        )
    rest = [
        sheets.group(part, found[code], By.DISTRICT, code, names.of(By.DISTRICT, code), limits)
        for code, at in held.items()
        if not at
    ]
    return tuple(places), tuple(rest)


def _sheets(view: View) -> dict[str, Sheet]:
    part, limits = view.asked.part, view.norms
    months = findings.judge_months([(one.key, one.cells["decided"].share) for one in view.months], limits.small)
    districts = [*(place.group for place in view.places), *view.elsewhere]
    of_places = findings.judge_groups(_shares(districts), limits.small, limits.target_ppm)
    of_groups = findings.judge_groups(_shares(view.groups), limits.small, limits.target_ppm)
    found = (
        sheets.of_funnel(part, view.steps, finding_words.say_funnel(findings.judge_funnel(view.steps))),
        sheets.of_months(view.months, finding_words.say_months(months, view.promise_days, limits)),
        sheets.of_reasons(
            part, view.reasons, view.reason_words,
            finding_words.say_reasons(findings.judge_reasons(view.reasons), view.reason_words),
        ),
        sheets.of_groups("districts", districts, finding_words.say_districts(of_places, limits)),
        sheets.of_groups("groups", view.groups, finding_words.say_groups(of_groups, limits)),
    )  # fmt: skip
    return {sheet.code: sheet for sheet in found}


def _shares(groups: Sequence[Group]) -> list[tuple[str, Share]]:
    return [(one.name, one.cells["decided"].share) for one in groups]
