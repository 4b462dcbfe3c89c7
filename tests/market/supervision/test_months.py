"""A frozen month: what a second reckoning gives at that instant, never changed, with what came later beside it."""

import hashlib
import io
import re
from collections.abc import Awaitable
from datetime import date
from uuid import UUID

import asyncpg
import httpx
import openpyxl
import pypdf
import pytest

from app.access.orgs import OrgKind
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from app.market.supervision import By, find_damage, fold
from app.market.supervision.service import months
from app.office import proposals
from app.replay import replay_month
from tests.market.supervision.objects import freeze_month, scope
from tests.market.supervision.test_store_folded import freeze as set_clock
from tests.replay.city import play
from tests.support import shanghai
from tests.web.app_for_tests import make_org, make_seat

Admin = asyncpg.Connection
OCTOBER = date(2025, 10, 1)
FROZEN_AT = shanghai("2025-11-05 09:00")
LATER = shanghai("2025-11-28 09:00")
HTML = {"accept": "text/html"}
SUBORDERS = 60


async def office(db: Database) -> tuple[Seat, Seat]:
    """Two people of a supervising office."""
    org_id = await make_org(db, OrgKind.REGULATOR, "XY 监管二处")
    return tuple([await make_seat(db, SeatRole.REGULATOR, org_id, login=f"office-{n}") for n in (1, 2)])  # type: ignore[return-value]


async def fold_all(db: Database) -> None:
    while True:
        async with db.transaction(Role.WORKER) as tx:
            if not await fold(tx):
                return


async def frozen_october(db: Database, *, folded: bool = True) -> tuple[Seat, Seat]:
    """A city up to 5 November, whose October is frozen on that day."""
    await set_clock(db, FROZEN_AT)
    await play(db, 11, SUBORDERS, FROZEN_AT)
    if folded:
        await fold_all(db)
    pair = await office(db)
    if not folded:  # A month that nothing was folded of is not known to be over.
        async with db.transaction(Role.WORKER) as tx:
            await tx.value("select supervision_fold($1, 20)", tx.now)
    await freeze_month(db, OCTOBER, *pair)
    return pair


@pytest.mark.parametrize("folded", [True, False])
async def test_a_frozen_month_is_what_the_replay_reckons_at_that_instant(db: Database, folded: bool):
    """Every figure of every group, whether the worker had folded everything or a third of it."""
    await frozen_october(db, folded=folded)
    async with db.reading(Role.REPORTER) as tx:
        head = (await months.read_month(tx, OCTOBER)).head
        assert head is not None
        rows = await replay_month(tx, "2025-10", as_of=head.frozen.frozen_at, last_seq=head.last_seq)
        kept = await months.read_frozen(tx, OCTOBER)

        expected = {(row.by, row.key, row.figure): (row.value, row.of) for row in rows if (row.value, row.of) != (0, 0)}
        assert expected == {place: (tally.value, tally.of) for place, tally in kept.items()}
        assert {one.value for one in By if one is not By.MONTH} == {by for by, _key, _figure in kept}
        assert len(kept) > 200
        assert [] == await find_damage(tx)


