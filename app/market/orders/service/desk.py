"""The branch's desk: the working time left, one suborder with all that a clerk needs, and what would come of a refusal
or an offer before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.access.seats import Seat
from app.credit import subjects
from app.credit.subjects import Subject
from app.infra.db import ReadTx, Record, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.workdays import Calendar, workdays_between
from app.market import packages, parties, reasons
from app.market.orders import rules
from app.market.orders.rules import cost, facts
from app.market.orders.rules.states import TERMINAL, State
from app.market.orders.service import acting, decisions, reading
from app.market.orders.service.beside import evidence_of
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.decisions import Offered, Said
from app.office import clocks


class Left(StrEnum):
    """How a suborder stands in time."""

    LATE = "late"
    TODAY = "today"
    DAYS = "days"
    PAUSED = "paused"
    FIRM = "firm"  # The next step is the firm's.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """`days` workdays left (or over, when late). `used_percent` of the counted workdays, for a bar."""

    how: Left
    days: int
    used_percent: int
    clock: str
    due_on: date | None

    @property
    def tone(self) -> str:
        if self.how is Left.LATE:
            return "bad"
        if self.how is Left.TODAY or (self.how is Left.DAYS and self.days <= 1):
            return "warn"
        return "good" if self.how is Left.DAYS else "still"


@dataclass(frozen=True, slots=True)
class CaseView:
    """One suborder as its branch works on it. `held_fen` is its open hold; `entry` the list in force today; `bounds`
    the edition that its order was posted under."""

    part: reading.SuborderView
    firm: Subject
    district: str
    product: parties.Product
    branch: parties.Branch
    entry: parties.PublishedList | None
    pool: parties.pools.Pool | None
    held_fen: int
    left: TimeLeft
    explained: Sequence[clocks.Explanation]
    package: packages.Head | None
    readings: Sequence[packages.Reading]
    bounds: facts.Bounds

    @property
    def may(self) -> frozenset[str]:
        return frozenset(act.value for act in self.part.allowed)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What would come of a refusal: `why` it does not hold, or None; `needs_two` where a second person must agree."""

    why: reasons.Why | None
    needs_two: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """What would come of an offer: the problem `code` it meets, or None, and what it costs."""

    code: str | None
    needs_two: bool
    price: cost.Cost | None


