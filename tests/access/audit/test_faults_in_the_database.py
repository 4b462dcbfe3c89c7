"""What somebody with every right on the database can do to the log, and how an export shows it (P22)."""

from pathlib import Path

import asyncpg
import pytest

from app.access import audit
from app.access.audit.rules.checking import check
from app.infra.db import Database, Role
from tests.access.audit.test_tampers import export, known_of, live

COLUMNS = {
    "seq": "overriding",
    "xid": "'7'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "business_at": "business_at - interval '1 day'",
    "actor_id": "gen_random_uuid()",
    "org_id": "gen_random_uuid()",
    "act": "act || 'x'",
    "subject_id": "gen_random_uuid()",
    "case_id": "gen_random_uuid()",
    "request_id": "'0'",
    "detail": """detail || '{"code": "thing.other"}'""",
}
OF = "(select seq from audit_leaves where source = {source} and number >= 20 order by number limit 1)"
A, E = OF.format(source=0), OF.format(source=1)
FAULTS = {
    **{
        f"audit {name}": (f"update audit_events set {name} = {to} where seq = {A}", 0, {"changed", "personal"})
        for name, to in COLUMNS.items()
        if name != "seq"
    },
    "event kind": (f"update outbox set kind = 'OrderPosted' where seq = {E}", 1, {"changed"}),
    "event body": (f"""update outbox set body = body || '{{"end": "refused"}}' where seq = {E}""", 1, {"personal"}),
    "event stream": (f"update outbox set stream_id = gen_random_uuid() where seq = {E}", 1, {"personal"}),
    "event at": (f"update outbox set at = at + interval '1 hour' where seq = {E}", 1, {"changed"}),
    "audit event deleted": (f"delete from audit_events where seq = {A}", 0, {"missing"}),
    "event deleted": (f"delete from outbox where seq = {E}", 1, {"missing"}),
    "salt replaced": (
        f"update audit_salts set salt = sha256('x') where number ="
        f" (select number from audit_leaves where source = 0 and seq = {A})",
        0,
        {"personal"},
    ),
    "salt deleted": (
        f"delete from audit_salts where number = (select number from audit_leaves where source = 0 and seq = {A})",
        0,
        {"erased"},
    ),
    "leaf replaced": (f"update audit_leaves set leaf = sha256('x') where source = 0 and seq = {A}", 0, {"changed"}),
    "two rows swapped": (
        f"update audit_leaves l set seq = case l.seq when {A} then {A} + 1 else {A} end"
        f" where source = 0 and seq in ({A}, {A} + 1)",
        0,
        {"changed"},
    ),
}


async def unguarded(admin: "asyncpg.Connection[asyncpg.Record]", sql: str) -> None:
    """With triggers and foreign keys off, as only a superuser can."""
    await admin.execute("set session_replication_role = replica")
    await admin.execute("alter table audit_leaves drop constraint audit_leaves_row")
    await admin.execute(sql)


@pytest.fixture
async def folder(db: Database, tmp_path: Path) -> Path:
    await live(db, tmp_path / "outside")
    return tmp_path / "outside"


