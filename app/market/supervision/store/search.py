"""All SQL of the search: numbers and codes by their beginning, names by any part."""

from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record

# Numbers of orders rise with time: the newest orders are taken before anything of them is read, or a part of a name
# that thousands share would read them all.
HIT: Final = """s.suborder_id, s.order_id, s.bank_id, s.branch_id, s.product_id, s.state, s.amount_fen, s.pushed_at,
       f.name as firm, coalesce(f.uscc, f.org_code, '') as code"""
BY_NUMBER: Final = """
with found as (
  (select suborder_id from orders_v_suborders where suborder_id between $1 and $2 order by suborder_id desc limit $3)
  union
  (select suborder_id from orders_v_suborders where order_id between $1 and $2 order by order_id desc limit $3))
select HIT
  from found join orders_v_suborders s using (suborder_id) left join subjects_v_firms f on f.subject_id = s.subject_id
 order by s.pushed_at desc, s.suborder_id desc limit $3
""".replace("HIT", HIT)
BY_CODE: Final = """
with firms as materialized (
  select subject_id from subjects_v_firms where uscc >= $1 and uscc < $1 || '~'
  union select subject_id from subjects_v_firms where org_code >= $1 and org_code < $1 || '~'),
named as materialized (
  select n.order_id, n.subject_id from firms join supervision_names n using (subject_id)
   order by n.order_id desc limit $2)
select HIT
  from named n join orders_v_suborders s on s.order_id = n.order_id
  join subjects_v_firms f on f.subject_id = n.subject_id
 order by s.pushed_at desc, s.suborder_id desc limit $2
""".replace("HIT", HIT)
BY_NAME: Final = """
with named as materialized (
  select distinct n.order_id, n.subject_id from unnest($1::text[]) p (pattern)
    join supervision_names n on n.name_key like p.pattern order by n.order_id desc limit $2)
select HIT
  from named n join orders_v_suborders s on s.order_id = n.order_id
  join subjects_v_firms f on f.subject_id = n.subject_id
 order by s.pushed_at desc, s.suborder_id desc limit $2
""".replace("HIT", HIT)


async def by_number(tx: ReadTx, first: UUID, last: UUID, most: int) -> list[Record]:
    """Suborders whose own number or whose order's lies between the two."""
    return await tx.fetch(BY_NUMBER, first, last, most)


async def by_code(tx: ReadTx, code: str, most: int) -> list[Record]:
    """Suborders of firms whose credit code or organisation code begins so."""
    return await tx.fetch(BY_CODE, code, most)


async def by_name(tx: ReadTx, patterns: list[str], most: int) -> list[Record]:
    """Suborders of firms whose name's key is like one of the patterns."""
    return await tx.fetch(BY_NAME, patterns, most)
