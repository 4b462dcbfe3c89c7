"""Dated rules are read as of the day that counts."""

from datetime import date

import asyncpg
import pytest

from app.infra.db import Database, Role
from app.kernel.errors import Refusal
from app.office import policies


async def test_a_shipped_rule_is_in_force_from_its_first_day(db: Database) -> None:
    """The platform's promises are valid from 2022-03-01 and were not before."""
    async with db.reading(Role.PUBLIC) as tx:
        policy = await policies.in_force(tx, "clock", "DECISION", date(2022, 3, 1))
        with pytest.raises(Refusal) as refused:
            await policies.in_force(tx, "clock", "DECISION", date(2022, 2, 28))

    assert (10, "policy-missing") == (policy.body["count"], refused.value.code)


async def read(db: Database) -> tuple[int, object]:
    async with db.reading(Role.PUBLIC) as tx:
        policy = await policies.in_force(tx, "clock", "ACCEPT", date(2026, 3, 2))
    return policy.version, policy.body["count"]


async def test_a_version_that_is_loaded_later_is_seen_by_the_next_unit_of_work(
    db: Database, admin: asyncpg.Connection
) -> None:
    """What a process keeps of the rules may never outlive a change of them, whoever loaded it."""
    before = await read(db)
    await admin.execute(
        "select load_policy(kind, key, 3, '2026-03-01', null, jsonb_set(body, '{count}', '1'))"
        " from policies where (kind, key, version) = ('clock', 'ACCEPT', 2)"
    )

    after = await read(db)

    assert [(2, 2), (3, 1)] == [before, after]


async def test_a_rule_that_somebody_changed_in_place_is_seen_as_well(db: Database, admin: asyncpg.Connection) -> None:
    """Versions are never edited by us; but an operator's repair by hand must not wait for a restart."""
    await read(db)
    await admin.execute("update policies set body = jsonb_set(body, '{count}', '3') where key = 'ACCEPT'")

    after = await read(db)

    assert (2, 3) == after
