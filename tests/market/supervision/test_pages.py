"""What the regulator's pages and files show is what a replay of the moves reckons, figure for figure."""

import csv
import io
import re
from collections.abc import Mapping
from html import unescape

import asyncpg
import httpx
import openpyxl
import pytest

from app.infra.db import Database, Role
from app.replay import reckon
from app.replay import store as replayed
from app.replay.rules import Case, Row
from app.web.tables import Table, csv_lines, xlsx_chunks

Admin = asyncpg.Connection
PAGE = {"accept": "text/html"}
SHOWN = re.compile(r'<data data-figure="([^"]*)" data-by="([^"]*)" data-key="([^"]*)" value="(\d+)/(\d+)">')
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def reckoned(db: Database, **only: str) -> list[Row]:
    """The replay of those cases alone that lie with a bank, a product or in a district."""
    async with db.reading(Role.REPORTER) as tx:
        cases = await replayed.read_cases(tx, tx.now)
        promises, days, now = await replayed.read_promises(tx), await replayed.read_days(tx), tx.now
    chosen = [case for case in cases if all(getattr(case, name) == value for name, value in only.items())]
    return list(reckon(chosen, promises, days, now))


async def some_case(db: Database) -> Case:
    async with db.reading(Role.REPORTER) as tx:
        return (await replayed.read_cases(tx, tx.now))[0]


def of(rows: list[Row], by: str, figure: str) -> dict[str, tuple[int, int]]:
    """The figure of each group of a kind."""
    return {row.key: (row.value, row.of) for row in rows if (row.by, row.figure) == (by, figure)}


async def read_csv(client: httpx.AsyncClient, path: str) -> list[dict[str, str]]:
    """The rows of a downloaded table, without the lines that tell about it."""
    answer = await client.get(path)
    assert 200 == answer.status_code, answer.text
    lines = [line for line in answer.content.decode("utf-8-sig").splitlines() if not line.startswith("# ")]
    return list(csv.DictReader(lines))


@pytest.mark.parametrize("by", ["bank", "branch", "product", "district"])
async def test_every_share_on_the_overview_is_the_replays(db: Database, city: httpx.AsyncClient, by: str):
    """Whatever a regulator reads off the page stands up in a second reckoning."""
    page = unescape((await city.get(f"/supervision/overview?by={by}", headers=PAGE)).text)
    rows = {(row.by, row.key, row.figure): (row.value, row.of) for row in await reckoned(db)}

    shown = [(by, key, figure, int(value), int(whole)) for figure, by, key, value, whole in SHOWN.findall(page)]

    assert len(shown) >= 6
    assert shown == [(by, key, figure, *rows[by, key, figure]) for by, key, figure, _value, _whole in shown]


async def test_the_months_of_a_bank_a_product_and_a_district_are_the_replays(db: Database, city: httpx.AsyncClient):
    """A filter narrows the figures to just those cases."""
    case = await some_case(db)
    filters: Mapping[str, str] = {"bank": case.bank, "product": case.product, "district": case.district}

    for name, key in filters.items():
        rows = await read_csv(city, f"/supervision/exports/months.csv?period=2025&{name}={key}")
        expected = of(await reckoned(db, **{name: key}), "month", "decided_in_time")
        shown = [(int(row["按时办结（笔）"]), int(row["到期或办结（笔）"])) for row in rows]
        assert [expected[month] for month in sorted(expected)] == [pair for pair in shown if pair[1]], name


async def test_a_month_counts_what_happened_in_it(db: Database, city: httpx.AsyncClient):
    """The funnel, the reasons and the banks of October are those that the replay tells for October."""
    whole = await reckoned(db)

    steps = await read_csv(city, "/supervision/exports/funnel.csv?period=2025-10")
    reasons = await read_csv(city, "/supervision/exports/reasons.csv?period=2025-10")

    assert of(whole, "month", "funnel:accept")["2025-10"][0] == int(steps[1]["笔数（笔）"])
    told = {row.figure: row for row in whole if (row.by, row.key) == ("month", "2025-10")}
    expected = {name.split(":")[1]: (row.of, row.of - row.value) for name, row in told.items() if "refused:" in name}
    assert expected == {row["代码"]: (int(row["笔数（笔）"]), int(row["无有效依据（笔）"])) for row in reasons}


async def test_a_workbook_holds_numbers_and_says_where_they_come_from(
    db: Database, city: httpx.AsyncClient, admin: Admin
):
    """What is opened in a spreadsheet can be added up there; every download is in the audit."""
    answer = await city.get("/supervision/exports/groups.xlsx?by=bank")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet, about = book.worksheets

    expected = of(await reckoned(db), "bank", "decided_in_time")
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]

    assert XLSX == answer.headers["content-type"].split(";")[0]
    assert sorted(expected.values()) == sorted((row[1], row[2]) for row in rows)
    assert all(isinstance(row[3], int | float) for row in rows)
    assert {"要点", "截至", "来源", "筛选"} <= {row[0].value for row in about.iter_rows()}
    assert 1 == await admin.fetchval("select count(*) from audit_events where act = 'figures.downloaded'")


async def test_the_downloaded_cases_are_those_behind_the_figure(db: Database, city: httpx.AsyncClient):
    """All of them, and they add up."""
    rows = await read_csv(city, "/supervision/case-lists/cases.csv?figure=decided_in_time")

    value, whole = of(await reckoned(db), "all", "decided_in_time")[""]
    assert (value, whole) == (sum(int(row["计入（笔）"]) for row in rows), len(rows))


def test_no_cell_is_run_by_a_spreadsheet():
    """A bank's name comes from outside; in a spreadsheet it stays a name."""
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "＝1", "重庆"]
    table = Table("t", [("名称", "text"), ("金额", "fen")], [(name, 86_500_001) for name in names], [("=a", "=b")])

    lines = b"".join(csv_lines(table)).decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_chunks(table))))

    cells = [row[0] for row in csv.reader(lines.splitlines()[2:]) if row]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "＝")) for cell in cells)
    assert ["s"] * len(names) == [cell.data_type for cell in book.worksheets[0]["A"][1:]]
    assert 865_000.01 == book.worksheets[0]["B2"].value


@pytest.mark.parametrize(
    "path",
    ["exports/months.pdf", "exports/planets.csv", "exports/months", "case-lists/x.csv?figure=accepted"],
)
async def test_a_file_that_there_is_not_is_not_found(regulator: httpx.AsyncClient, path: str):
    """And nothing of it is in the audit."""
    assert 404 == (await regulator.get(f"/supervision/{path}")).status_code


BAD = ["period=2025-13", "period=range&from=2025-02-30", "period=range&from=2025-03-01&to=2025-02-01", "bank=x",
       "product=1", "district=%27", "sort=planet", "on=1", "by=planet", "x=1", "on=1990-01-01"]  # fmt: skip


@pytest.mark.parametrize("query", BAD)
async def test_an_overview_that_is_not_understood_is_refused(regulator: httpx.AsyncClient, query: str):
    """One clear problem, never a guess."""
    answer = await regulator.get(f"/supervision/overview?{query}")

    assert 400 <= answer.status_code < 500, answer.text
