"""What supervision keeps of figures: facts that no longer change, and their sums, folded forward by the worker.

A move of a suborder puts it into `supervision_touched`. `supervision_fold` takes some of those, keeps their settled
facts and adds them to the sums by day and by month. Whoever reads takes the sums, and reckons by
`supervision_facts_of` the few that are still touched, or whose deadline has just passed; and DECISION clocks that still
run are kept in `supervision_open`, since only their days grow with time.
"""

from collections.abc import Iterable

from alembic import context, op
from rls import protect, role

SECONDS = "figure = 'contact_seconds'"
READ = {"regulator": ("select", "true"), "reporter": ("select", "true")}
WORKER = {"worker": ("select, insert, update, delete", "true")}
FUNCTIONS = (
    "supervision_facts_of(timestamptz, uuid[])",
    "supervision_live(timestamptz)",
    "supervision_days(date, date)",
    "supervision_bucket(text, bigint)",
)
TABLES = ("supervision_open", "supervision_sums", "supervision_facts", "supervision_touched")

TOUCHED = """
create table supervision_touched (
  seq bigint generated always as identity primary key,
  suborder_id uuid not null)
"""
FACTS = """
create table supervision_facts (
  suborder_id uuid not null,
  figure text not null,
  mark integer not null,
  order_id uuid not null,
  bank_id uuid not null,
  branch_id uuid not null,
  product_id uuid not null,
  district text not null,
  at timestamptz not null,
  told_on date not null,
  value bigint not null,
  whole bigint not null,
  bucket integer not null,
  primary key (suborder_id, figure, mark))
"""
# One row per group, figure, day or month and, for medians, bucket of values; `by` as supervision's By, without month.
SUMS = """
create table supervision_sums (
  "by" text not null,
  key text not null,
  grain text not null check (grain in ('day', 'month')),
  told_on date not null,
  figure text not null,
  bucket integer not null,
  value bigint not null,
  whole bigint not null,
  primary key ("by", grain, told_on, key, figure, bucket))
"""
OPEN = """
create table supervision_open (
  suborder_id uuid primary key,
  order_id uuid not null,
  bank_id uuid not null,
  branch_id uuid not null,
  product_id uuid not null,
  district text not null,
  clock_id uuid not null,
  start_on date not null,
  broken_at timestamptz,
  skipped integer not null,
  paused_on date)
"""
INDEXES = (
    "create index supervision_facts_cases on supervision_facts (figure, at desc, suborder_id desc)",
    "create index supervision_facts_bank on supervision_facts (bank_id, told_on)",
    "create index supervision_facts_product on supervision_facts (product_id, told_on)",
    "create index supervision_facts_district on supervision_facts (district, told_on)",
    f"create index supervision_facts_hours on supervision_facts (bucket, told_on) where {SECONDS}",
    f"create index supervision_facts_bank_hours on supervision_facts (bank_id, bucket) where {SECONDS}",
    f"create index supervision_facts_branch_hours on supervision_facts (branch_id, bucket) where {SECONDS}",
    f"create index supervision_facts_product_hours on supervision_facts (product_id, bucket) where {SECONDS}",
    f"create index supervision_facts_district_hours on supervision_facts (district, bucket) where {SECONDS}",
    "create index suborder_moves_at on suborder_moves (at)",
    "create index refusals_reason on refusals (reason_code, refused_at desc)",
    "create index clocks_red on clocks (due_at) where stopped_at is null and state in ('running', 'breached')",
)
# Workdays are few, so that each is a bucket of its own; seconds lie in hours, inside which the median is looked for.
BUCKET = """
create function supervision_bucket(figure text, value bigint) returns integer language sql immutable as $$
select case figure when 'workdays_to_decision' then value when 'contact_seconds' then value / 3600 else 0 end::integer
$$
"""
TOUCH = """
create function supervision_touch() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  insert into supervision_touched (suborder_id) select distinct suborder_id from fresh;
  return null;
end $$
"""
TRIGGER = """
create trigger supervision_touch after insert on suborder_moves referencing new table as fresh
for each statement execute function supervision_touch()
"""
# How many workdays lie up to and including each day, by the newest calendar.
DAYS = """
create function supervision_days(first date, last date) returns table (day date, seen bigint)
language sql stable set search_path = public, pg_temp as $$
with calendar as (
  select body from policies where kind = 'calendar' and key = 'cn' order by version desc limit 1),
years as (
  select y as year from calendar c, jsonb_array_elements(c.body -> 'years') y),
days_off as (
  select d::date as day from years, jsonb_array_elements(year -> 'holidays') h,
         generate_series((h ->> 'from')::date, (h ->> 'to')::date, interval '1 day') d),
make_up as (
  select (m ->> 'on')::date as day from years, jsonb_array_elements(year -> 'make_up') m)
select d::date, sum(case when d::date in (select day from make_up) then 1
                         when d::date in (select day from days_off) then 0
                         when (select body -> 'weekend' from calendar)
                              @> to_jsonb(extract(isodow from d)::integer) then 0
                         else 1 end) over (order by d)
  from generate_series(first, last, interval '1 day') d
$$
"""
# What still has to be reckoned at the time of reading: touched and not yet folded, or just overdue and not yet fired.
LIVE = """
create function supervision_live(as_of timestamptz) returns uuid[]
language sql stable set search_path = public, pg_temp as $$
select coalesce(array_agg(suborder_id), '{}') from (
  select suborder_id from supervision_touched
  union
  select case_id from clocks_v_clocks
   where state = 'running' and due_at <= as_of and kind in ('ACCEPT', 'CONTACT', 'DECISION', 'SIGN', 'PAYOUT')) l
$$
"""
FOLD = """
create function supervision_fold(now timestamptz, most integer) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  ids uuid[];
  until timestamptz;
begin
  if not pg_try_advisory_xact_lock(20220302) then
    return 0;
  end if;
  with taken as (
    delete from supervision_touched
     where seq in (select seq from supervision_touched order by seq limit most) returning suborder_id)
  select array_agg(distinct suborder_id) into ids from taken;
  if ids is null then
    return 0;
  end if;
  -- Where the business clock was turned back, what was done in its future has still been done.
  select greatest(now, max(at)) into until from orders_v_moves where suborder_id = any(ids);
  with fresh as (
    insert into supervision_facts
    select f.suborder_id, f.figure, f.mark, f.order_id, f.bank_id, f.branch_id, f.product_id, f.district, f.at,
           (f.at at time zone 'Asia/Shanghai')::date, f.value, f.whole, supervision_bucket(f.figure, f.value)
      from supervision_facts_of(until, ids) f where f.settled
    on conflict do nothing
    returning *)
  insert into supervision_sums as s ("by", key, grain, told_on, figure, bucket, value, whole)
  select g."by", g.key, d.grain, d.told_on, f.figure, f.bucket, sum(f.value), sum(f.whole)
    from fresh f
    cross join lateral (values
      ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
      ('district', f.district)) g ("by", key)
    cross join lateral (values
      ('day', f.told_on), ('month', date_trunc('month', f.told_on)::date)) d (grain, told_on)
   group by 1, 2, 3, 4, 5, 6
   order by 1, 3, 4, 2, 5, 6
  on conflict ("by", grain, told_on, key, figure, bucket) do update set
    value = s.value + excluded.value, whole = s.whole + excluded.whole;
  delete from supervision_open where suborder_id = any(ids);
  insert into supervision_open
  with running as (
    select c.clock_id, c.case_id, (c.started_at at time zone 'Asia/Shanghai')::date as start_on,
           case when c.state = 'breached' then c.due_at end as broken_at
      from clocks_v_clocks c
     where c.case_id = any(ids) and c.kind = 'DECISION'
       and not exists (select 1 from supervision_facts f
                        where f.suborder_id = c.case_id and f.figure = 'paused_workdays')),
  pauses as (
    select r.clock_id, p.resumed_at is null as is_open,
           greatest(r.start_on + 1,
                    ((p.paused_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date) as first,
           ((p.resumed_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date - 1 as last
      from running r join clocks_v_pauses p on p.clock_id = r.clock_id),
  days as (
    select * from supervision_days(
      (select min(start_on) - 1 from running), (until at time zone 'Asia/Shanghai')::date)),
  skips as (
    select p.clock_id, sum(upper_day.seen - lower_day.seen) as workdays
      from pauses p join days upper_day on upper_day.day = p.last join days lower_day on lower_day.day = p.first - 1
     where p.first <= p.last group by p.clock_id)
  select s.suborder_id, s.order_id, s.bank_id, s.branch_id, s.product_id, coalesce(o.district_code, ''), r.clock_id,
         r.start_on, r.broken_at, coalesce(k.workdays, 0),
         (select p.first from pauses p where p.clock_id = r.clock_id and p.is_open)
    from running r join orders_v_suborders s on s.suborder_id = r.case_id
    join orders_v_orders o on o.order_id = s.order_id left join skips k on k.clock_id = r.clock_id;
  return cardinality(ids);
end $$
"""


