"""Room kept in the chain."""

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
