"""Accounts of firms, opened by an operator's import: each bound to the credit subject that it is."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.access import orgs, seats
from app.access.orgs import OrgKind
from app.access.seats import SeatRole
from app.credit import subjects
from app.infra.db import Database, Role, Tx
from app.kernel.codes import Uscc, check_uscc
from app.kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the file: the account's login, and the firm by code or by a bank's customer number."""

    login: str
    firm_key: str


@dataclass(frozen=True, slots=True)
class AccountMade:
    """An account with its first password, shown once; the owner changes it."""

    login: str
    org_id: UUID
    first_password: str


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """A line that was not taken, with the problem's code."""

    login: str
    firm_key: str
    code: str


async def import_accounts(
    db: Database, rows: Iterable[AccountRow], *, bank_id: UUID | None
) -> tuple[list[AccountMade], list[AccountRefused]]:
    """Open an account for each firm that is known and has none; say of every other line why not.

    Each account is a transaction of its own, so that a file of thousands holds no lock while passwords are hashed.
    `bank_id`: whose customer numbers the file uses; None when it uses codes only.
    """
    made: list[AccountMade] = []
    refused: list[AccountRefused] = []
    for row in rows:
        try:
            async with db.transaction(Role.OPS) as tx:
                made.append(await _open(tx, row, bank_id))
        except Refusal as refusal:
            refused.append(AccountRefused(row.login, row.firm_key, refusal.code))
    return made, refused


async def _open(tx: Tx, row: AccountRow, bank_id: UUID | None) -> AccountMade:
    subject = await _find(tx, row.firm_key, bank_id)
    if not row.login.strip():
        raise Refusal("malformed-field")
    org = await orgs.create_org(tx, OrgKind.BUSINESS, subject.name)
    await orgs.bind_subject(tx, org.org_id, subject.subject_id)
    person = await orgs.create_person(tx, row.login, subject.name)
    first_password = secrets.token_urlsafe(12)
    await seats.set_first_password(tx, person.person_id, first_password)
    await seats.create_seat(tx, person.person_id, org.org_id, SeatRole.BUSINESS)
    return AccountMade(row.login, org.org_id, first_password)


async def _find(tx: Tx, firm_key: str, bank_id: UUID | None) -> subjects.Subject:
    code = check_uscc(firm_key)
    found = await subjects.find_by_uscc(tx, code.text) if isinstance(code, Uscc) else None
    if found is None and bank_id is not None:
        found = await subjects.find_by_customer(tx, bank_id, firm_key.strip())
    if found is None:
        raise Refusal("not-found")
    return found
