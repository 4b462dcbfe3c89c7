"""Running the replay for somebody who waits: the nightly check, and the past under another promise.

Both read in one snapshot of the role `reporter` and give the loop back every few cases, so that whoever runs them goes
on with everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.infra.db import ReadTx
from app.replay import store
from app.replay.documents import ACTS
from app.replay.rules import Case, compare, day_end, reckon
from app.replay.service import read_said
from app.replay.supposing import Weighed, read_supposition, tally, weigh

Tell = Callable[[int, int], Awaitable[None]]
STEP: Final = 200  # Cases between two breaths.
TOLD_MAX: Final = 500
ALL: Final = "select suborder_id from suborders order by 1"
STARTED: Final = "select distinct suborder_id from suborder_moves where act = $1 and at >= $2 and at < $3 order by 1"


async def compute(tx: ReadTx, kind: str, body: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    """`check`: whether supervision shows what the moves say. `what_if`: see `supposing.tally`, with the cases that
    change cut to the first `TOLD_MAX` and their number beside them. `tell` hears how many cases of how many are done.
    """
    return await _check(tx) if kind == "check" else await _suppose(tx, body, tell)


async def _check(tx: ReadTx) -> Mapping[str, Any]:
    """`service.replay_in` in steps; what is reckoned without the database is reckoned beside the loop."""
    ids = [row["suborder_id"] for row in await tx.fetch(ALL)]
    cases: list[Case] = []
    for place in range(0, len(ids), STEP):
        cases += await store.read_cases(tx, tx.now, of=ids[place : place + STEP])
        await asyncio.sleep(0)
    promises, calendar = await store.read_promises(tx), await store.read_days(tx)
    said = await read_said(tx, tx.now)
    rows = await asyncio.to_thread(reckon, cases, promises, calendar, tx.now, "", said)
    differences = await asyncio.to_thread(compare, rows, await store.read_shown(tx, tx.now))
    return {
        "cases": len(cases), "figures": len(rows), "differences": list(differences[:TOLD_MAX]),
        "difference_count": len(differences), "as_of": tx.now.isoformat(),
    }  # fmt: skip


async def _suppose(tx: ReadTx, body: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    asked = read_supposition(body)
    versions, calendar = (await store.read_promises(tx))[asked.promise], await store.read_days(tx)
    start = ACTS[asked.promise][0]
    from_at, to_at = day_end(asked.from_on - timedelta(days=1)), day_end(asked.to_on)
    ids: Sequence[UUID] = [row["suborder_id"] for row in await tx.fetch(STARTED, start, from_at, to_at)]
    weighed: list[Weighed] = []
    for place in range(0, len(ids), STEP):
        await tell(place, len(ids))
        cases = await store.read_cases(tx, tx.now, of=ids[place : place + STEP])
        weighed += [one for case in cases if (one := weigh(case, versions, calendar, tx.now, asked)) is not None]
        await asyncio.sleep(0)
    await tell(len(ids), len(ids))
    found = tally(weighed)
    changed = found["changed"]
    assert isinstance(changed, list), "a tally lists what changes"
    limits = sorted({(one.promise.limit, one.promise.pause_cap) for one in versions})
    return found | {
        "changed": changed[:TOLD_MAX], "changed_count": len(changed), "as_of": tx.now.isoformat(),
        "limits": [list(one) for one in limits],
    }  # fmt: skip