def facts_of() -> str:
    """`supervision_v_facts` for some suborders alone, with each fact's mark and whether it is settled."""
    text: str = context.script.get_revision("0009").module.FACTS  # type: ignore[union-attr]
    for old, new in (
        ("pg_temp as", "pg_temp set plan_cache_mode = force_custom_plan as"),  # The chosen may be few or many.
        ("supervision_v_facts(as_of timestamptz)", "supervision_facts_of(as_of timestamptz, chosen uuid[])"),
        ('value bigint, "of" bigint)', "value bigint, whole bigint, mark integer, settled boolean)"),
        ("from clocks_v_clocks where kind = 'DECISION')",
         "from clocks_v_clocks where kind = 'DECISION' and case_id = any(chosen))"),
        ("join orders_v_orders o on o.order_id = s.order_id)",
         "join orders_v_orders o on o.order_id = s.order_id where s.suborder_id = any(chosen))"),
        ("from orders_v_moves m where m.at <= as_of)",
         "from orders_v_moves m where m.at <= as_of and m.suborder_id = any(chosen))"),
        ("'PAYOUT') and c.started_at <= as_of)", "'PAYOUT') and c.started_at <= as_of and c.case_id = any(chosen))"),
        ("as nth from orders_v_draws d)", "as nth from orders_v_draws d where d.suborder_id = any(chosen))"),
        ("f.at, f.value, f.whole",
         "f.at, f.value, f.whole,\n"
         "       row_number() over (partition by f.suborder_id, f.figure order by f.at, f.value)::integer,\n"
         "       f.figure <> 'paused_workdays' or f.suborder_id in (\n"
         "         select d.suborder_id from decisions d left join ends e using (suborder_id)\n"
         "          where d.stopped_at <= as_of or e.ended_at is not null)"),
    ):  # fmt: skip
        assert text.count(old) == 1, f"0009 no longer says {old!r} once"
        text = text.replace(old, new)
    return text


