"""A scorecard's figures are the replay's, its medians those of its like, and its documents what it says."""

import re
from collections import Counter
from datetime import date
from html import unescape

import asyncpg
import httpx
import pytest

from app.infra.db import Database, Role
from app.market.supervision import By
from app.market.supervision.pages.cards import is_ratio
from app.market.supervision.rules import Tally
from app.market.supervision.rules.cards import median_of
from app.market.supervision.rules.voices import AFTER_RED, COMPLAINED
from app.market.supervision.service import cards
from app.replay import replay_month
from tests.market.supervision.test_months import _post, fold_all

Admin = asyncpg.Connection
HTML = {"accept": "text/html"}
OCTOBER = date(2025, 10, 1)
RED = """
select bank_id, value, whole from gaming_facts_of(array(select suborder_id from suborders))
 where measure = 'after_red' and to_char(at at time zone 'Asia/Shanghai', 'YYYY-MM') = '2025-10'
"""
SHOWN = re.compile(r'<data data-figure="([^"]*)" value="(-?\d+)/(-?\d+)">')


@pytest.mark.parametrize("folded", [True, False])
async def test_a_card_tells_what_the_replay_reckons_for_its_group(db: Database, city: httpx.AsyncClient, folded: bool):
    """Every figure of every group of every kind, in the month and in the one before, folded or not."""
    if folded:
        await fold_all(db)
    async with db.reading(Role.REPORTER) as tx:
        told = {month: await replay_month(tx, month, as_of=tx.now) for month in ("2025-09", "2025-10")}
        groups = sorted({(row.by, row.key) for rows in told.values() for row in rows})
        assert {by for by, _key in groups} == {one.value for one in By if one is not By.MONTH}
        for by, key in groups:
            card = await cards.read_card(tx, By(by), key, OCTOBER, is_ratio)
            expected = {
                month: {
                    row.figure: (row.value, row.of)
                    for row in rows
                    if (row.by, row.key) == (by, key) and (row.value, row.of) != (0, 0)
                }
                for month, rows in told.items()
            }  # fmt: skip
            for place, month in ((-1, "2025-10"), (-2, "2025-09")):
                shown = {
                    one.figure: (one.months[place].value, one.months[place].of) for one in card.lines
                    if one.figure not in (COMPLAINED, AFTER_RED)
                }  # fmt: skip
                assert expected[month] == {name: pair for name, pair in shown.items() if pair != (0, 0)}, (by, key)


async def test_the_page_says_the_figures_and_where_the_group_stands(db: Database, city: httpx.AsyncClient):
    """The city's own card, and a bank's with the city and the median beside it."""
    async with db.reading(Role.REPORTER) as tx:
        rows = await replay_month(tx, "2025-10", as_of=tx.now)
        facts = await tx.fetch(RED)
    red: dict[tuple[str, str], tuple[int, int]] = {}
    for bank_id, value, whole in facts:
        for place in (("all", ""), ("bank", str(bank_id))):
            was = red.get(place, (0, 0))
            red[place] = (was[0] + value, was[1] + whole)
    bank = Counter(row.key for row in rows if row.by == "bank").most_common(1)[0][0]

    for by, key in (("all", ""), ("bank", bank), ("industry", "C"), ("size", ""), ("type", "new")):
        page = unescape((await city.get(f"/supervision/card?by={by}&key={key}&period=2025-10", headers=HTML)).text)
        figures = {name: (int(value), int(of)) for name, value, of in SHOWN.findall(page)}
        expected = {r.figure: (r.value, r.of) for r in rows if (r.by, r.key) == (by, key)}
        assert len(figures) > 5
        filed, pushed = expected.get("complaints", (0, 0))[0], expected.get("funnel:push", (0, 0))[0]
        assert figures.pop(COMPLAINED, (0, 0)) == (filed, pushed)
        assert figures.pop(AFTER_RED, None) == red.get((by, key))
        assert figures == {name: expected[name] for name in figures}


@pytest.mark.parametrize(
    "query", ["by=month", "by=planet", "period=2025-13", "period=2031-01", "x=1", "by=bank&key=" + "k" * 81]
)
async def test_a_card_that_is_not_understood_is_refused(regulator: httpx.AsyncClient, query: str):
    """One clear problem, never a guess."""
    answer = await regulator.get(f"/supervision/card?{query}")

    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
async def test_a_card_becomes_a_document_that_says_it_is_not_frozen(
    db: Database, city: httpx.AsyncClient, admin: Admin, kind: str
):
    """Its public page says so too."""
    sent = {"format": kind, "by": "all", "key": "", "period": "2025-10", "_key": "a-document-of-a-card"}
    assert 303 == (await _post(city, "/supervision/card/documents", sent)).status_code
    number = await admin.fetchval("select number from supervision_documents where kind = 'card'")

    page = (await city.get(f"/verify/{number}", headers=HTML)).text

    assert "数字没有冻结" in page
    assert "全市 2025 年 10 月 评价表" in page


def test_few_cases_are_no_measure() -> None:
    """The median is over groups with cases enough, and over two of them at least; sums need no cases."""
    groups = [Tally(8, 10), Tally(6, 10), Tally(10, 10), Tally(0, 1)]

    assert (Tally(800_000, 1_000_000), 3) == median_of(groups, ratio=True, small=10)
    assert (Tally(7, 1), 4) == median_of(groups, ratio=False, small=10)
    assert (None, 0) == median_of([], ratio=True, small=10)
