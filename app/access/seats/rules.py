"""Who somebody is while they act: a person (or a bank's machine) in an organisation, in one role."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

IDLE_MAX: Final = timedelta(minutes=30)
AGE_MAX: Final = timedelta(hours=12)
SEEN_STEP: Final = timedelta(seconds=60)  # `seen_at` is written at most this often, so that reading stays cheap.
SIGN_IN_BURST: Final = 5  # Failed attempts per account, and per source, in 15 minutes.
SIGN_IN_REFILL: Final = timedelta(minutes=3)


class SeatRole(StrEnum):
    BUSINESS = "business"  # A firm's own people.
    BRANCH_CLERK = "branch_clerk"  # Handles orders for one branch.
    BRANCH_CHECKER = "branch_checker"  # The second person of a branch.
    BANK_ADMIN = "bank_admin"  # Head office of a bank.
    BANK_CLIENT = "bank_client"  # A bank's machine.
    REGULATOR = "regulator"
    SERVICE = "service"  # The platform's customer service.
    OPERATOR = "operator"  # Runs the platform.
    DATA_OFFICER = "data_officer"  # A department's, for its batches.


BRANCH_ROLES: Final = frozenset({SeatRole.BRANCH_CLERK, SeatRole.BRANCH_CHECKER})
BANK_ROLES: Final = BRANCH_ROLES | {SeatRole.BANK_ADMIN, SeatRole.BANK_CLIENT}


@dataclass(frozen=True, slots=True)
class Seat:
    """One chosen seat. For a machine, `person_id` is its client's id and `client_id` is set."""

    person_id: UUID
    org_id: UUID
    role: SeatRole
    branch_id: UUID | None = None
    client_id: UUID | None = None
    seat_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SeatChoice:
    """A live seat as its owner sees it when choosing."""

    seat: Seat
    org_name: str


class SeatFault(StrEnum):
    """Why a seat cannot be; checked in this order."""

    BRANCH_MISSING = "branch_missing"
    BRANCH_UNWANTED = "branch_unwanted"
    ORG_KIND = "org_kind"


ORG_KIND_OF: Final = {
    SeatRole.BUSINESS: "business",
    SeatRole.BRANCH_CLERK: "bank",
    SeatRole.BRANCH_CHECKER: "bank",
    SeatRole.BANK_ADMIN: "bank",
    SeatRole.BANK_CLIENT: "bank",
    SeatRole.REGULATOR: "regulator",
    SeatRole.SERVICE: "platform",
    SeatRole.OPERATOR: "platform",
    SeatRole.DATA_OFFICER: "department",
}


def judge_seat(role: SeatRole, org_kind: str, branch_id: UUID | None) -> SeatFault | None:
    """A branch's people name their branch, nobody else does, and a role fits its kind of organisation.

    >>> judge_seat(SeatRole.BRANCH_CLERK, "bank", None)
    <SeatFault.BRANCH_MISSING: 'branch_missing'>
    >>> judge_seat(SeatRole.REGULATOR, "bank", None)
    <SeatFault.ORG_KIND: 'org_kind'>
    """
    if role in BRANCH_ROLES and branch_id is None:
        return SeatFault.BRANCH_MISSING
    if role not in BRANCH_ROLES and branch_id is not None:
        return SeatFault.BRANCH_UNWANTED
    return SeatFault.ORG_KIND if ORG_KIND_OF[role] != org_kind else None


def is_live(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """A session lives while it is neither idle for 30 minutes nor 12 hours old.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> is_live(at, at, at + timedelta(minutes=29)), is_live(at, at, at + IDLE_MAX)
    (True, False)
    >>> is_live(at, at + AGE_MAX, at + AGE_MAX)
    False
    """
    return now - seen_at < IDLE_MAX and now - created_at < AGE_MAX
