"""The sealed log as people see it: everybody the heads, the regulator the proof on a case's file."""

from pathlib import Path

import pytest

from app.access import audit
from app.infra.db import Database
from tests.access.audit.test_tampers import witness
from tests.browser.conftest import Visit
from tests.browser.test_regulator import LOGIN, make_regulator
from tests.browser.town import PASSWORD, accept_and_contact, make_town, parts_of, post_need
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])
async def test_heads_are_shown_and_a_case_file_says_that_it_is_sealed(
    db: Database, visit: Visit, tmp_path: Path, lang: str, width: int
):
    """What a head is and how to check it in plain words; on the file one line, with the way to the heads."""
    town = await make_town(db)
    await make_regulator(db)
    order_id = await post_need(db, town)
    found = (await parts_of(db, order_id))[town.banks[0].bank_id]
    sealer = audit.Sealer(db, tmp_path / "outside")
    await sealer.tick()
    await accept_and_contact(db, town.banks[0], found)
    await sealer.tick()
    await witness(db)
    walk = await visit(lang, width)

    await walk.open("/audit/heads")
    await walk.shot(f"audit-heads-{lang}-{width}")
    assert await walk.page.locator("tbody tr").count() == 2
    await walk.sign_in(LOGIN, PASSWORD)
    await walk.open(f"/supervision/cases/{found}")
    await walk.shot(f"audit-case-{lang}-{width}")

    line = {"zh": "此记录已封存于", "en": "This file is sealed"}[lang]
    assert line in await walk.page.inner_text("main")
