"""A package's life on a real database: shown, sealed, opened under the gate, counted."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access.seats import Seat, SeatRole
from app.credit import consents, records
from app.credit.records import RecordStatus
from app.infra import vault
from app.infra.db import OUTCOME_UNKNOWN, Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import packages
from app.market.packages import BankInput
from app.market.packages.events import PackageSealed, PackageValueChanged
from examples.bank import Account, Receiver
from tests.credit.firm import cover, report
from tests.market.packages.conftest import NOW, SIGNED, World, penalty
from tests.support import shanghai

Admin = Any  # The superuser's connection, for looking at everything and for planting faults.


async def refused(work: Awaitable[Any]) -> tuple[str, Any]:
    """Code and reason of the refusal, or what came instead."""
    try:
        return "not refused", await work
    except Refusal as refusal:
        return refusal.code, refusal.extra.get("reason")


def receiver(world: World, ring: vault.KeyRing) -> Receiver:
    from app.infra import settings

    account = Account(
        platform="http://127.0.0.1:1", issuer=settings.load().issuer, bank_id=str(world.bank_id),
        client_id=str(world.machine.client_id if world.machine else ""), signing_key=world.signing,
        encryption_keys={"enc-1": world.encryption},
    )  # fmt: skip
    made = Receiver(account)
    made.trust(vault.public_jwks(ring))
    return made


@pytest.mark.parametrize("role", [Role.BANK, Role.ACT])
async def test_what_the_firm_was_shown_is_what_its_bank_reads(world: World, keys: vault.KeyRing, role: Role) -> None:
    """From the preview to the bank's own verification, nothing in between adds or drops a line.

    Read in the bank's role or, beside the lock of the suborder, in the role of acts.
    """
    shown = await world.preview()
    consent = await world.sign()
    package_id, case = await world.seal(consent)
    envelope = await world.by_bank(packages.deliver, case.suborder_id, by=world.machine, role=role)

    package = receiver(world, keys).open(envelope.jwe, str(case.suborder_id), str(consent.consent_id))

    def lines(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(row["path"], row["status"], row.get("value")) for row in rows]

    assert package.package_id == str(package_id) == str(envelope.package_id)
    assert lines(package.body["items"])[0] == lines(shown.body["items"])[0]
    assert {p for p, _, _ in lines(package.body["items"])} == {p for p, _, _ in lines(shown.body["items"])}
    assert package.body["preview"] == {
        "status": "kept", "preview_id": str(shown.preview_id), "sha256": shown.sha256,
        "previewed_at": "2025-09-24T02:00:00Z",
    }  # fmt: skip


async def test_a_value_that_changed_after_the_letter_is_marked_and_the_firm_is_told(world: World, db: Database) -> None:
    """Between the signature and the acceptance a second penalty came in."""
    told: list[Any] = []

    async def keep(tx: Any, event: Any) -> None:
        told.append(event)

    db.bus.listen_in_tx(PackageSealed, keep)
    db.bus.listen_in_tx(PackageValueChanged, keep)
    await world.preview()
    consent = await world.sign()
    await report(db, SIGNED + timedelta(hours=1), penalty(world.subject, "p2", "2025-09-20"))

    package_id, case = await world.seal(consent)

    opened = await world.by_bank(packages.read, package_id, by=world.clerk)
    marked = {item.path: item.value for item in opened.items if item.changed_since_consent}
    assert marked["penalties.count_12m"] == 2
    assert "registration.name" not in marked
    assert [type(event) for event in told] == [PackageSealed, PackageValueChanged]
    assert set(told[1].paths) == set(marked)
    assert told[1].suborder_id == case.suborder_id


async def test_a_later_day_alone_is_no_change(world: World, db: Database) -> None:
    """A day passed, so every age grew and some figures were confirmed anew; the values stand."""
    await world.preview()

    package_id, _ = await world.seal(await world.sign())

    opened = await world.by_bank(packages.read, package_id, by=world.clerk)
    assert [item.path for item in opened.items if item.changed_since_consent] == []


async def test_the_preview_that_counts_is_the_last_one_before_the_letter(world: World, db: Database) -> None:
    """What was looked at after signing does not move the yardstick."""
    await world.preview()
    consent = await world.sign()
    await report(db, SIGNED + timedelta(hours=1), penalty(world.subject, "p2", "2025-09-20"))
    await world.preview(at=SIGNED + timedelta(hours=2))

    package_id, _ = await world.seal(consent)

    opened = await world.by_bank(packages.read, package_id, by=world.clerk)
    assert "penalties.count_12m" in {item.path for item in opened.items if item.changed_since_consent}


async def test_only_consented_classes_are_sealed(world: World) -> None:
    """P18: fields in the answer are fields in the consent."""
    package_id, _ = await world.seal(await world.sign(data_classes=("penalties",)))

    opened = await world.by_bank(packages.read, package_id, by=world.clerk)

    assert {item.data_class for item in opened.items} == {"penalties"}


async def test_another_order_bank_or_branch_needs_a_letter_of_its_own(world: World) -> None:
    """The consent of one suborder seals no other."""
    consent = await world.sign()

    other_order = new_id()
    bent = replace(consent, order_id=other_order)

    answers = [
        await refused(world.seal(consent, world.case(order_id=other_order))),
        await refused(world.seal(bent, world.case(order_id=other_order))),
        await refused(world.seal(consent, world.case(business_id=new_id()))),
        await refused(world.seal(consent, world.case(bank_id=new_id()))),
        await refused(world.seal(consent, world.case(branch_id=new_id()))),
    ]

    assert [code for code, _ in answers] == ["consent-missing"] * 3 + ["consent-grantee"] * 2


async def test_another_persons_data_needs_that_persons_letter(world: World, db: Database) -> None:
    """A letter that was given about the firm is not bent to somebody else, whatever the caller says it opens."""
    consent = await world.sign()
    bent = replace(consent, person_subject_id=new_id())

    code, _ = await refused(world.seal(bent))

    assert code == "consent-missing"


async def test_a_revoked_or_expired_letter_seals_nothing(world: World, db: Database) -> None:
    """Acceptance reads the consent under its gate."""
    consent = await world.sign()
    late = await refused(world.seal(consent, at=consent.valid_to))
    await consents.revoke(db, consent.consent_id, order_id=world.order_id, by=world.firm, now=NOW)
    revoked = await refused(world.seal(consent))

    assert (late, revoked) == (("consent-missing", "expired"), ("consent-missing", "revoked"))


async def test_a_suborder_is_sealed_once(world: World) -> None:
    """Immutable: what a bank decided on can't be swapped under it."""
    consent = await world.sign()
    _, case = await world.seal(consent)

    assert await refused(world.seal(consent, case)) == ("already-exists", None)


