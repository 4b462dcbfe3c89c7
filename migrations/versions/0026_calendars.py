"""Open clocks are counted again when a calendar arrives, each change written down; promises in working minutes."""

from alembic import op
from rls import protect, role

revision = "0026"
down_revision = "0025"

UNITS = ("workdays", "calendar_days", "months", "minutes", "instant")
COUNTED_BY_CALENDAR = "('workdays', 'calendar_days', 'months', 'working_minutes')"
READERS = ("business", "bank", "act", "worker", "regulator", "ops", "reporter")


def upgrade() -> None:
    _units((*UNITS, "working_minutes"))
    op.execute(
        "create index clocks_stale on clocks (calendar_version) where state = 'running'"
        f" and unit in {COUNTED_BY_CALENDAR}"
    )
    op.execute(
        """
        create table clock_recounts (
          recount_id uuid primary key,
          clock_id uuid not null references clocks,
          root_id uuid not null,
          recounted_at timestamptz not null,
          outcome text not null check (outcome in ('moved', 'confirmed', 'kept')),
          from_version integer not null,
          to_version integer not null check (to_version > from_version),
          old_due_on date not null,
          old_due_at timestamptz not null check (old_due_at > recounted_at),
          was_provisional boolean not null,
          due_on date not null,
          due_at timestamptz not null check (due_at > recounted_at),
          is_provisional boolean not null,
          counted_on date not null,
          counted_at timestamptz not null,
          business_id uuid,
          bank_id uuid,
          check ((outcome = 'moved') = (due_at <> old_due_at)),
          check ((outcome = 'kept') = (counted_at <> due_at)),
          check (outcome <> 'kept' or counted_at < due_at))
        """
    )
    op.execute("create index clock_recounts_clock on clock_recounts (clock_id, to_version)")
    op.execute("create index clock_recounts_root on clock_recounts (root_id)")
    protect(
        "clock_recounts",
        {
            "business": ("select", "business_id = app_org()"),
            "bank": ("select", "bank_id = app_org()"),
            "act": ("select", "root_id = app_case()"),
            "worker": ("select, insert", "true"),
            "regulator": ("select", "true"),
            "ops": ("select", "(select app_is_platform())"),
            "reporter": ("select", "true"),
        },
    )
    op.execute(
        """
        create view clocks_v_recounts with (security_invoker = true) as
          select r.recount_id, r.clock_id, r.root_id, c.case_kind, c.case_id, c.kind, r.recounted_at, r.outcome,
                 r.from_version, r.to_version, r.old_due_on, r.old_due_at, r.was_provisional, r.due_on, r.due_at,
                 r.is_provisional, r.counted_on, r.counted_at, r.business_id, r.bank_id
          from clock_recounts r join clocks c using (clock_id)
        """
    )
    for name in READERS:
        op.execute(f"grant select on clocks_v_recounts to {role(name)}")


def _units(units: tuple[str, ...]) -> None:
    stated = ", ".join(f"'{unit}'" for unit in units)
    op.execute("alter table clocks drop constraint clocks_unit_check")
    op.execute(f"alter table clocks add constraint clocks_unit_check check (unit in ({stated}))")


def downgrade() -> None:
    op.execute("drop view clocks_v_recounts")
    op.execute("drop table clock_recounts")
    op.execute("drop index clocks_stale")
    _units(UNITS)
