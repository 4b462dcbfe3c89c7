"""Dated rules are read as of the day that counts."""

from datetime import date

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
