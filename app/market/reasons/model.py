"""What a refusal, or the attempt at one, gives supervision to look at. Rows are only added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlmodel import Field, SQLModel


class FlagRow(SQLModel, table=True):
    """`said` is empty where the words may not be passed on. `like_*`: the refusal that it was copied from."""

    __tablename__ = "refusal_flags"
    __table_args__ = (
        CheckConstraint("kind in ('contradicted', 'empty', 'leaks', 'no_word', 'copied')", name="refusal_flags_kind"),
        CheckConstraint("(kind = 'copied') = (like_suborder_id is not null)", name="refusal_flags_copied"),
        CheckConstraint("(like_suborder_id is null) = (like_ppm is null)", name="refusal_flags_like"),
        Index(
            "refusal_flags_copied_once", "suborder_id", unique=True, postgresql_where=text("kind = 'copied'")
        ),
        Index("refusal_flags_suborder", "suborder_id"),
        Index("refusal_flags_at", text("at desc"), text("flag_id desc")),
    )  # fmt: skip

    flag_id: UUID = Field(primary_key=True)
    order_id: UUID
    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    kind: str
    reason_code: str
    why: str
    said: str
    like_suborder_id: UUID | None = None
    like_ppm: int | None = None
    by_person: UUID | None = None
    at: datetime = Field(sa_column=Column(TIMESTAMP(timezone=True), nullable=False))
    recorded_at: datetime = Field(
        sa_column=Column(TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))
    )
