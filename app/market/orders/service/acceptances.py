"""The bank's work before it decides: accept, contact, investigate, ask for papers; and the firm's papers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.access.seats import Seat
from app.credit import consents
from app.infra.db import Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market import packages
from app.market.orders import rules, store
from app.market.orders.rules import facts
from app.market.orders.rules.loans import LoanType
from app.market.orders.service import acting
from app.market.orders.service.beside import bank_inputs


async def accept_suborder(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> UUID:
    """Take the order on: hold the asked amount, and seal the package under the firm's consent."""
    order_id = await acting.find(tx, suborder_id)
    entered = await acting.enter(tx, order_id, now=now)
    part = entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.Accept(suborder_id), by=by)
    consent = next(
        (letter for letter in await consents.find_for_order(tx, order_id) if letter.consent_id == part.consent_id), None
    )
    if consent is None:
        raise Refusal("consent-missing")
    await seal_package(tx, entered, part, consent)
    return suborder_id


async def holds_money(tx: Tx, suborder_id: UUID) -> bool:
    """Whether accepting it sets money of a pool aside: a deferral puts off what is owed, and holds nothing. Refuses
    `not-found`."""
    await acting.find(tx, suborder_id)
    return await store.read_loan_type(tx, suborder_id) is not LoanType.DEFERRAL


async def seal_package(tx: Tx, entered: acting.Entered, part: facts.Part, consent: consents.Consent) -> None:
    """Seal what the firm lets this bank see, as it is now, with what the bank itself had recorded."""
    order, now = entered.order, entered.now
    case = packages.Case(
        order_id=order["order_id"], suborder_id=part.suborder_id, business_id=order["business_id"],
        bank_id=part.bank_id, branch_id=part.branch_id, product_id=part.product_id, amount_fen=order["amount_fen"],
        term_months=order["term_months"], purpose=order["purpose"],
    )  # fmt: skip
    inputs = await bank_inputs(tx, part.bank_id, order["subject_id"], now=now)
    await packages.seal(tx, case, consent, as_of=now, inputs=inputs)


async def contact_firm(
    tx: Tx, suborder_id: UUID, *, contacted_at: datetime, how: str, whom: str, by: Seat, now: datetime
) -> UUID:
    """Record that the bank has spoken with the firm: when, how, with whom. `bad-time` unless after acceptance."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.Contact(suborder_id, contacted_at), by=by)
    row = {"contact_id": new_id(), "contacted_at": contacted_at, "how": how, "whom": whom, "recorded_at": now}
    await store.insert_child(tx, "contacts", entered.case, part, row)
    return suborder_id


async def investigate_suborder(tx: Tx, suborder_id: UUID, *, by: Seat, now: datetime) -> UUID:
    """Begin the bank's own investigation."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.Investigate(suborder_id), by=by)
    return suborder_id


async def ask_papers(tx: Tx, suborder_id: UUID, *, items: Sequence[str], note: str, by: Seat, now: datetime) -> UUID:
    """Ask the firm for papers, all at once and by name; DECISION pauses. Refuses `papers-refused`."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    part = entered.part(suborder_id, by)
    command = await _papers_command(tx, suborder_id, items)
    # The row first: the move that opens the request closes over it in the same transaction.
    await _open_request(tx, entered, part, command, note, by)
    return command.request_id


async def weigh_papers(tx: Tx, suborder_id: UUID, *, items: Sequence[str], by: Seat, now: datetime) -> str:
    """Why the rule would refuse to ask for these papers (its own words), or nothing; judged as when they are asked for.

    Refuses `not-found` and `wrong-state`.
    """
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    case = await acting.with_context(tx, entered, suborder_id)
    answer = rules.judge(case, await _papers_command(tx, suborder_id, items), now)
    if not isinstance(answer, facts.Refused):
        return ""
    if answer.code != "papers-refused":
        raise acting.refusal_of(answer, kept=entered.fired)
    return answer.detail


async def _papers_command(tx: Tx, suborder_id: UUID, items: Sequence[str]) -> facts.AskPapers:
    sealed = await packages.find_of_suborder(tx, suborder_id)
    known: frozenset[str] = frozenset()
    if sealed is not None:
        with_value = {
            item.path for item in await packages.items(tx, sealed.package_id) if item.status is packages.Status.VALUE
        }
        known = frozenset(items) & with_value
    return facts.AskPapers(suborder_id, new_id(), tuple(items), known)


async def _open_request(
    tx: Tx, entered: acting.Entered, part: facts.Part, command: facts.AskPapers, note: str, by: Seat
) -> None:
    await acting.decide(tx, entered, command, by=by)
    await store.insert_child(
        tx, "papers_requests", entered.case, part,
        {"request_id": command.request_id, "asked_at": entered.now, "note": note},
    )  # fmt: skip
    for item in command.items:
        row = {"request_id": command.request_id, "item": item}
        await store.insert_child(tx, "papers_items", entered.case, part, row)


async def bring_papers(tx: Tx, suborder_id: UUID, *, answer: str, by: Seat, now: datetime) -> UUID:
    """The firm brings what was asked for: the bank's time counts on."""
    entered = await acting.enter(tx, await acting.find(tx, suborder_id), now=now)
    entered.part(suborder_id, by)
    await acting.decide(tx, entered, facts.BringPapers(suborder_id), by=by, answer=answer)
    return suborder_id
