"""Subjects on a real database: found by code, never by name; masked where they must be."""

from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.credit import subjects
from app.credit.subjects import SubjectKind
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from tests.credit.ingestion.dirt import org_code, uscc
from tests.support import shanghai

NOW = shanghai("2025-09-25 10:00")


async def test_a_subject_is_found_by_its_code_in_any_spelling(db: Database):
    """Lower case and blanks are spellings; another check character is another code."""
    async with db.transaction(Role.OPS) as tx:
        made = await subjects.register(tx, "山城（测试）有限公司", now=NOW, uscc=f" {uscc(1).lower()} ")
        found = await subjects.find_by_uscc(tx, uscc(1).lower())
        other = await subjects.find_by_uscc(tx, uscc(1)[:17] + ("A" if uscc(1)[17] != "A" else "B"))

    assert (found, other) == (made, None)
    assert (made.kind, made.org_code) == (SubjectKind.ENT, org_code(1))


async def test_a_name_gives_candidates_in_any_spelling(db: Database):
    """Brackets and width differ between registers; who it is, a person says."""
    async with db.transaction(Role.OPS) as tx:
        made = await subjects.register(tx, "山城（测试）有限公司", now=NOW, uscc=uscc(1))
        await subjects.register(tx, "另一有限公司", now=NOW, uscc=uscc(2))
        found = await subjects.search_by_name(tx, "山城(测试)")
        nothing = await subjects.search_by_name(tx, "%")

    assert (found, nothing) == ([made], [])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"uscc": uscc(1)[:17]}, "malformed-field"),
        ({"uscc": uscc(9)}, "already-exists"),
        ({}, "malformed-field"),
    ],
)
async def test_a_subject_without_a_sound_code_or_a_kind_is_not_made(db: Database, fields: dict[str, str], code: str):
    """By hand as by file: what does not identify is not a subject."""
    async with db.transaction(Role.OPS) as tx:
        await subjects.register(tx, "先到有限公司", now=NOW, uscc=uscc(9))
    with pytest.raises(Refusal) as refused:
        async with db.transaction(Role.OPS) as tx:
            await subjects.register(tx, "山城有限公司", now=NOW, **fields)

    assert refused.value.code == code


async def test_a_masked_subject_has_a_number_and_nothing_that_unmasks_it(db: Database):
    """The database holds it too: a slip of the code must not put a USCC beside a bank's customer number."""
    with pytest.raises(asyncpg.CheckViolationError):
        async with db.transaction(Role.OPS) as tx:
            await subjects.register(
                tx, "***公司", now=NOW, kind=SubjectKind.MASKED, bank_id=new_id(), customer_no="E1",
                founded_on=date(2019, 1, 2),
            )  # fmt: skip


async def test_a_person_is_seen_by_no_bank_and_no_stranger(db: Database):
    """Organisations are public, people are not."""
    async with db.transaction(Role.OPS) as tx:
        person = await subjects.register(tx, "经营者", now=NOW, kind=SubjectKind.PER)
        firm = await subjects.register(tx, "山城有限公司", now=NOW, uscc=uscc(1))

    seen: list[tuple[bool, bool]] = []
    for role in (Role.BANK, Role.BUSINESS, Role.PUBLIC, Role.REGULATOR):
        async with db.reading(role, Scope(org_id=new_id())) as tx:
            seen.append((await _sees(tx, person.subject_id), await _sees(tx, firm.subject_id)))
    assert seen == [(False, True), (False, True), (False, True), (True, True)]


async def _sees(tx: object, subject_id: UUID) -> bool:
    try:
        await subjects.get(tx, subject_id)  # type: ignore[arg-type]
    except Refusal:
        return False
    return True


async def test_the_name_of_a_division_is_that_of_the_day(db: Database):
    """The policy is dated data, and the past is read from it too."""
    async with db.reading(Role.WORKER) as tx:
        names = [await subjects.district_name(tx, "500112", date(2025, 11, 5) + timedelta(days=n)) for n in (0, 1)]

    assert names == ["渝北区", None]


async def test_the_only_bank_with_customers_is_meant_where_there_is_one(db: Database):
    """With two banks the machine does not choose."""
    found = []
    for number in range(3):
        async with db.transaction(Role.LOADER) as tx:
            found.append(await subjects.sole_bank_with_customers(tx))
            await subjects.register(
                tx, "***公司", now=NOW, kind=SubjectKind.MASKED, bank_id=UUID(int=number + 1), customer_no="E1"
            )
    async with db.reading(Role.LOADER) as tx:
        found.append(await subjects.sole_bank_with_customers(tx))

    assert found == [None, UUID(int=1), None, None]
