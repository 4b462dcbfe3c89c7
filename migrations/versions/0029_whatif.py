"""Room kept in the chain."""

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
