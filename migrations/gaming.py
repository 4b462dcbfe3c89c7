"""Conduct that could game the promises: what each suborder adds to each measure, kept by the worker.

A fact is a fold over moves, pauses, refusals, appeals and the firm's answers; a move (or whatever else it rests on)
puts the suborder into `gaming_touched`, `gaming_fold` takes it out, and whoever reads reckons what is still touched.
Formulas stand beside each measure; the shares and days they name are the dated policy `gaming`/`facts`.
"""

from alembic import op
from rls import protect, role

READ = {"regulator": ("select", "true"), "reporter": ("select", "true")}
WORKER = {"worker": ("select, insert, update, delete", "true")}
FUNCTIONS = ("gaming_facts_of(uuid[])", "gaming_rule(date, text)")
TABLES = ("gaming_sums", "gaming_facts", "gaming_touched")
# Each names its suborder. A refusal is written with its move.
TOUCHED_BY = {
    "suborder_moves": "insert", "suborder_grades": "insert", "withdrawal_answers": "insert", "appeals": "update",
}  # fmt: skip
TOUCHED = """
create table gaming_touched (
  seq bigint generated always as identity primary key,
  suborder_id uuid not null)
"""
FACTS = """
create table gaming_facts (
  suborder_id uuid not null,
  measure text not null,
  mark integer not null,
  bank_id uuid not null,
  branch_id uuid not null,
  at timestamptz not null,
  told_on date not null,
  value bigint not null,
  whole bigint not null check (value between 0 and whole),
  primary key (suborder_id, measure, mark))
"""
# By branch, measure and day, with the squares that the interval of a share of days is reckoned from.
SUMS = """
create table gaming_sums (
  measure text not null,
  bank_id uuid not null,
  branch_id uuid not null,
  told_on date not null,
  cases bigint not null,
  value bigint not null,
  whole bigint not null,
  value_square bigint not null,
  value_whole bigint not null,
  whole_square bigint not null,
  primary key (measure, told_on, branch_id, bank_id))
"""
CASES = "create index gaming_facts_cases on gaming_facts (measure, branch_id, at desc, suborder_id desc)"
RULE = """
create function gaming_rule(day date, name text) returns integer language sql stable set search_path = public, pg_temp
as $$
select (body ->> name)::integer from policies
 where kind = 'gaming' and key = 'facts' and valid_from <= day and coalesce(valid_to >= day, true)
 order by version desc limit 1
$$
"""
# Shanghai has no summer time: a day is 24 hours. A counted workday is skipped when the clock is paused at its 24:00.
# `used`: counted time from the start of the clock to the act, in microseconds; `promised`: the whole of the limit.
FACTS_OF = """
create function gaming_facts_of(chosen uuid[])
returns table (suborder_id uuid, measure text, mark integer, bank_id uuid, branch_id uuid, at timestamptz,
               value bigint, whole bigint)
language sql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
with moves as (
  select m.*, row_number() over (partition by m.suborder_id, m.act order by m.seq) as nth
    from orders_v_moves m where m.suborder_id = any(chosen)),
-- The move by which a case leaves the branch's work for the first time.
leaving as (
  select distinct on (m.suborder_id) m.* from moves m
   where m.from_state in ('accepted', 'contacted', 'investigating')
     and m.to_state not in ('accepted', 'contacted', 'investigating')
   order by m.suborder_id, m.seq),
-- Acts that keep a promise, each with the promise it keeps.
keeping as (
  select m.*, case m.act when 'accept' then 'ACCEPT' when 'contact' then 'CONTACT' when 'sign' then 'SIGN'
                         when 'pay_out' then 'PAYOUT' when 'offer' then 'DECISION'
                         else case m.from_state when 'pushed' then 'ACCEPT' else 'DECISION' end end as promise
    from moves m where m.act in ('accept', 'contact', 'offer', 'refuse', 'sign') or m.act = 'pay_out' and m.nth = 1),
acts as (
  select k.seq, k.suborder_id, k.at, k.promise, true as keeps from keeping k
  union all
  select l.seq, l.suborder_id, l.at, 'DECISION', false from leaving l),
clocked as (
  select a.*, c.clock_id, c.started_at, c.due_at, c.unit, c.count,
         (c.started_at at time zone 'Asia/Shanghai')::date as start_on,
         (a.at at time zone 'Asia/Shanghai')::date as act_on
    from acts a join lateral (
      select * from clocks_v_clocks c
       where c.case_kind = 'suborder' and c.case_id = a.suborder_id and c.kind = a.promise
         and coalesce(c.opened_at, c.started_at) <= a.at
         and (c.undone_at is null or c.undone_at > a.at)
       order by c.gen desc limit 1) c on true),
days as materialized (
  select d.day, d.seen from supervision_days(
    (select min(start_on) - 1 from clocked), (select max(act_on) from clocked)) d),
pauses as (
  select c.seq, c.keeps, c.start_on, c.act_on,
         greatest(c.start_on + 1,
                  ((p.paused_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date) as first,
         least(c.act_on - 1, coalesce(
           ((p.resumed_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date - 1, c.act_on - 1)) as last,
         coalesce(p.resumed_at > c.at, true) as is_open
    from clocked c join clocks_v_pauses p on p.clock_id = c.clock_id and p.paused_at < c.at),
paused as (
  select p.seq, p.keeps, sum(case when p.first <= p.last then u.seen - l.seen else 0 end)::bigint as workdays,
         bool_or(p.is_open) as is_open
    from pauses p left join days u on u.day = p.last left join days l on l.day = p.first - 1
   group by p.seq, p.keeps),
measured as (
  select c.*, coalesce(p.workdays, 0) as paused_days, s.seen as seen_start, t.seen as seen_act,
         coalesce(y.seen, s.seen) as seen_before, coalesce(p.is_open, false) as is_paused,
         floor(extract(epoch from c.at - (c.act_on::timestamp at time zone 'Asia/Shanghai')) * 1000000)::bigint as today
    from clocked c join days s on s.day = c.start_on join days t on t.day = c.act_on
    left join days y on y.day = c.act_on - 1 and c.act_on > c.start_on
    left join paused p on p.seq = c.seq and p.keeps = c.keeps),
used as (
  select m.*, greatest(0, m.seen_before - m.seen_start - m.paused_days) as full_days,
         case when m.unit = 'workdays' then
           greatest(0, m.seen_before - m.seen_start - m.paused_days) * 86400000000
           + case when m.act_on > m.start_on and m.seen_act > m.seen_before and not m.is_paused then m.today else 0 end
         else floor(extract(epoch from m.at - m.started_at) * 1000000)::bigint end as used,
         case when m.unit = 'workdays' then m.count * 86400000000
         else floor(extract(epoch from m.due_at - m.started_at) * 1000000)::bigint end as promised,
         gaming_rule(m.act_on, 'red_share') as red_share, gaming_rule(m.act_on, 'near_workdays') as near_workdays
    from measured m),
left_with as (
  select l.*, u.seen_act, u.seen_start, u.paused_days, u.full_days, u.count, u.unit, u.due_at,
         u.used * 100 >= u.red_share * u.promised as is_red, u.near_workdays
    from leaving l join used u on u.seq = l.seq and not u.keeps),
facts as (
  -- paused: workdays on which DECISION stood still / workdays between acceptance and leaving.
  select l.suborder_id, 'paused' as measure, 1 as mark, l.bank_id, l.branch_id, l.at,
         least(l.paused_days, greatest(0, l.seen_act - l.seen_start)) as value,
         greatest(0, l.seen_act - l.seen_start) as whole
    from left_with l
  union all
  -- last_tenth: offers and refusals from the red rung on and before the deadline / offers and refusals before it.
  select l.suborder_id, 'last_tenth', 1, l.bank_id, l.branch_id, l.at, l.is_red::integer, 1
    from left_with l where l.act in ('offer', 'refuse') and l.at < l.due_at
  union all
  -- after_red: promises kept only from the red rung on, in time or late / promises kept.
  select k.suborder_id, 'after_red', k.nth_kept, k.bank_id, k.branch_id, k.at, k.is_red::integer, 1
    from (select k.*, u.used * 100 >= u.red_share * u.promised or k.at >= u.due_at as is_red,
                 row_number() over (partition by k.suborder_id order by k.seq)::integer as nth_kept
            from keeping k join used u on u.seq = k.seq and u.keeps) k
  union all
  -- reopened: decisions undone afterwards (offer retracted, case moved to another branch, appeal upheld) / decisions.
  select l.suborder_id, 'reopened', 1, l.bank_id, l.branch_id, l.at,
         (l.act = 'reassign' or exists (
            select 1 from moves x
             where x.suborder_id = l.suborder_id and x.seq > l.seq and x.act in ('retract', 'reassign'))
          or exists (select 1 from orders_v_appeals a where a.suborder_id = l.suborder_id and a.upheld))::integer, 1
    from leaving l where l.act in ('offer', 'refuse', 'reassign')
  union all
  -- copied: refusals whose words are those, or nearly those, that the branch wrote to another firm before / refusals.
  select m.suborder_id, 'copied', 1, m.bank_id, m.branch_id, m.at,
         exists (select 1 from orders_v_refusals b
                  where b.branch_id = r.branch_id and b.business_id <> r.business_id and b.refused_at < r.refused_at
                    and b.refused_at >= r.refused_at - make_interval(days => gaming_rule(d.day, 'alike_days'))
                    and extensions.similarity(lower(b.said), lower(r.said)) * 1000000
                        >= gaming_rule(d.day, 'alike_ppm') - 0.5)::integer, 1
    from moves m join orders_v_refusals r on r.suborder_id = m.suborder_id
    cross join lateral (select (m.at at time zone 'Asia/Shanghai')::date as day) d
   where m.act = 'refuse' and m.nth = 1
  union all
  -- accept_ab, accept_cd: accepted / answered or left to lapse, of firms graded A or B, and of those graded C or D.
  select a.suborder_id, case when g.grade in ('A', 'B') then 'accept_ab' else 'accept_cd' end, 1, a.bank_id,
         a.branch_id, a.at, (a.act = 'accept')::integer, 1
    from (select distinct on (m.suborder_id) m.* from moves m
           where m.act in ('accept', 'refuse') or (m.act = 'lapse' and m.cause = 'ACCEPT')
           order by m.suborder_id, m.act = 'accept' desc, m.seq) a
    join orders_v_grades g on g.suborder_id = a.suborder_id and g.grade in ('A', 'B', 'C', 'D')
  union all
  -- denied: contacts of which the firm says that they never were / contacts.
  select m.suborder_id, 'denied', m.nth::integer, m.bank_id, m.branch_id, m.at,
         coalesce((select x.act = 'deny_contact' from moves x
                    where x.suborder_id = m.suborder_id and x.act in ('contact', 'deny_contact') and x.seq > m.seq
                    order by x.seq limit 1), false)::integer, 1
    from moves m where m.act = 'contact'
  union all
  -- hidden: withdrawals at work with so few workdays left before the deadline, or which the firm says a bank caused /
  -- cases that left by offer, refusal or withdrawal.
  select l.suborder_id, 'hidden', 1, l.bank_id, l.branch_id, l.at,
         (l.act in ('withdraw', 'revoke') and (
            l.unit = 'workdays' and l.at < l.due_at and l.count - l.full_days <= l.near_workdays
            or exists (select 1 from orders_v_withdrawal_answers w
                        where w.suborder_id = l.suborder_id and w.by_bank)))::integer, 1
    from left_with l where l.act in ('offer', 'refuse', 'withdraw', 'revoke'))
select f.suborder_id, f.measure, f.mark, f.bank_id, f.branch_id, f.at, f.value::bigint, f.whole::bigint from facts f
$$
"""
FOLD = """
create function gaming_fold(most integer) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
  ids uuid[];
begin
  if not pg_try_advisory_xact_lock(20220303) then
    return 0;
  end if;
  with taken as (
    delete from gaming_touched
     where seq in (select seq from gaming_touched order by seq limit most) returning suborder_id)
  select array_agg(distinct suborder_id) into ids from taken;
  if ids is null then
    return 0;
  end if;
  with gone as (
    delete from gaming_facts where suborder_id = any(ids) returning *)
  insert into gaming_sums as s (measure, bank_id, branch_id, told_on, cases, value, whole, value_square, value_whole,
                                whole_square)
  select measure, bank_id, branch_id, told_on, -count(*), -sum(value), -sum(whole), -sum(value * value),
         -sum(value * whole), -sum(whole * whole)
    from gone group by 1, 2, 3, 4 order by 1, 4, 3, 2
  on conflict (measure, told_on, branch_id, bank_id) do update set
    cases = s.cases + excluded.cases, value = s.value + excluded.value, whole = s.whole + excluded.whole,
    value_square = s.value_square + excluded.value_square, value_whole = s.value_whole + excluded.value_whole,
    whole_square = s.whole_square + excluded.whole_square;
  with fresh as (
    insert into gaming_facts
    select f.suborder_id, f.measure, f.mark, f.bank_id, f.branch_id, f.at,
           (f.at at time zone 'Asia/Shanghai')::date, f.value, f.whole
      from gaming_facts_of(ids) f
    returning *)
  insert into gaming_sums as s (measure, bank_id, branch_id, told_on, cases, value, whole, value_square, value_whole,
                                whole_square)
  select measure, bank_id, branch_id, told_on, count(*), sum(value), sum(whole), sum(value * value),
         sum(value * whole), sum(whole * whole)
    from fresh group by 1, 2, 3, 4 order by 1, 4, 3, 2
  on conflict (measure, told_on, branch_id, bank_id) do update set
    cases = s.cases + excluded.cases, value = s.value + excluded.value, whole = s.whole + excluded.whole,
    value_square = s.value_square + excluded.value_square, value_whole = s.value_whole + excluded.value_whole,
    whole_square = s.whole_square + excluded.whole_square;
  return cardinality(ids);
end $$
"""
TOUCH = """
create function gaming_touch() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  insert into gaming_touched (suborder_id) select distinct suborder_id from fresh where suborder_id is not null;
  return null;
end $$
"""


