"""What a refusal, or the attempt at one, gives supervision to look at."""

from alembic import op
from rls import protect

revision = "0028"
down_revision = "0027"

FLAGS = """
create table refusal_flags (
  flag_id uuid primary key, order_id uuid not null, suborder_id uuid not null, bank_id uuid not null,
  branch_id uuid not null, kind varchar not null, reason_code varchar not null, why varchar not null,
  said varchar not null, like_suborder_id uuid, like_ppm integer, by_person uuid, at timestamptz not null,
  recorded_at timestamptz not null default now(),
  constraint refusal_flags_kind check (kind in ('contradicted', 'empty', 'leaks', 'no_word', 'copied')),
  constraint refusal_flags_copied check ((kind = 'copied') = (like_suborder_id is not null)),
  constraint refusal_flags_like check ((like_suborder_id is null) = (like_ppm is null)))
"""


def upgrade() -> None:
    op.execute(FLAGS)
    op.execute("create unique index refusal_flags_copied_once on refusal_flags (suborder_id) where kind = 'copied'")
    op.execute("create index refusal_flags_suborder on refusal_flags (suborder_id)")
    op.execute("create index refusals_branch on refusals (branch_id, refused_at desc)")
    op.execute("create index refusal_flags_at on refusal_flags (at desc, flag_id desc)")
    protect(
        "refusal_flags",
        {
            "act": ("insert", "order_id = app_case()"),
            "worker": ("select, insert", "true"),
            "regulator": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )


def downgrade() -> None:
    op.execute("drop index refusals_branch")
    op.execute("drop table refusal_flags")
