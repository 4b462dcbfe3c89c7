"""What supervision keeps folded, so that its pages stay quick."""

import published

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    published.create()


def downgrade() -> None:
    published.drop()
