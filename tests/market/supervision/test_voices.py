"""What firms and supervisors said: in the case file in order, in the figures, in frozen months; the replay agrees."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from app.infra.db import Role
from app.kernel.ids import new_id
from app.market import complaints
from app.market.complaints import Act
from app.market.complaints.service import about_bank
from app.market.oversight import urges
from app.market.oversight.rules.urges import About, Addressee
from app.market.oversight.rules.urges import Act as UrgeAct
from app.market.ratings import Heard, calling, following, number_of
from app.market.supervision import By, find_damage, open_case_file
from app.market.supervision.pages.cards import is_ratio
from app.market.supervision.rules.voices import SAID
from app.market.supervision.service import cards, months
from app.office import clocks
from app.replay import replay_in, replay_month
from tests.market.complaints.test_service import do, file
from tests.market.orders.conftest import City, city, keys
from tests.market.ratings.conftest import People, people
from tests.market.ratings.test_service import lapsed, rate
from tests.market.supervision.objects import freeze_month
from tests.market.supervision.test_months import fold_all, office
from tests.support import shanghai

__all__ = ["city", "keys", "people"]
OCTOBER = date(2025, 10, 1)
WORDS = "已联系企业，本周内给出方案"


async def urge(city: City, people: People, about: About, about_id: UUID, order_id: UUID | None, at: datetime) -> UUID:
    async def command(tx: Any) -> UUID:
        subject = await urges.subject_of(tx, about, about_id, order_id)
        to = Addressee.HEAD_OFFICE if about is About.BANK else Addressee.BRANCH
        return await urges.issue(tx, subject, to, "请说明情况", by=people.regulator, now=at)

    found: UUID = await city.act(command, people.regulator, at)
    return found


async def complain(city: City, people: People, part: UUID) -> None:
    """Answered in time and never acknowledged; and another, about the bank as a whole, that nobody answers."""
    mine = await file(city, people, part, shanghai("2025-10-10 09:00"))
    await do(city, mine, Act.ANSWER, people.clerks[0], shanghai("2025-10-13 09:00"))
    at = shanghai("2025-10-13 10:00")

    async def about_all(tx: Any) -> UUID:
        about = await about_bank(tx, city.banks[0].bank_id, by=people.firm)
        return await complaints.file_complaint(
            tx, new_id(), about, category="other", said="这家银行的答复总是很慢没有人管", by=people.firm, now=at
        )

    await city.act(about_all, people.firm, at)


async def be_urged(city: City, people: People, part: UUID, order_id: UUID) -> None:
    """A branch puts right what it was urged to; its bank says nothing; a third urge should not have been."""
    one = await urge(city, people, About.SUBORDER, part, order_id, shanghai("2025-10-14 09:00"))
    await urge(city, people, About.BANK, city.banks[0].bank_id, None, shanghai("2025-10-14 10:00"))
    none = await urge(city, people, About.BRANCH, city.banks[1].branch_id, None, shanghai("2025-10-14 11:00"))
    acts = ((UrgeAct.RECEIVE, 14, ""), (UrgeAct.REPLY, 15, WORDS), (UrgeAct.RECTIFY, 16, WORDS))
    for act, day, said in acts:
        at = shanghai(f"2025-10-{day} 15:00")
        await city.act(
            lambda tx, act=act, said=said, at=at: urges.act(tx, one, act, said, by=people.clerks[0], now=at),
            people.clerks[0], at,
        )  # fmt: skip
    at = shanghai("2025-10-16 16:00")
    await city.act(
        lambda tx: urges.act(tx, none, UrgeAct.WITHDRAW, "发错了对象", by=people.regulator, now=at),
        people.regulator,
        at,
    )


async def be_called(city: City, people: People, part: UUID) -> None:
    at = shanghai("2025-10-17 09:00")
    await city.set_clock(at)
    seed = next(seed for seed in map(str, range(999)) if number_of(seed, part) < 100_000)
    async with city.db.transaction(Role.WORKER) as tx:
        await calling.draw(tx, seed=seed, now=at)
    callback_id = await city.value("select callback_id from callbacks")
    answers = {"contacted": "no", "in_time": "no", "reason_clear": "no", "extra_fees": "no", "pressure": "no"}
    heard = Heard(False, answers, "没有人联系过我们公司", complains=False)
    at = shanghai("2025-10-20 09:00")
    await city.act(lambda tx: calling.note_call(tx, callback_id, heard, by=people.service, now=at), people.service, at)


@pytest.fixture
async def spoken(city: City, people: People) -> UUID:
    """A suborder that lapsed, and all that was said of it in October."""
    part = await lapsed(city)
    order_id = await city.value("select order_id from suborders where suborder_id = $1", part)
    rating_id = await rate(city, part, 1, shanghai("2025-10-09 10:00"))
    await rate(city, part, 5, shanghai("2025-10-10 10:00"))
    await complain(city, people, part)
    await be_urged(city, people, part, order_id)
    await be_called(city, people, part)
    at = shanghai("2025-10-20 10:00")  # A week after the last day for it.
    await city.act(
        lambda tx: following.close_work_order(tx, rating_id, "已回访，问题已处理", by=people.service, now=at),
        people.service, at,
    )  # fmt: skip
    await city.set_clock(shanghai("2025-11-05 09:00"))
    return part


async def test_what_was_said_is_told_by_figures_that_a_replay_of_its_words_repeats(city: City, spoken: UUID):
    """Before the worker fired what is due and after; on the card, in a frozen month, and kept there."""
    for fired in (False, True):
        while fired and await clocks.sweep(city.db):
            pass
        async with city.db.reading(Role.REPORTER) as tx:
            assert () == (await replay_in(tx, as_of=tx.now)).differences, fired
    await fold_all(city.db)
    await freeze_month(city.db, OCTOBER, *await office(city.db))

    async with city.db.reading(Role.REPORTER) as tx:
        head = (await months.read_month(tx, OCTOBER)).head
        kept = await months.read_frozen(tx, OCTOBER)
        rows = await replay_month(tx, "2025-10", as_of=tx.now)
        old = await replay_month(tx, "2025-10", as_of=tx.now, formula=1)
        card = await cards.read_card(tx, By.BANK, str(city.banks[0].bank_id), OCTOBER, is_ratio)
        assert head is not None
        assert [] == await find_damage(tx)
        assert () == await months.read_restated(tx, OCTOBER, [By.ALL, By.BANK, By.BRANCH, By.DISTRICT])

    told = {figure: (t.value, t.of) for (by, _key, figure), t in kept.items() if by == "all" and figure in SAID}
    branch = {
        figure: t.value for (by, key, figure), t in kept.items()
        if (by, key) == ("branch", str(city.banks[0].branch_id)) and figure in SAID
    }  # fmt: skip
    assert {place: (t.value, t.of) for place, t in kept.items()} == {
        (row.by, row.key, row.figure): (row.value, row.of) for row in rows if (row.value, row.of) != (0, 0)
    }
    assert told == {
        "complaints": (2, 2), "complaint_seen_in_time": (0, 2), "complaint_answered_in_time": (1, 2), "stars": (5, 1),
        "bad_ratings": (1, 1), "bad_rating_followed_in_time": (0, 1), "satisfied": (0, 1), "urges": (2, 2),
        "urge_rectified_in_time": (1, 2),
    }  # fmt: skip
    assert (branch["complaints"], branch["urges"]) == (1, 1)
    assert {one.figure: (one.own.value, one.own.of) for one in card.lines if one.figure in SAID} == told
    assert not {row.figure for row in old} & set(SAID)


async def test_a_case_file_has_what_the_firm_said_in_its_place_in_time(city: City, spoken: UUID):
    """Complaints, ratings with what followed, call-backs and urges, each where it happened."""
    async with city.db.transaction(Role.REGULATOR) as tx:
        found = await open_case_file(tx, spoken)

    said = [line for line in found.lines if line.kind in ("complaint", "rating", "call", "urge")]
    assert [(f"{line.at.day}", line.kind.value, line.what) for line in said] == [
        ("9", "rating", "mark"), ("9", "rating", "opened"), ("10", "complaint", "file"), ("10", "rating", "mark"),
        ("11", "complaint", "breach"), ("13", "complaint", "answer"), ("14", "urge", "issue"),
        ("14", "urge", "receive"),
        ("15", "urge", "reply"), ("16", "urge", "rectify"), ("17", "call", "waiting"), ("20", "call", "not"),
        ("20", "rating", "followed"),
    ]  # fmt: skip
    assert ["1", "5"] == [line.detail["stars"] for line in said if line.what == "mark"]
