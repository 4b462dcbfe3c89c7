"""What supervision keeps beyond 0013: more figures and groups, months that are frozen, documents that can be verified.

A fact also knows its firm's industry and size, as they were known when the order was posted, and the type of the loan.
Facts of money stand beside those of the promises. `supervision_fold` also takes back what a later act has changed.
"""

import restating
from alembic import op
from rls import protect, role

READERS = ("regulator", "reporter")
FOLDERS = (*READERS, "worker")
READ = dict.fromkeys(READERS, ("select", "true"))
KEPT = ("supervision_facts", "supervision_sums", "supervision_open", "supervision_touched")
GROUPED = ("supervision_facts", "supervision_open")
TRAITS = ("industry", "size", "loan_type")
SECONDS = "figure = 'contact_seconds'"
GROUPS = """
      ('all', ''), ('bank', f.bank_id::text), ('branch', f.branch_id::text), ('product', f.product_id::text),
      ('district', f.district), ('industry', f.industry), ('size', f.size), ('type', f.loan_type)"""
TABLES = {
    "supervision_traits": """
        create table supervision_traits (
          order_id uuid primary key,
          industry text not null check (industry ~ '^[A-T]?$'),
          size text not null check (size in ('', 'large', 'medium', 'small', 'micro')))""",
    # Written once by the act that freezes; the numbers lie in the two tables below.
    "supervision_months": """
        create table supervision_months (
          month date primary key check (extract(day from month) = 1),
          number text not null unique,
          frozen_at timestamptz not null,
          recorded_at timestamptz not null,
          last_seq bigint not null,
          facts integer not null,
          facts_sha256 text not null,
          sha256 text not null,
          formula integer not null,
          policies jsonb not null,
          names jsonb not null,
          by_org uuid not null,
          made_by uuid not null,
          checked_by uuid not null,
          constraint supervision_months_four_eyes check (made_by <> checked_by))""",
    "supervision_frozen_facts": """
        create table supervision_frozen_facts (
          month date not null,
          figure text not null,
          suborder_id uuid not null,
          mark integer not null,
          order_id uuid not null,
          bank_id uuid not null,
          branch_id uuid not null,
          product_id uuid not null,
          district text not null,
          industry text not null,
          size text not null,
          loan_type text not null,
          at timestamptz not null,
          value bigint not null,
          whole bigint not null,
          primary key (month, figure, suborder_id, mark))""",
    "supervision_frozen_figures": """
        create table supervision_frozen_figures (
          month date not null,
          "by" text not null,
          key text not null,
          figure text not null,
          value bigint not null,
          whole bigint not null,
          primary key (month, "by", key, figure))""",
    # `figures_sha256`: of the frozen month it tells; null where it tells figures that still move.
    "supervision_documents": """
        create table supervision_documents (
          number text primary key check (number ~ '^[0-9A-Z-]{12,40}$'),
          kind text not null check (kind in ('month', 'card')),
          format text not null check (format in ('pdf', 'xlsx')),
          language text not null check (language in ('zh', 'en')),
          title text not null,
          month date,
          as_of timestamptz not null,
          frozen_at timestamptz,
          figures_sha256 text,
          sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
          size integer not null,
          made_at timestamptz not null,
          made_by uuid not null,
          by_org uuid not null)""",
    "supervision_files": """
        create table supervision_files (
          number text primary key references supervision_documents,
          content bytea not null)""",
}
WRITTEN_ONCE = ("supervision_months", "supervision_frozen_facts", "supervision_frozen_figures")
# Whoever verifies a document needs no more than this of it, and no login.
PUBLIC = "number, kind, format, language, title, month, as_of, frozen_at, figures_sha256, sha256, size, made_at"
INDEXES = (
    *(f"create index supervision_facts_{one}_hours on supervision_facts ({one}, bucket) where {SECONDS}"
      for one in TRAITS),
    "create index supervision_documents_month on supervision_documents (month, made_at)",
)  # fmt: skip
UNSECURED = """
create view parties_v_unsecured with (security_invoker = true) as select product_id, is_unsecured from products
"""
# What is lent, and how: asked, unsecured, first, at which rate, renewed; and packages sealed. One row per fact.
LOANS = """
create function supervision_loans_of(as_of timestamptz, chosen uuid[])
returns table (suborder_id uuid, figure text, at timestamptz, value bigint, whole bigint)
language sql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
with moves as (
  select m.suborder_id, m.order_id, m.business_id, m.act, m.at, m.seq,
         row_number() over (partition by m.suborder_id, m.act order by m.seq) as nth
    from orders_v_moves m
   where m.at <= as_of and (chosen is null or m.suborder_id = any(chosen))
     and m.act in ('push', 'pick', 'pay_out', 'refuse', 'lapse')),
picked as (
  select m.suborder_id, m.at, f.amount_fen, f.rate_ppm, s.product_id
    from moves m join orders_v_suborders s using (suborder_id) join orders_v_offers f on f.offer_id = s.offer_id
   where m.act = 'pick' and m.nth = 1)
select m.suborder_id, 'asked_fen', m.at, s.amount_fen, 1
  from moves m join orders_v_suborders s using (suborder_id) where m.act = 'push' and m.nth = 1
union all
select p.suborder_id, 'unsecured_fen', p.at, case when u.is_unsecured then p.amount_fen else 0 end, p.amount_fen
  from picked p join parties_v_unsecured u using (product_id)
union all
select p.suborder_id, 'mean_rate', p.at, p.rate_ppm * (p.amount_fen / 100), p.amount_fen / 100 from picked p
union all
select m.suborder_id, 'first_loan', m.at,
       case when exists (
         select 1 from orders_v_orders o join orders_v_moves e on e.order_id = o.order_id and e.act = 'pay_out'
          where o.business_id = m.business_id and e.suborder_id <> m.suborder_id and (e.at, e.seq) < (m.at, m.seq))
       then 0 else 1 end, 1
  from moves m where m.act = 'pay_out' and m.nth = 1
union all
(select distinct on (m.suborder_id) m.suborder_id, 'renewed', m.at, case when m.act = 'pick' then 1 else 0 end, 1
   from moves m join orders_v_orders o using (order_id)
  where o.loan_type = 'renewal' and m.act in ('pick', 'refuse', 'lapse') and m.nth = 1
  order by m.suborder_id, m.seq)
union all
select p.suborder_id, 'packages', p.sealed_at, 1, 1
  from packages_v_packages p
 where p.suborder_id is not null and p.sealed_at <= supervision_loans_of.as_of  -- A package has an as_of of its own.
   and (chosen is null or p.suborder_id = any(chosen))
$$
"""
COLUMNS = """suborder_id uuid, order_id uuid, bank_id uuid, branch_id uuid, product_id uuid, district text,
               figure text, at timestamptz, value bigint, """
