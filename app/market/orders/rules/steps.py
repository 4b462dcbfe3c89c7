"""What every act and every firing share: ending a suborder, filling free places, ending the order.

Pure: a case goes in, a case and its steps come out.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from app.market.orders.rules.facts import (
    BankCommand,
    Case,
    Ended,
    FirmCommand,
    Held,
    Listed,
    Moved,
    Outcome,
    Part,
    Released,
    Shrunk,
    Step,
)
from app.market.orders.rules.states import FROM_PICK_ON, TARGETS, TERMINAL, Act, Clock, End, Standing, State


@dataclass(slots=True)
class Working:
    """A case while one act is worked out. Lives inside one call of a rule, never leaves it."""

    case: Case
    at: datetime
    steps: list[Step] = field(default_factory=list)

    def change(self, part: Part) -> Part:
        """Put the changed suborder in its place."""
        parts = tuple(part if one.suborder_id == part.suborder_id else one for one in self.case.parts)
        self.case = replace(self.case, parts=parts)
        return part

    def move(
        self, part: Part, act: Act, to: State, *, cause: str = "", command: BankCommand | FirmCommand | None = None
    ) -> Part:
        """Note the move and put the suborder in its new state; ends give back the money they hold."""
        assert to in TARGETS[part.state, act], f"{part.state} -{act}-> {to} is not in the table"
        self.steps.append(Moved(part, act, to, self.at, cause, command))
        part = self.change(replace(part, state=to))
        if to in TERMINAL:
            part = self.release(self.change(replace(part, papers_open=None)))
        return part

    def hold(self, part: Part, amount_fen: int) -> Part:
        assert part.held_fen == 0
        assert amount_fen > 0
        self.steps.append(Held(part, amount_fen, self.at))
        return self.change(replace(part, held_fen=amount_fen))

    def shrink_to(self, part: Part, amount_fen: int) -> Part:
        """Give back what the open reservation holds above `amount_fen`."""
        surplus = part.held_fen - amount_fen
        assert surplus >= 0
        assert amount_fen > 0
        if surplus == 0:
            return part
        self.steps.append(Shrunk(part, surplus, self.at))
        return self.change(replace(part, held_fen=amount_fen))

    def release(self, part: Part, *, expired: bool = False) -> Part:
        if part.held_fen == 0:
            return part
        self.steps.append(Released(part, part.held_fen, self.at, expired))
        return self.change(replace(part, held_fen=0))

    def settle(self) -> None:
        """After every act and firing: fill free places, then store the order's end if it has come."""
        self.fill()
        end = end_of(self.case, self.at)
        if self.case.end is None and end is not None:
            self.case = replace(self.case, end=end)
            self.steps.append(Ended(end, self.at))

    def fill(self) -> None:
        """Push the next listed banks, in their order, while a place is free."""
        while may_push(self.case, self.at):
            listed = next((one for one in unpushed(self.case) if one.holds), None)
            if listed is None:
                return
            part = Part(
                listed.suborder_id, listed.bank_id, listed.branch_id, listed.product_id, listed.consent_id,
                listed.position, State.LISTED, loan_type=self.case.loan_type,
            )  # fmt: skip
            self.case = replace(self.case, parts=(*self.case.parts, part))
            self.move(part, Act.PUSH, State.PUSHED)


def push_first(case: Case, now: datetime) -> Outcome:
    """The first push, after the order was posted: nothing but the fill rule."""
    work = Working(case, now)
    work.settle()
    return Outcome(work.case, tuple(work.steps))


def unpushed(case: Case) -> tuple[Listed, ...]:
    """Listed banks that have no suborder yet, in the order of the list."""
    pushed = {part.suborder_id for part in case.parts}
    return tuple(one for one in case.listed if one.suborder_id not in pushed)


def may_push(case: Case, at: datetime) -> bool:
    """The fill rule: before until-when, none picked, and a place that no unbreached suborder takes."""
    if case.end is not None or case.withdrawn_at is not None or at >= case.until_at:
        return False
    if any(part.state in FROM_PICK_ON for part in case.parts):
        return False
    return sum(part.takes_a_place for part in case.parts) < case.places


def end_of(case: Case, at: datetime) -> End | None:
    """The end that an order without a live suborder has reached; None while any lives.

    Asked after the fill rule, so that a bank that waits on the list has been pushed already.
    """
    if case.end is not None:
        return case.end
    if case.live or any(part.state is State.SETTLED for part in case.parts):
        return None  # A settled loan closes its order by the fold alone.
    if case.withdrawn_at is not None:
        return End.WITHDRAWN
    if any(part.state is State.REFUSED for part in case.parts):
        return End.REFUSED
    return End.LAPSED if at >= case.until_at else End.UNMATCHED


def fold(case: Case) -> Standing:
    """What the order is: the first that holds."""
    if case.end is not None:
        return Standing(case.end.value)
    states = {part.state for part in case.parts}
    if State.SETTLED in states:
        return Standing.CLOSED
    if State.SERVICED in states:
        return Standing.SERVICED
    if states & {State.SIGNED, State.PAYING}:
        return Standing.AGREED
    return Standing.OPEN if case.parts else Standing.POSTED


def firing_order(clock: Clock, due_at: datetime, position: int) -> tuple[datetime, int, int]:
    """Sort key of due clocks: by instant, then the list's order, then the order in which kinds are declared.

    ACCEPT comes behind CONTACT and DECISION, which a case that came from another branch may owe as well: it ends the
    suborder, and a promise is broken from its instant on, whatever else falls on that instant.
    """
    kind = Clock.DECISION if clock is Clock.ACCEPT else clock
    return due_at, position, list(Clock).index(kind) * 2 + (clock is Clock.ACCEPT)
