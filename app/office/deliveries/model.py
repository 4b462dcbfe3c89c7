"""Tables of deliveries: endpoints, their keys, notices and every try."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlmodel import Field, SQLModel

OUTCOMES = (
    "'delivered', 'gone', 'redirected', 'refused', 'server-error', 'unreachable', 'tls', 'timed-out', 'cut-off',"
    " 'answer-too-large', 'url-refused', 'no-key'"
)


def _instant(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _recorded() -> "Column[datetime]":
    return Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))


class EndpointRow(SQLModel, table=True):
    """Where a bank is told. Never re-opened once disabled: the bank registers a new one. Instants are wall time."""

    __tablename__ = "endpoints"
    __table_args__ = (
        CheckConstraint("scheme in ('v1', 'v1a')", name="endpoints_scheme"),
        CheckConstraint("cardinality(kinds) > 0", name="endpoints_kinds"),
        CheckConstraint("(disabled_at is null) = (disabled_why is null)", name="endpoints_disabled"),
        Index("endpoints_by_bank", "bank_id"),
    )

    endpoint_id: UUID = Field(primary_key=True)
    bank_id: UUID
    url: str
    kinds: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    scheme: str
    registered_by: UUID
    registered_at: datetime = Field(sa_column=_instant())
    disabled_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    disabled_why: str | None = None
    recorded_at: datetime = Field(sa_column=_recorded())


class EndpointKeyRow(SQLModel, table=True):
    """A key that signs notices, sealed under the bank's data key."""

    __tablename__ = "endpoint_keys"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="endpoint_keys_validity"),
        Index("endpoint_keys_one_lasting", "endpoint_id", unique=True, postgresql_where=text("valid_to is null")),
    )

    key_id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(foreign_key="endpoints.endpoint_id")
    bank_id: UUID
    material: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    valid_from: datetime = Field(sa_column=_instant())
    valid_to: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    recorded_at: datetime = Field(sa_column=_recorded())


class NoticeRow(SQLModel, table=True):
    """One thing to tell one endpoint. `lease_until` is set while a try is under way."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'delivered', 'dead')", name="notices_state"),
        CheckConstraint("(state = 'pending') = (ended_at is null)", name="notices_ended"),
        UniqueConstraint("seq", name="notices_seq"),
        Index("notices_due", "endpoint_id", "next_at", postgresql_where=text("state = 'pending'")),
        Index("notices_by_bank", "bank_id", "seq"),
        Index("notices_by_stream", "stream_id"),
    )

    notice_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    endpoint_id: UUID = Field(foreign_key="endpoints.endpoint_id")
    bank_id: UUID
    stream_id: UUID
    kind: str
    ids: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    happened_at: datetime = Field(sa_column=_instant())
    made_at: datetime = Field(sa_column=_instant())
    state: str = Field(sa_column=Column(String, nullable=False, server_default=text("'pending'")))
    tries: int = Field(sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    next_at: datetime = Field(sa_column=_instant())
    lease_until: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    why: str | None = None
    recorded_at: datetime = Field(sa_column=_recorded())


class DeliveryAttemptRow(SQLModel, table=True):
    """One try, as it went. Rows are only ever added. Instants are wall time."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        CheckConstraint(f"outcome in ({OUTCOMES})", name="delivery_attempts_outcome"),
        CheckConstraint("began_at <= ended_at", name="delivery_attempts_times"),
        Index("delivery_attempts_by_notice", "notice_id", "began_at"),
        Index("delivery_attempts_by_stream", "stream_id"),
    )

    attempt_id: UUID = Field(primary_key=True)
    notice_id: UUID = Field(foreign_key="notices.notice_id")
    bank_id: UUID
    stream_id: UUID
    began_at: datetime = Field(sa_column=_instant())
    ended_at: datetime = Field(sa_column=_instant())
    outcome: str
    status: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    recorded_at: datetime = Field(sa_column=_recorded())
