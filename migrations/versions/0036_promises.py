"""A regulator's office may add a version of a promise once two of its people have agreed on it."""

from alembic import op
from rls import role

revision = "0036"
down_revision = "0034"

# The rule is checked here too: no version without its approved proposal, no other kind of policy.
AGREED = """
kind = 'clock' and exists (
  select 1 from proposals p join approvals a using (proposal_id)
   where p.kind = 'promise.change' and p.state = 'approved' and a.verdict = 'approved'
     and p.body ->> 'key' = policies.key and (p.body ->> 'valid_from')::date = policies.valid_from)
"""


def upgrade() -> None:
    op.execute(f"grant insert on policies to {role('regulator')}")
    op.execute(f"create policy regulator_insert on policies for insert to {role('regulator')} with check ({AGREED})")


def downgrade() -> None:
    op.execute("drop policy regulator_insert on policies")
    op.execute(f"revoke insert on policies from {role('regulator')}")
