"""Who works on a matter is told by name to people of the same organisation, and to nobody else."""

from alembic import op
from rls import role

revision = "0017"
down_revision = "0016"

READERS = ("bank", "act")
# A bank's role reads no row of people, whose logins are there too; what its own are called it is told by this alone.
COLLEAGUES = """
create function orgs_v_colleagues(ids uuid[]) returns table (person_id uuid, display_name text)
language sql stable security definer set search_path = public, pg_temp as $$
  select p.person_id, p.display_name from persons p
  where p.person_id = any(ids)
    and exists (select 1 from seats s where s.person_id = p.person_id and s.org_id = app_org())
$$
"""


def upgrade() -> None:
    for table in ("persons", "seats"):
        op.execute(f"create policy owner_select on {table} for select to {role('owner')} using (true)")
    op.execute(COLLEAGUES)
    op.execute("revoke all on function orgs_v_colleagues(uuid[]) from public")
    for name in READERS:
        op.execute(f"grant execute on function orgs_v_colleagues(uuid[]) to {role(name)}")


def downgrade() -> None:
    op.execute("drop function orgs_v_colleagues(uuid[])")
    for table in ("persons", "seats"):
        op.execute(f"drop policy owner_select on {table}")
