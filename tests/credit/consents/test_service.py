"""Letters on a real database: signed once, used as signed, taken back at once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.credit import consents
from app.credit.consents import Names
from app.credit.consents.rules import hash_text
from app.infra.db import Database, ReadTx, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from tests.credit.consents.conftest import END, NAMES, NOW, START, City, Enter, Sign, letter_of


async def test_a_signed_letter_lets_its_branch_in(sign: Sign, enter: Enter, city: City) -> None:
    """The plain way: the bank that was named reads what was named."""
    consent_id = await sign(new_id())

    consent = await enter(consent_id)

    assert (consent_id, ("tax", "judicial"), None) == (consent.consent_id, consent.data_classes, consent.revoked_at)


REFUSED = [
    ("another branch of the bank", {"branch_id": new_id()}, "consent-grantee", "other-branch"),
    ("another purpose", {"purpose": "post_loan"}, "consent-missing", "purpose"),
    ("a class that was not signed", {"data_classes": ("tax", "utilities")}, "consent-missing", "data-class"),
    ("the owner's data", {"subject_id": new_id()}, "consent-missing", "other-subject"),
    ("before its first day", {"now": START - timedelta(seconds=1)}, "consent-missing", "not-yet"),
    ("at its end", {"now": END}, "consent-missing", "expired"),
]


@pytest.mark.parametrize(
    ("changes", "code", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
async def test_what_was_not_signed_is_refused(
    sign: Sign, enter: Enter, changes: dict[str, object], code: str, reason: str
) -> None:
    """Holding the id of a consent is no consent: each condition alone refuses, in SQL."""
    consent_id = await sign(new_id())

    with pytest.raises(Refusal) as refused:
        await enter(consent_id, **changes)

    assert (code, reason) == (refused.value.code, refused.value.extra["reason"])


async def test_another_bank_that_holds_the_id_sees_no_consent(sign: Sign, db: Database, city: City) -> None:
    """Row-level security hides the letter itself, so that the id proves nothing."""
    consent_id = await sign(new_id())

    async with db.transaction(Role.BANK, Scope(city.other_bank_id, new_id())) as tx:
        with pytest.raises(Refusal) as refused:
            await consents.check(
                tx, consent_id, bank_id=city.other_bank_id, branch_id=city.branch_id, purpose="pre_loan", now=NOW
            )

    assert ("consent-missing", "none") == (refused.value.code, refused.value.extra["reason"])


async def test_the_acts_role_still_tells_another_bank_apart(sign: Sign, db: Database, city: City) -> None:
    """Where row-level security compares the order, the statement compares the bank."""
    order_id = new_id()
    consent_id = await sign(order_id)

    async with db.transaction(Role.ACT, Scope(city.other_bank_id, new_id(), case_id=order_id)) as tx:
        with pytest.raises(Refusal) as refused:
            await consents.check(
                tx, consent_id, bank_id=city.other_bank_id, branch_id=city.branch_id, purpose="pre_loan", now=NOW
            )

    assert ("consent-grantee", "other-bank") == (refused.value.code, refused.value.extra["reason"])


async def test_the_end_of_the_suborder_ends_the_use(sign: Sign, db: Database, city: City) -> None:
    """The letter stands, its suborder is dead: the caller's word under the lock decides."""
    consent_id = await sign(new_id())

    async def is_alive(tx: object, consent: consents.Consent) -> bool:
        return False

    async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as tx:
        with pytest.raises(Refusal) as refused:
            await consents.check(
                tx, consent_id, bank_id=city.bank_id, branch_id=city.branch_id, purpose="pre_loan", now=NOW,
                alive=is_alive,
            )  # fmt: skip

    assert refused.value.extra["reason"] == "suborder-ended"


async def test_the_owners_own_letter_opens_the_owners_data_and_nothing_of_the_firm(
    sign: Sign, enter: Enter, city: City
) -> None:
    """A separate consent per person (PIPL 23, 29); it stands beside the firm's."""
    order_id = new_id()
    await sign(order_id)
    own_id = await sign(order_id, person_subject_id=city.owner_id)

    consent = await enter(own_id, subject_id=city.owner_id)
    with pytest.raises(Refusal) as refused:
        await enter(own_id, subject_id=city.firm_id)

    assert city.owner_id == consent.opens_subject_id
    assert refused.value.extra["reason"] == "other-subject"


async def test_a_second_letter_for_the_same_use_is_refused_until_the_first_is_taken_back(
    sign: Sign, db: Database, city: City
) -> None:
    """One alive at a time, so that taking it back leaves nothing open."""
    order_id = new_id()
    consent_id = await sign(order_id)

    with pytest.raises(Refusal) as refused:
        await sign(order_id)
    await consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
    again_id = await sign(order_id)

    assert "already-exists" == refused.value.code
    assert again_id != consent_id


async def test_after_a_revocation_nobody_enters(sign: Sign, enter: Enter, db: Database, city: City) -> None:
    """P18, the plain half; the race stands in test_race.py."""
    order_id = new_id()
    consent_id = await sign(order_id)

    revoked = await consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
    with pytest.raises(Refusal) as refused:
        await enter(consent_id)

    assert NOW == revoked.revoked_at
    assert ("consent-missing", "revoked") == (refused.value.code, refused.value.extra["reason"])


