"""Measures of conduct: the same by SQL and by a second reckoning, kept or live; and who stands out, table by table."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.infra.db import Database, Role
from app.market.orders.service import decisions
from app.market.supervision.jobs import measure
from app.market.supervision.rules import gaming
from app.market.supervision.rules.gaming import AB, CD, Measure, Norm, OfBranch, PanelNorms, Sums
from app.market.supervision.store import gaming as gaming_store
from tests.market.orders.conftest import City, city, keys
from tests.market.orders.test_following import YOUNG, move, second_branch
from tests.market.supervision.conduct import measured, similarity
from tests.replay.city import play
from tests.support import shanghai

__all__ = ["city", "keys"]  # Fixtures of the orders' tests.
Admin = asyncpg.Connection
UNTIL = shanghai("2025-11-20 12:00")
SAID = (
    "近十二个月开票收入低于本行产品要求的最低金额", "近十二个月开票收入低于本行产品要求最低金额",
    "企业成立时间不足两年，不符合准入条件",
    "纳税信用等级为D级，不符合本行要求", "本行本季度该产品额度已经用完，暂不受理",
    "抵押物已在他行办理抵押登记，无法再次抵押",
)  # fmt: skip


async def stir(admin: "Admin[Any]", seed: int) -> None:
    """What the played history lacks: grades, words of refusals, denied contacts, retracted offers, upheld appeals, and
    firms that say who had them leave."""
    chance = Random(seed)
    for row in await admin.fetch("select * from suborders order by suborder_id"):
        if chance.random() < 0.8:
            await admin.execute(
                "insert into suborder_grades (suborder_id, order_id, business_id, bank_id, branch_id, grade, is_thin,"
                " formula_version, graded_at) values ($1, $2, $3, $4, $5, $6, false, 1, $7)",
                *_five(row), chance.choice("ABCD"), row["pushed_at"],
            )  # fmt: skip
        moves = await admin.fetch(
            "select * from suborder_moves where suborder_id = $1 order by seq", row["suborder_id"]
        )
        last, acts = moves[-1], [one["act"] for one in moves]
        if "contact" in acts and chance.random() < 0.2:
            await _move(admin, row, "contacted", "deny_contact", "accepted", last["at"] + timedelta(hours=3))
        if last["to_state"] == "offered" and chance.random() < 0.5:
            await _move(admin, row, "offered", "retract", "refused", last["at"] + timedelta(hours=5))
        if "withdraw" in acts and chance.random() < 0.5:
            by_bank = chance.random() < 0.6
            await admin.execute(
                "insert into withdrawal_answers (order_id, business_id, by_bank, suborder_id, bank_id, branch_id,"
                " words, said_at, said_by) values ($1, $2, $3, $4, $5, $6, '', $7, $2)",
                row["order_id"], row["business_id"], by_bank, row["suborder_id"] if by_bank else None,
                row["bank_id"] if by_bank else None, row["branch_id"] if by_bank else None, last["at"],
            )  # fmt: skip
        if acts[-1] == "refuse" and chance.random() < 0.3:
            await admin.execute(
                "insert into appeals (appeal_id, suborder_id, order_id, business_id, bank_id, branch_id, words,"
                " made_at, made_by) values (gen_random_uuid(), $1, $2, $3, $4, $5, 'x', $6, $3)",
                *_five(row), last["at"],
            )  # fmt: skip
            await admin.execute(
                "update appeals set answered_at = made_at, upheld = $2, answer = 'x', answered_by = business_id"
                " where suborder_id = $1", row["suborder_id"], chance.random() < 0.6,
            )  # fmt: skip
    for row in await admin.fetch("select suborder_id from refusals order by suborder_id"):
        await admin.execute("update refusals set said = $2 where suborder_id = $1", row[0], chance.choice(SAID))


def _five(row: Any) -> tuple[UUID, ...]:
    return tuple(row[name] for name in ("suborder_id", "order_id", "business_id", "bank_id", "branch_id"))


async def _move(admin: "Admin[Any]", row: Any, start: str, act: str, to: str, at: Any) -> None:
    await admin.execute(
        "insert into suborder_moves (suborder_id, order_id, business_id, bank_id, branch_id, from_state, act, to_state,"
        " at, recorded_at, cause) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, '')", *_five(row), start, act, to, at,
    )  # fmt: skip


async def by_sql(admin: "Admin[Any]") -> list[tuple[str, str, int, int]]:
    rows = await admin.fetch(
        "select suborder_id::text, measure, value, whole from gaming_facts_of(array(select suborder_id from suborders))"
    )
    return sorted((row[0], row[1], row[2], row[3]) for row in rows)


async def fold_all(db: Database) -> None:
    while True:
        async with db.transaction(Role.WORKER) as tx:
            if not await measure(tx):
                return


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_fact_is_that_of_a_second_reckoning(db: Database, admin: "Admin[Any]", seed: int) -> None:
    """Histories of four branches over two months with holidays, pauses, late acts and every way of leaving: fact for
    fact, whether it is a day of a pause, a red rung or a word copied."""
    await play(db, seed, 80, UNTIL)
    await stir(admin, seed)

    expected, actual = await measured(admin), await by_sql(admin)

    told = {"paused", "after_red", "reopened", "copied", "accept_ab", "accept_cd", "denied", "hidden"}
    assert told <= {one[1] for one in actual if one[2]}
    assert expected == actual


async def test_what_is_kept_is_what_the_history_gives(db: Database, admin: "Admin[Any]") -> None:
    """Before the worker measures, halfway, afterwards, and when a case goes on or is appealed against later."""
    await play(db, 5, 60, UNTIL)

    async def equal() -> None:
        live = await admin.fetch(
            "select measure, bank_id, branch_id, count(*), sum(value), sum(whole), sum(value * value),"
            " sum(value * whole), sum(whole * whole) from gaming_facts_of(array(select suborder_id from suborders))"
            " group by 1, 2, 3"
        )
        async with db.reading(Role.REGULATOR) as tx:
            read = await gaming_store.read_sums(
                tx, *(shanghai(f"{year}-01-01").date() for year in (2020, 2030)), None, None
            )
        assert sorted(map(tuple, live), key=str) == sorted(map(tuple, read), key=str)

    await equal()
    async with db.transaction(Role.WORKER) as tx:
        await tx.value("select gaming_fold(25)")
    await equal()
    await fold_all(db)
    await equal()
    assert 0 == await admin.fetchval("select count(*) from gaming_touched")
    await stir(admin, 5)
    await admin.execute("insert into gaming_touched (suborder_id) select suborder_id from refusals")  # New words.
    await play(db, 6, 20, UNTIL)
    await equal()
    await fold_all(db)
    await equal()


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (3, 4), (0, 0)])
async def test_words_are_compared_as_the_database_compares_them(admin: "Admin[Any]", pair: tuple[int, int]) -> None:
    """The second reckoning's own trigrams, also of Chinese."""
    one, two = (SAID[place] for place in pair)

    found = await admin.fetchval("select extensions.similarity($1, $2)", one, two)

    assert pytest.approx(found, abs=1e-6) == similarity(one, two)


