"""Tables of limits: what banks say of their customers, and every estimate that was shown."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class BankInputRow(SQLModel, table=True):
    """A bank's own word about a subject, such as `bank_rating`: never the public grade. Append-only, newest counts."""

    __tablename__ = "bank_inputs"
    __table_args__ = (
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{1,63}$'"),
        sa.CheckConstraint("(value is null) <> (number is null)"),
        sa.Index("bank_inputs_latest", "subject_id", "bank_id", "key", sa.text("recorded_at desc")),
    )

    input_id: UUID = Field(primary_key=True)
    bank_id: UUID
    subject_id: UUID
    key: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    value: str | None = Field(default=None, sa_column=sa.Column(sa.Text))
    number: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger))
    as_of_on: date
    source: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    recorded_by: UUID | None = None
    recorded_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))


class EstimateRow(SQLModel, table=True):
    """One card as the firm saw it, with all that it rests on. Append-only."""

    __tablename__ = "estimates"
    __table_args__ = (
        sa.CheckConstraint("amount_fen >= 0"),
        sa.CheckConstraint("rate_ppm >= 0"),
        sa.CheckConstraint("term_months >= 0"),
        sa.CheckConstraint("raw_amount_fen >= 0"),
        sa.CheckConstraint("raw_rate_ppm >= 0"),
        sa.CheckConstraint("features_hash ~ '^[0-9a-f]{64}$'"),
        sa.CheckConstraint("expires_at > made_at"),
        sa.CheckConstraint("(amount_fen = 0) = (why_zero is not null)"),
        sa.Index("estimates_business", "business_id", sa.text("made_at desc")),
    )

    estimate_id: UUID = Field(primary_key=True)
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    product_id: UUID = Field(foreign_key="products.product_id")
    amount_fen: int = Field(sa_column=sa.Column(sa.BigInteger, nullable=False))
    rate_ppm: int
    term_months: int
    raw_amount_fen: int = Field(sa_column=sa.Column(sa.BigInteger, nullable=False))
    raw_rate_ppm: int
    why_zero: dict[str, str] | None = Field(default=None, sa_column=sa.Column(JSONB(none_as_null=True)))
    model_key: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    model_version: int
    features_hash: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    inputs: list[dict[str, Any]] = Field(sa_column=sa.Column(JSONB, nullable=False))
    data_as_of_on: date | None = None
    trace: list[dict[str, Any]] = Field(sa_column=sa.Column(JSONB, nullable=False))
    made_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))


class ProductModelRow(SQLModel, table=True):
    """A decision document that a bank put in force for one of its products, from a day on. Append-only."""

    __tablename__ = "product_models"
    __table_args__ = (
        sa.CheckConstraint("version > 0"),
        sa.CheckConstraint("made_by <> checked_by"),
        sa.UniqueConstraint("product_id", "valid_from"),
        sa.ForeignKeyConstraint(["product_id", "bank_id"], ["products.product_id", "products.bank_id"]),
    )

    product_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    bank_id: UUID
    valid_from: date
    body: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    made_by: UUID
    checked_by: UUID
    published_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
