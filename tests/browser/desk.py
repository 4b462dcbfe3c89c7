"""What the tests of the desk share: who sits there, an order that has come, keys that are counted."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.demo import city
from app.infra.db import Database, Role, Scope
from app.kernel.clock import shanghai_date
from app.market import parties
from app.market.parties.schemas import ListBody
from app.office import proposals
from tests.browser.town import PASSWORD, TODAY, WAN, Town, TownBank, parts_of, post_need, set_clock
from tests.browser.walk import Walk

MORNING: Final = "2025-09-26 09:30"


def login_of(who: str, number: int = 0) -> str:
    """The login of one of a bank's people: `a` and `b` its head office, `c` the clerk, `d` the checker."""
    return f"{city.make_city(TODAY, firms=1).banks[number].login}-{who}"


def clerk_of(number: int = 0) -> str:
    return login_of("c", number)


async def at_desk(walk: Walk, login: str) -> None:
    await walk.sign_in(login, PASSWORD)
    await walk.open("/desk")


async def case_of(db: Database, town: Town, number: int = 0) -> tuple[TownBank, UUID, UUID]:
    """A need that was pushed to that bank, and the next morning."""
    order_id = await post_need(db, town)
    bank = town.banks[number]
    await set_clock(db, MORNING)
    return bank, order_id, (await parts_of(db, order_id))[bank.bank_id]


async def lower_approval_level(db: Database, bank: TownBank) -> None:
    """Publish a list by which offers above 10 万元 need a second person."""
    maker, checker = bank.admins
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=maker.person_id)) as tx:
        entry = await parties.shelf.list_in_force(tx, bank.branch_id, bank.product_ids[0], TODAY)
        assert entry is not None
        body = ListBody(
            branch_id=entry.branch_id, product_id=entry.product_id, amount_min_fen=entry.amount_min_fen,
            ceiling_fen=entry.ceiling_fen, approval_level_fen=10 * WAN, term_months_max=entry.term_months_max,
            rate_min_ppm=entry.rate_min_ppm, rate_max_ppm=entry.rate_max_ppm, valid_from=shanghai_date(tx.now),
        )  # fmt: skip
        proposal = await parties.changes.propose_list(tx, body, by=maker, now=tx.now)
    async with db.transaction(Role.BANK, Scope(org_id=bank.bank_id, actor_id=checker.person_id)) as tx:
        await proposals.approve(tx, proposal.proposal_id, by=checker, now=tx.now)


@dataclass(slots=True)
class Keys:
    """A person at the keyboard alone. What is typed is no key of these."""

    walk: Walk
    count: int = 0

    async def press(self, name: str, arrives: str = "") -> None:
        """One key, and what it brings about."""
        self.count += 1
        await self.walk.page.keyboard.press(name)
        if arrives:
            await self.walk.page.wait_for_selector(arrives)

    async def type(self, words: str) -> None:
        await self.walk.page.keyboard.type(words)
