"""Makers of things that belong to somebody, for the access matrix. A room that has such routes adds its maker here.

A maker gets a database and two casts of seats by role (`mine` and `others`, different organisations) and returns the
path parameters of a thing that each role of `mine` may see, and of one that belongs to `others`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.access import clients
from app.access.seats import Seat, SeatRole
from app.infra.db import Database, Role, Scope
from app.market.orders.service import inbox
from app.office import deliveries
from app.office.messages.rules import Channel
from app.office.messages.service.addresses import set_address
from tests.access.clients.machine import Machine
from tests.credit.ingestion import objects as ingestion
from tests.market.complaints import objects as complaints
from tests.market.orders import objects as orders
from tests.market.oversight import objects as oversight
from tests.market.papers import objects as papers
from tests.market.parties import objects as parties
from tests.market.products import objects as products
from tests.market.promises import objects as promises
from tests.market.ratings import objects as ratings
from tests.market.reckonings import objects as reckonings
from tests.market.supervision import objects as supervision

Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """Path parameters of one's own thing and of another's."""

    own: Params
    foreign: Params


Maker = Callable[[Database, Mapping[SeatRole, Seat], Mapping[SeatRole, Seat]], Awaitable[Made]]


async def make_proposals(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A pool of each bank that waits for its second person."""
    ids = [(await parties.propose_pool(db, seats))[1].proposal_id for seats in (mine, others)]
    return Made(*({"proposal_id": str(found)} for found in ids))