RED = "2025-10-15 00:00"  # Nine of the ten workdays from 25 September are over.


@pytest.mark.parametrize(
    ("accepted", "offered", "last_tenth", "after_red"),
    [
        ("2025-09-25 09:00", "2025-10-14 23:59:59.999999", 0, 0),
        ("2025-09-25 09:00", RED, 1, 1),
        ("2025-09-25 09:00", "2025-10-15 23:59:59.999999", 1, 1),
        ("2025-09-25 09:00", "2025-09-25 09:01", 0, 0),  # On the day of the start nothing is counted.
    ],
)
async def test_the_red_rung_is_exact_to_the_microsecond(
    city: City,
    admin: "Admin[Any]",
    accepted: str,
    offered: str,
    last_tenth: int,
    after_red: int,
) -> None:
    """The same instant at which the clock itself says that nine tenths are used."""
    order_id = await city.post(0)
    part = (await city.parts(order_id))[0]["suborder_id"]
    await city.accept(part, 0, shanghai(accepted))
    await city.contact(part, 0, shanghai(accepted))
    await city.offer(part, 0, shanghai(offered))

    facts = [(name, value) for _part, name, value, _whole in await by_sql(admin)]

    assert [last_tenth] == [value for name, value in facts if name == "last_tenth"]
    assert [after_red, 0, 0] == sorted((value for name, value in facts if name == "after_red"), reverse=True)
    assert await measured(admin) == await by_sql(admin)
    rung = await admin.fetchval("select rung_at from clock_rungs r join clocks c using (clock_id)"
                                " where c.kind = 'DECISION' and share = 90")  # fmt: skip
    assert rung in (None, shanghai(RED))  # None where it was stopped before.


