"""An invented firm, three invented banks with lists and pools, and the acts between them, on the real database."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.credit.consents import Grant, Names, Purpose
from app.credit.subjects import Subject
from app.infra import outbox, vault
from app.infra.db import Database, Role, Scope, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import orders, parties
from app.market.orders import Draft, Pick
from app.market.orders.rules.cost import Repayment
from app.market.orders.service import acceptances, decisions, payments
from app.market.parties.schemas import ListBody
from tests.credit.firm import register
from tests.market.parties.world import World as Bank
from tests.market.parties.world import make_world, open_pool, two_people
from tests.support import shanghai

WAN = 1_000_000  # 10 000 yuan in fen.
EARLY = shanghai("2025-07-02 10:00")
POSTED = shanghai("2025-09-24 10:00")
CLASSES = ("judicial", "penalties", "registration")
NAMES = Names(grantor="渝样品1号厂", bank="样品银行", branch="样品银行甲支行")


@dataclass
class City:
    """Seats and ids; every method is one person's act at a stated business instant."""

    db: Database
    subject: Subject
    firm: Seat
    banks: list[Bank]

    def clerk(self, n: int) -> Seat:
        bank = self.banks[n]
        return Seat(UUID(int=1000 + n), bank.bank_id, SeatRole.BRANCH_CLERK, bank.branch_id)

    def checker(self, n: int) -> Seat:
        bank = self.banks[n]
        return Seat(UUID(int=2000 + n), bank.bank_id, SeatRole.BRANCH_CHECKER, bank.branch_id)

    async def set_clock(self, at: datetime) -> None:
        async with self.db.transaction(Role.OPS) as tx:
            await tx.execute("delete from business_clock")
            await tx.execute("insert into business_clock (frozen_at) values ($1)", at)

    async def act(self, command: Callable[[Tx], Awaitable[Any]], by: Seat, at: datetime) -> Any:
        """Run one act as the web does: a refusal that is to be kept commits what was written before it."""
        await self.set_clock(at)
        kept: Refusal | None = None
        async with self.db.transaction(Role.ACT, Scope(by.org_id, by.person_id, by.branch_id)) as tx:
            try:
                return await command(tx)
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal
        raise kept

    async def refused(self, command: Callable[[Tx], Awaitable[Any]], by: Seat, at: datetime) -> str:
        """The code of the refusal that the act must meet."""
        with pytest.raises(Refusal) as found:
            await self.act(command, by, at)
        return found.value.code

    async def work(self, at: datetime) -> None:
        """Let the worker do all there is to do at that instant."""
        await self.set_clock(at)
        await outbox.drain(self.db)
        while await orders.sweep(self.db):
            pass

    async def sign(self, order_id: UUID, n: int, at: datetime) -> UUID:
        """Sign a consent for one bank."""
        await self.set_clock(at)
        letter = Grant(
            business_id=self.firm.org_id, grantor_subject_id=self.subject.subject_id, bank_id=self.banks[n].bank_id,
            branch_id=self.banks[n].branch_id, order_id=order_id, purpose=Purpose.PRE_LOAN, data_classes=CLASSES,
            valid_from=at, valid_to=shanghai("2027-01-01 00:00"),
        )  # fmt: skip
        async with self.db.transaction(Role.BUSINESS, Scope(self.firm.org_id, self.firm.person_id)) as tx:
            return await consents.grant(tx, letter, names=NAMES, by=self.firm, now=at)

    async def post(self, *ticked: int, at: datetime = POSTED, **changed: Any) -> UUID:
        """Post an order to the ticked banks, and let the worker push it."""
        draft = Draft(
            order_id=new_id(), amount_fen=50 * WAN, term_months=12, purpose="原材料", collateral="none",
            district_code="500103", until_on=date(2025, 11, 20), places=min(2, len(ticked)),
        )  # fmt: skip
        draft = replace(draft, **changed)
        picks = [
            Pick(self.banks[n].branch_id, self.banks[n].product_id, await self.sign(draft.order_id, n, at))
            for n in ticked
        ]
        await self.act(lambda tx: orders.post_order(tx, draft, picks, by=self.firm, now=at), self.firm, at)
        await self.work(at)
        return draft.order_id

    async def parts(self, order_id: UUID) -> dict[int, Any]:
        """The order's suborders by bank number."""
        async with self.db.reading(Role.REPORTER) as tx:
            rows = await tx.fetch("select * from suborders where order_id = $1", order_id)
        number = {bank.bank_id: n for n, bank in enumerate(self.banks)}
        return {number[row["bank_id"]]: row for row in rows}

    async def states(self, order_id: UUID) -> dict[int, str]:
        return {n: row["state"] for n, row in (await self.parts(order_id)).items()}

    async def value(self, sql: str, *args: object) -> Any:
        async with self.db.reading(Role.REPORTER) as tx:
            return await tx.value(sql, *args)

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        async with self.db.reading(Role.REPORTER) as tx:
            return [tuple(row) for row in await tx.fetch(sql, *args)]

    # The bank's acts, in the order of a good case.

    async def accept(self, part: UUID, n: int, at: datetime) -> Any:
        by = self.clerk(n)
        return await self.act(lambda tx: acceptances.accept_suborder(tx, part, by=by, now=at), by, at)

    async def contact(self, part: UUID, n: int, at: datetime) -> Any:
        by = self.clerk(n)
        call = {"contacted_at": at, "how": "phone", "whom": "经办人"}
        return await self.act(lambda tx: acceptances.contact_firm(tx, part, **call, by=by, now=at), by, at)

    async def offer(self, part: UUID, n: int, at: datetime, **changed: Any) -> Any:
        by = self.clerk(n)
        offered = decisions.Offered(
            amount_fen=40 * WAN, rate_ppm=48_000, term_months=12, repayment=Repayment.INTEREST_FIRST, fees=(),
            valid_workdays=10,
        )  # fmt: skip
        offered = replace(offered, **changed)
        return await self.act(lambda tx: decisions.make_offer(tx, part, offered, by=by, now=at), by, at)

    async def pick(self, part: UUID, at: datetime) -> Any:
        return await self.act(lambda tx: decisions.pick_offer(tx, part, by=self.firm, now=at), self.firm, at)

    async def contract(self, part: UUID, n: int, at: datetime, **changed: Any) -> Any:
        by = self.clerk(n)
        terms: dict[str, Any] = {
            "contract_no": str(part)[-12:], "signed_on": at.date(), "amount_fen": 40 * WAN,
            "draw_until_on": date(2025, 12, 31),
        }  # fmt: skip
        terms |= changed
        return await self.act(lambda tx: payments.sign_contract(tx, part, **terms, by=by, now=at), by, at)

    async def draw(self, part: UUID, n: int, at: datetime, amount_fen: int) -> Any:
        by = self.clerk(n)
        draw = {"draw_id": new_id(), "amount_fen": amount_fen, "paid_on": at.date()}
        return await self.act(lambda tx: payments.pay_out(tx, part, **draw, by=by, now=at), by, at)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path) -> vault.KeyRing:
    return vault.unlock(tmp_path / "keys")


