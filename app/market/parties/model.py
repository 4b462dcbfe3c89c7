"""Tables of banks and what they publish; pools and their ledger."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

_QUARTER = "extract(day from quarter) = 1 and extract(month from quarter) in (1, 4, 7, 10)"


def _text(*, null: bool = False, **more: Any) -> Any:
    return Field(default=None if null else ..., sa_column=sa.Column(sa.Text, nullable=null, **more))


def _day(*, null: bool = False) -> Any:
    return Field(default=None if null else ..., sa_column=sa.Column(sa.Date, nullable=null))


def _instant(*, null: bool = False) -> Any:
    return Field(default=None if null else ..., sa_column=sa.Column(sa.DateTime(timezone=True), nullable=null))


def _fen(*, zero: bool = False) -> Any:
    return Field(sa_column=sa.Column(sa.BigInteger, nullable=False, server_default=sa.text("0") if zero else None))


def _texts() -> Any:
    return Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))


def _id(table: str, *, null: bool = False) -> Any:
    return Field(default=None if null else ..., foreign_key=table, nullable=null)


class BankRow(SQLModel, table=True):
    """A bank as it is known here; `bank_id` is its organisation, `name_key` what outlets' names are held against."""

    __tablename__ = "banks"
    __table_args__ = (sa.CheckConstraint("name_key <> ''"), sa.CheckConstraint("valid_to >= valid_from"))

    bank_id: UUID = Field(primary_key=True)
    name: str = _text()
    name_key: str = _text(unique=True)
    head_office_no: str | None = _text(null=True)
    valid_from: date = _day()
    valid_to: date | None = _day(null=True)


class BranchRow(SQLModel, table=True):
    __tablename__ = "branches"
    __table_args__ = (
        sa.CheckConstraint("valid_to >= valid_from"),
        sa.Index("branches_bank", "bank_id"),
        sa.Index("branches_district", "district_code"),
    )

    branch_id: UUID = Field(primary_key=True)
    bank_id: UUID = _id("banks.bank_id")
    name: str = _text()
    uscc: str | None = _text(null=True)
    district_code: str | None = _text(null=True)
    address: str | None = _text(null=True)
    valid_from: date = _day()
    valid_to: date | None = _day(null=True)


class OutletRow(SQLModel, table=True):
    """A registered outlet: placed with its bank, waiting for a person, or put aside by one."""

    __tablename__ = "outlets"
    __table_args__ = (
        sa.CheckConstraint("name_key <> ''"),
        sa.CheckConstraint("state in ('placed', 'queued', 'dismissed')"),
        sa.CheckConstraint("placed_by in ('longest_name', 'operator')"),
        sa.CheckConstraint("(state = 'placed') = (branch_id is not null)"),
        sa.CheckConstraint("(state = 'placed') = (placed_by is not null)"),
        sa.Index("outlets_once", sa.text("coalesce(uscc, name_key)"), unique=True),
        sa.Index("outlets_queue", "name_key", postgresql_where=sa.text("state = 'queued'")),
    )

    outlet_id: UUID = Field(primary_key=True)
    name: str = _text()
    name_key: str = _text()
    uscc: str | None = _text(null=True)
    district_code: str | None = _text(null=True)
    address: str | None = _text(null=True)
    opened_on: date | None = _day(null=True)
    state: str = _text()
    placed_by: str | None = _text(null=True)
    branch_id: UUID | None = _id("branches.branch_id", null=True)
    settled_by: UUID | None = None
    settled_at: datetime | None = _instant(null=True)
    recorded_at: datetime = Field(
        sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
    )


class ProductRow(SQLModel, table=True):
    __tablename__ = "products"
    __table_args__ = (
        sa.CheckConstraint("loan_type in ('new', 'renewal', 'deferral', 'recommended', 'agri')"),
        sa.CheckConstraint("amount_min_fen > 0"),
        sa.CheckConstraint("amount_min_fen <= amount_max_fen"),
        sa.CheckConstraint("term_months_min > 0"),
        sa.CheckConstraint("term_months_min <= term_months_max"),
        sa.CheckConstraint("rate_min_ppm > 0"),
        sa.CheckConstraint("rate_max_ppm <= 360000"),
        sa.CheckConstraint("rate_min_ppm <= rate_max_ppm"),
        sa.CheckConstraint("repayment in ('instalments', 'interest_first', 'bullet')"),
        sa.CheckConstraint("promised_workdays between 1 and 60"),
        sa.CheckConstraint("valid_to >= valid_from"),
        sa.UniqueConstraint("bank_id", "code"),
        sa.UniqueConstraint("product_id", "bank_id", name="products_of_bank"),
    )

    product_id: UUID = Field(primary_key=True)
    bank_id: UUID = _id("banks.bank_id")
    code: str = _text()
    name: str = _text()
    name_en: str = _text()
    loan_type: str = _text()
    amount_min_fen: int = _fen()
    amount_max_fen: int = _fen()
    term_months_min: int
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    repayment: str = _text()
    is_unsecured: bool
    promised_workdays: int
    model_key: str = _text()
    valid_from: date = _day()
    valid_to: date | None = _day(null=True)


