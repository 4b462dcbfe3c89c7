"""A head office sees of its branches what the regulator sees of them, and nothing of another bank's."""

from datetime import date, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import parties
from app.market.parties import Branch
from app.market.supervision import By, read_board, share
from app.market.supervision.pages.head_office import read_sort
from app.market.supervision.rules.branches import (
    DECIDED,
    FIGURES,
    UNPROVED,
    BranchLine,
    Sort,
    Work,
    arranged,
    months_until,
    whole_bank,
)
from app.market.supervision.service.head_office import HeadOffice, read_branches
from app.market.supervision.store import head_office as store
from tests.market.supervision.test_store_folded import UNTIL, fold_all, freeze
from tests.replay.city import play

SUBORDERS = 60
RED: Sort = ("red", False)


async def banks_of(db: Database) -> dict[UUID, set[UUID]]:
    """The banks and branches of a played city, put on the shelf under names."""
    async with db.reading(Role.REPORTER) as tx:
        rows = await tx.fetch("select distinct bank_id, branch_id from suborders")
    found: dict[UUID, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["bank_id"], set()).add(row["branch_id"])
    async with db.transaction(Role.OPS) as tx:
        for bank_id, branches in found.items():
            await parties.outlets.register_bank(tx, bank_id, f"渝江第{bank_id.hex}银行", valid_from=date(2022, 3, 1))
            for branch_id in branches:
                branch = Branch(branch_id, bank_id, f"第{branch_id.hex}支行", None, None, None, date(2022, 3, 1), None)
                await parties.outlets.open_branch(tx, branch)
    return found


async def as_head_office(db: Database, bank_id: UUID, sort: Sort = RED) -> HeadOffice:
    seat = Seat(new_id(), bank_id, SeatRole.BANK_ADMIN)
    async with db.reading(Role.BANK, Scope(org_id=bank_id, actor_id=seat.person_id)) as tx:
        return await read_branches(tx, sort, by=seat)


async def assert_equal_to_regulator(db: Database) -> None:
    """Every branch's share and refusals, against the board that the regulator ranks by."""
    async with db.reading(Role.REGULATOR) as tx:
        board = await read_board(tx, as_of=tx.now, by=[By.BRANCH])
    for bank_id, branches in (await known_banks(db)).items():
        lines = {line.branch_id: line for line in (await as_head_office(db, bank_id)).lines}
        assert set(lines) <= branches
        for branch_id in branches:
            figures = board.get(("branch", str(branch_id)), {})
            line = lines.get(branch_id)
            decided, unproved = figures.get(DECIDED), figures.get(UNPROVED)
            if line is None:
                assert (None, None) == (decided, unproved)
                continue
            assert (decided.value, decided.of) if decided else (0, 0) == (line.decided.value, line.decided.of)
            assert (unproved.value, unproved.of) if unproved else (0, 0) == (line.unproved, line.refused)


async def known_banks(db: Database) -> dict[UUID, set[UUID]]:
    async with db.reading(Role.REPORTER) as tx:
        rows = await tx.fetch("select bank_id, branch_id from branches")
    found: dict[UUID, set[UUID]] = {}
    for row in rows:
        found.setdefault(row["bank_id"], set()).add(row["branch_id"])
    return found


async def test_the_figures_are_the_regulators_folded_or_not(db: Database):
    """Before the worker has folded anything, halfway, afterwards, and when the deadlines of what runs have passed."""
    await freeze(db, UNTIL)
    await play(db, 1, SUBORDERS, UNTIL)
    await banks_of(db)

    await assert_equal_to_regulator(db)
    async with db.transaction(Role.WORKER) as tx:
        await tx.value("select supervision_fold($1, 25)", tx.now)
    await assert_equal_to_regulator(db)
    await fold_all(db)
    await assert_equal_to_regulator(db)
    await freeze(db, UNTIL + timedelta(days=20))
    await assert_equal_to_regulator(db)


