"""Papers over HTTP: one multipart request answers once; what is served is saved and never shown in place."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from app.access.seats import Seat
from app.infra.db import Database
from app.infra.settings import Environment, Settings
from app.main import create_app
from app.market import orders, papers
from tests.browser.town import accept_and_contact, act, make_town, parts_of, post_need
from tests.conftest import SECRET
from tests.market.papers.samples import pdf
from tests.web.app_for_tests import sign

PDF = ("流水.pdf", pdf(), "application/pdf")


@dataclass(frozen=True, slots=True)
class Two:
    """The firm's client, the clerk's, and the address of a suborder whose bank asked for papers."""

    firm: httpx.AsyncClient
    clerk: httpx.AsyncClient
    at: str

    async def bring(self, *files: tuple[str, bytes, str], key: str = "", **words: str) -> httpx.Response:
        parts = [("files", one) for one in files] or {"nothing": ("", b"", "text/plain")}
        headers = {"idempotency-key": key or uuid4().hex}
        return await self.firm.post(f"{self.at}/papers/files", files=parts, data=words, headers=headers)


@pytest.fixture
async def two(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
    settings = Settings(
        home=tmp_path, environment=Environment.DEVELOPMENT, database_url=None, secret=SECRET,
        issuer="http://127.0.0.1", hosts=("127.0.0.1",), webhook_loopback=(), movable_clock=True,
    )  # fmt: skip
    town = await make_town(db)
    order_id = await post_need(db, town)
    bank = town.banks[0]
    found = (await parts_of(db, order_id))[bank.bank_id]
    await accept_and_contact(db, bank, found)
    await act(
        db, bank.clerk,
        lambda tx, by: orders.acceptances.ask_papers(tx, found, items=["流水"], note="", by=by, now=tx.now),
    )  # fmt: skip
    app = create_app(settings, db)

    async def client(seat: Seat) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        made = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        await sign(db, made, seat, secret=SECRET)
        return made

    firm, clerk = await client(town.owner), await client(bank.clerk)
    async with firm, clerk:
        yield Two(firm, clerk, f"/suborders/{found}")


async def test_a_repeated_upload_has_one_effect(two: Two):
    """A form is sent again with another boundary; the parts are the same, so it is the same request."""
    first = await two.bring(PDF, key="the-same-key", answer="在此")
    again = await two.bring(PDF, key="the-same-key", answer="在此")
    other = await two.bring(PDF, key="the-same-key", answer="别的")

    assert [200, 200, 422] == [one.status_code for one in (first, again, other)], other.text
    assert first.json() == again.json()
    assert ("true", "idempotency-key-reused") == (again.headers["idempotency-replayed"], other.json()["code"])


async def test_a_paper_is_saved_and_never_shown_in_place(two: Two):
    """Attachment under its own name, no sniffing, a sandbox, nothing kept by a cache; both sides list it."""
    await two.bring(('流水 "2025";\r\nx.pdf', pdf(), "application/pdf"))
    (listed,) = (await two.clerk.get(f"{two.at}/papers")).json()["papers"]

    got = await two.clerk.get(f"{two.at}/papers/{listed['paper_id']}")

    assert (200, pdf(), "application/pdf") == (got.status_code, got.content, got.headers["content-type"])
    assert got.headers["content-disposition"].startswith('attachment; filename="paper.pdf"; filename*=UTF-8')
    assert ("nosniff", "no-store") == (got.headers["x-content-type-options"], got.headers["cache-control"])
    assert got.headers["content-security-policy"].startswith("sandbox;")


async def test_a_bad_file_is_named_with_its_fault(two: Two):
    """RFC 9457 with a line for each file that was not taken, in the reader's language."""
    answer = await two.firm.post(
        f"{two.at}/papers/files?lang=en", files=[("files", PDF), ("files", ("宏.xlsx", b"MZ", ""))],
        headers={"idempotency-key": uuid4().hex},
    )  # fmt: skip

    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    (fault,) = answer.json()["errors"]
    assert ("/files/1", "宏.xlsx", "not_what_it_says") == (fault["pointer"], fault["name"], fault["code"])
    assert "export it again" in fault["detail"]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"{}", "application/json", "unsupported-media"),
        (b"x", "multipart/form-data", "malformed-body"),
        (b"--a\r\nnothing", "multipart/form-data; boundary=a", "malformed-body"),
        (b'--a\r\nContent-Disposition: form-data; name="other"; filename="x.pdf"\r\n\r\nx\r\n--a--\r\n',
         "multipart/form-data; boundary=a", "unknown-field"),
        (b'--a\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--a--\r\n',
         "multipart/form-data; boundary=a", "bad-upload"),
        (b'--a\r\nContent-Disposition: form-data; name="state"\r\n\r\nx\r\n--a--\r\n',
         "multipart/form-data; boundary=a", "unknown-field"),
        (b'--a\r\nContent-Disposition: form-data; name="answer"\r\n\r\na\x00b\r\n--a--\r\n',
         "multipart/form-data; boundary=a", "bad-text"),
        (b"--a--\r\n", "multipart/form-data; boundary=a", "bad-upload"),
    ],
    ids=["json", "no boundary", "cut off", "another part", "text for a file", "another field", "bad text", "nothing"],
)  # fmt: skip
async def test_a_form_that_is_none_is_refused(two: Two, content: bytes, kind: str, code: str):
    """Never an error of ours, and nothing is kept."""
    headers = {"content-type": kind, "idempotency-key": uuid4().hex}

    answer = await two.firm.post(f"{two.at}/papers/files", content=content, headers=headers)

    assert code == answer.json()["code"], answer.text
    assert [] == (await two.firm.get(f"{two.at}/papers")).json()["papers"]


async def test_a_body_beyond_the_routes_limit_is_refused_unread(two: Two):
    """What it says of its length is enough."""
    headers = {
        "content-type": "multipart/form-data; boundary=a", "idempotency-key": uuid4().hex,
        "content-length": str(papers.BODY_MAX + 1),
    }  # fmt: skip

    answer = await two.firm.post(f"{two.at}/papers/files", content=b"--a--\r\n", headers=headers)

    assert (413, "too-large") == (answer.status_code, answer.json()["code"])
