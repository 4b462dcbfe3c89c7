"""Tables of consents: the letter, and the gate that closes it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class ConsentRow(SQLModel, table=True):
    """One signed letter. `read_lock` is 0 for ever: the column a reader's role may 'update', so that it may lock."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose in ('pre_loan', 'in_loan', 'post_loan')", name="consents_purpose"),
        CheckConstraint("sign_method in ('session', 'sms', 'face', 'certificate')", name="consents_sign_method"),
        CheckConstraint("cardinality(data_classes) > 0", name="consents_data_classes"),
        CheckConstraint("valid_from < valid_to", name="consents_validity"),
        CheckConstraint("text_hash ~ '^[0-9a-f]{64}$'", name="consents_text_hash"),
        CheckConstraint("person_subject_id is null or sign_method <> 'session'", name="consents_person_signs"),
        CheckConstraint("read_lock = 0", name="consents_read_lock"),
        Index(
            "consents_one_alive",
            "order_id",
            "bank_id",
            "purpose",
            text("coalesce(person_subject_id, grantor_subject_id)"),
            unique=True,
            postgresql_where=text("revoked_at is null"),
        ),
        Index("consents_by_order", "order_id", "granted_at"),
    )

    consent_id: UUID = Field(primary_key=True)
    business_id: UUID
    grantor_subject_id: UUID
    person_subject_id: UUID | None = None
    bank_id: UUID
    branch_id: UUID
    order_id: UUID
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    data_classes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    sign_method: str = Field(sa_column=Column(Text, nullable=False))
    signed_by: UUID
    text_version: int
    text_hash: str = Field(sa_column=Column(Text, nullable=False))
    letter: str = Field(sa_column=Column(Text, nullable=False))
    valid_from: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    valid_to: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    granted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    read_lock: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class ConsentAmendmentRow(SQLModel, table=True):
    """Another branch of the same bank in the place of the stated one. Only ever added to."""

    __tablename__ = "consent_amendments"
    __table_args__ = (Index("consent_amendments_newest", "consent_id", text("seq desc")),)

    seq: int | None = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    consent_id: UUID = Field(foreign_key="consents.consent_id")
    business_id: UUID
    bank_id: UUID
    order_id: UUID
    branch_id: UUID
    amended_by: UUID
    amended_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ConsentGateRow(SQLModel, table=True):
    """From its commit on nobody enters under the consent; those already inside are waited for by the revocation."""

    __tablename__ = "consent_gates"

    consent_id: UUID = Field(primary_key=True)
    business_id: UUID
    bank_id: UUID
    order_id: UUID
    closed_by: UUID
    closed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
