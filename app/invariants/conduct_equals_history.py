"""What is kept of conduct is what the whole history gives, for every branch, measure and day; what is touched and not
measured yet is left out of both."""

from app.infra.db import ReadTx

SQL = """
with fresh as (
  select f.measure, f.bank_id, f.branch_id, (f.at at time zone 'Asia/Shanghai')::date as told_on, count(*) as cases,
         sum(f.value) as value, sum(f.whole) as whole
    from gaming_facts_of(array(
      select suborder_id from suborders where suborder_id not in (select suborder_id from gaming_touched))) f
   group by 1, 2, 3, 4),
waiting as (
  select f.measure, f.bank_id, f.branch_id, f.told_on, count(*) as cases, sum(f.value) as value, sum(f.whole) as whole
    from gaming_facts f where f.suborder_id in (select suborder_id from gaming_touched) group by 1, 2, 3, 4),
kept as (
  select s.measure, s.bank_id, s.branch_id, s.told_on, s.cases - coalesce(w.cases, 0) as cases,
         s.value - coalesce(w.value, 0) as value, s.whole - coalesce(w.whole, 0) as whole
    from gaming_sums s left join waiting w using (measure, bank_id, branch_id, told_on)
   where s.cases - coalesce(w.cases, 0) <> 0)
select format('%s of branch %s on %s: kept %s/%s of %s cases, by history %s/%s of %s', measure, branch_id, told_on,
              k.value, k.whole, k.cases, f.value, f.whole, f.cases) as line
  from kept k full join fresh f using (measure, bank_id, branch_id, told_on)
 where (k.cases, k.value, k.whole) is distinct from (f.cases, f.value, f.whole)
"""


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
