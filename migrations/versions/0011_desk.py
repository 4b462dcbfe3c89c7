"""What a desk keeps: saved filters, the public grade at arrival, and the index its inbox is read by."""

from alembic import op
from rls import protect

revision = "0011"
down_revision = "0010"

OWN_BRANCH = "bank_id = app_org() and coalesce(branch_id = app_branch(), true)"
OWN_BRANCH_ONCE = "bank_id = app_org() and ((select app_branch()) is null or branch_id = (select app_branch()))"
# The clock that a suborder goes by is the first of its live ones in this order; the index holds all that the inbox
# reads of it, so that ten thousand rows are read without the table.
LIVE = (
    "case_kind = 'suborder' and owner in ('bank', 'firm') and (state in ('running', 'paused')"
    " or (state = 'breached' and stopped_at is null and owner = 'bank'))"
)


def upgrade() -> None:
    op.execute(
        "create index clocks_desk on clocks (bank_id, case_id, owner, (state = 'paused'), due_at)"
        f" include (kind, state, started_at, due_on) where {LIVE}"
    )
    op.execute(
        """
        create table desk_filters (
          filter_id uuid primary key,
          bank_id uuid not null,
          person_id uuid not null,
          name text not null check (char_length(name) between 1 and 40),
          query text not null check (char_length(query) <= 500),
          saved_at timestamptz not null,
          removed_at timestamptz check (removed_at >= saved_at))
        """
    )
    op.execute(
        "create unique index desk_filters_name on desk_filters (bank_id, person_id, name) where removed_at is null"
    )
    own = "bank_id = (select app_org()) and person_id = (select app_actor())"
    protect("desk_filters", {"bank": ("select, insert, update, delete", own)})
    op.execute(
        """
        create table suborder_grades (
          suborder_id uuid primary key references suborders,
          order_id uuid not null references orders,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          grade text not null check (grade in ('A', 'B', 'C', 'D')),
          is_thin boolean not null,
          formula_version integer not null,
          graded_at timestamptz not null)
        """
    )
    # Which branch one sits in is asked once a statement, not once a row: a branch may have ten thousand.
    op.execute(f"alter policy bank_select on suborders using ({OWN_BRANCH_ONCE})")
    op.execute("create index suborder_grades_order on suborder_grades (order_id)")
    protect("suborder_grades", {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", OWN_BRANCH_ONCE),
        "act": ("select", "order_id = app_case()"),
        "worker": ("select, insert", "true"),
        "regulator": ("select", "true"),
        "reporter": ("select", "true"),
    })  # fmt: skip


def downgrade() -> None:
    op.execute(f"alter policy bank_select on suborders using ({OWN_BRANCH})")
    op.execute("drop table suborder_grades")
    op.execute("drop table desk_filters")
    op.execute("drop index clocks_desk")
