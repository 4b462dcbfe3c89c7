"""What a loan owes is draws less repayments and never below nothing; a settled one owes nothing; each entry has its
move."""

from app.infra.db import ReadTx

ENTRIES = """
  select suborder_id, sum(amount_fen) filter (where kind = 'repayment') as repaid,
         sum(amount_fen) filter (where kind = 'settlement') as written_off,
         count(*) filter (where kind = 'repayment') as repayments,
         count(*) filter (where kind in ('extension', 'deferral')) as extensions,
         count(*) filter (where kind = 'overdue') as marks,
         count(*) filter (where kind = 'settlement') as settlements
    from loan_entries group by suborder_id
"""
SQL = f"""
with entries as ({ENTRIES}),
drawn as (select suborder_id, sum(amount_fen) as drawn from draws group by suborder_id),
told as (
  select suborder_id, count(*) filter (where act = 'repay') as repayments,
         count(*) filter (where act = 'extend') as extensions, count(*) filter (where act = 'mark_overdue') as marks,
         count(*) filter (where act = 'settle') as settlements
    from suborder_moves where act in ('repay', 'extend', 'mark_overdue', 'settle') group by suborder_id),
owed as (
  select s.suborder_id, s.state, s.loan_type, coalesce(d.drawn, 0) as drawn,
         coalesce(d.drawn, 0) - coalesce(e.repaid, 0) - coalesce(e.written_off, 0) as owed
    from suborders s left join drawn d using (suborder_id) left join entries e using (suborder_id)
   where d.drawn is not null or e.suborder_id is not null)
select format('loan %s owes %s', suborder_id, owed) as line from owed where owed < 0
union all
select format('loan %s is settled and owes %s', suborder_id, owed) from owed where state = 'settled' and owed <> 0
union all
select format('deferral %s drew %s', suborder_id, drawn) from owed where loan_type = 'deferral' and drawn > 0
union all
select format('loan %s has entries that no move tells, or moves without an entry', suborder_id)
  from entries e full join told t using (suborder_id)
 where (coalesce(e.repayments, 0), coalesce(e.extensions, 0), coalesce(e.marks, 0), coalesce(e.settlements, 0))
       <> (coalesce(t.repayments, 0), coalesce(t.extensions, 0), coalesce(t.marks, 0), coalesce(t.settlements, 0))
"""  # noqa: S608 - the text is ours


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    return [record["line"] for record in await tx.fetch(SQL)]
