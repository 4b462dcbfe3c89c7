"""Outlets placed and queued, products and published lists, on a real database."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties.schemas import ListBody
from app.market.parties.service.outlets import OfficesRead, OutletEntry, Placed
from app.office import proposals
from tests.market.parties.world import AT, WAN, World, make_world, product, two_people
from tests.support import real_data

TODAY = date(2025, 9, 25)


def body(world: World, **more: object) -> ListBody:
    fields: dict[str, object] = {
        "branch_id": world.branch_id, "product_id": world.product_id, "amount_min_fen": 5 * WAN,
        "ceiling_fen": 200 * WAN, "approval_level_fen": 100 * WAN, "term_months_max": 12, "rate_min_ppm": 36_500,
        "rate_max_ppm": 90_000, "purposes": ["working_capital"], "districts": ["500103"], "valid_from": TODAY,
    }  # fmt: skip
    return ListBody.model_validate_json(json.dumps(fields | more, default=str))


async def publish(db: Database, world: World, **more: object) -> str:
    async def ask(tx: Tx) -> proposals.Proposal:
        return await parties.changes.propose_list(tx, body(world, **more), by=world.maker, now=AT)

    try:
        await two_people(db, world, ask)
    except Refusal as refusal:
        return refusal.code
    return "done"


async def test_a_list_is_published_by_two_people_and_read_by_everybody(db: Database) -> None:
    """Versions follow each other; the newest that has begun is in force."""
    world = await make_world(db)

    answers = [await publish(db, world), await publish(db, world, ceiling_fen=150 * WAN, valid_from="2025-10-01")]
    async with db.reading(Role.PUBLIC) as tx:
        today = await parties.lists_for(tx, TODAY, loan_type="new")
        later = await parties.lists_for(tx, date(2025, 10, 1))
        before = await parties.lists_for(tx, TODAY - timedelta(days=1))

    assert ["done", "done"] == answers
    assert [(1, 200 * WAN)] == [(found.entry.version, found.entry.ceiling_fen) for found in today]
    assert [(2, 150 * WAN)] == [(found.entry.version, found.entry.ceiling_fen) for found in later]
    assert () == before
    assert "渝江示范银行" == today[0].bank.name


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ceiling_fen": 300 * WAN + 1}, "amount-out-of-range"),
        ({"amount_min_fen": 5 * WAN - 1}, "amount-out-of-range"),
        ({"rate_min_ppm": 34_499}, "terms-out-of-range"),
        ({"rate_max_ppm": 96_001}, "terms-out-of-range"),
        ({"term_months_max": 37}, "terms-out-of-range"),
        ({"valid_from": "2025-09-24"}, "bad-time"),
        ({"product_id": UUID(int=9)}, "not-found"),
        ({"branch_id": UUID(int=9)}, "not-found"),
    ],
)
async def test_a_list_stays_inside_its_product_and_changes_no_day_that_has_passed(
    db: Database, more: dict[str, object], code: str
) -> None:
    """Refused when proposed."""
    world = await make_world(db, None)

    assert code == await publish(db, world, **more)


async def test_a_list_names_only_the_banks_own_branch_and_product(db: Database) -> None:
    """Another bank's branch is as good as missing."""
    world = await make_world(db, None)
    other = await make_world(db, None, name="渝山示范银行")

    assert "not-found" == await publish(db, world, branch_id=other.branch_id)
    assert "not-found" == await publish(db, world, product_id=other.product_id)


async def test_a_bank_cannot_write_another_banks_list(db: Database) -> None:
    """Row-level security, by raw SQL."""
    world, other = await make_world(db, None), await make_world(db, None, name="渝山示范银行")
    await publish(db, other)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(Role.BANK, world.scope()) as tx:
            await tx.execute(
                "insert into published_lists select (jsonb_populate_record(l, jsonb_build_object('list_id', $1::uuid,"
                " 'version', 9))).* from published_lists l",
                new_id(),
            )


async def test_a_product_code_is_the_banks_once(db: Database) -> None:
    """And another bank may have the same."""
    world = await make_world(db, None)

    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.WORKER) as tx:
            await parties.shelf.add_product(tx, product(world.bank_id))

    assert "already-exists" == refused.value.code


