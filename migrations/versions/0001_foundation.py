"""The outbox, the business clock, and the functions that row-level security compares with."""

from alembic import op
from rls import protect, role

revision = "0001"
down_revision = None

SETTINGS = {"app_org": "app.org", "app_actor": "app.actor", "app_branch": "app.branch", "app_case": "app.case"}
EVERYBODY = ["auth", "business", "bank", "regulator", "ops", "public", "act", "worker", "loader", "reporter", "sealer"]
READERS = {"worker": ("select", "true"), "ops": ("select", "true"), "reporter": ("select", "true")}


def upgrade() -> None:
    for name, setting in SETTINGS.items():
        # A setting that was transaction-local reads back as '', not NULL, once its transaction is over.
        op.execute(
            f"create function {name}() returns uuid language sql stable parallel safe"
            f" return nullif(current_setting('{setting}', true), '')::uuid"
        )
    op.execute(
        """
        create table business_clock (
          id smallint primary key default 1 check (id = 1),
          ahead interval not null default '0',
          frozen_at timestamptz)
        """
    )
    protect("business_clock", {name: ("select", "true") for name in EVERYBODY if name != "ops"}
            | {"ops": ("select, insert, update, delete", "true")})  # fmt: skip
    op.execute(
        """
        create table outbox (
          seq bigint generated always as identity primary key,
          stream_id uuid not null,
          kind text not null,
          body jsonb not null,
          at timestamptz not null,
          recorded_at timestamptz not null default clock_timestamp(),
          xid xid8 not null default pg_current_xact_id())
        """
    )
    op.execute("create index outbox_stream on outbox (stream_id, seq)")
    protect("outbox", READERS)
    op.execute(
        """
        create table outbox_deliveries (
          listener text not null,
          seq bigint not null references outbox,
          stream_id uuid not null,
          attempts integer not null default 0,
          next_at timestamptz not null default clock_timestamp(),
          error text,
          parked_at timestamptz,
          primary key (seq, listener))
        """
    )
    op.execute("create index outbox_deliveries_stream on outbox_deliveries (listener, stream_id, seq)")
    protect(
        "outbox_deliveries",
        {
            "worker": ("select, update, delete", "true"),
            "ops": ("select, update", "true"),
            "reporter": ("select", "true"),
        },
    )
    _record_event()
    op.execute("create table leases (name text primary key, holder uuid not null, until_at timestamptz not null)")
    protect("leases", {"worker": ("select, insert, update, delete", "true")})


def _record_event() -> None:
    """Audiences may add an event but see none, so the function runs as the owner of the two tables."""
    owner = role("owner")
    for table in ("outbox", "outbox_deliveries"):
        op.execute(f"create policy owner_insert on {table} for insert to {owner} with check (true)")
        op.execute(f"create policy owner_select on {table} for select to {owner} using (true)")
    op.execute(
        """
        create function record_event(kind text, stream uuid, body jsonb, at timestamptz, listeners text[])
        returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
        declare new_seq bigint;
        begin
          insert into outbox (stream_id, kind, body, at) values (stream, kind, body, at) returning seq into new_seq;
          if cardinality(listeners) > 0 then
            insert into outbox_deliveries (listener, seq, stream_id)
            select name, new_seq, stream from unnest(listeners) name;
            perform pg_notify('outbox', '');
          end if;
          return new_seq;
        end $$
        """
    )
    op.execute("revoke all on function record_event from public")
    for name in EVERYBODY:
        if name not in ("public", "reporter", "sealer"):
            op.execute(f"grant execute on function record_event to {role(name)}")


def downgrade() -> None:
    op.execute("drop table leases")
    op.execute("drop function record_event")
    op.execute("drop table outbox_deliveries")
    op.execute("drop table outbox")
    op.execute("drop table business_clock")
    for name in SETTINGS:
        op.execute(f"drop function {name}")
