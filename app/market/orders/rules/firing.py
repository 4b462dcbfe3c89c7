"""What a due clock does to its order, at the clock's own instant."""

from dataclasses import replace

from app.market.orders.rules.facts import Case, Due, Outcome, Part
from app.market.orders.rules.states import BEFORE_PICK, Act, Clock, State
from app.market.orders.rules.steps import Working

LAPSES = {
    (Clock.ACCEPT, State.PUSHED),
    (Clock.OFFER, State.OFFERED),
    (Clock.GRACE, State.PICKED),
    (Clock.DRAWS, State.SIGNED),
}
PROMISES = (
    Clock.ACCEPT, Clock.CONTACT, Clock.DECISION, Clock.RECOMMENDED, Clock.SIGN, Clock.PAYOUT, Clock.DELIVERY,
)  # fmt: skip


def fire(case: Case, due: Due) -> Outcome:
    """Let one due clock act.

    ACCEPT, OFFER, a silent firm after SIGN, an undrawn contract and until-when end suborders; DECISION takes the hold
    and the place; CONTACT, SIGN, PAYOUT and DELIVERY are facts; PAPERS ends the pause. Free places are then filled at
    the same instant.
    """
    work = Working(case, due.due_at)
    if due.clock is Clock.UNTIL:
        for part in case.live:
            if part.state in BEFORE_PICK:
                work.move(part, Act.LAPSE, State.LAPSED, cause=Clock.UNTIL)
    else:
        assert due.suborder_id is not None
        _fire_part(work, case.part(due.suborder_id), due.clock)
    work.settle()
    return Outcome(work.case, tuple(work.steps))


def _fire_part(work: Working, part: Part, clock: Clock) -> None:
    assert part.is_live, f"{clock} ran on after the suborder's end"
    if clock in PROMISES:
        part = work.move(part, Act.BREACH, part.state, cause=clock)
        part = work.change(replace(part, breached=part.breached | {clock}))
    if (clock, part.state) in LAPSES:
        work.move(part, Act.LAPSE, State.LAPSED, cause=clock)
    elif clock is Clock.DECISION:
        work.release(part, expired=True)
    elif clock is Clock.DRAWS:
        work.release(work.move(part, Act.END_DRAWS, State.SERVICED, cause=clock))
    elif clock is Clock.PAPERS:
        work.change(replace(work.move(part, Act.CAP_PAPERS, part.state, cause=clock), papers_open=None))
