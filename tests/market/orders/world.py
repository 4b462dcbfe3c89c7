"""A small world around the pure machine: orders.rules and sla.rules, an in-memory applier, and time as an act.

One tick is one workday. Everything is kept relative to now, so that equal situations at different times are one state.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.market.orders import events as told
from app.market.orders import rules
from app.market.orders.rules import facts, linking
from app.market.orders.rules.states import AT_WORK, BEFORE_PICK, FROM_PICK_ON, TERMINAL, Clock, End, State
from app.market.orders.service.telling import announce
from app.market.sla import rules as sla

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
ASKED, ROOM = 2, 2
TICKS = {
    Clock.ACCEPT: 1, Clock.CONTACT: 2, Clock.DECISION: 2, Clock.OFFER: 1, Clock.SIGN: 1, Clock.GRACE: 1,
    Clock.PAYOUT: 1, Clock.DRAWS: 2, Clock.PAPERS: 1, Clock.DELIVERY: 1,
}  # fmt: skip
PAUSE_CAP = 1
POLICIES = {
    clock: sla.ClockPolicy(clock, "bank", sla.Unit.WORKDAYS, count, pause_cap=PAUSE_CAP)
    for clock, count in TICKS.items()
} | {Clock.UNTIL: sla.ClockPolicy(Clock.UNTIL, "firm", sla.Unit.UNTIL, 0)}
_ANEW = replace(sla.FIRST[Clock.DECISION], starts=(sla.Begin("SuborderReopened"),))
APPEALED = {Clock.DECISION: replace(POLICIES[Clock.DECISION], words=_ANEW)}
TERMS = facts.Terms(ASKED, ASKED, 0, 150_000, 36, 1, 1)
BOUNDS = facts.Bounds(
    amount_min_fen=1, amount_max_fen=ASKED, term_months=(12,), term_months_max=36, until_days=(4,),
    until_days_suggested=4, until_days_max=4, places_max=3, places_suggested=1, reserves_max=2, offer_workdays_min=5,
    offer_workdays_max=30, draw_days_max=180,
)  # fmt: skip
ORDER, FIRM, PRODUCT = UUID(int=1), UUID(int=2), UUID(int=3)


@dataclass(frozen=True, slots=True)
class Ticking:
    """A clock: ticks from now to its instant; since when it is paused (ticks from now, at most 0)."""

    due: int
    paused: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    case: facts.Case
    clocks: tuple[tuple[int, Clock, Ticking], ...] = ()  # (bank index, or -1 for the order; clock; state)
    pause_used: tuple[int, ...] = ()
    worked: tuple[int, ...] = ()  # Ghost: DECISION days that the bank has used.
    alone: tuple[int, ...] = ()  # Ghost: days since acceptance, as far as the promise to call goes.
    met: tuple[tuple[int, Clock, int], ...] = ()  # Kept promises that may be judged again, with ticks to their day.
    accept: int = TICKS[Clock.ACCEPT]
    overturned: frozenset[UUID] = frozenset()  # Refusals whose appeal was upheld.
    owed: tuple[int, ...] = ()  # Ghost: days since the push of a bank that nobody has answered, over all its branches.
    pools: tuple[tuple[int, int, int, int], ...] = ()  # Per bank: held and posted of this quarter and the next.
    quarter: int = 0
    quarters: tuple[int, ...] = ()  # The quarter of each bank's open reservation.
    others: int = 0  # What other orders took from bank 0's pool of the next quarter.
    revoked: frozenset[UUID] = frozenset()

    def key(self) -> tuple[object, ...]:
        """Everything that matters, as a flat tuple: cheap to hash."""
        case = self.case
        return (
            tuple(
                (p.position, p.state, p.held_fen, p.offered_fen, p.signed_fen, p.paid_fen, p.papers_open is None,
                 p.papers_asked, p.breached, p.origin, p.is_carried)
                for p in case.parts
            ), tuple((i, c, t.due, t.paused) for i, c, t in self.clocks), case.withdrawn_at is None, case.end,
            (case.until_at - NOW).days if self.clocks else 0, self.pause_used, (self.worked, self.alone, self.owed),
            self.pools, self.quarter, self.quarters, self.others, self.revoked, self.met, self.overturned,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration of the exploration."""

    banks: int
    places: int
    until: int = 4
    turns: bool = False  # The quarter may turn, and other orders may take the new pool.
    papers: bool = True
    delivery: bool = False
    split: bool = True  # Offers below the asked amount, and draws in two parts.
    back: bool = False  # Contacts are denied, papers contested, offers retracted.
    moves: bool = False  # Cases go to another branch of their bank, which has a pool of its own.
    appeals: bool = False  # Refusals are overturned.
    loan_type: facts.LoanType = facts.LoanType.NEW


