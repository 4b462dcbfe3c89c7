"""All SQL of policies."""

from datetime import date

from app.infra.db import ReadTx, Record
from app.office.policies.rules import Policy

COLUMNS = "kind, key, version, valid_from, valid_to, body"


async def read_in_force(tx: ReadTx, kind: str, key: str, on: date) -> Policy | None:
    sql = (
        f"select {COLUMNS} from policies where kind = $1 and key = $2 and valid_from <= $3"  # noqa: S608
        " and (valid_to is null or valid_to >= $3) order by version desc limit 1"
    )
    row = await tx.row(sql, kind, key, on)
    return None if row is None else _policy(row)


async def read_version_in_force(tx: ReadTx, kind: str, key: str, on: date) -> int | None:
    sql = (
        "select max(version) from policies where kind = $1 and key = $2 and valid_from <= $3"
        " and (valid_to is null or valid_to >= $3)"
    )
    version: int | None = await tx.value(sql, kind, key, on)
    return version


async def read_all_in_force(tx: ReadTx, kind: str, on: date) -> tuple[Policy, ...]:
    sql = (
        f"select distinct on (key) {COLUMNS} from policies where kind = $1 and valid_from <= $2"  # noqa: S608
        " and (valid_to is null or valid_to >= $2) order by key, version desc"
    )
    return tuple(_policy(row) for row in await tx.fetch(sql, kind, on))


async def read_version(tx: ReadTx, kind: str, key: str, version: int) -> Policy | None:
    sql = f"select {COLUMNS} from policies where kind = $1 and key = $2 and version = $3"  # noqa: S608
    row = await tx.row(sql, kind, key, version)
    return None if row is None else _policy(row)


async def read_all_versions(tx: ReadTx, kind: str) -> tuple[Policy, ...]:
    sql = f"select {COLUMNS} from policies where kind = $1 order by key, version"  # noqa: S608
    return tuple(_policy(row) for row in await tx.fetch(sql, kind))


def _policy(row: Record) -> Policy:
    return Policy(row["kind"], row["key"], row["version"], row["valid_from"], row["valid_to"], row["body"])
