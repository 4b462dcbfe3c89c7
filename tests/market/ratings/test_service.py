"""Ratings, work orders and call-backs on the real database."""

from datetime import datetime
from functools import partial
from uuid import UUID

import pytest

from app.access.seats import Seat
from app.infra import outbox
from app.infra.db import Role, Scope
from app.invariants import bad_ratings_are_followed_up, callbacks_can_be_drawn_again
from app.market.orders import withdrawals
from app.market.ratings import Heard, calling, following, rating
from app.office import clocks
from tests.market.orders.conftest import City
from tests.market.ratings.conftest import People
from tests.support import shanghai

RATED = shanghai("2025-10-09 10:00")  # The first workday after the holiday.


async def lapsed(city: City) -> UUID:
    """A suborder that its bank did not take up in time."""
    order_id = await city.post(0)
    await city.work(shanghai("2025-10-09 09:00"))
    row = (await city.parts(order_id))[0]
    assert row["state"] == "lapsed"
    suborder_id: UUID = row["suborder_id"]
    return suborder_id


async def rate(city: City, part: UUID, stars: int, at: datetime = RATED, by: Seat | None = None) -> UUID:
    by = by or city.firm
    rating_id: UUID = await city.act(
        lambda tx: rating.rate(tx, part, stars, tags=["slow"], said="没有人理", by=by, now=at), by, at
    )
    return rating_id


async def truths(city: City) -> list[str]:
    async with city.db.reading(Role.REPORTER) as tx:
        return await bad_ratings_are_followed_up.find_broken(tx) + await callbacks_can_be_drawn_again.find_broken(tx)


async def told(city: City, kind: str) -> list[str]:
    await outbox.drain(city.db)
    async with city.db.reading(Role.WORKER) as tx:
        return sorted(row[0] for row in await tx.fetch("select audience from messages where kind = $1", kind))


async def test_a_bad_rating_is_followed_up_whatever_becomes_of_its_stars(city: City, people: People):
    """Talked up to five stars a day later: the work order stays, and the worst is remembered."""
    part = await lapsed(city)
    rating_id = await rate(city, part, 1)
    again = await rate(city, part, 5, shanghai("2025-10-10 10:00"))
    too_late = await city.refused(
        lambda tx: rating.rate(tx, part, 4, by=city.firm, now=shanghai("2025-10-16 10:00")), city.firm,
        shanghai("2025-10-16 10:00"),
    )  # fmt: skip
    foreign = await city.refused(
        lambda tx: following.close_work_order(tx, rating_id, "已回访，问题已处理", by=people.heads[1], now=RATED),
        people.heads[1], RATED,
    )  # fmt: skip
    closing = shanghai("2025-10-13 18:00")  # 11 October is a make-up workday.
    await city.act(
        lambda tx: following.close_work_order(tx, rating_id, "已回访，问题已处理", by=people.heads[0], now=closing),
        people.heads[0], closing,
    )  # fmt: skip

    rows = await city.rows("select stars, worst, marks from ratings")
    clock = await city.rows("select state, owner, due_on::text from clocks where kind = 'RATING_FOLLOW'")
    assert (again, too_late, foreign) == (rating_id, "wrong-state", "not-found")
    assert rows == [(5, 1, 2)]
    assert clock == [("met", "platform", "2025-10-13")]
    assert await city.rows("select closed_side, by_name from work_orders") == [("bank", "xy-head-0")]
    assert await told(city, "rating.bad") == ["branch", "customer_service", "head_office"]
    assert await truths(city) == []


async def test_a_work_order_that_nobody_follows_up_is_late_for_ever(city: City, people: People):
    """The breach is a fact; what comes after it is noted."""
    rating_id = await rate(city, await lapsed(city), 2)
    late = shanghai("2025-10-20 09:00")
    await city.set_clock(late)
    while await clocks.sweep(city.db):
        pass
    await city.act(
        lambda tx: following.close_work_order(tx, rating_id, "已回访，问题已处理", by=people.service, now=late),
        people.service, late,
    )  # fmt: skip

    assert await city.rows("select state, stopped_at from clocks where kind = 'RATING_FOLLOW'") == [("breached", late)]
    assert await truths(city) == []


async def test_only_the_firm_rates_and_the_branch_sees_it_without_a_way_to_hide_it(city: City, people: People):
    """Row-level security grants a bank no verb but select on ratings."""
    part = await lapsed(city)
    foreign = await city.refused(
        lambda tx: rating.rate(tx, part, 5, by=people.clerks[0], now=RATED), people.clerks[0], RATED
    )
    await rate(city, part, 1)

    async with city.db.reading(Role.BANK, Scope(people.clerks[0].org_id, None, people.clerks[0].branch_id)) as tx:
        own = await tx.value("select count(*) from ratings")
    async with city.db.reading(Role.BANK, Scope(people.clerks[1].org_id, None, people.clerks[1].branch_id)) as tx:
        others = await tx.value("select count(*) from ratings")
    async with city.db.reading(Role.REPORTER) as tx:
        verbs = await tx.fetch(
            "select t, v from unnest(array['ratings', 'rating_marks']) t,"
            " unnest(array['select', 'insert', 'update', 'delete']) v where has_table_privilege('xyd_bank', t, v)"
        )

    assert (foreign, own, others) == ("not-found", 1, 0)
    assert {tuple(row) for row in verbs} == {("ratings", "select"), ("rating_marks", "select")}


async def drawn(city: City, at: datetime, seed: str) -> int:
    await city.set_clock(at)
    async with city.db.transaction(Role.WORKER) as tx:
        return await calling.draw(tx, seed=seed, now=at)


@pytest.mark.parametrize("complains", [True, False])
async def test_a_day_is_drawn_once_and_a_call_becomes_a_complaint_only_with_the_firms_word(
    city: City, people: People, complains: bool
):
    """A withdrawn order after silence is always drawn; not reached once, then heard, then complained if it asks so."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    gone = shanghai("2025-10-09 15:00")
    await city.act(lambda tx: withdrawals.withdraw_order(tx, order_id, by=city.firm, now=gone), city.firm, gone)
    first = await drawn(city, shanghai("2025-10-10 08:00"), "00")
    again = await drawn(city, shanghai("2025-10-10 20:00"), "01")
    rows = await city.rows("select callback_id, factors, ended_state from callbacks")
    callback_id: UUID = rows[0][0]
    at = shanghai("2025-10-10 10:00")
    answers = {"contacted": "no", "in_time": "no", "reason_clear": "no", "extra_fees": "unknown", "pressure": "no"}
    heard = Heard(False, answers, "受理后半个月没有任何人联系我们", complains=complains)

    for call, category in ((None, ""), (heard, "no_contact")):
        command = partial(calling.note_call, callback_id=callback_id, heard=call, category=category)
        await city.act(partial(command, by=people.service, now=at), people.service, at)

    complaint = await city.rows("select for_firm, category, state, callback_id, business_id from complaints")
    assert (first, again) == (1, 0)
    assert rows[0][1:] == (["silent_withdrawal", "red_clock"], "withdrawn")
    assert complaint == ([(True, "no_contact", "filed", callback_id, city.firm.org_id)] if complains else [])
    assert await city.rows("select state, attempts from callbacks") == [("not", 2)]
    assert await told(city, "complaint.filed_for_firm") == (["firm"] if complains else [])
    assert await truths(city) == []
