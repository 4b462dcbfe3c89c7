"""P18: after a revocation is acknowledged no plaintext of that consent leaves, and nobody waits long for it."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

from app.credit import consents
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from tests.credit.consents.conftest import NOW, City, Sign

READERS, REVOKES = 8, 60
WAIT_SECONDS_MAX = 2.0  # The promise; what is seen is printed.


@dataclass
class Seen:
    """What the readers did, by the clock of this process."""

    acknowledged: dict[UUID, float] = field(default_factory=dict)
    plaintexts: int = 0
    refused: int = 0
    late: int = 0


async def _read_on(db: Database, city: City, current: list[UUID], done: asyncio.Event, seen: Seen) -> None:
    """A reader without rest: check, hold the plaintext for a moment, commit, send. It always begins anew."""
    while not done.is_set():
        consent_id = current[0]
        try:
            async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as tx:
                await consents.check(
                    tx, consent_id, bank_id=city.bank_id, branch_id=city.branch_id, purpose="pre_loan", now=NOW
                )
                await asyncio.sleep(0.003)  # Decrypts.
                # The plaintext exists here: nobody may have acknowledged the end of its consent before.
                seen.late += consent_id in seen.acknowledged
                seen.plaintexts += 1
        except Refusal:
            seen.refused += 1
        await asyncio.sleep(0)


async def test_no_reader_holds_a_plaintext_after_the_acknowledgement(db: Database, city: City, sign: Sign) -> None:
    """Eight readers against sixty revocations: 0 late, and the worst wait is printed."""
    seen, done, waits = Seen(), asyncio.Event(), []
    letters = [(order_id := new_id(), await sign(order_id)) for _ in range(REVOKES)]
    current = [letters[0][1]]
    readers = [asyncio.create_task(_read_on(db, city, current, done, seen)) for _ in range(READERS)]

    for order_id, consent_id in letters:
        current[0] = consent_id
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        await consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
        seen.acknowledged[consent_id] = time.perf_counter()
        waits.append(seen.acknowledged[consent_id] - began)
        await asyncio.sleep(0.005)
    done.set()
    await asyncio.gather(*readers)

    print(
        f"\nconsent race: {READERS} readers, {REVOKES} revocations, {seen.plaintexts} plaintexts, {seen.refused} "
        f"refused, {seen.late} late, worst wait {max(waits) * 1000:.0f} ms"
    )
    assert seen.plaintexts > REVOKES, "the readers were inside"
    assert seen.refused > 0, "and were sent away"
    assert seen.late == 0
    assert max(waits) <= WAIT_SECONDS_MAX


async def test_a_revocation_waits_for_the_reader_who_is_inside(db: Database, city: City, sign: Sign) -> None:
    """The reader holds the letter; the gate closes at once, the acknowledgement comes when the reader has left."""
    order_id = new_id()
    consent_id = await sign(order_id)
    order: list[str] = []

    async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as tx:
        await consents.check(
            tx, consent_id, bank_id=city.bank_id, branch_id=city.branch_id, purpose="pre_loan", now=NOW
        )
        revocation = asyncio.create_task(consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW))
        revocation.add_done_callback(lambda _: order.append("acknowledged"))
        await asyncio.sleep(0.2)
        order.append("sent")
    await revocation
    await asyncio.sleep(0)

    assert ["sent", "acknowledged"] == order


async def test_a_newcomer_is_sent_away_while_the_revocation_waits(db: Database, city: City, sign: Sign) -> None:
    """The gate, not the revocation, turns newcomers away: otherwise a stream of readers starves the revoker."""
    order_id = new_id()
    consent_id = await sign(order_id)
    use = {"bank_id": city.bank_id, "branch_id": city.branch_id, "purpose": "pre_loan", "now": NOW}
    reasons: list[object] = []

    async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as inside:
        await consents.check(inside, consent_id, **use)  # type: ignore[arg-type]
        revocation = asyncio.create_task(consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW))
        await asyncio.sleep(0.2)
        async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as newcomer:
            try:
                await consents.check(newcomer, consent_id, **use)  # type: ignore[arg-type]
            except Refusal as refusal:
                reasons.append(refusal.extra["reason"])
    await revocation

    assert reasons == ["revoked"]
