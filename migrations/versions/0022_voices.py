"""Voices: complaints, ratings with their work orders, and call-backs with the draws that chose them."""

from alembic import op
from rls import protect, role

revision = "0022"
down_revision = "0021"

# (from, act, to): a copy of app.market.complaints.rules.TRANSITIONS, held to it by a test.
OPEN = ("filed", "acknowledged", "answered", "disputed", "escalated")
TRANSITIONS = [
    ("none", "file", "filed"),
    ("filed", "acknowledge", "acknowledged"),
    ("filed", "answer", "answered"),
    ("acknowledged", "answer", "answered"),
    ("disputed", "answer", "answered"),
    ("escalated", "answer", "escalated"),
    ("answered", "accept", "accepted"),
    ("answered", "dispute", "disputed"),
    ("filed", "escalate", "escalated"),
    ("acknowledged", "escalate", "escalated"),
    ("disputed", "escalate", "escalated"),
    ("answered", "close", "closed"),
    ("disputed", "close", "closed"),
    ("escalated", "close", "closed"),
    *((state, "withdraw", "withdrawn") for state in OPEN),
    ("filed", "breach", "filed"),
    ("acknowledged", "breach", "acknowledged"),
]
OWN = "business_id = app_org()"
OWN_BRANCH = "bank_id = app_org() and coalesce(branch_id = app_branch(), app_branch() is null)"
READERS = ("business", "bank", "act", "worker", "regulator", "reporter")
ALIVE = "state in ('filed', 'acknowledged', 'answered', 'disputed', 'escalated')"
SIDES = """
          business_id uuid not null,
          subject_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          order_id uuid not null,"""
CALLS = {"regulator": ("select", "true"), "reporter": ("select", "true")}


def upgrade() -> None:
    _complaints()
    _moves()
    _ratings()
    _callbacks()
    _views()


def _complaints() -> None:
    op.execute(
        """
        create table complaints (
          complaint_id uuid primary key,
          business_id uuid not null,
          subject_id uuid,
          bank_id uuid not null,
          branch_id uuid,
          suborder_id uuid,
          order_id uuid,
          category text not null,
          policy_version integer not null,
          state text not null,
          filed_at timestamptz not null,
          filed_by uuid not null,
          for_firm boolean not null,
          callback_id uuid,
          acknowledged_at timestamptz,
          answered_at timestamptz,
          silent_until_on date,
          ended_at timestamptz,
          finding text check (finding in ('founded', 'partly', 'unfounded')),
          late text[] not null default '{}',
          check ((suborder_id is null) = (order_id is null) and (suborder_id is null) = (branch_id is null)),
          check ((state in ('accepted', 'closed', 'withdrawn')) = (ended_at is not null)),
          check ((state = 'closed') = (finding is not null)))
        """
    )
    for index in (
        f"unique index complaints_one_open on complaints (suborder_id, category)"
        f" where suborder_id is not null and {ALIVE}",
        f"unique index complaints_one_open_bank on complaints (business_id, bank_id, category)"
        f" where suborder_id is null and {ALIVE}",
        "index complaints_business on complaints (business_id, filed_at desc)",
        "index complaints_bank on complaints (bank_id, branch_id, state)",
        "index complaints_order on complaints (order_id)",
        "index complaints_filed on complaints (filed_at)",
        f"index complaints_open on complaints (state) where {ALIVE}",
    ):
        op.execute(f"create {index}")
    protect(
        "complaints",
        {
            "business": ("select", OWN),
            "bank": ("select", OWN_BRANCH),
            "act": ("select, insert, update", "complaint_id = app_case()"),
            "worker": ("select, update", "true"),
            "regulator": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )
    # An act on an order shows what is said beside it.
    op.execute(f"create policy act_beside on complaints for select to {role('act')} using (order_id = app_case())")


def _moves() -> None:
    op.execute(
        """
        create table complaint_transitions (
          from_state text not null,
          act text not null,
          to_state text not null,
          primary key (from_state, act, to_state))
        """
    )
    rows = ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in TRANSITIONS)
    op.execute(f"insert into complaint_transitions values {rows}")
    protect("complaint_transitions", dict.fromkeys(READERS, ("select", "true")))
    op.execute(
        """
        create table complaint_moves (
          seq bigint generated always as identity primary key,
          complaint_id uuid not null references complaints,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid,
          from_state text not null,
          act text not null,
          to_state text not null,
          at timestamptz not null,
          recorded_at timestamptz not null,
          side text not null check (side in ('firm', 'bank', 'service', 'regulator', 'clock')),
          cause text not null default '',
          said text not null default '',
          by_name text not null default '',
          by_person uuid,
          by_org uuid,
          check ((side = 'clock') = (by_person is null)),
          check (act <> 'answer' or by_name <> ''),
          foreign key (from_state, act, to_state) references complaint_transitions)
        """
    )
    op.execute("create index complaint_moves_complaint on complaint_moves (complaint_id, seq)")
    protect(
        "complaint_moves",
        {
            "business": ("select", OWN),
            "bank": ("select", OWN_BRANCH),
            "act": ("select, insert", "complaint_id = app_case()"),
            "worker": ("select, insert", "true"),
            "regulator": ("select", "true"),
            "reporter": ("select", "true"),
        },
    )

    op.execute(
        """
        create table complaint_papers (
          paper_id uuid primary key,
          complaint_id uuid not null references complaints,
          business_id uuid not null,
          subject_id uuid not null,
          bank_id uuid not null,
          branch_id uuid,
          position smallint not null,
          name text not null check (char_length(name) between 1 and 100),
          kind text not null,
          size_bytes integer not null check (size_bytes > 0),
          sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
          sealed bytea not null,
          policy_version integer not null,
          added_by uuid not null,
          added_at timestamptz not null,
          constraint complaint_papers_once unique (complaint_id, position))
        """
    )
    # Whoever judges a complaint sees what it rests on; opening is an act, in the audit.
    protect(
        "complaint_papers",
        {
            "business": ("select", OWN),
            "bank": ("select", OWN_BRANCH),
            "act": ("select, insert", "complaint_id = app_case()"),
            "regulator": ("select", "true"),
        },
    )


