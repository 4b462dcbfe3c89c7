"""The branch's inbox: what is late first, found in spite of slips, gone through one by one, filters of one's own."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.credit import subjects
from app.demo import city
from app.infra.db import Database, ReadTx, Role, Scope
from app.infra.outbox import drain
from app.kernel.errors import Refusal
from app.market import orders
from app.market.orders.pages.desk_lists import address_of, kept_list, place_text, read_place
from app.market.orders.service import inbox
from app.market.orders.service.desk import Left
from app.market.orders.service.inbox import Inbox, Wanted
from tests.browser.town import Town, TownBank, act, make_town, parts_of, post_need, set_clock


def scope_of(bank: TownBank) -> Scope:
    return Scope(org_id=bank.bank_id, actor_id=bank.clerk.person_id, branch_id=bank.branch_id)


async def read(db: Database, bank: TownBank, **asked: object) -> Inbox:
    async with db.reading(Role.BANK, scope_of(bank)) as tx:
        return await inbox.read(tx, Wanted(**asked), by=bank.clerk, after=None, limit=50)  # type: ignore[arg-type]


def ids(found: Inbox) -> list[UUID]:
    return [line.row["suborder_id"] for line in found.lines]


async def pushed(db: Database, town: Town, bank: TownBank) -> UUID:
    return (await parts_of(db, await post_need(db, town)))[bank.bank_id]


async def test_the_inbox_counts_what_is_late_and_puts_it_first(db: Database):
    """A promise that broke and is still owed comes before one that has time; counts do not follow the filter."""
    town = await make_town(db)
    bank = town.banks[0]
    late = await pushed(db, town, bank)
    await set_clock(db, "2025-09-26 09:30")
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, late, by=by, now=tx.now))
    await set_clock(db, "2025-10-10 09:00")

    whole = await read(db, bank)
    none = await read(db, bank, stage="new", due="today", typed="没有这一家")

    assert [(line.row["suborder_id"], line.left.how) for line in whole.lines] == [(late, Left.LATE)]
    assert (whole.counts.late, whole.counts.today, whole.counts.by_stage["call"]) == (1, 0, 1)
    assert (none.lines, none.counts) == ([], whole.counts)


@pytest.mark.parametrize(
    "typed", ["晴川", "晴械", "重庆晴川械", "晴川机诫", "９１５００１０３ＸＹ", "9150 0103 xy", "qingchuan-number"]
)
async def test_a_firm_is_found_in_spite_of_slips(db: Database, typed: str):
    """Some letters, one too few, one wrong, a piece of the code, or of the order's number."""
    town = await make_town(db)
    bank = town.banks[0]
    order_id = await post_need(db, town)
    suborder_id = (await parts_of(db, order_id))[bank.bank_id]
    piece = str(order_id)[-8:].upper() if typed == "qingchuan-number" else typed

    assert ids(await read(db, bank, typed=piece)) == [suborder_id]
    assert ids(await read(db, bank, typed="钢铁外星")) == []


async def test_a_grade_comes_with_the_order(db: Database):
    """The public grade as it stood on arrival, made once by the worker."""
    town = await make_town(db)
    suborder_id = await pushed(db, town, town.banks[0])

    await drain(db)
    (line,) = (await read(db, town.banks[0])).lines

    assert line.row["suborder_id"] == suborder_id
    assert line.grade is not None
    assert line.grade["grade"] in "ABCD"


async def test_one_goes_through_a_list_although_acts_move_its_rows(db: Database):
    """The place is kept, not the row: after an act the next one is what came after it before."""
    town = await make_town(db)
    bank = town.banks[0]
    first = await pushed(db, town, bank)
    await set_clock(db, "2025-09-26 09:00")
    second, third = await pushed(db, town, bank), await pushed(db, town, bank)
    new = Wanted(stage="new")
    places = {line.row["suborder_id"]: line.key for line in (await read(db, bank, stage="new")).lines}
    await act(db, bank.clerk, lambda tx, by: orders.acceptances.accept_suborder(tx, first, by=by, now=tx.now))

    async with db.reading(Role.BANK, scope_of(bank)) as tx:
        kept = read_place(place_text(places[first]), "due_at")
        after_first = await inbox.beside(tx, new, by=bank.clerk, at=kept)
        last = await inbox.beside(tx, new, by=bank.clerk, at=places[third])

    assert set(places) == {first, second, third}
    assert after_first["next"].suborder_id == second
    assert "previous" not in after_first
    assert (last["previous"].suborder_id, "next" in last) == (second, False)