@pytest.mark.parametrize("verb", ["update packages set sha256 = sha256", "delete from packages", "truncate packages"])
@pytest.mark.parametrize("role", [Role.ACT, Role.BANK, Role.BUSINESS, Role.WORKER, Role.OPS, Role.REGULATOR])
async def test_nobody_may_change_a_sealed_package(world: World, db: Database, role: Role, verb: str) -> None:
    """The table grants neither UPDATE nor DELETE to anyone."""
    await world.seal(await world.sign())

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(role, Scope(world.bank_id, case_id=world.order_id)) as tx:
            await tx.execute(verb)


async def test_a_record_that_ends_later_stays_sealed_as_it_was(world: World, db: Database) -> None:
    """The package is the evidence of that day; a refusal is judged against it, not against today."""
    package_id, _ = await world.seal(await world.sign())
    async with db.transaction(Role.OPS) as tx:
        (found,) = await records.records_of(tx, world.subject.subject_id, ["penalty.general"], as_of=NOW)
        await records.set_status(tx, world.subject.subject_id, found.record_id, RecordStatus.ENDED, now=NOW)

    async with db.transaction(Role.ACT, Scope(case_id=world.order_id)) as tx:
        item = await packages.item(tx, package_id, "penalties.count_12m")

    assert item is not None
    assert item.value == 1


