"""Tables of ratings, work orders and call-backs. Rows carry both sides' ids for row-level security."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


def _at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def _small(*, default: str | None = None) -> "sa.Column[int]":
    return sa.Column(sa.SmallInteger, nullable=False, server_default=default)


def _texts(default: str | None = None) -> "sa.Column[Any]":
    return sa.Column(ARRAY(sa.Text), nullable=False, server_default=default)


def _said() -> "sa.Column[str]":
    return sa.Column(sa.Text, nullable=False, server_default="")


class RatingRow(SQLModel, table=True):
    """What a firm thinks of one suborder's service, as it stands. Every version is a mark beside it."""

    __tablename__ = "ratings"
    __table_args__ = (
        sa.UniqueConstraint("suborder_id", name="ratings_once"),
        sa.Index("ratings_bank", "bank_id", "branch_id", sa.text("rated_at desc")),
        sa.Index("ratings_order", "order_id"),
        sa.Index("ratings_rated", "rated_at"),
    )

    rating_id: UUID = Field(primary_key=True)
    suborder_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    about: str = Field(sa_type=sa.Text)
    stars: int = Field(sa_column=_small())
    worst: int = Field(sa_column=_small())
    tags: list[str] = Field(sa_column=_texts("{}"))
    said: str = Field(sa_column=_said())
    policy_version: int
    rated_at: datetime = Field(sa_column=_at())
    changed_at: datetime = Field(sa_column=_at())
    changeable_until: datetime = Field(sa_column=_at())
    marks: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class RatingMarkRow(SQLModel, table=True):
    """One version of a rating. Append-only."""

    __tablename__ = "rating_marks"

    rating_id: UUID = Field(primary_key=True, foreign_key="ratings.rating_id")
    n: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    stars: int = Field(sa_column=_small())
    tags: list[str] = Field(sa_column=_texts("{}"))
    said: str = Field(sa_column=_said())
    at: datetime = Field(sa_column=_at())
    by_person: UUID


class WorkOrderRow(SQLModel, table=True):
    """Somebody must follow up a bad rating; closed once, with words."""

    __tablename__ = "work_orders"
    __table_args__ = (
        sa.Index("work_orders_open", "opened_at", postgresql_where=sa.text("closed_at is null")),
        sa.Index("work_orders_bank", "bank_id", sa.text("opened_at desc")),
    )

    rating_id: UUID = Field(primary_key=True, foreign_key="ratings.rating_id")
    suborder_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    opened_at: datetime = Field(sa_column=_at())
    closed_at: datetime | None = Field(sa_column=_at(nullable=True))
    said: str = Field(sa_column=_said())
    closed_side: str | None = Field(default=None, sa_type=sa.Text)
    closed_by: UUID | None = None
    by_name: str = Field(sa_column=_said())


class DrawRow(SQLModel, table=True):
    """One draw of call-backs: its seed, and how many stood in it."""

    __tablename__ = "callback_draws"
    __table_args__ = (sa.UniqueConstraint("until_at", name="callback_draws_once"),)

    draw_id: UUID = Field(primary_key=True)
    until_at: datetime = Field(sa_column=_at())
    drawn_at: datetime = Field(sa_column=_at())
    seed: str = Field(sa_type=sa.Text)
    policy_version: int
    candidates: int
    drawn: int


class CandidateRow(SQLModel, table=True):
    """A suborder that stood in a draw, with its number and its chance; each stands in one draw."""

    __tablename__ = "callback_candidates"
    __table_args__ = (sa.Index("callback_candidates_draw", "draw_id"),)

    suborder_id: UUID = Field(primary_key=True)
    draw_id: UUID = Field(foreign_key="callback_draws.draw_id")
    ended_at: datetime = Field(sa_column=_at())
    factors: list[str] = Field(sa_column=_texts())
    number_ppm: int
    share_ppm: int
    is_drawn: bool


class CallbackRow(SQLModel, table=True):
    """A firm to be called by customer service, and what it said."""

    __tablename__ = "callbacks"
    __table_args__ = (
        sa.UniqueConstraint("suborder_id", name="callbacks_once"),
        sa.Index("callbacks_waiting", "drawn_at", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("callbacks_done", sa.text("done_at desc"), postgresql_where=sa.text("state <> 'waiting'")),
    )

    callback_id: UUID = Field(primary_key=True)
    draw_id: UUID = Field(foreign_key="callback_draws.draw_id")
    suborder_id: UUID
    business_id: UUID
    subject_id: UUID
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    ended_state: str = Field(sa_type=sa.Text)
    factors: list[str] = Field(sa_column=_texts())
    state: str = Field(sa_type=sa.Text)
    attempts: int = Field(sa_column=_small(default="0"))
    drawn_at: datetime = Field(sa_column=_at())
    tried_at: datetime | None = Field(sa_column=_at(nullable=True))
    done_at: datetime | None = Field(sa_column=_at(nullable=True))
    answers: dict[str, str] = Field(sa_column=sa.Column(JSONB, nullable=False, server_default="{}"))
    said: str = Field(sa_column=_said())
    complaint_id: UUID | None = None
    done_by: UUID | None = None


class AttemptRow(SQLModel, table=True):
    """One try to reach a firm. Append-only."""

    __tablename__ = "callback_attempts"

    callback_id: UUID = Field(primary_key=True, foreign_key="callbacks.callback_id")
    n: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=_at())
    outcome: str = Field(sa_type=sa.Text)
    by_person: UUID
