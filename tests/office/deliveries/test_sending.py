"""Notices on their way: tried, tried again, buried, sent again; never twice under two ids."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import vault
from app.infra.db import Database, Role, Scope
from app.infra.http import Outgoing
from app.kernel.clock import Clock
from app.kernel.errors import Refusal
from app.office import deliveries
from app.office.deliveries import Courier, Scheme, run_due
from app.office.deliveries.events import NoticeDelivered, NoticeFailed
from tests.office.deliveries.receiver import cut, drip, endpoint, gibibyte, hang, status

BANK, OTHER_BANK, ORDER = UUID(int=100), UUID(int=200), UUID(int=7)
ADMIN = Seat(UUID(int=101), BANK, SeatRole.BANK_ADMIN)
OTHER_ADMIN = Seat(UUID(int=201), OTHER_BANK, SeatRole.BANK_ADMIN)
START = datetime(2026, 9, 1, 2, tzinfo=UTC)
IDS = {"order_id": ORDER, "suborder_id": UUID(int=8)}


class Hand:
    """A wall clock that tests turn by hand."""

    def __init__(self) -> None:
        self.at = START

    def turn(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> None:
    vault.unlock(tmp_path / "keys")


@pytest.fixture
def hand(db: Database) -> Hand:
    hand = Hand()
    db.wall = Clock(lambda: hand.at)
    return hand


@pytest.fixture
async def http() -> AsyncIterator[Outgoing]:
    async with Outgoing(loopback=["127.0.0.1"], seconds_max=0.5) as client:
        yield client


@pytest.fixture
def heard(db: Database) -> list[Any]:
    """What the house is told about notices."""
    heard: list[Any] = []

    async def keep(tx: Any, event: Any) -> None:
        heard.append(event)

    db.bus.in_tx.clear()
    db.bus.listen_in_tx(NoticeDelivered, keep)
    db.bus.listen_in_tx(NoticeFailed, keep)
    return heard


async def by_bank(db: Database, act: Callable[..., Awaitable[Any]], *args: Any, by: Seat = ADMIN, **named: Any) -> Any:
    async with db.transaction(Role.BANK, Scope(org_id=by.org_id, actor_id=by.person_id)) as tx:
        return await act(tx, *args, by=by, **named)


async def register(db: Database, url: str, by: Seat = ADMIN, **named: Any) -> tuple[UUID, str]:
    made, shown = await by_bank(db, deliveries.register_endpoint, url, by=by, **{"kinds": ["*"], **named})
    return made.endpoint_id, shown


async def tell(db: Database, kind: str = "suborder.accepted", bank_id: UUID = BANK) -> list[UUID]:
    async with db.transaction(Role.WORKER) as tx:
        return await deliveries.tell(tx, bank_id, kind, IDS, stream_id=ORDER, at=tx.now)


async def state(db: Database) -> list[tuple[str, int, str | None]]:
    """State, tries and cause of every notice, oldest first."""
    async with db.reading(Role.WORKER) as tx:
        rows = await tx.fetch("select state, tries, why from notices order by seq")
    return [(row["state"], row["tries"], row["why"]) for row in rows]


async def run_all(db: Database, http: Outgoing, hand: Hand) -> None:
    """Turn the clock past every wait."""
    for wait in ({}, {"seconds": 6}, {"minutes": 6}, {"hours": 1}):
        await run_due(db, http, hand.turn(**wait))


async def test_a_notice_arrives_signed_and_is_told_once(
    db: Database, hand: Hand, http: Outgoing, heard: list[Any]
) -> None:
    """The plain good case, v1a: the bank holds a public key only."""
    async with endpoint() as bank:
        _, shown = await register(db, bank.url)
        (notice_id,) = await tell(db)
        await run_due(db, http, hand.at)
        await run_due(db, http, hand.turn(hours=1))

    ((headers, body),) = bank.got
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    version, _, signature = headers["webhook-signature"].partition(",")
    Ed25519PublicKey.from_public_bytes(b64decode(shown.removeprefix("whpk_"))).verify(b64decode(signature), content)
    assert (version, headers["webhook-id"]) == ("v1a", f"msg_{notice_id.hex}")
    assert json.loads(body)["data"] == {name: str(value) for name, value in IDS.items()}
    assert await state(db) == [("delivered", 1, None)]
    assert [(type(e), e.notice_id, e.ids, e.stream_id) for e in heard] == [(NoticeDelivered, notice_id, IDS, ORDER)]


async def test_a_notice_carries_the_newest_head_of_the_log(
    db: Database, hand: Hand, http: Outgoing, tmp_path: Path
) -> None:
    """Each receiver can hold the platform to what it was shown (P22)."""
    async with endpoint() as bank:
        await register(db, bank.url)
        await tell(db)
        await audit.Sealer(db, tmp_path).tick()
        await run_due(db, http, hand.at)

    ((headers, _),) = bank.got
    async with db.reading(Role.WORKER) as tx:
        newest = await audit.latest_head(tx)
    assert newest is not None
    assert headers["xinyidai-audit-head"] == newest.as_header()
    assert f"root={newest.head.root}" in newest.as_header()


async def test_the_common_library_verifies_a_v1_notice_as_it_arrived(db: Database, http: Outgoing) -> None:
    """On the real clock, because that library reads it."""
    async with endpoint() as bank:
        _, shown = await register(db, bank.url, scheme=Scheme.V1)
        await tell(db)
        await run_due(db, http, datetime.now(UTC) + timedelta(seconds=1))

    ((headers, body),) = bank.got
    assert Webhook(shown).verify(body.decode(), headers)["type"] == "suborder.accepted"


async def test_retries_keep_the_id_and_refresh_the_timestamp(
    db: Database, hand: Hand, http: Outgoing, heard: list[Any]
) -> None:
    """P13: a receiver drops repeats by id and old copies by time."""
    async with endpoint(status(500), status(503), status(200)) as bank:
        await register(db, bank.url)
        await tell(db)
        await run_all(db, http, hand)

    ids = {headers["webhook-id"] for headers, _ in bank.got}
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in bank.got]
    bodies = {body for _, body in bank.got}
    assert (len(bank.got), len(ids), len(bodies)) == (3, 1, 1)
    assert stamps == sorted(set(stamps))
    assert await state(db) == [("delivered", 3, None)]
    assert [type(event).__name__ for event in heard] == ["NoticeFailed", "NoticeFailed", "NoticeDelivered"]


async def test_no_try_is_made_before_its_time(db: Database, hand: Hand, http: Outgoing) -> None:
    """The wait protects a bank that is down."""
    async with endpoint(status(500)) as bank:
        await register(db, bank.url)
        await tell(db)
        counts = []
        for wait in ({}, {"seconds": 4}, {"seconds": 2}, {"minutes": 4}, {"minutes": 2}, {"hours": 2}):
            await run_due(db, http, hand.turn(**wait))
            counts.append(len(bank.got))

    assert counts == [1, 1, 2, 2, 3, 3]


FAULTS = [
    ("hang", hang, "timed-out", None),
    ("drip", drip, "timed-out", None),
    ("cut", cut, "cut-off", None),
    ("gibibyte", gibibyte, "answer-too-large", None),
    ("500", status(500), "server-error", 500),
    ("404", status(404), "refused", 404),
    ("302", status(302, "location: http://127.0.0.1:1/\r\n"), "redirected", 302),
]


@pytest.mark.parametrize(("name", "answer", "code", "number"), FAULTS, ids=[fault[0] for fault in FAULTS])
async def test_a_failing_endpoint_gets_three_tries_and_a_named_dead_letter(
    db: Database, hand: Hand, http: Outgoing, heard: list[Any], name: str, answer: Any, code: str, number: int | None
) -> None:
    """P12: whatever goes wrong has a name that the bank's engineer can look up."""
    async with endpoint(answer) as bank:
        await register(db, bank.url)
        await tell(db)
        await run_all(db, http, hand)

    async with db.reading(Role.BANK, Scope(org_id=BANK)) as tx:
        dead = await deliveries.list_dead(tx)
        tries = await tx.fetch("select outcome, status from delivery_attempts order by began_at")
    assert [(letter.tries, letter.why) for letter in dead] == [(3, code)]
    assert [(row["outcome"], row["status"]) for row in tries] == [(code, number)] * 3
    assert [(event.outcome, event.dead) for event in heard] == [(code, False), (code, False), (code, True)]
    assert len(bank.got) == 3