class PublishedListRow(SQLModel, table=True):
    """What a branch may decide of a product. Append-only: a change is a new version, made and checked by two people."""

    __tablename__ = "published_lists"
    __table_args__ = (
        sa.CheckConstraint("version > 0"),
        sa.CheckConstraint("amount_min_fen > 0"),
        sa.CheckConstraint("amount_min_fen <= ceiling_fen"),
        sa.CheckConstraint("approval_level_fen >= 0"),
        sa.CheckConstraint("term_months_max > 0"),
        sa.CheckConstraint("rate_min_ppm > 0"),
        sa.CheckConstraint("rate_min_ppm <= rate_max_ppm"),
        sa.CheckConstraint("valid_to >= valid_from"),
        sa.CheckConstraint("made_by <> checked_by"),
        sa.UniqueConstraint("branch_id", "product_id", "version"),
        sa.Index("published_lists_product", "product_id", "branch_id", "valid_from"),
    )

    list_id: UUID = Field(primary_key=True)
    bank_id: UUID = _id("banks.bank_id")
    branch_id: UUID = _id("branches.branch_id")
    product_id: UUID = _id("products.product_id")
    version: int
    amount_min_fen: int = _fen()
    ceiling_fen: int = _fen()
    approval_level_fen: int = _fen()
    term_months_max: int
    rate_min_ppm: int
    rate_max_ppm: int
    purposes: list[str] = _texts()
    collateral: list[str] = _texts()
    districts: list[str] = _texts()
    materials: list[str] = _texts()
    two_person_reasons: list[str] = _texts()
    valid_from: date = _day()
    valid_to: date | None = _day(null=True)
    made_by: UUID
    checked_by: UUID
    published_at: datetime = _instant()


class PoolRow(SQLModel, table=True):
    """Money set aside per branch, product and quarter. The counters guard; the entries explain them."""

    __tablename__ = "pools"
    __table_args__ = (
        sa.CheckConstraint(_QUARTER),
        sa.CheckConstraint("cap_fen >= 0"),
        sa.CheckConstraint("held_fen >= 0"),
        sa.CheckConstraint("posted_fen >= 0"),
        sa.CheckConstraint("held_fen + posted_fen <= cap_fen", name="pools_within_cap"),
        sa.UniqueConstraint("branch_id", "product_id", "quarter"),
    )

    pool_id: UUID = Field(primary_key=True)
    bank_id: UUID = _id("banks.bank_id")
    branch_id: UUID = _id("branches.branch_id")
    product_id: UUID = _id("products.product_id")
    quarter: date = _day()
    cap_fen: int = _fen()
    held_fen: int = _fen(zero=True)
    posted_fen: int = _fen(zero=True)
    is_frozen: bool = Field(sa_column=sa.Column(sa.Boolean, nullable=False, server_default=sa.text("false")))


class PoolChangeRow(SQLModel, table=True):
    """How a pool came to its cap, and when it was frozen or thawed, by whom. Append-only."""

    __tablename__ = "pool_changes"
    __table_args__ = (
        sa.CheckConstraint("kind in ('open', 'raise', 'lower', 'freeze', 'thaw')"),
        sa.CheckConstraint("amount_fen >= 0"),
        sa.CheckConstraint("cap_after_fen >= 0"),
        sa.CheckConstraint("(kind in ('freeze', 'thaw')) = (amount_fen = 0)"),
        sa.CheckConstraint(
            "kind = 'freeze' or (made_by is not null and checked_by is not null and made_by <> checked_by)"
        ),
        sa.Index("pool_changes_pool", "pool_id", "at"),
    )

    change_id: UUID = Field(primary_key=True)
    pool_id: UUID = _id("pools.pool_id")
    bank_id: UUID
    kind: str = _text()
    amount_fen: int = _fen()
    cap_after_fen: int = _fen()
    why: str = _text()
    made_by: UUID | None = None
    checked_by: UUID | None = None
    at: datetime = _instant()


class ReservationRow(SQLModel, table=True):
    """Pool money of one suborder in the quarter in which it was taken; at most one open per suborder."""

    __tablename__ = "reservations"
    __table_args__ = (
        sa.CheckConstraint("held_fen >= 0"),
        sa.CheckConstraint("closed_at >= opened_at"),
        sa.CheckConstraint("closed_at is null or held_fen = 0"),
        sa.Index("reservations_one_open", "suborder_id", unique=True, postgresql_where=sa.text("closed_at is null")),
        sa.Index("reservations_pool", "pool_id"),
        sa.Index("reservations_suborder", "suborder_id"),
    )

    reservation_id: UUID = Field(primary_key=True)
    pool_id: UUID = _id("pools.pool_id")
    bank_id: UUID
    order_id: UUID
    suborder_id: UUID
    held_fen: int = _fen()
    opened_at: datetime = _instant()
    closed_at: datetime | None = _instant(null=True)


class PoolEntryRow(SQLModel, table=True):
    """One line of the ledger: held = hold - shrink - post - release - expire. Append-only."""

    __tablename__ = "pool_entries"
    __table_args__ = (
        sa.CheckConstraint("kind in ('hold', 'shrink', 'post', 'release', 'expire')"),
        sa.CheckConstraint("amount_fen > 0"),
        sa.CheckConstraint("(kind = 'post') = (draw_id is not null)"),
        sa.Index("pool_entries_one_hold", "reservation_id", unique=True, postgresql_where=sa.text("kind = 'hold'")),
        sa.Index(
            "pool_entries_one_end", "reservation_id", unique=True,
            postgresql_where=sa.text("kind in ('release', 'expire')"),
        ),
        sa.Index(
            "pool_entries_one_draw", "bank_id", "draw_id", unique=True, postgresql_where=sa.text("draw_id is not null"),
        ),
        sa.Index("pool_entries_reservation", "reservation_id"),
    )  # fmt: skip

    seq: int = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    reservation_id: UUID = _id("reservations.reservation_id")
    bank_id: UUID
    order_id: UUID
    kind: str = _text()
    amount_fen: int = _fen()
    draw_id: UUID | None = None
    at: datetime = _instant()