def begin(setting: Setting) -> World:
    """An order that has just been posted."""
    listed = tuple(
        facts.Listed(UUID(int=100 + i), UUID(int=200 + i), UUID(int=300 + i), PRODUCT, UUID(int=400 + i), i + 1)
        for i in range(setting.banks)
    )
    case = facts.Case(ORDER, FIRM, ASKED, setting.places, NOW + setting.until * DAY, BOUNDS, listed)
    case = replace(case, loan_type=setting.loan_type)
    zeros = (0,) * setting.banks
    pools = ((0, 0, 0, 0),) * (setting.banks * 2 if setting.moves else setting.banks)
    return World(
        case, ((-1, Clock.UNTIL, Ticking(setting.until)),), zeros, zeros, zeros, owed=zeros, pools=pools,
        quarters=zeros, accept=2 if setting.moves else TICKS[Clock.ACCEPT],
    )  # fmt: skip


def with_context(world: World) -> facts.Case:
    """The case as the service would read it now."""
    parts = []
    for part in world.case.parts:
        i = part.position - 1
        decision = clock_of(world, i, Clock.DECISION)
        context = facts.Context(
            TERMS, _room(world, pool_of(world, part)), decision is not None and decision.paused is None,
            PAUSE_CAP - world.pause_used[i], _met(world, i, Clock.CONTACT), _met(world, i, Clock.DECISION),
        )  # fmt: skip
        parts.append(replace(part, context=context))
    listed = tuple(replace(one, holds=one.consent_id not in world.revoked) for one in world.case.listed)
    return replace(world.case, parts=tuple(parts), listed=listed)


def _room(world: World, pool: int) -> int:
    held, posted = world.pools[pool][world.quarter * 2 : world.quarter * 2 + 2]
    taken = world.others if (pool, world.quarter) == (0, 1) else 0
    return ROOM - held - posted - taken


def pool_of(world: World, part: facts.Part) -> int:
    """The pools of the second branches stand behind those of the first."""
    i = part.position - 1
    return i if part.branch_id == world.case.listed[i].branch_id else i + len(world.quarters)


def holder(world: World, i: int) -> facts.Part:
    """The newest suborder of a bank: the one whose clocks run."""
    return [part for part in world.case.parts if part.position - 1 == i][-1]


def _met(world: World, i: int, clock: Clock) -> datetime | None:
    return next((NOW + due * DAY for j, c, due in world.met if (j, c) == (i, clock)), None)


def clock_of(world: World, i: int, clock: Clock) -> Ticking | None:
    return next((t for j, c, t in world.clocks if (j, c) == (i, clock)), None)


# Applying what the rules answer.