async def test_the_banks_own_inputs_are_evidence_only_if_they_were_there_before(world: World, db: Database) -> None:
    """A rating written after acceptance, to fit the refusal, is not in the package."""
    early = BankInput("bank_input.rating", "D", date(2025, 9, 1), "内部评级", NOW - timedelta(seconds=1))
    late = BankInput("bank_input.existing_loans_fen", 9, date(2025, 9, 25), "核心系统", NOW)
    package_id, _ = await world.seal(await world.sign(), inputs=(early, late))

    async with db.transaction(Role.ACT, Scope(case_id=world.order_id)) as tx:
        found = [
            await packages.item(tx, package_id, path) for path in ("bank_input.rating", "bank_input.existing_loans_fen")
        ]

    assert found[0] is not None
    assert (found[0].value, found[0].stated_by_bank, found[1]) == ("D", True, None)


async def counts(admin: Admin) -> tuple[int, int]:
    meters = await admin.fetchval("select count(*) from package_reads")
    return meters, await admin.fetchval("select count(*) from audit_events where act = 'package.read'")


async def test_each_reading_has_one_audit_row_and_one_meter_row(world: World, admin: Admin) -> None:
    """P19: count(reads) = count(audit) = count(meter), refused and racing readings included."""
    consent = await world.sign()
    package_id, case = await world.seal(consent)
    outsider = Seat(new_id(), new_id(), SeatRole.BANK_CLIENT, None, new_id())
    acts = [
        *(world.by_bank(packages.open, package_id, by=world.machine) for _ in range(5)),
        *(world.by_bank(packages.deliver, case.suborder_id, by=world.machine) for _ in range(5)),
        *(world.by_bank(packages.read, package_id, by=world.clerk) for _ in range(5)),
        *(world.by_bank(packages.open, package_id, by=outsider) for _ in range(5)),
        *(world.by_bank(packages.open, package_id, by=world.clerk) for _ in range(5)),
    ]

    async def patiently(act: Awaitable[Any]) -> str:
        return (await refused(act))[0]

    answers = [await asyncio.gather(*(patiently(act) for act in acts[n : n + 4])) for n in range(0, len(acts), 4)]

    said = [code for some in answers for code in some]
    reads = said.count("not refused")
    assert (reads, said.count("not-found"), said.count("forbidden")) == (15, 5, 5)
    assert await counts(admin) == (reads, reads)


async def test_a_reading_that_rolls_back_counts_nowhere(world: World, db: Database, admin: Admin) -> None:
    """P19: the answer is sent after the commit, so what did not commit was not read."""
    package_id, _ = await world.seal(await world.sign())
    machine = world.machine
    assert machine is not None

    async def fail_after_reading() -> None:
        async with db.transaction(Role.BANK, Scope(machine.org_id, machine.person_id)) as tx:
            await packages.open(tx, package_id, by=machine, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_reading()

    assert await counts(admin) == (0, 0)


async def test_17_reading_without_a_consent_that_holds_is_refused(world: World, db: Database, admin: Admin) -> None:
    """Row 17: revoked and expired, each with its reason, for the machine and for the page."""
    consent = await world.sign()
    package_id, _ = await world.seal(consent)
    late = await refused(world.by_bank(packages.open, package_id, by=world.machine, at=consent.valid_to))
    await consents.revoke(db, consent.consent_id, order_id=world.order_id, by=world.firm, now=NOW)

    revoked = [
        await refused(world.by_bank(act, package_id, by=seat))
        for act, seat in ((packages.open, world.machine), (packages.read, world.clerk))
    ]

    assert late == ("consent-missing", "expired")
    assert revoked == [("consent-missing", "revoked")] * 2
    assert await counts(admin) == (0, 0)


async def test_18_another_branch_of_the_same_bank_is_not_the_grantee(world: World) -> None:
    """Row 18: people and machines that work for one branch read that branch's packages only."""
    package_id, _ = await world.seal(await world.sign())
    clerk = replace(world.clerk, branch_id=new_id())
    assert world.machine is not None
    machine = replace(world.machine, branch_id=new_id())

    answers = [
        await refused(world.by_bank(packages.read, package_id, by=clerk)),
        await refused(world.by_bank(packages.open, package_id, by=machine)),
    ]

    assert answers == [("consent-grantee", "other-branch")] * 2


async def test_a_reading_whose_connection_is_killed_counts_nowhere_and_the_next_one_counts(
    world: World, db: Database, admin: Admin
) -> None:
    """P19 under kills: the envelope was made, the commit never came, so nothing was sent and nothing is counted."""
    package_id, _ = await world.seal(await world.sign())
    machine = world.machine
    assert machine is not None
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename like '%_bank'"
    )

    async def die_before_commit() -> None:
        async with db.transaction(Role.BANK, Scope(machine.org_id, machine.person_id)) as tx:
            await packages.open(tx, package_id, by=machine, now=NOW)
            await admin.execute(kill)

    with pytest.raises((asyncpg.PostgresError, *OUTCOME_UNKNOWN)):
        await die_before_commit()
    dead = await counts(admin)
    await world.by_bank(packages.open, package_id, by=machine)

    assert (dead, await counts(admin)) == ((0, 0), (1, 1))


