"""All SQL of policies."""

from datetime import date

from app.infra.db import ReadTx, Record, Tx
from app.office.policies.rules import Policy

COLUMNS = "kind, key, version, valid_from, valid_to, body"


WRITTEN = "xmin::text::bigint"  # The transaction that wrote the row: another one after any change of it.


async def read_stamp(tx: ReadTx) -> tuple[int, int]:
    """What is another after any change of the table: how many rows, and the last transaction that wrote one."""
    row = await tx.row(f"select count(*) as rows, coalesce(max({WRITTEN}), 0) as last from policies")  # noqa: S608
    assert row is not None, "an aggregate has a row"
    return row["rows"], row["last"]


async def read_heads(tx: ReadTx) -> tuple[tuple[int, int], list[Policy]]:
    """Every version without its body, the newest of each key first, with the stamp of just these rows."""
    sql = f"select kind, key, version, valid_from, valid_to, {WRITTEN} as written from policies order by version desc"  # noqa: S608
    rows = await tx.fetch(sql)
    stamp = len(rows), max((row["written"] for row in rows), default=0)
    heads = [Policy(row["kind"], row["key"], row["version"], row["valid_from"], row["valid_to"], {}) for row in rows]
    return stamp, heads


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


async def insert(tx: Tx, policy: Policy) -> bool:
    """Write a version; False when it is there already."""
    sql = f"insert into policies ({COLUMNS}, loaded_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"  # noqa: S608
    row = (policy.kind, policy.key, policy.version, policy.valid_from, policy.valid_to, dict(policy.body), tx.now)
    return await tx.execute(sql, *row) == 1


def _policy(row: Record) -> Policy:
    return Policy(row["kind"], row["key"], row["version"], row["valid_from"], row["valid_to"], row["body"])
