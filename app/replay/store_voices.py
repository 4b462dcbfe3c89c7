"""What a replay reads of complaints, ratings, call-backs and urges: who said what when. No table of clocks."""

from typing import Final
from uuid import UUID

from app.infra.db import ReadTx
from app.replay.voices import Limit, Terms, Voice, Word

LIMITS: Final = """
select key, version, valid_from, valid_to, (body ->> 'count')::integer as count,
       body ->> 'unit' = 'workdays' as is_workdays, coalesce(body ->> 'calendar', 'national') as calendar
  from policies where kind = 'clock' and key in ('COMPLAINT_ACK', 'COMPLAINT', 'RATING_FOLLOW', 'URGE')
"""
BAD_MAX: Final = """
select valid_from, (body ->> 'bad_max')::integer as bad_max from policies where kind = 'rating' and key = 'marks'
 order by valid_from, version
"""
VOICES: Final = """
with said as (
  select complaint_id as voice_id, 'complaint' as kind, bank_id, branch_id, suborder_id from complaints
  union all select rating_id, 'rating', bank_id, branch_id, suborder_id from ratings
  union all select callback_id, 'call', bank_id, branch_id, suborder_id from callbacks
  union all
  select u.urge_id, 'urge', u.bank_id, u.branch_id,
         case u.about_kind when 'suborder' then u.about_id when 'complaint' then k.suborder_id end
    from urges u left join complaints k on k.complaint_id = u.about_id and u.about_kind = 'complaint'
   where u.addressee <> 'supervisor')
select v.*, s.product_id, o.district_code, t.industry, t.size, o.loan_type
  from said v left join suborders s on s.suborder_id = v.suborder_id left join orders o on o.order_id = s.order_id
  left join supervision_traits t on t.order_id = s.order_id
"""
WORDS: Final = """
select complaint_id as voice_id, at, act, to_state, 0 as stars, seq as place from complaint_moves
union all select urge_id, at, act, to_state, 0, seq from urge_moves
union all select rating_id, at, 'mark', '', stars, n from rating_marks
union all select rating_id, closed_at, 'followed', '', 0, 1000000 from work_orders where closed_at is not null
union all select callback_id, done_at, state, '', 0, 1 from callbacks where done_at is not null
order by 1, 2, 6
"""


async def read_terms(tx: ReadTx) -> Terms:
    """What is promised to whoever speaks, and how many stars are bad, in all their versions."""
    limits: dict[str, tuple[Limit, ...]] = {}
    for row in await tx.fetch(LIMITS):
        one = Limit(
            row["count"], row["is_workdays"], row["version"], row["valid_from"], row["valid_to"], row["calendar"]
        )
        limits[row["key"]] = (*limits.get(row["key"], ()), one)
    return Terms(limits, tuple((row["valid_from"], row["bad_max"]) for row in await tx.fetch(BAD_MAX)))


async def read_voices(tx: ReadTx) -> list[Voice]:
    """Everything that was said and urged, with its words in order and the groups that it counts for."""
    words: dict[UUID, list[Word]] = {}
    for row in await tx.fetch(WORDS):
        words.setdefault(row["voice_id"], []).append(Word(row["at"], row["act"], row["to_state"], row["stars"]))
    found = []
    for row in await tx.fetch(VOICES):
        places = [("all", ""), ("bank", str(row["bank_id"]))]
        if row["branch_id"] is not None:
            places.append(("branch", str(row["branch_id"])))
        if row["product_id"] is not None:
            traits = (("district", "district_code"), ("industry", "industry"), ("size", "size"), ("type", "loan_type"))
            places += [("product", str(row["product_id"])), *((by, row[name] or "") for by, name in traits)]
        found.append(Voice(row["voice_id"], row["kind"], tuple(places), tuple(words.get(row["voice_id"], ()))))
    return found
