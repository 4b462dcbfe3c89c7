"""What the regulator reads beyond 0009: views for the morning, and the names by which orders are found."""

from alembic import op
from rls import protect, role

READERS = ("regulator", "reporter")
# Published by their rooms for others to read; security_invoker, so that the reader's own policies hold.
VIEWS = {
    "parties_v_pool_changes": """
        select c.change_id, c.pool_id, c.bank_id, p.branch_id, p.product_id, p.quarter, c.kind, c.why, c.at, p.is_frozen
          from pool_changes c join pools p on p.pool_id = c.pool_id""",
    "ingestion_v_batches": """
        select batch_id, kind, file_name, state, stored_at, ended_at, refusal, refusal_where from batches""",
    "subjects_v_firms": """
        select subject_id, kind, name, name_key, uscc, org_code from subjects""",
    "proposals_v_proposals": """
        select p.proposal_id, p.kind, p.case_id, p.root_id, p.org_id, p.branch_id, p.made_by, p.made_at, p.expires_at,
               p.state, p.closed_at, a.checker_id, a.verdict
          from proposals p left join approvals a on a.proposal_id = p.proposal_id""",
}
# The regulator sees what two people decided about an order; other proposals stay within their house.
OF_AN_ORDER = {
    "proposals": "root_id is not null",
    "approvals": "root_id is not null",
}

# Under which name each order was posted, for a search that forgives typing; the subjects themselves are far more.
NAMES = """
create table supervision_names (
  order_id uuid primary key,
  subject_id uuid not null,
  name_key text not null)
"""
NAME = """
create function supervision_name() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  insert into supervision_names (order_id, subject_id, name_key)
  select f.order_id, f.subject_id, s.name_key from fresh f join subjects s on s.subject_id = f.subject_id;
  return null;
end $$
"""
TRIGGER = """
create trigger supervision_name after insert on orders referencing new table as fresh
for each statement execute function supervision_name()
"""
HISTORY = """
insert into supervision_names (order_id, subject_id, name_key)
select o.order_id, o.subject_id, s.name_key from orders o join subjects s on s.subject_id = o.subject_id
"""


def create() -> None:
    _views()
    op.execute(NAMES)
    op.execute("create index supervision_names_subject on supervision_names (subject_id)")
    op.execute("create index supervision_names_key on supervision_names using gin (name_key extensions.gin_trgm_ops)")
    reads = dict.fromkeys(READERS, ("select", "true"))
    protect("supervision_names", reads | {"act": ("insert", "true"), "worker": ("insert", "true")})
    op.execute(NAME)
    op.execute(TRIGGER)
    # The owner is held by row-level security like everybody; it looks past it in this one statement.
    tables = ("orders", "subjects", "supervision_names")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    op.execute(HISTORY)
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def _views() -> None:
    for name, body in VIEWS.items():
        op.execute(f"create view {name} with (security_invoker = true) as {body}")
        for reader in READERS:
            op.execute(f"grant select on {name} to {role(reader)}")
    for table, rows in OF_AN_ORDER.items():
        op.execute(f"create policy regulator_sees on {table} for select to {role('regulator')} using ({rows})")


def drop() -> None:
    op.execute("drop trigger supervision_name on orders")
    op.execute("drop function supervision_name()")
    op.execute("drop table supervision_names")
    for table in OF_AN_ORDER:
        op.execute(f"drop policy regulator_sees on {table}")
    for name in reversed(VIEWS):
        op.execute(f"drop view {name}")
