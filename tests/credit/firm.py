"""Invented firms for the rooms of the credit base."""

from datetime import datetime
from uuid import UUID

from app.credit import records, subjects
from app.credit.records import NewRecord
from app.credit.subjects import Subject
from app.infra.db import Database, Role
from app.kernel.codes import org_check, uscc_check


def invented_uscc(number: int) -> str:
    """A well-formed code of an enterprise whose organisation code begins XY: no register gives such."""
    org = f"XY{number:06d}"
    first17 = f"91500000{org}{org_check(org)}"
    return first17 + uscc_check(first17)


async def register(db: Database, number: int, now: datetime, **more: object) -> Subject:
    """An invented enterprise."""
    async with db.transaction(Role.LOADER) as tx:
        return await subjects.register(tx, f"渝样品{number}号厂", now=now, uscc=invented_uscc(number), **more)  # type: ignore[arg-type]


async def report(db: Database, now: datetime, *new: NewRecord) -> int:
    """A provider hands in records."""
    async with db.transaction(Role.LOADER) as tx:
        return await records.add_records(tx, new, now=now)


async def cover(db: Database, subject_id: UUID, now: datetime, *item_codes: str) -> None:
    """A provider says that it has looked at the subject."""
    async with db.transaction(Role.LOADER) as tx:
        for item_code in item_codes:
            await records.mark_covered(tx, [subject_id], item_code, as_of_on=now.date(), source="department", now=now)
