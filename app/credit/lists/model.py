"""The table of red and black lists."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class ListEntryRow(SQLModel, table=True):
    """One entry as a list gives it. Without a subject it waits, with its identifiers, for the subject to come."""

    __tablename__ = "list_entries"
    __table_args__ = (
        CheckConstraint("matched_by in ('uscc', 'org_code')", name="list_entries_matched_by"),
        CheckConstraint(
            "(subject_id is null) = (matched_by is null) and (subject_id is null) = (matched_at is null)",
            name="list_entries_match_is_whole",
        ),
        CheckConstraint("cardinality(reasons) > 0", name="list_entries_reasons"),
        CheckConstraint("coalesce(uscc, org_code, reg_no) is not null", name="list_entries_identified"),
        Index("list_entries_key", "list_kind", "entry_key", unique=True),
        Index("list_entries_subject", "subject_id", postgresql_where=text("subject_id is not null")),
        Index("list_entries_waiting_uscc", "uscc", postgresql_where=text("subject_id is null")),
        Index("list_entries_waiting_org_code", "org_code", postgresql_where=text("subject_id is null")),
    )

    entry_id: UUID = Field(primary_key=True)
    list_kind: str = Field(sa_type=Text)
    entry_key: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    name_key: str = Field(sa_type=Text)
    uscc: str | None = Field(default=None, sa_type=Text)
    org_code: str | None = Field(default=None, sa_type=Text)
    reg_no: str | None = Field(default=None, sa_type=Text)
    reasons: list[str] = Field(sa_type=ARRAY(Text))
    cause: str = Field(sa_type=Text)
    document: str = Field(sa_type=Text)
    listed_on: date | None = None
    organ: str = Field(sa_type=Text)
    subject_id: UUID | None = None
    matched_by: str | None = Field(default=None, sa_type=Text)
    matched_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    batch_id: UUID
    known_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    ended_why: str | None = Field(default=None, sa_type=Text)