async def test_what_came_later_stands_beside_it_with_the_moves_that_did_it(db: Database):
    """October's late cases take their days until they are decided: today's figure is another, the frozen one is not."""
    first, _second = await frozen_october(db)
    async with db.reading(Role.REGULATOR, scope(first)) as tx:
        before = await months.read_frozen(tx, OCTOBER)
    await set_clock(db, LATER)
    await play(db, 12, SUBORDERS, LATER)  # Among them moves of October that are written down only now.
    await fold_all(db)

    async with db.reading(Role.REGULATOR, scope(first)) as tx:
        changed = await months.read_restated(tx, OCTOBER, [By.ALL])
        head = (await months.read_month(tx, OCTOBER)).head
        assert head is not None
        pushed = next(one for one in changed if one.figure == "funnel:push")
        behind = await months.read_changed(tx, head, "funnel:push", By.ALL, "")

        assert before == await months.read_frozen(tx, OCTOBER)
        assert pushed.then is not None
        assert pushed.now is not None
        assert pushed.now.value - pushed.then.value == len(behind) > 0
        assert all(one.then is None and one.now == (1, 1) and one.later[0].act == "push" for one in behind)
        assert [] == await find_damage(tx)
        for one in changed:
            if not one.figure.endswith("_median_x2"):
                cases = await months.read_changed(tx, head, one.figure, By.ALL, "")
                added = sum((c.now or (0, 0))[0] - (c.then or (0, 0))[0] for c in cases)
                assert (one.now or months.Tally()).value - (one.then or months.Tally()).value == added, one.figure


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update supervision_frozen_figures set value = value + 1 where figure = 'decided_in_time' and \"by\" = 'all'",
         "not the sums"),
        ("delete from supervision_frozen_facts where figure = 'accepted'", "not those that were frozen"),
        ("update supervision_frozen_facts set value = 1 - value where figure = 'accepted'", "not those"),
        ("update supervision_months set names = '{}'", "digest"),
        ("update supervision_months set policies = policies || '{\"clock/DECISION\": 9}'", "digest"),
        ("update supervision_months set frozen_at = frozen_at + interval '1 second'", "digest"),
    ],
)  # fmt: skip
async def test_whoever_touches_a_frozen_month_is_found_out(db: Database, admin: Admin, sql: str, said: str):
    """Even the owner of the database: the digest is of everything, and figures add up from facts."""
    await frozen_october(db)
    await admin.execute(sql)

    async with db.reading(Role.REPORTER) as tx:
        broken = await find_damage(tx)

    assert any(said in line for line in broken), broken


@pytest.mark.parametrize(
    "verb",
    ["update supervision_months set formula = 2", "delete from supervision_frozen_facts",
     "delete from supervision_frozen_figures", "delete from supervision_documents"],
)  # fmt: skip
async def test_no_audience_can_change_what_is_frozen(db: Database, verb: str):
    """Not the regulator, who froze it; nor the worker."""
    for role in (Role.REGULATOR, Role.WORKER, Role.OPS):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(role) as tx:
                await tx.execute(verb)


async def test_a_month_is_frozen_by_two_people_and_once(db: Database):
    """Its maker cannot agree; too early is refused; frozen is frozen."""
    await set_clock(db, shanghai("2025-11-02 09:00"))
    await play(db, 11, 6, shanghai("2025-11-01 09:00"))
    await fold_all(db)
    first, second = await office(db)

    assert "wrong-state" == await _refused(_propose(db, first))
    await set_clock(db, shanghai("2025-11-03 09:00"))
    proposal_id = await _propose(db, first)
    assert "four-eyes" == await _refused(_approve(db, proposal_id, first))
    await _approve(db, proposal_id, second)
    assert ["wrong-state"] * 2 == [await _refused(_propose(db, again)) for again in (first, second)]

    async with db.reading(Role.REGULATOR, scope(first)) as tx:
        head = (await months.read_month(tx, OCTOBER)).head
        assert head is not None
        assert (first.person_id, second.person_id) == (head.made_by, head.checked_by)
        assert "not-found" == await _refused(months.read_month(tx, date(2025, 11, 1)))


async def _refused(act: Awaitable[object]) -> str:
    """The problem that an act answers with."""
    with pytest.raises(Refusal) as refused:
        await act
    return refused.value.code


async def _propose(db: Database, by: Seat) -> UUID:
    async with db.transaction(Role.REGULATOR, scope(by)) as tx:
        return await months.propose_freeze(tx, OCTOBER, by=by)


async def _approve(db: Database, proposal_id: UUID, by: Seat) -> None:
    async with db.transaction(Role.REGULATOR, scope(by)) as tx:
        await proposals.approve(tx, proposal_id, by=by, now=tx.now)


