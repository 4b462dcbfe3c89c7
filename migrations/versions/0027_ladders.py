"""Room kept in the chain."""

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
