"""Loan orders, their suborders, and every move of them."""

from alembic import op
from rls import protect, role

revision = "0007"
down_revision = "0006"

# (from, act, to): a copy of app.market.orders.rules.TRANSITIONS, held to it by a test. PostgreSQL judges every move
# once more through a foreign key to these rows.
BEFORE_PICK = ("pushed", "accepted", "contacted", "investigating", "offered")
AT_WORK = ("accepted", "contacted", "investigating")
TRANSITIONS = [
    ("listed", "push", "pushed"),
    ("pushed", "accept", "accepted"),
    ("accepted", "contact", "contacted"),
    ("contacted", "investigate", "investigating"),
    ("contacted", "offer", "offered"),
    ("investigating", "offer", "offered"),
    ("offered", "pick", "picked"),
    ("picked", "sign", "signed"),
    ("signed", "pay_out", "paying"),
    ("signed", "pay_out", "serviced"),
    ("paying", "pay_out", "paying"),
    ("paying", "pay_out", "serviced"),
    ("paying", "end_draws", "serviced"),
    ("signed", "lapse", "lapsed"),
    ("picked", "let_go", "lapsed"),
    ("signed", "let_go", "lapsed"),
    *((state, "refuse", "refused") for state in ("pushed", *AT_WORK)),
    *((state, act, state) for state in AT_WORK for act in ("ask_papers", "bring_papers", "cap_papers")),
    *((state, "pass_over", "passed_over") for state in BEFORE_PICK),
    *((state, act, "withdrawn") for state in (*BEFORE_PICK, "picked") for act in ("withdraw", "revoke")),
    *((state, "lapse", "lapsed") for state in (*BEFORE_PICK, "picked")),
    *((state, "breach", state) for state in (*BEFORE_PICK, "picked", "signed", "paying")),
]
READS_ALL = dict.fromkeys(("regulator", "reporter"), ("select", "true")) | {
    "ops": ("select", "(select app_is_platform())"),  # Operators; a department's data officer has no business here.
}
OWN_BRANCH = "bank_id = app_org() and coalesce(branch_id = app_branch(), true)"
PARTIES = """
          order_id uuid not null references orders,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,"""
CHILDREN = ("draws", "contracts", "refusals", "offers", "papers_items", "papers_requests", "contacts")


def upgrade() -> None:
    _orders()
    _suborders()
    _moves()
    _work()
    _decisions()
    _money()
    _views()


def _orders() -> None:
    op.execute(
        """
        create table orders (
          order_id uuid primary key,
          business_id uuid not null,
          subject_id uuid not null,
          loan_type text not null check (loan_type in ('new')),
          amount_fen bigint not null check (amount_fen > 0),
          term_months integer not null check (term_months between 1 and 360),
          purpose text not null,
          collateral text not null,
          district_code text,
          places integer not null check (places between 1 and 3),
          until_on date not null,
          until_at timestamptz not null,
          posted_at timestamptz not null,
          posted_by uuid not null,
          ranking_version integer not null,
          seed text not null,
          previous_order_id uuid references orders,
          withdrawn_at timestamptz,
          end_state text check (end_state in ('withdrawn', 'refused', 'lapsed', 'unmatched')),
          ended_at timestamptz,
          check ((end_state is null) = (ended_at is null)),
          check (until_at > posted_at))
        """
    )
    op.execute("create index orders_business on orders (business_id, posted_at desc, order_id desc)")
    audiences = {
        "business": ("select", "business_id = app_org()"),
        "act": ("select, insert, update", "order_id = app_case()"),
        "worker": ("select, update", "true"),
        **READS_ALL,
    }
    protect("orders", audiences)
    _find("orders", "business_id = app_org()")
    op.execute(
        """
        create table order_listed (
          order_id uuid not null references orders,
          position integer not null check (position between 1 and 5),
          suborder_id uuid not null unique,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          product_id uuid not null,
          consent_id uuid not null,
          is_reserve boolean not null,
          score integer not null,
          factors jsonb not null,
          deciding text not null,
          primary key (order_id, position),
          unique (order_id, bank_id))
        """
    )
    protect("order_listed", {
        "business": ("select", "business_id = app_org()"),
        "act": ("select, insert", "order_id = app_case()"),
        "worker": ("select", "true"),
        **READS_ALL,
    })  # fmt: skip


