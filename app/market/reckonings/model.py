"""Questions to the replay and their answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


class ReckoningRow(SQLModel, table=True):
    """`done` of `whole` cases while it runs; `result` once it is done. `asked_by` is None for the nightly check."""

    __tablename__ = "reckonings"
    __table_args__ = (
        sa.CheckConstraint("kind in ('check', 'what_if')", name="reckonings_kind"),
        sa.CheckConstraint("state in ('waiting', 'running', 'done', 'failed')", name="reckonings_state"),
        sa.CheckConstraint("(state = 'done') = (result is not null)", name="reckonings_result"),
        sa.CheckConstraint("(state in ('done', 'failed')) = (ended_at is not null)", name="reckonings_ended"),
        sa.Index("reckonings_asked", sa.text("asked_at desc"), sa.text("reckoning_id desc")),
        sa.Index("reckonings_open", "asked_at", postgresql_where=sa.text("state in ('waiting', 'running')")),
    )

    reckoning_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=sa.Text)
    body: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    asked_by: UUID | None = None
    asked_at: datetime = Field(sa_column=_at())
    state: str = Field(sa_type=sa.Text)
    done: int = Field(sa_column=sa.Column(sa.Integer, nullable=False, server_default="0"))
    whole: int = Field(sa_column=sa.Column(sa.Integer, nullable=False, server_default="0"))
    lease_until: datetime | None = Field(sa_column=_at(nullable=True))
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))
    result: dict[str, Any] | None = Field(sa_column=sa.Column(JSONB, nullable=True))
    recorded_at: datetime = Field(
        sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
    )
