"""Every page there is, as somebody who may see it, in both languages, on a wide screen and on a phone.

The pages are those of docs/access-matrix.toml, so that none is forgotten: a new page is looked at before anybody
writes a walk for it. What each of them is for, and how it reads with work in it, is shown by the other walks.
"""

from collections.abc import Mapping
from typing import Final

import httpx
import pytest

from app.access import seats
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from tests.browser.conftest import Visit
from tests.browser.walk import NARROW, WIDE, Walk
from tests.web.objects import MAKERS, Made
from tests.web.test_access_matrix import ROWS, Row, seats_of

pytestmark = pytest.mark.browser
PAGES_MIN: Final = 50  # Fewer would mean that the sorting below has lost them.
NOT_FOUND_BY_DESIGN: Final = frozenset({"GET /schema/{path}", "GET /static/{version}/{name}"})

QUERIES: Final[Mapping[str, str]] = {  # What a page needs to be asked with.
    "/matches": "?amount_fen=30000000&term_months=12&purpose=%E5%A4%87%E8%B4%A7&collateral=none",
    "/supervision/promises/promise": "?key=SIGN",
    "/figures/cases": "?figure=accepted",
    "/supervision/cases": "?figure=accepted",
}


async def _sign(db: Database, walk: Walk, seat: Seat) -> str:
    """Sit down in a seat without the form: its session's cookie."""
    async with db.transaction(Role.AUTH, Scope(actor_id=seat.person_id)) as tx:
        token = (await seats.open_session(tx, seat.person_id, seat)).token
    await walk.context.clear_cookies(name="session")
    await walk.context.add_cookies([{"name": "session", "value": token, "url": walk.base}])
    return token


async def _is_page(client: httpx.AsyncClient, path: str) -> bool:
    """Whether this answers with a whole page: not a file, not JSON, not a piece of a page."""
    answer = await client.get(path, headers={"accept": "text/html"})
    assert answer.status_code < 400, f"{path} answers {answer.status_code}: {answer.text[:300]}"
    return answer.headers.get("content-type", "").startswith("text/html") and "<html" in answer.text


def _pages_of(role: SeatRole | None, made: Mapping[str, Made]) -> list[str]:
    """The paths that this role may open; what is public once, by nobody."""

    def is_its(key: str, row: Row) -> bool:
        its = row.roles == "public" if role is None else row.roles != "public" and row.lets_in(role)
        return its and row.method == "GET" and row.own and key not in NOT_FOUND_BY_DESIGN

    return [
        row.url(made[row.object].own if row.object else {}) + QUERIES.get(row.path, "")
        for key, row in ROWS.items()
        if is_its(key, row) and (row.object or set(row.names) <= {"code"})
    ]


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("zh", NARROW), ("en", WIDE), ("en", NARROW)])
async def test_every_page_reads_well(db: Database, visit: Visit, site: str, lang: str, width: int):
    """No foreign word, no bare key, nothing beyond the edge, no grave fault of axe-core, nothing the policy blocks."""
    mine, others = await seats_of(db, "mine"), await seats_of(db, "other")
    made = {
        name: await MAKERS[name](db, mine, others) for name in sorted({r.object for r in ROWS.values() if r.object})
    }
    walk = await visit(lang, width)
    looked = []

    for role in (None, *(one for one in SeatRole if one is not SeatRole.BANK_CLIENT)):
        cookies = {} if role is None else {"session": await _sign(db, walk, mine[role])}
        async with httpx.AsyncClient(base_url=site, cookies=cookies, trust_env=False) as client:
            for path in _pages_of(role, made):
                if await _is_page(client, path):
                    await walk.open(path)
                    looked.append(path)

    print(f"{len(looked)} pages in {lang} at {width} px")
    assert len(looked) >= PAGES_MIN
