"""Table of drafts."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ProductDraftRow(SQLModel, table=True):
    """The next decision document of a product, as its head office is writing it; one at a time, nobody else's."""

    __tablename__ = "product_drafts"
    __table_args__ = (
        sa.CheckConstraint("revision > 0"),
        sa.ForeignKeyConstraint(["product_id", "bank_id"], ["products.product_id", "products.bank_id"]),
    )

    product_id: UUID = Field(primary_key=True)
    bank_id: UUID
    body: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    revision: int
    edited_by: UUID
    edited_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