def _suborders() -> None:
    op.execute(
        f"""
        create table suborders (
          suborder_id uuid primary key references order_listed (suborder_id),{PARTIES}
          subject_id uuid not null,
          product_id uuid not null,
          consent_id uuid not null,
          position integer not null,
          state text not null,
          amount_fen bigint not null check (amount_fen > 0),
          term_months integer not null,
          purpose text not null,
          collateral text not null,
          district_code text,
          until_on date not null,
          deciding text not null,
          pushed_at timestamptz not null,
          accepted_at timestamptz,
          picked_at timestamptz,
          signed_on date,
          ended_at timestamptz,
          cause text not null default '',
          offer_id uuid,
          offered_fen bigint not null default 0 check (offered_fen between 0 and amount_fen),
          signed_fen bigint not null default 0 check (signed_fen between 0 and offered_fen),
          paid_fen bigint not null default 0 check (paid_fen between 0 and signed_fen),
          papers_open uuid,
          breached text[] not null default '{{}}')
        """
    )
    ended = "state in ('refused', 'passed_over', 'withdrawn', 'lapsed')"
    op.execute(f"create unique index suborders_one_live on suborders (order_id, bank_id) where not ({ended})")
    op.execute(
        "create unique index suborders_one_picked on suborders (order_id)"
        " where state in ('picked', 'signed', 'paying', 'serviced')"
    )
    op.execute("create index suborders_order on suborders (order_id)")
    op.execute("create index suborders_bank on suborders (bank_id, branch_id, state)")
    _protect_part("suborders", act="select, insert, update", worker="select, insert, update")
    _find("suborders", f"business_id = app_org() or ({OWN_BRANCH})")


def _moves() -> None:
    op.execute(
        """
        create table suborder_transitions (
          from_state text not null,
          act text not null,
          to_state text not null,
          primary key (from_state, act, to_state))
        """
    )
    rows = ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in TRANSITIONS)
    op.execute(f"insert into suborder_transitions values {rows}")
    everybody = ("business", "bank", "act", "worker", "regulator", "ops", "reporter")
    protect("suborder_transitions", dict.fromkeys(everybody, ("select", "true")))
    op.execute(
        f"""
        create table suborder_moves (
          seq bigint generated always as identity primary key,
          suborder_id uuid not null references suborders,{PARTIES}
          from_state text not null,
          act text not null,
          to_state text not null,
          at timestamptz not null,
          recorded_at timestamptz not null,
          cause text not null,
          by_person uuid,
          by_org uuid,
          foreign key (from_state, act, to_state) references suborder_transitions)
        """
    )
    op.execute("create index suborder_moves_suborder on suborder_moves (suborder_id, seq)")
    op.execute("create index suborder_moves_order on suborder_moves (order_id, seq)")
    _protect_part("suborder_moves", act="select, insert", worker="select, insert")


def _work() -> None:
    op.execute(
        f"""
        create table contacts (
          suborder_id uuid primary key references suborders,{PARTIES}
          contacted_at timestamptz not null,
          how text not null,
          whom text not null,
          recorded_at timestamptz not null)
        """
    )
    op.execute(
        f"""
        create table papers_requests (
          request_id uuid primary key,
          suborder_id uuid not null references suborders,{PARTIES}
          asked_at timestamptz not null,
          note text not null,
          closed_at timestamptz check (closed_at >= asked_at),
          closed_how text check (closed_how in ('brought', 'capped', 'ended')),
          answer text not null default '',
          check ((closed_at is null) = (closed_how is null)))
        """
    )
    op.execute("create unique index papers_requests_open on papers_requests (suborder_id) where closed_at is null")
    op.execute(
        f"""
        create table papers_items (
          request_id uuid not null references papers_requests,
          item text not null,
          suborder_id uuid not null references suborders,{PARTIES}
          primary key (suborder_id, item))
        """
    )
    _protect_part("contacts", act="select, insert", worker="select")
    _protect_part("papers_requests", act="select, insert, update", worker="select, update")
    _protect_part("papers_items", act="select, insert", worker="select")


def _decisions() -> None:
    op.execute(
        f"""
        create table offers (
          offer_id uuid primary key,
          suborder_id uuid not null references suborders,{PARTIES}
          amount_fen bigint not null check (amount_fen > 0),
          rate_ppm integer not null check (rate_ppm >= 0),
          term_months integer not null check (term_months > 0),
          repayment text not null check (repayment in ('instalments', 'interest_first', 'bullet')),
          fees jsonb not null,
          valid_workdays integer not null check (valid_workdays between 5 and 30),
          valid_until_on date not null,
          interest_fen bigint not null check (interest_fen >= 0),
          total_cost_fen bigint not null check (total_cost_fen >= interest_fen),
          first_payment_fen bigint not null check (first_payment_fen > 0),
          apr_ppm integer not null check (apr_ppm >= 0),
          made_at timestamptz not null,
          made_by uuid not null,
          checked_by uuid,
          check (made_by <> checked_by))
        """
    )
    op.execute(
        f"""
        create table refusals (
          suborder_id uuid primary key references suborders,{PARTIES}
          reason_code text not null,
          tree_version integer not null,
          said text not null,
          claim jsonb,
          evidence jsonb,
          reason_zh text not null,
          reason_en text not null,
          cure_zh text not null,
          cure_en text not null,
          ask_again_days integer,
          refused_at timestamptz not null,
          made_by uuid not null,
          checked_by uuid,
          check (made_by <> checked_by))
        """
    )
    _protect_part("offers", act="select, insert", worker="select")
    _protect_part("refusals", act="select, insert", worker="select")