LOAN_FACTS = """
  select l.suborder_id, s.order_id, s.bank_id, s.branch_id, s.product_id, coalesce(o.district_code, ''), l.figure, l.at,
         l.value, l.whole{marks}
    from supervision_loans_of(as_of, {chosen}) l join orders_v_suborders s using (suborder_id)
    join orders_v_orders o on o.order_id = s.order_id"""
MARKS = ", (row_number() over (partition by l.suborder_id, l.figure order by l.at, l.value))::integer, true"
V_FACTS = f"""
create function supervision_v_facts(as_of timestamptz)
returns table ({COLUMNS}"of" bigint, industry text, size text, loan_type text)
language sql stable set search_path = public, pg_temp as $$
with facts as (
  select * from supervision_v_promises(as_of)
  union all{LOAN_FACTS.format(marks="", chosen="null")})
select f.*, coalesce(t.industry, ''), coalesce(t.size, ''), o.loan_type
  from facts f join orders_v_orders o using (order_id) left join supervision_traits t using (order_id)
$$
"""
FACTS_OF = f"""
create function supervision_facts_of(as_of timestamptz, chosen uuid[])
returns table ({COLUMNS}whole bigint, mark integer, settled boolean, industry text, size text, loan_type text)
language sql stable set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
with facts as (
  select * from supervision_promises_of(as_of, chosen)
  union all{LOAN_FACTS.format(marks=MARKS, chosen="chosen")})
select f.*, coalesce(t.industry, ''), coalesce(t.size, ''), o.loan_type
  from facts f join orders_v_orders o using (order_id) left join supervision_traits t using (order_id)
$$
"""
V_FIGURES = """
create or replace function supervision_v_figures(as_of timestamptz, groups text[] default null)
returns table ("by" text, key text, figure text, value bigint, "of" bigint)
language sql stable set search_path = public, pg_temp as $$
with grouped as (
  select g."by", g.key, f.figure, f.value, f."of"
    from supervision_v_facts(as_of) f cross join lateral (values {groups},
      ('month', to_char(f.at at time zone 'Asia/Shanghai', 'YYYY-MM'))) g ("by", key)
   where groups is null or g."by" = any(groups))
select "by", key, figure, sum(value)::bigint, sum("of")::bigint from grouped group by "by", key, figure
 having sum(value) <> 0 or sum("of") <> 0
union all
select "by", key, figure || '_median_x2', (2 * percentile_cont(0.5) within group (order by value))::bigint, count(*)
  from grouped where figure in ('workdays_to_decision', 'contact_seconds') group by "by", key, figure
$$
"""
# A fact that a later act has changed is taken out of the sums as it stood and put in as it stands.
PUT = """
  with reckoned as materialized (select * from supervision_facts_of(until, ids) where settled),
  gone as (
    delete from supervision_facts k
     where k.suborder_id = any(ids)
       and not exists (select 1 from reckoned r
                        where r.suborder_id = k.suborder_id and r.figure = k.figure and r.mark = k.mark)
    returning k.*),
  put as (
    insert into supervision_facts as k (suborder_id, figure, mark, order_id, bank_id, branch_id, product_id, district,
                                        at, told_on, value, whole, bucket, industry, size, loan_type)
    select r.suborder_id, r.figure, r.mark, r.order_id, r.bank_id, r.branch_id, r.product_id, r.district, r.at,
           (r.at at time zone 'Asia/Shanghai')::date, r.value, r.whole, supervision_bucket(r.figure, r.value),
           r.industry, r.size, r.loan_type
      from reckoned r
     where not exists (select 1 from supervision_facts k
                        where (k.suborder_id, k.figure, k.mark, k.at, k.value, k.whole)
                            = (r.suborder_id, r.figure, r.mark, r.at, r.value, r.whole))
    on conflict (suborder_id, figure, mark) do update set
      at = excluded.at, told_on = excluded.told_on, value = excluded.value, whole = excluded.whole,
      bucket = excluded.bucket
    returning new.*, old.told_on as was_on, old.value as was_value, old.whole as was_whole, old.bucket as was_bucket),
  parts as (
    select bank_id, branch_id, product_id, district, industry, size, loan_type, figure, told_on, bucket, value, whole
      from put
    union all
    select bank_id, branch_id, product_id, district, industry, size, loan_type, figure, was_on, was_bucket, -was_value,
           -was_whole from put where was_on is not null
    union all
    select bank_id, branch_id, product_id, district, industry, size, loan_type, figure, told_on, bucket, -value, -whole
      from gone)
  insert into supervision_sums as s ("by", key, grain, told_on, figure, bucket, value, whole)
  select g."by", g.key, d.grain, d.told_on, f.figure, f.bucket, sum(f.value), sum(f.whole)
    from parts f
    cross join lateral (values {groups}) g ("by", key)
    cross join lateral (values
      ('day', f.told_on), ('month', date_trunc('month', f.told_on)::date),
      ('ever', date '0001-01-01')) d (grain, told_on)
   group by 1, 2, 3, 4, 5, 6
   order by 1, 3, 4, 2, 5, 6
  on conflict ("by", grain, told_on, key, figure, bucket) do update set
    value = s.value + excluded.value, whole = s.whole + excluded.whole;
"""
TO_PUT = (
    "  with fresh as (\n    insert into supervision_facts",
    "value = s.value + excluded.value, whole = s.whole + excluded.whole;\n",
)
OPENED = (
    ("and c.kind = 'DECISION'", "and c.kind = 'DECISION' and c.undone_at is null"),
    ("(select p.first from pauses p where p.clock_id = r.clock_id and p.is_open)\n",
     "(select p.first from pauses p where p.clock_id = r.clock_id and p.is_open),\n"
     "         coalesce(t.industry, ''), coalesce(t.size, ''), o.loan_type\n"),
    ("on o.order_id = s.order_id left join skips",
     "on o.order_id = s.order_id left join supervision_traits t on t.order_id = s.order_id left join skips"),
)  # fmt: skip