async def test_outlets_are_placed_queued_and_settled_by_a_person(db: Database) -> None:
    """A resend changes nothing; of two operators one settles it."""
    world = await make_world(db, None)
    operators = [Seat(new_id(), new_id(), SeatRole.OPERATOR) for _ in range(2)]
    entries = [
        OutletEntry("渝江示范银行股份有限公司南岸支行", None, "500108"),
        OutletEntry("某某银行重庆分行"),
        OutletEntry("某某银行（重庆）分行", "XY"),
        OutletEntry("  "),
    ]

    async with db.transaction(Role.LOADER) as tx:
        placed = await parties.outlets.place_outlets(tx, entries, now=AT)
        again = await parties.outlets.place_outlets(tx, entries, now=AT)
    async with db.reading(Role.OPS) as tx:
        first, second = await parties.outlets.outlet_queue(tx)

    async def settle(by: Seat) -> str:
        try:
            async with db.transaction(Role.OPS, Scope(actor_id=by.person_id)) as tx:
                place = parties.outlets.place_outlet
                return (await place(tx, first.outlet_id, world.bank_id, by_id=by.person_id, now=AT)).state
        except Refusal as refusal:
            return refusal.code

    answers = await asyncio.gather(*(settle(by) for by in operators))
    async with db.transaction(Role.OPS) as tx:
        await parties.outlets.dismiss_outlet(tx, second.outlet_id, by_id=operators[0].person_id, now=AT)
        left = await parties.outlets.outlet_queue(tx)
        branches = await parties.shelf.branches_of(tx, world.bank_id)

    assert (Placed(1, 2, 0, 1), Placed(0, 0, 3, 1)) == (placed, again)
    assert ["placed", "wrong-state"] == sorted(answers)
    assert () == left
    assert {"渝江示范银行示范支行", "渝江示范银行股份有限公司南岸支行", "某某银行重庆分行"} == {
        b.name for b in branches
    }


def rows_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(real_data(path).read_text(encoding="utf-8-sig"), newline="")))


async def test_the_real_outlets_find_their_real_banks(db: Database) -> None:
    """2,574 outlets against 420 head offices, one of them blank and one twice: 14 outlets wait for a person."""
    offices = rows_of("codes/bank_head_offices.csv")
    outlets = rows_of("registry/bank_outlets.csv")
    entries = [OutletEntry(row["企业名称"], row["统一社会信用代码"] or None) for row in outlets]

    async with db.transaction(Role.OPS) as tx:
        read = await parties.outlets.import_head_offices(
            tx, [(row["bankNo"], row["bankName"]) for row in offices], now=AT
        )
    async with db.transaction(Role.LOADER) as tx:
        placed = await parties.outlets.place_outlets(tx, entries, now=AT)
        waiting = await parties.outlets.outlet_queue(tx)
        counted = await tx.fetch(
            "select k.name, count(*) from branches b join banks k using (bank_id) group by 1 order by 2 desc limit 5"
        )

    print(f"\nhead offices {read}; outlets {placed}; {[tuple(row) for row in counted]}")
    assert OfficesRead(418, 1, 1) == read
    assert (2574, 14) == (placed.placed + placed.queued + placed.known, placed.queued)
    assert all("银行" in outlet.name for outlet in waiting)
    assert {"重庆农村商业银行": 700, "中国邮政储蓄银行": 673} == dict(tuple(row) for row in counted[:2])


async def test_the_newest_end_of_a_list_ends_it(db: Database) -> None:
    """A new version with an end closes the list; the older open one does not come back."""
    world = await make_world(db, None)
    await publish(db, world)
    await publish(db, world, valid_from="2025-10-01", valid_to="2025-10-31")

    async with db.reading(Role.BUSINESS, Scope(org_id=new_id())) as tx:
        last_day = await parties.shelf.list_in_force(tx, world.branch_id, world.product_id, date(2025, 10, 31))
        after = await parties.shelf.list_in_force(tx, world.branch_id, world.product_id, date(2025, 11, 1))

    assert last_day is not None
    assert after is None


async def test_a_pool_and_a_list_are_head_offices_to_change(db: Database) -> None:
    """A branch's checker proposes nothing here."""
    world = await make_world(db, None)
    clerk = replace(world.maker, role=SeatRole.BRANCH_CHECKER, branch_id=world.branch_id)

    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.BANK, world.scope()) as tx:
            await parties.changes.propose_list(tx, body(world), by=clerk, now=AT)

    assert "forbidden" == refused.value.code
