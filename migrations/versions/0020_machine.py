"""What is taken back while a case runs: contacts denied, papers contested, offers retracted."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    ("listed", "reopen", "investigating"),
    *(("pushed", act, "pushed") for act in ("bring_papers", "cap_papers", "contest_papers")),
    *((state, "reassign", "moved") for state in ("pushed", "accepted", "contacted")),
]
ACTS = "'deny_contact', 'contest_papers', 'retract', 'reopen', 'reassign'"
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
    _links()
    _appeals()
    _amendments()
    _figures(now=True)


def downgrade() -> None:
    _figures(now=False)
    op.execute("drop policy act_find_supervised on suborders")
    op.execute("drop function app_is_regulator()")
    op.execute("drop table consent_amendments")
    op.execute("drop view orders_v_appeals")
    op.execute("drop view orders_v_links")
    op.execute("drop table appeals")
    _one_live("'refused', 'passed_over', 'withdrawn', 'lapsed'")
    op.execute("alter table suborders drop column origin, drop column origin_id, drop column is_carried")
    op.execute(
        "alter table suborders add constraint suborders_suborder_id_fkey"
        " foreign key (suborder_id) references order_listed (suborder_id)"
    )
    op.execute("drop view orders_v_firm_words")
    op.execute("drop view orders_v_withdrawal_answers")
    for table in ("withdrawal_answers", "firm_words", "retractions"):
        op.execute(f"drop table {table}")
    op.execute("drop table contact_denials")
    op.execute("alter table papers_requests drop constraint papers_requests_closed_how_check")
    with _past("papers_requests"):
        op.execute("update papers_requests set closed_how = 'ended' where closed_how in ('contested', 'moved')")
    op.execute(
        "alter table papers_requests add constraint papers_requests_closed_how_check"
        " check (closed_how in ('brought', 'capped', 'ended'))"
    )
    with _past("contacts"):
        op.execute(
            "delete from contacts c using contacts d where c.suborder_id = d.suborder_id"
            " and (c.recorded_at, c.contact_id) < (d.recorded_at, d.contact_id)"
        )
    op.execute("drop index contacts_suborder")
    op.execute("alter table contacts drop column contact_id")
    op.execute("alter table contacts add primary key (suborder_id)")
    _clock_views(CLOCK_COLUMNS)
    op.execute("alter table clocks drop column opened_at, drop column undone_at")
    with _past("suborder_moves", "suborder_transitions"):
        for table in ("suborder_moves", "suborder_transitions"):
            op.execute(f"delete from {table} where act in ({ACTS})")
            op.execute(f"delete from {table} where from_state = 'pushed' and act in ('bring_papers', 'cap_papers')")


def _transitions() -> None:
    rows = ", ".join(f"('{start}', '{act}', '{to}')" for start, act, to in TRANSITIONS)
    # The owner is held by row-level security like everybody; it looks past it to change its own copy of the table.
    op.execute("alter table suborder_transitions no force row level security")
    with _past("suborder_transitions"):
        op.execute(f"insert into suborder_transitions values {rows}")


@contextmanager
def _past(*tables: str) -> Iterator[None]:
    """The owner is held by row-level security like everybody; it looks past it while it changes its own tables."""
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    yield
    for table in tables:
        op.execute(f"alter table {table} force row level security")
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
        " check (closed_how in ('brought', 'capped', 'contested', 'moved', 'ended'))"
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


def _links() -> None:
    """A suborder may follow another: moved to another branch, or made by an appeal that was upheld."""
    op.execute("alter table suborders drop constraint suborders_suborder_id_fkey")
    op.execute(
        "alter table suborders add origin text not null default 'listed'"
        " check (origin in ('listed', 'moved', 'appeal')), add origin_id uuid references suborders,"
        " add is_carried boolean not null default false,"
        " add constraint suborders_follow check ((origin = 'listed') = (origin_id is null))"
    )
    op.execute("create index suborders_origin on suborders (origin_id) where origin_id is not null")
    _one_live("'refused', 'passed_over', 'withdrawn', 'lapsed', 'moved'")
    op.execute(
        """
        create view orders_v_links with (security_invoker = true) as
          select suborder_id, order_id, business_id, bank_id, branch_id, origin, origin_id from suborders
        """
    )
    for name in EVERYBODY:
        op.execute(f"grant select on orders_v_links to {role(name)}")


def _one_live(ended: str) -> None:
    op.execute("drop index suborders_one_live")
    op.execute(
        f"create unique index suborders_one_live on suborders (order_id, bank_id) where not (state in ({ended}))"
    )


def _amendments() -> None:
    """The stated branch of a consent, amended when a case goes to another branch of the bank; and who may move it."""
    op.execute(
        """
        create table consent_amendments (
          seq bigint generated always as identity primary key,
          consent_id uuid not null references consents,
          business_id uuid not null,
          bank_id uuid not null,
          order_id uuid not null,
          branch_id uuid not null,
          amended_by uuid not null,
          amended_at timestamptz not null)
        """
    )
    op.execute("create index consent_amendments_newest on consent_amendments (consent_id, seq desc)")
    protect("consent_amendments", {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", "bank_id = app_org()"),
        "act": ("select, insert", "order_id = app_case()"),
        "worker": ("select", "true"),
        "regulator": ("select", "true"),
        "reporter": ("select", "true"),
    })  # fmt: skip
    op.execute(
        "create function app_is_regulator() returns boolean language sql stable"
        " return exists (select 1 from orgs o where o.org_id = app_org() and o.kind = 'regulator')"
    )
    op.execute(
        f"create policy act_find_supervised on suborders for select to {role('act')}"
        " using ((select app_is_regulator()))"
    )


def _appeals() -> None:
    op.execute(
        f"""
        create table appeals (
          appeal_id uuid primary key,
          suborder_id uuid not null unique references suborders,{PARTIES}
          words text not null,
          made_at timestamptz not null,
          made_by uuid not null,
          answered_at timestamptz check (answered_at >= made_at),
          upheld boolean,
          answer text,
          answered_by uuid,
          reopened_id uuid references suborders,
          check (num_nulls(answered_at, upheld, answer, answered_by) in (0, 4)),
          check (reopened_id is null or upheld))
        """
    )
    op.execute("create index appeals_order on appeals (order_id)")
    op.execute("create index appeals_open on appeals (bank_id, branch_id, made_at) where answered_at is null")
    op.execute("create index appeals_reopened on appeals (reopened_id) where reopened_id is not null")
    protect("appeals", {
        "business": ("select", "business_id = app_org()"),
        "bank": ("select", OWN_BRANCH),
        "act": ("select, insert, update", "order_id = app_case()"),
        "worker": ("select", "true"),
        **READS_ALL,
    })  # fmt: skip
    op.execute(
        """
        create view orders_v_appeals with (security_invoker = true) as
          select appeal_id, suborder_id, order_id, business_id, bank_id, branch_id, words, made_at, answered_at, upheld,
                 answer, reopened_id
          from appeals
        """
    )
    for name in EVERYBODY:
        op.execute(f"grant select on orders_v_appeals to {role(name)}")


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