@pytest.mark.parametrize("folded", [False, True])
async def test_another_banks_branches_do_not_exist_for_it(db: Database, folded: bool):
    """Asked for by id, neither what is folded nor what is reckoned says anything of them; nor do the tables."""
    await freeze(db, UNTIL)
    await play(db, 2, SUBORDERS, UNTIL)
    banks = await banks_of(db)
    if folded:
        await fold_all(db)
    mine, other = sorted(banks)

    async with db.reading(Role.BANK, Scope(org_id=mine, actor_id=new_id())) as tx:
        asked = (tx, tx.now, date(2025, 1, 1), FIGURES)
        theirs = await store.read_by_month(*asked, banks[other])
        own = await store.read_by_month(*asked, banks[mine] | banks[other])
        sums = await tx.fetch('select distinct "by", key from supervision_sums')
        facts = await tx.fetch("select distinct bank_id from supervision_facts")
        touched = await tx.fetch("select suborder_id from supervision_touched")
        own_parts = {row["suborder_id"] for row in await tx.fetch("select suborder_id from suborders")}

    assert [] == theirs
    assert own
    assert {row[0] for row in own} <= banks[mine]
    assert {(row["by"], row["key"]) for row in sums} <= {("branch", str(one)) for one in banks[mine]}
    assert {row["bank_id"] for row in facts} <= {mine}
    assert {row["suborder_id"] for row in touched} <= own_parts


async def test_a_seat_in_a_branch_reads_no_other_branch(db: Database):
    """The tables keep to the branch of the seat, whatever a page asks."""
    await freeze(db, UNTIL)
    await play(db, 3, SUBORDERS, UNTIL)
    banks = await banks_of(db)
    await fold_all(db)
    bank_id = min(banks)
    branch_id = min(banks[bank_id])

    async with db.reading(Role.BANK, Scope(org_id=bank_id, actor_id=new_id(), branch_id=branch_id)) as tx:
        rows = await store.read_by_month(tx, tx.now, date(2025, 1, 1), FIGURES, banks[bank_id])

    assert {branch_id} == {row[0] for row in rows}


async def test_what_is_in_hand_is_what_the_inbox_counts(db: Database):
    """Red first: each number of a branch is the length of the list behind it."""
    await freeze(db, UNTIL)
    await play(db, 4, SUBORDERS, UNTIL)
    for bank_id in await banks_of(db):
        seen = await as_head_office(db, bank_id)

        async with db.reading(Role.REPORTER) as tx:
            rows = await tx.fetch(
                "select s.branch_id, count(distinct s.suborder_id) as open,"
                " count(distinct s.suborder_id) filter (where c.due_at <= $2) as late from suborders s"
                " left join clocks_v_clocks c on c.case_id = s.suborder_id and c.owner = 'bank'"
                " and c.stopped_at is null and c.state in ('running', 'breached')"
                " where s.bank_id = $1 and s.state not in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'serviced')"
                " group by s.branch_id",
                bank_id, UNTIL,
            )  # fmt: skip
        expected = {row["branch_id"]: (row["open"], row["late"]) for row in rows}
        actual = {one.branch_id: (one.work.open, one.work.late) for one in seen.lines if one.work.open}
        assert expected == actual
        assert sorted((-one.work.late, -one.work.today) for one in seen.lines) == [
            (-one.work.late, -one.work.today) for one in seen.lines
        ]
        assert seen.work.late == sum(late for _open, late in expected.values())


def a_line(name: str, *, late: int = 0, value: int = 0, of: int = 0, refused: int = 0) -> BranchLine:
    one = share(value, of)
    return BranchLine(new_id(), name, Work(late + 1, late, 0), one, one.is_small(30), refused, 0, (one,))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (("red", False), "BADC"),
        (("name", False), "ABCD"),
        (("name", True), "DCBA"),
        (("late", True), "BADC"),
        (("decided", True), "BDAC"),  # A and C have too few cases: behind the others, by name.
        (("decided", False), "DBAC"),
        (("refused", True), "CABD"),
    ],
)
def test_branches_stand_in_the_order_that_was_asked_for(sort: Sort, expected: str):
    """Who has few cases is never ranked by its share, however good it looks."""
    lines = [
        a_line("A", late=2, value=3, of=3), a_line("B", late=5, value=95, of=100),
        a_line("C", late=0, value=0, of=1, refused=9), a_line("D", late=1, value=60, of=100),
    ]  # fmt: skip

    actual = "".join(one.name for one in arranged(lines, sort))

    assert expected == actual


def test_the_banks_months_are_those_of_its_branches_together():
    """Nothing is lost and nothing counted twice on the way from the branches to the bank."""
    lines = [a_line("A", value=3, of=4), a_line("B", value=5, of=6)]

    assert (share(8, 10),) == whole_bank(lines, months_until(date(2026, 1, 31), 1))


def test_an_unknown_order_is_a_bad_query():
    """The address says what is wrong with it."""

    asked = SimpleNamespace(query_params={"sort": "secret"})

    with pytest.raises(Refusal) as refused:
        read_sort(asked)  # type: ignore[arg-type]

    assert "bad-query" == refused.value.code