@pytest.mark.parametrize("name", FAULTS)
async def test_a_superusers_fault_is_found_at_its_event(
    db: Database, admin: asyncpg.Connection, folder: Path, name: str
):
    """The row is named, whatever of it was changed."""
    sql, source, whats = FAULTS[name]
    seq = await admin.fetchval(f"select {E if source else A}")
    number = await admin.fetchval("select number from audit_leaves where source = $1 and seq = $2", source, seq)

    await unguarded(admin, sql)

    wrong = check(await export(db)).wrong
    assert wrong is not None
    assert (number, number) == (wrong.number, wrong.until)
    assert wrong.what in whats
    if wrong.what != "erased" and name != "two rows swapped":
        assert (("audit", "event")[source], seq) == (wrong.source, wrong.seq)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("delete from audit_leaves where number >= (select max(size) - 1 from audit_heads)", "count"),
        ("delete from audit_leaves where number = 30", "order"),
        ("delete from audit_heads where no = 2", "head-chain"),
        ("update audit_heads set content = replace(content, '\"no\":2', '\"no\":9') where no = 2", "head-signature"),
        ("update audit_heads set signature = reverse(signature) where no = 2", "head-signature"),
        ("update audit_heads set content = 'x' where no = 2", "head"),
        ("update audit_heads set x = sha256('x') where no >= 0", "head-key"),
        ("update audit_cosignatures set signature = reverse(signature)", "witness"),
        ("insert into audit_events (xid, recorded_at, business_at, act, request_id, detail)"
         " values ('5', now(), now(), 'thing.slipped-in', '', '{}')", "stray"),
        ("insert into outbox (xid, stream_id, kind, body, at) values ('5', gen_random_uuid(), 'X', '{}', now())",
         "stray"),
    ],
)  # fmt: skip
async def test_a_fault_in_the_seals_themselves_is_found(
    db: Database, admin: asyncpg.Connection, folder: Path, sql: str, what: str
):
    """Also an event that was slipped in under an old transaction, which no batch will ever take."""
    await unguarded(admin, sql)

    wrong = check(await export(db)).wrong

    assert wrong is not None
    assert what == wrong.what


async def test_a_cut_off_tail_is_found_against_the_file(db: Database, admin: asyncpg.Connection, folder: Path):
    """Leaves, heads and events of the tail are gone: what is left is whole, and shorter than what was published."""
    await unguarded(
        admin,
        "delete from audit_events where seq in (select seq from audit_leaves where source = 0 and number >= 80);"
        "delete from outbox where seq in (select seq from audit_leaves where source = 1 and number >= 80);"
        "delete from audit_cosignatures where no > (select min(no) from audit_heads where size >= 80);"
        "delete from audit_heads where size > 80; delete from audit_leaves where number >= (select max(size)"
        " from audit_heads); delete from audit_salts where number >= (select max(size) from audit_heads)",
    )
    lines = await export(db)
    known = known_of(folder)

    wrong = check(lines, known).wrong

    assert wrong is not None
    assert ("cut", known[-1].signed.head.no) == (wrong.what, wrong.head)


async def test_every_head_continues_every_earlier_one(db: Database, folder: Path):
    """Proofs from the nodes that are kept, between each pair of stored heads."""
    from app.access.audit.rules.merkle import continues
    from app.access.audit.service.proving import continuation

    stored = [one.signed.head for one in known_of(folder)]

    async with db.reading(Role.REPORTER) as tx:
        for new in stored:
            for old in stored[: new.no + 1]:
                path = await continuation(tx, old.size, new.size)
                roots = bytes.fromhex(old.root), bytes.fromhex(new.root)
                assert continues(old.size, roots[0], new.size, roots[1], path)


async def test_a_cases_proof_says_what_is_sealed_and_what_is_wrong(
    db: Database, admin: asyncpg.Connection, folder: Path
):
    """For the line on its file: sealed when, and whether each event is still what it was."""
    from uuid import UUID

    from tests.access.audit.test_tampers import write

    case = UUID(int=21)
    async with db.reading(Role.REGULATOR) as tx:
        sound = await audit.proof_of(tx, case)
    await write(db, "thing.just-now", case)
    async with db.reading(Role.REGULATOR) as tx:
        later = await audit.proof_of(tx, case)
    await unguarded(admin, "update audit_events set act = 'thing.forged' where act = 'thing.n21'")
    async with db.reading(Role.REGULATOR) as tx:
        broken = await audit.proof_of(tx, case)
        nothing = await audit.proof_of(tx, UUID(int=12345))

    assert (sound.events, sound.sealed, sound.waiting, sound.wrong) == (2, 2, 0, None)
    assert sound.sealed_at is not None
    assert (later.sealed, later.waiting, later.wrong) == (2, 2, None)
    assert broken.wrong == ("audit", await admin.fetchval("select seq from audit_events where act = 'thing.forged'"))
    assert (nothing.events, nothing.head_no) == (0, None)
