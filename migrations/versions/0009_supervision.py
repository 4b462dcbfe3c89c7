"""What supervision reads: the figures of the promises, the facts behind each of them, and names to show."""

from alembic import op
from rls import role

revision = "0009"
down_revision = "0008"

READERS = ("regulator", "reporter")

# Facts: what each suborder adds to each figure, with the instant by which its month is told. Workdays are counted in
# closed form over the calendar document (how many workdays lie up to a day), so that it shares nothing with the walk
# of the replay. The document's newest version counts.
FACTS = """
create function supervision_v_facts(as_of timestamptz)
returns table (suborder_id uuid, order_id uuid, bank_id uuid, branch_id uuid, product_id uuid, district text,
               figure text, at timestamptz, value bigint, "of" bigint)
language sql stable set search_path = public, pg_temp as $$
with calendar as (
  select body from policies where kind = 'calendar' and key = 'cn' order by version desc limit 1),
years as (
  select y as year, c.body -> 'weekend' as weekend from calendar c, jsonb_array_elements(c.body -> 'years') y),
days_off as (
  select d::date as day from years, jsonb_array_elements(year -> 'holidays') h,
         generate_series((h ->> 'from')::date, (h ->> 'to')::date, interval '1 day') d),
make_up as (
  select (m ->> 'on')::date as day from years, jsonb_array_elements(year -> 'make_up') m),
span as (
  select (min(started_at) at time zone 'Asia/Shanghai')::date - 1 as first,
         (as_of at time zone 'Asia/Shanghai')::date + 1 as last
    from clocks_v_clocks where kind = 'DECISION'),
days as (
  select d::date as day,
         sum(case when d::date in (select day from make_up) then 1
                  when d::date in (select day from days_off) then 0
                  when (select body -> 'weekend' from calendar) @> to_jsonb(extract(isodow from d)::integer) then 0
                  else 1 end) over (order by d) as seen
    from span, generate_series(span.first, span.last, interval '1 day') d),
cases as (
  select s.suborder_id, s.order_id, s.bank_id, s.branch_id, s.product_id, coalesce(o.district_code, '') as district,
         s.offer_id
    from orders_v_suborders s join orders_v_orders o on o.order_id = s.order_id),
moves as (
  select m.*, row_number() over (partition by m.suborder_id, m.act order by m.seq) as nth
    from orders_v_moves m where m.at <= as_of),
ends as (
  select m.suborder_id, min(m.at) as ended_at from moves m
   where m.to_state in ('refused', 'passed_over', 'withdrawn', 'lapsed', 'moved', 'settled')
     and m.from_state <> m.to_state group by m.suborder_id),
judged as (
  select c.clock_id, c.case_id as suborder_id, c.kind, c.started_at, c.stopped_at,
         case when c.state = 'met' and c.stopped_at <= as_of then 'met'
              when c.state in ('breached', 'running') and c.due_at <= as_of then 'breached'
              when c.state = 'void' and c.stopped_at <= as_of then 'void'
              else 'running' end as outcome,
         c.due_at
    from clocks_v_clocks c
   where c.kind in ('ACCEPT', 'CONTACT', 'DECISION', 'SIGN', 'PAYOUT') and c.started_at <= as_of),
settled as (
  select j.*, case j.outcome when 'breached' then j.due_at when 'running' then null else j.stopped_at end as settled_at,
         least(as_of, coalesce(case when j.stopped_at <= as_of then j.stopped_at end, e.ended_at, as_of)) as until
    from judged j left join ends e using (suborder_id)),
decisions as (
  select s.*, (s.started_at at time zone 'Asia/Shanghai')::date as start_on,
         (s.until at time zone 'Asia/Shanghai')::date as until_on
    from settled s where s.kind = 'DECISION'),
skips as (
  select d.clock_id,
         greatest(d.start_on + 1,
                  ((p.paused_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date) as first,
         least(d.until_on, coalesce(
           ((p.resumed_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date, d.until_on)) - 1 as last
    from decisions d join clocks_v_pauses p on p.clock_id = d.clock_id and p.paused_at <= d.until),
skipped as (
  select k.clock_id, sum(greatest(0, upper_day.seen - lower_day.seen))::bigint as workdays
    from skips k join days upper_day on upper_day.day = k.last join days lower_day on lower_day.day = k.first - 1
   where k.first <= k.last group by k.clock_id),
counted as (
  select d.*, coalesce(k.workdays, 0) as paused,
         greatest(0, u.seen - s.seen)::bigint - coalesce(k.workdays, 0) as used
    from decisions d join days s on s.day = d.start_on join days u on u.day = d.until_on
    left join skipped k on k.clock_id = d.clock_id),
paid as (
  select d.suborder_id, d.amount_fen,
         row_number() over (partition by d.suborder_id order by d.recorded_at, d.draw_id) as nth from orders_v_draws d),
facts as (
  select m.suborder_id, 'funnel:' || m.act as figure, m.at, 1::bigint as value, 1::bigint as whole from moves m
   where m.nth = 1
     and m.act in ('push', 'accept', 'contact', 'investigate', 'offer', 'pick', 'sign', 'pay_out')
  union all
  (select distinct on (m.suborder_id) m.suborder_id, 'accepted', m.at, case when m.act = 'accept' then 1 else 0 end, 1
    from moves m
   where m.act in ('accept', 'refuse') or (m.act = 'lapse' and m.cause = 'ACCEPT')
   order by m.suborder_id, m.act = 'accept' desc, m.seq)
  union all
  select a.suborder_id, 'contact_seconds', c.at, floor(extract(epoch from c.at - a.at))::bigint, 1
    from moves a join moves c on c.suborder_id = a.suborder_id and c.act = 'contact' and c.nth = 1
   where a.act = 'accept' and a.nth = 1
  union all
  select m.suborder_id, 'granted_fen', m.at, f.amount_fen, 1
    from moves m join cases c using (suborder_id) join orders_v_offers f on f.offer_id = c.offer_id where m.act = 'pick'
  union all
  select m.suborder_id, 'signed_fen', m.at, c.amount_fen, 1
    from moves m join orders_v_contracts c on c.suborder_id = m.suborder_id where m.act = 'sign'
  union all
  select m.suborder_id, 'paid_out_fen', m.at, p.amount_fen, 1
    from moves m join paid p on p.suborder_id = m.suborder_id and p.nth = m.nth where m.act = 'pay_out'
  union all
  select m.suborder_id, 'refused:' || r.reason_code, m.at, case when r.evidence is null then 0 else 1 end, 1
    from moves m join orders_v_refusals r on r.suborder_id = m.suborder_id where m.act = 'refuse'
  union all
  select m.suborder_id, 'refused_without_evidence', m.at, case when r.evidence is null then 1 else 0 end, 1
    from moves m join orders_v_refusals r on r.suborder_id = m.suborder_id where m.act = 'refuse'
  union all
  select s.suborder_id,
         case s.kind when 'ACCEPT' then 'answered_in_time' when 'CONTACT' then 'contacted_in_time'
                     when 'DECISION' then 'decided_in_time' when 'SIGN' then 'signed_in_time'
                     else 'paid_in_time' end,
         s.settled_at, case when s.outcome = 'met' then 1 else 0 end, 1
    from settled s where s.outcome in ('met', 'breached')
  union all
  select c.suborder_id, 'workdays_to_decision', c.stopped_at, c.used, 1
    from counted c where c.outcome in ('met', 'breached') and c.stopped_at <= as_of
  union all
  select c.suborder_id, 'paused_workdays', coalesce(c.settled_at, as_of), c.paused, c.used + c.paused from counted c)
select c.suborder_id, c.order_id, c.bank_id, c.branch_id, c.product_id, c.district, f.figure, f.at, f.value, f.whole
  from facts f join cases c using (suborder_id)
$$
"""
FIGURES = """
create function supervision_v_figures(as_of timestamptz, groups text[] default null)
returns table ("by" text, key text, figure text, value bigint, "of" bigint)
language sql stable set search_path = public, pg_temp as $$
with grouped as (
  select g."by", g.key, f.figure, f.value, f."of"
    from supervision_v_facts(as_of) f cross join lateral (values
      ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
      ('district', f.district), ('month', to_char(f.at at time zone 'Asia/Shanghai', 'YYYY-MM'))) g ("by", key)
   where groups is null or g."by" = any(groups))
select "by", key, figure, sum(value)::bigint, sum("of")::bigint from grouped group by "by", key, figure
union all
select "by", key, figure || '_median_x2', (2 * percentile_cont(0.5) within group (order by value))::bigint, count(*)
  from grouped where figure in ('workdays_to_decision', 'contact_seconds') group by "by", key, figure
$$
"""
VIEWS = {
    # Published by their rooms for others to read; security_invoker, so that the reader's own policies hold.
    "orders_v_contracts": """
        select suborder_id, order_id, business_id, bank_id, branch_id, amount_fen, signed_on, draw_until_on, recorded_at
          from contracts""",
    "parties_v_names": """
        select bank_id as id, 'bank' as kind, name from banks
        union all select branch_id, 'branch', name from branches
        union all select product_id, 'product', name from products""",
    "packages_v_reads": """
        select read_id, package_id, order_id, suborder_id, business_id, bank_id, branch_id, consent_id, client_id,
               person_id, manner, read_at
          from package_reads""",
    "packages_v_packages": """
        select package_id, order_id, suborder_id, business_id, bank_id, branch_id, subject_id, consent_id, as_of,
               sha256, items, sealed_at
          from packages""",
    "deliveries_v_notices": """
        select notice_id, stream_id, bank_id, kind, happened_at, made_at, state, tries, ended_at from notices""",
    "audit_v_events": """
        select seq, recorded_at, business_at, actor_id, org_id, act, subject_id, case_id, detail from audit_events""",
}


def upgrade() -> None:
    for name, body in VIEWS.items():
        op.execute(f"create view {name} with (security_invoker = true) as {body}")
        for reader in READERS:
            op.execute(f"grant select on {name} to {role(reader)}")
    op.execute(FACTS)
    op.execute(FIGURES)
    for function in ("supervision_v_facts(timestamptz)", "supervision_v_figures(timestamptz, text[])"):
        op.execute(f"revoke all on function {function} from public")
        for reader in READERS:
            op.execute(f"grant execute on function {function} to {role(reader)}")


def downgrade() -> None:
    op.execute("drop function supervision_v_figures(timestamptz, text[])")
    op.execute("drop function supervision_v_facts(timestamptz)")
    for name in reversed(VIEWS):
        op.execute(f"drop view {name}")
