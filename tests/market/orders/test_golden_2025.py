"""The National Day of 2025, by hand: make-up Sunday 28 September, closed 1-8 October, make-up Saturday 11 October."""

from datetime import date

from app.infra.db import Role
from app.market import orders
from app.market.orders.service import acceptances
from tests.market.orders.conftest import WAN, City
from tests.support import shanghai

# The acceptance day does not count; ten workdays follow.
DAYS = """
2025-09-25 start
2025-09-26 counted 1
2025-09-27 weekend
2025-09-28 make_up 2
2025-09-29 counted 3
2025-09-30 counted 4
2025-10-01 holiday
2025-10-02 holiday
2025-10-03 holiday
2025-10-04 holiday
2025-10-05 holiday
2025-10-06 holiday
2025-10-07 holiday
2025-10-08 holiday
2025-10-09 counted 5
2025-10-10 counted 6
2025-10-11 make_up 7
2025-10-12 weekend
2025-10-13 counted 8
2025-10-14 counted 9
2025-10-15 counted 10
"""


async def clock(city: City, suborder_id: object, kind: str) -> tuple[str, date]:
    rows = await city.rows(
        "select state, due_on from clocks where case_id = $1 and kind = $2 order by gen desc", suborder_id, kind
    )
    state, due_on = rows[0]
    return state, due_on


async def test_ten_workdays_from_25_september_end_on_15_october(city: City) -> None:
    """Day by day, as the firm and the branch read it."""
    await city.post(0, at=shanghai("2025-09-24 10:00"))
    (row,) = (await city.parts(await city.value("select order_id from orders"))).values()
    await city.accept(row["suborder_id"], 0, shanghai("2025-09-25 15:00"))

    async with city.db.reading(Role.REPORTER) as tx:
        why = await orders.reading.explain_clock(tx, row["suborder_id"], "DECISION", now=shanghai("2025-09-25 15:00"))
    lines = [f"{line.day} {line.kind.value}{f' {line.n}' if line.n else ''}" for line in why.lines]

    assert DAYS.strip().splitlines() == lines
    assert ("running", date(2025, 10, 15)) == await clock(city, row["suborder_id"], "DECISION")
    assert shanghai("2025-10-16 00:00") == why.clock.due_at
    assert ("running", date(2025, 9, 29)) == await clock(city, row["suborder_id"], "CONTACT")


async def test_a_pause_over_the_holiday_moves_the_deadline_by_the_workdays_it_covers(city: City) -> None:
    """Asked on 30 September, brought on 10 October: 30 September and 9 October are skipped, the holiday was free."""
    order_id = await city.post(0, at=shanghai("2025-09-24 10:00"))
    part = (await city.parts(order_id))[0]["suborder_id"]
    clerk = city.clerk(0)
    await city.accept(part, 0, shanghai("2025-09-25 15:00"))
    await city.contact(part, 0, shanghai("2025-09-28 10:00"))
    asked, brought = shanghai("2025-09-30 16:00"), shanghai("2025-10-10 09:00")

    await city.act(
        lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=clerk, now=asked), clerk, asked
    )
    assert ("running", date(2025, 10, 14)) == await clock(city, part, "PAPERS")
    assert ("met", date(2025, 9, 29)) == await clock(city, part, "CONTACT")
    await city.act(
        lambda tx: acceptances.bring_papers(tx, part, answer="已补", by=city.firm, now=brought), city.firm, brought
    )

    # Counted: 26, 28, 29 September, 10, 11, 13, 14, 15, 16, 17 October.
    assert ("running", date(2025, 10, 17)) == await clock(city, part, "DECISION")


async def test_papers_that_never_come_cost_the_firm_its_five_workdays(city: City) -> None:
    """Asked on 30 September: the pause ends with 14 October; then the bank's time counts on."""
    order_id = await city.post(0, at=shanghai("2025-09-24 10:00"))
    part = (await city.parts(order_id))[0]["suborder_id"]
    clerk, asked = city.clerk(0), shanghai("2025-09-30 16:00")
    await city.accept(part, 0, shanghai("2025-09-25 15:00"))
    await city.act(
        lambda tx: acceptances.ask_papers(tx, part, items=["流水"], note="", by=clerk, now=asked), clerk, asked
    )

    await city.work(shanghai("2025-10-15 08:00"))

    # Skipped: 30 September, 9, 10, 11, 13 October. Counted: 26, 28, 29 September, 14, 15 … 22 October.
    assert ("running", date(2025, 10, 22)) == await clock(city, part, "DECISION")
    assert ("breached", date(2025, 10, 14)) == await clock(city, part, "PAPERS")
    assert [("capped", shanghai("2025-10-15 00:00"))] == await city.rows(
        "select closed_how, closed_at from papers_requests"
    )


async def test_money_held_in_september_and_drawn_in_october_posts_to_the_third_quarter(city: City) -> None:
    """A reservation belongs to the quarter in which it was taken; the fourth quarter's pool is not touched."""
    order_id = await city.post(0, at=shanghai("2025-09-24 10:00"))
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 15:00"))
    await city.contact(part, 0, shanghai("2025-09-28 10:00"))
    await city.offer(part, 0, shanghai("2025-09-29 10:00"))
    await city.pick(part, shanghai("2025-09-30 10:00"))
    await city.contract(part, 0, shanghai("2025-10-09 10:00"))
    await city.draw(part, 0, shanghai("2025-10-10 10:00"), 40 * WAN)

    assert [(date(2025, 7, 1), 0, 40 * WAN), (date(2025, 10, 1), 0, 0)] == await city.rows(
        "select quarter, held_fen, posted_fen from pools where bank_id = $1 order by quarter", city.banks[0].bank_id
    )
    assert ("met", date(2025, 10, 14)) == await clock(city, part, "SIGN")
    assert ("met", date(2025, 10, 15)) == await clock(city, part, "PAYOUT")


async def test_the_same_deadlines_whether_the_worker_ran_each_hour_or_never(city: City) -> None:
    """A breach fires at its own instant: the reserve's ACCEPT starts then, not when somebody noticed."""
    watched = await city.post(0, 1, places=1, at=shanghai("2025-09-24 10:00"))
    await city.accept((await city.parts(watched))[0]["suborder_id"], 0, shanghai("2025-09-25 15:00"))
    unwatched = await city.post(0, 1, places=1, at=shanghai("2025-09-24 10:00"))
    await city.accept((await city.parts(unwatched))[0]["suborder_id"], 0, shanghai("2025-09-25 15:00"))

    for day in range(16, 23):
        await city.set_clock(shanghai(f"2025-10-{day} 00:00"))
        async with city.db.transaction(Role.WORKER) as tx:
            await orders.enter(tx, watched, now=tx.now)
    await city.work(shanghai("2025-10-22 10:00"))

    history = (
        "select l.position, m.act, m.to_state, m.at, m.cause from suborder_moves m"
        " join order_listed l using (suborder_id) where m.order_id = $1 order by m.seq"
    )
    seen, unseen = await city.rows(history, watched), await city.rows(history, unwatched)
    assert seen == unseen
    assert (2, "push", "pushed", shanghai("2025-10-16 00:00"), "") in seen
    assert (2, "lapse", "lapsed", shanghai("2025-10-21 00:00"), "ACCEPT") in seen  # Friday and Monday.
