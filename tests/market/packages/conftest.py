"""A firm with records, a bank with a machine, a signed letter: what every test of packages begins with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.access import clients, orgs
from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.credit.consents import Consent, Grant, Names, Purpose
from app.credit.records import NewRecord
from app.credit.subjects import Subject
from app.infra import vault
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from app.market import packages
from app.market.packages import BankInput, Case, Preview
from examples.bank.jose import EncryptionKey, SigningKey, new_encryption_key, new_signing_key, public_jwk
from tests.credit.firm import cover, register, report
from tests.support import shanghai

EARLY, SHOWN, SIGNED, NOW = (shanghai(f"2025-09-{text}") for text in ("01 10:00", "24 10:00", "24 10:05", "25 10:00"))
CLASSES = ("penalties", "judicial", "registration")
NAMES = Names(grantor="渝样品1号厂", bank="样品银行", branch="样品银行甲支行", person="")


@dataclass
class World:
    """Ids and keys of the invented firm and its bank, and the acts around one package."""

    db: Database
    subject: Subject
    firm: Seat
    bank_id: UUID = field(default_factory=new_id)
    branch_id: UUID = field(default_factory=new_id)
    order_id: UUID = field(default_factory=new_id)
    signing: SigningKey = field(default_factory=new_signing_key)
    encryption: EncryptionKey = field(default_factory=new_encryption_key)
    machine: Seat | None = None

    @property
    def admin(self) -> Seat:
        return Seat(UUID(int=70), self.bank_id, SeatRole.BANK_ADMIN)

    @property
    def clerk(self) -> Seat:
        return Seat(UUID(int=71), self.bank_id, SeatRole.BRANCH_CLERK, self.branch_id)

    async def set_clock(self, at: datetime) -> None:
        """Hold the business clock at an instant."""
        async with self.db.transaction(Role.OPS) as tx:
            await tx.execute("delete from business_clock")
            await tx.execute("insert into business_clock (frozen_at) values ($1)", at)

    async def register_machine(self) -> Seat:
        async with self.db.transaction(Role.BANK, Scope(self.bank_id, self.admin.person_id)) as tx:
            client = await clients.register_client(
                tx, "core", by=self.admin, signing_key=public_jwk(self.signing, "sig-1"),
                encryption_key=public_jwk(self.encryption, "enc-1"),
            )  # fmt: skip
        self.machine = Seat(client.client_id, self.bank_id, SeatRole.BANK_CLIENT, None, client.client_id)
        return self.machine

    def case(self, **changed: Any) -> Case:
        case = Case(
            order_id=self.order_id, suborder_id=new_id(), business_id=self.firm.org_id, bank_id=self.bank_id,
            branch_id=self.branch_id, product_id=UUID(int=72), amount_fen=50_000_000, term_months=12, purpose="原材料",
        )  # fmt: skip
        return replace(case, **changed)

    async def preview(self, classes: tuple[str, ...] = CLASSES, at: datetime = SHOWN) -> Preview:
        await self.set_clock(at)
        async with self.db.transaction(Role.BUSINESS, Scope(self.firm.org_id, self.firm.person_id)) as tx:
            return await packages.preview(
                tx, order_id=self.order_id, business_id=self.firm.org_id, subject_id=self.subject.subject_id,
                bank_id=self.bank_id, data_classes=classes,
            )  # fmt: skip

    async def sign(self, at: datetime = SIGNED, **changed: Any) -> Consent:
        await self.set_clock(at)
        letter = Grant(
            business_id=self.firm.org_id, grantor_subject_id=self.subject.subject_id, bank_id=self.bank_id,
            branch_id=self.branch_id, order_id=self.order_id, purpose=Purpose.PRE_LOAN, data_classes=CLASSES,
            valid_from=at, valid_to=shanghai("2026-03-01 00:00"),
        )  # fmt: skip
        letter = replace(letter, **changed)
        async with self.db.transaction(Role.BUSINESS, Scope(self.firm.org_id, self.firm.person_id)) as tx:
            consent_id = await consents.grant(tx, letter, names=NAMES, by=self.firm, now=at)
            return next(c for c in await consents.find_for_order(tx, letter.order_id) if c.consent_id == consent_id)

    async def seal(
        self, consent: Consent, case: Case | None = None, at: datetime = NOW, inputs: tuple[BankInput, ...] = ()
    ) -> tuple[UUID, Case]:
        await self.set_clock(at)
        case = case or self.case()
        async with self.db.transaction(
            Role.ACT, Scope(self.bank_id, self.clerk.person_id, case_id=case.order_id)
        ) as tx:
            return await packages.seal(tx, case, consent, as_of=at, inputs=inputs), case

    async def by_bank(
        self, act: Callable[..., Awaitable[Any]], *args: Any, by: Seat, at: datetime = NOW, role: Role = Role.BANK
    ) -> Any:
        """Run a reading act as somebody of a bank, committed."""
        case_id = self.order_id if role is Role.ACT else None
        async with self.db.transaction(role, Scope(by.org_id, by.person_id, by.branch_id, case_id)) as tx:
            return await act(tx, *args, by=by, now=at)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> vault.KeyRing:
    """Keys of this test alone, in a home of its own."""
    monkeypatch.setenv("XINYIDAI_HOME", str(tmp_path))
    return vault.unlock(tmp_path / "keys")


def penalty(subject: Subject, key: str, on: str) -> NewRecord:
    return NewRecord(
        subject.subject_id, "penalty.general", key, {"fined_fen": 2_000_00}, date.fromisoformat(on), "city"
    )


@pytest.fixture
async def world(db: Database) -> World:
    """The firm has one penalty; a court was asked and has nothing."""
    subject = await register(db, 1, EARLY, founded_on=date(2019, 9, 26))
    await report(db, EARLY, penalty(subject, "p1", "2025-08-01"))
    await cover(db, subject.subject_id, EARLY, "penalty.general", "judicial.enforced")
    async with db.transaction(Role.OPS) as tx:
        org = await orgs.create_org(tx, "business", "渝样品1号厂", subject_id=subject.subject_id)
    made = World(db, subject, Seat(new_id(), org.org_id, SeatRole.BUSINESS))
    await made.register_machine()
    return made
