"""Organisations, people, and which subject an account is."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from tests.web.app_for_tests import make_org

SUBJECT, OTHER = UUID(int=11), UUID(int=12)


async def code_of(db: Database, org_id: UUID, subject_id: UUID) -> str:
    try:
        async with db.transaction(Role.OPS) as tx:
            await orgs.bind_subject(tx, org_id, subject_id)
    except Refusal as refusal:
        return refusal.code
    return "bound"


async def test_a_masked_firm_is_bound_once_and_for_good(db: Database, admin: asyncpg.Connection) -> None:
    """Repeating changes nothing; another subject, another account or a bank is refused."""
    firm, second, bank = [await make_org(db, kind) for kind in (OrgKind.BUSINESS, OrgKind.BUSINESS, OrgKind.BANK)]

    codes = [
        await code_of(db, org_id, subject_id)
        for org_id, subject_id in (
            (firm, SUBJECT), (firm, SUBJECT), (firm, OTHER), (second, SUBJECT), (bank, OTHER), (UUID(int=1), OTHER),
        )
    ]  # fmt: skip

    assert ["bound", "bound", "conflict", "already-exists", "conflict", "not-found"] == codes
    assert 1 == await admin.fetchval("select count(*) from audit_events where act = 'org.bound'")


async def test_of_many_accounts_that_claim_a_subject_one_gets_it(db: Database) -> None:
    """The unique index decides, not a look before."""
    firms = [await make_org(db, OrgKind.BUSINESS) for _ in range(2)]

    codes = sorted(await asyncio.gather(*(code_of(db, firm, SUBJECT) for firm in firms)))

    assert ["already-exists", "bound"] == codes


async def test_a_login_belongs_to_one_person(db: Database) -> None:
    """Whatever its case and outer blanks."""
    async with db.transaction(Role.OPS) as tx:
        person = await orgs.create_person(tx, " XY-Owner ", "XY 甲")

    with pytest.raises(Refusal, match="账号"):
        async with db.transaction(Role.OPS) as tx:
            await orgs.create_person(tx, "xy-owner", "XY 乙")
    assert "xy-owner" == person.login


async def test_only_the_platform_makes_people(db: Database) -> None:
    """No other audience has the grant."""
    for role in (Role.BUSINESS, Role.BANK, Role.REGULATOR, Role.PUBLIC, Role.ACT):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(role) as tx:
                await orgs.create_person(tx, "xy-owner", "XY 甲")


async def test_nobody_but_sign_in_reads_password_hashes(db: Database) -> None:
    """Not even the operator who made the account."""
    for role in set(Role) - {Role.AUTH}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.reading(role) as tx:
                await tx.value("select count(*) from credentials")


async def test_colleagues_are_told_by_name_and_nobody_else(db: Database) -> None:
    """A bank's role reads no row of people; of its own it is told what they are called, of others nothing."""
    banks = [await make_org(db, OrgKind.BANK) for _ in range(2)]
    async with db.transaction(Role.OPS) as tx:
        people = [await orgs.create_person(tx, f"xy-colleague-{n}", f"示例人员{n}") for n in range(2)]
        for bank_id, person in zip(banks, people, strict=True):
            await seats.create_seat(tx, person.person_id, bank_id, SeatRole.BANK_ADMIN)
    async with db.reading(Role.BANK, Scope(org_id=banks[0], actor_id=people[0].person_id)) as tx:
        named = await orgs.names_of_colleagues(tx, [one.person_id for one in people])

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch("select login from persons")

    assert {people[0].person_id: "示例人员0"} == named
