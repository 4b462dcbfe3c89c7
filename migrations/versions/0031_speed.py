"""Indexes by which the regulator's morning stays as quick as the city is old: what is over is in none of them."""

from alembic import op

revision = "0031"
down_revision = "0036"

LIVE = "state in ('pushed', 'accepted', 'contacted', 'investigating', 'offered', 'picked', 'signed', 'paying')"
OVERNIGHT = "act in ('breach', 'refuse', 'lapse', 'withdraw', 'revoke')"


def upgrade() -> None:
    # A breached clock of a suborder that lapsed is stopped by nobody: this index grew with the history.
    op.execute("drop index clocks_red")
    op.execute(f"create index suborders_broken on suborders (suborder_id) where breached <> '{{}}' and {LIVE}")
    op.execute(
        "create index clocks_provisional on clocks (due_on) where is_provisional and state in ('running', 'paused')"
    )
    op.execute(f"create index suborder_moves_night on suborder_moves (at, seq) include (act, cause) where {OVERNIGHT}")


def downgrade() -> None:
    op.execute("drop index suborder_moves_night")
    op.execute("drop index clocks_provisional")
    op.execute("drop index suborders_broken")
    op.execute(
        "create index clocks_red on clocks (due_at) where stopped_at is null and state in ('running', 'breached')"
    )