def apply(world: World, outcome: facts.Outcome, setting: Setting) -> World:
    events = announce(world.case, outcome, TODAY)
    for step in outcome.steps:
        world = _apply_money(world, step)
    parts = tuple(
        replace(
            p, context=facts.Context(), accepted_at=p.accepted_at and NOW, picked_at=p.picked_at and NOW,
            signed_on=p.signed_on and TODAY,
        )
        for p in outcome.case.parts
    )  # fmt: skip
    case = replace(outcome.case, parts=parts, listed=world.case.listed, withdrawn_at=outcome.case.withdrawn_at and NOW)
    world = replace(world, case=case)
    for event in events:
        i = next((p.position - 1 for p in parts if p.suborder_id == getattr(event, "suborder_id", None)), -1)
        left = PAUSE_CAP - (world.pause_used[i] if i >= 0 else 0)
        if isinstance(event, told.SuborderReopened):  # Its own time to decide, whatever the refused one had used.
            world = replace(world, worked=_set(world.worked, i, 0), pause_used=_set(world.pause_used, i, 0))
        for step_ in _effects(event, left, setting):
            if not (isinstance(event, told.SuborderReassigned) and isinstance(step_, sla.VoidRest)):
                world = _apply_clock(world, i, step_, (event.at - NOW).days)
    again = {**(AGAIN if setting.back else {}), **(RESTS if setting.moves else {})}
    if not again:
        return replace(world, met=())
    states = {p.position - 1: p.state for p in parts}  # Of the newest of each bank.
    return replace(world, met=tuple(entry for entry in world.met if states[entry[0]] in again.get(entry[1], ())))


_SEEN: dict[tuple[object, ...], tuple[sla.ClockStep, ...]] = {}


def _effects(event: told.OrderEvent, left: int, setting: Setting) -> tuple[sla.ClockStep, ...]:
    """What the mapping says, asked once of all events that are alike to it."""
    names = ("clock", "is_last", "valid_workdays", "is_moved", "is_carried", "from_state")
    key = (sla.effects, sla.ENDS, type(event), *(getattr(event, name, None) for name in names), left, setting.delivery)
    if key not in _SEEN:
        policies = APPEALED if isinstance(event, told.SuborderReopened) else POLICIES
        _SEEN[key] = sla.effects(event, policies, pause_left=left, is_told=setting.delivery)
    return _SEEN[key]


# Where a promise that was kept may still be judged again.
AGAIN = {
    Clock.CONTACT: (State.CONTACTED, State.INVESTIGATING),
    Clock.DECISION: (State.OFFERED, State.PICKED),
}
RESTS = {Clock.ACCEPT: (State.ACCEPTED, State.CONTACTED)}  # Where a kept promise may go on for another branch.


def _apply_money(world: World, step: facts.Step) -> World:
    if not isinstance(step, facts.Held | facts.Shrunk | facts.Posted | facts.Released):
        return world
    i, place = step.part.position - 1, pool_of(world, step.part)
    if isinstance(step, facts.Held):
        world = replace(world, quarters=_set(world.quarters, i, world.quarter))
    quarter = world.quarters[i]
    pool = list(world.pools[place])
    match step:
        case facts.Held(amount_fen=amount):
            pool[quarter * 2] += amount
        case facts.Posted(amount_fen=amount):
            pool[quarter * 2] -= amount
            pool[quarter * 2 + 1] += amount
        case _:
            pool[quarter * 2] -= step.amount_fen
    return replace(world, pools=_set(world.pools, place, tuple(pool)))


