"""Views and rights that the regulator's morning reads beyond those of 0009: pools' changes, batches, firms, proposals."""

from alembic import op
from rls import role

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


def create() -> None:
    for name, body in VIEWS.items():
        op.execute(f"create view {name} with (security_invoker = true) as {body}")
        for reader in READERS:
            op.execute(f"grant select on {name} to {role(reader)}")
    for table, rows in OF_AN_ORDER.items():
        op.execute(f"create policy regulator_sees on {table} for select to {role('regulator')} using ({rows})")


def drop() -> None:
    for table in OF_AN_ORDER:
        op.execute(f"drop policy regulator_sees on {table}")
    for name in reversed(VIEWS):
        op.execute(f"drop view {name}")
