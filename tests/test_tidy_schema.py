"""House rules over the migrated schema, read from PostgreSQL's catalogue. A failure names the object and the rule."""

import warnings
from collections.abc import AsyncIterator
from importlib import import_module

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import SAWarning
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from app.infra.db import Database, Role
from app.infra.migrate import downgrade, head, migrate
from tests.conftest import SECRET, Cluster
from tests.support import REPOSITORY

ALEMBIC = "alembic_version"  # Alembic's own; the owner's alone, nobody else may even read it
# Tables of the ground floor: no room owns them, nothing types their rows, so migration 0001 alone declares them.
WITHOUT_MODEL = {"business_clock", "outbox", "outbox_deliveries", "leases"}

NOT_FORCED = f"""
select c.relname, c.relrowsecurity, c.relforcerowsecurity,
       (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '{ALEMBIC}'
   and not (c.relispartition and not exists (select 1 from aclexplode(c.relacl) a where a.grantee <> c.relowner))
   and not (c.relrowsecurity and c.relforcerowsecurity
            and exists (select 1 from pg_policy p where p.polrelid = c.oid))
"""  # a partition that nobody is granted is reached through its parent alone, whose policies hold

LEAKY_VIEWS = """
select relname from pg_class
 where relnamespace = 'public'::regnamespace and relkind = 'v'
   and not coalesce('security_invoker=true' = any(reloptions) or 'security_invoker=on' = any(reloptions), false)
"""

INEXACT = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as kind
  from pg_attribute a join pg_class c on c.oid = a.attrelid
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'c') and a.attnum > 0
   and not a.attisdropped
   and coalesce((select t.typelem from pg_type t where t.oid = a.atttypid and t.typcategory = 'A'), a.atttypid)
       in ('real'::regtype, 'double precision'::regtype, 'money'::regtype, 'numeric'::regtype)
   and not (a.atttypid = 'numeric'::regtype and a.atttypmod <> -1)
"""

NAIVE = """
select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0
   and not a.attisdropped and a.atttypid in ('timestamp'::regtype, 'time'::regtype, 'timetz'::regtype)
"""

SMALL_MONEY = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as kind
  from pg_attribute a join pg_class c on c.oid = a.attrelid
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
   and (a.attname like '%\\_fen' and a.atttypid <> 'bigint'::regtype
     or a.attname like '%\\_ppm' and a.atttypid not in ('integer'::regtype, 'bigint'::regtype)
     or a.attname like '%\\_at' and a.atttypid <> 'timestamptz'::regtype
     or a.attname like '%\\_on' and a.atttypid <> 'date'::regtype)
"""

POWERS = """
select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles
 where rolname like 'xyd\\_%' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
"""

OWNED = """
select c.relname, c.relowner::regrole::text as owner from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relowner::regrole::text <> 'xyd_owner'
union all
select p.proname, p.proowner::regrole::text from pg_proc p
 where p.pronamespace = 'public'::regnamespace and p.proowner::regrole::text <> 'xyd_owner'
"""

MEMBERS = """
select m.member::regrole::text as member, m.roleid::regrole::text as of from pg_auth_members m
 where (m.member::regrole::text like 'xyd\\_%' or m.roleid::regrole::text like 'xyd\\_%')
   and not (select rolsuper from pg_roles r where r.oid = m.member)
"""

GIVEN_TO_ALL = """
select c.relname, a.privilege_type from pg_class c, aclexplode(c.relacl) a
 where c.relnamespace = 'public'::regnamespace and a.grantee = 0
"""

UNPINNED = """
select proname from pg_proc
 where pronamespace = 'public'::regnamespace and prosecdef
   and not exists (select 1 from unnest(coalesce(proconfig, '{}')) s where s like 'search_path=%')
"""


async def found(admin: "asyncpg.Connection[asyncpg.Record]", sql: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in await admin.fetch(sql))


RULES = {
    "every table forces row-level security and has a policy (P16)": NOT_FORCED,
    "a view shows what its reader may see: security_invoker (P16)": LEAKY_VIEWS,
    "nothing is stored inexactly: no real, double, money, unscaled numeric": INEXACT,
    "instants are aware": NAIVE,
    "_fen is bigint, _ppm an integer, _at an instant, _on a date": SMALL_MONEY,
    "no login role has powers of its own (P16)": POWERS,
    "the owner role alone owns (P16)": OWNED,
    "nothing is granted to everybody": GIVEN_TO_ALL,
    "a security-definer function pins its search_path": UNPINNED,
}


@pytest.mark.parametrize("rule", RULES)
async def test_the_schema_keeps_its_rules(admin: asyncpg.Connection, rule: str):
    """Read from the catalogue, so that no migration can forget one."""
    broken = await found(admin, RULES[rule])

    assert not broken, f"{rule}:\n" + "\n".join(map(str, broken))


