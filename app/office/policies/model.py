"""Tables of policies."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class PolicyRow(SQLModel, table=True):
    """One version of one dated rule. Append-only: a change is a new version."""

    __tablename__ = "policies"

    kind: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    key: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    version: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    valid_from: date = Field(sa_column=sa.Column(sa.Date, nullable=False))
    valid_to: date | None = Field(sa_column=sa.Column(sa.Date))
    body: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    loaded_at: datetime = Field(  # By the business clock; what came first has been known always.
        sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False, server_default="-infinity")
    )
