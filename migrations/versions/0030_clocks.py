"""Clocks by other calendars than the State Council's, and since when a version of a rule has been known."""

from typing import Any

from alembic import context, op
from rls import role

revision = "0030"
down_revision = "0029"

COUNTED = "where state = 'running' and unit in ('workdays', 'calendar_days', 'months', 'working_minutes')"
RECOUNTS = """
create {verb} view clocks_v_recounts with (security_invoker = true) as
  select r.recount_id, r.clock_id, r.root_id, c.case_kind, c.case_id, c.kind, r.recounted_at, r.outcome,
         r.from_version, r.to_version, r.old_due_on, r.old_due_at, r.was_provisional, r.due_on, r.due_at,
         r.is_provisional, r.counted_on, r.counted_at, r.business_id, r.bank_id{more}
  from clock_recounts r join clocks c using (clock_id)
"""
# `known_at`: since when a version is known. The first of a rule, with what comes in one transaction, always was.
KNOWN = """,
  case when exists (select from policies p where p.kind = $1 and p.key = $2 and p.xmin <> pg_current_xact_id()::xid)
       then $7 else '-infinity' end"""
LOAD = """
create function load_policy(
  kind text, key text, version integer, valid_from date, valid_to date, body jsonb{more})
returns void language sql as $$
  insert into policies select $1, $2, $3, $4, $5, $6{seventh} on conflict do nothing
$$
"""
SIX = "text, text, integer, date, date, jsonb"


def upgrade() -> None:
    op.execute(
        "alter table clocks add column calendar_key text not null default 'cn',"
        " add column base_version integer not null default 0 check (base_version >= 0)"
    )
    op.execute("drop index clocks_stale")
    op.execute(f"create index clocks_stale on clocks (calendar_key, calendar_version) {COUNTED}")
    op.execute(f"create index clocks_stale_base on clocks (calendar_key, base_version) {COUNTED} and base_version > 0")
    _clock_view(", opened_at, undone_at, calendar_key, base_version")
    op.execute(
        "alter table clock_recounts add column calendar_key text not null default 'cn',"
        " add column from_base integer not null default 0, add column to_base integer not null default 0"
    )
    _recounts_move("(to_version > from_version or to_base > from_base)", "to_version > from_version")
    op.execute(RECOUNTS.format(verb="or replace", more=", r.calendar_key, r.from_base, r.to_base"))
    op.execute("alter table policies add column loaded_at timestamptz not null default '-infinity'")
    op.execute(f"create policy owner_select on business_clock for select to {role('owner')} using (true)")
    op.execute(f"drop function load_policy({SIX})")
    op.execute(LOAD.format(more=", known_at timestamptz default '-infinity'", seventh=KNOWN))
    op.execute("revoke all on function load_policy from public")


def downgrade() -> None:
    op.execute(f"drop function load_policy({SIX}, timestamptz)")
    op.execute(LOAD.format(more="", seventh=""))
    op.execute("revoke all on function load_policy from public")
    op.execute("drop policy owner_select on business_clock")
    op.execute("alter table policies drop column loaded_at")
    op.execute("drop view clocks_v_recounts")
    op.execute(RECOUNTS.format(verb="", more=""))
    for name in _machine().EVERYBODY:
        op.execute(f"grant select on clocks_v_recounts to {role(name)}")
    _recounts_move("(to_version > from_version)", "to_base > from_base")
    op.execute("alter table clock_recounts drop column to_base, drop column from_base, drop column calendar_key")
    _clock_view(", opened_at, undone_at")
    op.execute("drop index clocks_stale_base")
    op.execute("drop index clocks_stale")
    op.execute(f"create index clocks_stale on clocks (calendar_version) {COUNTED}")
    op.execute("alter table clocks drop column base_version, drop column calendar_key")


def _clock_view(more: str) -> None:
    """The functions that read the view name it in their text, and so outlive its renewal."""
    _machine()._clock_views(f"{_machine().CLOCK_COLUMNS}{more}")


def _machine() -> Any:
    return context.script.get_revision("0020").module  # type: ignore[union-attr]


def _recounts_move(now: str, before: str) -> None:
    """A recount is by a later version of the calendar or of the one that it inherits."""
    op.execute(
        f"""
        do $$ declare found text; begin
          select conname into strict found from pg_constraint
           where conrelid = 'clock_recounts'::regclass and contype = 'c'
             and pg_get_constraintdef(oid) like '%{before}%';
          execute format('alter table clock_recounts drop constraint %I', found);
        end $$
        """
    )
    op.execute(f"alter table clock_recounts add constraint clock_recounts_later check {now}")
