"""What firms and supervisors said of a bank's service, as figures: complaints, ratings, call-backs, urges.

A voice adds at most one fact to a figure, told at the instant by which its month is told. Voices are few beside
suborders, so that nothing of them is kept folded: they are reckoned from the moves, marks and clocks each time.
"""

from alembic import op
from rls import protect, role

READERS = ("regulator", "reporter")
GROUPS = """('all', ''), ('bank', v.bank_id::text), ('branch', v.branch_id::text), ('product', v.product_id::text),
      ('district', v.district), ('industry', v.industry), ('size', v.size), ('type', v.loan_type)"""
FIGURES = "supervision_v_voice_figures(timestamptz)"
FACTS = "supervision_v_voices(timestamptz, timestamptz, timestamptz)"
# A promise to whoever spoke: kept at the instant of its stop, broken from its deadline on, told at that instant.
SETTLED = """
  select '{figure}', {voice}, {suborder}, {bank}, {branch},
         case when c.state = 'met' and c.stopped_at <= as_of then c.stopped_at else c.due_at end,
         (c.state = 'met' and c.stopped_at <= as_of)::integer, 1
    from {source} join clocks_v_clocks c on c.case_kind = '{case}' and c.case_id = {voice} and c.kind = '{clock}'
   where {known} <= as_of and {known} < to_at
     and (c.state = 'met' and c.stopped_at <= as_of or c.state in ('running', 'breached') and c.due_at <= as_of)"""
