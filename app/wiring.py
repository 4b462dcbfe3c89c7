"""The composition root of events and jobs: which room listens to which event of another, and what a worker runs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from app.access import audit, clients, seats
from app.credit import ingestion
from app.credit.consents.events import ConsentRevoked
from app.credit.consents.jobs import finish_revocations
from app.credit.ingestion.events import MaskedFirmsLanded, OutletsLanded
from app.infra.db import Database, Role, Tx
from app.infra.http import Outgoing
from app.infra.outbox import Bus
from app.infra.settings import Settings
from app.kernel.events import Event
from app.market import announcements, complaints, orders, oversight, ratings, reckonings, sla, supervision
from app.market.limits.jobs import keep_ratings
from app.market.orders import events as order_events
from app.market.orders.events import OrderPosted, SuborderEvent, SuborderPushed, SuborderRefused
from app.market.orders.jobs import compare_refusal, keep_grade
from app.market.orders.service.sweeping import CASE_KINDS as ORDER_CASES
from app.market.orders.store import lock_free as lock_free_orders
from app.market.packages.events import DeliveryFailed, PackageDelivered, PackageSealed
from app.market.packages.jobs import note_delivered, note_failed, tell_bank
from app.market.parties.jobs import open_branches, reconcile_newest, reconcile_pools
from app.market.recommendations.events import FirmRecommended
from app.market.supervision.jobs import measure
from app.market.supervision.service import circular_figures
from app.office import clocks, messages
from app.office.clocks.events import DeadlineRecounted, RungReached
from app.office.clocks.jobs import tell_rungs
from app.office.deliveries import Courier
from app.office.deliveries.events import NoticeDelivered, NoticeFailed
from app.office.proposals.jobs import expire_proposals
from app.portal import jobs as operators
from app.replay.what_if import compute
from app.web import idempotency
from app.worker import Job, every

RECONCILE_SECONDS: Final = 45  # A wrong counter freezes its pool within a minute (P4).
RECONCILE_ALL_SECONDS: Final = 6 * 3600
FORGET_SECONDS: Final = 600
NIGHTLY_SECONDS: Final = 300
DRAW_SECONDS: Final = 600
SEAL_SECONDS: Final = 60
REMIND_SECONDS: Final = 600


def make_bus() -> Bus:
    """Subscribe every listener. Order matters only within one event's in-transaction list."""
    bus = Bus()
    for kind in sla.LISTENED:
        bus.listen_in_tx(kind, sla.keep_time)
    bus.listen_in_tx(ConsentRevoked, orders.end_revoked)
    bus.listen_in_tx(OrderPosted, supervision.note_traits)
    bus.listen_in_tx(NoticeDelivered, note_delivered)
    bus.listen_in_tx(NoticeFailed, note_failed)
    bus.listen_in_tx(PackageDelivered, sla.package_delivered)
    bus.listen_in_tx(DeliveryFailed, sla.delivery_failed)
    bus.listen_after("orders.push_first", OrderPosted, orders.push_first)
    bus.listen_after("orders.keep_grade", SuborderPushed, keep_grade)
    bus.listen_after("orders.compare_refusal", SuborderRefused, compare_refusal)
    bus.listen_after("parties.open_branches", OutletsLanded, open_branches)
    bus.listen_after("limits.keep_ratings", MaskedFirmsLanded, keep_ratings)
    told: tuple[type[Event], ...] = (PackageSealed, *_suborder_events())
    for event in told:
        bus.listen_after("packages.tell_bank", event, tell_bank)
    messages.know(announcements.TEXTS)
    messages.know(operators.TEXTS)
    _oversee(bus)
    _hear_voices(bus)
    for fact in announcements.ANNOUNCED:
        bus.listen_after("announcements.announce", fact, announcements.announce)
    bus.listen_after("announcements.announce_rung", RungReached, announcements.announce_rung)
    bus.listen_after("announcements.announce_recount", DeadlineRecounted, announcements.announce_recount)
    bus.listen_after("announcements.recommended", FirmRecommended, announcements.announce_recommendation)
    return bus


