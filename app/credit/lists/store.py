"""All SQL of lists. Takes a transaction, never commits one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.credit.lists.rules import Entry
from app.infra.db import ReadTx, Record, Tx

STAGED: Final = (
    "row_no", "name", "name_key", "uscc", "org_code", "reg_no", "reasons", "cause", "document", "listed_on", "organ",
)  # fmt: skip
CREATE_STAGED: Final = """
create temporary table staged_entries (row_no integer, name text, name_key text, uscc text, org_code text, reg_no text,
  reasons text[], cause text, document text, listed_on date, organ text) on commit drop
"""
# What makes two rows the same entry: who is meant, by the code that all its spellings share, and for what. As a hash,
# since a cause may tell a whole story and an index takes no more than 2,704 bytes.
KEY: Final = """encode(sha256(convert_to(concat_ws('|', coalesce(s.org_code, s.reg_no), s.document, s.listed_on,
  array_to_string(s.reasons, '、'), s.cause), 'UTF8')), 'hex')"""
DROP_REPEATED: Final = f"""
delete from staged_entries t using (
  select s.row_no, row_number() over (partition by {KEY} order by s.row_no) as nth from staged_entries s) n
where n.row_no = t.row_no and n.nth > 1
returning t.row_no, coalesce(t.uscc, t.org_code, t.reg_no) as original
"""  # noqa: S608 — the key is ours
LAND: Final = f"""
insert into list_entries (entry_id, list_kind, entry_key, name, name_key, uscc, org_code, reg_no, reasons, cause,
  document, listed_on, organ, batch_id, known_at)
select uuidv7(), $2, {KEY}, s.name, s.name_key, s.uscc, s.org_code, s.reg_no, s.reasons, s.cause, s.document,
  s.listed_on, s.organ, $1, $3
from staged_entries s on conflict (list_kind, entry_key) do nothing
"""  # noqa: S608 — the key is ours
# The code first; where the list gives none, the organisation code, which is places 9-17 of the code.
MATCH: Final = """
update list_entries e set subject_id = k.subject_id, matched_at = $1,
  matched_by = case when e.uscc is null then 'org_code' else 'uscc' end
from subjects_v_keys k
where e.subject_id is null and (e.uscc = k.uscc or (e.uscc is null and e.org_code = k.org_code))
returning e.subject_id
"""
COLUMNS: Final = """entry_id, list_kind, name, uscc, org_code, reg_no, reasons, cause, document, listed_on, organ,
  subject_id, matched_by, known_at, ended_at"""


async def create_staged(tx: Tx) -> None:
    await tx.execute(CREATE_STAGED)


async def copy_staged(tx: Tx, records: Iterable[Sequence[object]]) -> int:
    return await tx.copy("staged_entries", STAGED, records)


async def drop_repeated(tx: Tx) -> list[tuple[int, str]]:
    return [(row["row_no"], row["original"]) for row in await tx.fetch(DROP_REPEATED)]


async def land(tx: Tx, batch_id: UUID, list_kind: str, now: datetime) -> int:
    return await tx.execute(LAND, batch_id, list_kind, now)


async def match(tx: Tx, now: datetime) -> list[UUID]:
    """Give every waiting entry its subject, where there is one now; return the subjects that were found."""
    return list(dict.fromkeys(row["subject_id"] for row in await tx.fetch(MATCH, now)))


async def read_of_subject(tx: ReadTx, subject_id: UUID, as_of: datetime) -> list[Entry]:
    sql = (
        f"select {COLUMNS} from list_entries where subject_id = $1 and known_at <= $2 and matched_at <= $2"  # noqa: S608
        " order by listed_on desc nulls last, entry_id"
    )
    return [_entry(row) for row in await tx.fetch(sql, subject_id, as_of)]


async def read_waiting(tx: ReadTx, list_kind: str, most: int) -> list[Entry]:
    sql = (
        f"select {COLUMNS} from list_entries where list_kind = $1 and subject_id is null"  # noqa: S608
        " order by entry_id limit $2"
    )
    return [_entry(row) for row in await tx.fetch(sql, list_kind, most)]


async def end(tx: Tx, entry_id: UUID, why: str, now: datetime) -> int:
    return await tx.execute(
        "update list_entries set ended_at = $2, ended_why = $3 where entry_id = $1 and ended_at is null",
        entry_id, now, why,
    )  # fmt: skip


async def read_landed_kinds(tx: ReadTx, as_of: datetime) -> list[Record]:
    return await tx.fetch("select list_kind, known_at from lists_v_landed($1)", as_of)


def _entry(row: Any) -> Entry:
    fields = dict(row)
    fields["reasons"] = tuple(fields["reasons"])
    return Entry(**fields)
