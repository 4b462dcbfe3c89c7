"""Sending notices: lease in one transaction, call in none, write what came of it in a third.

A worker that dies in between leaves a lease that runs out, and the notice is sent again: at least once, the same
`webhook-id` each time. Times are wall time.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.access import audit
from app.infra import outbox, vault
from app.infra.db import Database, Record, Role, Scope, Tx
from app.infra.http import CallFailed, CallRefused, Outgoing
from app.kernel.ids import new_id
from app.office.deliveries import rules, store
from app.office.deliveries.events import NoticeDelivered, NoticeFailed
from app.office.deliveries.rules import NoticeState, Outcome, Scheme
from app.office.deliveries.service import signing
from app.office.deliveries.service.endpoints import key_place

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """One leased notice, ready to be sent."""

    notice: Record
    keys: tuple[signing.Key, ...]
    head: str = ""  # The newest head of the log: every receiver holds us to it (P22).

    @property
    def notice_id(self) -> UUID:
        found: UUID = self.notice["notice_id"]
        return found

    @property
    def body(self) -> bytes:
        ids = {name: UUID(text) for name, text in self.notice["ids"].items()}
        return rules.body_of(self.notice["kind"], self.notice["seq"], self.notice["happened_at"], ids)

    def headers(self, at: datetime) -> dict[str, str]:
        stamp, name = int(at.timestamp()), rules.webhook_id(self.notice_id)
        heads = {"xinyidai-audit-head": self.head} if self.head else {}
        return heads | {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signing.signatures(self.keys, name, stamp, self.body),
        }


async def run_due(db: Database, http: Outgoing, now: datetime) -> int:
    """Send what is due at the wall instant `now` and wait for all of it; returns how many tries were made."""
    errands = await claim(db, now)
    await asyncio.gather(*(send(db, http, errand, now) for errand in errands))
    return len(errands)


@dataclass(slots=True)
class Courier:
    """Sends without waiting for the slowest: each round starts what is due and leaves the rest under way."""

    db: Database
    http: Outgoing
    _under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    async def tick(self) -> int:
        """Start every try that is due and has a free lane; returns how many."""
        now = self.db.wall.now()
        errands = await claim(self.db, now)
        for errand in errands:
            task = asyncio.create_task(self._send(errand, now))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(errands)

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way)

    async def _send(self, errand: Errand, now: datetime) -> None:
        try:
            await send(self.db, self.http, errand, now)
        except Exception as error:  # noqa: BLE001 - its lease runs out and it is sent again
            log.warning("try_not_written", error=type(error).__name__)


async def claim(db: Database, now: datetime) -> list[Errand]:
    """Lease what is due, at most four tries at once per endpoint, and fetch the keys to sign with."""
    async with db.transaction(Role.WORKER) as tx:
        found = await store.claim_due(tx, now, now + rules.LEASE, rules.LANES)
        keys: dict[UUID, tuple[signing.Key, ...]] = {}
        for notice in found:
            if notice["endpoint_id"] not in keys:
                keys[notice["endpoint_id"]] = await _keys(tx, notice["endpoint_id"], now)
        head = await _newest_head(tx) if found else ""
        return [Errand(notice, keys[notice["endpoint_id"]], head) for notice in found]


async def _newest_head(tx: Tx) -> str:
    newest = await audit.latest_head(tx)
    return newest.as_header() if newest else ""


async def _keys(tx: Tx, endpoint_id: UUID, now: datetime) -> tuple[signing.Key, ...]:
    scheme = await store.read_scheme(tx, endpoint_id)
    assert scheme is not None, "a notice has an endpoint"
    found = await store.read_keys(tx, endpoint_id, now)
    places = [(key_place(row["key_id"], row["bank_id"]), row["material"]) for row in found]
    try:
        return tuple([signing.Key(Scheme(scheme), await vault.unseal(tx, place, sealed)) for place, sealed in places])
    except vault.Unreadable:
        return ()  # One bank's lost key must not stop the notices of all others.


async def send(db: Database, http: Outgoing, errand: Errand, began_at: datetime) -> None:
    """Make one try and write what came of it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    outcome, status = await _call(http, errand, began_at)
    ended_at = began_at + timedelta(seconds=loop.time() - started)
    scope = Scope(org_id=errand.notice["bank_id"])
    async with db.transaction(Role.WORKER, scope) as tx:
        await _write(tx, errand, outcome, status, (began_at, ended_at))


async def _call(http: Outgoing, errand: Errand, at: datetime) -> tuple[Outcome, int | None]:
    """What the endpoint made of it, and its status where it gave one."""
    if not errand.keys:
        return Outcome.NO_KEY, None
    try:
        answer = await http.post(errand.notice["url"], content=errand.body, headers=errand.headers(at))
    except CallFailed as failed:
        return Outcome(failed.code), None
    except CallRefused:
        return Outcome.URL_REFUSED, None
    return rules.judge_status(answer.status), answer.status


async def _write(tx: Tx, errand: Errand, outcome: Outcome, status: int | None, span: tuple[datetime, datetime]) -> None:
    """Keep the try, move the notice on, tell the house. A try whose lease was lost is kept and moves nothing."""
    notice, (began_at, ended_at) = errand.notice, span
    ids = (new_id(), errand.notice_id, notice["bank_id"], notice["stream_id"])
    await store.insert_attempt(tx, (*ids, began_at, ended_at, outcome.value, status))
    if outcome is Outcome.GONE:
        await store.lock_endpoint(tx, notice["endpoint_id"])  # Before the notice: it will bury the others' as well.
    tries = notice["tries"] + 1
    next_at = None if outcome in (Outcome.DELIVERED, Outcome.GONE) else _next(tries, errand, ended_at)
    state = _state(outcome, next_at)
    why = outcome.value if state is NoticeState.DEAD else None
    if not await store.end_try(tx, errand.notice_id, notice["lease_until"], state.value, next_at, why):
        return
    if outcome is Outcome.GONE and await store.disable_endpoint(tx, notice["endpoint_id"], "gone"):
        await store.bury_pending(tx, notice["endpoint_id"], "gone")
        await audit.write(tx, "endpoint.gone", detail={"endpoint_id": str(notice["endpoint_id"])})
    told = {name: UUID(text) for name, text in notice["ids"].items()}
    common = {"stream_id": notice["stream_id"], "at": tx.now, "notice_id": errand.notice_id, "kind": notice["kind"],
              "bank_id": notice["bank_id"], "ids": told, "ended_at": ended_at}  # fmt: skip
    if outcome is Outcome.DELIVERED:
        await outbox.record(tx, NoticeDelivered(**common))
    else:
        dead = state is NoticeState.DEAD
        await outbox.record(
            tx, NoticeFailed(**common, try_number=tries, outcome=outcome.value, dead=dead, began_at=began_at)
        )


def _next(tries: int, errand: Errand, ended_at: datetime) -> datetime | None:
    return rules.next_try_at(tries, errand.notice_id, ended_at)


def _state(outcome: Outcome, next_at: datetime | None) -> NoticeState:
    if outcome is Outcome.DELIVERED:
        return NoticeState.DELIVERED
    return NoticeState.DEAD if next_at is None else NoticeState.PENDING
