"""Loans after signing, and the further types of loan: renewal, deferral, recommended, agri."""

import figures
import restating
from alembic import context, op
from rls import protect, role

revision = "0021"
down_revision = "0020"

TYPES = "loan_type in ('new', 'renewal', 'deferral', 'recommended', 'agri')"
ONLY_NEW = "loan_type in ('new')"
OF_A_LOAN = (
    "(loan_type in ('renewal', 'deferral')) = (of_suborder_id is not null)"
    " and (of_suborder_id is null) = (of_order_id is null)"
)
# What a copy of app.market.orders.rules.TRANSITIONS gains.
TRANSITIONS = [
    *((state, act, state) for state in ("paying", "serviced") for act in ("repay", "extend", "mark_overdue")),
    ("serviced", "settle", "settled"),
    ("picked", "reschedule", "settled"),
]
ENDED_BEFORE = "state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved')"
ENDED = "state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'settled')"
PICKED_BEFORE = "state in ('picked', 'signed', 'paying', 'serviced')"
PICKED = "state in ('picked', 'signed', 'paying', 'serviced', 'settled')"
READS_ALL = dict.fromkeys(("regulator", "reporter"), ("select", "true")) | {
    "ops": ("select", "(select app_is_platform())"),
}
OWN_BRANCH = "bank_id = app_org() and coalesce(branch_id = app_branch(), true)"
AUDIENCES = ("business", "bank", "act", "worker", "regulator", "ops", "reporter")
ORDERS = """
create or replace view orders_v_orders with (security_invoker = true) as
  select order_id, business_id, subject_id, loan_type, amount_fen, term_months, purpose, collateral,
         district_code, places, until_on, until_at, posted_at, previous_order_id, withdrawn_at, end_state,
         ended_at{more}
  from orders
"""
SUBORDERS = """
create or replace view orders_v_suborders with (security_invoker = true) as
  select suborder_id, order_id, business_id, subject_id, bank_id, branch_id, product_id, consent_id, position,
         state, amount_fen, term_months, purpose, collateral, district_code, until_on, pushed_at, accepted_at,
         picked_at, signed_on, ended_at, cause, offer_id, offered_fen, signed_fen, paid_fen, breached{more}
  from suborders
"""


def upgrade() -> None:
    _types()
    _entries()
    _recommendations()
    rows = ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in TRANSITIONS)
    # The owner is held by row-level security like everybody; it looks past it to change its own copy of the table.
    op.execute("alter table suborder_transitions no force row level security")
    op.execute(f"insert into suborder_transitions values {rows}")
    op.execute("alter table suborder_transitions force row level security")
    _indexes(ENDED, PICKED)
    figures.replace_facts(figures.with_loans(text) for text in _facts_before())


def _types() -> None:
    for table in ("products", "orders"):
        _check(table, f"{table}_loan_type_check", TYPES)
    op.execute(
        "alter table orders add of_suborder_id uuid, add of_order_id uuid references orders,"
        " add recommended_at timestamptz,"
        f" add constraint orders_of_a_loan check ({OF_A_LOAN})"
    )
    op.execute("create index orders_of_suborder on orders (of_suborder_id) where of_suborder_id is not null")
    op.execute(
        "alter table suborders add loan_type text not null default 'new', add of_suborder_id uuid,"
        f" add recommended_at timestamptz, add constraint suborders_loan_type_check check ({TYPES})"
    )
    op.execute(ORDERS.format(more=", of_suborder_id, recommended_at"))
    op.execute(SUBORDERS.format(more=", loan_type, of_suborder_id, recommended_at"))


