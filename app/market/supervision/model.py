"""Tables of supervision: what is folded (by `supervision_fold` alone), what is frozen, and documents of both."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _text(*, primary_key: bool = False, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(sa.Text, nullable=nullable, primary_key=primary_key)


def _big() -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, nullable=False)


def _instant() -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=False)


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
        _hours("supervision_facts_industry_hours", "industry", "bucket"),
        _hours("supervision_facts_size_hours", "size", "bucket"),
        _hours("supervision_facts_loan_type_hours", "loan_type", "bucket"),
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
    industry: str = Field(sa_column=_text())
    size: str = Field(sa_column=_text())
    loan_type: str = Field(sa_column=_text())


class SumRow(SQLModel, table=True):
    """Settled facts added up for a group by day, by month and over all time (`ever`).

    `bucket` parts the values of which a median is told.
    """

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
    industry: str = Field(sa_column=_text())
    size: str = Field(sa_column=_text())
    loan_type: str = Field(sa_column=_text())


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


class TraitsRow(SQLModel, table=True):
    """A firm's industry (a section of GB/T 4754) and size as they were known when it posted; "" was not collected."""

    __tablename__ = "supervision_traits"
    __table_args__ = (
        sa.CheckConstraint("industry ~ '^[A-T]?$'", name="supervision_traits_industry_check"),
        sa.CheckConstraint("size in ('', 'large', 'medium', 'small', 'micro')", name="supervision_traits_size_check"),
    )

    order_id: UUID = Field(primary_key=True)
    industry: str = Field(sa_column=_text())
    size: str = Field(sa_column=_text())


class MonthRow(SQLModel, table=True):
    """A month as it was frozen: when, by whom, by which rules, over how many facts, and the digest of all of it.

    `names` are those of the day, by `by:key`; `policies` the versions by `kind/key`; `last_seq` the newest move seen.
    """

    __tablename__ = "supervision_months"
    __table_args__ = (
        sa.CheckConstraint("extract(day from month) = 1", name="supervision_months_month_check"),
        sa.CheckConstraint("made_by <> checked_by", name="supervision_months_four_eyes"),
    )

    month: date = Field(primary_key=True)
    number: str = Field(sa_column=sa.Column(sa.Text, nullable=False, unique=True))
    frozen_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_instant())
    last_seq: int = Field(sa_column=_big())
    facts: int
    facts_sha256: str = Field(sa_column=_text())
    sha256: str = Field(sa_column=_text())
    formula: int
    policies: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    names: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    by_org: UUID
    made_by: UUID
    checked_by: UUID


class FrozenFactRow(SQLModel, table=True):
    """What a suborder added to a figure of a month when it was frozen."""

    __tablename__ = "supervision_frozen_facts"

    month: date = Field(primary_key=True)
    figure: str = Field(sa_column=_text(primary_key=True))
    suborder_id: UUID = Field(primary_key=True)
    mark: int = Field(primary_key=True)
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    district: str = Field(sa_column=_text())
    industry: str = Field(sa_column=_text())
    size: str = Field(sa_column=_text())
    loan_type: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=_instant())
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())


class FrozenVoiceRow(SQLModel, table=True):
    """What a complaint, rating, call-back or urge added to a figure of a month when it was frozen."""

    __tablename__ = "supervision_frozen_voices"

    month: date = Field(primary_key=True)
    figure: str = Field(sa_column=_text(primary_key=True))
    voice_id: UUID = Field(primary_key=True)
    suborder_id: UUID | None
    order_id: UUID | None
    bank_id: UUID
    branch_id: UUID | None
    product_id: UUID | None
    district: str | None = Field(sa_column=_text(nullable=True))
    industry: str | None = Field(sa_column=_text(nullable=True))
    size: str | None = Field(sa_column=_text(nullable=True))
    loan_type: str | None = Field(sa_column=_text(nullable=True))
    at: datetime = Field(sa_column=_instant())
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())


class FrozenFigureRow(SQLModel, table=True):
    """A figure of a group in a month as it was frozen."""

    __tablename__ = "supervision_frozen_figures"

    month: date = Field(primary_key=True)
    by: str = Field(sa_column=_text(primary_key=True))
    key: str = Field(sa_column=_text(primary_key=True))
    figure: str = Field(sa_column=_text(primary_key=True))
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())


class DocumentRow(SQLModel, table=True):
    """A file that was made of figures: what it is, and the digest by which anybody verifies it."""

    __tablename__ = "supervision_documents"
    __table_args__ = (
        sa.CheckConstraint("number ~ '^[0-9A-Z-]{12,40}$'", name="supervision_documents_number_check"),
        sa.CheckConstraint("kind in ('month', 'card')", name="supervision_documents_kind_check"),
        sa.CheckConstraint("format in ('pdf', 'xlsx')", name="supervision_documents_format_check"),
        sa.CheckConstraint("language in ('zh', 'en')", name="supervision_documents_language_check"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="supervision_documents_sha256_check"),
        sa.Index("supervision_documents_month", "month", "made_at"),
    )

    number: str = Field(sa_column=_text(primary_key=True))
    kind: str = Field(sa_column=_text())
    format: str = Field(sa_column=_text())
    language: str = Field(sa_column=_text())
    title: str = Field(sa_column=_text())
    month: date | None = None
    as_of: datetime = Field(sa_column=_instant())
    frozen_at: datetime | None = Field(sa_column=sa.Column(sa.DateTime(timezone=True)))
    figures_sha256: str | None = Field(sa_column=sa.Column(sa.Text))
    sha256: str = Field(sa_column=_text())
    size: int
    made_at: datetime = Field(sa_column=_instant())
    made_by: UUID
    by_org: UUID


class FileRow(SQLModel, table=True):
    """The bytes of a document, as they were handed out."""

    __tablename__ = "supervision_files"

    number: str = Field(sa_column=sa.Column(sa.Text, sa.ForeignKey("supervision_documents.number"), primary_key=True))
    content: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))


class GamingTouchedRow(SQLModel, table=True):
    """A suborder whose conduct is to be measured anew; triggers add it, `gaming_fold` takes it."""

    __tablename__ = "gaming_touched"

    seq: int = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    suborder_id: UUID


class GamingFactRow(SQLModel, table=True):
    """What a suborder adds to a measure of conduct: `value` of `whole`; `mark` tells several of one measure apart."""

    __tablename__ = "gaming_facts"
    __table_args__ = (
        sa.Index("gaming_facts_cases", "measure", "branch_id", sa.text("at desc"), sa.text("suborder_id desc")),
    )

    suborder_id: UUID = Field(primary_key=True)
    measure: str = Field(sa_column=_text(primary_key=True))
    mark: int = Field(primary_key=True)
    bank_id: UUID
    branch_id: UUID
    at: datetime = Field(sa_column=_instant())
    told_on: date
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())


class GamingSumRow(SQLModel, table=True):
    """Facts of a branch, a measure and a day, with the squares of which an interval is reckoned."""

    __tablename__ = "gaming_sums"

    measure: str = Field(sa_column=_text(primary_key=True))
    told_on: date = Field(primary_key=True)
    branch_id: UUID = Field(primary_key=True)
    bank_id: UUID = Field(primary_key=True)
    cases: int = Field(sa_column=_big())
    value: int = Field(sa_column=_big())
    whole: int = Field(sa_column=_big())
    value_square: int = Field(sa_column=_big())
    value_whole: int = Field(sa_column=_big())
    whole_square: int = Field(sa_column=_big())