@pytest.mark.parametrize("role", [Role.BANK, Role.ACT])
async def test_8_another_banks_package_is_not_found(world: World, role: Role) -> None:
    """Row 8: holding the id is worth nothing, and the answer is that of an id that does not exist.

    In the role of acts, which sees both sides of an order, the rule alone says so.
    """
    package_id, case = await world.seal(await world.sign())
    outsider = Seat(new_id(), new_id(), SeatRole.BANK_CLIENT, None, new_id())

    answers = [
        await refused(world.by_bank(packages.open, package_id, by=outsider, role=role)),
        await refused(world.by_bank(packages.deliver, case.suborder_id, by=outsider, role=role)),
        await refused(world.by_bank(packages.open, new_id(), by=outsider, role=role)),
    ]

    assert answers == [("not-found", None)] * 3


async def test_after_the_gate_is_closed_no_envelope_leaves(world: World, db: Database, admin: Admin) -> None:
    """P18 at this room's door: readers race one revocation; whoever was let in committed before it was acknowledged."""
    consent = await world.sign()
    package_id, _ = await world.seal(consent)
    late: list[str] = []
    acknowledged = asyncio.Event()

    async def keep_reading() -> None:
        for _ in range(12):
            closed = acknowledged.is_set()
            code, _ = await refused(world.by_bank(packages.open, package_id, by=world.machine))
            if closed and code == "not refused":
                late.append(code)

    async def revoke() -> None:
        await asyncio.sleep(0.05)
        await consents.revoke(db, consent.consent_id, order_id=world.order_id, by=world.firm, now=NOW)
        acknowledged.set()

    await asyncio.gather(keep_reading(), keep_reading(), revoke())

    meters, audits = await counts(admin)
    assert late == []
    assert meters == audits > 0


async def test_each_delivery_is_a_fresh_envelope_to_the_newest_key(world: World, keys: vault.KeyRing) -> None:
    """Row 24's other half: the signed text is the same, the envelope never."""
    package_id, _ = await world.seal(await world.sign())

    one, two = [await world.by_bank(packages.open, package_id, by=world.machine) for _ in range(2)]

    bank = receiver(world, keys)
    assert one.jwe != two.jwe
    assert one.read_id != two.read_id
    assert bank.open(one.jwe) == bank.open(two.jwe)


async def test_a_machine_whose_bank_has_no_key_for_it_gets_no_package(world: World, db: Database) -> None:
    """There is no delivery in clear to fall back to."""
    package_id, _ = await world.seal(await world.sign())
    stranger = Seat(new_id(), world.bank_id, SeatRole.BANK_CLIENT, None, new_id())

    assert (await refused(world.by_bank(packages.open, package_id, by=stranger)))[0] == "invalid-key"


async def test_a_person_gets_a_page_and_never_an_envelope(world: World) -> None:
    """And a machine never a page: each door has its own check."""
    package_id, _ = await world.seal(await world.sign())
    regulator = Seat(new_id(), world.bank_id, SeatRole.REGULATOR)

    answers = [
        await refused(world.by_bank(packages.open, package_id, by=world.clerk)),
        await refused(world.by_bank(packages.read, package_id, by=world.machine)),
        await refused(world.by_bank(packages.read, package_id, by=regulator)),
    ]

    assert answers == [("forbidden", None)] * 3


