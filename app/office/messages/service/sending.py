"""Sending copies: lease in one transaction, call in none, write what came of it in a third (like deliveries)."""

import asyncio
from typing import Final

from app.infra import vault
from app.infra.db import Database, Record, Role, Tx
from app.kernel.ids import new_id
from app.office.messages import rules, store
from app.office.messages.rules import Channel, Outcome, SendingState
from app.office.messages.schemas import CODE_TEXT, SIGNED, plain
from app.office.messages.service.addresses import place
from app.office.messages.service.gateways import Copy, Gateway
from app.web import i18n

BLOCK: Final = 20


async def send_due(db: Database, gateway: Gateway | None) -> int:
    """Send what is due; returns how many tries were made. Without a gateway everything waits."""
    if gateway is None:
        return 0
    async with db.transaction(Role.WORKER) as tx:
        due = await store.claim_due(tx, tx.wall + rules.LEASE, BLOCK)
        copies = [(row, await _copy(tx, row)) for row in due]
    await asyncio.gather(*(_send(db, gateway, row, copy) for row, copy in copies))
    return len(copies)


async def _copy(tx: Tx, row: Record) -> Copy | None:
    """What to send; None when there is nobody to send it to any more."""
    if row["ended_at"] is not None:
        return None
    try:
        to = await vault.unseal(tx, place("sealed", row["address_id"], row["person_id"]), row["sealed"])
        text = await _text(tx, row)
    except vault.Unreadable:
        return None
    return Copy(row["sending_id"], Channel(row["channel"]), to.decode(), text) if text else None


async def _text(tx: Tx, row: Record) -> str:
    i18n.use("zh")
    if row["message_id"] is not None:
        return i18n._(SIGNED).format(text=plain(row["kind"], row["slots"]))
    if row["code"] is None or row["code_until"] <= tx.wall:
        return ""
    code = await vault.unseal(tx, place("code", row["address_id"], row["person_id"]), row["code"])
    return i18n._(SIGNED).format(text=i18n._(CODE_TEXT).format(code=code.decode()))


async def _send(db: Database, gateway: Gateway, row: Record, copy: Copy | None) -> None:
    outcome, status = (Outcome.EXPIRED, None) if copy is None else await gateway.send(copy, db.wall.now())
    async with db.transaction(Role.WORKER) as tx:
        await store.insert_attempt(tx, new_id(), row, outcome.value, status)
        next_at = rules.next_try_at(row["tries"] + 1, outcome, tx.wall)
        await store.end_try(tx, row, _state(outcome, is_over=next_at is None).value, next_at, outcome.value)


def _state(outcome: Outcome, *, is_over: bool) -> SendingState:
    if outcome in rules.DELIVERED:
        return SendingState.SENT
    return SendingState.FAILED if is_over else SendingState.PENDING