async def test_an_address_that_became_private_is_refused_at_sending(db: Database, hand: Hand) -> None:
    """P14: the check at registration was passed long ago."""

    async def inside(host: str, port: int) -> list[str]:
        return ["10.0.0.5"]

    await register(db, "https://bank.example.com/notices")
    await tell(db)
    async with Outgoing(resolve=inside) as http:
        await run_all(db, http, hand)

    assert await state(db) == [("dead", 3, "url-refused")]


async def test_registration_refuses_an_address_inside() -> None:
    """Row 26: a bank learns it when it registers."""
    async with Outgoing() as http:
        with pytest.raises(Refusal) as refusal:
            await deliveries.check_url(http, "https://169.254.169.254/latest/meta-data")

    assert (refusal.value.code, refusal.value.extra) == ("webhook-url-refused", {"reason": "address"})


async def test_410_disables_the_endpoint_at_once(db: Database, hand: Hand, http: Outgoing) -> None:
    """P12: it asked to be left alone; what else waits for it becomes a dead letter, and nothing new is made."""
    async with endpoint(status(410)) as bank:
        await register(db, bank.url)
        await tell(db)
        await run_due(db, http, hand.at)
        for _ in range(2):
            await tell(db)
        await run_all(db, http, hand)

    async with db.reading(Role.BANK, Scope(org_id=BANK)) as tx:
        (left,) = await deliveries.list_endpoints(tx)
        told = await deliveries.is_told(tx, BANK, "package.sealed")
    assert (left.disabled_why, told, len(bank.got)) == ("gone", False, 1)
    assert await state(db) == [("dead", 1, "gone")]


