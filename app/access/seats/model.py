"""Tables of seats, credentials, sessions and rate buckets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from app.access.seats.rules import SeatRole
from app.infra.db import text_enum


class SeatRow(SQLModel, table=True):
    """A role is never changed in place: the seat ends and another begins, so that a session of the old one dies."""

    __tablename__ = "seats"
    __table_args__ = (
        Index(
            "seats_one_alive",
            "person_id",
            "org_id",
            "role",
            text("coalesce(branch_id, org_id)"),
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    seat_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.person_id")
    org_id: UUID = Field(foreign_key="orgs.org_id")
    role: SeatRole = Field(sa_column=Column(text_enum(SeatRole), nullable=False))
    branch_id: UUID | None = None
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class CredentialRow(SQLModel, table=True):
    """Apart from people, so that whoever may list people can't read hashes."""

    __tablename__ = "credentials"

    person_id: UUID = Field(primary_key=True, foreign_key="persons.person_id")
    password_hash: str = Field(sa_column=Column(Text, nullable=False))


class SessionRow(SQLModel, table=True):
    """`session_key` is the SHA-256 of what the cookie holds."""

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_age", "created_at"),)

    session_key: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    person_id: UUID = Field(foreign_key="persons.person_id")
    seat_id: UUID | None = Field(default=None, foreign_key="seats.seat_id")
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    seen_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RateBucketRow(SQLModel, table=True):
    """A token bucket as one instant: when it will be full again."""

    __tablename__ = "rate_buckets"

    bucket_key: str = Field(sa_column=Column(Text, primary_key=True))
    full_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
