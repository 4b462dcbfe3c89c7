"""Two organisations' twin data: what each role reads by raw SQL under whose scope, and what every page tells (P16)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from litestar import Litestar

from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from tests.conftest import SECRET
from tests.web.app_for_tests import client_of, sign
from tests.web.objects import MAKERS, Made
from tests.web.test_access_matrix import ROWS, app, seats_of

OWNERS = ("org_id", "business_id", "bank_id", "provider_id")  # Columns that say whose a row is.
# What is published, or names organisations and branches as the shelf does: everybody's to read.
# Outlets stand in a public register. A bank's decision document is run for every firm that asks what it can get; what a
# firm is shown of it is its own result, and pages show the document to its bank alone.
PUBLIC = frozenset(
    {"banks", "branches", "products", "product_models", "published_lists", "orgs", "outlets", "policies",
     "business_clock", "suborder_transitions"}
)  # fmt: skip
SHELF = ("banks", "branches", "products", "published_lists")
# Keys of subjects and banks, wrapped: they open nothing without the key outside the database.
WRAPPED = frozenset({"data_keys"})
# Roles without a caller's scope: engines of the house, whose code and not whose scope says what they read.
ENGINES = frozenset({Role.WORKER, Role.LOADER, Role.REPORTER, Role.SEALER, Role.AUTH})
# Before an act's order is known its role finds what it needs by key; rows of orders it sees by the order alone.
FINDS = frozenset(
    {"subjects", "credit_records", "coverages", "invoices", "invoice_features", "list_entries", "subject_names",
     "subject_identifiers", "bank_outlets", "bank_inputs", "pools", "clients", "client_keys", "endpoints", "seats",
     "data_keys", "pool_changes"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Twins:
    """Two casts with the same things; `canaries` are values that stand in the rows of the first alone."""

    mine: Mapping[SeatRole, Seat]
    others: Mapping[SeatRole, Seat]
    canaries: frozenset[str]
    made: Mapping[str, Made]


@pytest.fixture
async def twins(db: Database, admin: "asyncpg.Connection[asyncpg.Record]") -> Twins:
    mine, others = await seats_of(db, "mine"), await seats_of(db, "other")
    made = {name: await MAKERS[name](db, mine, others) for name in sorted(MAKERS)}
    return Twins(mine, others, await canaries_of(admin, {seat.org_id for seat in mine.values()}), made)


async def tables_of(admin: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    rows = await admin.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')"
        " and not relispartition and relname <> 'alembic_version' order by relname"
    )
    return [row["relname"] for row in rows]


async def canaries_of(admin: "asyncpg.Connection[asyncpg.Record]", org_ids: set[UUID]) -> frozenset[str]:
    """Ids, hashes and texts of the rows that belong to these organisations, and to nobody else.

    Without the ids of subjects and of what stands on the shelf: these are public.
    """
    theirs: set[str] = set()
    others: set[str] = set()
    for table in await tables_of(admin):
        if table in PUBLIC:
            continue
        for row in await admin.fetch(f'select * from "{table}"'):
            owners = {row[name] for name in OWNERS if row.get(name) is not None}
            if owners:
                (theirs if owners & org_ids else others).update(values_of(row))
    register = {str(row["subject_id"]) for row in await admin.fetch("select subject_id from subjects")}
    shelf = [await admin.fetch(f'select * from "{table}"') for table in SHELF]
    return frozenset(theirs - others - register - {value for rows in shelf for row in rows for value in values_of(row)})


def values_of(row: Mapping[str, Any]) -> set[str]:
    """What of a row would give it away: everything long enough to be nobody else's."""
    found: set[str] = set()
    for value in row.values():
        if isinstance(value, UUID):
            found.add(str(value))
        elif isinstance(value, str) and len(value) >= 16 and re.search(r"\d", value):
            found.add(value)
    return found


async def seen(db: Database, role: Role, scope: Scope, tables: list[str]) -> dict[str, str]:
    """Everything a role can read under a scope, table by table."""
    found = {}
    for table in tables:
        try:
            async with db.reading(role, scope) as tx:
                found[table] = str([tuple(row.values()) for row in await tx.fetch(f'select * from "{table}"')])
        except asyncpg.InsufficientPrivilegeError:
            continue
    return found


async def leaks(db: Database, twins: Twins, role: Role, scope: Scope, tables: list[str]) -> list[str]:
    told = await seen(db, role, scope, [table for table in tables if table not in PUBLIC | WRAPPED])
    return sorted(
        f"{table} to {role}: {next(iter(hits))} and {len(hits) - 1} more"
        for table, content in told.items()
        if (hits := {canary for canary in twins.canaries if canary in content})
        and not (role is Role.ACT and table in FINDS)
    )


