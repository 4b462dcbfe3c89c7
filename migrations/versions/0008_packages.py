"""Data keys, banks' machines, notices to banks, and credit data packages."""

from alembic import op
from rls import protect, role

revision = "0008"
down_revision = "0007"

TABLES = (
    """
    create table data_keys (
      subject_id uuid not null,
      version smallint not null,
      kek smallint not null,
      wrapped bytea not null constraint data_keys_wrapped check (octet_length(wrapped) = 60),
      recorded_at timestamptz not null default now(),
      primary key (subject_id, version),
      constraint data_keys_numbers check (version >= 1 and kek >= 1))
    """,
    "create index data_keys_by_kek on data_keys (kek)",
    """
    create table clients (
      client_id uuid primary key,
      bank_id uuid not null,
      branch_id uuid,
      name varchar not null,
      registered_by uuid not null,
      registered_at timestamptz not null,
      disabled_at timestamptz,
      disabled_by uuid,
      recorded_at timestamptz not null default now(),
      constraint clients_name unique (bank_id, name))
    """,
    """
    create table client_keys (
      client_id uuid not null,
      kid varchar not null,
      bank_id uuid not null,
      use varchar not null constraint client_keys_use check (use in ('sig', 'enc')),
      jwk jsonb not null,
      thumbprint varchar not null,
      registered_by uuid not null,
      valid_from timestamptz not null,
      valid_to timestamptz,
      recorded_at timestamptz not null default now(),
      primary key (client_id, kid),
      constraint client_keys_validity check (valid_to is null or valid_from <= valid_to),
      constraint client_keys_thumbprint unique (client_id, thumbprint))
    """,
    "create unique index client_keys_one_lasting on client_keys (client_id, use) where valid_to is null",
    """
    create table client_assertions (
      client_id uuid not null,
      jti varchar not null,
      expires_at timestamptz not null,
      recorded_at timestamptz not null default now(),
      primary key (client_id, jti))
    """,
    "create index client_assertions_by_expiry on client_assertions (expires_at)",
    """
    create table client_tokens (
      token_hash bytea primary key,
      client_id uuid not null,
      bank_id uuid not null,
      issued_at timestamptz not null,
      expires_at timestamptz not null,
      recorded_at timestamptz not null default now())
    """,
    "create index client_tokens_by_expiry on client_tokens (expires_at)",
    """
    create table endpoints (
      endpoint_id uuid primary key,
      bank_id uuid not null,
      url varchar not null,
      kinds varchar[] not null constraint endpoints_kinds check (cardinality(kinds) > 0),
      scheme varchar not null constraint endpoints_scheme check (scheme in ('v1', 'v1a')),
      registered_by uuid not null,
      registered_at timestamptz not null,
      disabled_at timestamptz,
      disabled_why varchar,
      recorded_at timestamptz not null default now(),
      constraint endpoints_disabled check ((disabled_at is null) = (disabled_why is null)))
    """,
    "create index endpoints_by_bank on endpoints (bank_id)",
    """
    create table endpoint_keys (
      key_id uuid primary key,
      endpoint_id uuid not null references endpoints,
      bank_id uuid not null,
      material bytea not null,
      valid_from timestamptz not null,
      valid_to timestamptz,
      recorded_at timestamptz not null default now(),
      constraint endpoint_keys_validity check (valid_to is null or valid_from <= valid_to))
    """,
    "create unique index endpoint_keys_one_lasting on endpoint_keys (endpoint_id) where valid_to is null",
    """
    create table notices (
      notice_id uuid primary key,
      seq bigint generated always as identity constraint notices_seq unique,
      endpoint_id uuid not null references endpoints,
      bank_id uuid not null,
      stream_id uuid not null,
      kind varchar not null,
      ids jsonb not null,
      happened_at timestamptz not null,
      made_at timestamptz not null,
      state varchar not null default 'pending'
        constraint notices_state check (state in ('pending', 'delivered', 'dead')),
      tries smallint not null default 0,
      next_at timestamptz not null,
      lease_until timestamptz,
      ended_at timestamptz,
      why varchar,
      recorded_at timestamptz not null default now(),
      constraint notices_ended check ((state = 'pending') = (ended_at is null)))
    """,
    "create index notices_due on notices (endpoint_id, next_at) where state = 'pending'",
    "create index notices_by_bank on notices (bank_id, seq)",
    "create index notices_by_stream on notices (stream_id)",
    """
    create table delivery_attempts (
      attempt_id uuid primary key,
      notice_id uuid not null references notices,
      bank_id uuid not null,
      stream_id uuid not null,
      began_at timestamptz not null,
      ended_at timestamptz not null,
      outcome varchar not null constraint delivery_attempts_outcome check (outcome in (
        'delivered', 'gone', 'redirected', 'refused', 'server-error', 'unreachable', 'tls', 'timed-out', 'cut-off',
        'answer-too-large', 'url-refused', 'no-key')),
      status smallint,
      recorded_at timestamptz not null default now(),
      constraint delivery_attempts_times check (began_at <= ended_at))
    """,
    "create index delivery_attempts_by_notice on delivery_attempts (notice_id, began_at)",
    "create index delivery_attempts_by_stream on delivery_attempts (stream_id)",
    """
    create table package_previews (
      preview_id uuid primary key,
      order_id uuid not null,
      business_id uuid not null,
      subject_id uuid not null,
      bank_id uuid not null,
      data_classes varchar[] not null,
      sha256 varchar not null,
      shown bytea not null,
      previewed_at timestamptz not null,
      recorded_at timestamptz not null default now())
    """,
    """
    create index package_previews_by_order on package_previews (order_id, bank_id, subject_id, previewed_at)
    """,
    """
    create table packages (
      package_id uuid primary key,
      order_id uuid not null,
      suborder_id uuid not null,
      business_id uuid not null,
      bank_id uuid not null,
      branch_id uuid not null,
      subject_id uuid not null,
      consent_id uuid not null,
      purpose varchar not null,
      preview_id uuid,
      as_of timestamptz not null,
      sha256 varchar not null constraint packages_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
      kid varchar not null,
      jws bytea not null,
      items integer not null,
      sealed_at timestamptz not null,
      recorded_at timestamptz not null default now(),
      constraint packages_once unique (suborder_id, subject_id))
    """,
    "create index packages_by_order on packages (order_id)",
    """
    create table package_reads (
      read_id uuid primary key,
      package_id uuid not null references packages,
      order_id uuid not null,
      suborder_id uuid not null,
      business_id uuid not null,
      bank_id uuid not null,
      branch_id uuid not null,
      consent_id uuid not null,
      client_id uuid,
      person_id uuid not null,
      manner varchar not null constraint package_reads_manner check (manner in ('envelope', 'page')),
      size_bytes integer not null,
      read_at timestamptz not null,
      recorded_at timestamptz not null default now())
    """,
    "create index package_reads_by_order on package_reads (order_id)",
    "create index package_reads_by_bank on package_reads (bank_id, read_at)",
)

