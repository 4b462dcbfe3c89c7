"""Sealing: what was committed since the last head becomes leaves, and a signed head covers them.

**Order.** Neither the rows' numbers nor the clock tell in which order events were committed: a number is taken before
the transaction is known, and a slow transaction commits behind later ones. PostgreSQL's snapshots do tell: a batch
takes what today's snapshot sees and the snapshot of the last batch did not. So no event is skipped, none comes twice,
and a load that stays open for minutes holds back its own events only (stopping at the oldest open transaction would
hold back everybody's).

**Where.** Leaves and head are one transaction; then the head, with the batch's leaves, is appended to a file outside
the database and fsynced. A file that is ahead of the database, or tells another head of a number, means that history
was replaced under us: sealing stops (`Forked`) and the operator sees it, since signing on would sign a fork.
"""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from app.access.audit.rules import entries, heads, merkle
from app.access.audit.rules.entries import SALT_BYTES, Entry
from app.access.audit.rules.heads import BEFORE_FIRST, Head
from app.access.audit.service import outside
from app.access.audit.store import seals
from app.access.audit.store.seals import Sealed, Window
from app.infra import vault
from app.infra.db import Database, Role, Tx
from app.kernel.ids import new_id

BLOCK: Final = 5000  # Leaves of one batch at most: a fraction of a second, far below the limit of a transaction.


class Forked(Exception):
    """The database no longer continues what was published before. For the operator."""


@dataclass(slots=True)
class Sealer:
    """Seals for one worker; `folder` is where heads are kept outside the database."""

    db: Database
    folder: Path

    async def tick(self) -> int:
        """Seal one batch; returns how many events it covers."""
        done = await self._seal()
        await self._write_outside()
        return done

    async def _seal(self) -> int:
        async with self.db.transaction(Role.SEALER) as tx:
            if not await seals.take_turn(tx):
                return 0
            last = await seals.read_last(tx)
            await self._look_outside(tx, last)
            return await seal_batch(tx, last)

    async def _look_outside(self, tx: Tx, last: Sealed | None) -> None:
        """Before signing: what was published is still what the database holds."""
        log_id = await seals.read_log_id(tx)
        published = await asyncio.to_thread(outside.last_head, self.folder, log_id) if log_id else None
        if published is None:
            return
        rows = await seals.read_heads(tx, published.head.no, 1)
        if last is None or not rows or seals.signed_of(rows[0]) != published:
            raise Forked(f"Head {published.head.no} was published and is not the database's.")

    async def _write_outside(self) -> None:
        """Append the heads that the file does not hold yet; more than one after a stop."""
        while True:
            async with self.db.reading(Role.SEALER) as tx:
                log_id = await seals.read_log_id(tx)
                if log_id is None:
                    return
                published = await asyncio.to_thread(outside.last_head, self.folder, log_id)
                first = published.head.no + 1 if published else 0
                size = published.head.size if published else 0
                lines = []
                for row in await seals.read_heads(tx, first, 20):
                    leaves = await seals.read_batch(tx, size, row["size"])
                    lines.append((seals.signed_of(row), row["x"], leaves))
                    size = row["size"]
            if not lines:
                return
            await asyncio.to_thread(outside.append, self.folder, log_id, lines)


async def seal_batch(tx: Tx, last: Sealed | None, most: int = BLOCK) -> int:
    """Cover what is new, at most so much of it, by one head; returns how many events."""
    window = last.window if last else Window()
    now = await seals.read_snapshot(tx)
    if _newest(now) < _newest(window.base):
        raise Forked("The database counts transactions from lower on than when it was sealed last.")
    target = window.target or now
    found = await seals.read_new(tx, window, target, most)
    if not found and window.target is not None:  # The batches before took exactly all of it.
        window, target = Window(window.target), now
        found = await seals.read_new(tx, window, target, most)
    if not found:
        return 0
    end = found[-1]
    rest = Window(target) if len(found) < most else Window(window.base, target, (end.xid, end.source, end.seq))
    await _add(tx, last, found, rest)
    return len(found)


async def _add(tx: Tx, last: Sealed | None, found: list[Entry], rest: Window) -> None:
    log_id = await seals.read_log_id(tx)
    if log_id is None:
        log_id = new_id()
        await seals.insert_log_id(tx, log_id)
    size = last.frontier.size if last else 0
    salts = secrets.token_bytes(SALT_BYTES * len(found))
    leaves = [
        entries.make_leaf(entry, size + nth, salts[nth * SALT_BYTES : (nth + 1) * SALT_BYTES])
        for nth, entry in enumerate(found)
    ]
    frontier, nodes = merkle.grow(last.frontier if last else merkle.Frontier(), [one.leaf for one in leaves])
    await seals.insert_leaves(tx, leaves)
    if nodes:
        await seals.insert_nodes(tx, nodes)
    await seals.insert_head(tx, _signed(tx, last, log_id, frontier, rest))


def _signed(tx: Tx, last: Sealed | None, log_id: UUID, frontier: merkle.Frontier, rest: Window) -> Sealed:
    ring = vault.ring()
    kid = ring.sealing_kid
    key = ring.sealers[kid]
    before = last.signed.head if last else None
    at = entries.instant(tx.wall)
    head = Head(
        log=str(log_id), no=before.no + 1 if before else 0, size=frontier.size, root=merkle.root_of(frontier).hex(),
        at=max(at, before.at) if before else at, previous=before.digest if before else BEFORE_FIRST, kid=kid,
    )  # fmt: skip
    return Sealed(heads.sign_head(head, key), key.public_key().public_bytes_raw(), frontier, rest)


def _newest(snapshot: str) -> int:
    """Where the transactions begin that a snapshot knows nothing of."""
    return int(snapshot.split(":")[1])
