"""The figures of a circular, out of the journal of orders: shares of a month, of banks and of branches.

What supervision shows in its league is what a circular may name; `oversight` lies below and is told at start-up.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from app.infra.db import ReadTx
from app.market.oversight import Finding, Source, Who
from app.market.supervision import service
from app.market.supervision.rules import By, Figure, Tally, Within, share
from app.web.i18n import N_

MEASURES: Final = {
    Figure.DECIDED_IN_TIME.value: N_("10 个工作日内办结"),
    Figure.ANSWERED_IN_TIME.value: N_("按时应答"),
    Figure.CONTACTED_IN_TIME.value: N_("按时联系"),
    Figure.ACCEPTED.value: N_("接单率"),
    Figure.REFUSED_WITHOUT_EVIDENCE.value: N_("无有效依据的拒单"),
    Figure.PAUSED_WORKDAYS.value: N_("停表的工作日"),
}


async def read_findings(
    tx: ReadTx, name: str, month: date, who: Sequence[Who], /, *, as_of: datetime
) -> Sequence[Finding]:
    """One share of a month for each bank or branch, as of an instant."""
    after = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    within = Within(from_on=month, to_on=after - timedelta(days=1))
    board = await service.read_board(tx, as_of=as_of, by=(By.BANK, By.BRANCH), within=within, medians=False)
    return tuple(finding(one, board.get(_group(one), {}).get(name, Tally())) for one in who)


def finding(one: Who, tally: Tally) -> Finding:
    """A figure of a bank or branch with its interval."""
    found = share(tally.value, tally.of)
    return Finding(
        one.bank_id, one.branch_id, one.name, tally.value, tally.of, found.ppm, found.low_ppm, found.high_ppm
    )


def _group(one: Who) -> tuple[str, str]:
    if one.branch_id is not None:
        return By.BRANCH.value, str(one.branch_id)
    return By.BANK.value, str(one.bank_id)


SOURCE: Final = Source(MEASURES, read_findings)
