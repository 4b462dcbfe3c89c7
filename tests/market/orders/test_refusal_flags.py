"""What supervision is told of refusals and of attempts at one: contradicted, empty, without the firm's word, copied."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.infra.db import Role
from app.kernel.ids import new_id
from app.market import reasons
from app.market.orders.service import decisions
from app.market.reasons import Claim, Comparison
from tests.credit.firm import register
from tests.market.orders.conftest import EARLY, City
from tests.support import shanghai

AT = shanghai("2025-09-25 09:00")
YOUNG = Claim("registration.age_months", Comparison.LT, 100)
HONEST = "贵公司成立七十二个月，未满本产品要求的一百个月。"
ATTEMPTS = {
    "contradicted": decisions.Said(
        code="A1", words=HONEST, claim=Claim("registration.age_months", Comparison.LT, 12)
    ),
    "empty": decisions.Said(code="A1", words="经多方权衡，贵公司暂不适合我行授信。", claim=YOUNG),
    "leaks": decisions.Said(code="A1", words="贵公司成立太短，模型得分只有41。", claim=YOUNG),
    "no_word": decisions.Said(
        code="H1", words="客户已经明确表示放弃本次申请。", claim=Claim("firm_word.gave_up", Comparison.EQ, 1)
    ),
}  # fmt: skip


async def refuse(city: City, part: UUID, said: decisions.Said, at: datetime = AT) -> object:
    by = city.clerk(0)
    return await city.act(lambda tx: decisions.refuse_suborder(tx, part, said, by=by, now=at), by, at)


async def accepted(city: City, at: datetime = AT) -> UUID:
    part: UUID = (await city.parts(await city.post(0, amount_fen=30_000_000)))[0]["suborder_id"]
    await city.accept(part, 0, at)
    return part


async def neighbour(city: City) -> City:
    """The same banks, and another firm."""
    subject = await register(city.db, 2, EARLY, founded_on=city.subject.founded_on)
    async with city.db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, "business", "渝样品2号厂", subject_id=subject.subject_id)
    return replace(city, subject=subject, firm=Seat(new_id(), org.org_id, SeatRole.BUSINESS))


async def flags(city: City) -> list[tuple[object, ...]]:
    return await city.rows(
        "select suborder_id, kind, reason_code, said, like_suborder_id from refusal_flags order by at"
    )


@pytest.mark.parametrize("kind", ATTEMPTS)
async def test_an_attempt_that_does_not_hold_is_refused_and_told(city: City, kind: str) -> None:
    """Trying reasons until one slips through must leave a trace; the words of a leak are not kept."""
    part = await accepted(city)
    said = ATTEMPTS[kind]
    by = city.clerk(0)

    code = await city.refused(lambda tx: decisions.refuse_suborder(tx, part, said, by=by, now=AT), by, AT)

    assert code in {"evidence-contradicts", "reason-empty", "reason-leaks", "evidence-missing"}
    assert [(part, kind, said.code, "" if kind == "leaks" else said.words, None)] == await flags(city)
    assert "accepted" in (await city.states((await city.rows("select order_id from suborders"))[0][0])).values()


async def test_a_slip_of_the_form_is_no_flag(city: City) -> None:
    """A code that is not in the list or a text that is too short is a mistake, not a practice."""
    part, by = await accepted(city), city.clerk(0)

    for said in (decisions.Said(code="ZZ", words=HONEST), decisions.Said(code="A1", words="太短", claim=YOUNG)):
        await city.refused(lambda tx, said=said: decisions.refuse_suborder(tx, part, said, by=by, now=AT), by, AT)

    assert [] == await flags(city)


async def test_a_text_copied_from_another_firm_is_told_with_its_pattern(city: City) -> None:
    """Only the figures differ: neither firm has learned its own reason. A text of the firm's own past is no copy."""
    other = await neighbour(city)
    first = await accepted(city)
    await refuse(city, first, decisions.Said(code="A1", words=HONEST, claim=YOUNG))
    second, later = await accepted(other), shanghai("2025-09-26 09:00")
    again = HONEST.replace("七十二", "71 ").replace("。", "！")

    await refuse(other, second, decisions.Said(code="A1", words=again, claim=YOUNG), later)
    await city.work(later)
    await city.work(later)

    assert [(second, "copied", "A1", again, first)] == await flags(city)
    async with city.db.reading(Role.REGULATOR) as tx:
        told = await reasons.flags.read_of(tx, second)
    assert [(reasons.flags.FlagKind.COPIED, first)] == [(one.kind, one.like_suborder_id) for one in told]


async def test_words_of_its_own_are_no_copy(city: City) -> None:
    """Two honest texts about one product have words in common."""
    other = await neighbour(city)
    await refuse(city, await accepted(city), decisions.Said(code="A1", words=HONEST, claim=YOUNG))
    own = "企业登记到现在不满九年，而我们这款产品只做满一百个月的企业。"

    await refuse(other, await accepted(other), decisions.Said(code="A1", words=own, claim=YOUNG))
    await city.work(AT)

    assert [] == await flags(city)
