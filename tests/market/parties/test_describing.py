"""How changes of pools and lists are told to the second person."""

import json

from app.infra.db import Database, Role
from app.market import parties
from app.market.orders.pages import words
from app.market.parties.describing import WORDS, tell_change, tell_list
from app.market.parties.schemas import PoolAmount
from app.office.proposals import Change
from tests.market.parties.test_shelf import body, publish
from tests.market.parties.world import AT, WAN, make_world


async def test_a_pool_that_would_be_lowered_is_told_from_what_to_what(db: Database) -> None:
    """Its cap and its balance with the difference; who would go below what is used is told so."""
    world = await make_world(db)
    assert world.pool_id is not None
    async with db.transaction(Role.BANK, world.scope()) as tx:
        amount = PoolAmount(amount_fen=120 * WAN, why="季末收回")
        asked = await parties.changes.propose_pool_change(
            tx, "pool-lower", world.pool_id, amount, by=world.maker, now=AT
        )
        told = await tell_change(tx, asked)

    cap, free = told.changes
    assert (100 * WAN, -20 * WAN, -120 * WAN) == (cap.before, cap.after, cap.more_by)
    assert (100 * WAN, -20 * WAN) == (free.before, free.after)
    assert "改后低于已占用和已放款之和，现在不能生效。" in [line.value for line in told.lines]
    assert f"/bank/pools/{world.pool_id}" == told.url


async def test_a_new_version_of_a_list_is_told_where_it_differs(db: Database) -> None:
    """What stays is told beside, codes in words; the purposes that the form does not ask are compared too."""
    world = await make_world(db)
    assert "done" == await publish(db, world)
    async with db.transaction(Role.BANK, world.scope()) as tx:
        changed = body(world, ceiling_fen=150 * WAN, purposes=["working_capital", "equipment"])
        asked = await parties.changes.propose_list(tx, changed, by=world.maker, now=AT)
        told = await tell_list(tx, asked)

    assert [
        Change("授权上限", 200 * WAN, 150 * WAN, "fen"),
        Change("限定用途", "日常周转（进货、工资、租金）", "购置设备、日常周转（进货、工资、租金）"),
    ] == list(told.changes)
    assert "渝中区" in [line.value for line in told.lines]


def test_codes_of_an_order_have_the_same_words_everywhere() -> None:
    """Two rooms write them down, since neither may look into the other."""
    assert json.dumps([words.PURPOSES, words.COLLATERAL], default=dict) == json.dumps(list(WORDS.values()))
