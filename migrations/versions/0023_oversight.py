"""Supervision that acts: urges 督办 and circulars 通报, each with its moves; and measures of conduct."""

import gaming
from alembic import op
from rls import protect, role

revision = "0023"
down_revision = "0022"

# Copies of app.market.oversight.rules.{urges,circulars}.TRANSITIONS, held to them by a test.
URGE_MOVES = (
    ("", "issue", "issued"),
    ("issued", "receive", "received"),
    ("received", "reply", "replied"),
    ("sent_back", "reply", "replied"),
    ("replied", "rectify", "rectified"),
    ("replied", "send_back", "sent_back"),
    ("rectified", "send_back", "sent_back"),
    ("rectified", "close", "closed"),
    *((state, "withdraw", "withdrawn") for state in ("issued", "received", "replied", "rectified", "sent_back")),
    *((state, "breach", state) for state in ("issued", "received", "sent_back")),
)
CIRCULAR_MOVES = (
    ("", "publish", "named"),
    ("named", "answer", "answered"),
    ("returned", "answer", "answered"),
    ("answered", "return", "returned"),
    ("answered", "accept", "accepted"),
)
OWN = (
    "bank_id = app_org() and addressee <> 'supervisor'"
    " and (app_branch() is null or (branch_id = app_branch() and addressee = 'branch'))"
)
READS = {"reporter": ("select", "true")}
VIEWS = {
    "oversight_v_urges": """
        select urge_id, no, about_kind, about_id, order_id, bank_id, branch_id, addressee, clock, share, by_hand, said,
               issued_by, issued_at, state, replied_by, replied_at, breached_at, ended_by, ended_at
          from urges""",
    "oversight_v_urge_moves": """
        select seq, urge_id, about_id, bank_id, branch_id, addressee, from_state, act, to_state, at, said, by_person,
               by_org
          from urge_moves""",
    "oversight_v_circulars": """
        select circular_id, no, measure, month, title, rectify_by_on, to_all, bank_ids, document, sha256, refers_to,
               made_by, checked_by, published_at
          from circulars""",
    "oversight_v_named": """
        select circular_id, bank_id, state, rectify_by_on, answered_at, judged_at from circular_named""",
}
READERS = ("regulator", "reporter", "bank", "worker")


def upgrade() -> None:
    _urges()
    _circulars()
    # Regulators, too, are told which colleague wrote what.
    op.execute(f"grant execute on function orgs_v_colleagues(uuid[]) to {role('regulator')}")
    for name, body in VIEWS.items():
        op.execute(f"create view {name} with (security_invoker = true) as {body}")
        for reader in READERS:
            op.execute(f"grant select on {name} to {role(reader)}")
    gaming.create()


def _moves(rows: object) -> str:
    return ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in rows)  # type: ignore[attr-defined]


def _urges() -> None:
    op.execute(
        """
        create table urges (
          urge_id uuid primary key,
          no bigint generated always as identity constraint urges_no unique,
          about_kind text not null check (about_kind in ('suborder', 'complaint', 'branch', 'bank')),
          about_id uuid not null,
          order_id uuid,
          bank_id uuid not null,
          branch_id uuid,
          addressee text not null check (addressee in ('branch', 'head_office', 'supervisor')),
          clock text not null,
          share integer not null check (share >= 0),
          reached_at timestamptz,
          by_hand boolean not null,
          said text not null,
          issued_by uuid,
          issued_at timestamptz not null,
          state text not null check (state in (
            'issued', 'received', 'replied', 'rectified', 'sent_back', 'closed', 'withdrawn')),
          replied_by uuid,
          replied_at timestamptz,
          breached_at timestamptz,
          ended_by uuid,
          ended_at timestamptz,
          check (by_hand = (issued_by is not null)),
          check (by_hand = (reached_at is null)),
          check ((state in ('closed', 'withdrawn')) = (ended_at is not null)),
          check (addressee <> 'branch' or branch_id is not null),
          constraint urges_four_eyes check (state <> 'closed' or replied_by <> ended_by))
        """
    )
    op.execute(
        "create unique index urges_one_open on urges (about_id, clock, share)"
        " where state not in ('closed', 'withdrawn')"
    )
    op.execute("create unique index urges_one_a_rung on urges (about_id, clock, share, reached_at)")
    op.execute("create index urges_bank on urges (bank_id, issued_at desc)")
    op.execute("create index urges_issued on urges (issued_at desc, urge_id desc)")
    op.execute("create index urges_open on urges (state, issued_at) where state not in ('closed', 'withdrawn')")
    # Acts move the clock of the urge, so they run in the role that may, over this urge alone.
    audiences = {"bank": ("select", OWN), "regulator": ("select", "true"), **READS}
    by = {"act": ("select, insert, update", "urge_id = app_case()"), "worker": ("select, insert, update", "true")}
    protect("urges", audiences | by)
    op.execute(
        f"""
        create table urge_moves (
          seq bigint generated always as identity primary key,
          urge_id uuid not null references urges,
          about_id uuid not null,
          bank_id uuid not null,
          branch_id uuid,
          addressee text not null,
          from_state text not null,
          act text not null,
          to_state text not null,
          at timestamptz not null,
          recorded_at timestamptz not null default now(),
          said text not null,
          by_person uuid,
          by_org uuid,
          check ((from_state, act, to_state) in ({_moves(URGE_MOVES)})))
        """
    )
    op.execute("create index urge_moves_urge on urge_moves (urge_id, seq)")
    op.execute("create index urge_moves_about on urge_moves (about_id, seq)")
    by = {"act": ("select, insert", "urge_id = app_case()"), "worker": ("select, insert", "true")}
    protect("urge_moves", audiences | by)


