"""The way of every act: lock the order, fire its due clocks in order of time, judge, write, tell.

No result depends on when the worker ran: a clock that was due fires here at its own instant, before the act is
judged. When that ends what the act is about, the firing is kept and the act is refused (`Refusal.keep`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import BRANCH_ROLES, Seat, SeatRole
from app.credit import consents
from app.infra import outbox
from app.infra.db import Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import parties
from app.market.orders import rules, store
from app.market.orders.rules import facts
from app.market.orders.rules.states import FIRM_ACTS, LENT, TERMINAL, Act, Clock, State
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.telling import announce
from app.market.orders.store import lending as lending_store
from app.office import clocks, proposals

KINDS: Final = frozenset(clock.value for clock in Clock)
FIRINGS_MAX: Final = 100  # A few clocks of a few suborders; more means that a clock starts itself.
CONTEXTUAL: Final = (facts.Accept, facts.Offer, facts.AskPapers, facts.DenyContact, facts.Retract)
CLOSED_BY: Final = {
    Act.BRING_PAPERS: "brought",
    Act.CAP_PAPERS: "capped",
    Act.CONTEST_PAPERS: "contested",
    Act.REASSIGN: "moved",
}
DETAILS: Final[Mapping[str, str]] = {
    "wrong-state": "当前状态不允许该操作",
    "four-eyes": "须由另一人复核",
    "quota-exhausted": "额度池余额不足",
}


@dataclass(frozen=True, slots=True)
class Entered:
    """An order that is locked, with nothing due. `fired`: clocks have fired on the way in."""

    case: facts.Case
    order: Record
    now: datetime
    fired: bool = False

    def part(self, suborder_id: UUID, by: Seat) -> facts.Part:
        """The suborder, when the seat is one of its two sides; else `not-found`, as if there were none."""
        part = next((one for one in self.case.parts if one.suborder_id == suborder_id), None)
        if part is None or not is_side(part, self.case.business_id, by):
            raise Refusal("not-found")
        return part


def is_side(part: facts.Part, business_id: UUID, by: Seat) -> bool:
    """Whether the seat is the firm's, or the bank's and (for a branch's people) that branch's."""
    if by.role is SeatRole.BUSINESS:
        return by.org_id == business_id
    return by.org_id == part.bank_id and (by.role not in BRANCH_ROLES or by.branch_id == part.branch_id)


async def find(tx: Tx, suborder_id: UUID) -> UUID:
    """The order of a suborder among the caller's own; from here on the transaction is about that order."""
    order_id = await store.find_order_of(tx, suborder_id)
    if order_id is None:
        raise Refusal("not-found")
    await narrow(tx, order_id)
    return order_id


async def narrow(tx: Tx, order_id: UUID) -> None:
    if tx.role is Role.ACT:
        await tx.narrow(case_id=order_id)


async def enter(tx: Tx, order_id: UUID, *, now: datetime) -> Entered:
    """Lock the order, fire what is due, and read it. Refuses `not-found`."""
    order = await store.lock_order(tx, order_id)
    if order is None:
        raise Refusal("not-found")
    fired = await fire_due(tx, order, now=now)
    if fired:
        order = await store.read_order(tx, order_id)
        assert order is not None, "orders are never deleted"
    return Entered(await load(tx, order, at=now), order, now, fired > 0)


async def fire_due(tx: Tx, order: Record, *, now: datetime) -> int:
    """Fire the due clocks of a locked order, each at its own instant, in order of time; returns how many.

    One at a time, since a firing may start or void others: a breach pushes a reserve whose clock may be due as well.
    """
    order_id = order["order_id"]
    for count in range(FIRINGS_MAX):
        due = await clocks.due_of(tx, order_id, now)
        if not due:
            return count
        current = await store.read_order(tx, order_id)
        assert current is not None, "orders are never deleted"
        places = await store.read_positions(tx, order_id)
        first = min(due, key=lambda c: _firing_order(c, places))
        await clocks.breach(tx, first.clock_id)
        if first.kind not in KINDS:
            continue  # A promise beside the order (an answer to an appeal): its breach is told, and moves nothing.
        case = await load(tx, current, at=first.due_at)
        suborder_id = None if Clock(first.kind) is Clock.UNTIL else first.case_id
        outcome = rules.fire(case, facts.Due(Clock(first.kind), first.due_at, suborder_id))
        await write(tx, current, case, outcome, by=None)
    raise AssertionError("clocks of an order start each other without end")


def _firing_order(clock: clocks.ClockState, places: Mapping[UUID, int]) -> tuple[datetime, int, int]:
    last = max(places.values(), default=0) + 1
    kind = Clock(clock.kind) if clock.kind in KINDS else Clock.UNTIL
    return rules.firing_order(kind, clock.due_at, places.get(clock.case_id, last))


async def load(tx: Tx, order: Record, *, at: datetime) -> facts.Case:
    """The whole order as the rules want it at an instant, its suborders locked."""
    order_id = order["order_id"]
    parts = await store.lock_parts(tx, order_id)
    asked = await store.read_asked(tx, order_id) if parts else {}
    held = {}
    for row in parts:
        if row["state"] not in TERMINAL and row["accepted_at"] is not None:
            reservation = await parties.open_reservation(tx, row["suborder_id"])
            held[row["suborder_id"]] = 0 if reservation is None else reservation.held_fen
    waiting = [row for row in order["listed"] if row["suborder_id"] not in {part["suborder_id"] for part in parts}]
    over = order["end_state"] is not None or order["withdrawn_at"] is not None or at >= order["until_at"]
    holds = {} if over else await _holds(tx, order, waiting, at)
    bounds = await bounds_on(tx, shanghai_date(order["posted_at"]))
    lent = [row["suborder_id"] for row in parts if row["state"] in LENT]
    loans = await lending_store.read_loans(tx, lent) if lent else {}
    return store.case_of(order, bounds, parts, held, asked, holds, loans)


async def _holds(tx: Tx, order: Record, waiting: list[Record], at: datetime) -> dict[UUID, bool]:
    """Which listed banks still fit: the consent stands and the list in force covers the need, at that instant."""
    if not waiting:
        return {}
    letters = {letter.consent_id: letter for letter in await consents.find_for_order(tx, order["order_id"])}
    need = need_of(order)
    branch_ids = [row["branch_id"] for row in waiting]
    lists = await parties.shelf.lists_in_force(tx, branch_ids, shanghai_date(at))
    found = {}
    for row in waiting:
        letter = letters.get(row["consent_id"])
        stands = letter is not None and stands_at(letter, at)
        if stands:
            stands = parties.covers(lists.get((row["branch_id"], row["product_id"])), need)
        found[row["suborder_id"]] = stands
    return found


def stands_at(letter: consents.Consent, at: datetime) -> bool:
    """Whether a consent holds at an instant."""
    return (
        not letter.gated and letter.valid_from <= at < letter.valid_to
        and (letter.revoked_at is None or at < letter.revoked_at)
    )  # fmt: skip


def need_of(order: Record) -> parties.Need:
    """What the firm asked for, to hold against published lists."""
    return parties.Need(
        order["amount_fen"], order["term_months"], order["purpose"], order["collateral"], order["district_code"]
    )


async def with_context(tx: Tx, entered: Entered, suborder_id: UUID) -> facts.Case:
    """The case with what stands outside it for one suborder: what is published, the pool's room, the DECISION clock."""
    case, now = entered.case, entered.now
    part = case.part(suborder_id)
    pool = await parties.pools.pool_of(tx, parties.PoolKey(part.branch_id, part.product_id), shanghai_date(now))
    terms = None if part.state in TERMINAL else await _terms(tx, part, now)
    context = facts.Context(
        terms,
        0 if pool is None else pool.free_fen,
        await clocks.state_of(tx, suborder_id, Clock.DECISION) == "running",
        await clocks.pause_left(tx, suborder_id, Clock.DECISION, at=now),
        await clocks.carrying.met_due(tx, suborder_id, Clock.CONTACT),
        await clocks.carrying.met_due(tx, suborder_id, Clock.DECISION),
    )
    parts = tuple(replace(one, context=context) if one is part else one for one in case.parts)
    return replace(case, parts=parts)


async def _terms(tx: Tx, part: facts.Part, now: datetime) -> facts.Terms | None:
    """Before acceptance the list in force today binds; later what the bank took on stays offered by its product."""
    entry = await parties.shelf.list_in_force(tx, part.branch_id, part.product_id, shanghai_date(now))
    if part.accepted_at is None:
        return None if entry is None else facts.Terms(
            entry.ceiling_fen, entry.approval_level_fen, entry.rate_min_ppm, entry.rate_max_ppm, entry.term_months_max,
            entry.amount_min_fen, 1,
        )  # fmt: skip
    if entry is None:
        on = shanghai_date(part.accepted_at)
        entry = await parties.shelf.list_in_force(tx, part.branch_id, part.product_id, on)
        assert entry is not None, "a list covered it when it was accepted, and lists are never taken back in time"
    product = await parties.shelf.get_product(tx, part.product_id)
    return facts.Terms(
        entry.ceiling_fen, entry.approval_level_fen, product.rate_min_ppm, product.rate_max_ppm,
        product.term_months_max, product.amount_min_fen, product.term_months_min,
    )  # fmt: skip


async def decide(
    tx: Tx, entered: Entered, command: facts.Command, *, by: Seat | None, answer: str = ""
) -> facts.Outcome:
    """Judge a command and write what follows; refused as the rule says. `answer` closes a request for papers."""
    case = entered.case
    act = rules.ACT_OF[type(command)]
    if by is not None and (by.role is SeatRole.BUSINESS) != (act in FIRM_ACTS):
        raise Refusal("forbidden")
    if isinstance(command, CONTEXTUAL):
        case = await with_context(tx, entered, command.suborder_id)
    outcome = rules.judge(case, command, entered.now)
    if isinstance(outcome, facts.Refused):
        raise refusal_of(outcome, kept=entered.fired)
    await write(tx, entered.order, case, outcome, by=by, answer=answer)
    suborder_id = getattr(command, "suborder_id", None)
    detail = {"suborder_id": str(suborder_id)} if suborder_id is not None else {}
    await audit.write(tx, f"order.{act.value}", subject_id=entered.order["subject_id"], case_id=case.order_id,
                      detail=detail)  # fmt: skip
    return outcome


def refusal_of(refused: facts.Refused, *, kept: bool) -> Refusal:
    """The rule's answer as the problem that people and machines get."""
    extra: dict[str, object] = {}
    if refused.code == "wrong-state":
        extra["allowed"] = [act.value for act in refused.allowed]
    if refused.detail:
        extra["why"] = refused.detail
    refusal = Refusal(refused.code, DETAILS.get(refused.code, ""), **extra)
    refusal.keep = kept
    return refusal


async def write(
    tx: Tx, order: Record, before: facts.Case, outcome: facts.Outcome, *, by: Seat | None, answer: str = ""
) -> None:
    """Write an outcome: moves, suborders, money, the order's end; then tell, so that the clocks follow."""
    after = outcome.case
    who = (None, None) if by is None else (by.person_id, by.org_id)
    known = {part.suborder_id: part for part in before.parts}
    last = {step.part.suborder_id: step for step in outcome.steps if isinstance(step, facts.Moved)}
    for step in outcome.steps:
        if isinstance(step, facts.Moved) and step.part.origin_id is None:
            if step.act is Act.PUSH:
                await store.push_part(tx, before, step, who, tx.wall)
            else:
                await store.append_move(tx, before, step, who, tx.wall)
    for part in after.parts:
        old = known.get(part.suborder_id)
        if old is not None and part != old:
            await _save(tx, before, old, part, last.get(part.suborder_id), answer)
    # What follows another suborder comes after that one's end: a bank has one that lives.
    for step in outcome.steps:
        if isinstance(step, facts.Moved) and step.part.origin_id is not None:
            if step.part.state is State.LISTED:
                await _insert(tx, before, after, step)
            await store.append_move(tx, before, step, who, tx.wall)
    await _move_money(tx, before.order_id, outcome)
    for step in outcome.steps:
        if isinstance(step, facts.TakenBack):
            await store.set_withdrawn(tx, before.order_id, step.at)
        elif isinstance(step, facts.Ended):
            await store.set_ended(tx, before.order_id, step.end, step.at)
    for event in announce(before, outcome, order["until_on"]):
        await outbox.record(tx, event)


async def _insert(tx: Tx, before: facts.Case, after: facts.Case, step: facts.Moved) -> None:
    """A suborder that follows another one, whose open request for papers it takes over."""
    part = after.part(step.part.suborder_id)
    await store.insert_follower(tx, part, step.at, part.origin.value)
    if part.papers_open is not None and part.origin_id is not None:
        request_id = before.part(part.origin_id).papers_open
        assert request_id is not None
        await store.copy_request(tx, part, request_id)


async def _save(
    tx: Tx, case: facts.Case, old: facts.Part, part: facts.Part, move: facts.Moved | None, answer: str
) -> None:
    assert move is not None, "a suborder changes by a move"
    await store.save_part(tx, old, part, move.at, move.cause or move.act.value)
    if old.papers_open is not None and part.papers_open is None:
        how = CLOSED_BY.get(move.act, "ended")
        await store.close_papers(tx, old.papers_open, how, answer, move.at)
    if part.state in TERMINAL:
        await proposals.void_open(tx, part.suborder_id, now=move.at)


async def _move_money(tx: Tx, order_id: UUID, outcome: facts.Outcome) -> None:
    """Pool money, guarded once more by its own counters. Several releases lock their pools by id first."""
    released: dict[UUID, facts.Released] = {}
    for step in outcome.steps:
        match step:
            case facts.Held(part, amount, at):
                key = parties.PoolKey(part.branch_id, part.product_id)
                if await parties.hold(tx, key, part.suborder_id, amount, at, order_id=order_id) is None:
                    raise Refusal("quota-exhausted", DETAILS["quota-exhausted"])
            case facts.Shrunk(part, amount, at):
                given = await parties.shrink(tx, part.suborder_id, to_fen=part.held_fen - amount, at=at)
                assert given == amount, "the hold is what was judged"
            case facts.Posted(part, draw_id, amount, at):
                await parties.post(tx, part.suborder_id, draw_id, amount, at)
            case facts.Released(part, amount, at, expired=True):
                given = await parties.expire(tx, part.suborder_id, at)
                assert given == amount, "the hold is what was judged"
            case facts.Released(part):
                released[part.suborder_id] = step
            case _:
                pass
    if released:
        at = next(iter(released.values())).at
        given_back = await parties.release_all(tx, released, at)
        assert given_back == {who: step.amount_fen for who, step in released.items()}, "the hold is what was judged"
