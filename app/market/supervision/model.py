"""Tables of supervision: settled facts, their sums, and what still moves. Filled by `supervision_fold` alone."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


def _text(*, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(sa.Text, nullable=False, primary_key=primary_key)


def _big() -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, nullable=False)


def _hours(name: str, *columns: str) -> sa.Index:
    """By the hours of waiting for a call, within which a median is looked for."""
    return sa.Index(name, *columns, postgresql_where=sa.text("figure = 'contact_seconds'"))


class TouchedRow(SQLModel, table=True):
    """A suborder that has moved since it was last folded; a trigger on moves adds it."""

    __tablename__ = "supervision_touched"

    seq: int = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    suborder_id: UUID


class FactRow(SQLModel, table=True):
    """What a suborder adds to a figure for good. `mark` tells several facts of one figure apart, in order of time."""

    __tablename__ = "supervision_facts"
    __table_args__ = (
        sa.Index("supervision_facts_cases", "figure", sa.text("at desc"), sa.text("suborder_id desc")),
        sa.Index("supervision_facts_bank", "bank_id", "told_on"),
        sa.Index("supervision_facts_product", "product_id", "told_on"),
        sa.Index("supervision_facts_district", "district", "told_on"),
        _hours("supervision_facts_hours", "bucket", "told_on"),
        _hours("supervision_facts_bank_hours", "bank_id", "bucket"),
        _hours("supervision_facts_branch_hours", "branch_id", "bucket"),
        _hours("supervision_facts_product_hours", "product_id", "bucket"),
        _hours("supervision_facts_district_hours", "district", "bucket"),
    )

    suborder_id: UUID = Field(primary_key=True)
    figure: str = Field(sa_column=_text(primary_key=True))
    mark: int = Field(primary_key=True)
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    district: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
    told_on: date
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())
    bucket: int


class SumRow(SQLModel, table=True):
    """Settled facts added up for a group, by day and by month; `bucket` parts the values of which a median is told."""

    __tablename__ = "supervision_sums"
    __table_args__ = (
        sa.PrimaryKeyConstraint("by", "grain", "told_on", "key", "figure", "bucket"),
        sa.Index(
            "supervision_sums_branch",
            "key",
            "told_on",
            postgresql_where=sa.text("\"by\" = 'branch' and grain = 'month'"),
        ),
    )

    by: str = Field(sa_column=_text())
    key: str = Field(sa_column=_text())
    grain: str = Field(sa_column=_text())
    told_on: date
    figure: str = Field(sa_column=_text())
    bucket: int
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())


class OpenRow(SQLModel, table=True):
    """A suborder whose DECISION clock still runs: its days grow without anybody acting.

    `broken_at`: it is late. `skipped` workdays of pauses that are over; `paused_on`: the first day that an open pause
    skips.
    """

    __tablename__ = "supervision_open"

    suborder_id: UUID = Field(primary_key=True)
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    district: str = Field(sa_column=_text())
    clock_id: UUID
    start_on: date
    broken_at: datetime | None = Field(sa_column=sa.Column(sa.DateTime(timezone=True)))
    skipped: int
    paused_on: date | None


class NameRow(SQLModel, table=True):
    """Under which name, as a key, an order was posted; a trigger on orders adds it. Searched, never shown."""

    __tablename__ = "supervision_names"
    __table_args__ = (
        sa.Index("supervision_names_subject", "subject_id"),
        sa.Index(
            "supervision_names_key",
            "name_key",
            postgresql_using="gin",
            postgresql_ops={"name_key": "extensions.gin_trgm_ops"},
        ),
    )

    order_id: UUID = Field(primary_key=True)
    subject_id: UUID
    name_key: str = Field(sa_column=_text())
