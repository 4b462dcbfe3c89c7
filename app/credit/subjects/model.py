"""Tables of subjects: who they are, what they were called, and which of them are bank outlets."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field, SQLModel

from app.credit.subjects.rules import PlaceReason, SubjectKind


def _one_of(column: str, kind: type[SubjectKind] | type[PlaceReason]) -> str:
    return f"{column} in ({', '.join(repr(str(member)) for member in kind)})"


class SubjectRow(SQLModel, table=True):
    """One subject as it is known now."""

    __tablename__ = "subjects"
    __table_args__ = (
        CheckConstraint(_one_of("kind", SubjectKind), name="subjects_kind"),
        CheckConstraint(_one_of("place_reason", PlaceReason), name="subjects_place_reason"),
        CheckConstraint(
            "(kind = 'MASKED') = (bank_id is not null) and (kind = 'MASKED') = (customer_no is not null)",
            name="subjects_masked_has_number",
        ),
        CheckConstraint(
            "kind <> 'MASKED' or (uscc is null and org_code is null and district_code is null and founded_on is null)",
            name="subjects_masked_is_masked",
        ),
        CheckConstraint("uscc ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'", name="subjects_uscc"),
        CheckConstraint("capital_fen >= 0", name="subjects_capital"),
        Index("subjects_uscc_key", "uscc", unique=True),
        Index("subjects_customer_key", "bank_id", "customer_no", unique=True),
        Index("subjects_org_code", "org_code"),
        Index("subjects_name", "name_key"),
    )

    subject_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    name_key: str = Field(sa_type=Text)
    uscc: str | None = Field(default=None, sa_type=Text)
    org_code: str | None = Field(default=None, sa_type=Text)
    district_code: str | None = Field(default=None, sa_type=Text)
    place_as_written: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    place_reason: str | None = Field(default=None, sa_type=Text)
    address: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    founded_on: date | None = None
    entity_type: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    scope: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    capital_fen: int | None = Field(default=None, sa_type=BigInteger)
    capital_currency: str | None = Field(default=None, sa_type=Text)
    capital_as_written: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    agri: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    bank_id: UUID | None = None
    customer_no: str | None = Field(default=None, sa_type=Text)
    as_of_on: date | None = None
    batch_id: UUID | None = None
    first_seen_at: datetime = Field(sa_type=DateTime(timezone=True))
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))


class SubjectNameRow(SQLModel, table=True):
    """A name as registered, and since when it is known here. The newest is the subject's name."""

    __tablename__ = "subject_names"

    subject_id: UUID = Field(primary_key=True)
    since_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    name: str = Field(sa_type=Text)
    batch_id: UUID | None = None


class SubjectIdentifierRow(SQLModel, table=True):
    """Another spelling of an identifier, as a provider wrote it."""

    __tablename__ = "subject_identifiers"

    subject_id: UUID = Field(primary_key=True)
    value: str = Field(primary_key=True, sa_type=Text)
    batch_id: UUID | None = None
    seen_at: datetime = Field(sa_type=DateTime(timezone=True))


class BankOutletRow(SQLModel, table=True):
    """A subject that a batch named as a bank's outlet."""

    __tablename__ = "bank_outlets"

    batch_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