async def test_a_document_is_verified_by_anybody(db: Database, regulator: httpx.AsyncClient, admin: Admin):
    """Number, digest and file agree for somebody without a login; another byte, another digest; nothing is kept."""
    await frozen_october(db)
    numbers = {}
    for kind in ("pdf", "xlsx"):
        sent = {"format": kind, "_key": f"make-a-document-{kind}"}
        answer = await _post(regulator, "/supervision/months/2025-10/documents", sent)
        assert 303 == answer.status_code, answer.text
        numbers[kind] = await admin.fetchval("select number from supervision_documents where format = $1", kind)
    files = {kind: (await regulator.get(f"/supervision/documents/{one}")).content for kind, one in numbers.items()}
    regulator.cookies.clear()

    for kind, number in numbers.items():
        url = f"/verify/{number}"
        page = (await regulator.get(url, headers=HTML)).text
        assert hashlib.sha256(files[kind]).hexdigest() in page
        same = await regulator.post(url, files={"file": ("x", files[kind])}, headers=HTML)
        other = await regulator.post(url, files={"file": ("x", files[kind] + b" ")}, headers=HTML)
        typed = await regulator.post(
            url, data={"sha256": hashlib.sha256(files[kind]).hexdigest().upper()}, headers=HTML
        )
        assert [True, False, True] == ["与存档一致" in one.text for one in (same, other, typed)]
        assert "与存档不一致" in other.text
    text = _text_of(files["pdf"])
    assert numbers["pdf"] in text
    assert "2025年10月服务监管月报" in text
    _is_its_own_proof(openpyxl.load_workbook(io.BytesIO(files["xlsx"])))
    assert 404 == (await regulator.get("/verify/202510-0000-0000-0000", headers=HTML)).status_code
    assert 2 == await admin.fetchval("select count(*) from supervision_files")


def _text_of(content: bytes) -> str:
    """The words of a PDF without gaps."""
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return "".join(text.replace("\x00", "").split())


def _is_its_own_proof(book: openpyxl.Workbook) -> None:
    """The lines on the last sheet hash to the digest on the first, and say the figures of the second."""
    about = {row[0].value: row[1].value for row in book["about"].iter_rows() if row[0].value}
    lines = [str(row[0].value) for row in book["digest"].iter_rows(min_row=2)]
    digest = hashlib.sha256(("\n".join(lines) + "\n").encode()).hexdigest()
    rows = [[cell.value for cell in row][4:] for row in book["figures"].iter_rows(min_row=2)]

    assert f"SHA-256 {digest}" == about["数字指纹"]
    told = {tuple(line.split("\t")[1:]) for line in lines if line.startswith("figure\t")}
    assert told == {(by, key or "", figure, str(value), str(of)) for by, key, figure, value, of in rows}


async def _post(client: httpx.AsyncClient, path: str, fields: dict[str, str]) -> httpx.Response:
    """A form as the page on which it stands would send it."""
    page = (await client.get("/supervision/months", headers=HTML)).text
    token = re.search(r'name="csrf-token" content="([^"]*)"', page)
    assert token is not None
    return await client.post(path, data=fields | {"_csrf": token[1]}, headers=HTML)


async def test_the_pages_of_a_month_show_it_as_frozen_and_as_it_is(db: Database, regulator: httpx.AsyncClient):
    """What stands under "when frozen" is what was frozen, figure for figure."""
    await frozen_october(db)
    await set_clock(db, LATER)
    async with db.reading(Role.REPORTER) as tx:
        kept = {place[2]: (t.value, t.of) for place, t in (await months.read_frozen(tx, OCTOBER, [By.ALL])).items()}

    page = (await regulator.get("/supervision/months/2025-10", headers=HTML)).text

    shown = re.findall(r'<data data-figure="([^"]*)" data-key="" value="(-?\d+)/(-?\d+)">', page)
    figures = {name: (int(value), int(of)) for name, value, of in shown}
    assert kept == {name: pair for name, pair in figures.items() if pair != (0, 0)}
    for by in ("bank", "branch", "product", "district", "industry", "size", "type"):
        answer = await regulator.get(f"/supervision/months/2025-10?by={by}", headers=HTML)
        assert 200 == answer.status_code, answer.text
    assert 404 == (await regulator.get("/supervision/months/2025-13")).status_code
    assert 404 == (await regulator.get("/supervision/months/2025-11")).status_code