COMPLAINT = {
    "voice": "k.complaint_id", "suborder": "k.suborder_id", "bank": "k.bank_id", "branch": "k.branch_id",
    "source": "complaints_v_facts k", "known": "k.filed_at", "case": "complaint",
}  # fmt: skip
BAD = {
    "voice": "w.rating_id", "suborder": "w.suborder_id", "bank": "w.bank_id", "branch": "w.branch_id",
    "source": "ratings_v_work_orders w", "known": "w.opened_at", "case": "rating",
}  # fmt: skip
VOICES = f"""
create function supervision_v_voices(as_of timestamptz, from_at timestamptz, to_at timestamptz)
returns table (figure text, voice_id uuid, suborder_id uuid, order_id uuid, bank_id uuid, branch_id uuid,
               product_id uuid, district text, industry text, size text, loan_type text, at timestamptz, value bigint,
               whole bigint)
language sql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
with urged as (
  select u.urge_id, u.bank_id, u.branch_id, u.issued_at,
         case u.about_kind when 'suborder' then u.about_id
                           when 'complaint' then (select k.suborder_id from complaints_v_facts k
                                                   where k.complaint_id = u.about_id) end as suborder_id,
         (select min(m.at) from oversight_v_urge_moves m
           where m.urge_id = u.urge_id and m.act = 'rectify' and m.at <= as_of) as rectified_at,
         (select min(c.due_at) from clocks_v_clocks c
           where c.case_kind = 'urge' and c.case_id = u.urge_id and c.kind = 'URGE' and c.due_at <= as_of
             and c.state in ('running', 'breached')) as broken_at
    from oversight_v_urges u
   where u.issued_at <= as_of and u.issued_at < to_at and u.addressee <> 'supervisor'
     and not (u.state = 'withdrawn' and u.ended_at <= as_of)),
told (figure, voice_id, suborder_id, bank_id, branch_id, at, value, whole) as (
  select 'complaints', k.complaint_id, k.suborder_id, k.bank_id, k.branch_id, k.filed_at, 1, 1
    from complaints_v_facts k where k.filed_at >= from_at and k.filed_at < to_at and k.filed_at <= as_of
  union all {SETTLED.format(figure="complaint_seen_in_time", clock="COMPLAINT_ACK", **COMPLAINT)}
  union all {SETTLED.format(figure="complaint_answered_in_time", clock="COMPLAINT", **COMPLAINT)}
  union all
  select 'stars', r.rating_id, r.suborder_id, r.bank_id, r.branch_id, r.rated_at, m.stars, 1
    from ratings_v_facts r cross join lateral (
      select m.stars from ratings_v_marks m where m.rating_id = r.rating_id and m.at <= as_of order by m.n desc
       limit 1) m
   where r.rated_at >= from_at and r.rated_at < to_at
  union all
  select 'bad_ratings', r.rating_id, r.suborder_id, r.bank_id, r.branch_id, r.rated_at,
         (w.rating_id is not null)::integer, 1
    from ratings_v_facts r left join ratings_v_work_orders w on w.rating_id = r.rating_id and w.opened_at <= as_of
   where r.rated_at >= from_at and r.rated_at < to_at and r.rated_at <= as_of
  union all {SETTLED.format(figure="bad_rating_followed_in_time", clock="RATING_FOLLOW", **BAD)}
  union all
  select 'satisfied', b.callback_id, b.suborder_id, b.bank_id, b.branch_id, b.done_at,
         (b.state = 'satisfied')::integer, 1
    from ratings_v_callbacks b
   where b.state in ('satisfied', 'not') and b.done_at >= from_at and b.done_at < to_at and b.done_at <= as_of
  union all
  select 'urges', u.urge_id, u.suborder_id, u.bank_id, u.branch_id, u.issued_at, 1, 1 from urged u
  union all
  select 'urge_rectified_in_time', u.urge_id, u.suborder_id, u.bank_id, u.branch_id, least(u.rectified_at, u.broken_at),
         (u.rectified_at is not null and coalesce(u.rectified_at < u.broken_at, true))::integer, 1
    from urged u where u.rectified_at is not null or u.broken_at is not null)
select t.figure, t.voice_id, t.suborder_id, s.order_id, t.bank_id, t.branch_id, s.product_id,
       case when s.suborder_id is not null then coalesce(o.district_code, '') end,
       case when s.suborder_id is not null then coalesce(i.industry, '') end,
       case when s.suborder_id is not null then coalesce(i.size, '') end, o.loan_type, t.at, t.value::bigint,
       t.whole::bigint
  from told t left join orders_v_suborders s on s.suborder_id = t.suborder_id
  left join orders_v_orders o on o.order_id = s.order_id left join supervision_traits i on i.order_id = s.order_id
 where t.at >= from_at and t.at < to_at
$$
"""
# Summed as `supervision_v_figures` sums the moves; of a bank as a whole there is no branch, product or firm's trait.
SUMS = f"""
create function supervision_v_voice_figures(as_of timestamptz)
returns table ("by" text, key text, figure text, value bigint, "of" bigint)
language sql stable set search_path = public, pg_temp as $$
select g."by", g.key, v.figure, sum(v.value)::bigint, sum(v.whole)::bigint
  from supervision_v_voices(as_of, '-infinity', 'infinity') v cross join lateral (values {GROUPS},
      ('month', to_char(v.at at time zone 'Asia/Shanghai', 'YYYY-MM'))) g ("by", key)
 where g.key is not null group by 1, 2, 3
$$
"""
FROZEN = """
create table supervision_frozen_voices (
  month date not null,
  figure text not null,
  voice_id uuid not null,
  suborder_id uuid,
  order_id uuid,
  bank_id uuid not null,
  branch_id uuid,
  product_id uuid,
  district text,
  industry text,
  size text,
  loan_type text,
  at timestamptz not null,
  value bigint not null,
  whole bigint not null,
  primary key (month, figure, voice_id))
"""


def create() -> None:
    op.execute(FROZEN)
    protect("supervision_frozen_voices", {"regulator": ("select, insert", "true"), "reporter": ("select", "true")})
    for text, name in ((VOICES, FACTS), (SUMS, FIGURES)):
        op.execute(text)
        op.execute(f"revoke all on function {name} from public")
        for reader in READERS:
            op.execute(f"grant execute on function {name} to {role(reader)}")


def drop() -> None:
    op.execute(f"drop function {FIGURES}")
    op.execute(f"drop function {FACTS}")
    op.execute("drop table supervision_frozen_voices")
