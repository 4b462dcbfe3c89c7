"""Months and documents for the access matrix: what a supervising office of its own has frozen, or waits to freeze."""

from collections.abc import Mapping
from datetime import date

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope, Tx
from app.market.supervision import fold
from app.market.supervision.service import documents, months
from app.office import proposals
from tests.replay.city import play
from tests.support import shanghai

FROZEN, OPEN, WAITING, THEIRS = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1), date(2025, 12, 1)


def scope(seat: Seat) -> Scope:
    return Scope(org_id=seat.org_id, actor_id=seat.person_id)


async def some_history(db: Database) -> None:
    """A few suborders of September 2025, folded; once for everything that needs months."""
    async with db.reading(Role.REPORTER) as tx:
        if await tx.value("select exists (select 1 from supervision_sums)"):
            return
    await play(db, 5, 4, shanghai("2025-09-30 12:00"))
    async with db.transaction(Role.WORKER) as tx:
        await fold(tx)


async def freeze_month(db: Database, month: date, first: Seat, second: Seat) -> None:
    """By two people of one office."""
    async with db.transaction(Role.REGULATOR, scope(first)) as tx:
        proposal_id = await months.propose_freeze(tx, month, by=first)
    async with db.transaction(Role.REGULATOR, scope(second)) as tx:
        await proposals.approve(tx, proposal_id, by=second, now=tx.now)


async def second_of(db: Database, seat: Seat, login: str) -> Seat:
    """Another person of the same office."""
    from tests.web.app_for_tests import make_seat

    return await make_seat(db, SeatRole.REGULATOR, seat.org_id, login=login)


async def frozen_month(db: Database, seat: Seat) -> str:
    """A frozen month; the same for everybody, since there is one city."""
    await some_history(db)
    async with db.reading(Role.REGULATOR, scope(seat)) as tx:
        line = await months.read_month(tx, FROZEN)
    if line.head is None:
        await freeze_month(db, FROZEN, seat, await second_of(db, seat, f"second-{seat.person_id.hex[-8:]}"))
    return f"{FROZEN:%Y-%m}"


async def waiting_months(db: Database, mine: Seat, other: Seat) -> tuple[str, str]:
    """A month that a colleague of one's own wants to freeze, and one of another office's."""
    await some_history(db)
    for month, seat in ((WAITING, mine), (THEIRS, other)):
        maker = await second_of(db, seat, f"maker-{seat.person_id.hex[-8:]}")
        async with db.transaction(Role.REGULATOR, scope(maker)) as tx:
            await months.propose_freeze(tx, month, by=maker)
    return f"{WAITING:%Y-%m}", f"{THEIRS:%Y-%m}"


async def document_of_month(db: Database, seat: Seat) -> str:
    """The number of a document made of the frozen month."""
    await frozen_month(db, seat)

    async def make(tx: Tx) -> str:
        head = (await months.read_month(tx, FROZEN)).head
        assert head is not None
        draft = documents.Draft(
            "month", "pdf", "zh", "2025 年 9 月 服务监管月报", FROZEN, tx.now, head.frozen.frozen_at, head.sha256,
            lambda number: number.encode(),
        )  # fmt: skip
        return await documents.make(tx, draft, by=seat)

    async with db.transaction(Role.REGULATOR, scope(seat)) as tx:
        return await make(tx)


async def month_over(db: Database) -> str:
    """A month that is over and not frozen."""
    await some_history(db)
    return f"{OPEN:%Y-%m}"


Seats = Mapping[SeatRole, Seat]
