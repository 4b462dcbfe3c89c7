"""Where a person wants copies: one number and one e-mail address per mailbox, each confirmed by a code sent to it."""

import hmac
import secrets
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.infra import vault
from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.office.messages import rules, store
from app.office.messages.rules import Address, Channel, CodeFault
from app.office.messages.service.boxes import mailbox


async def list_addresses(tx: ReadTx, by: Seat) -> tuple[Address, ...]:
    return tuple(_address(row) for row in await store.read_addresses(tx, by.person_id, mailbox(by)))


async def set_address(tx: Tx, channel: Channel, typed: str, *, by: Seat) -> Address:
    """Take an address in place of the one before and send a code to it. Refuses `malformed-field`."""
    found = rules.read_address(channel, typed)
    if found is None:
        raise Refusal("malformed-field", field="address")
    box = mailbox(by)
    await store.end_address(tx, by.person_id, box, channel.value)
    address = Address(new_id(), channel, rules.mask(channel, found), None, tx.wall + rules.CODE_LASTS, None)
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    sealed = await vault.seal(tx, place("sealed", address.address_id, by.person_id), found.encode())
    sealed_code = await vault.seal(tx, place("code", address.address_id, by.person_id), code.encode())
    await store.insert_address(tx, address, by.person_id, box, sealed, sealed_code)
    await store.insert_code_sending(tx, new_id(), address, by.person_id)
    await audit.write(tx, "message-address.set", detail={"address_id": str(address.address_id), "channel": channel})
    return address


async def confirm_address(tx: Tx, address_id: UUID, typed: str, *, by: Seat) -> CodeFault | None:
    """Confirm an address by the code that was sent to it; a fault is returned, and a wrong code is counted.

    Refuses `not-found` for anybody else's address.
    """
    row = await store.lock_address(tx, address_id, by.person_id)
    if row is None:
        raise Refusal("not-found")
    right = False
    if row["code"] is not None:
        code = await vault.unseal(tx, place("code", address_id, by.person_id), row["code"])
        right = hmac.compare_digest(code, typed.strip().encode())
    fault = rules.judge_code(_address(row), wrong=row["wrong"], right=right, now=tx.wall)
    if fault is CodeFault.WRONG:
        await store.count_wrong(tx, address_id)
    if fault is None:
        await store.confirm_address(tx, address_id)
        await audit.write(tx, "message-address.confirmed", detail={"address_id": str(address_id)})
    return fault


async def remove_address(tx: Tx, channel: Channel, *, by: Seat) -> None:
    """Send no more copies to the address on this channel. Refuses `not-found` when there is none."""
    if await store.end_address(tx, by.person_id, mailbox(by), channel.value) == 0:
        raise Refusal("not-found")
    await audit.write(tx, "message-address.removed", detail={"channel": channel})


def place(column: str, address_id: UUID, person_id: UUID) -> vault.Place:
    """Where an address, or its code, is sealed: under the person's own data key."""
    return vault.Place("message_addresses", column, address_id, person_id)


def _address(row: Record) -> Address:
    return Address(
        row["address_id"], Channel(row["channel"]), row["shown"], row["confirmed_at"], row["code_until"], row["outcome"]
    )
