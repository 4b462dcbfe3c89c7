"""Tables of clocks."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

WAITING = "told_at is null and rung_at is not null"
COUNTED = "state = 'running' and unit in ('workdays', 'calendar_days', 'months', 'working_minutes')"


def _instant(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def _text() -> "sa.Column[str]":
    return sa.Column(sa.Text, nullable=False)


class ClockRow(SQLModel, table=True):
    """One promise about one case. `root_id` is what is locked before the clock is touched (an order)."""

    __tablename__ = "clocks"
    __table_args__ = (
        sa.UniqueConstraint("case_kind", "case_id", "kind", "gen"),
        sa.Index(
            "clocks_one_at_a_time", "case_id", "kind", unique=True,
            postgresql_where=sa.text("state in ('running', 'paused')"),
        ),
        sa.Index("clocks_due", "due_at", postgresql_where=sa.text("state = 'running'")),
        sa.Index("clocks_root", "root_id"),
        sa.Index(
            "clocks_stale", "calendar_key", "calendar_version", postgresql_where=sa.text(COUNTED),
        ),
        sa.Index(
            "clocks_stale_base", "calendar_key", "base_version",
            postgresql_where=sa.text(f"{COUNTED} and base_version > 0"),
        ),
        sa.Index(
            "clocks_provisional", "due_on",
            postgresql_where=sa.text("is_provisional and state in ('running', 'paused')"),
        ),
        sa.Index(
            "clocks_desk", "bank_id", "case_id", "owner", sa.text("(state = 'paused')"), "due_at",
            postgresql_include=["kind", "state", "started_at", "due_on"],
            postgresql_where=sa.text(
                "case_kind = 'suborder' and owner in ('bank', 'firm') and (state in ('running', 'paused')"
                " or (state = 'breached' and stopped_at is null and owner = 'bank'))"
            ),
        ),
    )  # fmt: skip

    clock_id: UUID = Field(primary_key=True)
    root_id: UUID
    case_kind: str = Field(sa_column=_text())
    case_id: UUID
    kind: str = Field(sa_column=_text())
    gen: int
    owner: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())
    unit: str = Field(sa_column=_text())
    count: int
    limit_at: datetime | None = Field(sa_column=_instant(nullable=True))
    pause_cap: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    started_at: datetime = Field(sa_column=_instant())
    due_on: date
    due_at: datetime = Field(sa_column=_instant())
    is_provisional: bool
    policy_version: int
    calendar_version: int
    stopped_at: datetime | None = Field(sa_column=_instant(nullable=True))
    business_id: UUID | None = None
    bank_id: UUID | None = None
    branch_id: UUID | None = None
    policy_key: str = Field(default="", sa_column=sa.Column(sa.Text, nullable=False, server_default=""))
    opened_at: datetime | None = Field(sa_column=_instant(nullable=True))  # Judged again from then on; else its start.
    undone_at: datetime | None = Field(sa_column=_instant(nullable=True))  # From then on the next generation counts.
    calendar_key: str = Field(default="cn", sa_column=sa.Column(sa.Text, nullable=False, server_default="cn"))
    base_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # Of the calendar it inherits.


class PauseRow(SQLModel, table=True):
    """A stretch of a clock that does not count, with its proof (a papers request)."""

    __tablename__ = "clock_pauses"
    __table_args__ = (
        sa.Index("clock_pauses_open", "clock_id", unique=True, postgresql_where=sa.text("resumed_at is null")),
        sa.Index("clock_pauses_clock", "clock_id", "paused_at"),
        sa.Index("clock_pauses_root", "root_id"),
    )

    pause_id: UUID = Field(primary_key=True)
    clock_id: UUID = Field(foreign_key="clocks.clock_id")
    root_id: UUID
    proof_id: UUID
    paused_at: datetime = Field(sa_column=_instant())
    resumed_at: datetime | None = Field(sa_column=_instant(nullable=True))
    business_id: UUID | None = None
    bank_id: UUID | None = None


class RungRow(SQLModel, table=True):
    """A share of a clock's counted time, and who is told when it is used up; told once, at `told_at`.

    `rung_at` is None while an open pause stands before it, and for good once the clock has stopped before it.
    """

    __tablename__ = "clock_rungs"
    __table_args__ = (
        sa.Index("clock_rungs_due", "rung_at", postgresql_where=sa.text(WAITING)),
        sa.Index("clock_rungs_case", "case_id", postgresql_where=sa.text(WAITING)),
    )

    clock_id: UUID = Field(primary_key=True, foreign_key="clocks.clock_id")
    share: int = Field(primary_key=True)
    root_id: UUID
    case_id: UUID
    told: list[str] = Field(sa_column=sa.Column(sa.ARRAY(sa.Text), nullable=False))
    rung_at: datetime | None = Field(sa_column=_instant(nullable=True))
    told_at: datetime | None = Field(sa_column=_instant(nullable=True))
    business_id: UUID | None = None
    bank_id: UUID | None = None


class RecountRow(SQLModel, table=True):
    """An open deadline that a new version of the calendar moved, confirmed, or left at its day on purpose."""

    __tablename__ = "clock_recounts"
    __table_args__ = (
        sa.Index("clock_recounts_clock", "clock_id", "to_version"),
        sa.Index("clock_recounts_root", "root_id"),
    )

    recount_id: UUID = Field(primary_key=True)
    clock_id: UUID = Field(foreign_key="clocks.clock_id")
    root_id: UUID
    recounted_at: datetime = Field(sa_column=_instant())
    outcome: str = Field(sa_column=_text())
    from_version: int
    to_version: int
    old_due_on: date
    old_due_at: datetime = Field(sa_column=_instant())
    was_provisional: bool
    due_on: date
    due_at: datetime = Field(sa_column=_instant())
    is_provisional: bool
    counted_on: date
    counted_at: datetime = Field(sa_column=_instant())
    business_id: UUID | None = None
    bank_id: UUID | None = None
    calendar_key: str = Field(default="cn", sa_column=sa.Column(sa.Text, nullable=False, server_default="cn"))
    from_base: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    to_base: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
