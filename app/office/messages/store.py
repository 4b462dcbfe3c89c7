"""All SQL of messages. Takes a transaction, never commits one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.office.messages.rules import Address, Draft, Mailbox

_IN_BOX: Final = "audience = $1 and org_id = $2 and branch_id = $3"
_ADDRESS: Final = "address_id, person_id, channel, sealed, shown, code, code_until, wrong, confirmed_at"

# One statement: a message, and a copy of it to every confirmed address of its mailbox on the channels it may use.
WRITE: Final = """
with written as (
  insert into messages (message_id, audience, org_id, branch_id, kind, slots, url, about_id, happened_at, made_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  on conflict on constraint messages_once do nothing returning message_id, audience, org_id, branch_id),
copies as (
  insert into message_sendings (sending_id, address_id, person_id, message_id, channel, next_at, made_at)
  select uuidv7(), a.address_id, a.person_id, w.message_id, a.channel, $10, $10
    from written w join message_addresses a using (audience, org_id, branch_id)
   where a.ended_at is null and a.confirmed_at is not null and a.channel = any ($11::varchar[]))
select count(*) from written
"""
CLAIM: Final = """
update message_sendings s set lease_until = $2
  from (select sending_id from message_sendings
         where state = 'pending' and next_at <= $1 and (lease_until is null or lease_until <= $1)
         order by next_at limit $3 for no key update skip locked) due,
       message_addresses a
 where s.sending_id = due.sending_id and a.address_id = s.address_id
returning s.sending_id, s.address_id, s.person_id, s.message_id, s.channel, s.tries, s.lease_until,
          a.sealed, a.code, a.code_until, a.confirmed_at, a.ended_at,
          (select m.kind from messages m where m.message_id = s.message_id) as kind,
          (select m.slots from messages m where m.message_id = s.message_id) as slots
"""


def _box(mailbox: Mailbox) -> tuple[str, UUID, UUID]:
    return mailbox.audience.value, mailbox.org_id, mailbox.branch_id


async def write_message(tx: Tx, message_id: UUID, draft: Draft, channels: Sequence[str], happened_at: datetime) -> bool:
    """Write a message and its copies; False when it was written before."""
    found: int = await tx.value(
        WRITE, message_id, *_box(draft.mailbox), draft.kind, dict(draft.slots), draft.url, draft.about_id, happened_at,
        tx.wall, list(channels),
    )  # fmt: skip
    return found == 1


async def read_messages(tx: ReadTx, mailbox: Mailbox, before: int, limit: int) -> Sequence[Record]:
    sql = f"""select message_id, seq, kind, slots, url, about_id, happened_at from messages
               where {_IN_BOX} and seq < $4 order by seq desc limit $5"""  # noqa: S608
    return await tx.fetch(sql, *_box(mailbox), before, limit)


async def count_new(tx: ReadTx, mailbox: Mailbox, after: int, most: int) -> int:
    """How many came after `after`, counted up to `most`."""
    sql = f"select count(*) from (select 1 from messages where {_IN_BOX} and seq > $4 limit $5) found"  # noqa: S608
    found: int = await tx.value(sql, *_box(mailbox), after, most)
    return found


async def seen_up_to(tx: ReadTx, seat_id: UUID) -> int:
    found: int | None = await tx.value("select seq from message_seen where seat_id = $1", seat_id)
    return found or 0


async def note_seen(tx: Tx, seat_id: UUID, person_id: UUID, seq: int) -> None:
    sql = """insert into message_seen (seat_id, person_id, seq, seen_at) values ($1, $2, $3, $4)
             on conflict (seat_id) do update
                set seq = greatest(message_seen.seq, excluded.seq), seen_at = excluded.seen_at"""
    await tx.execute(sql, seat_id, person_id, seq, tx.wall)


async def insert_address(
    tx: Tx, address: Address, person_id: UUID, mailbox: Mailbox, sealed: bytes, code: bytes
) -> None:
    sql = """insert into message_addresses (address_id, person_id, audience, org_id, branch_id, channel, sealed, shown,
                                            code, code_until, made_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
    rows = await tx.execute(
        sql, address.address_id, person_id, *_box(mailbox), address.channel.value, sealed, address.shown, code,
        address.code_until, tx.wall,
    )  # fmt: skip
    assert rows == 1, "an address was not written"


async def insert_code_sending(tx: Tx, sending_id: UUID, address: Address, person_id: UUID) -> None:
    sql = """insert into message_sendings (sending_id, address_id, person_id, channel, next_at, made_at)
             values ($1, $2, $3, $4, $5, $5)"""
    rows = await tx.execute(sql, sending_id, address.address_id, person_id, address.channel.value, tx.wall)
    assert rows == 1, "a sending was not written"


async def read_addresses(tx: ReadTx, person_id: UUID, mailbox: Mailbox) -> Sequence[Record]:
    """A person's live addresses for a mailbox, each with what the last try to reach it came to."""
    sql = f"""select {_ADDRESS},
                     (select t.outcome from message_attempts t join message_sendings s using (sending_id)
                       where s.address_id = a.address_id order by t.began_at desc limit 1) as outcome
                from message_addresses a
               where person_id = $4 and {_IN_BOX} and ended_at is null order by made_at"""  # noqa: S608
    return await tx.fetch(sql, *_box(mailbox), person_id)


async def lock_address(tx: Tx, address_id: UUID, person_id: UUID) -> Record | None:
    sql = f"""select {_ADDRESS}, null::varchar as outcome from message_addresses
               where address_id = $1 and person_id = $2 and ended_at is null for no key update"""  # noqa: S608
    return await tx.row(sql, address_id, person_id)


async def confirm_address(tx: Tx, address_id: UUID) -> None:
    sql = "update message_addresses set confirmed_at = $2, code = null, code_until = null where address_id = $1"
    rows = await tx.execute(sql, address_id, tx.wall)
    assert rows == 1, "an address was not confirmed"


async def count_wrong(tx: Tx, address_id: UUID) -> None:
    rows = await tx.execute("update message_addresses set wrong = wrong + 1 where address_id = $1", address_id)
    assert rows == 1, "a wrong code was not counted"


async def end_address(tx: Tx, person_id: UUID, mailbox: Mailbox, channel: str) -> int:
    """End a person's live address on a channel; returns how many there were."""
    sql = f"""update message_addresses set ended_at = $6, code = null, code_until = null
               where person_id = $4 and channel = $5 and {_IN_BOX} and ended_at is null"""  # noqa: S608
    return await tx.execute(sql, *_box(mailbox), person_id, channel, tx.wall)


async def claim_due(tx: Tx, until: datetime, limit: int) -> Sequence[Record]:
    return await tx.fetch(CLAIM, tx.wall, until, limit)


async def insert_attempt(tx: Tx, attempt_id: UUID, sending: Record, outcome: str, status: int | None) -> None:
    sql = """insert into message_attempts (attempt_id, sending_id, person_id, began_at, outcome, status)
             values ($1, $2, $3, $4, $5, $6)"""
    row = (attempt_id, sending["sending_id"], sending["person_id"], tx.wall, outcome, status)
    rows = await tx.execute(sql, *row)
    assert rows == 1, "an attempt was not written"


async def end_try(tx: Tx, sending: Record, state: str, next_at: datetime | None, why: str | None) -> bool:
    """Count a try and say what follows; False when the lease was lost meanwhile."""
    sql = """update message_sendings set tries = tries + 1, lease_until = null, state = $3::varchar,
                    next_at = coalesce($4, next_at), why = $5,
                    ended_at = case when $3::varchar = 'pending' then null else $6::timestamptz end
              where sending_id = $1 and lease_until = $2 and state = 'pending'"""
    return await tx.execute(sql, sending["sending_id"], sending["lease_until"], state, next_at, why, tx.wall) == 1


async def read_about(tx: ReadTx, about_id: UUID) -> Sequence[Record]:
    """Every message about a case, each with how many copies of it were sent, and how many could not be."""
    sql = """select m.audience, m.kind, m.slots, m.happened_at, m.made_at,
                    count(*) filter (where s.state = 'sent') as sent,
                    count(*) filter (where s.state = 'failed') as failed
               from messages m left join message_sendings s using (message_id)
              where m.about_id = $1 group by m.message_id order by m.seq"""
    return await tx.fetch(sql, about_id)


async def count_copies(tx: ReadTx, since: datetime) -> Sequence[Record]:
    """Copies made since an instant, by channel, state and cause."""
    sql = """select channel, state, coalesce(why, '') as why, count(*) as copies from message_sendings
              where made_at >= $1 and message_id is not null
              group by channel, state, why order by channel, state, why"""
    return await tx.fetch(sql, since)