async def publish(db: Database, bank: Bank, **changed: Any) -> None:
    """A list of the branch, proposed and approved by two of its bank."""
    body = ListBody(
        **{
            "branch_id": bank.branch_id, "product_id": bank.product_id, "amount_min_fen": 5 * WAN,
            "ceiling_fen": 200 * WAN, "approval_level_fen": 100 * WAN, "term_months_max": 36, "rate_min_ppm": 34_500,
            "rate_max_ppm": 96_000, "purposes": [], "collateral": [], "districts": [], "materials": [],
            "two_person_reasons": [], "valid_from": EARLY.date(), "valid_to": None,
        } | changed
    )  # fmt: skip

    async def ask(tx: Tx) -> Any:
        return await parties.changes.propose_list(tx, body, by=bank.maker, now=EARLY)

    await two_people(db, bank, ask, now=EARLY)


@pytest.fixture
async def city(db: Database) -> City:
    """Three banks, each with one branch, a list and pools of 100 万 for the third and the fourth quarter."""
    subject = await register(db, 1, EARLY, founded_on=date(2019, 9, 26))
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, "business", "渝样品1号厂", subject_id=subject.subject_id)
    banks = []
    for n in range(3):
        bank = await make_world(db, name=f"样品第{n + 1}银行")
        await open_pool(db, bank, 100 * WAN, date(2025, 10, 1))
        await publish(db, bank, rate_min_ppm=34_500 + n * 1000)
        banks.append(bank)
    return City(db, subject, Seat(new_id(), org.org_id, SeatRole.BUSINESS), banks)
