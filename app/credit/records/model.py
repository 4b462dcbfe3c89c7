"""Tables of records: what providers reported, the invoices of firms and the figures kept from them.

The heavy ones are hash-partitioned by `subject_id` and carry no foreign key across rooms.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

PARTITIONS = 8


class CreditRecordRow(SQLModel, table=True):
    """One record under one catalogue item. `record_key` is the provider's own key: a document number, a period."""

    __tablename__ = "credit_records"
    __table_args__ = (
        CheckConstraint("status in ('shown', 'shared', 'ended', 'hidden')", name="credit_records_status"),
        CheckConstraint("(status = 'ended') = (ended_at is not null)", name="credit_records_ended"),
        Index("credit_records_key", "subject_id", "item_code", "record_key", unique=True),
        {"postgresql_partition_by": "hash (subject_id)"},
    )

    subject_id: UUID = Field(primary_key=True)
    record_id: UUID = Field(primary_key=True)
    item_code: str = Field(sa_type=Text)
    record_key: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_type=JSONB)
    as_of_on: date | None = None
    source: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    edition: int
    batch_id: UUID | None = None
    first_reported_at: datetime = Field(sa_type=DateTime(timezone=True))
    status_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class CoverageRow(SQLModel, table=True):
    """A provider reported on this subject under this item, whether or not there was anything to report."""

    __tablename__ = "coverages"

    subject_id: UUID = Field(primary_key=True)
    item_code: str = Field(primary_key=True, sa_type=Text)
    known_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    as_of_on: date
    source: str = Field(sa_type=Text)


class InvoiceRow(SQLModel, table=True):
    """One invoice of a firm. The number alone is not unique: without the code of its book it comes again."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("direction in ('input', 'output')", name="invoices_direction"),
        CheckConstraint("status in ('valid', 'void')", name="invoices_status"),
        {"postgresql_partition_by": "hash (subject_id)"},
    )

    subject_id: UUID = Field(primary_key=True)
    direction: str = Field(primary_key=True, sa_type=Text)
    issued_on: date = Field(primary_key=True)
    number: str = Field(primary_key=True, sa_type=Text)
    party: str = Field(primary_key=True, sa_type=Text)
    amount_fen: int = Field(primary_key=True, sa_type=BigInteger)
    tax_fen: int = Field(primary_key=True, sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    batch_id: UUID


class InvoiceFeaturesRow(SQLModel, table=True):
    """The figures kept from a firm's invoices, as they were known at an instant."""

    __tablename__ = "invoice_features"

    subject_id: UUID = Field(primary_key=True)
    known_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    newest_on: date
    turnover_12m_fen: int = Field(sa_type=BigInteger)
    gross_12m_fen: int = Field(sa_type=BigInteger)
    returns_12m_fen: int = Field(sa_type=BigInteger)
    purchases_12m_fen: int = Field(sa_type=BigInteger)
    sold_count_12m: int
    void_count_12m: int
    void_share_ppm: int | None = None
    return_share_ppm: int | None = None
    upstream_count: int
    downstream_count: int
    active_months: int
    batch_id: UUID