def _money() -> None:
    op.execute(
        f"""
        create table contracts (
          suborder_id uuid primary key references suborders,{PARTIES}
          contract_no text not null,
          signed_on date not null,
          amount_fen bigint not null check (amount_fen > 0),
          draw_until_on date not null check (draw_until_on between signed_on and signed_on + 180),
          recorded_at timestamptz not null,
          unique (bank_id, contract_no))
        """
    )
    op.execute(
        f"""
        create table draws (
          draw_id uuid not null,
          suborder_id uuid not null references suborders,{PARTIES}
          amount_fen bigint not null check (amount_fen > 0),
          paid_on date not null,
          recorded_at timestamptz not null,
          primary key (bank_id, draw_id))
        """
    )
    op.execute("create index draws_suborder on draws (suborder_id)")
    _protect_part("contracts", act="select, insert", worker="select")
    _protect_part("draws", act="select, insert", worker="select")


def _views() -> None:
    op.execute(
        """
        create view orders_v_orders with (security_invoker = true) as
          select order_id, business_id, subject_id, loan_type, amount_fen, term_months, purpose, collateral,
                 district_code, places, until_on, until_at, posted_at, previous_order_id, withdrawn_at, end_state,
                 ended_at
          from orders
        """
    )
    op.execute(
        """
        create view orders_v_suborders with (security_invoker = true) as
          select suborder_id, order_id, business_id, subject_id, bank_id, branch_id, product_id, consent_id, position,
                 state, amount_fen, term_months, purpose, collateral, district_code, until_on, pushed_at, accepted_at,
                 picked_at, signed_on, ended_at, cause, offer_id, offered_fen, signed_fen, paid_fen, breached
          from suborders
        """
    )
    op.execute(
        """
        create view orders_v_moves with (security_invoker = true) as
          select seq, suborder_id, order_id, business_id, bank_id, branch_id, from_state, act, to_state, at,
                 recorded_at, cause, by_person, by_org
          from suborder_moves
        """
    )
    op.execute(
        """
        create view orders_v_offers with (security_invoker = true) as
          select offer_id, suborder_id, order_id, business_id, bank_id, branch_id, amount_fen, rate_ppm, term_months,
                 total_cost_fen, apr_ppm, valid_until_on, made_at
          from offers
        """
    )
    op.execute(
        """
        create view orders_v_refusals with (security_invoker = true) as
          select suborder_id, order_id, business_id, bank_id, branch_id, reason_code, tree_version, said, claim,
                 evidence, reason_zh, reason_en, refused_at
          from refusals
        """
    )
    op.execute(
        """
        create view orders_v_draws with (security_invoker = true) as
          select draw_id, suborder_id, order_id, business_id, bank_id, branch_id, amount_fen, paid_on, recorded_at
          from draws
        """
    )
    for view in ("orders", "suborders", "moves", "offers", "refusals", "draws"):
        for name in ("business", "bank", "act", "worker", "regulator", "ops", "reporter"):
            op.execute(f"grant select on orders_v_{view} to {role(name)}")


def _protect_part(table: str, *, act: str, worker: str) -> None:
    """The two sides see their own rows (a branch its own branch's); acts on an order see all of that order."""
    protect(table, {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", OWN_BRANCH),
        "act": (act, "order_id = app_case()"),
        "worker": (worker, "true"),
        **READS_ALL,
    })  # fmt: skip


def _find(table: str, rows: str) -> None:
    """An act begins by finding its order: among the caller's own rows, before the order is known."""
    op.execute(f"create policy act_find on {table} for select to {role('act')} using ({rows})")


def downgrade() -> None:
    for view in ("draws", "refusals", "offers", "moves", "suborders", "orders"):
        op.execute(f"drop view orders_v_{view}")
    for table in (*CHILDREN, "suborder_moves", "suborder_transitions", "suborders", "order_listed", "orders"):
        op.execute(f"drop table {table}")
