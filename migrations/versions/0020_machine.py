"""What is taken back while a case runs: contacts denied, papers contested, offers retracted."""

import figures
import restating
from alembic import context, op
from rls import protect, role

revision = "0020"
down_revision = "0019"

# (from, act, to): a copy of the rows that app.market.orders.rules.TRANSITIONS has gained, held to it by a test.
TRANSITIONS = [
    ("contacted", "deny_contact", "accepted"),
    ("investigating", "deny_contact", "accepted"),
    *((state, "contest_papers", state) for state in ("accepted", "contacted", "investigating")),
    ("offered", "retract", "refused"),
    ("picked", "retract", "refused"),
]
READS_ALL = dict.fromkeys(("regulator", "reporter"), ("select", "true")) | {
    "ops": ("select", "(select app_is_platform())"),
}
OWN_BRANCH = "bank_id = app_org() and coalesce(branch_id = app_branch(), true)"
EVERYBODY = ("business", "bank", "act", "worker", "regulator", "ops", "reporter")
PARTIES = """
          order_id uuid not null references orders,
          business_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,"""
CLOCK_COLUMNS = (
    "clock_id, root_id, case_kind, case_id, kind, gen, owner, state, unit, count, limit_at, pause_cap, started_at,"
    " due_on, due_at, is_provisional, policy_version, calendar_version, stopped_at, business_id, bank_id"
)

def upgrade() -> None:
    _transitions()
    _clocks()
    _contacts()
    _papers()
    _retractions()
    _words()
    _figures(now=True)


def downgrade() -> None:
    _figures(now=False)
    op.execute("drop view orders_v_firm_words")
    op.execute("drop view orders_v_withdrawal_answers")
    for table in ("withdrawal_answers", "firm_words", "retractions"):
        op.execute(f"drop table {table}")
    op.execute("drop table contact_denials")
    op.execute("alter table papers_requests drop constraint papers_requests_closed_how_check")
    op.execute("update papers_requests set closed_how = 'ended' where closed_how = 'contested'")
    op.execute(
        "alter table papers_requests add constraint papers_requests_closed_how_check"
        " check (closed_how in ('brought', 'capped', 'ended'))"
    )
    op.execute("delete from contacts c using contacts d where c.suborder_id = d.suborder_id"
               " and (c.recorded_at, c.contact_id) < (d.recorded_at, d.contact_id)")  # fmt: skip
    op.execute("drop index contacts_suborder")
    op.execute("alter table contacts drop column contact_id")
    op.execute("alter table contacts add primary key (suborder_id)")
    _clock_views(CLOCK_COLUMNS)
    op.execute("alter table clocks drop column opened_at, drop column undone_at")
    op.execute("delete from suborder_moves where act in ('deny_contact', 'contest_papers', 'retract')")
    op.execute("delete from suborder_transitions where act in ('deny_contact', 'contest_papers', 'retract')")


def _transitions() -> None:
    rows = ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in TRANSITIONS)
    # The owner is held by row-level security like everybody; it looks past it to change its own copy of the table.
    op.execute("alter table suborder_transitions no force row level security")
    op.execute(f"insert into suborder_transitions values {rows}")
    op.execute("alter table suborder_transitions force row level security")


def _clocks() -> None:
    """A promise judged again is a further generation of its clock; the one before it is kept, with its undoing."""
    op.execute("alter table clocks add column opened_at timestamptz, add column undone_at timestamptz")
    _clock_views(f"{CLOCK_COLUMNS}, opened_at, undone_at")


def _clock_views(columns: str) -> None:
    """The functions that read the view name it in their text, and so outlive its renewal."""
    op.execute("drop view clocks_v_clocks")
    op.execute(f"create view clocks_v_clocks with (security_invoker = true) as select {columns} from clocks")
    for name in EVERYBODY:
        op.execute(f"grant select on clocks_v_clocks to {role(name)}")


