"""The audit log's table. Rows are only ever added: no grant to change them, and triggers that refuse."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction number."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class AuditEvent(SQLModel, table=True):
    """`xid` lets a reader in order of `seq` stop at the snapshot floor, so that it never skips a slow commit."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("audit_events_case", "case_id", "seq", postgresql_where=text("case_id is not null")),
        Index("audit_events_subject", "subject_id", "seq", postgresql_where=text("subject_id is not null")),
    )

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    xid: int = Field(sa_column=Column(Xid8, nullable=False, server_default=text("pg_current_xact_id()")))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    business_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_id: UUID | None = None
    org_id: UUID | None = None
    act: str = Field(sa_column=Column(Text, nullable=False))
    subject_id: UUID | None = None
    case_id: UUID | None = None
    request_id: str = Field(sa_column=Column(Text, nullable=False))
    detail: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