def _oversee(bus: Bus) -> None:
    """Rungs urge, and who is concerned hears of every act on an urge or a circular."""
    messages.know(oversight.TEXTS)
    for source in circular_figures.SOURCES:
        oversight.register_source(source)
    clocks.register(oversight.KIND)
    bus.listen_after("oversight.urge_for_rung", RungReached, oversight.urge_for_rung)
    bus.listen_after("oversight.tell_urge", oversight.UrgeMoved, oversight.tell_urge)
    bus.listen_after("oversight.tell_circular", oversight.CircularMoved, oversight.tell_circular)


def _hear_voices(bus: Bus) -> None:
    """What firms say has its clocks, and who is concerned hears of it."""
    messages.know(complaints.TEXTS)
    messages.know(ratings.TEXTS)
    clocks.register(complaints.CASES)
    clocks.register(ratings.following.CASES)
    for fact in complaints.TOLD:
        bus.listen_after("complaints.tell", fact, complaints.tell)
    bus.listen_after("ratings.tell_work_order", ratings.WorkOrderOpened, ratings.tell_work_order)


@asynccontextmanager
async def worker_jobs(settings: Settings, db: Database) -> AsyncIterator[Mapping[str, Job]]:
    """What a worker does beside the outbox, by name; each returns how much it did."""
    async with Outgoing(loopback=settings.webhook_loopback, production=settings.production) as outgoing:
        courier = Courier(db, outgoing)
        gateway = messages.open_gateway(settings, outgoing)
        try:
            yield {
                "clocks": lambda: orders.sweep(db),
                "cases": lambda: clocks.sweep(db),
                "rungs": lambda: tell_rungs(db),
                "recounts": lambda: clocks.recounting.recount(db, dict.fromkeys(ORDER_CASES, lock_free_orders)),
                "calendar": every(REMIND_SECONDS, _in_one(db, operators.remind_of_calendar)),
                "batches": lambda: ingestion.load_waiting(db),
                "profiles": lambda: ingestion.profile_waiting(db),
                "sealing": every(SEAL_SECONDS, lambda: ingestion.seal_open_files(db)),
                "deliveries": courier.tick,
                "messages": lambda: messages.send_due(db, gateway),
                "proposals": _in_one(db, expire_proposals),
                "seals": audit.Sealer(db, settings.heads_folder).tick,
                "figures": _in_one(db, supervision.fold),
                "conduct": _in_one(db, measure),
                "revocations": lambda: finish_revocations(db, lock_first=orders.lock_for_revocation),
                "callbacks": every(DRAW_SECONDS, _in_one(db, ratings.draw_callbacks)),
                "pools": every(RECONCILE_SECONDS, _in_one(db, reconcile_newest)),
                "all-pools": every(RECONCILE_ALL_SECONDS, _in_one(db, reconcile_pools)),
                "nightly": every(NIGHTLY_SECONDS, _in_one(db, reckonings.ask_nightly)),
                "reckonings": lambda: reckonings.run_waiting(db, compute),
                "forgetting": every(FORGET_SECONDS, _in_one(db, _forget)),
            }
        finally:
            await courier.close()


def _in_one(db: Database, job: Callable[[Tx], Awaitable[object]]) -> Job:
    """A job that is one transaction of the worker's."""

    async def run() -> int:
        async with db.transaction(Role.WORKER) as tx:
            done = await job(tx)
        return done if isinstance(done, int) else 0

    return run


async def _forget(tx: Tx) -> None:
    """Drop what has run out: idempotency rows, sessions, used assertions and tokens."""
    await idempotency.forget(tx, tx.wall)
    await seats.forget_old(tx)
    await clients.forget_expired(tx)


def _suborder_events() -> list[type[SuborderEvent]]:
    """Every event of a suborder: each names the bank that may be told of it."""
    return [
        kind
        for kind in vars(order_events).values()
        if isinstance(kind, type) and issubclass(kind, SuborderEvent) and kind is not SuborderEvent
    ]
