"""What a bank and a firm do on a suborder: contacts, papers, offers, contracts, draws, and what follows them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.market.orders.model import columns


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
    contacted_at: datetime = Field(sa_column=columns.at())
    how: str = Field(sa_type=sa.Text)
    whom: str = Field(sa_type=sa.Text)
    recorded_at: datetime = Field(sa_column=columns.at())


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
    denied_at: datetime = Field(sa_column=columns.at())
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
    asked_at: datetime = Field(sa_column=columns.at())
    note: str = Field(sa_type=sa.Text)
    closed_at: datetime | None = Field(sa_column=columns.at(nullable=True))
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
    amount_fen: int = Field(sa_column=columns.fen())
    rate_ppm: int
    term_months: int
    repayment: str = Field(sa_type=sa.Text)
    fees: list[dict[str, Any]] = Field(sa_column=columns.json())
    valid_workdays: int
    valid_until_on: date
    interest_fen: int = Field(sa_column=columns.fen())
    total_cost_fen: int = Field(sa_column=columns.fen())
    first_payment_fen: int = Field(sa_column=columns.fen())
    apr_ppm: int
    made_at: datetime = Field(sa_column=columns.at())
    made_by: UUID
    checked_by: UUID | None = None


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
    amount_fen: int = Field(sa_column=columns.fen())
    draw_until_on: date
    recorded_at: datetime = Field(sa_column=columns.at())


class DrawRow(SQLModel, table=True):
    __tablename__ = "draws"
    __table_args__ = (sa.Index("draws_suborder", "suborder_id"),)

    draw_id: UUID = Field(primary_key=True)  # The bank's own mark, unique within the bank.
    suborder_id: UUID = Field(foreign_key="suborders.suborder_id")
    order_id: UUID = Field(foreign_key="orders.order_id")
    business_id: UUID
    bank_id: UUID = Field(primary_key=True)
    branch_id: UUID
    amount_fen: int = Field(sa_column=columns.fen())
    paid_on: date
    recorded_at: datetime = Field(sa_column=columns.at())


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
    amount_fen: int = Field(sa_column=columns.fen())
    told_on: date
    until_on: date | None = None
    reason: str = Field(sa_type=sa.Text, sa_column_kwargs={"server_default": ""})
    by_suborder_id: UUID | None = Field(default=None, foreign_key="suborders.suborder_id")
    terms: dict[str, Any] | None = Field(sa_column=columns.json(nullable=True))  # Of a deferral: its new schedule.
    recorded_at: datetime = Field(sa_column=columns.at())
    made_by: UUID
