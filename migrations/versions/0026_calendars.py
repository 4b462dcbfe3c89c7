"""Room kept in the chain."""

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
