"""Honest clients: each act has one key, is repeated with it until it is acknowledged, and is then written down."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.demo.city import WAN, make_city
from app.demo.load import PASSWORD, Loaded, load_city
from app.infra.db import Record
from app.kernel.clock import WALL, shanghai_date
from tests.crash.rig import PATIENCE_SECONDS, Rig

FIRMS, BANKS = 6, 3
CLASSES = ["registration", "invoices"]
UNTIL_DAYS = 80
AMOUNT_FEN = 10 * WAN
PAUSE_SECONDS = 0.1  # between two tries of one client
UNKNOWN = (httpx.TransportError,)  # no answer: it may have happened or not


@dataclass(slots=True)
class Ledger:
    """What was acknowledged, on disk before anybody relies on it: `key id` a line."""

    path: Path
    acknowledged: dict[str, str] = field(default_factory=dict)

    def note(self, key: str, made_id: str) -> None:
        assert key not in self.acknowledged, "a client repeats only what was not acknowledged"
        with self.path.open("a") as file:
            file.write(f"{key} {made_id}\n")
            file.flush()
            os.fsync(file.fileno())
        self.acknowledged[key] = made_id

    def read(self) -> dict[str, str]:
        """What a client that was killed as well would find."""
        return dict(line.split() for line in self.path.read_text().splitlines())


@dataclass(slots=True)
class Client:
    """One signed-in seat. The session is opened once and outlives every kill."""

    http: httpx.AsyncClient
    csrf: str
    told: Counter[str]

    async def insist(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """POST until acknowledged, always with the same key. Anything but success, 503 or in-progress is a failure."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        headers = {"idempotency-key": key, "x-csrf-token": self.csrf}
        while True:
            assert asyncio.get_running_loop().time() < deadline, f"{key} was not acknowledged"
            try:
                answer = await self.http.post(path, json=body, headers=headers)
            except UNKNOWN:
                self.told["no answer"] += 1
            else:
                if answer.is_success:
                    self.told["replayed" if "idempotency-replayed" in answer.headers else "made"] += 1
                    return dict(answer.json())
                code = answer.json()["code"]
                assert answer.status_code == 503 or code == "idempotency-in-progress", answer.text
                self.told[code] += 1
            await asyncio.sleep(PAUSE_SECONDS)


@dataclass(slots=True)
class Town:
    """The people of the storm: firms that post, and the clerks of the branches, by branch."""

    firms: list[Client]
    ticks: list[dict[str, Any]]
    clerks: dict[str, Client]
    told: Counter[str]

    def need(self, key: str) -> dict[str, Any]:
        """A need that says its key, so that the tables tell which request made which order."""
        return {
            "amount_fen": AMOUNT_FEN, "term_months": 12, "purpose": key, "collateral": "none", "places": 1,
            "until_on": (shanghai_date(WALL.now()) + timedelta(days=UNTIL_DAYS)).isoformat(), "banks": self.ticks,
        }  # fmt: skip

    async def post(self, firm: Client, key: str, ledger: Ledger) -> None:
        made = await firm.insist("/orders", self.need(key), key)
        ledger.note(key, made["order_id"])

    async def accept(self, rig: Rig, order_id: str, key: str) -> None:
        """The branch that the worker shows the order to takes it on, so that money is held as well."""
        sql = "select suborder_id, branch_id from suborders where order_id = $1"
        found: list[Record] = []

        async def pushed() -> bool:
            found[:] = await rig.fetch(sql, UUID(order_id))
            return bool(found)

        await rig.until(pushed)
        clerk = self.clerks[str(found[0]["branch_id"])]
        await clerk.insist(f"/suborders/{found[0]['suborder_id']}/acceptance", {}, key)


async def load_town(rig: Rig) -> Loaded:
    """A few invented firms and banks: one branch each, with lists, and pools that hold all the storm asks for."""
    city = make_city(shanghai_date(WALL.now()), firms=FIRMS)
    banks = tuple(replace(bank, branches=bank.branches[:1]) for bank in city.banks[:BANKS])
    return await load_city(rig.db, replace(city, banks=banks), rig.home / "city", lambda *_: None)


@asynccontextmanager
async def signed_in(rig: Rig, loaded: Loaded) -> AsyncIterator[Town]:
    """Open every session once and look up which banks match."""
    told: Counter[str] = Counter()
    async with AsyncExitStack() as stack:

        async def enter(login: str) -> Client:
            http = httpx.AsyncClient(base_url=rig.base_url, timeout=30, trust_env=False)
            await stack.enter_async_context(http)
            opened = await http.post("/session", json={"login": login, "password": PASSWORD})
            assert opened.is_success, opened.text
            return Client(http, opened.json()["csrf_token"], told)

        firms = [await enter(f"firm{number}") for number in range(1, FIRMS + 1)]
        clerks = {branch_id: await enter(login) for branch_id, login in loaded.clerks.items()}
        query = f"amount_fen={AMOUNT_FEN}&term_months=12&purpose=storm&collateral=none"
        found = await firms[0].http.get(f"/matches?{query}")
        yield Town(firms, _ticks(found.json()["matches"]), clerks, told)


def _ticks(matches: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One product of each of two banks: a place and a reserve."""
    by_bank = {match["bank_id"]: match for match in reversed(matches)}
    ticked = [by_bank[bank_id] for bank_id in list(by_bank)[:2]]
    assert len(ticked) == 2, "the town's banks cover the need"
    return [{"branch_id": m["branch_id"], "product_id": m["product_id"], "data_classes": CLASSES} for m in ticked]