def _contacts() -> None:
    """A branch may contact again after a denial, so that a suborder has several contacts."""
    op.execute("alter table contacts drop constraint contacts_pkey")
    op.execute("alter table contacts add column contact_id uuid not null default gen_random_uuid() primary key")
    op.execute("alter table contacts alter column contact_id drop default")
    op.execute("create index contacts_suborder on contacts (suborder_id, recorded_at)")
    op.execute(
        f"""
        create table contact_denials (
          contact_id uuid primary key references contacts,
          suborder_id uuid not null references suborders,{PARTIES}
          words text not null,
          denied_at timestamptz not null,
          denied_by uuid not null)
        """
    )
    op.execute("create index contact_denials_suborder on contact_denials (suborder_id)")
    _protect_part("contact_denials")


def _papers() -> None:
    op.execute("alter table papers_requests drop constraint papers_requests_closed_how_check")
    op.execute(
        "alter table papers_requests add constraint papers_requests_closed_how_check"
        " check (closed_how in ('brought', 'capped', 'contested', 'ended'))"
    )


def _retractions() -> None:
    op.execute(
        f"""
        create table retractions (
          suborder_id uuid primary key references suborders,{PARTIES}
          offer_id uuid not null references offers,
          reason text not null check (reason in ('fraud', 'changed_facts')),
          words text not null,
          from_state text not null,
          retracted_at timestamptz not null,
          made_by uuid not null,
          checked_by uuid not null,
          check (made_by <> checked_by))
        """
    )
    _protect_part("retractions")


def _words() -> None:
    """What the firm says of itself to a bank, by which a refusal may stand; and, to supervision alone, why it left."""
    op.execute(
        f"""
        create table firm_words (
          suborder_id uuid not null references suborders,{PARTIES}
          word text not null check (word in ('gave_up', 'served_elsewhere', 'terms_declined')),
          words text not null,
          said_at timestamptz not null,
          said_by uuid not null,
          primary key (suborder_id, word))
        """
    )
    _protect_part("firm_words")
    op.execute(
        """
        create table withdrawal_answers (
          order_id uuid primary key references orders,
          business_id uuid not null,
          by_bank boolean not null,
          suborder_id uuid references suborders,
          bank_id uuid,
          branch_id uuid,
          words text not null,
          said_at timestamptz not null,
          said_by uuid not null,
          check (by_bank = (suborder_id is not null)))
        """
    )
    op.execute("create index withdrawal_answers_suborder on withdrawal_answers (suborder_id)")
    protect("withdrawal_answers", {
        "business": ("select", "business_id = app_org()"),
        "act": ("select, insert", "order_id = app_case() and business_id = app_org()"),
        **READS_ALL,
    })  # fmt: skip
    op.execute(
        """
        create view orders_v_withdrawal_answers with (security_invoker = true) as
          select order_id, business_id, by_bank, suborder_id, bank_id, branch_id, words, said_at from withdrawal_answers
        """
    )
    op.execute(
        """
        create view orders_v_firm_words with (security_invoker = true) as
          select suborder_id, order_id, business_id, bank_id, branch_id, word, words, said_at from firm_words
        """
    )
    for name in ("regulator", "reporter", "ops"):
        op.execute(f"grant select on orders_v_withdrawal_answers, orders_v_firm_words to {role(name)}")


def _figures(*, now: bool) -> None:
    """What supervision reckons: contacts that stand, clocks that count, and what must be settled anew."""
    all_facts: str = context.script.get_revision("0009").module.FACTS  # type: ignore[union-attr]
    for text in (all_facts, figures.facts_of()):
        op.execute((restating.restated(text) if now else text).replace("create function", "create or replace function"))
    fold = restating.fold() if now else figures.FOLD
    op.execute(fold.replace("create function", "create or replace function"))


def _protect_part(table: str) -> None:
    """The two sides see their own rows; acts on an order see all of that order. Nothing is ever changed."""
    protect(table, {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", OWN_BRANCH),
        "act": ("select, insert", "order_id = app_case()"),
        "worker": ("select", "true"),
        **READS_ALL,
    })  # fmt: skip
