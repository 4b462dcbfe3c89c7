"""Freezing a month by two people, reading it again, and what has changed since and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_bytes
from typing import Any, Final
from uuid import UUID, uuid5

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import outbox
from app.infra.db import ReadTx, Tx
from app.kernel.clock import SHANGHAI, shanghai_date
from app.kernel.errors import Refusal
from app.market.supervision import service
from app.market.supervision.events import MonthFrozen
from app.market.supervision.rules import By, Within, frozen, voices
from app.market.supervision.rules.frozen import BadTerms, Figures, Frozen, Restated, Terms
from app.market.supervision.service import board
from app.market.supervision.store import months as store
from app.office import policies, proposals
from app.office.proposals import Proposal

FREEZE: Final = "month.freeze"
CASES: Final = UUID("7b0e6a0a-6d2b-5d4e-9a53-2f0f6a3c9e11")  # Under which each month is a case of its own.
GROUPS: Final = tuple(one for one in By if one is not By.MONTH)
PINNED: Final = ("calendar", "clock", "reason", "supervision")  # Policies whose bodies the figures rest on.
CHANGED_MAX: Final = 200
CHANGES: Final = {voices.BALANCE: "outstanding_fen"}  # What is owed at the end differs by a change within the month.


@dataclass(frozen=True, slots=True)
class Head:
    """A frozen month with its digest, and the two people."""

    frozen: Frozen
    sha256: str
    last_seq: int
    made_by: UUID
    checked_by: UUID


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month that is over: frozen, waiting for its second person, or open to be frozen from a day on."""

    month: date
    from_on: date
    may_be_frozen: bool
    head: Head | None
    waiting: Proposal | None


@dataclass(frozen=True, slots=True)
class Move:
    at: datetime
    act: str
    from_state: str
    to_state: str
    cause: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A suborder that adds another value today: (value, of) then and now, None where nothing; what came later."""

    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    state: str
    then: tuple[int, int] | None
    now: tuple[int, int] | None
    later: tuple[Move, ...]


def case_of(month: date) -> UUID:
    return uuid5(CASES, month.isoformat())


async def read_terms(tx: ReadTx, on: date) -> Terms:
    """From when on a month may be frozen, as of a day."""
    found = frozen.parse_terms((await policies.in_force(tx, "supervision", "months", on)).body)
    if isinstance(found, BadTerms):
        raise Refusal("policy-missing", found.why, kind="supervision", key="months")
    return found


async def read_months(tx: ReadTx) -> tuple[MonthLine, ...]:
    """Every month that is over since the first fact, the newest first."""
    today = shanghai_date(tx.now)
    terms, first = await read_terms(tx, today), await store.read_first(tx)
    heads = {head.frozen.month: head for head in map(_head, await store.read_heads(tx))}
    waiting = await store.read_waiting(tx, FREEZE)
    return tuple(
        [
            await _line(tx, month, terms, today, heads.get(month), waits=case_of(month) in waiting)
            for month in frozen.months_over(first, today)
        ]
    )


async def read_to_freeze(tx: ReadTx) -> tuple[date, ...]:
    """The month before this one, from the day on which it may be frozen until somebody proposes it."""
    lines = await read_months(tx)
    return tuple(one.month for one in lines[:1] if one.may_be_frozen and one.waiting is None)


async def read_month(tx: ReadTx, month: date) -> MonthLine:
    """One month that is over; refused (`not-found`) for one that is not, or that is before the first fact."""
    today, first = shanghai_date(tx.now), await store.read_first(tx)
    if month not in frozen.months_over(first, today):
        raise Refusal("not-found")
    found = await store.read_heads(tx, month)
    return await _line(tx, month, await read_terms(tx, today), today, _head(found[0]) if found else None)


async def _line(
    tx: ReadTx, month: date, terms: Terms, today: date, head: Head | None, *, waits: bool = True
) -> MonthLine:
    open_ones = await proposals.open_of(tx, case_of(month)) if waits and not head else ()
    waiting = next(iter(open_ones), None)
    from_on = frozen.freezes_from(month, terms)
    return MonthLine(month, from_on, head is None and from_on <= today, head, waiting)


async def is_frozen(tx: ReadTx, month: date) -> bool:
    return bool(await store.read_heads(tx, month))


def _head(row: Any) -> Head:
    one = Frozen(
        row["month"], row["number"], row["frozen_at"], row["formula"], row["policies"], row["names"], row["facts"],
        row["facts_sha256"],
    )  # fmt: skip
    return Head(one, row["sha256"], row["last_seq"], row["made_by"], row["checked_by"])


async def propose_freeze(tx: Tx, month: date, *, by: Seat) -> UUID:
    """Lay the freezing of a month before a second person of the same office; refused while it is too early."""
    made = await proposals.propose(tx, FREEZE, case_of(month), {"month": month.isoformat()}, by=by, now=tx.now)
    return made.proposal_id


async def _vet(tx: Tx, case_id: UUID, body: Mapping[str, Any], by: Seat, now: datetime) -> None:
    line = await read_month(tx, date.fromisoformat(str(body["month"])))
    if not line.may_be_frozen:
        why = "这个月已经冻结。" if line.head else f"{line.from_on.isoformat()} 起才能冻结这个月。"
        raise Refusal("wrong-state", why)


async def _lock(tx: Tx, case_id: UUID) -> None:
    """The months are few: whoever holds this one's case is told by its proposal, which is locked after it."""
    found = await proposals.open_of(tx, case_id)
    for one in found:
        await store.lock(tx, date.fromisoformat(str(one.body["month"])))


