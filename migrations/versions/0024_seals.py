"""The log made provable: leaves of events, the tree over them, signed heads, and witnesses' signatures."""

from alembic import op
from rls import protect, role

revision = "0024"
down_revision = "0023"

READERS = ("public", "regulator", "ops", "worker", "reporter", "sealer")
TABLES = (
    "audit_cosignatures", "audit_witnesses", "audit_heads", "audit_nodes", "audit_salts", "audit_leaves", "audit_logs",
)  # fmt: skip


def upgrade() -> None:
    _leaves()
    _heads()
    # What happened before is found by the transaction that wrote it; the numbers of rows do not tell who came later.
    op.execute("create index audit_events_xid on audit_events (xid, seq)")
    op.execute("create index outbox_xid on outbox (xid, seq)")
    protect("outbox", {"sealer": ("select", "true")})
    _triggers()
    _stream()
    _waiting()


def _leaves() -> None:
    op.execute(
        """
        create table audit_logs (
          one smallint primary key default 1 check (one = 1),
          log_id uuid not null,
          recorded_at timestamptz not null default now())
        """
    )
    op.execute(
        """
        create table audit_leaves (
          number bigint primary key check (number >= 0),
          source smallint not null check (source in (0, 1)),
          seq bigint not null,
          commitment bytea not null check (octet_length(commitment) = 32),
          leaf bytea not null check (octet_length(leaf) = 32),
          constraint audit_leaves_row unique (source, seq))
        """
    )
    op.execute(
        """
        create table audit_salts (
          number bigint primary key references audit_leaves,
          salt bytea not null check (octet_length(salt) = 32))
        """
    )
    op.execute(
        """
        create table audit_nodes (
          level smallint not null check (level > 0 and level % 8 = 0),
          place bigint not null check (place >= 0),
          node bytea not null check (octet_length(node) = 32),
          primary key (level, place))
        """
    )
    protect("audit_logs", dict.fromkeys(READERS[:-1], ("select", "true")) | {"sealer": ("select, insert", "true")})
    for table in ("audit_leaves", "audit_nodes"):
        protect(table, dict.fromkeys(READERS[:-1], ("select", "true")) | {"sealer": ("select, insert", "true")})
    protect(
        "audit_salts",
        {"regulator": ("select", "true"), "reporter": ("select", "true"), "worker": ("select, delete", "true"),
         "sealer": ("select, insert", "true")},
    )  # fmt: skip


def _heads() -> None:
    op.execute(
        """
        create table audit_heads (
          no bigint primary key check (no >= 0),
          size bigint not null unique check (size > 0),
          content text not null,
          signature text not null,
          x bytea not null check (octet_length(x) = 32),
          sealed_at timestamptz not null,
          peaks bytea not null check (octet_length(peaks) % 32 = 0),
          base text not null,
          target text,
          cursor_xid bigint,
          cursor_source smallint,
          cursor_seq bigint,
          constraint audit_heads_cursor check (num_nulls(target, cursor_xid, cursor_source, cursor_seq) in (0, 4)))
        """
    )
    op.execute(
        """
        create table audit_witnesses (
          kid text primary key,
          name text not null,
          x bytea not null check (octet_length(x) = 32),
          recorded_at timestamptz not null default now())
        """
    )
    op.execute(
        """
        create table audit_cosignatures (
          no bigint not null references audit_heads,
          kid text not null references audit_witnesses,
          signature text not null,
          recorded_at timestamptz not null default now(),
          primary key (no, kid))
        """
    )
    for table in ("audit_heads", "audit_witnesses", "audit_cosignatures"):
        protect(table, dict.fromkeys(READERS[:-1], ("select", "true")) | {"sealer": ("select, insert", "true")})


def _triggers() -> None:
    """Nobody has the grant; the triggers refuse the owner and a superuser as well (42501)."""
    for table in ("outbox", *(one for one in TABLES if one != "audit_salts")):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
    op.execute(
        "create trigger audit_salts_append_only before update or truncate on audit_salts"
        " for each statement execute function refuse_change()"
    )


def _stream() -> None:
    """The events of one case, for the proof on its file: the outbox holds everybody's, so it stays closed."""
    op.execute(
        """
        create function audit_stream(stream uuid) returns setof outbox
        language sql stable security definer set search_path = public, pg_temp as
        $$ select * from outbox where stream_id = stream order by seq $$
        """
    )
    op.execute("revoke all on function audit_stream from public")
    for name in ("regulator", "reporter", "worker"):
        op.execute(f"grant execute on function audit_stream to {role(name)}")


def _waiting() -> None:
    """How far sealing is behind, for the operator, who reads no event."""
    for table in ("audit_events", "audit_heads"):
        op.execute(f"create policy owner_select on {table} for select to {role('owner')} using (true)")
    op.execute(
        """
        create function audit_waiting(
          out events bigint, out oldest_at timestamptz, out head_no bigint, out sealed_at timestamptz)
        language plpgsql stable security definer set search_path = public, pg_temp as $$
        declare
          base pg_snapshot := '1:1:';
        begin
          select h.no, h.sealed_at, h.base::pg_snapshot into head_no, sealed_at, base
            from audit_heads h order by h.no desc limit 1;
          base := coalesce(base, '1:1:');
          select count(*), min(w.recorded_at) into events, oldest_at from (
            select e.recorded_at from audit_events e
             where e.xid >= pg_snapshot_xmin(base) and not pg_visible_in_snapshot(e.xid, base)
            union all
            select o.recorded_at from outbox o
             where o.xid >= pg_snapshot_xmin(base) and not pg_visible_in_snapshot(o.xid, base)) w;
        end $$
        """
    )
    op.execute("revoke all on function audit_waiting from public")
    for name in ("ops", "regulator", "worker", "reporter", "sealer"):
        op.execute(f"grant execute on function audit_waiting to {role(name)}")


def downgrade() -> None:
    op.execute("drop function audit_waiting")
    op.execute("drop policy owner_select on audit_events")
    op.execute("drop function audit_stream")
    op.execute("drop trigger outbox_append_only on outbox")
    op.execute("drop policy sealer_select on outbox")
    op.execute(f"revoke select on outbox from {role('sealer')}")
    op.execute("drop index audit_events_xid")
    op.execute("drop index outbox_xid")
    for table in TABLES:
        op.execute(f"drop table {table}")
