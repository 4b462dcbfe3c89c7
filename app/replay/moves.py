"""What a replay reads of a suborder: its moves, those that count, and where each promise about it begins. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Final
from uuid import UUID

from app.replay.calendars import DAY, Begun, Calendar, Calendars
from app.replay.documents import Promise

CHINA: Final = timezone(timedelta(hours=8))  # One offset all year since 1991; the policies begin in 2022.
ENDS: Final = frozenset({"refused", "passed_over", "withdrawn", "lapsed", "moved", "settled"})


@dataclass(frozen=True, slots=True)
class Move:
    """One act on a suborder. `seq` orders acts of one instant; a pause event leaves the state as it is.

    `amount_fen` is the offer's at pick, the contract's at sign, the draw's at pay out, what came
    back at repay, what was written off at settle, the offer's at reschedule; `rate_ppm` the offer's at pick;
    `reason_code` and `has_evidence` belong to a refusal; `is_first` to a firm's first draw of all.
    """

    suborder_id: UUID
    seq: int
    act: str
    to_state: str
    at: datetime
    amount_fen: int = 0
    reason_code: str = ""
    has_evidence: bool = True
    cause: str = ""
    rate_ppm: int = 0
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What stays the same about a suborder, to group by, and its moves in order.

    `is_unsecured` is its product's, None where the shelf does not know it; `sealed` when its packages were sealed.
    """

    suborder_id: UUID
    bank: str
    branch: str
    product: str
    district: str
    moves: tuple[Move, ...]
    industry: str = ""
    size: str = ""
    loan_type: str = "new"
    asked_fen: int = 0
    is_unsecured: bool | None = None
    sealed: tuple[datetime, ...] = ()
    origin: str = "listed"  # `moved` from another branch, or made by an `appeal`.
    before: tuple[Move, ...] = ()  # The moves at the branch that it came from.
    before_branch: str = ""

    @property
    def variant(self) -> str:
        """Which edition of a promise it goes by, where there is one of its own."""
        return "appeal" if self.origin == "appeal" else self.loan_type


@dataclass(frozen=True, slots=True)
class Line:
    """One promise about one suborder as it began: from `start` on, by these moves; `used` workdays had gone before."""

    start: Move
    moves: tuple[Move, ...]
    used: int = 0


def china_day(instant: datetime) -> date:
    """The calendar day in China.

    >>> from datetime import UTC
    >>> china_day(datetime(2025, 9, 30, 16, tzinfo=UTC))
    datetime.date(2025, 10, 1)
    """
    return instant.astimezone(CHINA).date()


def pauses(moves: Sequence[Move]) -> tuple[tuple[datetime, datetime | None], ...]:
    """The stretches in which a request for papers was open: [asked, ended), the last perhaps still open."""
    found: list[tuple[datetime, datetime | None]] = []
    asked: datetime | None = None
    for move in moves:
        if move.act == "ask_papers" and asked is None:
            asked = move.at
        elif asked is not None and _ends_pause(move):
            found.append((asked, move.at))
            asked = None
    if asked is not None:
        found.append((asked, None))
    return tuple(found)


def kept(moves: Sequence[Move], as_of: datetime) -> list[Move]:
    """The moves until `as_of` without what was taken back by then: contacts that the firm denied next, offers that the
    bank retracted. Everything else, also the taking back, stays."""
    seen = [move for move in moves if move.at <= as_of]
    words = [move for move in seen if move.act in ("contact", "deny_contact")]
    denied = {one.seq for one, after in pairwise(words) if (one.act, after.act) == ("contact", "deny_contact")}
    retracted = any(move.act == "retract" for move in seen)
    return [move for move in seen if move.seq not in denied and not (retracted and move.act == "offer")]


def _ends_pause(move: Move) -> bool:
    return move.act in {"bring_papers", "contest_papers", "cap_papers", "offer", "refuse"} or move.to_state in ENDS


def begun(case: Case, promise: Promise, start: Move) -> Begun:
    """By whose days a promise is counted that began with a move of the case, or of the one that it came from."""
    came_along = bool(case.before) and start.suborder_id == case.before[0].suborder_id
    ids = (case.before[0].suborder_id, case.suborder_id) if came_along else (case.suborder_id,)
    branch = case.before_branch if came_along else case.branch
    return Begun(promise.code, promise.calendar, branch, ids, start.at)


def line_of(case: Case, promise: Promise, calendar: Calendar | Calendars, as_of: datetime) -> Line | None:
    """Where a promise begins; None when it never did, or was kept or broken before it came from another branch.

    What a branch had promised, the one that takes over owes with the days that had gone: a promise to answer that was
    kept goes on from the move with what was left of it.
    """
    own = [move for move in case.moves if move.at <= as_of]
    first = next((move for move in own if move.act == promise.start), None)
    if not own or not case.before:
        one = own[0] if own and promise.code == "DECISION" and own[0].act == "reopen" else first
        return None if one is None else Line(one, case.moves)
    before = tuple(move for move in case.before if move.act != "reassign")
    accepted = next((move for move in before if move.act == "accept"), None)
    if promise.code == "ACCEPT":
        pushed = before[0]
        if accepted is None:
            return Line(pushed, (*before, *case.moves))
        days = calendar.of(begun(case, promise, pushed), own[0].at)
        return Line(own[0], case.moves, _workdays_inside(days, china_day(pushed.at), china_day(accepted.at)))
    if promise.code not in ("CONTACT", "DECISION") or accepted is None:
        return None if first is None else Line(first, case.moves)
    if promise.code == "CONTACT":
        was_kept = any(move.act == "contact" for move in kept(before, as_of))
        days = calendar.of(begun(case, promise, accepted), own[0].at)
        gone = _workdays_inside(days, china_day(accepted.at), china_day(own[0].at))
        if was_kept or gone >= promise.limit:  # Broken by the branch before, where it is told; nobody owes it twice.
            return None
    return Line(accepted, (*before, *case.moves))


def _workdays_inside(calendar: Calendar, first: date, last: date) -> int:
    """Workdays after `first` and before `last`."""
    found, day = 0, first + DAY
    while day < last:
        found += calendar.is_workday(day)
        day += DAY
    return found
