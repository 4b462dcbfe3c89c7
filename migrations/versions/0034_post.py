"""The facts of a unit of work, whatever their kinds, are written together by one statement before its commit."""

from alembic import op
from rls import role

revision = "0034"
down_revision = "0033"

ADDERS = ("auth", "business", "bank", "regulator", "ops", "act", "worker", "loader")
# Who listens to a kind is said once for the kind: `heard` and `listeners` are pairs.
RECORD_FACTS = """
create function record_facts(kinds text[], streams uuid[], bodies jsonb[], instants timestamptz[],
  heard text[], listeners text[])
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  with added as (
    insert into outbox (stream_id, kind, body, at)
    select fact.stream, fact.kind, fact.body, fact.at
      from unnest(kinds, streams, bodies, instants) with ordinality as fact (kind, stream, body, at, n)
     order by fact.n
    returning seq, stream_id, kind
  )
  insert into outbox_deliveries (listener, seq, stream_id)
  select ear.listener, added.seq, added.stream_id
    from added join unnest(heard, listeners) with ordinality as ear (kind, listener, n) using (kind)
   order by added.seq, ear.n;
  if found then
    perform pg_notify('outbox', '');
  end if;
end $$
"""
RECORD_EVENT = """
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


def upgrade() -> None:
    op.execute("drop function record_event")
    op.execute(RECORD_FACTS)
    _grant("record_facts")


def downgrade() -> None:
    op.execute("drop function record_facts")
    op.execute(RECORD_EVENT)
    _grant("record_event")


def _grant(function: str) -> None:
    op.execute(f"revoke all on function {function} from public")
    for name in ADDERS:
        op.execute(f"grant execute on function {function} to {role(name)}")
