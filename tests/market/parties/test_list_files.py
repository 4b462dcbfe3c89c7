"""Many lists changed by one file: all or nothing, by two people, out of a file that may be anything."""

import csv
import io
from collections.abc import Mapping
from datetime import date

import asyncpg
import pytest

from app.infra.db import Database, Role, Tx
from app.kernel.errors import Refusal
from app.market import parties
from app.market.parties import Product
from app.market.parties.rules.list_files import TITLES, Column, RowFault
from app.market.parties.schemas import ROWS_MAX
from app.market.parties.service import list_changes
from app.market.parties.service.list_changes import Preview
from app.office import proposals
from app.office.proposals import Proposal
from tests.market.parties.test_list_file_rows import GOOD
from tests.market.parties.test_shelf import publish
from tests.market.parties.world import AT, WAN, World, make_world, product, two_people

TODAY = date(2025, 9, 25)


def file_of(*rows: Mapping[Column, str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([titles[0] for titles in TITLES.values()])
    writer.writerows([[row[column] for column in Column] for row in rows])
    return out.getvalue().encode("utf-8-sig")


async def town(db: Database) -> tuple[World, Mapping[Column, str]]:
    """A bank with one list in force since today, and the line that says just this."""
    world = await make_world(db, None)
    assert "done" == await publish(db, world)
    line = dict(GOOD) | {
        Column.BRANCH: "渝江示范银行示范支行", Column.REASONS: "", Column.MATERIALS: "", Column.FROM: "", Column.TO: "",
    }  # fmt: skip
    return world, line


async def look(db: Database, world: World, content: bytes) -> Preview:
    async with db.reading(Role.BANK, world.scope()) as tx:
        shelves = await list_changes.read_shelves(tx, world.bank_id)
        return list_changes.preview(list_changes.open_file(content), shelves, TODAY)


async def ceilings(db: Database) -> list[tuple[int, int]]:
    async with db.reading(Role.PUBLIC) as tx:
        rows = await tx.fetch("select version, ceiling_fen from published_lists order by product_id, version")
    return [(row["version"], row["ceiling_fen"]) for row in rows]


@pytest.fixture(autouse=True)
async def _at(db: Database) -> None:
    async with db.transaction(Role.OPS) as tx:
        await tx.execute("insert into business_clock (frozen_at) values ($1)", AT)


async def second_product(db: Database, world: World, **more: object) -> Product:
    async with db.transaction(Role.WORKER) as tx:
        return await parties.shelf.add_product(tx, product(world.bank_id, code="XY-02", name="第二贷", **more))


async def test_a_file_changes_many_lists_by_two_people_and_keeps_what_it_does_not_ask(db: Database):
    """One line changes a list, one makes a new one; purposes and districts stay as they were."""
    world, line = await town(db)
    await second_product(db, world)
    found = await look(db, world, file_of(line | {Column.CEILING: "150"}, line | {Column.PRODUCT: "XY-02"}))

    async def ask(tx: Tx) -> Proposal:
        return await list_changes.propose(tx, found, by=world.maker)

    await two_people(db, world, ask)

    assert (2, 0, ()) == (len(found.lines), found.unchanged, found.faults)
    async with db.reading(Role.PUBLIC) as tx:
        lists = {one.product.code: one.entry for one in await parties.lists_for(tx, TODAY)}
    assert (2, 150 * WAN, {"working_capital"}, {"500103"}) == (
        lists["XY-01"].version, lists["XY-01"].ceiling_fen, lists["XY-01"].purposes, lists["XY-01"].districts,
    )  # fmt: skip
    assert (1, 200 * WAN, frozenset()) == (
        lists["XY-02"].version, lists["XY-02"].ceiling_fen, lists["XY-02"].purposes
    )  # fmt: skip


async def test_one_fault_and_nothing_may_be_proposed(db: Database):
    """The good lines are shown, and go nowhere."""
    world, line = await town(db)

    found = await look(db, world, file_of(line | {Column.CEILING: "150"}, line, line | {Column.BRANCH: "无此支行"}))

    assert not found.may_be_proposed
    assert [(3, None, RowFault.TWICE), (4, Column.BRANCH, RowFault.UNKNOWN_BRANCH)] == [
        (one.row_no, one.column, one.code) for one in found.faults
    ]
    assert [(1, 200 * WAN)] == await ceilings(db)


async def test_an_approval_that_cannot_publish_one_list_publishes_none(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]"
):
    """Meanwhile a product was narrowed: the change stays open, and no list has a new version."""
    world, line = await town(db)
    second = await second_product(db, world)
    found = await look(db, world, file_of(line | {Column.CEILING: "150"}, line | {Column.PRODUCT: "XY-02"}))
    async with db.transaction(Role.BANK, world.scope()) as tx:
        proposal = await list_changes.propose(tx, found, by=world.maker)
    await admin.execute("update products set amount_max_fen = 100000000 where product_id = $1", second.product_id)

    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.BANK, world.scope(world.checker)) as tx:
            await proposals.approve(tx, proposal.proposal_id, by=world.checker, now=AT)

    assert "amount-out-of-range" == refused.value.code
    assert [(1, 200 * WAN)] == await ceilings(db)
    async with db.reading(Role.BANK, world.scope()) as tx:
        assert "open" == (await proposals.get(tx, proposal.proposal_id)).state.value