LENT = """lent as (
  select e.*, row_number() over (partition by e.suborder_id, e.kind order by e.seq) as nth
    from orders_v_loan_entries e{chosen}),
plain as (
  select m.suborder_id, 'funnel:'"""
# A balance is told by its changes: their sum up to a day is what was owed on it; `whole` counts loans likewise.
OWED = """from counted c),
facts as (
  select p.*, 0::bigint as ord from plain p
  union all
  select m.suborder_id, 'repaid_fen', m.at, e.amount_fen, 1, m.seq
    from moves m join lent e on e.suborder_id = m.suborder_id and e.kind = 'repayment' and e.nth = m.nth
   where m.act = 'repay'
  union all
  select m.suborder_id, 'written_off_fen', m.at, e.amount_fen, 1, m.seq
    from moves m join lent e on e.suborder_id = m.suborder_id and e.kind = 'settlement' and e.nth = m.nth
   where m.act = 'settle' and e.amount_fen > 0
  union all
  select m.suborder_id, 'deferred_fen', m.at, f.amount_fen, 1, m.seq
    from moves m join cases c using (suborder_id) join orders_v_offers f on f.offer_id = c.offer_id
   where m.act = 'reschedule'
  union all
  select m.suborder_id, 'outstanding_fen', m.at, p.amount_fen, case m.nth when 1 then 1 else 0 end, m.seq
    from moves m join paid p on p.suborder_id = m.suborder_id and p.nth = m.nth where m.act = 'pay_out'
  union all
  select m.suborder_id, 'outstanding_fen', m.at, -e.amount_fen, case m.act when 'settle' then -1 else 0 end, m.seq
    from moves m join lent e on e.suborder_id = m.suborder_id and e.nth = m.nth
     and e.kind = case m.act when 'repay' then 'repayment' else 'settlement' end
   where m.act in ('repay', 'settle'))
select c.suborder_id"""


