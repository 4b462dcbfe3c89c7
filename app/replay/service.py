"""Running the replay: read, reckon, compare."""

from dataclasses import dataclass
from datetime import datetime

from app.infra.db import Database, ReadTx, Role
from app.replay import store
from app.replay import store_voices as voices
from app.replay.rules import FORMULA, Fact, Judged, Row, compare, judge, owed_to, reckon
from app.replay.voices import facts_of

Said = list[tuple[tuple[tuple[str, str], ...], Fact]]


@dataclass(frozen=True, slots=True)
class Replay:
    """What the replay found. `differences` are in words, sorted; empty when supervision shows the same figures."""

    as_of: datetime
    cases: int
    rows: tuple[Row, ...]
    differences: tuple[str, ...]


async def replay_sla(db: Database, *, as_of: datetime | None = None) -> Replay:
    """Reckon every figure as of an instant (the business clock's now by default) and compare with what is shown.

    One REPEATABLE READ snapshot for both, so that acts under way make no difference.
    """
    async with db.reading(Role.REPORTER) as tx:
        return await replay_in(tx, as_of=as_of or tx.now)


async def replay_in(tx: ReadTx, *, as_of: datetime) -> Replay:
    """The same, in a snapshot that is open already."""
    cases = await store.read_cases(tx, as_of)
    rows = reckon(
        cases, await store.read_promises(tx), await store.read_days(tx), as_of, said=await read_said(tx, as_of)
    )  # fmt: skip
    return Replay(as_of, len(cases), rows, compare(rows, await store.read_shown(tx, as_of)))


async def read_said(tx: ReadTx, as_of: datetime) -> Said:
    """What complaints, ratings, call-backs and urges add, each fact with the groups that it counts for."""
    terms, calendar = await voices.read_terms(tx), await store.read_days(tx)
    return [
        (voice.places, fact)
        for voice in await voices.read_voices(tx)
        for fact in facts_of(voice, terms, calendar, as_of)
    ]


async def replay_month(
    tx: ReadTx, month: str, *, as_of: datetime, last_seq: int | None = None, formula: int = FORMULA
) -> tuple[Row, ...]:
    """The figures of one month (YYYY-MM) as they stood at an instant, out of the moves that were known by then, as the
    formula of that time told them."""
    cases = await store.read_cases(tx, as_of, last_seq)
    said = await read_said(tx, as_of) if formula > 1 else []
    return reckon(cases, await store.read_promises(tx), await store.read_days(tx), as_of, month, said, formula)


async def judge_all(tx: ReadTx, *, as_of: datetime) -> tuple[Judged, ...]:
    """Every promise about every suborder, judged from the moves: what the clocks are held against."""
    promises, calendar = await store.read_promises(tx), await store.read_days(tx)
    found = [
        judge(case, versions, calendar, as_of)
        for case in await store.read_cases(tx, as_of)
        for versions in owed_to(case, promises)
    ]
    return tuple(one for one in found if one is not None)
