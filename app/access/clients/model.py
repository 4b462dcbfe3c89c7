"""Tables of clients: the machine, its keys, the assertions it has used up and the tokens it was given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlmodel import Field, SQLModel


def _instant(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)


def _recorded() -> "Column[datetime]":
    return Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))


class ClientRow(SQLModel, table=True):
    """One machine of a bank. `branch_id` is set when it works for one branch only. Instants are wall time."""

    __tablename__ = "clients"
    __table_args__ = (UniqueConstraint("bank_id", "name", name="clients_name"),)

    client_id: UUID = Field(primary_key=True)
    bank_id: UUID
    branch_id: UUID | None = None
    name: str
    registered_by: UUID
    registered_at: datetime = Field(sa_column=_instant())
    disabled_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    disabled_by: UUID | None = None
    recorded_at: datetime = Field(sa_column=_recorded())


class ClientKeyRow(SQLModel, table=True):
    """A public key. A successor ends its predecessor's validity 24 hours later; keys are never rewritten."""

    __tablename__ = "client_keys"
    __table_args__ = (
        CheckConstraint("use in ('sig', 'enc')", name="client_keys_use"),
        CheckConstraint("valid_to is null or valid_from <= valid_to", name="client_keys_validity"),
        UniqueConstraint("client_id", "thumbprint", name="client_keys_thumbprint"),
        Index("client_keys_one_lasting", "client_id", "use", unique=True, postgresql_where=text("valid_to is null")),
    )

    client_id: UUID = Field(primary_key=True)
    kid: str = Field(primary_key=True)
    bank_id: UUID
    use: str
    jwk: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    thumbprint: str
    registered_by: UUID
    valid_from: datetime = Field(sa_column=_instant())
    valid_to: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    recorded_at: datetime = Field(sa_column=_recorded())


class ClientAssertionRow(SQLModel, table=True):
    """An assertion that was used. Kept until it could not be used again anyway."""

    __tablename__ = "client_assertions"
    __table_args__ = (Index("client_assertions_by_expiry", "expires_at"),)

    client_id: UUID = Field(primary_key=True)
    jti: str = Field(primary_key=True)
    expires_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())


class ClientTokenRow(SQLModel, table=True):
    """An access token, by its hash."""

    __tablename__ = "client_tokens"
    __table_args__ = (Index("client_tokens_by_expiry", "expires_at"),)

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    client_id: UUID
    bank_id: UUID
    issued_at: datetime = Field(sa_column=_instant())
    expires_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_recorded())
