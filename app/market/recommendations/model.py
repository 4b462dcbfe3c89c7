"""The table of recommendations."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class RecommendationRow(SQLModel, table=True):
    """A firm that was put on a list of recommendations, by which criteria and whom. Only ever added to."""

    __tablename__ = "recommendations"
    __table_args__ = (
        sa.UniqueConstraint("subject_id", "list_id"),
        sa.Index("recommendations_subject", "subject_id", sa.text("recommended_at desc")),
        sa.Index("recommendations_newest", sa.text("recommended_at desc"), sa.text("recommendation_id desc")),
    )

    recommendation_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(foreign_key="subjects.subject_id")
    list_id: UUID
    criteria: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    source: str = Field(sa_type=sa.Text)
    district_code: str | None = Field(default=None, sa_type=sa.Text)
    recommended_at: datetime = Field(sa_column=sa.Column(sa.DateTime(timezone=True), nullable=False))
    listed_by: UUID
