"""Tables of oversight: urges and circulars, each with its moves."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

OPEN = sa.text("state not in ('closed', 'withdrawn')")


def _at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def _recorded() -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def _seq() -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _no() -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, sa.Identity(always=True), nullable=False)


class UrgeRow(SQLModel, table=True):
    """One 督办. `clock` and `share` are the rung that issued it, empty and 0 by hand."""

    __tablename__ = "urges"
    __table_args__ = (
        sa.UniqueConstraint("no", name="urges_no"),
        sa.Index("urges_one_open", "about_id", "clock", "share", unique=True, postgresql_where=OPEN),
        sa.Index("urges_one_a_rung", "about_id", "clock", "share", "reached_at", unique=True),
        sa.Index("urges_bank", "bank_id", sa.text("issued_at desc")),
        sa.Index("urges_issued", sa.text("issued_at desc"), sa.text("urge_id desc")),
        sa.Index("urges_open", "state", "issued_at", postgresql_where=OPEN),
    )

    urge_id: UUID = Field(primary_key=True)
    no: int = Field(sa_column=_no())
    about_kind: str = Field(sa_type=sa.Text)
    about_id: UUID
    order_id: UUID | None = None
    bank_id: UUID
    branch_id: UUID | None = None
    addressee: str = Field(sa_type=sa.Text)
    clock: str = Field(sa_type=sa.Text)
    share: int
    reached_at: datetime | None = Field(sa_column=_at(nullable=True))
    by_hand: bool
    said: str = Field(sa_type=sa.Text)
    issued_by: UUID | None = None
    issued_at: datetime = Field(sa_column=_at())
    state: str = Field(sa_type=sa.Text)
    replied_by: UUID | None = None
    replied_at: datetime | None = Field(sa_column=_at(nullable=True))
    breached_at: datetime | None = Field(sa_column=_at(nullable=True))
    ended_by: UUID | None = None
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))


class UrgeMoveRow(SQLModel, table=True):
    """One act on an urge. Append-only."""

    __tablename__ = "urge_moves"
    __table_args__ = (
        sa.Index("urge_moves_urge", "urge_id", "seq"),
        sa.Index("urge_moves_about", "about_id", "seq"),
    )

    seq: int | None = Field(sa_column=_seq())
    urge_id: UUID = Field(foreign_key="urges.urge_id")
    about_id: UUID
    bank_id: UUID
    branch_id: UUID | None = None
    addressee: str = Field(sa_type=sa.Text)
    from_state: str = Field(sa_type=sa.Text)
    act: str = Field(sa_type=sa.Text)
    to_state: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_column=_at())
    recorded_at: datetime = Field(sa_column=_recorded())
    said: str = Field(sa_type=sa.Text)
    by_person: UUID | None = None
    by_org: UUID | None = None


class CircularRow(SQLModel, table=True):
    """One 通报, as published. `document` is all of it, `sha256` its fingerprint. Append-only."""

    __tablename__ = "circulars"
    __table_args__ = (
        sa.UniqueConstraint("no", name="circulars_no"),
        sa.Index("circulars_published", sa.text("published_at desc"), sa.text("circular_id desc")),
    )

    circular_id: UUID = Field(primary_key=True)
    no: int = Field(sa_column=_no())
    measure: str = Field(sa_type=sa.Text)
    month: date
    title: str = Field(sa_type=sa.Text)
    rectify_by_on: date
    to_all: bool
    bank_ids: list[UUID] = Field(sa_column=sa.Column(ARRAY(sa.Uuid), nullable=False))
    document: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    sha256: str = Field(sa_type=sa.Text)
    refers_to: UUID | None = Field(default=None, foreign_key="circulars.circular_id")
    made_by: UUID
    checked_by: UUID
    published_at: datetime = Field(sa_column=_at())


class NamedRow(SQLModel, table=True):
    """A bank that a circular names, and how far it has put things right."""

    __tablename__ = "circular_named"
    __table_args__ = (sa.Index("circular_named_bank", "bank_id", "state"),)

    circular_id: UUID = Field(primary_key=True, foreign_key="circulars.circular_id")
    bank_id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=sa.Text)
    rectify_by_on: date
    answer: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    answered_by: UUID | None = None
    answered_at: datetime | None = Field(sa_column=_at(nullable=True))
    judged_by: UUID | None = None
    judged_at: datetime | None = Field(sa_column=_at(nullable=True))


class CircularMoveRow(SQLModel, table=True):
    """One act on a named bank's part. Append-only."""

    __tablename__ = "circular_moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(["circular_id", "bank_id"], ["circular_named.circular_id", "circular_named.bank_id"]),
        sa.Index("circular_moves_circular", "circular_id", "bank_id", "seq"),
    )

    seq: int | None = Field(sa_column=_seq())
    circular_id: UUID
    bank_id: UUID
    from_state: str = Field(sa_type=sa.Text)
    act: str = Field(sa_type=sa.Text)
    to_state: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_column=_at())
    recorded_at: datetime = Field(sa_column=_recorded())
    said: str = Field(sa_type=sa.Text)
    by_person: UUID
    by_org: UUID
