"""A thousand falsifications, in the export and in the database, each found with the first wrong event named (P22)."""

import random
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.access import audit
from app.access.audit.rules import heads
from app.access.audit.rules.checking import Known, check
from app.access.audit.rules.known import Witnessed, read_known, read_witnessed, witness_line
from app.access.audit.service.exporting import export_lines
from app.access.audit.service.witnessing import keep_cosignatures
from app.infra import outbox, vault
from app.infra.db import Database, Role
from app.market.orders.events import OrderEnded
from tests.access.audit import tampering
from tests.access.audit.tampering import Export

SEED = 20260301
SOMEBODY = UUID(int=88)
WITNESS = Ed25519PrivateKey.from_private_bytes(b"the regulator's key, 32 bytes. .")


async def write(db: Database, act: str, case_id: UUID, subject_id: UUID | None = None) -> None:
    async with db.transaction(Role.WORKER) as tx:
        await audit.write(tx, act, case_id=case_id, subject_id=subject_id, detail={"code": act, "words": "核对，“好”"})
        if case_id.int % 2:
            await outbox.record(
                tx, OrderEnded(stream_id=case_id, at=tx.now, order_id=case_id, business_id=SOMEBODY, end="lapsed")
            )


async def live(db: Database, folder: Path) -> None:
    """A small history: events of both kinds under a dozen heads, one of them witnessed, one person erased."""
    sealer, dice = audit.Sealer(db, folder), random.Random(SEED)
    for case in range(1, 61):
        await write(db, f"thing.n{case}", UUID(int=case), SOMEBODY if case == 7 else None)
        if case == 40:
            async with db.transaction(Role.WORKER) as tx:
                assert await audit.erase(tx, SOMEBODY) == 1
        if dice.random() < 0.2 or case == 60:
            await sealer.tick()
        if case == 30:
            await sealer.tick()
            await witness(db)


async def witness(db: Database) -> None:
    async with db.transaction(Role.SEALER) as tx:
        newest = await audit.latest_head(tx)
        assert newest is not None
        x = WITNESS.public_key().public_bytes_raw()
        one = Witnessed(newest, heads.thumbprint(x), x, heads.sign_as_witness(newest.head, WITNESS))
        assert read_witnessed(witness_line(one)) == one
        assert await keep_cosignatures(tx, [one], "监管") == 1


async def export(db: Database) -> list[bytes]:
    async with db.reading(Role.REPORTER) as tx:
        return [line async for line in export_lines(tx)]


def known_of(folder: Path) -> tuple[Known, ...]:
    found = read_known(next(folder.iterdir()).read_bytes().splitlines())
    assert isinstance(found, tuple)
    return found


async def test_a_thousand_falsified_exports_are_found_and_the_event_named(db: Database, tmp_path: Path):
    """Alone where an export can show it, to the batch at least; against the file of heads to the very event."""
    await live(db, tmp_path)
    ring = vault.ring()
    good = Export(tuple(await export(db)), ring.sealers[ring.sealing_kid])
    known, dice = known_of(tmp_path), random.Random(SEED)
    sound, missed, count = check(good.lines), [], 0

    for name, (tamper, times) in tampering.ALL.items():
        for nth in range(times):
            count += 1
            done = tamper(good, dice)
            alone, against = check(done.lines).wrong, check(done.lines, known).wrong
            if not against or not (against.number <= done.number <= against.until):
                missed.append((name, nth, "against the heads", done.number, against))
            elif (done.exact or name in EXACT_AGAINST) and against.number != done.number:
                missed.append((name, nth, "not the very event", done.number, against))
            if done.alone and (not alone or not alone.number <= done.number <= alone.until):
                missed.append((name, nth, "alone", done.number, alone))
            if done.alone and done.exact and alone and alone.number != done.number:
                missed.append((name, nth, "alone, not the very event", done.number, alone))

    assert (sound.wrong, sound.erased, sound.events, sound.witnessed is not None) == (None, 1, 91, True)
    assert check(good.lines, known).wrong is None
    assert count == 1000
    assert missed == [], "\n".join(map(str, missed))


EXACT_AGAINST = {
    "forge", "delete_and_renumber", "insert", "swap_and_renumber", "rewrite", "fork",
}  # fmt: skip


async def test_a_key_that_was_known_shows_a_history_written_anew(db: Database, tmp_path: Path):
    """Under a stranger's key the whole fits together: only whoever knew the platform's can tell."""
    await live(db, tmp_path)
    ring = vault.ring()
    good = Export(tuple(await export(db)), ring.sealers[ring.sealing_kid])

    done = tampering.rewrite(good, random.Random(SEED))

    assert check(done.lines).wrong is None
    wrong = check(done.lines, trusted=frozenset({ring.sealing_kid})).wrong
    assert wrong is not None
    assert ("head-key", True) == (wrong.what, wrong.number <= done.number <= wrong.until)