async def make_pools(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A frozen pool of each bank."""
    ids = [await parties.frozen_pool(db, seats) for seats in (mine, others)]
    return Made(*({"pool_id": str(found)} for found in ids))


async def make_lists(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A list in force of each bank."""
    ids = [await parties.published_list(db, seats) for seats in (mine, others)]
    return Made(*({"list_id": str(found)} for found in ids))


async def make_lists_changes(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A change of many lists of each bank that waits for its second person."""
    ids = [await parties.lists_change(db, seats) for seats in (mine, others)]
    return Made(*({"proposal_id": str(found)} for found in ids))


async def make_outlets(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """An outlet that waits for a person, and the bank whose it could be."""
    found = [await parties.queued_outlet(db, seats) for seats in (mine, others)]
    return Made(*({"bank_id": str(bank_id), "outlet_id": str(outlet_id)} for bank_id, outlet_id in found))


async def make_orders(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """An order of each firm, pushed to a branch of its bank."""
    found = [await orders.posted_order(db, seats, number) for number, seats in ((801, mine), (802, others))]
    return Made(
        *(
            {
                "suborder_id": str(one.suborder_id),
                "order_id": str(one.order_id),
                "consent_id": str(one.consent_id),
                "kind": "ACCEPT",
            }
            for one in found
        )
    )


async def make_batches(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A file of each department."""
    ids = [await ingestion.stored_batch(db, seats[SeatRole.DATA_OFFICER]) for seats in (mine, others)]
    return Made(*({"batch_id": str(found)} for found in ids))


async def make_offered_batches(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A file of each department whose profile waits for a decision."""
    ids = [await ingestion.stored_batch(db, seats[SeatRole.DATA_OFFICER], offer=True) for seats in (mine, others)]
    return Made(*({"batch_id": str(found)} for found in ids))


async def make_clients(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A machine of each bank."""
    ids = []
    for admin in (mine[SeatRole.BANK_ADMIN], others[SeatRole.BANK_ADMIN]):
        machine = Machine()
        async with db.transaction(Role.BANK, Scope(org_id=admin.org_id, actor_id=admin.person_id)) as tx:
            client = await clients.register_client(
                tx, "XY 核心系统", signing_key=machine.signing_jwk, encryption_key=machine.encryption_jwk, by=admin
            )
        ids.append(client.client_id)
    return Made(*({"client_id": str(found), "kid": "sig-1"} for found in ids))


async def make_endpoints(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A place where each bank is told, switched off again, so that its notice is a dead letter."""
    made = []
    for admin in (mine[SeatRole.BANK_ADMIN], others[SeatRole.BANK_ADMIN]):
        scope = Scope(org_id=admin.org_id, actor_id=admin.person_id)
        async with db.transaction(Role.BANK, scope) as tx:
            endpoint, _ = await deliveries.register_endpoint(tx, "https://bank.example/in", kinds=["*"], by=admin)
        async with db.transaction(Role.WORKER) as tx:
            (notice_id,) = await deliveries.tell(
                tx, admin.org_id, "package.sealed", {"order_id": UUID(int=1)}, stream_id=UUID(int=1), at=tx.now
            )
        async with db.transaction(Role.BANK, scope) as tx:
            await deliveries.disable_endpoint(tx, endpoint.endpoint_id, by=admin)
        made.append({"endpoint_id": str(endpoint.endpoint_id), "notice_id": str(notice_id)})
    return Made(*made)


async def make_addresses(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """Where an owner of each firm wants copies of messages."""
    ids = []
    for owner in (mine[SeatRole.BUSINESS], others[SeatRole.BUSINESS]):
        async with db.transaction(Role.BUSINESS, Scope(org_id=owner.org_id, actor_id=owner.person_id)) as tx:
            ids.append((await set_address(tx, Channel.SMS, "19900000000", by=owner)).address_id)
    return Made(*({"address_id": str(found)} for found in ids))


async def make_filters(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A list of the desk that a clerk of each bank keeps."""
    ids = []
    for clerk in (mine[SeatRole.BRANCH_CLERK], others[SeatRole.BRANCH_CLERK]):
        async with db.transaction(Role.BANK, Scope(org_id=clerk.org_id, actor_id=clerk.person_id)) as tx:
            ids.append(await inbox.save_filter(tx, "大额", "order=-amount", by=clerk, now=tx.now))
    return Made(*({"filter_id": str(found)} for found in ids))


async def make_papers(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A file that each firm brought to the branch of its bank."""
    found = [await papers.brought_paper(db, seats, number) for number, seats in ((803, mine), (804, others))]
    return Made(*({"suborder_id": str(suborder_id), "paper_id": str(paper_id)} for suborder_id, paper_id in found))


async def make_products(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A product of each bank, with a table and a version that waits."""
    ids = [await products.waiting_product(db, seats) for seats in (mine, others)]
    return Made(*({"product_id": str(found), "step_id": "gate"} for found in ids))


async def make_formulas(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """The same with a formula of the document."""
    made = await make_products(db, mine, others)
    return Made(*({**one, "step_id": "bound", "key": "amount_fen"} for one in (made.own, made.foreign)))


async def make_settled_outlets(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """An outlet that an operator has put aside."""
    made = await make_outlets(db, mine, others)
    for one in (made.own, made.foreign):
        await parties.put_aside(db, UUID(one["outlet_id"]), mine[SeatRole.OPERATOR])
    return made


async def make_urges(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """An urge of each bank's branch."""
    ids = [await oversight.issued_urge(db, seats) for seats in (mine, others)]
    return Made(*({"urge_id": str(found)} for found in ids))


async def make_circulars(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A circular about each bank, which it has answered."""
    ids = [await oversight.answered_circular(db, seats) for seats in (mine, others)]
    return Made(*({"circular_id": str(found), "bank_id": str(bank_id)} for found, bank_id in ids))


async def make_drafts(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A circular of each regulator that waits for its second person."""
    ids = [(await oversight.circular_draft(db, seats)).proposal_id for seats in (mine, others)]
    return Made(*({"proposal_id": str(found)} for found in ids))


async def make_frozen_months(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A frozen month is the city's: the same for every supervising office."""
    month = await supervision.frozen_month(db, mine[SeatRole.REGULATOR])
    return Made({"month": month}, {"month": month})


async def make_months_over(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A month that is over and not frozen."""
    month = await supervision.month_over(db)
    return Made({"month": month}, {"month": month})


async def make_waiting_months(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A month that a colleague of each office wants to freeze."""
    pair = await supervision.waiting_months(db, mine[SeatRole.REGULATOR], others[SeatRole.REGULATOR])
    return Made(*({"month": month} for month in pair))


async def make_month_documents(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A document of the frozen month, made by each office."""
    numbers = [await supervision.document_of_month(db, seats[SeatRole.REGULATOR]) for seats in (mine, others)]
    return Made(*({"number": number} for number in numbers))


async def make_complaints(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A complaint of each firm about its bank's branch."""
    ids = [await complaints.filed_complaint(db, seats, n) for n, seats in ((811, mine), (812, others))]
    return Made(*({"complaint_id": str(found)} for found in ids))


async def make_complaint_papers(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A file that each firm added to its complaint."""
    found = [await complaints.complaint_paper(db, seats, n) for n, seats in ((825, mine), (826, others))]
    return Made(*({"complaint_id": str(one), "paper_id": str(paper)} for one, paper in found))


async def make_disputed(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A complaint of each firm whose answer is disputed."""
    ids = [await complaints.disputed_complaint(db, seats, n) for n, seats in ((821, mine), (822, others))]
    return Made(*({"complaint_id": str(found)} for found in ids))


async def make_escalated(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A complaint of each firm that lies with the regulator."""
    ids = [
        await complaints.disputed_complaint(db, seats, n, escalate=True) for n, seats in ((823, mine), (824, others))
    ]
    return Made(*({"complaint_id": str(found)} for found in ids))


async def make_work_orders(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A bad rating of each bank that waits to be followed up."""
    ids = [await ratings.bad_rating(db, seats, n) for n, seats in ((813, mine), (814, others))]
    return Made(*({"rating_id": str(found)} for found in ids))


async def make_callbacks(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A firm of each cast to be called back."""
    ids = [await ratings.waiting_callback(db, seats, n) for n, seats in ((815, mine), (816, others))]
    return Made(*({"callback_id": str(found)} for found in ids))


async def make_reckonings(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A what-if of each supervising office, answered."""
    ids = [await reckonings.answered(db, seats[SeatRole.REGULATOR]) for seats in (mine, others)]
    return Made(*({"reckoning_id": str(found)} for found in ids))


async def make_waiting_changes(db: Database, mine: Mapping[SeatRole, Seat], others: Mapping[SeatRole, Seat]) -> Made:
    """A change of a promise that a colleague of each office wants."""
    casts = (("SIGN", mine), ("PAYOUT", others))
    ids = []
    for key, seats in casts:
        maker = await supervision.second_of(db, seats[SeatRole.REGULATOR], f"maker-of-{key}")
        ids.append(await promises.waiting_change(db, maker, key))
    return Made(*({"proposal_id": str(found)} for found in ids))


MAKERS: Final[dict[str, Maker]] = {
    "reckoning": make_reckonings,
    "promise_waiting": make_waiting_changes,
    "complaint": make_complaints,
    "complaint_paper": make_complaint_papers,
    "complaint_to_escalate": make_disputed,
    "complaint_to_close": make_disputed,
    "complaint_to_rule": make_escalated,
    "work_order": make_work_orders,
    "callback": make_callbacks,
    "month_frozen": make_frozen_months,
    "month_over": make_months_over,
    "month_waiting": make_waiting_months,
    "month_document": make_month_documents,
    "urge": make_urges,
    "circular": make_circulars,
    "circular_draft": make_drafts,
    "product": make_products,
    "product_formula": make_formulas,
    "client": make_clients,
    "desk_filter": make_filters,
    "message_address": make_addresses,
    "endpoint": make_endpoints,
    "batch": make_batches,
    "offered_batch": make_offered_batches,
    "proposal": make_proposals,
    "order": make_orders,
    "suborder": make_orders,
    "paper": make_papers,
    "pool": make_pools,
    "bank_list": make_lists,
    "lists_change": make_lists_changes,
    "outlet_to_place": make_outlets,
    "outlet_to_dismiss": make_outlets,
    "outlet_to_place_on_page": make_outlets,
    "outlet_to_dismiss_on_page": make_outlets,
    "outlet_to_reopen_on_page": make_settled_outlets,
}
