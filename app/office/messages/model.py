"""Tables of messages, of the addresses copies go to, and of each attempt to send one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _instant(*, nullable: bool = False) -> "sa.Column[datetime]":
    return sa.Column(sa.DateTime(timezone=True), nullable=nullable)


def _recorded() -> "sa.Column[datetime]":
    return sa.Column(sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()"))


class MessageRow(SQLModel, table=True):
    """One message in one mailbox; told once however often its event is delivered."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint(
            "audience", "org_id", "branch_id", "kind", "about_id", "happened_at", name="messages_once"
        ),
        sa.Index("messages_mailbox", "audience", "org_id", "branch_id", "seq"),
        sa.Index("messages_about", "about_id", "seq"),
    )  # fmt: skip

    message_id: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True))
    audience: str
    org_id: UUID
    branch_id: UUID
    kind: str
    slots: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    url: str
    about_id: UUID
    happened_at: datetime = Field(sa_column=_instant())
    made_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())


class SeenRow(SQLModel, table=True):
    """Up to which message somebody has looked, seat by seat."""

    __tablename__ = "message_seen"

    seat_id: UUID = Field(primary_key=True)
    person_id: UUID
    seq: int = Field(sa_column=sa.Column(sa.BigInteger, nullable=False))
    seen_at: datetime = Field(sa_column=_instant())


class AddressRow(SQLModel, table=True):
    """Where a person wants copies, sealed; `code` is sealed too and goes when it has confirmed."""

    __tablename__ = "message_addresses"
    __table_args__ = (
        sa.Index(
            "message_addresses_one_live", "person_id", "audience", "org_id", "branch_id", "channel", unique=True,
            postgresql_where=sa.text("ended_at is null"),
        ),
        sa.Index(
            "message_addresses_mailbox", "audience", "org_id", "branch_id",
            postgresql_where=sa.text("ended_at is null and confirmed_at is not null"),
        ),
    )  # fmt: skip

    address_id: UUID = Field(primary_key=True)
    person_id: UUID
    audience: str
    org_id: UUID
    branch_id: UUID
    channel: str
    sealed: bytes
    shown: str
    code: bytes | None = None
    code_until: datetime | None = Field(sa_column=_instant(nullable=True))
    wrong: int = Field(default=0, sa_column=sa.Column(sa.SmallInteger, nullable=False, server_default="0"))
    made_at: datetime = Field(sa_column=_instant())
    confirmed_at: datetime | None = Field(sa_column=_instant(nullable=True))
    ended_at: datetime | None = Field(sa_column=_instant(nullable=True))
    recorded_at: datetime = Field(sa_column=_recorded())


class SendingRow(SQLModel, table=True):
    """One copy of a message to one address; without a message it carries the address's own code."""

    __tablename__ = "message_sendings"
    __table_args__ = (
        sa.Index("message_sendings_due", "next_at", postgresql_where=sa.text("state = 'pending'")),
        sa.Index("message_sendings_address", "address_id", "made_at"),
    )

    sending_id: UUID = Field(primary_key=True)
    address_id: UUID = Field(foreign_key="message_addresses.address_id")
    person_id: UUID
    message_id: UUID | None = Field(default=None, foreign_key="messages.message_id")
    channel: str
    state: str = Field(default="pending", sa_column_kwargs={"server_default": "pending"})
    tries: int = Field(default=0, sa_column=sa.Column(sa.SmallInteger, nullable=False, server_default="0"))
    next_at: datetime = Field(sa_column=_instant())
    lease_until: datetime | None = Field(sa_column=_instant(nullable=True))
    ended_at: datetime | None = Field(sa_column=_instant(nullable=True))
    why: str | None = None
    made_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())


class AttemptRow(SQLModel, table=True):
    """Every try, also the failed ones: what was sent to whom can be told years later."""

    __tablename__ = "message_attempts"
    __table_args__ = (sa.Index("message_attempts_sending", "sending_id", "began_at"),)

    attempt_id: UUID = Field(primary_key=True)
    sending_id: UUID = Field(foreign_key="message_sendings.sending_id")
    person_id: UUID
    began_at: datetime = Field(sa_column=_instant())
    outcome: str
    status: int | None = Field(default=None, sa_column=sa.Column(sa.SmallInteger))
    recorded_at: datetime = Field(sa_column=_recorded())
