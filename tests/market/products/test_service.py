"""Drafts and two people: who may write, what comes into force and when, and what old estimates keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access.seats import Seat
from app.infra.db import Database, Role, Scope
from app.kernel.errors import Refusal
from app.market import limits, products
from app.market.limits import Estimate
from app.market.products.rules import Brackets, with_formula, write_shape
from app.office import proposals
from app.office.proposals import Proposal
from tests.browser.town import Town, make_town, set_clock

WAN = 1_000_000
FROM = date(2025, 10, 9)
TODAY = date(2025, 9, 25)


@pytest.fixture
async def town(db: Database) -> Town:
    return await make_town(db)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert code == caught.value.code


def scope(by: Seat) -> Scope:
    return Scope(org_id=by.org_id, actor_id=by.person_id)


async def doubled(db: Database, by: Seat, product_id: UUID) -> dict[str, Any]:
    """The document in force with twice the share of the lowest bracket."""
    async with db.reading(Role.BANK, scope(by)) as tx:
        one = await products.shelved(tx, product_id, TODAY, by=by)
    assert one.in_force is not None
    brackets = Brackets("usable_fen", ((2_000 * WAN, 160_000), (None, 20_000)))
    return with_formula(one.in_force.body, "measure", "share_fen", write_shape(brackets))


async def save(db: Database, by: Seat, product_id: UUID, body: dict[str, Any], revision: int = 0) -> None:
    async with db.transaction(Role.BANK, scope(by)) as tx:
        await products.save_draft(tx, product_id, body, revision, by=by, now=tx.now)


async def propose(db: Database, by: Seat, product_id: UUID, valid_from: date) -> Proposal:
    async with db.transaction(Role.BANK, scope(by)) as tx:
        return await products.propose_model(tx, product_id, valid_from, by=by, now=tx.now)


async def approve(db: Database, by: Seat, proposal: Proposal) -> None:
    async with db.transaction(Role.ACT, scope(by)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=by, now=tx.now)


async def estimate(db: Database, town: Town, product_id: UUID) -> Estimate:
    async with db.transaction(Role.BUSINESS, Scope(org_id=town.business_id)) as tx:
        return await limits.estimate(tx, town.subject_id, product_id, business_id=town.business_id, now=tx.now)


async def test_a_draft_becomes_a_version_from_its_day_on_and_old_estimates_keep_theirs(db: Database, town: Town):
    """Two people, a later day, and nobody's card changes behind their back; another bank's product never."""
    bank, other = town.banks[:2]
    maker, checker = bank.admins
    product_id = bank.product_ids[0]
    before = await estimate(db, town, product_id)
    await save(db, maker, product_id, await doubled(db, maker, product_id))

    await approve(db, checker, await propose(db, maker, product_id, FROM))

    assert ("invoices", before.amount_fen) == await _measured(db, town, product_id)
    await set_clock(db, "2025-10-09 00:00")
    key, amount_fen = await _measured(db, town, product_id)
    assert f"product:{product_id}" == key
    assert amount_fen > before.amount_fen
    assert "invoices" == (await estimate(db, town, other.product_ids[0])).model_key
    async with db.reading(Role.BUSINESS, Scope(org_id=town.business_id)) as tx:
        kept = await tx.row("select model_key, amount_fen from estimates where estimate_id = $1", before.estimate_id)
    assert kept is not None
    assert ("invoices", before.amount_fen) == (kept["model_key"], kept["amount_fen"])


async def _measured(db: Database, town: Town, product_id: UUID) -> tuple[str, int]:
    card = await estimate(db, town, product_id)
    return card.model_key, card.amount_fen


async def test_nobody_approves_a_document_of_ones_own(db: Database, town: Town):
    """Four eyes, 403; and nothing came into force."""
    maker, _ = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    await save(db, maker, product_id, await doubled(db, maker, product_id))
    proposal = await propose(db, maker, product_id, FROM)

    with refused("four-eyes"):
        await approve(db, maker, proposal)

    async with db.reading(Role.BANK, scope(maker)) as tx:
        assert 0 == await tx.value("select count(*) from product_models")


async def test_another_bank_finds_neither_product_nor_draft(db: Database, town: Town):
    """By the room's word, and by the database's when the room is passed by."""
    maker, stranger = town.banks[0].admins[0], town.banks[1].admins[0]
    product_id = town.banks[0].product_ids[0]
    body = await doubled(db, maker, product_id)
    await save(db, maker, product_id, body)

    with refused("not-found"):
        await save(db, stranger, product_id, body, 1)
    async with db.reading(Role.BANK, scope(stranger)) as tx:
        assert 0 == await tx.value("select count(*) from product_drafts")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(Role.BANK, scope(stranger)) as tx:
            await tx.execute(
                "insert into product_models values ($1, 1, $2, $3, '{}', $4, $5, $6)",
                product_id, town.banks[0].bank_id, FROM, maker.person_id, stranger.person_id, tx.now,
            )  # fmt: skip
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with db.transaction(Role.BANK, scope(stranger)) as tx:
            await tx.execute(
                "insert into product_models values ($1, 1, $2, $3, '{}', $4, $5, $6)",
                product_id, stranger.org_id, FROM, maker.person_id, stranger.person_id, tx.now,
            )  # fmt: skip


async def test_a_draft_written_over_by_somebody_else_is_not_lost(db: Database, town: Town):
    """Two people of one head office with the same page open."""
    maker, second = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    body = await doubled(db, maker, product_id)
    await save(db, maker, product_id, body)
    await save(db, second, product_id, body, 1)

    with refused("conflict"):
        await save(db, maker, product_id, body, 1)


@pytest.mark.parametrize("day", [date(2025, 9, 1), date(2025, 9, 25)])
async def test_a_version_never_begins_today_or_before(db: Database, town: Town, day: date):
    """Estimates of this morning would not be what the afternoon says they were."""
    maker, _ = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    await save(db, maker, product_id, await doubled(db, maker, product_id))

    with refused("bad-time"):
        await propose(db, maker, product_id, day)


async def test_two_versions_never_overlap(db: Database, town: Town):
    """One that begins before or with one already published has no days of its own."""
    maker, checker = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    body = await doubled(db, maker, product_id)
    await save(db, maker, product_id, body)
    await approve(db, checker, await propose(db, maker, product_id, FROM))
    body["estimate_days"] = 20
    await save(db, maker, product_id, body, 1)

    with refused("bad-time"):
        await propose(db, maker, product_id, FROM)


async def test_a_proposal_that_waited_past_its_day_is_not_put_in_force(db: Database, town: Town):
    """The second person came back from a holiday; nothing is dated back."""
    maker, checker = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    await save(db, maker, product_id, await doubled(db, maker, product_id))
    proposal = await propose(db, maker, product_id, date(2025, 9, 26))
    await set_clock(db, "2025-09-26 08:00")

    with refused("bad-time"):
        await approve(db, checker, proposal)


async def test_what_is_approved_is_what_was_proposed(db: Database, town: Town):
    """The draft went on meanwhile; the second person has not seen that."""
    maker, checker = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    body = await doubled(db, maker, product_id)
    await save(db, maker, product_id, body)
    proposal = await propose(db, maker, product_id, FROM)
    await save(db, maker, product_id, {**body, "estimate_days": 1}, 1)

    await approve(db, checker, proposal)

    async with db.reading(Role.BANK, scope(maker)) as tx:
        one = await products.shelved(tx, product_id, TODAY, by=maker)
    assert [30] == [version.body["estimate_days"] for version in one.following]


async def test_a_draft_that_fails_its_checks_is_kept_but_not_laid_before_anybody(db: Database, town: Town):
    """Half-written is a state of work; half-right is none that a second person should see."""
    maker, _ = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    body = await doubled(db, maker, product_id)
    body["bounds"]["amount_max_fen"] = 20 * WAN
    await save(db, maker, product_id, body)

    with refused("model-refused"):
        await propose(db, maker, product_id, FROM)


async def test_a_draft_that_changes_nothing_is_not_laid_before_anybody(db: Database, town: Town):
    maker, _ = town.banks[0].admins
    product_id = town.banks[0].product_ids[0]
    async with db.reading(Role.BANK, scope(maker)) as tx:
        one = await products.shelved(tx, product_id, TODAY, by=maker)
    assert one.in_force is not None
    await save(db, maker, product_id, dict(one.in_force.body))

    with refused("wrong-state"):
        await propose(db, maker, product_id, FROM)