NORM = Norm(least=10, floor_ppm=200_000, spread_ppm=30_000)
PANEL = PanelNorms(92, 3, 25, dict.fromkeys(Measure, NORM))


def counted(value: int, whole: int) -> OfBranch:
    return {"denied": Sums(whole, value, whole, value, value, whole)}


def panel(*rows: tuple[int, int], measure: Measure = Measure.DENIED) -> gaming.Compared:
    branches = {(UUID(int=900), UUID(int=n)): counted(*row) for n, row in enumerate(rows, 1)}
    return gaming.compare(measure, branches, PANEL)


@pytest.mark.parametrize(
    ("rows", "out"),
    [
        ([(2, 40), (3, 40), (2, 40), (20, 40)], [4]),  # Far above everybody.
        ([(2, 40), (3, 40), (2, 40), (3, 40)], []),  # All alike.
        ([(2, 40), (3, 40), (2, 40), (9, 9)], []),  # Too few cases to be ranked, whatever the share.
        ([(2, 40), (20, 40)], []),  # Too few branches to compare with.
        ([(0, 40), (0, 40), (0, 40), (7, 40)], []),  # Above the others, but below the floor.
        ([(20, 40), (21, 40), (19, 40), (22, 40)], []),  # High everywhere: it is the city, not a branch.
        ([(5, 40), (5, 40), (5, 40), (3, 10)], []),  # The interval of few cases reaches down to the others.
        ([(2, 40), (2, 40), (20, 40), (2, 40), (22, 40)], [5, 3]),  # Two at once, the higher one first.
        ([], []),
    ],
)
def test_who_stands_out(rows: list[tuple[int, int]], out: list[int]) -> None:
    """A branch is named only where the figures bear it."""
    assert out == [line.branch_id.int for line in panel(*rows).out]


def test_few_cases_are_shown_last_and_never_ranked() -> None:
    """They have a share and an interval, no place."""
    found = panel((2, 40), (3, 40), (2, 40), (5, 5))

    last = found.lines[-1]
    assert (4, True, None, False) == (last.branch_id.int, last.is_small, last.z_tenths, last.stands_out)
    assert [False, False, False, True] == [line.is_small for line in found.lines]
    assert 3 == len(found.ranked)


def test_a_branch_is_compared_with_all_others_and_not_with_itself() -> None:
    """One that is half of the city would else hide behind its own weight."""
    found = panel((5, 100), (5, 100), (90, 100))

    assert 50_000 == found.lines[0].others.ppm
    assert 333_333 == found.city.ppm


def test_days_of_one_case_hang_together() -> None:
    """Ten cases of ten days each are ten cases: the interval is wider than that of a hundred."""
    all_or_none = Sums(10, 50, 100, 500, 500, 1000)  # Five cases paused throughout, five never.

    found = gaming.estimate(Measure.PAUSED, {"paused": all_or_none})

    assert found.ppm == 500_000
    assert found.low_ppm is not None
    assert found.low_ppm < 200_000 < 402_000 < gaming.share(50, 100).low_ppm  # type: ignore[operator]
    assert (None, None) == (gaming.estimate(Measure.PAUSED, {}).ppm, gaming.estimate(Measure.PICKED, {}).ppm)