def _circulars() -> None:
    op.execute(
        """
        create table circulars (
          circular_id uuid primary key,
          no bigint generated always as identity constraint circulars_no unique,
          measure text not null,
          month date not null check (extract(day from month) = 1),
          title text not null,
          rectify_by_on date not null,
          to_all boolean not null,
          bank_ids uuid[] not null check (cardinality(bank_ids) > 0),
          document jsonb not null,
          sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
          refers_to uuid references circulars,
          made_by uuid not null,
          checked_by uuid not null,
          published_at timestamptz not null,
          constraint circulars_four_eyes check (made_by <> checked_by))
        """
    )
    op.execute("create index circulars_published on circulars (published_at desc, circular_id desc)")
    # Nothing of it is edited: no role may update or delete, and a trigger refuses whoever could.
    protect("circulars", {
        "bank": ("select", "to_all or app_org() = any(bank_ids)"),
        "regulator": ("select, insert", "true"),
        "worker": ("select", "true"),
        **READS,
    })  # fmt: skip
    op.execute(
        "create trigger circulars_append_only before update or delete or truncate on circulars"
        " for each statement execute function refuse_change()"
    )
    op.execute(
        """
        create table circular_named (
          circular_id uuid not null references circulars,
          bank_id uuid not null,
          state text not null check (state in ('named', 'answered', 'returned', 'accepted')),
          rectify_by_on date not null,
          answer text not null default '',
          answered_by uuid,
          answered_at timestamptz,
          judged_by uuid,
          judged_at timestamptz,
          primary key (circular_id, bank_id),
          check ((state = 'named') = (answered_at is null)),
          check ((state in ('named', 'answered')) or judged_at is not null))
        """
    )
    op.execute("create index circular_named_bank on circular_named (bank_id, state)")
    protect("circular_named", {
        "bank": ("select, update", "bank_id = app_org()"),
        "regulator": ("select, insert, update", "true"),
        "worker": ("select", "true"),
        **READS,
    })  # fmt: skip
    op.execute(
        f"""
        create table circular_moves (
          seq bigint generated always as identity primary key,
          circular_id uuid not null,
          bank_id uuid not null,
          from_state text not null,
          act text not null,
          to_state text not null,
          at timestamptz not null,
          recorded_at timestamptz not null default now(),
          said text not null,
          by_person uuid not null,
          by_org uuid not null,
          foreign key (circular_id, bank_id) references circular_named,
          check ((from_state, act, to_state) in ({_moves(CIRCULAR_MOVES)})))
        """
    )
    op.execute("create index circular_moves_circular on circular_moves (circular_id, bank_id, seq)")
    protect("circular_moves", {
        "bank": ("select, insert", "bank_id = app_org()"),
        "regulator": ("select, insert", "true"),
        "worker": ("select", "true"),
        **READS,
    })  # fmt: skip


def downgrade() -> None:
    gaming.drop()
    op.execute(f"revoke execute on function orgs_v_colleagues(uuid[]) from {role('regulator')}")
    for view in reversed(VIEWS):
        op.execute(f"drop view {view}")
    for table in ("circular_moves", "circular_named", "circulars", "urge_moves", "urges"):
        op.execute(f"drop table {table}")