async def test_in_the_scope_of_one_order_no_other_banks_row_is_a_neighbour(db: Database):
    """An act sees its whole order; the desk stays the branch's own."""
    town = await make_town(db)
    bank = town.banks[0]
    order_id = await post_need(db, town)
    scope = Scope(org_id=bank.bank_id, actor_id=bank.clerk.person_id, branch_id=bank.branch_id, case_id=order_id)

    async with db.reading(Role.ACT, scope) as tx:
        found = await inbox.beside(tx, Wanted(), by=bank.clerk, at=read_place("", "due_at"))

    assert {one.suborder_id for one in found.values()} == {(await parts_of(db, order_id))[bank.bank_id]}


async def test_sums_sort_and_pages_go_on_where_the_last_ended(db: Database):
    """Every order of the list has its cursor."""
    town = await make_town(db)
    bank = town.banks[0]
    made = {await pushed(db, town, bank) for _ in range(3)}

    for order in ("due_at", "amount", "-amount", "pushed_at"):
        seen: list[UUID] = []
        after = None
        async with db.reading(Role.BANK, scope_of(bank)) as tx:
            while True:
                found = await inbox.read(tx, Wanted(order=order), by=bank.clerk, after=after, limit=1)
                seen += ids(found)
                if (after := found.after) is None or not found.lines:
                    break
        assert (len(seen), set(seen)) == (3, made), order


async def test_a_filter_is_its_owners_alone_and_comes_back(db: Database):
    """Another person of the same branch neither sees nor removes it; its owner can undo the removal."""
    town = await make_town(db)
    bank = town.banks[0]
    own, other = scope_of(bank), Scope(org_id=bank.bank_id, actor_id=bank.checker.person_id, branch_id=bank.branch_id)

    async with db.transaction(Role.BANK, own) as tx:
        kept = await inbox.save_filter(tx, "大额", "order=-amount", by=bank.clerk, now=tx.now)
        await inbox.save_filter(tx, "大额", "stage=new", by=bank.clerk, now=tx.now)
    async with db.transaction(Role.BANK, other) as tx:
        assert await inbox.filters(tx, bank.clerk.person_id) == []
        with pytest.raises(Refusal) as refused:
            await inbox.remove_filter(tx, kept, now=tx.now)
    async with db.transaction(Role.BANK, own) as tx:
        (one,) = await inbox.filters(tx, bank.clerk.person_id)
        await inbox.remove_filter(tx, kept, now=tx.now + timedelta(minutes=1))
        gone = await inbox.filters(tx, bank.clerk.person_id)
        await inbox.restore_filter(tx, kept)
        back = await inbox.filters(tx, bank.clerk.person_id)

    assert refused.value.code == "not-found"
    assert (one["name"], one["query"], gone) == ("大额", "stage=new", [])
    assert back == [one]


def test_a_list_travels_in_an_address():
    """What is not narrowed is left out; what says nothing is everything in hand."""
    wanted = kept_list("stage=new&order=-amount&q=%E6%B8%9D&flag=paused")

    assert address_of(wanted) == "stage=new&flag=paused&q=%E6%B8%9D&order=-amount"
    assert kept_list("stage=nowhere&order=rate") == Wanted()
    assert read_place("not a place", "amount")[1].int == 0


async def test_letters_forgive_more_only_when_nothing_is_closer(db: Database):
    """A name that has it in one piece leaves no room for a mere likeness."""
    async with db.transaction(Role.LOADER) as tx:
        named = {"重庆渝川商贸有限公司": 71, "重庆渝北川味商贸行": 72}
        close, far = [
            (await subjects.register(tx, name, now=tx.now, uscc=city.invented_uscc("91", "500103", number))).subject_id
            for name, number in named.items()
        ]
        exact = await _found(tx, [close, far], "渝川")
        loose = await _found(tx, [close, far], "渝北味行")

    assert (exact, loose) == ({close}, {far})


async def _found(tx: ReadTx, among: list[UUID], typed: str) -> set[UUID]:
    return set(await subjects.names_of(tx, among, containing=typed))
