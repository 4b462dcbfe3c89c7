"""Who: organisations, people, seats, sessions, rate buckets; the audit log; idempotency of requests."""

from alembic import op
from rls import protect, role

revision = "0002"
down_revision = "0001"

AUDIENCES = ("business", "bank", "regulator", "ops", "act")
TABLES = ("idempotency", "rate_buckets", "sessions", "credentials", "seats", "persons", "orgs", "audit_events")
VIEWS = ("orgs_v_persons", "orgs_v_orgs")


def upgrade() -> None:
    op.execute(f"grant select on alembic_version to {role('public')}")  # For readiness.
    _orgs()
    _seats()
    _sessions()
    _audit()
    _idempotency()


def _orgs() -> None:
    op.execute(
        """
        create table orgs (
          org_id uuid primary key,
          kind varchar(32) not null
            constraint orgkind_is_known check (kind in ('business', 'bank', 'regulator', 'platform', 'department')),
          name text not null,
          subject_id uuid,
          created_at timestamptz not null)
        """
    )
    op.execute("create unique index orgs_subject on orgs (subject_id) where subject_id is not null")
    # Firms do not see each other here; what a bank may know of a firm comes through consents and orders.
    own_or_official = "kind <> 'business' or org_id = (select app_org())"
    protect(
        "orgs",
        {
            "ops": ("select, insert, update", "true"),
            "business": ("select", own_or_official),
            "bank": ("select", own_or_official),
            **dict.fromkeys(("auth", "act", "regulator", "worker", "loader", "reporter"), ("select", "true")),
        },
    )
    op.execute(
        """
        create table persons (
          person_id uuid primary key,
          login text not null unique,
          display_name text not null,
          disabled_at timestamptz,
          created_at timestamptz not null)
        """
    )
    protect("persons", {"auth": ("select", "true"), "ops": ("select, insert, update", "true")})
    # What signing in needs to know of people and organisations, as views that see with their reader's eyes.
    op.execute(
        "create view orgs_v_persons with (security_invoker = true) as"
        " select person_id, login, display_name, disabled_at is not null as disabled from persons"
    )
    op.execute("create view orgs_v_orgs with (security_invoker = true) as select org_id, kind, name from orgs")
    for view in VIEWS:
        op.execute(f"grant select on {view} to {role('auth')}")


def _seats() -> None:
    op.execute(
        """
        create table seats (
          seat_id uuid primary key,
          person_id uuid not null references persons,
          org_id uuid not null references orgs,
          role varchar(32) not null constraint seatrole_is_known check (role in
            ('business', 'branch_clerk', 'branch_checker', 'bank_admin', 'bank_client', 'regulator', 'service',
             'operator', 'data_officer')),
          branch_id uuid,
          created_at timestamptz not null,
          ended_at timestamptz)
        """
    )
    op.execute(
        "create unique index seats_one_alive on seats (person_id, org_id, role, coalesce(branch_id, org_id))"
        " where ended_at is null"
    )
    own = "org_id = (select app_org())"
    protect(
        "seats",
        {
            "auth": ("select", "true"),
            "ops": ("select, insert, update", "true"),
            "business": ("select", own),
            "bank": ("select", own),
            "act": ("select", "true"),
            "regulator": ("select", "true"),
            "worker": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )
    op.execute("create table credentials (person_id uuid primary key references persons, password_hash text not null)")
    protect("credentials", {"auth": ("select, update", "true"), "ops": ("insert", "true")})


def _sessions() -> None:
    op.execute(
        """
        create table sessions (
          session_key bytea primary key check (octet_length(session_key) = 32),
          person_id uuid not null references persons,
          seat_id uuid references seats,
          created_at timestamptz not null,
          seen_at timestamptz not null)
        """
    )
    op.execute("create index sessions_age on sessions (created_at)")
    protect("sessions", {"auth": ("select, insert, update, delete", "true"), "worker": ("select, delete", "true")})
    op.execute("create table rate_buckets (bucket_key text primary key, full_at timestamptz not null)")
    protect("rate_buckets", {"auth": ("select, insert, update", "true"), "worker": ("select, delete", "true")})


def _audit() -> None:
    op.execute(
        """
        create table audit_events (
          seq bigint generated always as identity primary key,
          xid xid8 not null default pg_current_xact_id(),
          recorded_at timestamptz not null,
          business_at timestamptz not null,
          actor_id uuid,
          org_id uuid,
          act text not null,
          subject_id uuid,
          case_id uuid,
          request_id text not null,
          detail jsonb not null)
        """
    )
    op.execute("create index audit_events_case on audit_events (case_id, seq) where case_id is not null")
    op.execute("create index audit_events_subject on audit_events (subject_id, seq) where subject_id is not null")
    as_oneself = "actor_id is not distinct from (select app_actor()) and org_id is not distinct from (select app_org())"
    protect(
        "audit_events",
        dict.fromkeys(AUDIENCES, ("insert", as_oneself))
        | dict.fromkeys(("auth", "public", "worker", "loader"), ("insert", "true")),
    )
    protect("audit_events", dict.fromkeys(("regulator", "worker", "reporter", "sealer"), ("select", "true")))
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
          raise exception '% is append-only', tg_table_name using errcode = '42501';
        end $$
        """
    )
    op.execute(
        "create trigger audit_events_append_only before update or delete or truncate on audit_events"
        " for each statement execute function refuse_change()"
    )


def _idempotency() -> None:
    op.execute(
        """
        create table idempotency (
          actor_id uuid not null,
          key text not null check (length(key) between 8 and 100),
          fingerprint bytea not null check (octet_length(fingerprint) = 32),
          status smallint check (status between 200 and 299),
          resource_id uuid,
          location text,
          created_at timestamptz not null,
          primary key (actor_id, key))
        """
    )
    op.execute("create index idempotency_age on idempotency (created_at)")
    protect(
        "idempotency",
        dict.fromkeys(AUDIENCES, ("select, insert, update, delete", "actor_id = (select app_actor())"))
        | {"worker": ("select, delete", "true")},
    )
    # One round trip; the short wait for a lock holds for this call alone.
    op.execute(
        """
        create function take_idempotency_key(k text, fp bytea, at timestamptz,
          out fresh boolean, out known_fingerprint bytea, out status smallint, out resource_id uuid, out location text)
        language plpgsql set lock_timeout = '300ms' as $$
        begin
          insert into idempotency (actor_id, key, fingerprint, created_at)
          values (app_actor(), k, fp, at) on conflict do nothing;
          fresh := found;
          if not fresh then
            select i.fingerprint, i.status, i.resource_id, i.location
              into known_fingerprint, status, resource_id, location
              from idempotency i where i.actor_id = app_actor() and i.key = k;
          end if;
        end $$
        """
    )
    op.execute("revoke all on function take_idempotency_key from public")
    for name in AUDIENCES:
        op.execute(f"grant execute on function take_idempotency_key to {role(name)}")


def downgrade() -> None:
    op.execute(f"revoke select on alembic_version from {role('public')}")
    op.execute("drop function take_idempotency_key")
    for view in VIEWS:
        op.execute(f"drop view {view}")
    for table in TABLES:
        op.execute(f"drop table {table}")
    op.execute("drop function refuse_change")