async def test_410_buries_what_was_waiting(db: Database, hand: Hand, http: Outgoing) -> None:
    """Nothing may wait for ever behind an endpoint that is gone."""
    async with endpoint(status(410)) as bank:
        await register(db, bank.url)
        for _ in range(7):
            await tell(db)
        await run_all(db, http, hand)

    assert {(state_, why) for state_, _, why in await state(db)} == {("dead", "gone")}
    assert len(bank.got) <= 4


async def test_a_dead_letter_can_be_sent_again_for_thirty_days(db: Database, hand: Hand, http: Outgoing) -> None:
    """P12: under the same id, so that the bank's own memory of ids still holds."""
    async with endpoint(status(500), status(500), status(500), status(204)) as bank:
        await register(db, bank.url)
        (notice_id,) = await tell(db)
        await run_all(db, http, hand)
        async with db.transaction(Role.BANK, Scope(org_id=BANK)) as tx:
            await deliveries.resend(tx, notice_id)
        await run_due(db, http, hand.turn(seconds=1))
        after = await state(db)

    assert after == [("delivered", 1, None)]
    assert len({headers["webhook-id"] for headers, _ in bank.got}) == 1


async def test_what_is_not_dead_too_old_or_anothers_is_not_sent_again(db: Database, hand: Hand, http: Outgoing) -> None:
    """The refusals of resending, in one history."""

    async def again(by: Seat, notice_id: UUID) -> str:
        async with db.transaction(Role.BANK, Scope(org_id=by.org_id)) as tx:
            try:
                await deliveries.resend(tx, notice_id)
            except Refusal as refusal:
                return refusal.code
        return "sent"

    async with endpoint(status(500)) as bank:
        await register(db, bank.url)
        (notice_id,) = await tell(db)
        pending = await again(ADMIN, notice_id)
        await run_all(db, http, hand)
        foreign = await again(OTHER_ADMIN, notice_id)
        hand.turn(days=31)
        old = await again(ADMIN, notice_id)

    assert (pending, foreign, old) == ("wrong-state", "not-found", "wrong-state")


