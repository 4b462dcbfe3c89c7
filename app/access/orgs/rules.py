"""Organisations that act here."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class OrgKind(StrEnum):
    BUSINESS = "business"
    BANK = "bank"
    REGULATOR = "regulator"
    PLATFORM = "platform"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Org:
    """`subject_id` is the credit subject a business is, once it is known to be that one."""

    org_id: UUID
    kind: OrgKind
    name: str
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `login` is unique and lower-case."""

    person_id: UUID
    login: str
    display_name: str


class BindFault(StrEnum):
    """Why an account cannot be bound to a subject; checked in this order."""

    NOT_A_BUSINESS = "not_a_business"
    BOUND_ALREADY = "bound_already"


def judge_binding(org: Org, subject_id: UUID) -> BindFault | None:
    """Only a business is a credit subject, and once bound it stays that one; the same binding again is no fault.

    >>> judge_binding(Org(UUID(int=1), OrgKind.BANK, "XY"), UUID(int=2))
    <BindFault.NOT_A_BUSINESS: 'not_a_business'>
    """
    if org.kind is not OrgKind.BUSINESS:
        return BindFault.NOT_A_BUSINESS
    return BindFault.BOUND_ALREADY if org.subject_id not in (None, subject_id) else None
