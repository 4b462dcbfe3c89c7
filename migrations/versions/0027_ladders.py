"""Rungs of clocks: a share of the counted time, told once; facts told by the block."""

from alembic import op
from rls import protect, role

revision = "0027"
down_revision = "0026"

READERS = ("business", "bank", "act", "worker", "regulator", "ops", "reporter")
# One fact for each of these rungs, its trace and its place in the outbox: in order of time, all or none. Rows are named
# by where they lie and joined one by one: the planner cannot know that a block is small, and would read all rungs.
NOTE = """
create function note_rungs(places tid[], noted_at timestamptz, wall timestamptz, listeners text[])
returns integer language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  streams uuid[];
  bodies jsonb[];
  instants timestamptz[];
begin
  with told as (
    update clock_rungs set told_at = noted_at where ctid = any(places) and told_at is null
    returning clock_id, share, told, rung_at
  ), facts as (
    select c.root_id as stream, t.rung_at, t.clock_id, t.share, c.case_id,
           jsonb_build_object(
             'stream_id', c.root_id, 'at', t.rung_at, 'clock_id', t.clock_id, 'case_kind', c.case_kind,
             'case_id', c.case_id, 'root_id', c.root_id, 'clock', c.kind, 'share', t.share, 'told', t.told,
             'due_on', c.due_on, 'due_at', c.due_at, 'owner', c.owner, 'state', c.state,
             'business_id', c.business_id, 'bank_id', c.bank_id, 'branch_id', c.branch_id,
             'policy_key', c.policy_key, 'policy_version', c.policy_version) as body
      from told t join clocks c using (clock_id)
  ), traced as (
    insert into audit_events (recorded_at, business_at, actor_id, org_id, act, case_id, request_id, detail)
    select wall, rung_at, app_actor(), app_org(), 'clock.rung', case_id, '',
           jsonb_build_object('clock_id', clock_id, 'share', share::text)
      from facts order by rung_at, clock_id, share
  )
  select array_agg(stream order by rung_at, clock_id, share), array_agg(body order by rung_at, clock_id, share),
         array_agg(rung_at order by rung_at, clock_id, share)
    into streams, bodies, instants from facts;
  if streams is null then
    return 0;
  end if;
  perform record_events('RungReached', streams, bodies, instants, listeners);
  return cardinality(streams);
end $$
"""
# Claimed without waiting, so that no row moves until it is told; what somebody else holds is told by them or next time.
TELL = """
create function tell_rungs(up_to timestamptz, wall timestamptz, most integer, listeners text[])
returns integer language plpgsql as $$
declare
  places tid[];
begin
  with due as (
    select r.ctid as place from clock_rungs r where r.told_at is null and r.rung_at <= up_to
     order by r.rung_at limit most for no key update skip locked
  )
  select array_agg(place) into places from due;
  if places is null then
    return 0;
  end if;
  return note_rungs(places, up_to, wall, listeners);
end $$
"""
RECORD = """
create function record_events(kind text, streams uuid[], bodies jsonb[], instants timestamptz[], listeners text[])
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  with added as (
    insert into outbox (stream_id, kind, body, at)
    select fact.stream, $1, fact.body, fact.at
      from unnest(streams, bodies, instants) with ordinality as fact (stream, body, at, n) order by fact.n
    returning seq, stream_id
  )
  insert into outbox_deliveries (listener, seq, stream_id)
  select name, seq, stream_id from added cross join unnest(listeners) name;
  if cardinality(listeners) > 0 then
    perform pg_notify('outbox', '');
  end if;
end $$
"""


def upgrade() -> None:
    op.execute("alter table clocks add column policy_key text not null default '', add column branch_id uuid")
    op.execute(
        """
        create table clock_rungs (
          clock_id uuid not null references clocks,
          share integer not null check (share between 1 and 1000),
          root_id uuid not null,
          case_id uuid not null,
          told text[] not null,
          rung_at timestamptz,
          told_at timestamptz check (told_at >= rung_at),
          business_id uuid,
          bank_id uuid,
          primary key (clock_id, share),
          check ((told_at is null) or (rung_at is not null)))
        """
    )
    waiting = "where told_at is null and rung_at is not null"
    op.execute(f"create index clock_rungs_due on clock_rungs (rung_at) {waiting}")
    op.execute(f"create index clock_rungs_case on clock_rungs (case_id) {waiting}")
    protect(
        "clock_rungs",
        {
            "business": ("select, insert", "business_id = app_org()"),
            "bank": ("select", "bank_id = app_org()"),
            "act": ("select, insert, update", "root_id = app_case()"),
            "worker": ("select, insert, update", "true"),
            "regulator": ("select", "true"),
            "ops": ("select", "(select app_is_platform())"),
            "reporter": ("select", "true"),
        },
    )
    op.execute(
        """
        create view clocks_v_rungs with (security_invoker = true) as
          select r.clock_id, r.share, r.told, r.rung_at, r.told_at, c.root_id, c.case_kind, c.case_id, c.kind, c.owner,
                 c.due_on, c.due_at, c.business_id, c.bank_id, c.branch_id
          from clock_rungs r join clocks c using (clock_id)
        """
    )
    for name in READERS:
        op.execute(f"grant select on clocks_v_rungs to {role(name)}")
    op.execute(RECORD)
    op.execute(NOTE)
    op.execute(TELL)
    op.execute("revoke all on function record_events, note_rungs, tell_rungs from public")
    for name in ("act", "worker"):
        op.execute(f"grant execute on function record_events, note_rungs, tell_rungs to {role(name)}")


def downgrade() -> None:
    op.execute("drop function tell_rungs")
    op.execute("drop function note_rungs")
    op.execute("drop function record_events")
    op.execute("drop view clocks_v_rungs")
    op.execute("drop table clock_rungs")
    op.execute("alter table clocks drop column branch_id, drop column policy_key")