def test_a_gap_of_two_shares_has_newcombes_interval() -> None:
    """The example of his paper: 56/70 less 48/80 is 0.2, between 0.0524 and 0.3339."""
    parts = {AB: Sums(70, 56, 70, 56, 56, 70), CD: Sums(80, 48, 80, 48, 48, 80)}

    found = gaming.estimate(Measure.PICKED, parts)

    assert (200_000, 140) == (found.ppm, found.cases)
    assert (0.0524, 0.3339) == (round((found.low_ppm or 0) / 1e6, 4), round((found.high_ppm or 0) / 1e6, 4))


def test_a_city_that_favours_good_grades_makes_no_branch_a_cherry_picker() -> None:
    """Each is compared with the gap of the others."""
    usual: OfBranch = {AB: Sums(50, 45, 50, 45, 45, 50), CD: Sums(50, 25, 50, 25, 25, 50)}
    picker: OfBranch = {AB: Sums(50, 49, 50, 49, 49, 50), CD: Sums(50, 3, 50, 3, 3, 50)}
    branches = {(UUID(int=900), UUID(int=n)): usual for n in range(1, 6)}

    assert () == gaming.compare(Measure.PICKED, branches, PANEL).out
    found = gaming.compare(Measure.PICKED, branches | {(UUID(int=900), UUID(int=9)): picker}, PANEL)
    assert [9] == [line.branch_id.int for line in found.out]


@pytest.mark.parametrize(
    "body",
    [{}, {"days": 92, "peers": 5, "z_tenths": 25, "measures": {}}, {"days": "x"}],
)
def test_a_policy_that_is_not_understood_is_told(body: dict[str, Any]) -> None:
    """It is data, so it may be wrong."""
    assert isinstance(gaming.parse_panel(body), gaming.BadPanel)


async def test_a_moved_case_is_a_decision_undone_and_the_same_firm_told_the_same_is_no_copy(
    city: City, admin: "Admin[Any]"
) -> None:
    """Two ways of leaving that the played histories lack: another branch goes on, and one firm is refused twice."""
    branch_id = await second_branch(city)
    moved: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(moved, 0, shanghai("2025-09-25 09:00"))
    await move(city, moved, branch_id, shanghai("2025-09-26 09:00"))
    refused = []
    for day in ("2025-09-28", "2025-09-29"):
        part: UUID = (await city.parts(await city.post(1, at=shanghai(f"{day} 08:00"))))[1]["suborder_id"]
        by, at = city.clerk(1), shanghai(f"{day} 16:00")
        await city.accept(part, 1, shanghai(f"{day} 09:00"))
        await city.act(
            lambda tx, part=part, by=by, at=at: decisions.refuse_suborder(tx, part, YOUNG, by=by, now=at), by, at
        )
        refused.append(part)

    facts = {(part, name): value for part, name, value, _whole in await by_sql(admin)}

    assert 1 == facts[str(moved), "reopened"]
    assert [0, 0] == [facts[str(part), "copied"] for part in refused]
    assert [0, 0] == [facts[str(part), "reopened"] for part in refused]


async def test_a_contact_denied_and_made_again_and_a_consent_taken_back_two_days_before_the_end(
    city: City, admin: "Admin[Any]"
) -> None:
    """The first contact stays denied whatever came after it; leaving counts from two workdays before the end on."""
    part: UUID = (await city.parts(await city.post(0)))[0]["suborder_id"]
    await city.accept(part, 0, shanghai("2025-09-25 09:00"))
    await city.contact(part, 0, shanghai("2025-09-26 10:00"))
    row = await admin.fetchrow("select * from suborders where suborder_id = $1", part)
    await _move(admin, row, "contacted", "deny_contact", "accepted", shanghai("2025-09-26 13:00"))
    await _move(admin, row, "accepted", "contact", "contacted", shanghai("2025-09-28 10:00"))
    await _move(admin, row, "contacted", "revoke", "withdrawn", shanghai("2025-10-14 10:00"))  # Eight of ten are over.

    facts = [(name, value) for _part, name, value, _whole in await by_sql(admin)]

    assert [0, 1] == sorted(value for name, value in facts if name == "denied")
    assert [1] == [value for name, value in facts if name == "hidden"]
    assert await measured(admin) == await by_sql(admin)
