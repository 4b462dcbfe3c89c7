"""What a firm brings to its order: uploaded papers, and who opened them."""

from alembic import op
from rls import protect

revision = "0010"
down_revision = "0009"

BANKS_OWN = "bank_id = app_org() and coalesce(branch_id = app_branch(), true)"
BUSINESS_OWN = "business_id = app_org()"
CASE = "order_id = app_case()"


def upgrade() -> None:
    op.execute(
        """
        create table papers (
          paper_id uuid primary key,
          order_id uuid not null,
          suborder_id uuid not null,
          request_id uuid not null,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          subject_id uuid not null,
          position smallint not null,
          name varchar not null constraint papers_name check (char_length(name) between 1 and 100),
          kind varchar not null,
          size_bytes integer not null constraint papers_size check (size_bytes > 0),
          sha256 varchar not null constraint papers_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
          same_as uuid,
          sealed bytea not null,
          policy_version integer not null,
          brought_by uuid not null,
          brought_at timestamptz not null,
          recorded_at timestamptz not null default now(),
          constraint papers_once unique (request_id, position))
        """
    )
    op.execute("create index papers_by_suborder on papers (suborder_id, brought_at, position)")
    op.execute("create index papers_by_order on papers (order_id)")
    op.execute(
        """
        create table paper_reads (
          read_id uuid primary key,
          paper_id uuid not null references papers,
          order_id uuid not null,
          suborder_id uuid not null,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          client_id uuid,
          person_id uuid not null,
          read_at timestamptz not null,
          recorded_at timestamptz not null default now())
        """
    )
    op.execute("create index paper_reads_by_order on paper_reads (order_id)")
    # The two sides alone: neither the regulator nor an operator has any business in a firm's papers.
    protect("papers", {
        "business": ("select", BUSINESS_OWN),
        "bank": ("select", BANKS_OWN),
        "act": ("select, insert", CASE),
    })  # fmt: skip
    protect("paper_reads", {
        "business": ("select", BUSINESS_OWN),
        "bank": ("select", BANKS_OWN),
        "act": ("select, insert", CASE),
        "regulator": ("select", "true"),
        "reporter": ("select", "true"),
    })  # fmt: skip


def downgrade() -> None:
    op.execute("drop table paper_reads")
    op.execute("drop table papers")
