"""Orders, their lists, suborders and moves. A suborder's rows carry both sides' ids, since row-level security compares
columns only."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.market.orders.model import columns

ENDED = "state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'settled')"
LIVE = "state in ('pushed', 'accepted', 'contacted', 'investigating', 'offered', 'picked', 'signed', 'paying')"
PICKED = "state in ('picked', 'signed', 'paying', 'serviced', 'settled')"


class OrderRow(SQLModel, table=True):
    """A firm's need, posted. `end_state` is stored once and never left."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.Index("orders_business", "business_id", sa.text("posted_at desc"), sa.text("order_id desc")),
        sa.Index("orders_of_suborder", "of_suborder_id", postgresql_where=sa.text("of_suborder_id is not null")),
    )

    order_id: UUID = Field(primary_key=True)
    business_id: UUID
    subject_id: UUID
    loan_type: str = Field(sa_type=sa.Text)
    amount_fen: int = Field(sa_column=columns.fen())
    term_months: int
    purpose: str = Field(sa_type=sa.Text)
    collateral: str = Field(sa_type=sa.Text)
    district_code: str | None = Field(default=None, sa_type=sa.Text)
    places: int
    until_on: date
    until_at: datetime = Field(sa_column=columns.at())
    posted_at: datetime = Field(sa_column=columns.at())
    posted_by: UUID
    ranking_version: int
    seed: str = Field(sa_type=sa.Text)
    previous_order_id: UUID | None = Field(default=None, foreign_key="orders.order_id")
    withdrawn_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    end_state: str | None = Field(default=None, sa_type=sa.Text)
    ended_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    of_suborder_id: UUID | None = None  # Of a renewal or deferral: its loan. Tables do not point in a circle.
    of_order_id: UUID | None = Field(default=None, foreign_key="orders.order_id")
    recommended_at: datetime | None = Field(sa_column=columns.at(nullable=True))


class ListedRow(SQLModel, table=True):
    """A bank on an order's frozen list, in its place, with why it stands there."""

    __tablename__ = "order_listed"
    __table_args__ = (sa.UniqueConstraint("suborder_id"), sa.UniqueConstraint("order_id", "bank_id"))

    order_id: UUID = Field(primary_key=True, foreign_key="orders.order_id")
    position: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    suborder_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    consent_id: UUID
    is_reserve: bool
    score: int
    factors: dict[str, int] = Field(sa_column=columns.json())
    deciding: str = Field(sa_type=sa.Text)


class SuborderRow(SQLModel, table=True):
    """The order as one bank holds it; what was asked is copied beside it, since a bank sees no order rows."""

    __tablename__ = "suborders"
    __table_args__ = (
        sa.Index("suborders_one_live", "order_id", "bank_id", unique=True, postgresql_where=sa.text(f"not ({ENDED})")),
        sa.Index("suborders_one_picked", "order_id", unique=True, postgresql_where=sa.text(PICKED)),
        sa.Index("suborders_order", "order_id"),
        sa.Index("suborders_origin", "origin_id", postgresql_where=sa.text("origin_id is not null")),
        sa.Index("suborders_bank", "bank_id", "branch_id", "state"),
        sa.Index("suborders_broken", "suborder_id", postgresql_where=sa.text(f"breached <> '{{}}' and {LIVE}")),
    )

    suborder_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    product_id: UUID
    consent_id: UUID
    position: int
    state: str = Field(sa_type=sa.Text)
    amount_fen: int = Field(sa_column=columns.fen())
    term_months: int
    purpose: str = Field(sa_type=sa.Text)
    collateral: str = Field(sa_type=sa.Text)
    district_code: str | None = Field(default=None, sa_type=sa.Text)
    until_on: date
    deciding: str = Field(sa_type=sa.Text)
    pushed_at: datetime = Field(sa_column=columns.at())
    accepted_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    picked_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    signed_on: date | None = None
    ended_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    cause: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    offer_id: UUID | None = None
    offered_fen: int = Field(sa_column=columns.fen("0"))
    signed_fen: int = Field(sa_column=columns.fen("0"))
    paid_fen: int = Field(sa_column=columns.fen("0"))
    papers_open: UUID | None = None
    breached: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False, server_default="{}"))
    loan_type: str = Field(default="new", sa_type=sa.Text, sa_column_kwargs={"server_default": "new"})
    of_suborder_id: UUID | None = None
    recommended_at: datetime | None = Field(sa_column=columns.at(nullable=True))
    origin: str = Field(default="listed", sa_type=sa.Text, sa_column_kwargs={"server_default": "listed"})
    origin_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")
    is_carried: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class TransitionRow(SQLModel, table=True):
    """A copy of the rules' table, by which PostgreSQL judges every move once more."""

    __tablename__ = "suborder_transitions"

    from_state: str = Field(primary_key=True, sa_type=sa.Text)
    act: str = Field(primary_key=True, sa_type=sa.Text)
    to_state: str = Field(primary_key=True, sa_type=sa.Text)


class MoveRow(SQLModel, table=True):
    """One move of one suborder. Append-only: a correction is another move."""

    __tablename__ = "suborder_moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["from_state", "act", "to_state"],
            ["suborder_transitions.from_state", "suborder_transitions.act", "suborder_transitions.to_state"],
        ),
        sa.Index("suborder_moves_suborder", "suborder_id", "seq"),
        sa.Index("suborder_moves_order", "order_id", "seq"),
        sa.Index("suborder_moves_at", "at"),
        sa.Index(
            "suborder_moves_night",
            "at",
            "seq",
            postgresql_include=["act", "cause"],
            postgresql_where=sa.text("act in ('breach', 'refuse', 'lapse', 'withdraw', 'revoke')"),
        ),
    )

    seq: int | None = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    from_state: str = Field(sa_type=sa.Text)
    act: str = Field(sa_type=sa.Text)
    to_state: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_column=columns.at())
    recorded_at: datetime = Field(sa_column=columns.at())
    cause: str = Field(sa_type=sa.Text)
    by_person: UUID | None = None
    by_org: UUID | None = None


class FilterRow(SQLModel, table=True):
    """A filter of the inbox that a person saved under a name. `query` is its part of the address."""

    __tablename__ = "desk_filters"
    __table_args__ = (
        sa.Index(
            "desk_filters_name", "bank_id", "person_id", "name", unique=True,
            postgresql_where=sa.text("removed_at is null"),
        ),
    )  # fmt: skip

    filter_id: UUID = Field(primary_key=True)
    bank_id: UUID
    person_id: UUID
    name: str = Field(sa_type=sa.Text)
    query: str = Field(sa_type=sa.Text)
    saved_at: datetime = Field(sa_column=columns.at())
    removed_at: datetime | None = Field(sa_column=columns.at(nullable=True))


class GradeRow(SQLModel, table=True):
    """The firm's public grade as it stood when the suborder came to the branch. Written once."""

    __tablename__ = "suborder_grades"
    __table_args__ = (sa.Index("suborder_grades_order", "order_id"),)

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    grade: str = Field(sa_type=sa.Text)
    is_thin: bool
    formula_version: int
    graded_at: datetime = Field(sa_column=columns.at())