PLANTED = {
    "every table forces row-level security and has a policy (P16)": [
        "create table bare (n int)",
        "create table bare (n int); alter table bare enable row level security; create policy p on bare using (true)",
        "create table bare (n int); alter table bare enable row level security, force row level security",
        "create table bare (n int) partition by range (n); alter table bare enable row level security,"
        " force row level security; create policy p on bare using (true);"
        " create table part partition of bare default; grant select on part to xyd_bank",
    ],
    "a view shows what its reader may see: security_invoker (P16)": [
        "create view leaky as select 1 as n",
        "create view leaky with (security_invoker = false) as select 1 as n",
    ],
    "nothing is stored inexactly: no real, double, money, unscaled numeric": [
        "create table t (n real)",
        "create table t (n float)",
        "create table t (n money)",
        "create table t (n numeric)",
        "create table t (n double precision[])",
        "create view v as select avg(n) as mean from (values (1::bigint)) x(n)",
    ],
    "instants are aware": ["create table t (n timestamp)"],
    "_fen is bigint, _ppm an integer, _at an instant, _on a date": [
        "create table t (amount_fen integer)",
        "create table t (rate_ppm text)",
        "create table t (paid_at date)",
        "create table t (due_on timestamptz)",
    ],
    "no login role has powers of its own (P16)": [
        "alter role xyd_bank bypassrls",
        "alter role xyd_bank superuser",
        "alter role xyd_bank createrole",
    ],
    "the owner role alone owns (P16)": [
        "create table t (n int)",
        "create function f() returns int language sql return 1",
    ],
    "nothing is granted to everybody": ["grant select on outbox to public"],
    "a security-definer function pins its search_path": [
        "create function f() returns int language sql security definer return 1"
    ],
}


@pytest.mark.parametrize(("rule", "fault"), [(rule, fault) for rule, faults in PLANTED.items() for fault in faults])
async def test_a_planted_fault_in_the_schema_is_seen(admin: asyncpg.Connection, rule: str, fault: str):
    """Rolled back afterwards, since roles belong to the whole server."""
    before = await found(admin, RULES[rule])
    transaction = admin.transaction()
    await transaction.start()

    await admin.execute(fault)
    after = await found(admin, RULES[rule])
    await transaction.rollback()

    assert len(after) == len(before) + 1


def test_every_rule_of_the_schema_has_a_planted_fault():
    """A rule that was never seen to fail may be asleep."""
    assert PLANTED.keys() == RULES.keys()


async def test_only_the_migration_step_can_become_the_owner(admin: asyncpg.Connection):
    """Whoever could become the owner could drop a policy. The owner, who cannot log in, may see how old transactions
    are, and nothing else of the server."""
    members = await found(admin, MEMBERS)

    assert members == [("xyd_migrate", "xyd_owner"), ("xyd_owner", "pg_read_all_stats")]


@pytest.mark.parametrize("role", Role)
async def test_a_unit_of_work_begins_without_scope_or_powers(db: Database, role: Role):
    """What policies compare with is NULL until somebody says who acts, so a forgotten scope shows nothing (P16)."""
    async with db.reading(role) as tx:
        scope = await tx.row("select app_org(), app_actor(), app_branch(), app_case()")
        powers = await tx.value("select pg_has_role(current_user, 'xyd_owner', 'member')")

    assert tuple(scope.values()) == (None, None, None, None)
    assert powers is False


UNCONDITIONAL = """
select c.relname, p.polname, r.rolname from pg_policy p join pg_class c on c.oid = p.polrelid
  cross join unnest(p.polroles) o join pg_roles r on r.oid = o
 where r.rolname in ('xyd_business', 'xyd_bank') and p.polcmd in ('r', '*')
   and pg_get_expr(p.polqual, p.polrelid) = 'true'
   and exists (select 1 from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
                and a.attname in ('business_id', 'org_id', 'order_id', 'suborder_id', 'consent_id'))
"""


async def test_no_firm_or_bank_sees_every_row_of_what_belongs_to_somebody(admin: asyncpg.Connection):
    """A table whose rows belong to a firm, a bank or an order never has the policy `true` for firms or banks (P16)."""
    open_tables = await found(admin, UNCONDITIONAL)

    assert not open_tables, "\n".join(map(str, open_tables))


async def test_a_policy_that_shows_every_row_is_seen(admin: asyncpg.Connection):
    """Planted and rolled back."""
    transaction = admin.transaction()
    await transaction.start()

    await admin.execute("create policy wide on consents for select to xyd_bank using (true)")
    open_tables = await found(admin, UNCONDITIONAL)
    await transaction.rollback()

    assert ("consents", "wide", "xyd_bank") in open_tables


async def test_alembics_own_table_is_written_by_its_owner_alone(admin: asyncpg.Connection):
    """The one table without policies: others may at most read which version the schema has."""
    grants = (
        "select a.grantee::regrole::text, a.privilege_type from pg_class c, aclexplode(c.relacl) a where c.relname = $1"
    )

    others = {tuple(r.values()) for r in await admin.fetch(grants, ALEMBIC) if r[0] != "xyd_owner"}

    assert {privilege for _, privilege in others} <= {"SELECT"}


