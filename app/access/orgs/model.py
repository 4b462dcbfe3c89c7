"""Tables of organisations and people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Text, text
from sqlmodel import Field, SQLModel

from app.access.orgs.rules import OrgKind
from app.infra.db import text_enum


class OrgRow(SQLModel, table=True):
    __tablename__ = "orgs"
    __table_args__ = (
        Index("orgs_subject", "subject_id", unique=True, postgresql_where=text("subject_id is not null")),
    )

    org_id: UUID = Field(primary_key=True)
    kind: OrgKind = Field(sa_column=Column(text_enum(OrgKind), nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    subject_id: UUID | None = None
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PersonRow(SQLModel, table=True):
    __tablename__ = "persons"

    person_id: UUID = Field(primary_key=True)
    login: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    display_name: str = Field(sa_column=Column(Text, nullable=False))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
