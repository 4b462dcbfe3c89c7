"""What supervision keeps folded, so that its pages stay quick."""

import figures
import published

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    published.create()
    figures.create()


def downgrade() -> None:
    figures.drop()
    published.drop()