def _entries() -> None:
    """The ledger of loans: what came back, what was extended, deferred, overdue, settled. Only ever added to."""
    op.execute(
        """
        create table loan_entries (
          seq bigint generated always as identity,
          entry_id uuid not null,
          suborder_id uuid not null references suborders,
          order_id uuid not null references orders,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          kind text not null check (kind in ('repayment', 'extension', 'deferral', 'overdue', 'settlement')),
          amount_fen bigint not null check (amount_fen >= 0),
          told_on date not null,
          until_on date check ((until_on is not null) = (kind in ('extension', 'deferral'))),
          reason text not null default '',
          by_suborder_id uuid references suborders check ((by_suborder_id is not null) = (kind = 'deferral')),
          terms jsonb check ((terms is not null) = (kind = 'deferral')),
          recorded_at timestamptz not null,
          made_by uuid not null,
          primary key (bank_id, entry_id),
          check (amount_fen > 0 or kind = 'settlement'),
          check ((reason <> '') = (kind = 'settlement' and amount_fen > 0)))
        """
    )
    op.execute("create index loan_entries_suborder on loan_entries (suborder_id, seq)")
    protect("loan_entries", {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", OWN_BRANCH),
        "act": ("select, insert", "order_id = app_case()"),
        "worker": ("select", "true"),
        **READS_ALL,
    })  # fmt: skip
    # A firm that asks for a renewal or a deferral is told what its loan owes, before that loan's order is known.
    op.execute(f"create policy act_find on loan_entries for select to {role('act')} using (business_id = app_org())")
    op.execute(
        "create view orders_v_loan_entries with (security_invoker = true) as select seq, entry_id, suborder_id,"
        " order_id, business_id, bank_id, branch_id, kind, amount_fen, told_on, until_on, recorded_at from loan_entries"
    )
    for name in AUDIENCES:
        op.execute(f"grant select on orders_v_loan_entries to {role(name)}")


def _recommendations() -> None:
    op.execute(
        """
        create table recommendations (
          recommendation_id uuid primary key,
          subject_id uuid not null references subjects,
          list_id uuid not null,
          criteria text[] not null,
          source text not null check (source in ('operator', 'regulator')),
          district_code text,
          recommended_at timestamptz not null,
          listed_by uuid not null,
          unique (subject_id, list_id))
        """
    )
    op.execute("create index recommendations_subject on recommendations (subject_id, recommended_at desc)")
    op.execute("create index recommendations_newest on recommendations (recommended_at desc, recommendation_id desc)")
    own = "subject_id = (select app_subject())"
    protect("recommendations", {
        "business": ("select", own),
        "act": ("select", own),
        "ops": ("select, insert", "(select app_is_platform())"),
        "regulator": ("select, insert", "true"),
        "reporter": ("select", "true"),
        "worker": ("select", "true"),
    })  # fmt: skip


def _indexes(ended: str, picked: str) -> None:
    op.execute("drop index suborders_one_live")
    op.execute("drop index suborders_one_picked")
    op.execute(f"create unique index suborders_one_live on suborders (order_id, bank_id) where not ({ended})")
    op.execute(f"create unique index suborders_one_picked on suborders (order_id) where {picked}")


def _check(table: str, name: str, check: str) -> None:
    op.execute(f"alter table {table} drop constraint {name}, add constraint {name} check ({check})")


def _facts_before() -> list[str]:
    """The functions that reckon facts, as the version before this one left them: of all, of some, of a bank's own."""
    script = context.script
    own = script.get_revision("0019").module.own_facts_of()  # type: ignore[union-attr]
    return [restating.restated(text) for text in (script.get_revision("0009").module.FACTS, figures.facts_of(), own)]  # type: ignore[union-attr]


def downgrade() -> None:
    figures.replace_facts(_facts_before())
    _indexes(ENDED_BEFORE, PICKED_BEFORE)
    op.execute("alter table suborder_transitions no force row level security")
    for start, act, to in TRANSITIONS:
        op.execute(f"delete from suborder_transitions where (from_state, act, to_state) = ('{start}', '{act}', '{to}')")
    op.execute("alter table suborder_transitions force row level security")
    op.execute("drop view orders_v_loan_entries")
    op.execute("drop table recommendations")
    op.execute("drop table loan_entries")
    for view, text in (("orders", ORDERS), ("suborders", SUBORDERS)):
        op.execute(f"drop view orders_v_{view}")
        op.execute(text.format(more=""))
        for name in AUDIENCES:
            op.execute(f"grant select on orders_v_{view} to {role(name)}")
    op.execute("drop index orders_of_suborder")
    op.execute("alter table suborders drop column loan_type, drop column of_suborder_id, drop column recommended_at")
    op.execute("alter table orders drop column of_suborder_id, drop column of_order_id, drop column recommended_at")
    for table in ("products", "orders"):
        _check(table, f"{table}_loan_type_check", ONLY_NEW)