async def test_a_second_file_waits_for_the_first(db: Database):
    """Two changes over each other could not be told apart by who agrees to them."""
    world, line = await town(db)
    found = await look(db, world, file_of(line | {Column.CEILING: "150"}))
    async with db.transaction(Role.BANK, world.scope()) as tx:
        await list_changes.propose(tx, found, by=world.maker)

    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.BANK, world.scope()) as tx:
            await list_changes.propose(tx, found, by=world.maker)

    assert "already-exists" == refused.value.code


async def test_a_bank_cannot_name_anothers_branches(db: Database):
    """By name, by code or by id: they are not in its shelf."""
    world, line = await town(db)
    other = await make_world(db, None, name="别家示范银行")

    found = await look(
        db, world, file_of(line | {Column.BRANCH: "别家示范银行示范支行"}, line | {Column.BRANCH: str(other.branch_id)})
    )

    assert [RowFault.UNKNOWN_BRANCH] * 2 == [one.code for one in found.faults]


async def test_what_was_looked_at_comes_back_as_it_was(db: Database):
    """The lines that a confirmation carries say the same, mark for mark; also a text that looks like a formula's."""
    world, line = await town(db)
    content = file_of(line | {Column.CEILING: "150.5", Column.MATERIALS: '-回单；"引号"，逗号', Column.REASONS: "B4"})

    async with db.reading(Role.BANK, world.scope()) as tx:
        shelves = await list_changes.read_shelves(tx, world.bank_id)
        first = list_changes.preview(list_changes.open_file(content), shelves, TODAY)
        text = list_changes.lines_as_text(first, shelves)
        again = list_changes.preview(list_changes.open_file(text.encode()), shelves, TODAY)

    assert list_changes.bodies_of(first, TODAY) == list_changes.bodies_of(again, TODAY)
    assert ["-回单", '"引号"，逗号'] == list_changes.bodies_of(again, TODAY).rows[0].materials


async def test_the_next_quarter_is_a_draft_of_what_is_in_force(db: Database):
    """The same figures with the quarter's first and last day; in force now it leaves as it is."""
    world, _line = await town(db)

    async with db.reading(Role.BANK, world.scope()) as tx:
        shelves = await list_changes.read_shelves(tx, world.bank_id)
        draft = list_changes.next_quarter(shelves, TODAY)
        found = list_changes.preview(list_changes.raw_of(draft, shelves), shelves, TODAY)

    assert [(date(2025, 10, 1), date(2025, 12, 31))] == [(one.valid_from, one.valid_to) for one in draft]
    assert [[Column.FROM, Column.TO]] == [[one.column for one in line.changes] for line in found.lines]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad-upload"),
        (b"   \n", "bad-upload"),
        (b"%PDF-1.7", "bad-upload"),
        (b"<html><table><tr><td>x</td></tr></table>", "bad-upload"),
        (b"\xd0\xcf\x11\xe0rest", "bad-upload"),
        (b"PK\x03\x04broken", "bad-upload"),
        (b"\x1f\x8bbroken", "bad-upload"),
        (b"\xff\x00\xfe\x00", "bad-upload"),
        ("网点,产品代码\nx,y\n".encode(), "bad-upload"),
        ("甲,乙\n1,2\n".encode(), "bad-upload"),
        (b"x" * (list_changes.FILE_MAX + 1), "too-large"),
        (file_of(*[GOOD] * (ROWS_MAX + 1)), "bad-upload"),
    ],
    ids=["empty", "blank", "pdf", "page", "old-workbook", "broken-zip", "broken-gzip", "binary", "columns-missing",
         "no-titles", "too-large", "too-many-rows"],
)  # fmt: skip
async def test_a_file_that_is_no_table_of_lists_is_refused_whole(db: Database, content: bytes, code: str):
    """In words, before a line of it is looked at."""
    world, _line = await town(db)

    with pytest.raises(Refusal) as refused:
        await look(db, world, content)

    assert code == refused.value.code


async def test_a_line_with_unmatched_quotes_is_that_lines_fault(db: Database):
    """The lines beside it are still read."""
    world, line = await town(db)
    content = (
        file_of(line) + '"渝江"示范,XY-01,,5\n'.encode() + file_of(line | {Column.CEILING: "150"}).split(b"\n", 1)[1]
    )

    found = await look(db, world, content)

    assert RowFault.BROKEN_QUOTES in [one.code for one in found.faults]
    assert not found.may_be_proposed
