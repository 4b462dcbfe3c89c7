"""What a head office reads of its own bank: its branches' figures as supervision reckons them, its pools' ledger."""

import figures
from alembic import op
from rls import protect, role

revision = "0019"
down_revision = "0018"

OWN = "bank_id = (select app_org()) and ((select app_branch()) is null or branch_id = (select app_branch()))"
# Asked once a statement: the branches of the caller's bank (of a seat in a branch, that one).
BRANCHES = f"array(select branch_id::text from branches where {OWN})"
ROWS = {
    "supervision_facts": OWN,
    "supervision_sums": f"\"by\" = 'branch' and key = any({BRANCHES})",
    # Whose a suborder is, its own table says; a head office sees those of its bank and no others.
    "supervision_touched": "exists (select 1 from suborders s where s.suborder_id = supervision_touched.suborder_id)",
}
FUNCTIONS = ("supervision_own_facts_of(timestamptz, uuid[])", "supervision_live(timestamptz)")
LEDGER = ("reservations", "pool_entries")


def upgrade() -> None:
    for table, rows in ROWS.items():
        protect(table, {"bank": ("select", rows)})
    bank = role("bank")
    op.execute(own_facts_of())
    op.execute("revoke all on function supervision_own_facts_of(timestamptz, uuid[]) from public")
    for function in FUNCTIONS:
        op.execute(f"grant execute on function {function} to {bank}")
    op.execute(f"grant select on orders_v_contracts to {bank}")
    op.execute(
        "create index supervision_sums_branch on supervision_sums (key, told_on)"
        " where \"by\" = 'branch' and grain = 'month'"
    )
    # Whether a pool agrees with its ledger is asked when its thaw is agreed to, and that is an act without an order.
    for table in LEDGER:
        op.execute(f"create policy act_of_bank on {table} for select to {role('act')} using (bank_id = app_org())")


def own_facts_of() -> str:
    """`supervision_facts_of` for a bank, which sees its suborders and not the orders that they are part of."""
    text = figures.facts_of()
    for old, new in (
        ("supervision_facts_of(", "supervision_own_facts_of("),
        ("coalesce(o.district_code, '')", "coalesce(s.district_code, '')"),
        (" join orders_v_orders o on o.order_id = s.order_id where", " where"),
    ):  # fmt: skip
        assert text.count(old) == 1, f"supervision_facts_of no longer says {old!r} once"
        text = text.replace(old, new)
    return text


def downgrade() -> None:
    bank = role("bank")
    for table in LEDGER:
        op.execute(f"drop policy act_of_bank on {table}")
    op.execute("drop index supervision_sums_branch")
    op.execute(f"revoke select on orders_v_contracts from {bank}")
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from {bank}")
    op.execute("drop function supervision_own_facts_of(timestamptz, uuid[])")
    for table in ROWS:
        op.execute(f"drop policy bank_select on {table}")
        op.execute(f"revoke select on {table} from {bank}")
