"""What a desk keeps: saved filters, and the index its inbox is read by."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