def fold(old: str) -> str:
    """`supervision_fold` of 0013 with facts that may change, clocks that count, and the new groups."""
    start = old.index(TO_PUT[0])
    end = old.index(TO_PUT[1]) + len(TO_PUT[1])
    text = old[:start] + PUT.format(groups=GROUPS).lstrip("\n") + old[end:]
    for before, after in (*OPENED, ("create function", "create or replace function")):
        assert text.count(before) == 1, f"supervision_fold no longer says {before!r} once"
        text = text.replace(before, after)
    return text


def create(old_fold: str) -> None:
    for table in TABLES.values():
        op.execute(table)
    act = {"act": ("select, insert", "order_id = app_case()")}
    protect("supervision_traits", READ | act | {"worker": ("select", "true")})
    for table in WRITTEN_ONCE:
        protect(table, {"regulator": ("select, insert", "true"), "reporter": ("select", "true")})
    protect("supervision_documents", {"regulator": ("select, insert", "true"), "reporter": ("select", "true")})
    protect("supervision_files", {"regulator": ("select, insert", "true")})
    _open_to_the_public()
    for table in GROUPED:
        for column in TRAITS:
            op.execute(f"alter table {table} add column {column} text not null default ''")
            op.execute(f"alter table {table} alter column {column} drop default")
    for index in INDEXES:
        op.execute(index)
    _grains("'day', 'month', 'ever'")
    op.execute(UNSECURED)
    for reader in FOLDERS:
        op.execute(f"grant select on parties_v_unsecured to {role(reader)}")
    op.execute(f"grant select on packages_v_packages to {role('worker')}")
    op.execute("alter function supervision_v_facts(timestamptz) rename to supervision_v_promises")
    op.execute("alter function supervision_facts_of(timestamptz, uuid[]) rename to supervision_promises_of")
    for function in (LOANS, V_FACTS, FACTS_OF, V_FIGURES.format(groups=GROUPS), fold(old_fold)):
        op.execute(function)
    _grant("supervision_loans_of(timestamptz, uuid[])", FOLDERS)
    _grant("supervision_v_facts(timestamptz)", READERS)
    _grant("supervision_facts_of(timestamptz, uuid[])", FOLDERS)
    fold_again()