def _ratings() -> None:
    op.execute(
        f"""
        create table ratings (
          rating_id uuid primary key,
          suborder_id uuid not null constraint ratings_once unique,{SIDES}
          about text not null,
          stars smallint not null check (stars between 1 and 5),
          worst smallint not null check (worst between 1 and stars),
          tags text[] not null default '{{}}',
          said text not null default '',
          policy_version integer not null,
          rated_at timestamptz not null,
          changed_at timestamptz not null check (changed_at >= rated_at),
          changeable_until timestamptz not null,
          marks integer not null default 1)
        """
    )
    op.execute("create index ratings_bank on ratings (bank_id, branch_id, rated_at desc)")
    op.execute("create index ratings_order on ratings (order_id)")
    op.execute("create index ratings_rated on ratings (rated_at)")
    op.execute(
        f"""
        create table rating_marks (
          rating_id uuid not null references ratings,
          n integer not null,{SIDES}
          stars smallint not null check (stars between 1 and 5),
          tags text[] not null default '{{}}',
          said text not null default '',
          at timestamptz not null,
          by_person uuid not null,
          primary key (rating_id, n))
        """
    )
    op.execute(
        f"""
        create table work_orders (
          rating_id uuid primary key references ratings,
          suborder_id uuid not null,{SIDES}
          opened_at timestamptz not null,
          closed_at timestamptz,
          said text not null default '',
          closed_side text check (closed_side in ('bank', 'service')),
          closed_by uuid,
          by_name text not null default '',
          check ((closed_at is null) = (closed_side is null) and (closed_at is null) = (closed_by is null)),
          check ((closed_at is null) = (said = '')))
        """
    )
    op.execute("create index work_orders_open on work_orders (opened_at) where closed_at is null")
    op.execute("create index work_orders_bank on work_orders (bank_id, opened_at desc)")
    beside = {"business": ("select", OWN), "bank": ("select", OWN_BRANCH), "regulator": ("select", "true"),
              "reporter": ("select", "true"), "worker": ("select", "true")}  # fmt: skip
    protect("ratings", beside | {"act": ("select, insert, update", "rating_id = app_case()")})
    protect("rating_marks", beside | {"act": ("select, insert", "rating_id = app_case()")})
    # A firm gives its rating; what the house does about a bad one is between bank, service and regulator.
    del beside["business"]
    beside["worker"] = ("select, update", "true")
    protect("work_orders", beside | {"act": ("select, insert, update", "rating_id = app_case()")})
    for table, rows in (("ratings", f"{OWN} or order_id = app_case()"), ("work_orders", "order_id = app_case()")):
        op.execute(f"create policy act_beside on {table} for select to {role('act')} using ({rows})")