def create() -> None:
    op.execute(
        "create view orders_v_grades with (security_invoker = true) as"
        " select suborder_id, order_id, business_id, bank_id, branch_id, grade, is_thin, graded_at from suborder_grades"
    )
    for table in (TOUCHED, FACTS, SUMS):
        op.execute(table)
    protect("gaming_touched", READ | WORKER | {"act": ("insert", "true")})
    protect("gaming_facts", READ | WORKER)
    protect("gaming_sums", READ | WORKER)
    op.execute(CASES)
    worker = role("worker")
    for reader in ("regulator", "reporter", "worker"):
        op.execute(f"grant select on orders_v_grades to {role(reader)}")
    op.execute(f"grant select on withdrawal_answers, orders_v_withdrawal_answers to {worker}")
    op.execute(f"create policy worker_measures on withdrawal_answers for select to {worker} using (true)")
    for function in (RULE, FACTS_OF, FOLD, TOUCH):
        op.execute(function)
    for name in FUNCTIONS:
        op.execute(f"revoke all on function {name} from public")
        for reader in ("regulator", "reporter", "worker"):
            op.execute(f"grant execute on function {name} to {role(reader)}")
    op.execute("revoke all on function gaming_fold(integer) from public")
    op.execute(f"grant execute on function gaming_fold(integer) to {worker}")
    for table, verb in TOUCHED_BY.items():
        op.execute(
            f"create trigger gaming_touch after {verb} on {table} referencing new table as fresh"
            " for each statement execute function gaming_touch()"
        )
    _touch_history()


def _touch_history() -> None:
    """What has happened before this version is folded by the worker's first rounds, and reckoned live until then."""
    tables = ("suborder_moves", "gaming_touched")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    op.execute("insert into gaming_touched (suborder_id) select distinct suborder_id from suborder_moves")
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def drop() -> None:
    for table in TOUCHED_BY:
        op.execute(f"drop trigger gaming_touch on {table}")
    for function in ("gaming_touch()", "gaming_fold(integer)", *FUNCTIONS):
        op.execute(f"drop function {function}")
    op.execute("drop policy worker_measures on withdrawal_answers")
    op.execute(f"revoke select on withdrawal_answers, orders_v_withdrawal_answers from {role('worker')}")
    for table in TABLES:
        op.execute(f"drop table {table}")
    op.execute("drop view orders_v_grades")
