"""All SQL of subjects. Takes a transaction, never commits one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.credit.subjects.rules import PlaceReason, Subject, SubjectKind
from app.infra.db import ReadTx, Tx
from app.kernel.text import match_key

COLUMNS: Final = """s.subject_id, s.kind, s.name, s.uscc, s.org_code, s.district_code, s.place_as_written,
    s.place_reason, s.address, s.founded_on, s.entity_type, s.scope, s.capital_fen, s.capital_as_written,
    s.capital_currency, s.agri, s.bank_id, s.customer_no"""

STAGED: Final = (
    "row_no", "uscc", "kind", "org_code", "name", "name_key", "district_code", "place_as_written", "place_reason",
    "founded_on", "entity_type", "capital_fen", "capital_currency", "capital_as_written", "scope", "address",
    "uscc_as_written",
)  # fmt: skip
STAGED_CUSTOMERS: Final = ("row_no", "customer_no", "name", "name_key", "bank_rating", "defaulted")

# Temporary tables of the loading transaction: whatever happens to it, they are gone with it.
CREATE_STAGED: Final = """
create temporary table staged_subjects (row_no integer, uscc text, kind text, org_code text, name text, name_key text,
  district_code text, place_as_written text, place_reason text, founded_on date, entity_type text, capital_fen bigint,
  capital_currency text, capital_as_written text, scope text, address text, uscc_as_written text) on commit drop
"""
CREATE_STAGED_CUSTOMERS: Final = """
create temporary table staged_customers (row_no integer, customer_no text, name text, name_key text, bank_rating text,
  defaulted boolean) on commit drop
"""
DROP_REPEATED: Final = """
delete from staged_subjects s using (
  select row_no, row_number() over (partition by uscc order by row_no) as nth from staged_subjects) n
where n.row_no = s.row_no and n.nth > 1 returning s.row_no, coalesce(s.uscc_as_written, s.uscc) as original
"""
DROP_REPEATED_CUSTOMERS: Final = """
delete from staged_customers s using (
  select row_no, row_number() over (partition by customer_no order by row_no) as nth from staged_customers) n
where n.row_no = s.row_no and n.nth > 1 returning s.row_no, s.customer_no as original
"""
# A batch that speaks of an older day than what is held changes nothing; one that names no day counts as newer.
UPSERT: Final = """
insert into subjects as s (subject_id, kind, name, name_key, uscc, org_code, district_code, place_as_written,
  place_reason, address, founded_on, entity_type, scope, capital_fen, capital_currency, capital_as_written, as_of_on,
  batch_id, first_seen_at, changed_at)
select uuidv7(), t.kind, t.name, t.name_key, t.uscc, t.org_code, t.district_code, t.place_as_written, t.place_reason,
  t.address, t.founded_on, t.entity_type, t.scope, t.capital_fen, t.capital_currency, t.capital_as_written, $2, $1,
  $3, $3
from staged_subjects t
on conflict (uscc) do update set
  name = excluded.name, name_key = excluded.name_key, district_code = excluded.district_code,
  place_as_written = excluded.place_as_written, place_reason = excluded.place_reason, address = excluded.address,
  founded_on = excluded.founded_on, entity_type = excluded.entity_type, scope = excluded.scope,
  capital_fen = excluded.capital_fen, capital_currency = excluded.capital_currency,
  capital_as_written = excluded.capital_as_written, as_of_on = coalesce(excluded.as_of_on, s.as_of_on),
  batch_id = excluded.batch_id, changed_at = excluded.changed_at
where (s.name, s.district_code, s.place_as_written, s.address, s.founded_on, s.entity_type, s.scope, s.capital_fen,
       s.capital_as_written)
    is distinct from (excluded.name, excluded.district_code, excluded.place_as_written, excluded.address,
       excluded.founded_on, excluded.entity_type, excluded.scope, excluded.capital_fen, excluded.capital_as_written)
  and not coalesce(excluded.as_of_on < s.as_of_on, false)
