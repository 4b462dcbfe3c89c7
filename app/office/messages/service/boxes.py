"""Mailboxes: writing a message into one, reading one's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access.seats import Seat
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office import policies
from app.office.messages import store
from app.office.messages.rules import (
    SHOWN_MAX,
    Audience,
    Channel,
    Copies,
    Draft,
    Mailbox,
    Message,
    SendingState,
    ToldOf,
    mailbox_of,
)
from app.office.messages.schemas import ChannelsBody, is_known

NEWEST: Final = 2**63 - 1
COUNTED_MAX: Final = 100


async def write(tx: Tx, draft: Draft, *, at: datetime) -> bool:
    """Put a message into its mailbox, with copies as the policy `message` allows; the same one again changes nothing.

    `at` is the business instant of the fact. Runs in the role `worker`. Returns whether it was new.
    """
    assert is_known(draft.kind), f"no text for messages of the kind {draft.kind}"
    policy = await policies.in_force(tx, "message", draft.kind, shanghai_date(at))
    channels = ChannelsBody.model_validate(dict(policy.body)).channels
    return await store.write_message(tx, new_id(), draft, channels, at)


async def read_box(tx: ReadTx, by: Seat, *, before: int = NEWEST) -> tuple[Message, ...]:
    """One page of the seat's mailbox, newest first; `is_new` for what came since it was last looked at."""
    seen = await store.seen_up_to(tx, _seat_id(by))
    rows = await store.read_messages(tx, mailbox(by), before, SHOWN_MAX)
    return tuple(Message(**dict(row), is_new=row["seq"] > seen) for row in rows)


async def note_seen(tx: Tx, by: Seat, messages: Sequence[Message]) -> None:
    """Remember that the seat has looked at these."""
    if messages:
        await store.note_seen(tx, _seat_id(by), by.person_id, max(one.seq for one in messages))


async def count_new(tx: ReadTx, by: Seat) -> int:
    """How many messages the seat has not looked at, counted up to `COUNTED_MAX`."""
    return await store.count_new(tx, mailbox(by), await store.seen_up_to(tx, _seat_id(by)), COUNTED_MAX)


async def told_of(tx: ReadTx, about_id: UUID) -> tuple[ToldOf, ...]:
    """Every message about a case, in order; for supervision."""
    rows = [dict(row) for row in await store.read_about(tx, about_id)]
    return tuple(ToldOf(**{**row, "audience": Audience(row["audience"])}) for row in rows)


async def copies_since(tx: ReadTx, since: datetime) -> tuple[Copies, ...]:
    """What became of the copies that were made since an instant; for the operator."""
    return tuple(
        Copies(Channel(row["channel"]), SendingState(row["state"]), row["why"], row["copies"])
        for row in await store.count_copies(tx, since)
    )


def mailbox(by: Seat) -> Mailbox:
    """The seat's mailbox. Refuses `not-found` for a seat that has none."""
    found = mailbox_of(by.role.value, by.org_id, by.branch_id)
    if found is None:
        raise Refusal("not-found")
    return found


def _seat_id(by: Seat) -> UUID:
    if by.seat_id is None:
        raise Refusal("not-found")
    return by.seat_id
