"""One firm, its banks, and the two acts every test of consents needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from app.access.seats import Seat, SeatRole
from app.credit import consents
from app.credit.consents import Consent, Grant, Names, Purpose, SignMethod
from app.infra.db import Database, Role, Scope
from app.kernel.ids import new_id
from tests.support import shanghai

START = shanghai("2025-09-24 00:00")
END = shanghai("2025-12-24 00:00")
NOW = shanghai("2025-09-25 10:00")
NAMES = Names(grantor="渝样品加工厂", bank="样品银行", branch="样品银行甲支行", person="经营者本人")


@dataclass(frozen=True, slots=True)
class City:
    """Ids of an invented firm, its owner, two banks and three branches, and the firm's seat."""

    firm_id: UUID
    owner_id: UUID
    bank_id: UUID
    branch_id: UUID
    other_branch_id: UUID
    other_bank_id: UUID
    seat: Seat


Sign = Callable[..., Awaitable[UUID]]
Enter = Callable[..., Awaitable[Consent]]


@pytest.fixture
def city() -> City:
    firm_id = new_id()
    seat = Seat(new_id(), firm_id, SeatRole.BUSINESS)
    return City(firm_id, new_id(), new_id(), new_id(), new_id(), new_id(), seat)


def letter_of(city: City, order_id: UUID) -> Grant:
    """The usual letter: pre-loan, tax and judicial classes, three months."""
    return Grant(
        business_id=city.firm_id,
        grantor_subject_id=city.firm_id,
        bank_id=city.bank_id,
        branch_id=city.branch_id,
        order_id=order_id,
        purpose=Purpose.PRE_LOAN,
        data_classes=("tax", "judicial"),
        valid_from=START,
        valid_to=END,
    )


@pytest.fixture
def sign(db: Database, city: City) -> Sign:
    """Sign the usual letter for an order, with changes."""

    async def sign(order_id: UUID, **changes: object) -> UUID:
        letter = replace(letter_of(city, order_id), **changes)  # type: ignore[arg-type]
        if letter.person_subject_id is not None:
            letter = replace(letter, sign_method=SignMethod.FACE)
        async with db.transaction(Role.BUSINESS, Scope(city.firm_id, city.seat.person_id)) as tx:
            return await consents.grant(tx, letter, names=NAMES, by=city.seat, now=NOW)

    return sign


@pytest.fixture
def enter(db: Database, city: City) -> Enter:
    """Let the bank in under a consent, as its package reader would."""

    async def enter(consent_id: UUID, **changes: object) -> Consent:
        use = {
            "bank_id": city.bank_id, "branch_id": city.branch_id, "purpose": "pre_loan", "now": NOW,
            "data_classes": ("tax",), "subject_id": city.firm_id,
        } | changes  # fmt: skip
        async with db.transaction(Role.BANK, Scope(city.bank_id, new_id())) as tx:
            return await consents.check(tx, consent_id, **use)  # type: ignore[arg-type]

    return enter
