"""A bank's branches for its head office: what they have in hand, and how they kept the promise, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.access.seats import Seat
from app.infra.db import ReadTx
from app.kernel.clock import shanghai_date
from app.market import orders, parties
from app.market.supervision import service
from app.market.supervision.rules import Share, branches
from app.market.supervision.rules.branches import BranchLine, Sort, Work
from app.market.supervision.rules.norms import Norms
from app.market.supervision.store import head_office as store


@dataclass(frozen=True, slots=True)
class HeadOffice:
    """`bank` are the shares of all branches by month. `promise_days` are workdays."""

    lines: Sequence[BranchLine]
    months: Sequence[date]
    bank: Sequence[Share]
    norms: Norms
    promise_days: int

    @property
    def work(self) -> Work:
        """What all branches have in hand together."""
        work = [one.work for one in self.lines]
        return Work(sum(w.open for w in work), sum(w.late for w in work), sum(w.today for w in work))


async def read_branches(tx: ReadTx, sort: Sort, *, by: Seat) -> HeadOffice:
    """Every branch of the seat's bank that has or ever had a suborder, over the months that the norms look back."""
    today = shanghai_date(tx.now)
    norms = await service.read_norms(tx, today)
    months = branches.months_until(today, norms.months)
    known = {one.branch_id: one.name for one in await parties.shelf.branches_of(tx, by.org_id)}
    rows = await store.read_by_month(tx, tx.now, months[0], branches.FIGURES, known)
    tallies = branches.by_branch(rows, months)
    in_hand = {one.branch_id: Work(one.open, one.late, one.today) for one in await orders.reading.branch_work(tx)}
    lines = [
        branches.line(one, name, in_hand.get(one, Work()), tallies.get(one, {}), months, norms.small)
        for one, name in known.items()
        if one in in_hand or one in tallies
    ]
    return HeadOffice(
        branches.arranged(lines, sort), months, branches.whole_bank(lines, months), norms,
        await service.read_promise_days(tx, today),
    )  # fmt: skip