async def test_a_worker_that_dies_in_the_call_leaves_a_notice_that_is_sent_again(
    db: Database, hand: Hand, http: Outgoing
) -> None:
    """At least once: the lease runs out, the id stays."""
    from app.office.deliveries.service.sending import claim

    async with endpoint() as bank:
        await register(db, bank.url)
        await tell(db)
        await claim(db, hand.at)  # … and then the process is gone.
        await run_due(db, http, hand.turn(seconds=59))
        early = len(bank.got)
        await run_due(db, http, hand.turn(seconds=2))

    assert (early, len(bank.got), await state(db)) == (0, 1, [("delivered", 1, None)])


async def test_two_workers_share_the_work_and_send_nothing_twice(db: Database, hand: Hand, http: Outgoing) -> None:
    """P11: SKIP LOCKED and the lease, under a race."""
    async with endpoint() as bank:
        await register(db, bank.url)
        for _ in range(12):
            await tell(db)
        for _ in range(6):
            await asyncio.gather(*(run_due(db, http, hand.at) for _ in range(3)))

    ids = [headers["webhook-id"] for headers, _ in bank.got]
    assert (len(ids), len(set(ids))) == (12, 12)


async def test_at_most_four_tries_to_one_endpoint_are_under_way(db: Database, hand: Hand, http: Outgoing) -> None:
    """P12: per-endpoint lanes."""
    async with endpoint() as bank:
        await register(db, bank.url)
        for _ in range(9):
            await tell(db)

        made = [await run_due(db, http, hand.at) for _ in range(4)]

    assert made == [4, 4, 1, 0]


async def test_hanging_endpoints_do_not_delay_a_healthy_one(db: Database, http: Outgoing) -> None:
    """P12: ten dead endpoints add less than a second to the healthy ones."""
    slow = Outgoing(loopback=["127.0.0.1"], seconds_max=3)
    async with slow, endpoint(hang) as dead, endpoint() as healthy:
        for _ in range(10):
            await register(db, dead.url)
        await register(db, healthy.url, by=OTHER_ADMIN)
        courier = Courier(db, slow)
        await tell(db)
        await courier.tick()
        await tell(db, bank_id=OTHER_BANK)
        started = asyncio.get_running_loop().time()
        await courier.tick()
        while not healthy.got:
            await asyncio.sleep(0.01)
        waited = asyncio.get_running_loop().time() - started
        await courier.close()

    assert waited < 1


async def test_an_endpoint_hears_the_kinds_it_asked_for(db: Database, hand: Hand, http: Outgoing) -> None:
    """A bank that wants packages only is not told of every move."""
    async with endpoint() as bank:
        await register(db, bank.url, kinds=["package.sealed"])
        made = [len(await tell(db, kind)) for kind in ("suborder.pushed", "package.sealed")]
        others = len(await tell(db, bank_id=OTHER_BANK))

    assert (made, others) == ([0, 1], 0)


async def test_both_keys_sign_for_a_day_after_rotation(db: Database, hand: Hand, http: Outgoing) -> None:
    """P13: the bank switches when it is ready."""
    async with endpoint() as bank:
        endpoint_id, _ = await register(db, bank.url)
        hand.turn(seconds=1)
        await by_bank(db, deliveries.rotate_key, endpoint_id)
        counts = []
        for wait in ({}, {"hours": 23}, {"hours": 2}):
            hand.turn(**wait)
            await tell(db)
            await run_due(db, http, hand.at)
            counts.append(len(bank.got[-1][0]["webhook-signature"].split(" ")))

    assert counts == [2, 2, 1]


