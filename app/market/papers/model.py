"""Tables of papers. Rows are only ever added."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlmodel import Field, SQLModel

SUBORDERS_OWN: Final = ("order_id", "suborder_id", "business_id", "bank_id", "branch_id")


class PaperRow(SQLModel, table=True):
    """A file that a firm brought, sealed under the firm's data key. `same_as`: an equal file that was there before."""

    __tablename__ = "papers"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="papers_sha256"),
        CheckConstraint("size_bytes > 0", name="papers_size"),
        CheckConstraint("char_length(name) between 1 and 100", name="papers_name"),
        UniqueConstraint("request_id", "position", name="papers_once"),
        Index("papers_by_suborder", "suborder_id", "brought_at", "position"),
        Index("papers_by_order", "order_id"),
    )

    paper_id: UUID = Field(primary_key=True)
    order_id: UUID
    suborder_id: UUID
    request_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    position: int = Field(sa_column=Column(SmallInteger, nullable=False))
    name: str
    kind: str
    size_bytes: int
    sha256: str
    same_as: UUID | None = None
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    policy_version: int
    brought_by: UUID
    brought_at: datetime = Field(sa_column=Column(TIMESTAMP(timezone=True), nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))
    )


class PaperReadRow(SQLModel, table=True):
    """One opening of a paper by its bank."""

    __tablename__ = "paper_reads"
    __table_args__ = (Index("paper_reads_by_order", "order_id"),)

    read_id: UUID = Field(primary_key=True)
    paper_id: UUID = Field(foreign_key="papers.paper_id")
    order_id: UUID
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    client_id: UUID | None = None
    person_id: UUID
    read_at: datetime = Field(sa_column=Column(TIMESTAMP(timezone=True), nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))
    )
