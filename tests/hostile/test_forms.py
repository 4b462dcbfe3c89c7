"""Nonsense in the fields of every form and in the query of every page, as somebody who is let in (P26).

tests/web/test_fuzz.py throws whole requests at everything; here the fields are the real ones, so that nonsense gets to
the words and figures that pages are made of.
"""

import inspect
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from app.access import orgs
from app.access.seats import SeatRole
from app.infra.db import Database, Role
from app.main import create_app
from app.web.body import Body, Form
from tests.conftest import SECRET
from tests.web.app_for_tests import client_of, sign
from tests.web.objects import MAKERS, Made
from tests.web.test_access_matrix import ROWS, seats_of
from tests.web.test_fuzz import fault_of, settings_for

CALLS = 1_500
SEED = 20261031
TEXTS = [
    *("", " ", "0", "-1", "1", "50", "50.5", "1e5", "1,000", "٣", "½", "∞", "NaN", "9" * 40, "0.0000001", "100%", "%s"),
    *("%(x)s", "{x}", "{{7*7}}", "<script>alert(1)</script>", "' OR 1=1 --", "\u202e", "\x00", "e" + "\u0301" * 50),
    *("2026-01-05", "2026-02-30", "0001-01-01", "9999-12-31", "2026-01-05T10:00", "2026-01-05T10:00:00+26:00", "24:00"),
    *(
        "none",
        "null",
        "true",
        "on",
        "渝中",
        "原材料",
        "500103",
        "A" * 3000,
        "重" * 3000,
        "a\r\nb",
        "../..",
        "=1+1",
        "Σ",
        "ﬀ",
    ),
    *("instalments", "bullet", "phone", "I2", "zh", "en", "ge", "judicial.dishonest_listed", "registration", "2026Q1"),
    *("2026-01", "2026", "month", "bank", "district", "product", "00000000-0000-0000-0000-000000000000", "[]", "[0]"),
]


def routes(app: Litestar) -> Iterator[tuple[str, Any]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield f"{method} {route.path_format or '/'}", handler


def shape_of(handler: Any) -> type[Form] | type[Body] | None:
    """The shape of what a handler is sent."""
    told = handler.fn.__annotations__.get("data")
    if isinstance(told, str):
        told = eval(told, handler.fn.__globals__)
    shape = next(iter(get_args(told)), told)
    return shape if inspect.isclass(shape) and issubclass(shape, Form | Body) else None


def names_in_query(handler: Any) -> list[str]:
    """Every name that the handler's module, or one beside it, reads out of a query."""
    folder = Path(inspect.getfile(handler.fn)).parent
    source = "".join(file.read_text() for file in folder.glob("*.py"))
    return sorted(set(re.findall(r'(?:get|_whole|query)\(?\[?(?:request, )?"([a-z_]+)"', source)) | {"cursor", "limit"})


class Nonsense:
    """Requests that follow from the seed."""

    def __init__(self, app: Litestar, things: Mapping[str, Made]) -> None:
        self.dice = random.Random(SEED)
        self.things = things
        self.handlers = dict(routes(app))
        pages = [key for key, handler in self.handlers.items() if key.startswith("GET") and key in ROWS]
        forms = [key for key, handler in self.handlers.items() if shape_of(handler) is not None and key in ROWS]
        self.keys = sorted(pages) + sorted(forms)

    def text(self) -> str:
        if self.dice.random() < 0.15:
            return self.dice.choice(TEXTS) + self.dice.choice(TEXTS)
        return self.dice.choice([*TEXTS, str(uuid4())])

    def url(self, key: str) -> str:
        row = ROWS[key]
        made = self.things.get(row.object)
        return row.url(made.own if made and self.dice.random() < 0.9 else {})

    def query(self, key: str) -> str:
        if self.dice.random() < 0.3:
            return ""
        names = names_in_query(self.handlers[key])
        chosen = self.dice.sample(names, min(len(names), self.dice.randint(1, 4)))
        return "?" + "&".join(f"{name}={quote(self.text()[:300], errors='replace')}" for name in chosen)

    def request(self, key: str) -> dict[str, Any]:
        method = key.split(" ")[0]
        asked: dict[str, Any] = {"method": method, "url": self.url(key) + self.query(key), "headers": {}}
        asked["headers"]["accept"] = self.dice.choice(["text/html", "text/html", "application/json"])
        shape = shape_of(self.handlers[key])
        if shape is None or method == "GET":
            return asked
        asked["headers"]["idempotency-key"] = uuid4().hex
        fields = {name: self.text() for name in shape.model_fields if self.dice.random() < 0.85}
        if issubclass(shape, Form):
            asked["headers"]["content-type"] = "application/x-www-form-urlencoded"
            asked["content"] = urlencode(fields | {"_key": uuid4().hex}, errors="replace")
        else:
            asked["json"] = {name: self.typed(text) for name, text in fields.items()}
        return asked

    def typed(self, text: str) -> object:
        """A field of JSON: often of the type that was meant."""
        if text.isascii() and text.isdigit() and len(text) < 19:
            return int(text)
        return self.dice.choice([text, text, [text], {"x": text}, int(self.dice.random() * 10**9)])


async def test_nonsense_in_real_fields_is_refused_or_shown_and_never_breaks(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing call is printed whole; what is shown of a field is escaped."""
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
    app = create_app(settings_for(tmp_path), db)
    seats, others = await seats_of(db, "mine"), await seats_of(db, "other")
    things = {name: await MAKERS[name](db, seats, others) for name in sorted(MAKERS)}
    async with db.transaction(Role.OPS) as tx:
        assert (await orgs.get_org(tx, seats[SeatRole.BUSINESS].org_id)).subject_id is not None
    nonsense = Nonsense(app, things)
    statuses, faults = Counter[int](), []
    clients: dict[str | None, httpx.AsyncClient] = {}
    managers = []
    for role in (None, *SeatRole):
        managers.append(client_of(app))
        clients[role] = await managers[-1].__aenter__()
        if role is not None:
            await sign(db, clients[role], seats[role], secret=SECRET)

    for number in range(CALLS):
        key = nonsense.keys[number % len(nonsense.keys)]
        if any(word in key for word in ("logout", "/login", "DELETE", "/session", "/seats")):
            continue
        inside = [role for role in clients if ROWS[key].lets_in(role)]
        asked = nonsense.request(key)
        role = nonsense.dice.choice(inside)
        answer = await clients[role].request(**asked)
        statuses[answer.status_code] += 1
        fault = fault_of(answer) or (
            "markup" if "<script>alert" in answer.text and "html" in str(answer.headers) else ""
        )
        if fault:
            faults.append(f"{fault}: {role} {asked}")
    for manager in managers:
        await manager.__aexit__(None, None, None)
    print(f"{len(nonsense.keys)} routes, {sorted(statuses.items())}")

    assert [] == faults[:6], len(faults)
    assert statuses[200] > 100
