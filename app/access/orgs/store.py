"""All SQL of organisations and people."""

from collections.abc import Collection
from uuid import UUID

from app.access.orgs.rules import Org, OrgKind, Person
from app.infra.db import ReadTx, Record, Tx


async def insert_org(tx: Tx, org: Org) -> None:
    await tx.execute(
        "insert into orgs (org_id, kind, name, subject_id, created_at) values ($1, $2, $3, $4, $5)",
        *(org.org_id, org.kind.value, org.name, org.subject_id, tx.wall),
    )


async def get_org(tx: ReadTx, org_id: UUID) -> Org | None:
    return _org(await tx.row("select org_id, kind, name, subject_id from orgs where org_id = $1", org_id))


async def find_org_by_subject(tx: ReadTx, subject_id: UUID) -> Org | None:
    return _org(await tx.row("select org_id, kind, name, subject_id from orgs where subject_id = $1", subject_id))


async def find_orgs_by_name(tx: ReadTx, kind: OrgKind, name: str) -> list[Org]:
    sql = "select org_id, kind, name, subject_id from orgs where kind = $1 and name = $2 order by org_id"
    rows = await tx.fetch(sql, kind.value, name)
    return [org for row in rows if (org := _org(row)) is not None]


async def lock_org(tx: Tx, org_id: UUID) -> Org | None:
    return _org(
        await tx.row("select org_id, kind, name, subject_id from orgs where org_id = $1 for no key update", org_id)
    )


async def set_subject(tx: Tx, org_id: UUID, subject_id: UUID) -> None:
    rows = await tx.execute("update orgs set subject_id = $2 where org_id = $1", org_id, subject_id)
    assert rows == 1, "the organisation was locked"


async def insert_person(tx: Tx, person: Person) -> None:
    await tx.execute(
        "insert into persons (person_id, login, display_name, created_at) values ($1, $2, $3, $4)",
        *(person.person_id, person.login, person.display_name, tx.wall),
    )


async def set_disabled(tx: Tx, person_id: UUID, *, disabled: bool) -> int:
    at = tx.wall if disabled else None
    return await tx.execute("update persons set disabled_at = $2 where person_id = $1", person_id, at)


async def read_colleagues(tx: ReadTx, person_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await tx.fetch("select person_id, display_name from orgs_v_colleagues($1)", list(person_ids))
    return {row["person_id"]: row["display_name"] for row in rows}


def _org(row: Record | None) -> Org | None:
    return None if row is None else Org(row["org_id"], OrgKind(row["kind"]), row["name"], row["subject_id"])
