"""The audit log and its seals. Rows are only ever added: no grant to change them, and triggers that refuse."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction number."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class AuditEvent(SQLModel, table=True):
    """`xid` tells which transaction wrote it: whoever reads on by snapshots misses no slow commit."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("audit_events_case", "case_id", "seq", postgresql_where=text("case_id is not null")),
        Index("audit_events_subject", "subject_id", "seq", postgresql_where=text("subject_id is not null")),
        Index("audit_events_xid", "xid", "seq"),
    )

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    xid: int = Field(sa_column=Column(Xid8, nullable=False, server_default=text("pg_current_xact_id()")))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    business_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor_id: UUID | None = None
    org_id: UUID | None = None
    act: str = Field(sa_column=Column(Text, nullable=False))
    subject_id: UUID | None = None
    case_id: UUID | None = None
    request_id: str = Field(sa_column=Column(Text, nullable=False))
    detail: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))


class AuditLog(SQLModel, table=True):
    """Which log this is, made with its first head."""

    __tablename__ = "audit_logs"
    __table_args__ = (CheckConstraint("one = 1"),)

    one: int = Field(default=1, sa_column=Column(SmallInteger, primary_key=True, server_default=text("1")))
    log_id: UUID
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class AuditLeaf(SQLModel, table=True):
    """The place of one event in the log: `source` 0 is `audit_events`, 1 the outbox; `seq` is the row's there."""

    __tablename__ = "audit_leaves"
    __table_args__ = (
        CheckConstraint("number >= 0"),
        CheckConstraint("source in (0, 1)"),
        CheckConstraint("octet_length(commitment) = 32"),
        CheckConstraint("octet_length(leaf) = 32"),
        UniqueConstraint("source", "seq", name="audit_leaves_row"),
    )

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    source: int = Field(sa_column=Column(SmallInteger, nullable=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    commitment: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditSalt(SQLModel, table=True):
    """What opens an event's commitment. The one thing here that can be deleted: then nobody can show or guess it."""

    __tablename__ = "audit_salts"
    __table_args__ = (CheckConstraint("octet_length(salt) = 32"),)

    number: int = Field(
        sa_column=Column(BigInteger, ForeignKey("audit_leaves.number"), primary_key=True, autoincrement=False)
    )
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditNode(SQLModel, table=True):
    """The root of a whole subtree of 2**level leaves, each eighth level, so that proofs are quick."""

    __tablename__ = "audit_nodes"
    __table_args__ = (
        CheckConstraint("level > 0 and level % 8 = 0"),
        CheckConstraint("place >= 0"),
        CheckConstraint("octet_length(node) = 32"),
    )

    level: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    place: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    node: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditHead(SQLModel, table=True):
    """A signed head and where the next batch begins: what `target` sees beyond `base`, after the cursor; with no
    target, whatever is visible beyond `base`. `content` is what was signed, `peaks` the tree's frontier."""

    __tablename__ = "audit_heads"
    __table_args__ = (
        CheckConstraint("no >= 0"),
        CheckConstraint("size > 0"),
        CheckConstraint("octet_length(x) = 32"),
        CheckConstraint("octet_length(peaks) % 32 = 0"),
        CheckConstraint(
            "num_nulls(target, cursor_xid, cursor_source, cursor_seq) in (0, 4)", name="audit_heads_cursor"
        ),
    )

    no: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    content: str = Field(sa_column=Column(Text, nullable=False))
    signature: str = Field(sa_column=Column(Text, nullable=False))
    x: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    peaks: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    base: str = Field(sa_column=Column(Text, nullable=False))
    target: str | None = Field(default=None, sa_column=Column(Text))
    cursor_xid: int | None = Field(default=None, sa_column=Column(BigInteger))
    cursor_source: int | None = Field(default=None, sa_column=Column(SmallInteger))
    cursor_seq: int | None = Field(default=None, sa_column=Column(BigInteger))


class AuditWitness(SQLModel, table=True):
    """Who co-signs heads: the thumbprint of the key, whose it is, and its public half."""

    __tablename__ = "audit_witnesses"
    __table_args__ = (CheckConstraint("octet_length(x) = 32"),)

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    x: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


class AuditCosignature(SQLModel, table=True):
    __tablename__ = "audit_cosignatures"

    no: int = Field(sa_column=Column(BigInteger, ForeignKey("audit_heads.no"), primary_key=True, autoincrement=False))
    kid: str = Field(sa_column=Column(Text, ForeignKey("audit_witnesses.kid"), primary_key=True))
    signature: str = Field(sa_column=Column(Text, nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )
