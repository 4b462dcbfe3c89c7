"""Tables of ingestion: the batch, its file, how far it is, and what became of each row that was not plain."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class BatchRow(SQLModel, table=True):
    """One file, once. `state`: offered (a person looks at its profile first), stored (waits to be loaded), landed (in
    force), refused (whole), discarded (its file is gone)."""

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint("state in ('offered', 'stored', 'landed', 'refused', 'discarded')", name="batches_state"),
        CheckConstraint("kind in ('registry', 'outlets', 'list', 'invoices', 'masked')", name="batches_kind"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="batches_sha256"),
        CheckConstraint("(state = 'refused') = (refusal is not null)", name="batches_refusal"),
        CheckConstraint("(state in ('offered', 'stored')) = (ended_at is null)", name="batches_ended"),
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
        Index("batches_offered", "stored_at", postgresql_where=text("state = 'offered'")),
        Index("batches_provider", "provider_id", "stored_at"),
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
    """The file as it came, `sealed` under a data key of its batch; one from before that lies open until it is."""

    __tablename__ = "batch_files"
    __table_args__ = (Index("batch_files_open", "batch_id", postgresql_where=text("not sealed")),)

    batch_id: UUID = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
    sealed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class BatchProfileRow(SQLModel, table=True):
    """What a load of the file would do, seen by doing it and taking it back. Samples are masked before."""

    __tablename__ = "batch_profiles"
    __table_args__ = (CheckConstraint("rows_read = rows_accepted + rows_quarantined", name="batch_profiles_rows"),)

    batch_id: UUID = Field(primary_key=True)
    profiled_at: datetime = Field(sa_type=DateTime(timezone=True))
    took_ms: int
    rows_read: int
    rows_accepted: int
    rows_normalised: int
    rows_quarantined: int
    rows_new: int
    direction: str | None = Field(default=None, sa_type=Text)
    encoding: str = Field(sa_type=Text)
    separator: str = Field(sa_type=Text)
    columns: list[dict[str, str]] = Field(sa_type=JSONB)
    samples: list[dict[str, object]] = Field(sa_type=JSONB)
    notes: dict[str, int] = Field(sa_type=JSONB)
    faults: dict[str, int] = Field(sa_type=JSONB)
    passed_over: str = Field(sa_type=Text)


class BatchCancelRow(SQLModel, table=True):
    """Somebody asks that a profile or a load under way be given up; who is at it sees this between two blocks."""

    __tablename__ = "batch_cancels"

    batch_id: UUID = Field(primary_key=True)
    asked_by: UUID
    asked_at: datetime = Field(sa_type=DateTime(timezone=True))


class BatchProgressRow(SQLModel, table=True):
    """How far a load is; written beside the load, so that it shows before the commit and survives a roll back."""

    __tablename__ = "batch_progress"
    __table_args__ = (CheckConstraint("phase in ('profile', 'load', 'land')", name="batch_progress_phase"),)

    batch_id: UUID = Field(primary_key=True)
    rows_read: int
    at: datetime = Field(sa_type=DateTime(timezone=True))
    phase: str = Field(default="load", sa_type=Text, sa_column_kwargs={"server_default": text("'load'")})
    began_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    rows_expected: int | None = None


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
    __table_args__ = (Index("rejected_rows_code", "code", "batch_id", "row_no"),)

    batch_id: UUID = Field(primary_key=True)
    row_no: int = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    column_name: str = Field(sa_type=Text)
    original: str = Field(sa_type=Text)
    suggestion: str = Field(sa_type=Text)


class QuarantineMarkRow(SQLModel, table=True):
    """A person has dealt with a quarantined row: kept aside for good, or mended by a new file. Undone by deleting.

    Rows that were marked in one act share `mark_id`.
    """

    __tablename__ = "quarantine_marks"
    __table_args__ = (
        CheckConstraint("mark in ('kept', 'mended')", name="quarantine_marks_mark"),
        Index("quarantine_marks_act", "mark_id"),
    )

    batch_id: UUID = Field(primary_key=True)
    row_no: int = Field(primary_key=True)
    mark_id: UUID
    code: str = Field(sa_type=Text)
    mark: str = Field(sa_type=Text)
    marked_by: UUID
    marked_at: datetime = Field(sa_type=DateTime(timezone=True))


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
