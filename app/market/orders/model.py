"""Tables of orders. A suborder's rows carry both sides' ids, since row-level security compares columns only."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

ENDED = "state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'settled')"
PICKED = "state in ('picked', 'signed', 'paying', 'serviced', 'settled')"


def _at(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def _fen(default: str | None = None) -> "sa.Column[int]":
    return sa.Column(sa.BigInteger, nullable=False, server_default=default)


def _json(*, nullable: bool = False) -> "sa.Column[Any]":
    return sa.Column(JSONB, nullable=nullable)


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
    amount_fen: int = Field(sa_column=_fen())
    term_months: int
    purpose: str = Field(sa_type=sa.Text)
    collateral: str = Field(sa_type=sa.Text)
    district_code: str | None = Field(default=None, sa_type=sa.Text)
    places: int
    until_on: date
    until_at: datetime = Field(sa_column=_at())
    posted_at: datetime = Field(sa_column=_at())
    posted_by: UUID
    ranking_version: int
    seed: str = Field(sa_type=sa.Text)
    previous_order_id: UUID | None = Field(default=None, foreign_key="orders.order_id")
    withdrawn_at: datetime | None = Field(sa_column=_at(nullable=True))
    end_state: str | None = Field(default=None, sa_type=sa.Text)
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))
    of_suborder_id: UUID | None = None  # Of a renewal or deferral: its loan. Tables do not point in a circle.
    of_order_id: UUID | None = Field(default=None, foreign_key="orders.order_id")
    recommended_at: datetime | None = Field(sa_column=_at(nullable=True))


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
    factors: dict[str, int] = Field(sa_column=_json())
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
    amount_fen: int = Field(sa_column=_fen())
    term_months: int
    purpose: str = Field(sa_type=sa.Text)
    collateral: str = Field(sa_type=sa.Text)
    district_code: str | None = Field(default=None, sa_type=sa.Text)
    until_on: date
    deciding: str = Field(sa_type=sa.Text)
    pushed_at: datetime = Field(sa_column=_at())
    accepted_at: datetime | None = Field(sa_column=_at(nullable=True))
    picked_at: datetime | None = Field(sa_column=_at(nullable=True))
    signed_on: date | None = None
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))
    cause: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    offer_id: UUID | None = None
    offered_fen: int = Field(sa_column=_fen("0"))
    signed_fen: int = Field(sa_column=_fen("0"))
    paid_fen: int = Field(sa_column=_fen("0"))
    papers_open: UUID | None = None
    breached: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False, server_default="{}"))
    loan_type: str = Field(default="new", sa_type=sa.Text, sa_column_kwargs={"server_default": "new"})
    of_suborder_id: UUID | None = None
    recommended_at: datetime | None = Field(sa_column=_at(nullable=True))
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
    at: datetime = Field(sa_column=_at())
    recorded_at: datetime = Field(sa_column=_at())
    cause: str = Field(sa_type=sa.Text)
    by_person: UUID | None = None
    by_org: UUID | None = None


class ContactRow(SQLModel, table=True):
    """A contact as the bank tells it; several when the firm denied one."""

    __tablename__ = "contacts"
    __table_args__ = (sa.Index("contacts_suborder", "suborder_id", "recorded_at"),)

    contact_id: UUID = Field(primary_key=True)
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    contacted_at: datetime = Field(sa_column=_at())
    how: str = Field(sa_type=sa.Text)
    whom: str = Field(sa_type=sa.Text)
    recorded_at: datetime = Field(sa_column=_at())


class ContactDenialRow(SQLModel, table=True):
    """The firm says that a contact never was."""

    __tablename__ = "contact_denials"
    __table_args__ = (sa.Index("contact_denials_suborder", "suborder_id"),)

    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.contact_id")
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    words: str = Field(sa_type=sa.Text)
    denied_at: datetime = Field(sa_column=_at())
    denied_by: UUID


class PapersRequestRow(SQLModel, table=True):
    """A request for papers; `closed_how`: brought or contested by the firm, capped by its clock, ended with it."""

    __tablename__ = "papers_requests"
    __table_args__ = (
        sa.Index("papers_requests_open", "suborder_id", unique=True, postgresql_where=sa.text("closed_at is null")),
        sa.Index("papers_requests_suborder", "suborder_id"),
    )

    request_id: UUID = Field(primary_key=True)
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    asked_at: datetime = Field(sa_column=_at())
    note: str = Field(sa_type=sa.Text)
    closed_at: datetime | None = Field(sa_column=_at(nullable=True))
    closed_how: str | None = Field(default=None, sa_type=sa.Text)
    answer: str = Field(default="", sa_type=sa.Text, sa_column_kwargs={"server_default": ""})


class PapersItemRow(SQLModel, table=True):
    """An item is asked for once in a suborder's life."""

    __tablename__ = "papers_items"
    __table_args__ = (sa.Index("papers_items_order", "order_id"),)

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    item: str = Field(primary_key=True, sa_type=sa.Text)
    request_id: UUID = Field(foreign_key="papers_requests.request_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID


class OfferRow(SQLModel, table=True):
    """An offer with what it costs in all; `apr_ppm` by dated flows, actual/365."""

    __tablename__ = "offers"
    __table_args__ = (sa.Index("offers_suborder", "suborder_id", "made_at"),)

    offer_id: UUID = Field(primary_key=True)
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    amount_fen: int = Field(sa_column=_fen())
    rate_ppm: int
    term_months: int
    repayment: str = Field(sa_type=sa.Text)
    fees: list[dict[str, Any]] = Field(sa_column=_json())
    valid_workdays: int
    valid_until_on: date
    interest_fen: int = Field(sa_column=_fen())
    total_cost_fen: int = Field(sa_column=_fen())
    first_payment_fen: int = Field(sa_column=_fen())
    apr_ppm: int
    made_at: datetime = Field(sa_column=_at())
    made_by: UUID
    checked_by: UUID | None = None


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
    claim: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    evidence: dict[str, Any] | None = Field(sa_column=_json(nullable=True))
    reason_zh: str = Field(sa_type=sa.Text)
    reason_en: str = Field(sa_type=sa.Text)
    cure_zh: str = Field(sa_type=sa.Text)
    cure_en: str = Field(sa_type=sa.Text)
    ask_again_days: int | None = None
    refused_at: datetime = Field(sa_column=_at())
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
    retracted_at: datetime = Field(sa_column=_at())
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
    said_at: datetime = Field(sa_column=_at())
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
    said_at: datetime = Field(sa_column=_at())
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
    made_at: datetime = Field(sa_column=_at())
    made_by: UUID
    answered_at: datetime | None = Field(sa_column=_at(nullable=True))
    upheld: bool | None = None
    answer: str | None = Field(default=None, sa_type=sa.Text)
    answered_by: UUID | None = None
    reopened_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")


class ContractRow(SQLModel, table=True):
    __tablename__ = "contracts"
    __table_args__ = (sa.UniqueConstraint("bank_id", "contract_no"),)

    suborder_id: UUID = Field(primary_key=True, foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    contract_no: str = Field(sa_type=sa.Text)
    signed_on: date
    amount_fen: int = Field(sa_column=_fen())
    draw_until_on: date
    recorded_at: datetime = Field(sa_column=_at())


class DrawRow(SQLModel, table=True):
    __tablename__ = "draws"
    __table_args__ = (sa.Index("draws_suborder", "suborder_id"),)

    draw_id: UUID = Field(primary_key=True)  # The bank's own mark, unique within the bank.
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID = Field(primary_key=True)
    branch_id: UUID
    amount_fen: int = Field(sa_column=_fen())
    paid_on: date
    recorded_at: datetime = Field(sa_column=_at())


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
    saved_at: datetime = Field(sa_column=_at())
    removed_at: datetime | None = Field(sa_column=_at(nullable=True))


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
    graded_at: datetime = Field(sa_column=_at())


class LoanEntryRow(SQLModel, table=True):
    """What came back of a loan, was extended, overdue or settled. Only ever added to; what is owed folds it."""

    __tablename__ = "loan_entries"
    __table_args__ = (sa.Index("loan_entries_suborder", "suborder_id", "seq"),)

    entry_id: UUID = Field(primary_key=True)  # The bank's own mark, unique within the bank.
    seq: int | None = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), nullable=False))
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID = Field(primary_key=True)
    branch_id: UUID
    kind: str = Field(sa_type=sa.Text)
    amount_fen: int = Field(sa_column=_fen())
    told_on: date
    until_on: date | None = None
    reason: str = Field(sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    by_suborder_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")
    terms: dict[str, Any] | None = Field(sa_column=_json(nullable=True))  # Of a deferral: its new schedule.
    recorded_at: datetime = Field(sa_column=_at())
    made_by: UUID
