"""The way of an order through services on the real database."""

from datetime import date

from tests.market.orders.conftest import POSTED, WAN, City
from tests.support import shanghai


async def test_an_order_goes_from_post_to_the_last_draw(city: City) -> None:
    """The main job: two banks at work, one offer picked, the other passed over, money posted to the pool."""
    order_id = await city.post(0, 1, 2)
    first, second = (row["suborder_id"] for _, row in sorted((await city.parts(order_id)).items()))

    await city.accept(first, 0, shanghai("2025-09-25 09:00"))
    await city.accept(second, 1, shanghai("2025-09-25 10:00"))
    await city.contact(first, 0, shanghai("2025-09-25 11:00"))
    await city.offer(first, 0, shanghai("2025-09-26 09:00"))
    await city.pick(first, shanghai("2025-09-26 15:00"))
    await city.contract(first, 0, shanghai("2025-09-28 10:00"))
    await city.draw(first, 0, shanghai("2025-09-29 10:00"), 15 * WAN)
    await city.draw(first, 0, shanghai("2025-10-20 10:00"), 25 * WAN)

    pools = "select quarter, held_fen, posted_fen from pools where bank_id = $1 order by quarter"
    assert {0: "serviced", 1: "passed_over"} == await city.states(order_id)
    assert [(date(2025, 7, 1), 0, 40 * WAN), (date(2025, 10, 1), 0, 0)] == await city.rows(pools, city.banks[0].bank_id)
    assert [] == await city.rows("select kind from clocks where state in ('running', 'paused')")


async def test_a_bank_that_lets_accept_pass_lapses_and_the_reserve_is_pushed(city: City) -> None:
    """Nobody has to notice: the worker fires the clock and the next bank of the list is asked at that instant."""
    order_id = await city.post(0, 1, places=1)

    await city.work(shanghai("2025-09-29 09:00"))

    pushed_at = (await city.parts(order_id))[1]["pushed_at"]
    assert {0: "lapsed", 1: "pushed"} == await city.states(order_id)
    assert shanghai("2025-09-27 00:00") == pushed_at
    assert POSTED < pushed_at