def time_left(row: Mapping[str, object] | Record, calendar: Calendar, now: datetime) -> TimeLeft:
    """The working time left by the one clock that a row of the desk goes by."""
    clock, due_on, due_at, started = row["clock"], row["due_on"], row["due_at"], row["started_at"]
    if clock is None or State(str(row["state"])) in TERMINAL:
        return TimeLeft(Left.NONE, 0, 0, "", None)
    assert isinstance(due_on, date), "a clock has its day"
    assert isinstance(due_at, datetime), "and its instant"
    assert isinstance(started, datetime), "and its start"
    today = shanghai_date(now)
    days = workdays_between(calendar, today, due_on)
    whole = max(1, workdays_between(calendar, shanghai_date(started), due_on))
    used = min(100, max(0, 100 * (whole - days) // whole))
    if row["owner"] == "firm":
        return TimeLeft(Left.FIRM, max(days, 0), 0, str(clock), due_on)
    if row["clock_state"] == "paused":
        return TimeLeft(Left.PAUSED, max(days, 0), used, str(clock), due_on)
    if due_at <= now:
        return TimeLeft(Left.LATE, max(-days, 0), 100, str(clock), due_on)
    return TimeLeft(Left.TODAY if due_on <= today else Left.DAYS, days, used, str(clock), due_on)


async def case_view(tx: ReadTx, suborder_id: UUID) -> CaseView:
    """One suborder of the caller's branch with everything but the inside of its package. Refuses `not-found`."""
    part = await reading.get_suborder(tx, suborder_id)
    row = part.suborder
    today = shanghai_date(tx.now)
    firm = await subjects.get(tx, row["subject_id"])
    place = firm.district_code or ""
    own = [one for one in part.clocks if one.case_id == suborder_id and one.kind != "DELIVERY"]
    newest = {one.kind: one for one in sorted(own, key=lambda one: one.started_at)}
    _, calendar = await clocks.calendar_on(tx, today)
    explained = await clocks.explain(tx, row["order_id"], now=tx.now)
    reservation = await parties.open_reservation(tx, suborder_id)
    key = parties.PoolKey(row["branch_id"], row["product_id"])
    reads = await packages.list_reads(tx, row["order_id"])
    # A bank reads no order, but its clock tells when it was posted.
    posted_at = next((one.started_at for one in part.clocks if one.kind == "UNTIL"), row["pushed_at"])
    return CaseView(
        part, firm, await subjects.district_name(tx, place, today) or "" if place else "",
        await parties.shelf.get_product(tx, row["product_id"]), await parties.shelf.get_branch(tx, row["branch_id"]),
        await parties.shelf.list_in_force(tx, row["branch_id"], row["product_id"], today),
        await parties.pools.pool_of(tx, key, today), 0 if reservation is None else reservation.held_fen,
        time_left(_going_by(row, own), calendar, tx.now),
        [explained[suborder_id, kind] for kind in newest],
        await packages.find_of_suborder(tx, suborder_id),
        [one for one in reads if one.suborder_id == suborder_id], await bounds_on(tx, shanghai_date(posted_at)),
    )  # fmt: skip


def _going_by(row: Record, own: Sequence[clocks.ClockState]) -> dict[str, object]:
    """The one clock that a suborder goes by, chosen as for the inbox."""
    live = [
        one for one in own
        if one.owner in ("bank", "firm")
        and (one.state in ("running", "paused") or (one.state == "breached" and one.stopped_at is None
                                                     and one.owner == "bank"))
    ]  # fmt: skip
    one = min(live, key=lambda c: (c.owner, c.state == "paused", c.due_at), default=None)
    return {
        "state": row["state"], "clock": one and one.kind, "owner": one and one.owner, "clock_state": one and one.state,
        "started_at": one and one.started_at, "due_on": one and one.due_on, "due_at": one and one.due_at,
    }  # fmt: skip


async def read_package(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> packages.Opened | None:
    """Open the package for a person of the branch: under the consent, metered and audited, while the suborder lives.

    None before it was sealed. Role `act`. Refuses `not-found`, `consent-missing`, `consent-grantee`.
    """
    await reading.lock_alive(tx, suborder_id, by=by, now=now)
    head = await packages.find_of_suborder(tx, suborder_id)
    return None if head is None else await packages.read(tx, head.package_id, by=by, now=now)


async def evidence(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> Mapping[str, reasons.Item]:
    """Everything that a refusal of this suborder may rest on now, by path. Role `act`."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    return await evidence_of(tx, entered, entered.part(suborder_id, by))


async def weigh_refusal(tx: Tx, suborder_id: UUID, said: Said, *, by: Seat, now: datetime) -> Weighed:
    """Whether a refusal would hold, judged exactly as when it is made; nothing of it is written.

    A verdict leaves, no value, so it is no reading of the package. Refuses `not-found` and `wrong-state`.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    verdict, needs_two = await decisions.weigh(tx, entered, part, said)
    judged = rules.judge(entered.case, facts.Refuse(suborder_id, facts.Reason(said.code, own_evidence=True)), now)
    if isinstance(judged, facts.Refused) and judged.code == "wrong-state":
        raise acting.refusal_of(judged, kept=entered.fired)
    return Weighed(verdict.why if isinstance(verdict, reasons.NotHeld) else None, needs_two)


async def quote_offer(tx: Tx, suborder_id: UUID, offered: Offered, *, by: Seat, now: datetime) -> Quote:
    """What an offer would cost the firm and whether it may be made, judged exactly as when it is made."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    case = await acting.with_context(tx, entered, suborder_id)
    try:
        command = decisions.offer_command(suborder_id, new_id(), offered, shanghai_date(now))
    except Refusal as refusal:
        return Quote(refusal.code, needs_two=False, price=None)
    answer = rules.judge(case, command, now)
    code = answer.code if isinstance(answer, facts.Refused) else None
    needs_two = code == "four-eyes"
    if code is not None and not needs_two:
        return Quote(code, needs_two=False, price=None)
    price = cost.cost_of(
        offered.amount_fen, offered.rate_ppm, offered.term_months, offered.repayment, offered.fees, shanghai_date(now)
    )
    return Quote(None, needs_two, price)