async def test_the_firm_reads_what_was_sealed_about_it_and_who_opened_it(world: World, db: Database) -> None:
    """Its own data needs no consent, and the list of readings is its right."""
    consent = await world.sign()
    package_id, case = await world.seal(consent)
    await world.by_bank(packages.open, package_id, by=world.machine)
    await consents.revoke(db, consent.consent_id, order_id=world.order_id, by=world.firm, now=NOW)

    async with db.transaction(Role.BUSINESS, Scope(world.firm.org_id, world.firm.person_id)) as tx:
        opened = await packages.read_own(tx, package_id, by=world.firm)
        (reading,) = await packages.list_reads(tx, world.order_id)
    other = Seat(new_id(), new_id(), SeatRole.BUSINESS)
    async with db.transaction(Role.BUSINESS, Scope(other.org_id, other.person_id)) as tx:
        foreign = await refused(packages.read_own(tx, package_id, by=other))

    assert opened.head.suborder_id == case.suborder_id
    assert (reading.manner, reading.client_id, reading.bank_id) == (
        "envelope",
        world.machine and world.machine.client_id,
        world.bank_id,
    )
    assert foreign == ("not-found", None)


async def test_nothing_of_a_package_is_readable_in_the_tables(world: World, admin: Admin) -> None:
    """P20: neither preview nor package shows the firm's name or a value in a dump."""
    await world.preview()
    await world.seal(await world.sign())

    dump = await admin.fetchval(
        "select (select string_agg(p::text, '') from packages p)"
        " || (select string_agg(v::text, '') from package_previews v)"
    )
    raw = bytes(await admin.fetchval("select jws from packages")) + bytes(
        await admin.fetchval("select shown from package_previews")
    )

    name = world.subject.name
    assert name not in dump
    assert name.encode() not in raw
    assert b"eyJ" not in raw
    assert "penalties" not in raw.decode("latin-1")


async def test_a_package_put_into_another_row_does_not_open(world: World, db: Database, admin: Admin) -> None:
    """Somebody with the superuser's password swaps two packages: the seal notices (P20)."""
    first = await world.sign()
    one, _ = await world.seal(first)
    other_order = new_id()
    second = await world.sign(order_id=other_order)
    two, _ = await world.seal(second, world.case(order_id=other_order))
    swap = "update packages set jws = (select jws from packages where package_id = $1) where package_id = $2"
    await admin.execute(swap, two, one)

    with pytest.raises(vault.Unreadable):
        await world.by_bank(packages.open, one, by=world.machine)


async def test_after_erasure_a_package_opens_no_more(world: World, db: Database) -> None:
    """P21: the row stays as proof that something was sealed, its content is gone."""
    package_id, _ = await world.seal(await world.sign())
    async with db.transaction(Role.OPS) as tx:
        await vault.shred(tx, world.subject.subject_id)

    with pytest.raises(vault.Unreadable):
        await world.by_bank(packages.open, package_id, by=world.machine)


async def test_evidence_of_an_unknown_package_is_not_found(world: World, db: Database) -> None:
    """A refusal can't point at a package that is not there."""
    async with db.transaction(Role.ACT, Scope(case_id=world.order_id)) as tx:
        assert await refused(packages.item(tx, UUID(int=1), "penalties.count_12m")) == ("not-found", None)


async def test_coverage_tells_a_court_that_was_asked_from_one_that_was_not(world: World, db: Database) -> None:
    """The gaps are inside the signed bytes, so a bank can't say it did not know."""
    await cover(db, world.subject.subject_id, shanghai("2025-09-02 10:00"), "judicial.enforced")
    package_id, _ = await world.seal(await world.sign())

    opened = await world.by_bank(packages.read, package_id, by=world.clerk)

    status = {item.path: item.status.value for item in opened.items}
    assert status["judicial.enforcement_count"] == "no_record"
    assert status["judicial.spending_limited"] == "not_collected"
    assert "judicial.spending_limited" in opened.body["gaps"]["not_collected"]
    assert opened.body["coverage"]["judicial"]["values"] == 0
