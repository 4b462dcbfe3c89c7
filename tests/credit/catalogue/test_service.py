"""The catalogue of a day."""

from datetime import date

import pytest

from app.credit.catalogue import edition_on
from app.infra.db import Database, Role
from app.kernel.errors import Refusal


async def test_the_edition_of_a_day_is_read(db: Database):
    """Records keep its number."""
    async with db.reading(Role.WORKER) as tx:
        edition = await edition_on(tx, date(2025, 9, 25))

    assert (edition.number, edition.valid_from) == (1, date(2022, 3, 1))


async def test_before_the_first_edition_nothing_may_be_held(db: Database):
    """No edition, no credit information."""
    with pytest.raises(Refusal) as refused:
        async with db.reading(Role.WORKER) as tx:
            await edition_on(tx, date(2022, 2, 28))

    assert refused.value.code == "policy-missing"
