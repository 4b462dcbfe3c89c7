"""Tables of complaints. Rows carry both sides' ids, since row-level security compares columns only."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

OPEN = "state in ('filed', 'acknowledged', 'answered', 'disputed', 'escalated')"


def _at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


class ComplaintRow(SQLModel, table=True):
    """A firm's complaint about a suborder, or about a bank as a whole. What was said stands in its moves."""

    __tablename__ = "complaints"
    __table_args__ = (
        sa.Index(
            "complaints_one_open", "suborder_id", "category", unique=True,
            postgresql_where=sa.text(f"suborder_id is not null and {OPEN}"),
        ),
        sa.Index(
            "complaints_one_open_bank", "business_id", "bank_id", "category", unique=True,
            postgresql_where=sa.text(f"suborder_id is null and {OPEN}"),
        ),
        sa.Index("complaints_business", "business_id", sa.text("filed_at desc")),
        sa.Index("complaints_bank", "bank_id", "branch_id", "state"),
        sa.Index("complaints_order", "order_id"),
        sa.Index("complaints_filed", "filed_at"),
        sa.Index("complaints_open", "state", postgresql_where=sa.text(OPEN)),
    )  # fmt: skip

    complaint_id: UUID = Field(primary_key=True)
    business_id: UUID
    subject_id: UUID | None = None
    bank_id: UUID
    branch_id: UUID | None = None
    suborder_id: UUID | None = None
    order_id: UUID | None = None
    category: str = Field(sa_type=sa.Text)
    policy_version: int
    state: str = Field(sa_type=sa.Text)
    filed_at: datetime = Field(sa_column=_at())
    filed_by: UUID
    for_firm: bool
    callback_id: UUID | None = None
    acknowledged_at: datetime | None = Field(sa_column=_at(nullable=True))
    answered_at: datetime | None = Field(sa_column=_at(nullable=True))
    silent_until_on: date | None = None
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))
    finding: str | None = Field(default=None, sa_type=sa.Text)
    late: list[str] = Field(sa_column=sa.Column(sa.ARRAY(sa.Text), nullable=False, server_default="{}"))


class ComplaintTransitionRow(SQLModel, table=True):
    """A copy of the rules' table, by which PostgreSQL judges every move once more."""

    __tablename__ = "complaint_transitions"

    from_state: str = Field(primary_key=True, sa_type=sa.Text)
    act: str = Field(primary_key=True, sa_type=sa.Text)
    to_state: str = Field(primary_key=True, sa_type=sa.Text)


class ComplaintMoveRow(SQLModel, table=True):
    """One move of one complaint, with what was said and by whom. Append-only."""

    __tablename__ = "complaint_moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["from_state", "act", "to_state"],
            ["complaint_transitions.from_state", "complaint_transitions.act", "complaint_transitions.to_state"],
        ),
        sa.Index("complaint_moves_complaint", "complaint_id", "seq"),
    )

    seq: int | None = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    complaint_id: UUID = Field(foreign_key="complaints.complaint_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID | None = None
    from_state: str = Field(sa_type=sa.Text)
    act: str = Field(sa_type=sa.Text)
    to_state: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_column=_at())
    recorded_at: datetime = Field(sa_column=_at())
    side: str = Field(sa_type=sa.Text)
    cause: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    said: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    by_name: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    by_person: UUID | None = None
    by_org: UUID | None = None


class ComplaintPaperRow(SQLModel, table=True):
    """A file that the firm added to its complaint, sealed under the firm's data key. Append-only."""

    __tablename__ = "complaint_papers"
    __table_args__ = (sa.UniqueConstraint("complaint_id", "position", name="complaint_papers_once"),)

    paper_id: UUID = Field(primary_key=True)
    complaint_id: UUID = Field(foreign_key="complaints.complaint_id")
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID | None = None
    position: int = Field(sa_column=sa.Column(sa.SmallInteger, nullable=False))
    name: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    size_bytes: int
    sha256: str = Field(sa_type=sa.Text)
    sealed: bytes = Field(sa_type=sa.LargeBinary)
    policy_version: int
    added_by: UUID
    added_at: datetime = Field(sa_column=_at())
