"""A loan after signing, on the real database: its ledger, what it owes, its figures by two reckonings."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.infra.db import Role
from app.invariants import outstanding_equals_ledger
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.orders.service import lending, reading
from app.market.orders.service.lending import EntryKind, Told
from app.replay.service import replay_in
from tests.market.orders.conftest import WAN, City
from tests.support import shanghai

ENTRIES = "select kind, amount_fen from loan_entries order by seq"


async def serviced(city: City, amount_fen: int = 40 * WAN) -> UUID:
    """A loan of the first bank that is paid out in full on 29 September 2025."""
    order_id = await city.post(0, places=1)
    part: UUID = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-25 11:00"))
    await city.offer(part, 0, shanghai("2025-09-26 09:00"), amount_fen=amount_fen)
    await city.pick(part, shanghai("2025-09-26 15:00"))
    await city.contract(part, 0, shanghai("2025-09-28 10:00"), amount_fen=amount_fen)
    await city.draw(part, 0, shanghai("2025-09-29 10:00"), amount_fen)
    return part


async def tell(city: City, kind: str, part: UUID, at: datetime, **said: Any) -> Any:
    """The clerk tells a line of the loan's ledger, with a mark of its own, of the same day."""
    by = city.clerk(0)
    line: dict[str, Any] = {"kind": EntryKind(kind), "entry_id": new_id(), "on": at.date()} | said
    told = Told(**line)
    return await city.act(lambda tx: lending.tell_loan(tx, part, told, by=by, now=at), by, at)


async def test_a_loan_is_repaid_extended_overdue_and_settled(city: City) -> None:
    """What is owed is a fold of the ledger; two reckonings and the truths of live data agree with it."""
    part = await serviced(city)

    await tell(city, "repayment", part, shanghai("2026-03-02 10:00"), amount_fen=15 * WAN, on=date(2026, 3, 1))
    await tell(city, "extension", part, shanghai("2026-09-01 10:00"), amount_fen=25 * WAN, until_on=date(2027, 3, 31))
    await tell(city, "overdue", part, shanghai("2027-04-01 10:00"), amount_fen=25 * WAN)
    await tell(city, "repayment", part, shanghai("2027-04-02 10:00"), amount_fen=20 * WAN)
    async with city.db.reading(Role.REPORTER) as tx:
        row = await tx.row("select * from suborders where suborder_id = $1", part)
        assert row is not None
        seen = await lending.loan_of(tx, row)
    await tell(
        city,
        "settlement",
        part,
        shanghai("2027-06-01 10:00"),
        reason="企业已注销，无财产可执行",
    )

    assert seen is not None
    assert (5 * WAN, 5 * WAN, date(2027, 3, 31)) == (seen.outstanding_fen, seen.loan.overdue_fen, seen.loan.ends_on)
    assert [
        ("repayment", 15 * WAN), ("extension", 25 * WAN), ("overdue", 25 * WAN), ("repayment", 20 * WAN),
        ("settlement", 5 * WAN),
    ] == await city.rows(ENTRIES)  # fmt: skip
    assert {0: "settled"} == await city.states(row["order_id"])
    async with city.db.reading(Role.REPORTER) as tx:
        replayed = await replay_in(tx, as_of=tx.now)
        view = await reading.get_order(tx, row["order_id"])
        assert [] == await outstanding_equals_ledger.find_broken(tx)
    owed = {r.figure: (r.value, r.of) for r in replayed.rows if r.by == "all" and r.figure in FIGURES}
    assert () == replayed.differences
    assert {
        "outstanding_fen": (0, 0), "paid_out_fen": (40 * WAN, 1), "repaid_fen": (35 * WAN, 2),
        "written_off_fen": (5 * WAN, 1),
    } == owed  # fmt: skip
    assert ("closed", None) == (view.standing, view.order["end_state"])
    await city.work(shanghai("2027-06-01 11:00"))
    async with city.db.reading(Role.WORKER) as tx:
        told = {row["kind"] for row in await tx.fetch("select kind from messages where audience = 'firm'")}
    assert {"firm.loan_repaid", "firm.loan_extended", "firm.loan_overdue", "firm.loan_settled"} <= told


FIGURES = ("outstanding_fen", "paid_out_fen", "repaid_fen", "written_off_fen")


async def test_the_same_mark_counts_once(city: City) -> None:
    """A bank's machine may send again what it is not sure of."""
    part, mark = await serviced(city), new_id()
    at = shanghai("2026-03-02 10:00")
    said = {"entry_id": mark, "amount_fen": WAN}
    await tell(city, "repayment", part, at, **said)

    with pytest.raises(Refusal) as found:
        await tell(city, "repayment", part, at, **said)

    assert "already-exists" == found.value.code
    assert [("repayment", WAN)] == await city.rows(ENTRIES)


async def test_nobody_but_the_loans_own_branch_tells_of_it(city: City) -> None:
    """A loan is a matter between its firm and its branch."""
    part, at = await serviced(city), shanghai("2026-03-02 10:00")
    told = Told(kind=EntryKind.REPAYMENT, entry_id=new_id(), on=at.date(), amount_fen=WAN)

    other, firm = [
        await city.refused(lambda tx, by=by: lending.tell_loan(tx, part, told, by=by, now=at), by, at)  # type: ignore[misc]
        for by in (city.clerk(1), city.firm)
    ]

    assert ("not-found", "forbidden") == (other, firm)