def _apply_clock(world: World, i: int, step: sla.ClockStep, at: int) -> World:
    clocks = {(j, c): t for j, c, t in world.clocks}
    used, met = world.pause_used, {(j, c): due for j, c, due in world.met}
    owner = -1 if getattr(step, "clock", None) is Clock.UNTIL else i
    match step:
        case sla.Start(clock, limit):
            assert (owner, clock) not in clocks, f"{clock} is started twice"
            clocks[owner, clock] = Ticking(at + _ticks(world, clock, limit))
        case sla.Keep(clock, _):
            clocks.setdefault((owner, clock), Ticking((world.case.until_at - NOW).days))
        case sla.Stop(clock) | sla.Void(clock):
            ticking = clocks.pop((owner, clock), None)
            used = _count_pause(ticking, used, i, at)
            if ticking is not None and owner >= 0:
                met[i, clock] = ticking.due + (0 if ticking.paused is None else at - ticking.paused)
        case sla.Reopen(clock):
            if (left := met.pop((i, clock), 0)) > 0:
                clocks[i, clock] = Ticking(left)
        case sla.VoidRest():
            for j, clock in tuple(clocks):
                if j == i:
                    used = _count_pause(clocks.pop((j, clock)), used, i, at)
        case sla.Pause(clock, _):
            if (ticking := clocks.get((owner, clock))) is not None:
                clocks[owner, clock] = Ticking(ticking.due, at)
        case sla.Carry():
            clocks.pop((i, Clock.DELIVERY), None)  # All others go on under the same number.
        case sla.Rest(clock):
            clocks[i, clock] = Ticking(at + max(1, met.pop((i, clock), 0)))
        case sla.Resume(clock):
            if (ticking := clocks.get((owner, clock))) is not None and ticking.paused is not None:
                used = _count_pause(ticking, used, i, at)
                clocks[owner, clock] = Ticking(ticking.due + at - ticking.paused)
    flat = tuple(sorted((j, c, t) for (j, c), t in clocks.items()))
    kept = tuple(sorted((j, c, left) for (j, c), left in met.items()))
    return replace(world, clocks=flat, pause_used=used, met=kept)


def _ticks(world: World, clock: Clock, limit: sla.Limit) -> int:
    if clock is Clock.ACCEPT:
        return world.accept
    return limit.count if clock in (Clock.PAPERS, Clock.CONTACT) else TICKS[clock]


def _count_pause(ticking: Ticking | None, used: tuple[int, ...], i: int, at: int) -> tuple[int, ...]:
    if ticking is None or ticking.paused is None:
        return used
    return _set(used, i, used[i] + at - ticking.paused)


def _set(values: tuple, i: int, value: object) -> tuple:  # type: ignore[type-arg]
    return (*values[:i], value, *values[i + 1 :])


# Time and acts.


def due(world: World) -> list[facts.Due]:
    """Clocks whose instant has come, in the order in which they fire."""
    found = []
    for i, clock, ticking in world.clocks:
        if ticking.due <= 0 and ticking.paused is None:
            position = i if i >= 0 else len(world.pools)
            suborder_id = holder(world, i).suborder_id if i >= 0 else None
            at = NOW + ticking.due * DAY
            found.append((rules.firing_order(clock, at, position), facts.Due(clock, at, suborder_id)))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def fire_due(world: World, setting: Setting) -> World:
    """What the worker does, and what every act does first."""
    while waiting := due(world):
        first = waiting[0]
        i = next((p.position - 1 for p in world.case.parts if p.suborder_id == first.suborder_id), -1)
        left = tuple(entry for entry in world.clocks if entry[:2] != (i, first.clock))
        world = replace(world, clocks=left)
        world = apply(world, rules.fire(with_context(world), first), setting)
    return world


def tick(world: World, setting: Setting) -> World:
    """A workday passes; nobody fires anything."""
    clocks = tuple((i, c, Ticking(t.due - 1, None if t.paused is None else t.paused - 1)) for i, c, t in world.clocks)
    worked = world.worked
    for i, clock, ticking in world.clocks:
        if clock is Clock.DECISION and ticking.paused is None and ticking.due > 0:
            worked = _set(worked, i, worked[i] + 1)
    alone = world.alone
    for i, clock, _ in world.met:
        if clock is Clock.DECISION:
            worked = _set(worked, i, min(worked[i] + 1, TICKS[clock]))
    for part in world.case.parts if setting.back else ():
        i = part.position - 1
        alone = _set(alone, i, min(alone[i] + 1, TICKS[Clock.CONTACT]) if part.state in AT_WORK else 0)
    owed = world.owed
    for part in world.case.parts if setting.moves else ():
        i = part.position - 1
        if part is holder(world, i):
            waits = part.state is State.PUSHED and not part.is_carried
            owed = _set(owed, i, min(owed[i] + 1, world.accept) if waits else 0)
    met = tuple((i, c, left if c is Clock.ACCEPT else max(0, left - 1)) for i, c, left in world.met)
    case = replace(world.case, until_at=world.case.until_at - DAY)
    return replace(world, clocks=clocks, worked=worked, alone=alone, owed=owed, met=met, case=case)