async def test_a_closed_gate_alone_ends_access_and_the_worker_finishes(
    sign: Sign, enter: Enter, db: Database, city: City
) -> None:
    """A process may die between the halves: the safe half comes first, the rest is made good."""
    order_id = new_id()
    consent_id = await sign(order_id)

    await consents.close_gate(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
    with pytest.raises(Refusal) as refused:
        await enter(consent_id)
    finished = await consents.finish_revocations(db, grace=timedelta(0))
    again = await consents.finish_revocations(db, grace=timedelta(0))

    assert ("revoked", 1, 0) == (refused.value.extra["reason"], finished, again)


async def test_a_second_revocation_changes_nothing_and_tells_nobody_twice(
    sign: Sign, db: Database, city: City, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """A tap that is repeated has the answer of the first."""
    order_id = new_id()
    consent_id = await sign(order_id)

    first = await consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
    later = NOW + timedelta(hours=1)
    second = await consents.revoke(db, consent_id, order_id=order_id, by=city.seat, now=later)

    assert first.revoked_at == second.revoked_at
    assert 1 == await admin.fetchval("select count(*) from outbox where kind = 'ConsentRevoked'")


async def test_only_the_grantor_takes_a_letter_back(sign: Sign, db: Database, city: City) -> None:
    """Another firm that guesses order and consent is told nothing."""
    order_id = new_id()
    consent_id = await sign(order_id)
    stranger = replace(city.seat, org_id=new_id())

    with pytest.raises(Refusal) as refused:
        await consents.revoke(db, consent_id, order_id=order_id, by=stranger, now=NOW)

    assert "not-found" == refused.value.code


async def test_the_event_is_recorded_with_the_instant_and_not_with_the_gate(
    sign: Sign, db: Database, city: City, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Listeners end the suborder when the readers inside are gone, not before."""
    order_id = new_id()
    consent_id = await sign(order_id)
    told = "select count(*) from outbox where kind = 'ConsentRevoked' and stream_id = $1"

    await consents.close_gate(db, consent_id, order_id=order_id, by=city.seat, now=NOW)
    before = await admin.fetchval(told, order_id)
    async with db.transaction(Role.ACT, Scope(city.firm_id, city.seat.person_id, case_id=order_id)) as tx:
        await consents.finish_revocation(tx, consent_id, now=NOW)

    assert (0, 1) == (before, await admin.fetchval(told, order_id))


async def test_a_revocation_without_a_gate_is_refused(sign: Sign, db: Database, city: City) -> None:
    """Whoever skips the gate starves behind its readers: the statement itself asks for it."""
    order_id = new_id()
    consent_id = await sign(order_id)

    async with db.transaction(Role.ACT, Scope(city.firm_id, city.seat.person_id, case_id=order_id)) as tx:
        with pytest.raises(Refusal):
            await consents.finish_revocation(tx, consent_id, now=NOW)


async def test_the_text_is_kept_as_it_was_shown(sign: Sign, db: Database, city: City) -> None:
    """What was signed can be shown years later, with its hash."""
    consent_id = await sign(new_id())

    async with db.reading(Role.BUSINESS, Scope(city.firm_id)) as tx:
        text = await consents.read_letter(tx, consent_id)
        consent = (await consents.find_for_order(tx, (await _order_of(tx, consent_id))))[0]

    assert "样品银行甲支行" in text
    assert "纳税" in text
    assert hash_text(text) == consent.text_hash


async def _order_of(tx: ReadTx, consent_id: UUID) -> UUID:
    found: UUID = await tx.value("select order_id from consents where consent_id = $1", consent_id)
    return found


async def test_a_text_that_changed_since_it_was_read_is_not_signed(db: Database, city: City) -> None:
    """The hash of the page that was shown must be the hash of what is signed."""
    letter = letter_of(city, new_id())

    async with db.transaction(Role.BUSINESS, Scope(city.firm_id, city.seat.person_id)) as tx:
        seen = await consents.write_letter(tx, letter, Names(grantor="甲", bank="乙", branch="丙"), now=NOW)
        with pytest.raises(Refusal) as refused:
            await consents.grant(tx, letter, names=NAMES, by=city.seat, now=NOW, seen_hash=seen.text_hash)

    assert "conflict" == refused.value.code


async def test_a_class_outside_the_catalogue_cannot_be_signed(sign: Sign) -> None:
    """Nobody can consent to what has no name in the letter."""
    with pytest.raises(Refusal) as refused:
        await sign(new_id(), data_classes=("tax", "religion"))

    assert ("malformed-field", ["religion"]) == (refused.value.code, refused.value.extra["data_classes"])


async def test_a_bank_can_lock_a_letter_and_change_nothing_of_it(sign: Sign, db: Database, city: City) -> None:
    """The UPDATE grant that a lock needs is worth nothing else."""
    consent_id = await sign(new_id())
    scope = Scope(city.bank_id, new_id())

    async with db.transaction(Role.BANK, scope) as tx:
        locked = await tx.value("select 1 from consents where consent_id = $1 for share", consent_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _raw(db, scope, "update consents set revoked_at = null where consent_id = $1", consent_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _raw(db, scope, "update consents set data_classes = '{tax,utilities}' where consent_id = $1", consent_id)
    with pytest.raises(asyncpg.CheckViolationError):
        await _raw(db, scope, "update consents set read_lock = 1 where consent_id = $1", consent_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _raw(db, scope, "delete from consent_gates where consent_id = $1", consent_id)

    assert locked == 1


async def _raw(db: Database, scope: Scope, sql: str, *args: object) -> None:
    async with db.transaction(Role.BANK, scope) as tx:
        await tx.execute(sql, *args)


@pytest.mark.parametrize("role", [Role.BUSINESS, Role.BANK, Role.ACT])
async def test_without_a_scope_no_letter_is_seen(sign: Sign, db: Database, role: Role) -> None:
    """P16: a forgotten scope shows nothing rather than everything."""
    await sign(new_id())

    async with db.reading(role) as tx:
        assert 0 == await tx.value("select count(*) from consents")
