"""Consents: signed letters and the gates that close them."""

from alembic import op
from rls import protect, role

revision = "0004"
down_revision = "0003"

CONSENTS = """
create table consents (
    consent_id uuid primary key,
    business_id uuid not null,
    grantor_subject_id uuid not null,
    person_subject_id uuid,
    bank_id uuid not null,
    branch_id uuid not null,
    order_id uuid not null,
    purpose text not null constraint consents_purpose check (purpose in ('pre_loan', 'in_loan', 'post_loan')),
    data_classes text[] not null constraint consents_data_classes check (cardinality(data_classes) > 0),
    sign_method text not null
        constraint consents_sign_method check (sign_method in ('session', 'sms', 'face', 'certificate')),
    signed_by uuid not null,
    text_version integer not null,
    text_hash text not null constraint consents_text_hash check (text_hash ~ '^[0-9a-f]{64}$'),
    letter text not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    granted_at timestamptz not null,
    revoked_at timestamptz,
    read_lock smallint not null default 0 constraint consents_read_lock check (read_lock = 0),
    recorded_at timestamptz not null default now(),
    constraint consents_validity check (valid_from < valid_to),
    constraint consents_person_signs check (person_subject_id is null or sign_method <> 'session')
)
"""
# One letter per order, bank, purpose and subject may stand; a revoked one makes room for the next.
ONE_ALIVE = """
create unique index consents_one_alive
    on consents (order_id, bank_id, purpose, coalesce(person_subject_id, grantor_subject_id)) where revoked_at is null
"""
GATES = """
create table consent_gates (
    consent_id uuid primary key,
    business_id uuid not null,
    bank_id uuid not null,
    order_id uuid not null,
    closed_by uuid not null,
    closed_at timestamptz not null,
    recorded_at timestamptz not null default now()
)
"""


# Which lists were collected, and when last: no secret of those who stand on them, so every reader of a report is told
# the same. A firm's own role sees its own entries only and would take "collected, not listed" for "never collected".
LANDED = """
create function lists_v_landed(as_of timestamptz) returns table (list_kind text, known_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select e.list_kind, max(e.known_at) from list_entries e where e.known_at <= as_of group by e.list_kind
$$
"""
READERS = ("business", "bank", "regulator", "ops", "act", "worker", "loader", "reporter")


def upgrade() -> None:
    for statement in (CONSENTS, ONE_ALIVE, GATES):
        op.execute(statement)
    op.execute(f"create policy owner_select on list_entries for select to {role('owner')} using (true)")
    op.execute(LANDED)
    op.execute("revoke all on function lists_v_landed(timestamptz) from public")
    for name in READERS:
        op.execute(f"grant execute on function lists_v_landed(timestamptz) to {role(name)}")
    protect(
        "consents",
        {
            "business": ("select, insert", "business_id = app_org()"),
            "bank": ("select, update", "bank_id = app_org()"),
            "act": ("select, insert, update", "order_id = app_case()"),
            "worker": ("select, update", "true"),
            "regulator": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )
    # A row is locked FOR SHARE only by a role that may update something of it. Readers may update one column that can
    # hold nothing but 0; the acts may write the instant of revocation; nobody rewrites a signed letter.
    for name, columns in (
        ("bank", "read_lock"),
        ("act", "revoked_at, read_lock"),
        ("worker", "revoked_at, read_lock"),
    ):
        op.execute(f"revoke update on consents from {role(name)}")
        op.execute(f"grant update ({columns}) on consents to {role(name)}")
    protect(
        "consent_gates",
        {
            "business": ("select", "business_id = app_org()"),
            "bank": ("select", "bank_id = app_org()"),
            "act": ("select, insert", "order_id = app_case()"),
            "worker": ("select, insert", "true"),
            "regulator": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )


def downgrade() -> None:
    op.execute("drop function lists_v_landed(timestamptz)")
    op.execute("drop policy owner_select on list_entries")
    op.execute("drop table consent_gates")
    op.execute("drop table consents")
