"""Reading orders: the firm's view, the bank's inbox, one suborder with its history, and why a deadline is as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access.seats import Seat
from app.credit.consents import Why
from app.infra.db import ReadTx, Record, Role, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market import packages
from app.market.orders import rules, store
from app.market.orders.rules.stages import LIVE
from app.market.orders.rules.states import BEFORE_SIGNING, TERMINAL, Act, Standing, State
from app.market.orders.service import acting
from app.market.orders.service.appealing import AppealView, view_appeal
from app.market.orders.service.bounds import bounds_on
from app.market.orders.service.lending import LoanView, loan_of
from app.market.orders.store import desk as desk_store
from app.office import clocks, policies, proposals
from app.office.proposals import Proposal

IN_HAND: Final = tuple(state.value for state in (*BEFORE_SIGNING, State.SIGNED, State.PAYING))


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its firm sees it: what was asked, what it is now, its banks, and the clocks of all of them."""

    order: Record
    standing: Standing
    listed: Sequence[Record]
    suborders: Sequence[Record]
    clocks: Sequence[clocks.ClockState]


@dataclass(frozen=True, slots=True)
class SuborderView:
    """A suborder with all that was done on it. `allowed` names the acts that its state allows to people."""

    suborder: Record
    allowed: tuple[Act, ...]
    moves: Sequence[Record]
    clocks: Sequence[clocks.ClockState]
    papers: Sequence[Record]
    offer: Record | None
    refusal: Record | None
    contacts: Sequence[Record]
    contract: Record | None
    draws: Sequence[Record]
    proposals: Sequence[Proposal]
    retraction: Record | None = None
    words: Sequence[Record] = ()  # What the firm said to this bank.
    appeal: AppealView | None = None
    loan: LoanView | None = None  # From its first draw on.

    @property
    def contact(self) -> Record | None:
        """The contact that stands."""
        last = self.contacts[-1] if self.contacts else None
        return last if last is not None and last["denied_at"] is None else None


async def get_order(tx: ReadTx, order_id: UUID) -> OrderView:
    """One order that the caller's audience may see, else `not-found`."""
    order = await store.read_order_whole(tx, order_id)
    if order is None:
        raise Refusal("not-found")
    suborders = order["suborders"]
    bounds = await bounds_on(tx, shanghai_date(order["posted_at"]))
    standing = rules.fold(store.case_of(order, bounds, suborders, {}, {}, {}, {}))
    return OrderView(order, standing, order["listed"], suborders, await clocks.of_root(tx, order_id))


async def list_orders(
    tx: ReadTx, business_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Record]:
    """A firm's orders, newest first, beyond `after` (posted_at, order_id)."""
    return await store.read_orders(tx, business_id, after, limit)


async def inbox(
    tx: ReadTx, *, states: Sequence[str] = IN_HAND, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Record]:
    """What the caller's branch (or bank) has in hand, soonest deadline first, beyond `after` (due_at, suborder_id)."""
    return await store.read_inbox(tx, states, after, limit)


async def get_suborder(tx: ReadTx, suborder_id: UUID) -> SuborderView:
    """One suborder that the caller's audience may see, else `not-found`."""
    row = await store.read_suborder(tx, suborder_id)
    if row is None:
        raise Refusal("not-found")
    part = store.part_of(row)
    is_refused = row["state"] == State.REFUSED
    own = [c for c in await clocks.of_root(tx, row["order_id"]) if c.case_id in (suborder_id, row["order_id"])]
    return SuborderView(
        row, rules.allowed_acts(part), await store.read_moves(tx, suborder_id), own,
        await store.read_papers(tx, suborder_id), await store.read_offer(tx, suborder_id),
        await store.read_child(tx, "refusals", suborder_id), await store.read_contacts(tx, suborder_id),
        await store.read_child(tx, "contracts", suborder_id), await store.read_draws(tx, suborder_id),
        await _waiting(tx, suborder_id), await store.read_child(tx, "retractions", suborder_id) if is_refused else None,
        await store.read_words(tx, suborder_id), await view_appeal(tx, suborder_id) if is_refused else None,
        await loan_of(tx, row),
    )  # fmt: skip


async def _waiting(tx: ReadTx, suborder_id: UUID) -> Sequence[Proposal]:
    """What waits for a second person: the bank's own matter, which the firm does not see."""
    return await proposals.open_of(tx, suborder_id) if tx.role in (Role.BANK, Role.ACT) else ()


async def explain_clock(tx: ReadTx, suborder_id: UUID, kind: str, *, now: datetime) -> clocks.Explanation:
    """Why a deadline of a suborder (UNTIL: of its order) is on its day. Refuses `not-found`."""
    row = await store.read_suborder(tx, suborder_id)
    if row is None:
        raise Refusal("not-found")
    case_id = row["order_id"] if kind == "UNTIL" else suborder_id
    explained = await clocks.explain(tx, row["order_id"], now=now)
    if (case_id, kind) not in explained:
        raise Refusal("not-found")
    return explained[case_id, kind]


async def ladder_of(tx: ReadTx, why: clocks.Explanation) -> Sequence[tuple[int, Sequence[str], datetime | None]]:
    """Who is told when: share of the counted time in percent, whom, and at which instant (None during a pause)."""
    policy = await policies.get_version(tx, "clock", why.clock.policy_key or why.clock.kind, why.policy_version)
    reached = {rung.share: rung.at for rung in why.rungs}
    return [(rung["share"], rung["told"], reached.get(rung["share"])) for rung in policy.body["rungs"]]


async def open_package(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> packages.Envelope:
    """The sealed package for a bank's machine, while its suborder lives. Refuses as `packages.open` does."""
    await lock_alive(tx, suborder_id, by=by, now=now)
    return await packages.deliver(tx, suborder_id, by=by, now=now)


async def lock_alive(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> None:
    """Hold a suborder alive until the transaction ends; `consent-missing` when it has ended, by now at the latest.

    A consent lives as long as its suborder. Role `act`, since PostgreSQL locks only what the role may update.
    """
    order_id = await acting.find(tx, suborder_id)
    if await clocks.due_of(tx, order_id, now):
        await acting.enter(tx, order_id, now=now)
    state = await store.share_state(tx, suborder_id)
    if state is None or State(state) in TERMINAL:
        raise Refusal("consent-missing", reason=Why.SUBORDER_ENDED.value)
    row = await store.read_suborder(tx, suborder_id)
    assert row is not None, "it was locked"
    if not acting.is_side(store.part_of(row), row["business_id"], by):
        raise Refusal("not-found")


@dataclass(frozen=True, slots=True)
class BranchWork:
    """What a branch has in hand, as its inbox counts it: suborders, those with a broken promise, those due today."""

    branch_id: UUID
    open: int
    late: int
    today: int


async def branch_work(tx: ReadTx) -> list[BranchWork]:
    """Every branch of the caller's bank that has something in hand, in no order. For a head office."""
    rows = await desk_store.read_branches(tx, LIVE, now=tx.now, today=shanghai_date(tx.now))
    return [BranchWork(row["branch_id"], row["parts"], row["late"], row["today"]) for row in rows]