def commands(world: World, setting: Setting) -> Iterator[tuple[str, facts.Command]]:
    """Everything that anybody could try, allowed or not."""
    yield "withdraw", facts.Withdraw()
    for listed in world.case.listed:
        if listed.consent_id not in world.revoked:
            yield f"revoke {listed.position}", facts.Revoke(listed.consent_id)
    amounts = (1, ASKED) if setting.split else (ASKED,)
    for part in world.case.parts:
        who, n = part.suborder_id, part.position
        yield f"accept {n}", facts.Accept(who)
        yield f"refuse {n}", facts.Refuse(who, facts.Reason("I2", own_evidence=True))
        yield f"contact {n}", facts.Contact(who, NOW)
        yield f"investigate {n}", facts.Investigate(who)
        if setting.papers:
            for item in ("a", "b"):
                yield f"ask papers {n} {item}", facts.AskPapers(who, UUID(int=500 + n), (item,))
            yield f"bring papers {n}", facts.BringPapers(who)
        if setting.back:
            yield f"deny contact {n}", facts.DenyContact(who)
            yield f"contest papers {n}", facts.ContestPapers(who)
            yield f"retract {n}", facts.Retract(who, "fraud", seconded=True)
        if setting.moves:
            room = _room(world, n - 1 + len(world.quarters))
            yield (
                f"reassign {n}",
                facts.Reassign(who, UUID(int=800 + n), UUID(int=350 + n), True, room, UUID(int=550 + n)),
            )
        for amount in amounts:
            yield f"offer {n} {amount}", facts.Offer(who, UUID(int=600 + n), amount, 50_000, 12, 5)
            yield f"sign {n} {amount}", facts.Sign(who, amount, TODAY, TODAY, TODAY)
        yield f"pick {n}", facts.Pick(who)
        yield f"pay out {n}", facts.PayOut(who, UUID(int=700), 1 if setting.split else ASKED, TODAY, TODAY)
        yield f"end draws {n}", facts.EndDraws(who)
        if setting.loan_type is facts.LoanType.DEFERRAL:
            yield f"reschedule {n}", facts.Reschedule(who, TODAY, ASKED, TODAY + DAY, TODAY)
        yield f"let go {n}", facts.LetGo(who)


def do(world: World, case: facts.Case, command: facts.Command, setting: Setting) -> World | None:
    """An act on a world in which nothing is due; `case` is that world with its context. None when it is refused."""
    answer = rules.judge(case, command, NOW)
    if isinstance(answer, facts.Refused):
        return None
    if isinstance(command, facts.Revoke):
        world = replace(world, revoked=world.revoked | {command.consent_id})
    return apply(world, answer, setting)


def steps(world: World, setting: Setting) -> Iterator[tuple[str, World]]:
    """All worlds that may follow one in which nothing is due."""
    case = with_context(world)
    for name, command in commands(world, setting):
        if (after := do(world, case, command, setting)) is not None:
            yield name, after
    for part in case.parts if setting.appeals else ():
        was_refused = part.state is State.REFUSED and part.offer_id is None
        if was_refused and part.origin is not facts.Origin.APPEAL and part.suborder_id not in world.overturned:
            yield f"uphold the appeal of {part.position}", uphold(world, case, part, setting)
    if not case.parts and case.end is None:
        yield "the worker pushes first", apply(world, rules.push_first(case, NOW), setting)
    if world.clocks:
        yield "tick", fire_due(tick(world, setting), setting)
    if setting.turns and world.quarter == 0:
        yield "the quarter turns", replace(world, quarter=1)
    if setting.turns and world.quarter == 1 and not world.others and sum(world.pools[0][2:]) < ROOM:
        yield "another order takes room", replace(world, others=1)