returning s.subject_id, s.name, old.subject_id is null as fresh
"""
UPSERT_CUSTOMERS: Final = """
insert into subjects as s (subject_id, kind, name, name_key, bank_id, customer_no, batch_id, first_seen_at, changed_at)
select uuidv7(), 'MASKED', t.name, t.name_key, $2, t.customer_no, $1, $3, $3 from staged_customers t
on conflict (bank_id, customer_no) do update set
  name = excluded.name, name_key = excluded.name_key, batch_id = excluded.batch_id, changed_at = excluded.changed_at
where s.name <> excluded.name
returning s.subject_id, s.name, old.subject_id is null as fresh
"""
ADD_NAMES: Final = """
insert into subject_names (subject_id, since_at, name, batch_id)
select one.subject_id, $3, one.name, $4 from unnest($1::uuid[], $2::text[]) as one (subject_id, name)
where one.name is distinct from (
  select n.name from subject_names n where n.subject_id = one.subject_id order by n.since_at desc limit 1)
on conflict (subject_id, since_at) do nothing
"""
ADD_SPELLINGS: Final = """
insert into subject_identifiers (subject_id, value, batch_id, seen_at)
select s.subject_id, t.uscc_as_written, $1, $2 from staged_subjects t join subjects s using (uscc)
where t.uscc_as_written is not null on conflict do nothing
"""
INSERT: Final = """
insert into subjects (subject_id, kind, name, name_key, uscc, org_code, district_code, place_as_written, place_reason,
  address, founded_on, entity_type, scope, capital_fen, capital_currency, capital_as_written, agri, bank_id,
  customer_no, first_seen_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
"""


async def read(tx: ReadTx, subject_id: UUID) -> Subject | None:
    return _subject(await tx.row(f"select {COLUMNS} from subjects s where s.subject_id = $1", subject_id))  # noqa: S608


async def read_by_uscc(tx: ReadTx, uscc: str) -> Subject | None:
    return _subject(await tx.row(f"select {COLUMNS} from subjects s where s.uscc = $1", uscc))  # noqa: S608


async def read_by_customer(tx: ReadTx, bank_id: UUID, customer_no: str) -> Subject | None:
    sql = f"select {COLUMNS} from subjects s where s.bank_id = $1 and s.customer_no = $2"  # noqa: S608
    return _subject(await tx.row(sql, bank_id, customer_no))


async def read_by_name(tx: ReadTx, name_key: str, most: int) -> list[Subject]:
    """Subjects whose name has this key or begins with it; candidates for a person, best first."""
    sql = (
        f"select {COLUMNS} from subjects s where s.name_key like $1 || '%'"  # noqa: S608
        " order by s.name_key, s.subject_id limit $2"
    )
    escaped = name_key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [one for row in await tx.fetch(sql, escaped, most) if (one := _subject(row)) is not None]


async def read_names(tx: ReadTx, subject_id: UUID) -> list[tuple[str, datetime]]:
    sql = "select name, since_at from subject_names where subject_id = $1 order by since_at"
    return [(row["name"], row["since_at"]) for row in await tx.fetch(sql, subject_id)]


async def read_outlets(tx: ReadTx, batch_id: UUID) -> list[Subject]:
    sql = (
        f"select {COLUMNS} from bank_outlets o join subjects s using (subject_id)"  # noqa: S608
        " where o.batch_id = $1 order by s.uscc"
    )
    return [one for row in await tx.fetch(sql, batch_id) if (one := _subject(row)) is not None]


async def read_banks_with_customers(tx: ReadTx) -> list[UUID]:
    """Banks that have masked firms; at most two, since one is enough to know and two are too many to guess."""
    rows = await tx.fetch("select distinct bank_id from subjects where bank_id is not null limit 2")
    return [row["bank_id"] for row in rows]


async def insert(tx: Tx, subject: Subject, now: datetime) -> None:
    s = subject
    await tx.execute(
        INSERT, s.subject_id, s.kind.value, s.name, match_key(s.name), s.uscc, s.org_code, s.district_code,
        s.place_as_written, s.place_reason.value if s.place_reason else None, s.address, s.founded_on, s.entity_type,
        s.scope, s.capital_fen, s.capital_currency, s.capital_as_written, s.agri, s.bank_id, s.customer_no, now,
    )  # fmt: skip
    await tx.execute(ADD_NAMES, [s.subject_id], [s.name], now, None)


async def create_staged(tx: Tx) -> None:
    await tx.execute(CREATE_STAGED)


async def create_staged_customers(tx: Tx) -> None:
    await tx.execute(CREATE_STAGED_CUSTOMERS)


async def copy_staged(tx: Tx, records: Iterable[Sequence[object]]) -> int:
    return await tx.copy("staged_subjects", STAGED, records)


async def copy_staged_customers(tx: Tx, records: Iterable[Sequence[object]]) -> int:
    return await tx.copy("staged_customers", STAGED_CUSTOMERS, records)


async def drop_repeated(tx: Tx) -> list[tuple[int, str]]:
    return [(row["row_no"], row["original"]) for row in await tx.fetch(DROP_REPEATED)]


async def drop_repeated_customers(tx: Tx) -> list[tuple[int, str]]:
    return [(row["row_no"], row["original"]) for row in await tx.fetch(DROP_REPEATED_CUSTOMERS)]


async def upsert_staged(tx: Tx, batch_id: UUID, as_of_on: date | None, now: datetime) -> int:
    """Put the staged subjects in force; return how many are new."""
    changed = await tx.fetch(UPSERT, batch_id, as_of_on, now)
    await _add_names(tx, changed, batch_id, now)
    await tx.execute(ADD_SPELLINGS, batch_id, now)
    return sum(row["fresh"] for row in changed)


async def upsert_staged_customers(tx: Tx, batch_id: UUID, bank_id: UUID, now: datetime) -> int:
    changed = await tx.fetch(UPSERT_CUSTOMERS, batch_id, bank_id, now)
    await _add_names(tx, changed, batch_id, now)
    return sum(row["fresh"] for row in changed)


async def _add_names(tx: Tx, changed: Sequence[Any], batch_id: UUID, now: datetime) -> None:
    names = [row["name"] for row in changed]
    await tx.execute(ADD_NAMES, [row["subject_id"] for row in changed], names, now, batch_id)


async def read_staged_ids(tx: ReadTx) -> list[UUID]:
    rows = await tx.fetch("select s.subject_id from staged_subjects t join subjects s using (uscc)")
    return [row["subject_id"] for row in rows]


async def add_outlets(tx: Tx, batch_id: UUID) -> None:
    await tx.execute(
        "insert into bank_outlets (batch_id, subject_id)"
        " select $1, s.subject_id from staged_subjects t join subjects s using (uscc)",
        batch_id,
    )


async def read_staged_customers(tx: ReadTx, bank_id: UUID) -> list[tuple[UUID, str, str | None, bool | None]]:
    sql = (
        "select s.subject_id, t.customer_no, t.bank_rating, t.defaulted from staged_customers t"
        " join subjects s on s.bank_id = $1 and s.customer_no = t.customer_no order by t.row_no"
    )
    return [(row[0], row[1], row[2], row[3]) for row in await tx.fetch(sql, bank_id)]


def _subject(row: Any) -> Subject | None:
    if row is None:
        return None
    fields = dict(row)
    fields["kind"] = SubjectKind(fields["kind"])
    fields["place_reason"] = PlaceReason(fields["place_reason"]) if fields["place_reason"] else None
    return Subject(**fields)


async def read_names_of(tx: ReadTx, subject_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await tx.fetch("select subject_id, name from subjects where subject_id = any($1)", list(subject_ids))
    return {row["subject_id"]: row["name"] for row in rows}


async def read_names_like(tx: ReadTx, subject_ids: Sequence[UUID], likes: Sequence[str], code: str) -> dict[UUID, str]:
    """The names of those whose key fits one of the patterns, or whose code contains that piece (empty: no code)."""
    rows = await tx.fetch(
        "select subject_id, name from subjects where subject_id = any($1)"
        " and (name_key like any($2) or ($3 <> '' and position($3 in coalesce(uscc, org_code, '')) > 0))",
        list(subject_ids), list(likes), code,
    )  # fmt: skip
    return {row["subject_id"]: row["name"] for row in rows}
