"""Refusals that supervision should look at, in front of a regulator: tried in vain, and where the case is."""

from uuid import UUID

import pytest

from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.market.orders.service import decisions
from app.market.reasons import Claim, Comparison
from tests.browser.conftest import Visit
from tests.browser.test_regulator import LOGIN, make_regulator
from tests.browser.town import PASSWORD, TownBank, accept_and_contact, make_town, parts_of, post_need, set_clock
from tests.browser.walk import NARROW, WIDE

pytestmark = pytest.mark.browser
TAX = Claim("tax.paid_12m_fen", Comparison.LT, 1)
TRIED = (
    decisions.Said(code="D1", words="经综合评估，贵公司暂不符合我行要求。", claim=TAX),
    decisions.Said(code="D1", words="近十二个月实缴税款低于本产品三十万元的要求。", claim=TAX),
)


async def try_to_refuse(db: Database, bank: TownBank, suborder_id: UUID, said: decisions.Said) -> None:
    """As the web does: what a refusal keeps is committed, and the answer is no."""
    by = bank.clerk
    async with db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
        with pytest.raises(Refusal) as refused:
            await decisions.refuse_suborder(tx, suborder_id, said, by=by, now=tx.now)
    assert refused.value.keep


@pytest.mark.parametrize(("lang", "width"), [("zh", WIDE), ("en", NARROW)])  # The others: test_every_page.
async def test_attempts_at_a_refusal_lead_to_their_case(db: Database, visit: Visit, lang: str, width: int):
    """Each attempt with its words, by kind; the case file tells it in its place."""
    town = await make_town(db)
    await make_regulator(db)
    bank = town.banks[0]
    part = (await parts_of(db, await post_need(db, town)))[bank.bank_id]
    await set_clock(db, "2025-09-26 10:00")
    await accept_and_contact(db, bank, part)
    for said in TRIED:
        await try_to_refuse(db, bank, part, said)
    walk = await visit(lang, width)
    await walk.sign_in(LOGIN, PASSWORD)

    await walk.open("/supervision/refusals")
    await walk.says("2 条拒单疑点" if lang == "zh" else "2 doubtful refusals")
    await walk.says("说明空洞" if lang == "zh" else "Says nothing")
    await walk.shot("supervision-refusals")
    await walk.press(".chips a[href*='kind=contradicted']")
    assert 1 == await walk.page.locator("main blockquote").count()
    await walk.press("main li a[href^='/supervision/cases/']")
    await walk.says("与数据包不符" if lang == "zh" else "Not borne out")
    await walk.shot("supervision-case-flags")