def uphold(world: World, case: facts.Case, part: facts.Part, setting: Setting) -> World:
    """Somebody of the bank finds that it should not have refused."""
    consented = part.consent_id not in world.revoked
    answer = linking.reopen(case, part, UUID(int=900 + part.position), NOW, consented=consented)
    world = replace(world, overturned=world.overturned | {part.suborder_id})
    return world if answer is None else apply(world, answer, setting)


# What must always hold. The numbers are those of docs/order-machine.md.


def broken(world: World, setting: Setting) -> Iterator[str]:
    case, parts = world.case, world.case.parts
    live = case.live
    running = {(i, c) for i, c, _ in world.clocks}
    picked = [p for p in parts if p.state in FROM_PICK_ON]
    if len(picked) > 1:
        yield "I2 two offers are picked"
    if picked and any(p.state in BEFORE_PICK for p in live):
        yield "I12 a bank still works beside a picked one"
    if case.withdrawn_at is not None and live:
        yield "I13 a suborder lives on a withdrawn order"
    counted = sum(p.is_live and Clock.DECISION not in p.breached and p.origin is not facts.Origin.APPEAL for p in parts)
    if len({p.bank_id for p in live}) < len(live):
        yield "I21 a bank has two live suborders of one order"
    if any(p.suborder_id in world.overturned and p.state is not State.REFUSED for p in parts):
        yield "I22 a refusal that was overturned is no longer told as it was"
    if counted > case.places:
        yield "I8 more banks at work than places"
    waiting = [one for one in case.listed if one.suborder_id not in {p.suborder_id for p in parts}]
    if (
        parts and case.end is None and case.withdrawn_at is None and case.until_at > NOW and not picked
        and counted < case.places and any(one.consent_id not in world.revoked for one in waiting)
    ):  # fmt: skip
        yield "I9 a place is free, a bank waits, nobody pushes it"
    if case.end is not None and (live or world.clocks):
        yield "I7 an ended order still runs"
    if parts and not live and case.end is None and not any(p.state is State.SETTLED for p in parts):
        yield "I7 nothing lives and no end is stored"
    for part in parts:
        yield from _broken_part(world, part, running)
    yield from _broken_pools(world)


