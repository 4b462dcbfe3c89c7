"""Refusals and what is said against them or for them: offers taken back, the firm's word, why it left, appeals."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.market.orders.model import columns


class RefusalRow(SQLModel, table=True):
    """A refusal with its reason, what it claims, and the item that bears it out."""

    __tablename__ = "refusals"
    __table_args__ = (
        sa.Index("refusals_reason", "reason_code", sa.text("refused_at desc")),
        sa.Index("refusals_branch", "branch_id", sa.text("refused_at desc")),
    )

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    reason_code: str = Field(sa_type=sa.Text)
    tree_version: int
    said: str = Field(sa_type=sa.Text)
    claim: dict[str, Any] | None = Field(sa_column=columns.json(nullable=True))
    evidence: dict[str, Any] | None = Field(sa_column=columns.json(nullable=True))
    reason_zh: str = Field(sa_type=sa.Text)
    reason_en: str = Field(sa_type=sa.Text)
    cure_zh: str = Field(sa_type=sa.Text)
    cure_en: str = Field(sa_type=sa.Text)
    ask_again_days: int | None = None
    refused_at: datetime = Field(sa_column=columns.at())
    made_by: UUID
    checked_by: UUID | None = None


class RetractionRow(SQLModel, table=True):
    """An offer that its bank took back, by two people."""

    __tablename__ = "retractions"

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    offer_id: UUID = Field(foreign_key="offers.offer_id")
    reason: str = Field(sa_type=sa.Text)
    words: str = Field(sa_type=sa.Text)
    from_state: str = Field(sa_type=sa.Text)
    retracted_at: datetime = Field(sa_column=columns.at())
    made_by: UUID
    checked_by: UUID


class FirmWordRow(SQLModel, table=True):
    """What the firm said of itself to one bank: evidence for reasons that speak for the firm."""

    __tablename__ = "firm_words"

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    word: str = Field(primary_key=True, sa_type=sa.Text)
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    words: str = Field(sa_type=sa.Text)
    said_at: datetime = Field(sa_column=columns.at())
    said_by: UUID


class WithdrawalAnswerRow(SQLModel, table=True):
    """Whether a bank had the firm take its order back. No bank sees it."""

    __tablename__ = "withdrawal_answers"
    __table_args__ = (sa.Index("withdrawal_answers_suborder", "suborder_id"),)

    order_id: UUID = Field(primary_key=True, foreign_key="orders.order_id")
    business_id: UUID
    by_bank: bool
    suborder_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")
    bank_id: UUID | None = None
    branch_id: UUID | None = None
    words: str = Field(sa_type=sa.Text)
    said_at: datetime = Field(sa_column=columns.at())
    said_by: UUID


class AppealRow(SQLModel, table=True):
    """The firm's appeal of a refusal, answered once by somebody who had no part in it."""

    __tablename__ = "appeals"
    __table_args__ = (
        sa.UniqueConstraint("suborder_id"),
        sa.Index("appeals_order", "order_id"),
        sa.Index("appeals_open", "bank_id", "branch_id", "made_at", postgresql_where=sa.text("answered_at is null")),
        sa.Index("appeals_reopened", "reopened_id", postgresql_where=sa.text("reopened_id is not null")),
    )

    appeal_id: UUID = Field(primary_key=True)
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    words: str = Field(sa_type=sa.Text)
    made_at: datetime = Field(sa_column=columns.at())
    made_by: UUID
    answered_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    upheld: bool | None = None
    answer: str | None = Field(default=None, sa_type=sa.Text)
    answered_by: UUID | None = None
    reopened_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")
