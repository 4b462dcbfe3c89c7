"""Months that are frozen, documents that anybody can verify, and figures by industry, size and type of loan."""

import figures
import months
from alembic import context

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    months.create(figures.FOLD)


def downgrade() -> None:
    months.drop(context.script.get_revision("0009").module.FIGURES)