def _grains(grains: str) -> None:
    """Over which stretch facts are added up: a day, a month, or all that ever was."""
    op.execute("alter table supervision_sums drop constraint supervision_sums_grain_check")
    op.execute(f"alter table supervision_sums add constraint supervision_sums_grain_check check (grain in ({grains}))")


def _open_to_the_public() -> None:
    """Row by row by its number, and of each row only what verifies it."""
    op.execute(f"grant select (number, month, frozen_at, sha256) on supervision_months to {role('public')}")
    op.execute(f"create policy public_select on supervision_months for select to {role('public')} using (true)")
    op.execute(f"grant select ({PUBLIC}) on supervision_documents to {role('public')}")
    op.execute(f"create policy public_select on supervision_documents for select to {role('public')} using (true)")


def _grant(function: str, readers: tuple[str, ...]) -> None:
    op.execute(f"revoke all on function {function} from public")
    for reader in readers:
        op.execute(f"grant execute on function {function} to {role(reader)}")


def fold_again() -> None:
    """Everything that has happened is folded anew by the worker's first rounds, and reckoned live until then.

    The owner is held by row-level security like everybody; it looks past it in these statements.
    """
    tables = (*KEPT, "suborder_moves")
    for table in tables:
        op.execute(f"alter table {table} no force row level security")
    for table in KEPT:
        op.execute(f"delete from {table}")
    op.execute("insert into supervision_touched (suborder_id) select distinct suborder_id from suborder_moves")
    for table in tables:
        op.execute(f"alter table {table} force row level security")


def drop(old_figures: str) -> None:
    op.execute(restating.fold().replace("create function", "create or replace function"))
    op.execute(old_figures.replace("create function", "create or replace function"))
    op.execute("drop function supervision_facts_of(timestamptz, uuid[])")
    op.execute("drop function supervision_v_facts(timestamptz)")
    op.execute("drop function supervision_loans_of(timestamptz, uuid[])")
    op.execute("alter function supervision_v_promises(timestamptz) rename to supervision_v_facts")
    op.execute("alter function supervision_promises_of(timestamptz, uuid[]) rename to supervision_facts_of")
    op.execute(f"revoke select on packages_v_packages from {role('worker')}")
    op.execute("drop view parties_v_unsecured")
    for table in GROUPED:
        for column in TRAITS:
            op.execute(f"alter table {table} drop column {column}")
    for table in reversed(TABLES):
        op.execute(f"drop table {table}")
    fold_again()
    _grains("'day', 'month'")
