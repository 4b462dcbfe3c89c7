"""Tables of ingestion: the batch, its file, how far it is, and what became of each row that was not plain."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel


class BatchRow(SQLModel, table=True):
    """One file, once. `state`: stored (not yet in force), landed (in force), refused (whole)."""

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint("state in ('stored', 'landed', 'refused')", name="batches_state"),
        CheckConstraint("kind in ('registry', 'outlets', 'list', 'invoices', 'masked')", name="batches_kind"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="batches_sha256"),
        CheckConstraint("(state = 'refused') = (refusal is not null)", name="batches_refusal"),
        CheckConstraint("(state = 'stored') = (ended_at is null)", name="batches_ended"),
        CheckConstraint("rows_read = rows_accepted + rows_quarantined", name="batches_rows"),
        CheckConstraint("(kind = 'list') = (list_kind is not null)", name="batches_list_kind"),
        Index(
            "batches_file",
            "sha256",
            "kind",
            "provider_id",
            "bank_id",
            "list_kind",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("batches_stored", "stored_at", postgresql_where=text("state = 'stored'")),
    )

    batch_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    file_name: str = Field(sa_type=Text)
    sha256: str = Field(sa_type=Text)
    size_bytes: int
    provider_id: UUID | None = None
    bank_id: UUID | None = None
    list_kind: str | None = Field(default=None, sa_type=Text)
    as_of_on: date | None = None
    state: str = Field(sa_type=Text)
    stored_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    rows_read: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    rows_accepted: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    rows_normalised: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    rows_quarantined: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    rows_new: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    direction: str | None = Field(default=None, sa_type=Text)
    encoding: str | None = Field(default=None, sa_type=Text)
    extra_columns: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    absent_columns: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    refusal: str | None = Field(default=None, sa_type=Text)
    refusal_where: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})


class BatchFileRow(SQLModel, table=True):
    """The file as it came."""

    __tablename__ = "batch_files"

    batch_id: UUID = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class BatchProgressRow(SQLModel, table=True):
    """How far a load is; written beside the load, so that it shows before the commit and survives a roll back."""

    __tablename__ = "batch_progress"

    batch_id: UUID = Field(primary_key=True)
    rows_read: int
    at: datetime = Field(sa_type=DateTime(timezone=True))


class BatchCountRow(SQLModel, table=True):
    """How many accepted rows carry a note, how many rows are quarantined by a code."""

    __tablename__ = "batch_counts"
    __table_args__ = (CheckConstraint("outcome in ('note', 'fault')", name="batch_counts_outcome"),)

    batch_id: UUID = Field(primary_key=True)
    outcome: str = Field(primary_key=True, sa_type=Text)
    code: str = Field(primary_key=True, sa_type=Text)
    rows: int


class RejectedRowRow(SQLModel, table=True):
    """A quarantined row: where it stood and what stood there. A suggestion is for a person, never applied."""

    __tablename__ = "rejected_rows"

    batch_id: UUID = Field(primary_key=True)
    row_no: int = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    column_name: str = Field(sa_type=Text)
    original: str = Field(sa_type=Text)
    suggestion: str = Field(sa_type=Text)


class BatchSubjectRow(SQLModel, table=True):
    """A subject that a landed batch touched."""

    __tablename__ = "batch_subjects"

    batch_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)


class MaskedInputRow(SQLModel, table=True):
    """What a bank said of its own masked firm: its rating and whether the firm defaulted. Never the public grade."""

    __tablename__ = "masked_inputs"
    __table_args__ = (CheckConstraint("bank_rating in ('A', 'B', 'C', 'D')", name="masked_inputs_rating"),)

    batch_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    bank_id: UUID
    customer_no: str = Field(sa_type=Text)
    bank_rating: str | None = Field(default=None, sa_type=Text)
    defaulted: bool | None = None
