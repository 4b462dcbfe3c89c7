"""Making organisations and people, and saying which subject a firm's account is."""

from collections.abc import Collection, Mapping
from uuid import UUID

import asyncpg

from app.access import audit
from app.access.orgs import store
from app.access.orgs.rules import Org, OrgKind, Person, judge_binding
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id


async def create_org(tx: Tx, kind: OrgKind, name: str, *, subject_id: UUID | None = None) -> Org:
    """Add an organisation. Refuses with `already-exists` when another one is that subject."""
    org = Org(new_id(), OrgKind(kind), name, subject_id)
    try:
        await store.insert_org(tx, org)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该主体已有账户。") from None
    await audit.write(tx, "org.created", subject_id=subject_id, detail={"org_id": str(org.org_id), "kind": org.kind})
    return org


async def get_org(tx: ReadTx, org_id: UUID) -> Org:
    """The organisation, or `not-found` when there is none that this audience may see."""
    org = await store.get_org(tx, org_id)
    if org is None:
        raise Refusal("not-found")
    return org


async def find_org_by_subject(tx: ReadTx, subject_id: UUID) -> Org | None:
    return await store.find_org_by_subject(tx, subject_id)


async def find_orgs_by_name(tx: ReadTx, kind: OrgKind, name: str) -> list[Org]:
    """Organisations of a kind under exactly that name; names are not unique."""
    return await store.find_orgs_by_name(tx, kind, name)


async def names_of_colleagues(tx: ReadTx, person_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What people who have, or had, a seat in the reader's own organisation are called; of others nothing is told."""
    return await store.read_colleagues(tx, person_ids)


async def bind_subject(tx: Tx, org_id: UUID, subject_id: UUID) -> Org:
    """Say which credit subject a firm's account is; the same binding again changes nothing.

    An operator's act, or an import's. Refuses with `not-found`, or `conflict` when the account is no firm's or is
    bound to another subject, and with `already-exists` when another account is that subject.
    """
    org = await store.lock_org(tx, org_id)
    if org is None:
        raise Refusal("not-found")
    if (fault := judge_binding(org, subject_id)) is not None:
        raise Refusal("conflict", "该账户不能绑定此主体。", reason=fault.value)
    if org.subject_id == subject_id:
        return org
    try:
        await store.set_subject(tx, org_id, subject_id)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该主体已有账户。") from None
    await audit.write(tx, "org.bound", subject_id=subject_id, detail={"org_id": str(org_id)})
    return Org(org.org_id, org.kind, org.name, subject_id)


async def create_person(tx: Tx, login: str, display_name: str) -> Person:
    """Add somebody with an account; the password is set by `seats.set_first_password`."""
    person = Person(new_id(), login.strip().lower(), display_name.strip())
    try:
        await store.insert_person(tx, person)
    except asyncpg.UniqueViolationError:
        raise Refusal("already-exists", "该账号已被使用。") from None
    await audit.write(tx, "person.created", detail={"person_id": str(person.person_id)})
    return person


async def disable_person(tx: Tx, person_id: UUID) -> None:
    """From the very next request on, every session of this person is refused."""
    if await store.set_disabled(tx, person_id, disabled=True) == 0:
        raise Refusal("not-found")
    await audit.write(tx, "person.disabled", detail={"person_id": str(person_id)})


async def enable_person(tx: Tx, person_id: UUID) -> None:
    if await store.set_disabled(tx, person_id, disabled=False) == 0:
        raise Refusal("not-found")
    await audit.write(tx, "person.enabled", detail={"person_id": str(person_id)})