async def _apply(tx: Tx, proposal: Proposal, by: Seat, now: datetime) -> None:
    """Freeze: keep the facts as they stand, add them up, and take the digest of the whole."""
    month = date.fromisoformat(str(proposal.body["month"]))
    if await store.read_heads(tx, month):
        raise Refusal("wrong-state", "这个月已经冻结。")
    await store.freeze_facts(tx, month, now)
    figures = frozen.as_figures(await store.freeze_figures(tx, month))
    facts, facts_sha256 = await store.digest_facts(tx, month)
    number = frozen.number_of(f"M{month:%Y%m}", token_bytes(8))
    one = Frozen(
        month, number, now, frozen.FORMULA, await _versions(tx), await _names(tx, figures), facts, facts_sha256
    )  # fmt: skip
    sha256 = frozen.digest(one, figures)
    await store.add_month(
        tx, one, sha256, await store.read_last_seq(tx), org_id=by.org_id, made_by=proposal.made_by,
        checked_by=by.person_id,
    )  # fmt: skip
    event = MonthFrozen(stream_id=proposal.case_id, at=now, month=month, number=number, sha256=sha256)
    await outbox.record(tx, event)
    detail = {"month": f"{month:%Y-%m}", "number": number, "sha256": sha256}
    await audit.write(tx, "month.frozen", case_id=proposal.case_id, detail=detail)


async def _versions(tx: ReadTx) -> dict[str, int]:
    """The newest version of every policy that a figure rests on: a version never changes, so they are all pinned."""
    found: dict[str, int] = {}
    for kind in PINNED:
        for one in await policies.all_versions(tx, kind):
            found[f"{kind}/{one.key}"] = max(one.version, found.get(f"{kind}/{one.key}", 0))
    return found


async def _names(tx: ReadTx, figures: Figures) -> dict[str, str]:
    """What each group of the month is called today, so that a later name does not rewrite the past."""
    named = await service.read_names(tx)
    named |= {one.code: one.name for one in sorted(await service.read_divisions(tx), key=lambda one: one.valid_from)}
    groups = sorted({(by, key) for by, key, _figure in figures})
    return {f"{by}:{key}": named[key] for by, key in groups if by not in ("industry", "size", "type") and key in named}


proposals.register(
    proposals.Kind(
        FREEZE, frozenset({SeatRole.REGULATOR}), frozenset({SeatRole.REGULATOR}), apply=_apply, vet=_vet, lock=_lock
    )
)


async def read_frozen(tx: ReadTx, month: date, by: Collection[By] | None = None) -> Figures:
    """The figures of a month as they were frozen, of some groups or of all."""
    return frozen.as_figures(await store.read_figures(tx, month, None if by is None else [one.value for one in by]))


def within(month: date) -> Within:
    """The days of a month."""
    return Within(from_on=month, to_on=frozen.last_day(month))


async def read_today(tx: ReadTx, month: date, by: Sequence[By], *, medians: bool = True) -> Figures:
    """The figures of the same month as of now, as far as it tells them where it is frozen."""
    balances = await board.read_balances(tx, [one.value for one in by], [month])
    whole = await board.read_whole(tx, by, within(month), balances, month, medians=medians)
    figures = {
        (*group, figure): tally for group, tallies in whole.items() for figure, tally in tallies.items()
        if figure != voices.COMPLAINED
    }  # fmt: skip
    heads = await store.read_heads(tx, month)
    return frozen.told_by(heads[0]["formula"], figures) if heads else figures


async def read_restated(tx: ReadTx, month: date, by: Sequence[By]) -> tuple[Restated, ...]:
    """What is another today than when it was frozen."""
    then, now = await read_frozen(tx, month, by), await read_today(tx, month, by)
    return frozen.restated(then, now, [one.value for one in by])


async def read_changed(tx: ReadTx, head: Head, figure: str, by: By, key: str) -> tuple[Changed, ...]:
    """The suborders behind a restated figure, each with what happened to it after the month was frozen."""
    month = head.frozen.month
    start = datetime(month.year, month.month, 1, tzinfo=SHANGHAI)
    after = frozen.next_month(month)
    span = (start, datetime(after.year, after.month, 1, tzinfo=SHANGHAI))
    rows = await store.read_changed(
        tx, tx.now, month, CHANGES.get(figure, figure.removesuffix("_median_x2")), (by.value, key), span, CHANGED_MAX
    )
    ids = [row["suborder_id"] for row in rows]
    parts = await store.read_parts(tx, ids)
    later = await store.read_moves_since(tx, ids, head.last_seq, head.frozen.frozen_at)
    return tuple(
        Changed(
            one, parts[one]["bank_id"], parts[one]["branch_id"], parts[one]["state"],
            _pair(row["was_value"], row["was_whole"]), _pair(row["is_value"], row["is_whole"]),
            tuple(Move(m["at"], m["act"], m["from_state"], m["to_state"], m["cause"]) for m in later.get(one, ())),
        )
        for row in rows
        if (one := row["suborder_id"]) in parts
    )  # fmt: skip


def _pair(value: int | None, whole: int | None) -> tuple[int, int] | None:
    return None if value is None or whole is None else (value, whole)


async def find_damage(tx: ReadTx) -> list[str]:
    """Whatever of a frozen month is no longer as it was frozen: facts, sums or digest. A line each, in words."""
    broken = []
    for head in map(_head, await store.read_heads(tx)):
        one, month = head.frozen, f"{head.frozen.month:%Y-%m}"
        figures = frozen.as_figures(await store.read_figures(tx, one.month, None))
        if (one.facts, one.facts_sha256) != await store.digest_facts(tx, one.month):
            broken.append(f"{month}: its facts are not those that were frozen")
        if figures != frozen.as_figures(await store.add_up(tx, one.month)):
            broken.append(f"{month}: its figures are not the sums of its facts")
        if frozen.digest(one, figures) != head.sha256:
            broken.append(f"{month}: its digest is not that of what it says")
    return broken