SEATS = [
    (Role.BUSINESS, SeatRole.BUSINESS),
    (Role.BANK, SeatRole.BANK_ADMIN),
    (Role.BANK, SeatRole.BRANCH_CLERK),
    (Role.BANK, SeatRole.BANK_CLIENT),
    (Role.OPS, SeatRole.DATA_OFFICER),
    (Role.ACT, SeatRole.BUSINESS),
    (Role.ACT, SeatRole.BRANCH_CLERK),
    (Role.PUBLIC, None),
]


async def test_no_row_of_another_is_read_by_raw_sql(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]", twins: Twins
) -> None:
    """Every table and view, with no WHERE at all, as every audience: under the other's scope, and under none."""
    assert len(twins.canaries) >= 50
    tables = await tables_of(admin)
    told: list[str] = []

    for role, by in SEATS:
        seat = twins.others[by] if by else None
        scope = Scope(seat.org_id, seat.person_id, seat.branch_id) if seat else Scope()
        told += [f"{by}: {one}" for one in await leaks(db, twins, role, scope, tables)]
        if role is not Role.OPS:  # The machine's own commands act for no organisation.
            told += [f"nobody: {one}" for one in await leaks(db, twins, role, Scope(), tables)]

    assert told == []


@pytest.mark.parametrize("table", ["orders", "consents", "notices"])
async def test_a_policy_that_is_too_wide_is_seen(
    db: Database, admin: "asyncpg.Connection[asyncpg.Record]", twins: Twins, table: str
) -> None:
    """The test above bites: one careless policy on one table, and its rows are named."""
    await admin.execute(f"create policy careless on {table} for select to xyd_bank using (true)")
    await admin.execute(f"grant select on {table} to xyd_bank")
    seat = twins.others[SeatRole.BANK_ADMIN]

    told = await leaks(db, twins, Role.BANK, Scope(seat.org_id, seat.person_id), await tables_of(admin))

    assert any(one.startswith(f"{table} to bank") for one in told)


async def test_the_twin_data_is_seen_by_its_own_organisation(db: Database, admin, twins: Twins) -> None:
    """Without rows to see, the test above would see nothing whatever the policies say."""
    tables = [table for table in await tables_of(admin) if table not in PUBLIC]
    firm, clerk = twins.mine[SeatRole.BUSINESS], twins.mine[SeatRole.BANK_ADMIN]

    told = [
        str(await seen(db, role, Scope(seat.org_id, seat.person_id), tables))
        for role, seat in ((Role.BUSINESS, firm), (Role.BANK, clerk))
    ]

    assert all(sum(canary in one for canary in twins.canaries) >= 10 for one in told)


async def test_nobody_reads_a_table_of_owners_without_a_policy_of_owners(admin) -> None:
    """From the catalogue: firms, banks and the public have no policy `true` on a table that says whose a row is."""
    rows = await admin.fetch(
        "select p.tablename, p.policyname, p.qual as rows from pg_policies p"
        " where exists (select 1 from information_schema.columns c where c.table_name = p.tablename"
        "  and c.column_name = any($1)) and p.policyname ~ '^(business|bank|public)_' and p.cmd <> 'INSERT'",
        list(OWNERS),
    )

    wide = sorted({f"{row['tablename']} {row['policyname']}" for row in rows if row["rows"] == "true"})

    assert [] == [one for one in wide if one.split()[0] not in PUBLIC]


CONFINED = tuple(role for role in SeatRole if role not in (SeatRole.REGULATOR, SeatRole.SERVICE, SeatRole.OPERATOR))


async def test_no_page_or_answer_tells_one_firm_or_bank_of_another(
    db: Database, app: Litestar, admin: "asyncpg.Connection[asyncpg.Record]", twins: Twins
) -> None:
    """Every GET route as every role of the other side: with ids of the first, with its own, with none that exist."""
    names = await admin.fetch(
        "select s.name, s.uscc from subjects s join orgs o using (subject_id) where o.org_id = any($1)",
        [seat.org_id for seat in twins.mine.values()],
    )
    canaries = twins.canaries | {value for row in names for value in row.values() if value}
    told, calls = [], 0
    for role in (None, *CONFINED):
        async with client_of(app) as client:
            if role is not None:
                await sign(db, client, twins.others[role], secret=SECRET)
            for key, row in sorted(ROWS.items()):
                for params in {id(p): p for p in asked(twins, row.object)}.values() if row.method == "GET" else ():
                    url = row.url(params)
                    for accept in ("text/html", "application/json"):
                        answer = await client.get(url, headers={"accept": accept})
                        calls += 1
                        text = answer.text + str(answer.headers.multi_items())
                        told += [f"{key} as {role}: {one}" for one in canaries if one in text and one not in url]
    print(f"{calls} calls, {len(canaries)} canaries")

    assert calls > 500
    assert told == []


def asked(twins: Twins, name: str) -> list[Mapping[str, str]]:
    """Path parameters for a route of that thing: the first one's, the other one's, nobody's."""
    made = twins.made.get(name)
    return [made.own, made.foreign, {}] if made else [{}]


__all__ = ["app"]