BANKS_OWN = "bank_id = app_org()"
BUSINESS_OWN = "business_id = app_org()"
CASE = "order_id = app_case()"
PLATFORM = "(select app_is_platform())"  # Operators; a department's data officer has no business here.
# Who may do what with which rows. Wrapped data keys open nothing without the key outside the database, so whoever
# opens or seals values may fetch them; only operators delete them, and that is how a subject is forgotten.
ACCESS = {
    "data_keys": {
        "act": ("select, insert", "true"),
        "business": ("select, insert", "true"),
        "bank": ("select, insert", "true"),
        "worker": ("select, insert", "true"),
        "ops": ("select, delete", "true"),
    },
    "clients": {
        "auth": ("select", "true"),
        "bank": ("select, insert, update", BANKS_OWN),
        "act": ("select", "true"),
        "ops": ("select", PLATFORM),
    },
    "client_keys": {
        "auth": ("select", "true"),
        "bank": ("select, insert, update", BANKS_OWN),
        "act": ("select", "true"),
    },
    "client_assertions": {"auth": ("select, insert", "true"), "worker": ("select, delete", "true")},
    "client_tokens": {"auth": ("select, insert", "true"), "worker": ("select, delete", "true")},
    "endpoints": {
        "bank": ("select, insert, update", BANKS_OWN),
        "act": ("select", "true"),
        "worker": ("select, update", "true"),
        "ops": ("select", PLATFORM),
    },
    "endpoint_keys": {"bank": ("select, insert, update", BANKS_OWN), "worker": ("select", "true")},
    "notices": {
        "bank": ("select, update", BANKS_OWN),
        "worker": ("select, insert, update", "true"),
        "regulator": ("select", "true"),
        "ops": ("select, update", PLATFORM),
        "reporter": ("select", "true"),
    },
    "delivery_attempts": {
        "bank": ("select", BANKS_OWN),
        "worker": ("select, insert", "true"),
        "regulator": ("select", "true"),
        "ops": ("select", PLATFORM),
        "reporter": ("select", "true"),
    },
    "package_previews": {
        "business": ("select, insert", BUSINESS_OWN),
        "act": ("select, insert", CASE),
    },
    "packages": {
        "business": ("select", BUSINESS_OWN),
        "bank": ("select", BANKS_OWN),
        "act": ("select, insert", CASE),
        "worker": ("select", "true"),
        "regulator": ("select", "true"),
        "reporter": ("select", "true"),
    },
    "package_reads": {
        "business": ("select", BUSINESS_OWN),
        "bank": ("select, insert", BANKS_OWN),
        "act": ("select, insert", CASE),
        "regulator": ("select", "true"),
        "reporter": ("select", "true"),
    },
}
# What a guarded UPDATE may touch; everything else of these rows stands as it was written.
UPDATES = {
    "clients": {"bank": "disabled_at, disabled_by"},
    "client_keys": {"bank": "valid_to"},
    "endpoints": {"bank": "disabled_at, disabled_why", "worker": "disabled_at, disabled_why"},
    "endpoint_keys": {"bank": "valid_to"},
    "notices": {
        "bank": "state, tries, next_at, lease_until, ended_at, why",
        "worker": "state, tries, next_at, lease_until, ended_at, why",
        "ops": "state, tries, next_at, lease_until, ended_at, why",
    },
}


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for table, audiences in ACCESS.items():
        protect(table, audiences)
    for table, columns in UPDATES.items():
        for audience, names in columns.items():
            op.execute(f"revoke update on {table} from {role(audience)}")
            op.execute(f"grant update ({names}) on {table} to {role(audience)}")


def downgrade() -> None:
    for table in reversed(ACCESS):
        op.execute(f"drop table {table}")