def with_loans(text: str) -> str:
    """A text of facts with what follows a signature: repaid, written off, deferred, and what is still owed."""
    chosen = "" if "chosen" not in text else " where e.suborder_id = any(chosen)"
    for old, new in (
        ("         s.offer_id\n    from", "         s.offer_id, s.loan_type\n    from"),
        ("facts as (\n  select m.suborder_id, 'funnel:'", LENT.format(chosen=chosen)),
        ("where m.act = 'pick'\n", "where m.act = 'pick' and c.loan_type <> 'deferral'\n"),
        ("from counted c)\nselect c.suborder_id", OWED),
        *((("order by f.at, f.value)", "order by f.at, f.ord, f.value)"),) if chosen else ()),
    ):
        assert text.count(old) == 1, f"the facts no longer say {old!r} once"
        text = text.replace(old, new)
    return text


def replace_facts(texts: Iterable[str]) -> None:
    """Put these in the place of the functions that reckon facts; who may call them stays."""
    for text in texts:
        op.execute(text.replace("create function", "create or replace function"))


def create() -> None:
    for table in (TOUCHED, FACTS, SUMS, OPEN):
        op.execute(table)
    protect("supervision_touched", READ | WORKER | {"act": ("insert", "true")})
    protect("supervision_facts", READ | WORKER)
    protect("supervision_sums", READ | WORKER)
    protect("supervision_open", READ | WORKER)
    for index in INDEXES:
        op.execute(index)
    for function in (BUCKET, DAYS, facts_of(), LIVE, FOLD, TOUCH):
        op.execute(function)
    for name in FUNCTIONS:
        op.execute(f"revoke all on function {name} from public")
        for reader in ("regulator", "reporter", "worker"):
            op.execute(f"grant execute on function {name} to {role(reader)}")
    op.execute("revoke all on function supervision_fold(timestamptz, integer) from public")
    op.execute(f"grant execute on function supervision_fold(timestamptz, integer) to {role('worker')}")
    op.execute(f"grant select on orders_v_contracts to {role('worker')}")
    op.execute(TRIGGER)
    _touch_history()


def _touch_history() -> None:
    """What has happened before this version is folded by the worker's first rounds, and reckoned live until then.

    The owner is held by row-level security like everybody; it looks past it in this one statement.
    """
    for table in ("suborder_moves", "supervision_touched"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("insert into supervision_touched (suborder_id) select distinct suborder_id from suborder_moves")
    for table in ("suborder_moves", "supervision_touched"):
        op.execute(f"alter table {table} force row level security")


def drop() -> None:
    op.execute("drop trigger supervision_touch on suborder_moves")
    for function in ("supervision_fold(timestamptz, integer)", "supervision_touch()", *FUNCTIONS):
        op.execute(f"drop function {function}")
    op.execute("drop index suborder_moves_at")
    op.execute("drop index refusals_reason")
    op.execute("drop index clocks_red")
    for table in TABLES:
        op.execute(f"drop table {table}")
    op.execute(f"revoke select on orders_v_contracts from {role('worker')}")