async def test_a_signing_key_is_unreadable_in_the_database(db: Database, hand: Hand, admin: Any) -> None:
    """P20: the shared secret is worth as much as a password."""
    _, shown = await register(db, "https://bank.example.com/", scheme=Scheme.V1)

    stored = await admin.fetchval("select material from endpoint_keys")

    assert b64decode(shown.removeprefix("whsec_")) not in stored


async def test_a_bank_changes_its_own_endpoints_only(db: Database, hand: Hand) -> None:
    """P16: another bank's endpoint is not found, and not in the list."""
    endpoint_id, _ = await register(db, "https://bank.example.com/")

    codes = []
    for act in (deliveries.rotate_key, deliveries.disable_endpoint):
        with pytest.raises(Refusal) as refusal:
            await by_bank(db, act, endpoint_id, by=OTHER_ADMIN)
        codes.append(refusal.value.code)
    async with db.reading(Role.BANK, Scope(org_id=OTHER_BANK)) as tx:
        seen = await deliveries.list_endpoints(tx)

    assert (codes, seen) == (["not-found", "not-found"], [])


async def test_a_bank_may_bring_a_secret_of_its_own_if_it_is_long_enough(db: Database, hand: Hand) -> None:
    """And only for the scheme that has shared secrets."""
    good = "whsec_" + "A" * 43 + "="
    _, shown = await register(db, "https://bank.example.com/", scheme=Scheme.V1, secret=good)

    reasons = []
    for named in ({"scheme": Scheme.V1, "secret": "whsec_AQ=="}, {"scheme": Scheme.V1A, "secret": good}):
        with pytest.raises(Refusal) as refusal:
            await register(db, "https://bank.example.com/", **named)
        reasons.append(refusal.value.extra["reason"])

    assert (shown, reasons) == (good, ["too-short", "scheme"])


async def test_a_key_that_cannot_be_read_stops_its_own_endpoint_only(
    db: Database, hand: Hand, http: Outgoing, admin: Any
) -> None:
    """A poison pill: one bank's shredded key must not hold back the notices of all banks."""
    async with endpoint() as lost, endpoint() as healthy:
        await register(db, lost.url)
        await register(db, healthy.url, by=OTHER_ADMIN)
        await admin.execute("delete from data_keys where subject_id = $1", BANK)
        await tell(db)
        await tell(db, bank_id=OTHER_BANK)
        await run_all(db, http, hand)

    assert (len(lost.got), len(healthy.got)) == (0, 1)
    assert await state(db) == [("dead", 3, "no-key"), ("delivered", 1, None)]


async def test_a_bank_has_at_most_twenty_live_endpoints(db: Database, hand: Hand) -> None:
    """Each fact is sent to all of them, so their number multiplies our traffic."""
    made = [(await register(db, f"https://bank.example.com/{n}"))[0] for n in range(20)]

    with pytest.raises(Refusal) as refusal:
        await register(db, "https://bank.example.com/more")
    await by_bank(db, deliveries.disable_endpoint, made[0])

    assert refusal.value.extra["reason"] == "too-many-endpoints"
    assert await register(db, "https://bank.example.com/more")


async def test_disabling_buries_what_waits(db: Database, hand: Hand, http: Outgoing) -> None:
    """A bank that turns its endpoint off finds what it missed among the dead letters."""
    endpoint_id, _ = await register(db, "https://bank.example.com/")
    await tell(db)
    await by_bank(db, deliveries.disable_endpoint, endpoint_id)

    assert await state(db) == [("dead", 0, "endpoint-disabled")]
