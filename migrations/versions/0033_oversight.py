"""Figures of what was said and urged, kept with frozen months; papers that go along with a moved case.

A deferral grants nothing, so it has no rate and no security of its own.
"""

import months
import voices
from alembic import op
from rls import role

revision = "0033"
down_revision = "0030"

PICKED = "   where m.act = 'pick' and m.nth = 1)"
GRANTED = """   join orders_v_orders o on o.order_id = m.order_id
   where m.act = 'pick' and m.nth = 1 and o.loan_type <> 'deferral')"""
# What a firm has brought goes along with a case that another branch takes over.
TAKEN_OVER = """bank_id = app_org() and exists (
  select 1 from suborders s where s.origin = 'moved' and s.origin_id = papers.suborder_id
     and s.branch_id = app_branch())"""


def upgrade() -> None:
    voices.create()
    assert months.LOANS.count(PICKED) == 1, "what is picked is still told once"
    _replace(months.LOANS.replace(PICKED, GRANTED))
    op.execute(f"create policy bank_took_over on papers for select to {role('bank')} using ({TAKEN_OVER})")


def downgrade() -> None:
    op.execute("drop policy bank_took_over on papers")
    _replace(months.LOANS)
    voices.drop()


def _replace(text: str) -> None:
    """Deferrals alone are told anew: they are folded again, which takes out what they no longer add."""
    op.execute(text.replace("create function", "create or replace function"))
    tables = ("suborders", "supervision_touched")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into supervision_touched (suborder_id) select s.suborder_id from suborders s"
        " where s.loan_type = 'deferral'"
    )
    for table in tables:
        op.execute(f"alter table {table} force row level security")
