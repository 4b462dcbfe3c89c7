"""Tables of packages: what was shown, what was sealed, who read it. Rows are only ever added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlmodel import Field, SQLModel


def _instant() -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=False)


def _recorded() -> "Column[datetime]":
    return Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))


class PackagePreviewRow(SQLModel, table=True):
    """What a firm saw of its data before it signed for a bank, sealed under the subject's data key."""

    __tablename__ = "package_previews"
    __table_args__ = (Index("package_previews_by_order", "order_id", "bank_id", "subject_id", "previewed_at"),)

    preview_id: UUID = Field(primary_key=True)
    order_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    data_classes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    sha256: str
    shown: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previewed_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())


class PackageRow(SQLModel, table=True):
    """A sealed package. `jws` is the signed text, sealed at rest; `sha256` is over the package's canonical bytes."""

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="packages_sha256"),
        UniqueConstraint("suborder_id", "subject_id", name="packages_once"),
        Index("packages_by_order", "order_id"),
    )

    package_id: UUID = Field(primary_key=True)
    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    consent_id: UUID
    purpose: str
    preview_id: UUID | None = None
    as_of: datetime = Field(sa_column=_instant())
    sha256: str
    kid: str
    jws: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    items: int = Field(sa_column=Column(Integer, nullable=False))
    sealed_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())


class PackageReadRow(SQLModel, table=True):
    """One reading of a package by its bank: the meter. `size_bytes` is what left; `read_at` is business time."""

    __tablename__ = "package_reads"
    __table_args__ = (
        CheckConstraint("manner in ('envelope', 'page')", name="package_reads_manner"),
        Index("package_reads_by_order", "order_id"),
        Index("package_reads_by_bank", "bank_id", "read_at"),
        Index("package_reads_by_business", "business_id", "read_at"),
    )

    read_id: UUID = Field(primary_key=True)
    package_id: UUID = Field(foreign_key="packages.package_id")
    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    consent_id: UUID
    client_id: UUID | None = None
    person_id: UUID
    manner: str
    size_bytes: int = Field(sa_column=Column(Integer, nullable=False))
    read_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())