def _callbacks() -> None:
    op.execute(
        """
        create table callback_draws (
          draw_id uuid primary key,
          until_at timestamptz not null constraint callback_draws_once unique,
          drawn_at timestamptz not null,
          seed text not null,
          policy_version integer not null,
          candidates integer not null,
          drawn integer not null check (drawn between 0 and candidates))
        """
    )
    op.execute(
        """
        create table callback_candidates (
          suborder_id uuid primary key,
          draw_id uuid not null references callback_draws,
          ended_at timestamptz not null,
          factors text[] not null,
          number_ppm integer not null check (number_ppm between 0 and 999999),
          share_ppm integer not null check (share_ppm between 0 and 1000000),
          is_drawn boolean not null)
        """
    )
    op.execute("create index callback_candidates_draw on callback_candidates (draw_id)")
    op.execute(
        f"""
        create table callbacks (
          callback_id uuid primary key,
          draw_id uuid not null references callback_draws,
          suborder_id uuid not null constraint callbacks_once unique,{SIDES}
          ended_state text not null,
          factors text[] not null,
          state text not null check (state in ('waiting', 'satisfied', 'not', 'unreachable')),
          attempts smallint not null default 0,
          drawn_at timestamptz not null,
          tried_at timestamptz,
          done_at timestamptz,
          answers jsonb not null default '{{}}',
          said text not null default '',
          complaint_id uuid,
          done_by uuid,
          check ((state = 'waiting') = (done_at is null)))
        """
    )
    op.execute("create index callbacks_waiting on callbacks (drawn_at) where state = 'waiting'")
    op.execute("create index callbacks_done on callbacks (done_at desc) where state <> 'waiting'")
    op.execute(
        """
        create table callback_attempts (
          callback_id uuid not null references callbacks,
          n integer not null,
          at timestamptz not null,
          outcome text not null check (outcome in ('reached', 'unreachable')),
          by_person uuid not null,
          primary key (callback_id, n))
        """
    )
    for table in ("callback_draws", "callback_candidates"):
        protect(table, CALLS | {"worker": ("select, insert", "true")})
    protect("callbacks", CALLS | {
        "worker": ("select, insert", "true"),
        "act": ("select, insert, update", "callback_id = app_case()"),
    })  # fmt: skip
    protect("callback_attempts", CALLS | {"act": ("select, insert", "callback_id = app_case()")})
    # Who calls is shown why this firm was drawn.
    for table, key in (("callback_candidates", "suborder_id"), ("callback_draws", "draw_id")):
        op.execute(f"grant select on {table} to {role('act')}")
        op.execute(
            f"create policy act_called on {table} for select to {role('act')} using ("
            f"exists (select 1 from callbacks b where b.{key} = {table}.{key} and b.callback_id = app_case()))"
        )


def _views() -> None:
    op.execute(
        """
        create view complaints_v_facts with (security_invoker = true) as
          select complaint_id, business_id, bank_id, branch_id, suborder_id, order_id, category, state, filed_at,
                 for_firm, acknowledged_at, answered_at, ended_at, finding,
                 'COMPLAINT_ACK' = any(late) as is_ack_late, 'COMPLAINT' = any(late) as is_answer_late
          from complaints
        """
    )
    op.execute(
        """
        create view complaints_v_moves with (security_invoker = true) as
          select seq, complaint_id, business_id, bank_id, branch_id, from_state, act, to_state, at, recorded_at, side,
                 cause, by_person, by_org
          from complaint_moves
        """
    )
    op.execute(
        """
        create view ratings_v_facts with (security_invoker = true) as
          select r.rating_id, r.suborder_id, r.order_id, r.business_id, r.bank_id, r.branch_id, r.about, r.stars,
                 r.worst, r.tags, r.rated_at, r.changed_at, r.marks
          from ratings r
        """
    )
    op.execute(
        """
        create view ratings_v_marks with (security_invoker = true) as
          select rating_id, n, order_id, business_id, bank_id, branch_id, stars, at from rating_marks
        """
    )
    op.execute(
        """
        create view ratings_v_work_orders with (security_invoker = true) as
          select rating_id, suborder_id, order_id, business_id, bank_id, branch_id, opened_at, closed_at, closed_side
          from work_orders
        """
    )
    op.execute(
        """
        create view ratings_v_callbacks with (security_invoker = true) as
          select callback_id, draw_id, suborder_id, order_id, business_id, bank_id, branch_id, ended_state, factors,
                 state, attempts, drawn_at, done_at, complaint_id
          from callbacks
        """
    )
    for view, names in VIEWS.items():
        for name in names:
            op.execute(f"grant select on {view} to {role(name)}")


VIEWS = {
    "complaints_v_facts": READERS,
    "complaints_v_moves": READERS,
    "ratings_v_facts": READERS,
    "ratings_v_marks": READERS,
    "ratings_v_work_orders": ("bank", "act", "worker", "regulator", "reporter"),
    "ratings_v_callbacks": ("act", "worker", "regulator", "reporter"),
}
TABLES = (
    "callback_attempts", "callbacks", "callback_candidates", "callback_draws", "work_orders", "rating_marks", "ratings",
    "complaint_papers", "complaint_moves", "complaint_transitions", "complaints",
)  # fmt: skip


def downgrade() -> None:
    for view in VIEWS:
        op.execute(f"drop view {view}")
    for table in ("callback_candidates", "callback_draws"):
        op.execute(f"drop policy act_called on {table}")
    for table in TABLES:
        op.execute(f"drop table {table}")
