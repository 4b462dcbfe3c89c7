"""The head office's file of lists over HTTP: what is downloaded, what is handed in, and what comes of nonsense."""

import csv
import io
import zipfile
from uuid import uuid4

import httpx
import openpyxl
import pytest

from app.access.seats import Seat, SeatRole
from app.infra.db import Database
from app.market.parties.rules.list_files import TITLES
from app.market.parties.service.list_changes import FILE_MAX
from tests.market.parties.objects import published_list
from tests.market.parties.test_http import clients, world  # noqa: F401 - fixtures
from tests.market.parties.world import World

PAGE = {"accept": "text/html"}


@pytest.fixture
async def maker(db: Database, clients: dict[str, httpx.AsyncClient], world: World) -> httpx.AsyncClient:  # noqa: F811
    """An administrator whose bank has a list in force."""
    await published_list(db, {SeatRole.BANK_ADMIN: Seat(uuid4(), world.bank_id, SeatRole.BANK_ADMIN)})
    return clients["maker"]


async def hand_in(client: httpx.AsyncClient, content: bytes, name: str = "lists.csv") -> httpx.Response:
    return await client.post("/bank/lists/bulk", files={"file": (name, content)}, headers=PAGE)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_what_is_downloaded_changes_nothing_when_it_comes_back(maker: httpx.AsyncClient, kind: str, lang: str):
    """In either language and format: the lists in force are in force. With a figure changed, just that is told."""
    answer = await maker.get(f"/bank/lists/files/in-force.{kind}?lang={lang}")
    again = await hand_in(maker, answer.content, f"x.{kind}")

    assert 200 == answer.status_code == again.status_code
    assert "no-store" == answer.headers["cache-control"]
    assert 'action="/bank/lists/submission"' not in again.text
    assert ("1 份与现行一致" in again.text) or ("1 are as in force" in again.text)


async def test_the_template_has_every_title_and_says_how_it_is_filled_in(maker: httpx.AsyncClient):
    """As CSV with its mark, and as a workbook in which nothing is a formula."""
    text = (await maker.get("/bank/lists/files/template.csv")).content
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO((await maker.get("/bank/lists/files/template.xlsx")).content))

    assert text.startswith(b"\xef\xbb\xbf")
    assert [titles[0] for titles in TITLES.values()] == rows[-1]
    assert all(row[0].startswith("# ") for row in rows[:-1])
    assert [titles[0] for titles in TITLES.values()] == [cell.value for cell in book.worksheets[0][1]]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(
    "name", ["in-force", "in-force.html", "..%2Fin-force.csv", "accounts.csv", "template.CSV", "."]
)
async def test_there_are_no_other_files(maker: httpx.AsyncClient, name: str):
    """A name is one of three, its kind one of two."""
    assert 404 == (await maker.get(f"/bank/lists/files/{name}")).status_code


def bomb() -> bytes:
    """A workbook of a few kilobytes that unpacks to a hundred megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (100 << 20))
    return out.getvalue()


def far_cell() -> bytes:
    """A workbook with two cells, one of which stands so far out that the grid between them fills the memory."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = "网点"
    book.active["XFD1048576"] = "x"
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"<html>", 400),
        (bomb(), 400),
        (far_cell(), 400),
        ("网点,产品代码\n".encode() * 3, 400),
        (b"a" * (FILE_MAX + 1), 413),
        (b"a" * (FILE_MAX + 200_000), 413),
    ],
    ids=["empty", "page", "bomb", "far-cell", "columns-missing", "too-large", "far-too-large"],
)
async def test_a_file_that_is_none_is_refused_in_words(maker: httpx.AsyncClient, content: bytes, status: int):
    """A page that says what happened and what to do, never a stack."""
    answer = await hand_in(maker, content)

    assert status == answer.status_code
    assert "<main" in answer.text


async def test_a_form_without_a_file_is_refused(maker: httpx.AsyncClient):
    """Nothing chosen, words instead of a file, and no form at all."""
    answers = [
        await maker.post("/bank/lists/bulk", files={"file": ("", b"")}),
        await maker.post("/bank/lists/bulk", data={"file": "x"}),
        await maker.post("/bank/lists/bulk", content=b"x", headers={"content-type": "multipart/form-data"}),
    ]

    assert [400, 400, 400] == [answer.status_code for answer in answers]


async def test_lines_that_were_tampered_with_are_judged_again(maker: httpx.AsyncClient):
    """The confirmation carries text that anybody may change: it is a file like any other, and nothing is proposed."""
    key = {"_key": uuid4().hex}
    titles = ",".join(titles[0] for titles in TITLES.values())

    nonsense = await maker.post("/bank/lists/submission", data={"rows": "x"} | key)
    strange = await maker.post("/bank/lists/submission", data={"rows": f"{titles}\n别家支行,XY-01,,1,2,3,4,5,6"} | key)

    assert (400, 422) == (nonsense.status_code, strange.status_code)
    assert [] == (await maker.get("/proposals")).json()["proposals"]


async def test_who_made_a_list_is_its_own_banks_business(
    db: Database,
    clients: dict[str, httpx.AsyncClient],  # noqa: F811
    world: World,  # noqa: F811
):
    """Everybody may read lists; the document with its two people is for their bank."""
    list_id = await published_list(db, {SeatRole.BANK_ADMIN: Seat(uuid4(), world.bank_id, SeatRole.BANK_ADMIN)})

    mine, other = [await clients[name].get(f"/bank/lists/{list_id}") for name in ("maker", "other")]

    assert (200, 404) == (mine.status_code, other.status_code)
