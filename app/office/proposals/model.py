"""Tables of two-person acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ProposalRow(SQLModel, table=True):
    """An act that waits for a second person; at most one open of a kind on a case."""

    __tablename__ = "proposals"
    __table_args__ = (
        sa.CheckConstraint("expires_at > made_at"),
        sa.CheckConstraint("state in ('open', 'approved', 'rejected', 'expired', 'void')"),
        sa.CheckConstraint("(state = 'open') = (closed_at is null)"),
        sa.UniqueConstraint("proposal_id", "made_by"),
        sa.Index("proposals_one_open", "kind", "case_id", unique=True, postgresql_where=sa.text("state = 'open'")),
        sa.Index("proposals_org", "org_id", sa.text("made_at desc")),
        sa.Index("proposals_due", "expires_at", postgresql_where=sa.text("state = 'open'")),
    )

    proposal_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    case_id: UUID
    root_id: UUID | None = None
    org_id: UUID
    branch_id: UUID | None = None
    body: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    made_by: UUID
    made_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
    state: str = Field(sa_column=sa.Column(sa.Text, nullable=False, server_default="open"))
    closed_at: datetime | None = Field(default=None, sa_column=sa.Column(sa.DateTime(timezone=True)))
    said: str | None = Field(default=None, sa_column=sa.Column(sa.Text))


class ApprovalRow(SQLModel, table=True):
    """The second person's verdict. The foreign key ties `maker_id` to the maker, the CHECK keeps the two apart."""

    __tablename__ = "approvals"
    __table_args__ = (
        sa.CheckConstraint("verdict in ('approved', 'rejected')"),
        sa.CheckConstraint("maker_id <> checker_id", name="approvals_four_eyes"),
        sa.UniqueConstraint("proposal_id", "checker_id"),
        sa.ForeignKeyConstraint(["proposal_id", "maker_id"], ["proposals.proposal_id", "proposals.made_by"]),
    )

    proposal_id: UUID = Field(primary_key=True)
    org_id: UUID
    root_id: UUID | None = None
    maker_id: UUID
    checker_id: UUID
    verdict: str = Field(sa_column=sa.Column(sa.Text, nullable=False))
    at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