def import_models() -> None:
    for path in sorted((REPOSITORY / "app").rglob("*.py")):
        if path.name == "model.py" or "__tablename__" in path.read_text():
            import_module(".".join(path.relative_to(REPOSITORY).with_suffix("").parts))


def differences(connection: Connection) -> list[str]:
    """What Alembic would change to make the schema what the models say. Left out, each for a reason:

    tables of `WITHOUT_MODEL`; partitions (made and dropped as time goes by); comments (they live in the code).
    """
    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": False, "include_object": _is_declared},
    )
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Did not recognize type", SAWarning
        )  # xid8, of which SQLAlchemy knows nothing
        diffs = compare_metadata(context, SQLModel.metadata)
    single = [one for diff in diffs for one in (diff if isinstance(diff, list) else [diff])]
    return sorted(_words(one) for one in single if "comment" not in one[0])


def _is_declared(thing: object, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    if kind == "table" and reflected:
        return name not in WITHOUT_MODEL | {ALEMBIC} | PARTITIONS
    return True


PARTITIONS: set[str] = set()


def _words(difference: tuple[object, ...]) -> str:
    def word(part: object) -> str:
        table = getattr(getattr(part, "table", None), "name", "")
        name = getattr(part, "name", None)
        return f"{table}.{name}".strip(".") if name is not None else str(part)

    return " ".join(word(part) for part in difference if part is not None and not isinstance(part, dict))


@pytest.fixture
async def plan(cluster: Cluster, database_name: str, admin: asyncpg.Connection) -> AsyncIterator["Plan"]:
    PARTITIONS.update(r[0] for r in await admin.fetch("select relname from pg_class where relispartition"))
    engine = create_async_engine(
        cluster.address(database_name).replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool,
        connect_args={"server_settings": {"application_name": "fault-injector"}},
    )  # fmt: skip

    async def differ() -> list[str]:
        async with engine.connect() as connection:
            return await connection.run_sync(differences)

    yield differ
    await engine.dispose()


Plan = object


async def test_models_and_migrated_schema_agree(plan):
    """The models are what the code believes; the migrations are what is there."""
    import_models()

    differences_found = await plan()
    assert not differences_found, "\n".join(differences_found)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("create table stray (n int)", "remove_table stray"),
        ("alter table consents add column stray int", "remove_column consents consents.stray"),
        ("alter table consents drop column letter", "add_column consents consents.letter"),
        ("alter table consents alter column letter drop not null", "modify_nullable consents letter"),
        ("alter table consents alter column text_version type bigint", "modify_type consents text_version"),
        ("drop index consents_one_alive", "add_index consents.consents_one_alive"),
    ],
)
async def test_a_schema_that_drifts_is_seen(plan, admin: asyncpg.Connection, fault: str, complaint: str):
    """Also a column that nobody reads yet."""
    import_models()
    await admin.execute(fault)

    assert [d for d in await plan() if d.startswith(complaint)], await plan()


async def test_every_migration_can_be_undone_and_done_again(cluster: Cluster, database_name: str):
    """A downgrade that leaves something behind makes the next upgrade fail where it hurts: in production."""
    names = {"database": database_name, "prefix": "xyd"}

    await downgrade(cluster.url, SECRET, "base", **names)
    left = await _objects(cluster, database_name)
    await migrate(cluster.url, SECRET, **names)

    assert left == [ALEMBIC, "alembic_version_pkc"]
    assert await _version(cluster, database_name) == head()


async def _objects(cluster: Cluster, name: str) -> list[str]:
    return await _column(
        cluster, name,
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " union all select proname from pg_proc where pronamespace = 'public'::regnamespace"
        " union all select typname from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')",
    )  # fmt: skip


async def _version(cluster: Cluster, name: str) -> str:
    (version,) = await _column(cluster, name, f"select version_num from {ALEMBIC}")
    return version


async def _column(cluster: Cluster, name: str, sql: str) -> list[str]:
    connection = await asyncpg.connect(
        cluster.address(name), server_settings={"application_name": "fault-injector"}
    )  # fmt: skip
    try:
        return sorted(row[0] for row in await connection.fetch(sql))
    finally:
        await connection.close()


async def test_migrating_twice_changes_nothing(cluster: Cluster, database_name: str, admin: asyncpg.Connection):
    """The step runs at every start of a release."""
    before = await found(admin, "select relname, relfilenode from pg_class where relnamespace = 'public'::regnamespace")

    await migrate(cluster.url, SECRET, database=database_name, prefix="xyd")

    after = await found(admin, "select relname, relfilenode from pg_class where relnamespace = 'public'::regnamespace")
    assert after == before
