"""The figures of a circular, out of the journal of orders: shares of a month, of banks and of branches.

What supervision shows in its league and among measures of conduct is what a circular may name; `oversight` lies below
and is told at start-up.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from app.infra.db import ReadTx
from app.market.oversight import Finding, Source, Who
from app.market.supervision import service
from app.market.supervision.rules import By, Figure, Tally, Within, share
from app.market.supervision.rules.gaming import Estimate, Measure, OfBranch, estimate, total
from app.market.supervision.service import gaming
from app.web.i18n import N_

MEASURES: Final = {
    Figure.DECIDED_IN_TIME.value: N_("10 个工作日内办结"),
    Figure.ANSWERED_IN_TIME.value: N_("按时应答"),
    Figure.CONTACTED_IN_TIME.value: N_("按时联系"),
    Figure.ACCEPTED.value: N_("接单率"),
    Figure.REFUSED_WITHOUT_EVIDENCE.value: N_("无有效依据的拒单"),
}
CONDUCT: Final = {  # A gap of two shares is no share, so it is not named.
    "conduct.paused": N_("停表占办结时间"),
    "conduct.last_tenth": N_("压线答复"),
    "conduct.after_red": N_("亮红灯后才办"),
    "conduct.reopened": N_("答复后又推翻"),
    "conduct.copied": N_("拒单理由雷同"),
    "conduct.denied": N_("企业否认被联系"),
    "conduct.hidden": N_("临期撤回（隐性拒单）"),
}


def name_of(measure: Measure) -> str | None:
    """Under which name a circular is about a measure of conduct; None where it cannot be."""
    name = f"conduct.{measure.value}"
    return name if name in CONDUCT else None


async def read_findings(
    tx: ReadTx, name: str, month: date, who: Sequence[Who], /, *, as_of: datetime
) -> Sequence[Finding]:
    """One share of a month for each bank or branch, as of an instant."""
    after = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    within = Within(from_on=month, to_on=after - timedelta(days=1))
    board = await service.read_board(tx, as_of=as_of, by=(By.BANK, By.BRANCH), within=within, medians=False)
    return tuple(_of_tally(one, board.get(_group(one), {}).get(name, Tally())) for one in who)


def _of_tally(one: Who, tally: Tally) -> Finding:
    found = share(tally.value, tally.of)
    return Finding(
        one.bank_id, one.branch_id, one.name, tally.value, tally.of, found.ppm, found.low_ppm, found.high_ppm
    )


def _group(one: Who) -> tuple[str, str]:
    if one.branch_id is not None:
        return By.BRANCH.value, str(one.branch_id)
    return By.BANK.value, str(one.bank_id)


async def read_conduct(
    tx: ReadTx, name: str, month: date, who: Sequence[Who], /, *, as_of: datetime
) -> Sequence[Finding]:
    """One measure of conduct of a month for each bank or branch, as the journal stands."""
    measure = Measure(name.removeprefix("conduct."))
    after = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    branches = (await gaming.read_branches(tx, month, after - timedelta(days=1), (measure,)))[measure]
    return tuple(_of_estimate(one, estimate(measure, total(_own(one, branches)))) for one in who)


def _own(one: Who, branches: gaming.Branches) -> list[OfBranch]:
    return [
        parts for (bank_id, branch_id), parts in branches.items()
        if bank_id == one.bank_id and one.branch_id in (None, branch_id)
    ]  # fmt: skip


def _of_estimate(one: Who, found: Estimate) -> Finding:
    return Finding(
        one.bank_id, one.branch_id, one.name, found.value, found.whole, found.ppm, found.low_ppm, found.high_ppm
    )


SOURCES: Final = (Source(MEASURES, read_findings), Source(CONDUCT, read_conduct))
