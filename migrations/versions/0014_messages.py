"""What people are told: messages in the house, the addresses to which a copy goes, and every attempt to send one."""

from alembic import op
from rls import protect, role

revision = "0014"
down_revision = "0013"

TABLES = (
    """
    create table messages (
      message_id uuid primary key,
      seq bigint generated always as identity constraint messages_seq unique,
      audience varchar not null constraint messages_audience check (audience in (
        'firm', 'branch', 'head_office', 'customer_service', 'supervisor', 'operator')),
      org_id uuid not null,
      branch_id uuid not null,
      kind varchar not null,
      slots jsonb not null,
      url varchar not null,
      about_id uuid not null,
      happened_at timestamptz not null,
      made_at timestamptz not null,
      recorded_at timestamptz not null default now(),
      constraint messages_once unique (audience, org_id, branch_id, kind, about_id, happened_at))
    """,
    "create index messages_mailbox on messages (audience, org_id, branch_id, seq)",
    "create index messages_about on messages (about_id, seq)",
    """
    create table message_seen (
      seat_id uuid primary key,
      person_id uuid not null,
      seq bigint not null,
      seen_at timestamptz not null)
    """,
    """
    create table message_addresses (
      address_id uuid primary key,
      person_id uuid not null,
      audience varchar not null,
      org_id uuid not null,
      branch_id uuid not null,
      channel varchar not null constraint message_addresses_channel check (channel in ('sms', 'email')),
      sealed bytea not null,
      shown varchar not null,
      code bytea,
      code_until timestamptz,
      wrong smallint not null default 0,
      made_at timestamptz not null,
      confirmed_at timestamptz,
      ended_at timestamptz,
      recorded_at timestamptz not null default now(),
      constraint message_addresses_code check ((code is null) = (code_until is null)))
    """,
    """
    create unique index message_addresses_one_live
      on message_addresses (person_id, audience, org_id, branch_id, channel) where ended_at is null
    """,
    """
    create index message_addresses_mailbox on message_addresses (audience, org_id, branch_id)
     where ended_at is null and confirmed_at is not null
    """,
    """
    create table message_sendings (
      sending_id uuid primary key,
      address_id uuid not null references message_addresses,
      person_id uuid not null,
      message_id uuid references messages,
      channel varchar not null,
      state varchar not null default 'pending'
        constraint message_sendings_state check (state in ('pending', 'sent', 'failed')),
      tries smallint not null default 0,
      next_at timestamptz not null,
      lease_until timestamptz,
      ended_at timestamptz,
      why varchar,
      made_at timestamptz not null,
      recorded_at timestamptz not null default now(),
      constraint message_sendings_ended check ((state = 'pending') = (ended_at is null)))
    """,
    "create index message_sendings_due on message_sendings (next_at) where state = 'pending'",
    "create index message_sendings_address on message_sendings (address_id, made_at)",
    """
    create table message_attempts (
      attempt_id uuid primary key,
      sending_id uuid not null references message_sendings,
      person_id uuid not null,
      began_at timestamptz not null,
      outcome varchar not null,
      status smallint,
      recorded_at timestamptz not null default now())
    """,
    "create index message_attempts_sending on message_attempts (sending_id, began_at)",
)
OWN_BANK = (
    "org_id = app_org() and ((audience = 'head_office' and app_branch() is null)"
    " or (audience = 'branch' and branch_id = app_branch()))"
)
MINE = "person_id = app_actor()"
READERS = ("business", "bank", "regulator", "ops")


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    protect(
        "messages",
        {
            "business": ("select", "audience = 'firm' and org_id = app_org()"),
            "bank": ("select", OWN_BANK),
            "regulator": ("select", "true"),
            "ops": ("select", "audience = 'operator'"),
            "worker": ("select, insert", "true"),
        },
    )
    protect("message_seen", dict.fromkeys(READERS, ("select, insert, update", MINE)))
    protect(
        "message_addresses",
        dict.fromkeys(READERS, ("select, insert, update", MINE)) | {"worker": ("select, update", "true")},
    )
    protect(
        "message_sendings",
        dict.fromkeys(READERS, ("select, insert", MINE)) | {"worker": ("select, insert, update", "true")},
    )
    # Whoever runs or watches the platform sees that something was sent or failed, never to which address.
    for name in ("ops", "regulator"):
        op.execute(
            f"create policy {name}_select_copies on message_sendings for select to {role(name)}"
            " using (message_id is not null)"
        )
    attempts = dict.fromkeys(READERS, ("select", MINE))
    protect("message_attempts", attempts | {"worker": ("select, insert", "true")})


def downgrade() -> None:
    for name in ("message_attempts", "message_sendings", "message_addresses", "message_seen", "messages"):
        op.execute(f"drop table {name}")
