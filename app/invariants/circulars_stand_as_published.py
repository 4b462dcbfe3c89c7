"""A circular is what two people published: its document by its fingerprint, its columns by the document, each named
bank by its last move."""

import hashlib
import json
from collections.abc import Iterator

from app.infra.db import ReadTx, Record

CIRCULARS = """
select circular_id, measure, month::text as month, title, rectify_by_on::text as rectify_by_on, to_all, bank_ids,
       refers_to::text as refers_to, document, sha256
  from circulars
"""
NAMED = """
with last as (
  select distinct on (circular_id, bank_id) circular_id, bank_id, to_state from circular_moves
   order by circular_id, bank_id, seq desc)
select format('bank %s is %s in circular %s, its last move led to %s', n.bank_id, n.state, n.circular_id,
              coalesce(l.to_state, 'nothing')) as line
  from circular_named n left join last l using (circular_id, bank_id) where l.to_state is distinct from n.state
union all
select format('circular %s names other banks than its rows', c.circular_id) from circulars c
 where (select array_agg(n.bank_id order by n.bank_id) from circular_named n where n.circular_id = c.circular_id)
       is distinct from (select array_agg(b order by b) from unnest(c.bank_ids) b)
"""
COLUMNS = ("measure", "month", "title", "rectify_by_on", "to_all", "refers_to")


async def find_broken(tx: ReadTx) -> list[str]:
    """A line for each place where it does not hold."""
    lines = [line for row in await tx.fetch(CIRCULARS) for line in _differences(row)]
    return lines + [record["line"] for record in await tx.fetch(NAMED)]


def _differences(row: Record) -> Iterator[str]:
    """Reckoned here, not by the room's own code."""
    document = row["document"]
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if hashlib.sha256(text.encode()).hexdigest() != row["sha256"]:
        yield f"the document of circular {row['circular_id']} is not the one that was published"
    for name in COLUMNS:
        if document[name] != row[name]:
            yield f"{name} of circular {row['circular_id']} differs from its document"
    if {one["bank_id"] for one in document["findings"]} != {str(one) for one in row["bank_ids"]}:
        yield f"the banks of circular {row['circular_id']} differ from its document"