def _broken_part(world: World, part: facts.Part, running: set[tuple[int, Clock]]) -> Iterator[str]:
    i = part.position - 1
    mine = {c for j, c in running if j == i} if part is holder(world, i) else set()
    if part.state is State.PUSHED and not part.is_carried and world.owed[i] >= world.accept:
        yield "I20 a move gave a bank more days to answer"
    decided = (
        mine == set() and part is holder(world, i) and part.state is State.REFUSED and part.offer_id is not None
    )  # Offered, and taken back.
    if decided and world.worked[i] >= TICKS[Clock.DECISION] and Clock.DECISION not in part.breached:
        yield "I19 an offer that was taken back counts as a decision in time"
    if part.state in TERMINAL:
        if part.held_fen:
            yield "I4 an ended suborder holds money"
        if mine:
            yield "I5 a clock runs on an ended suborder"
        return
    unheard = part.state is State.ACCEPTED and not part.is_carried and Clock.CONTACT not in part.breached
    if unheard and world.alone[i] >= TICKS[Clock.CONTACT]:
        yield "I18 nobody has called, and the promise to call is not broken"
    covered = part.signed_fen - part.paid_fen if part.signed_fen else part.offered_fen
    defers = part.loan_type is facts.LoanType.DEFERRAL
    if defers and (part.held_fen or part.paid_fen or part.signed_fen):
        yield "I23 a deferral holds or draws money"
    owes_hold = not defers and part.state in (State.OFFERED, State.PICKED, State.SIGNED, State.PAYING)
    if owes_hold and part.held_fen != covered:
        yield "I4 money that was offered is not held"
    if part.state is State.SERVICED and (part.held_fen or mine):
        yield "I4 a serviced loan still holds money or runs a clock"
    if Clock.DECISION in part.breached and part.held_fen and part.state in BEFORE_PICK[:4]:
        yield "I4 the hold outlived the DECISION deadline"
    expected, owed = EXPECTED[part.state], OWED.get(part.state, frozenset()) - part.breached
    if part.is_carried and part.state is State.PUSHED:
        expected, owed = expected | WORK | {Clock.CONTACT}, owed | {Clock.DECISION} - part.breached
    if part.is_carried:
        owed -= {Clock.CONTACT}  # It may have been kept by the branch before.
    if mine - expected:
        yield f"I5 {min(mine - expected)} runs in {part.state}"
    if owed - mine:
        yield f"I5 {min(owed - mine)} does not run in {part.state}"
    if part.state in BEFORE_PICK and (-1, Clock.UNTIL) not in running:
        yield "I6 nothing ends the order"
    decision = clock_of(world, i, Clock.DECISION)
    if decision is not None and (decision.paused is None) != (part.papers_open is None):
        yield "I14 a pause without a request, or a request without a pause"
    if part.papers_open is not None and (Clock.DECISION in part.breached or Clock.PAPERS not in mine):
        yield "I14 a breached or endless pause"
    if world.worked[i] > TICKS[Clock.DECISION] or world.pause_used[i] > PAUSE_CAP:
        yield "I10 more days than the limit: time was bought"
    if part.consent_id in world.revoked and part.state in (*BEFORE_PICK, State.PICKED):
        yield "I11 a suborder lives under a revoked consent"
    if part.state in (State.CONTACTED, State.INVESTIGATING):
        offer = facts.Offer(part.suborder_id, UUID(int=600), 1, 50_000, 12, 5)
        case = with_context(world)
        has_money = defers or case.part(part.suborder_id).context.room_fen + part.held_fen > 0
        if has_money and isinstance(rules.judge(case, offer, NOW), facts.Refused):
            yield "I17 a bank with money may work the case and can never offer"


WORK = frozenset({Clock.DECISION, Clock.PAPERS, Clock.DELIVERY})
EXPECTED = {
    State.PUSHED: frozenset({Clock.ACCEPT}),
    State.ACCEPTED: WORK | {Clock.CONTACT},
    State.CONTACTED: WORK,
    State.INVESTIGATING: WORK,
    State.OFFERED: frozenset({Clock.OFFER, Clock.DELIVERY}),
    State.PICKED: frozenset({Clock.SIGN, Clock.GRACE, Clock.DELIVERY}),
    State.SIGNED: frozenset({Clock.PAYOUT, Clock.DRAWS, Clock.DELIVERY}),
    State.PAYING: frozenset({Clock.DRAWS, Clock.DELIVERY}),
    State.SERVICED: frozenset(),
}
OWED = {
    State.PUSHED: frozenset({Clock.ACCEPT}),
    State.ACCEPTED: frozenset({Clock.DECISION, Clock.CONTACT}),
    State.CONTACTED: frozenset({Clock.DECISION}),
    State.INVESTIGATING: frozenset({Clock.DECISION}),
    State.OFFERED: frozenset({Clock.OFFER}),
    State.PICKED: frozenset({Clock.SIGN}),
    State.SIGNED: frozenset({Clock.PAYOUT, Clock.DRAWS}),
    State.PAYING: frozenset({Clock.DRAWS}),
}


def _broken_pools(world: World) -> Iterator[str]:
    for i, pool in enumerate(world.pools):
        held = [0, 0]
        for part in world.case.parts:
            if part.held_fen and pool_of(world, part) == i:
                held[world.quarters[part.position - 1]] += part.held_fen
        if [pool[0], pool[2]] != held:
            yield "I4 the pool's counter is not the sum of its open holds"
        others = world.others if i == 0 else 0
        if min(pool) < 0 or pool[0] + pool[1] > ROOM or pool[2] + pool[3] + others > ROOM:
            yield "I3 a pool below nothing or above its cap"


ENDS = frozenset(End)
