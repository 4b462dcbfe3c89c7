"""Questions to the replay and their answers: the nightly check, and the past under another promise."""

from alembic import op
from rls import protect

revision = "0029"
down_revision = "0028"

RECKONINGS = """
create table reckonings (
  reckoning_id uuid primary key, kind text not null, body jsonb not null, asked_by uuid, asked_at timestamptz not null,
  state text not null, done integer not null default 0, whole integer not null default 0, lease_until timestamptz,
  ended_at timestamptz, result jsonb, recorded_at timestamptz not null default now(),
  constraint reckonings_kind check (kind in ('check', 'what_if')),
  constraint reckonings_state check (state in ('waiting', 'running', 'done', 'failed')),
  constraint reckonings_result check ((state = 'done') = (result is not null)),
  constraint reckonings_ended check ((state in ('done', 'failed')) = (ended_at is not null)))
"""


def upgrade() -> None:
    op.execute(RECKONINGS)
    op.execute("create index reckonings_asked on reckonings (asked_at desc, reckoning_id desc)")
    op.execute("create index reckonings_open on reckonings (asked_at) where state in ('waiting', 'running')")
    protect(
        "reckonings",
        {
            "regulator": ("select, insert", "true"),
            "worker": ("select, insert, update", "true"),
            "ops": ("select", "kind = 'check'"),
            "reporter": ("select", "true"),
        },
    )


def downgrade() -> None:
    op.execute("drop table reckonings")
