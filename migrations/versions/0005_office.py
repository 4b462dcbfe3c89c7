"""Dated policies; clocks and their pauses."""

from alembic import op
from rls import protect, role

revision = "0005"
down_revision = "0004"

EVERYBODY = ["auth", "business", "bank", "regulator", "ops", "public", "act", "worker", "loader", "reporter"]


def upgrade() -> None:
    _policies()
    _clocks()


def _policies() -> None:
    op.execute(
        """
        create table policies (
          kind text not null,
          key text not null,
          version integer not null check (version > 0),
          valid_from date not null,
          valid_to date check (valid_to >= valid_from),
          body jsonb not null,
          primary key (kind, key, version))
        """
    )
    protect("policies", dict.fromkeys(EVERYBODY, ("select", "true")))
    owner = role("owner")
    op.execute(f"create policy owner_insert on policies for insert to {owner} with check (true)")
    op.execute(f"create policy owner_select on policies for select to {owner} using (true)")
    op.execute(
        """
        create function load_policy(kind text, key text, version integer, valid_from date, valid_to date, body jsonb)
        returns void language sql as $$
          insert into policies values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        $$
        """
    )
    op.execute("revoke all on function load_policy from public")


def _clocks() -> None:
    op.execute(
        """
        create table clocks (
          clock_id uuid primary key,
          root_id uuid not null,
          case_kind text not null,
          case_id uuid not null,
          kind text not null,
          gen integer not null check (gen > 0),
          owner text not null,
          state text not null check (state in ('running', 'paused', 'met', 'breached', 'void')),
          unit text not null check (unit in ('workdays', 'calendar_days', 'months', 'minutes', 'instant')),
          count integer not null check (count >= 0),
          limit_at timestamptz check ((unit = 'instant') = (limit_at is not null)),
          pause_cap integer not null default 0 check (pause_cap >= 0),
          started_at timestamptz not null,
          due_on date not null,
          due_at timestamptz not null,
          is_provisional boolean not null,
          policy_version integer not null,
          calendar_version integer not null,
          stopped_at timestamptz,
          business_id uuid,
          bank_id uuid,
          check (due_at >= started_at),
          check ((state = 'met') <= (stopped_at < due_at)),
          unique (case_kind, case_id, kind, gen))
        """
    )
    op.execute(
        "create unique index clocks_one_at_a_time on clocks (case_id, kind) where state in ('running', 'paused')"
    )
    op.execute("create index clocks_due on clocks (due_at) where state = 'running'")
    op.execute("create index clocks_root on clocks (root_id)")
    op.execute(
        """
        create table clock_pauses (
          pause_id uuid primary key,
          clock_id uuid not null references clocks,
          root_id uuid not null,
          proof_id uuid not null,
          paused_at timestamptz not null,
          resumed_at timestamptz check (resumed_at >= paused_at),
          business_id uuid,
          bank_id uuid)
        """
    )
    op.execute("create unique index clock_pauses_open on clock_pauses (clock_id) where resumed_at is null")
    op.execute("create index clock_pauses_clock on clock_pauses (clock_id, paused_at)")
    audiences = {
        "business": ("select, insert", "business_id = app_org()"),
        "bank": ("select", "bank_id = app_org()"),
        "act": ("select, insert, update", "root_id = app_case()"),
        "worker": ("select, insert, update", "true"),
        "regulator": ("select", "true"),
        "ops": ("select", "(select app_is_platform())"),
        "reporter": ("select", "true"),
    }
    protect("clocks", audiences)
    protect("clock_pauses", audiences)
    op.execute(
        """
        create view clocks_v_clocks with (security_invoker = true) as
          select clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, limit_at, pause_cap,
                 started_at, due_on, due_at, is_provisional, policy_version, calendar_version, stopped_at, business_id,
                 bank_id
          from clocks
        """
    )
    op.execute(
        """
        create view clocks_v_pauses with (security_invoker = true) as
          select p.pause_id, p.clock_id, p.root_id, c.case_kind, c.case_id, c.kind, p.proof_id, p.paused_at,
                 p.resumed_at, p.business_id, p.bank_id
          from clock_pauses p join clocks c using (clock_id)
        """
    )
    for name in audiences:
        op.execute(f"grant select on clocks_v_clocks, clocks_v_pauses to {role(name)}")


def downgrade() -> None:
    op.execute("drop view clocks_v_pauses")
    op.execute("drop view clocks_v_clocks")
    op.execute("drop table clock_pauses")
    op.execute("drop table clocks")
    op.execute("drop function load_policy")
    op.execute("drop table policies")
