"""Proofs out of the database: of a case, of one event, of two heads; and erasing what an event says of somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access.audit.rules import entries, heads, merkle
from app.access.audit.rules.entries import ERASED
from app.access.audit.rules.heads import SignedHead
from app.access.audit.rules.merkle import TILE, Frontier, Span
from app.access.audit.service.writing import write
from app.access.audit.store import proofs, seals
from app.access.audit.store.proofs import Row, Waiting
from app.infra import vault
from app.infra.db import ReadTx, Record, Tx
from app.kernel.errors import Refusal

ERASED_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Proof:
    """What can be said of a case's `events`: how many are sealed and as they were sealed, up to which head, and the
    first that is not (source and row). `waiting` ones were written a moment ago."""

    events: int
    sealed: int
    waiting: int
    head_no: int | None
    sealed_at: datetime | None
    wrong: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That one event is in the log that a head signs: its line, its number, and the path from leaf to root."""

    line: bytes
    number: int
    path: tuple[bytes, ...]
    signed: SignedHead
    x: bytes


async def proof_of(tx: ReadTx, case_id: UUID) -> Proof:
    """Check every event of a case against the head that covers it."""
    rows = await proofs.read_case(tx, case_id)
    sealed = [row for row in rows if row.number is not None]
    covering = await proofs.read_covering(tx, [row.number for row in sealed if row.number is not None])
    wrong = next((row for row in sealed if not _stands(row)), None)
    for head in covering:
        batch = await seals.read_batch(tx, head["first"], head["size"])
        if not _head_stands(head, batch):
            inside = [row for row in sealed if row.number is not None and head["first"] <= row.number < head["size"]]
            wrong = min((one for one in (wrong, inside[0]) if one), key=lambda one: one.number or 0)
            break
    last = covering[-1] if covering else None
    return Proof(
        len(rows), len(sealed), len(rows) - len(sealed), last["no"] if last else None,
        last["sealed_at"] if last else None, (entries.SOURCES[wrong.source], wrong.seq) if wrong else None,
    )  # fmt: skip


def _stands(row: Row) -> bool:
    assert row.entry is not None, "the case was found by its events"
    assert row.number is not None, "it is sealed"
    return entries.matches(row.entry, row.number, row.salt, row.commitment, row.leaf)


def _head_stands(head: Record, batch: Sequence[bytes]) -> bool:
    """Whether our own key signed a tree that consists of the one before and of these leaves."""
    peaks = tuple(head["peaks"][at : at + 32] for at in range(0, len(head["peaks"]), 32))
    tree, _ = merkle.grow(Frontier(head["first"], peaks), batch)
    signed = seals.signed_of(head)
    kid = heads.thumbprint(head["x"])
    return (
        (tree.size, merkle.root_of(tree).hex()) == (signed.head.size, signed.head.root)
        and signed.head.kid == kid in vault.ring().sealers
        and heads.head_holds(signed, head["x"])
    )


async def include(tx: ReadTx, source: int, seq: int) -> Inclusion:
    """Prove that an event is in the log. Refused (`not-found`) when it is not sealed (yet)."""
    number, last = await proofs.read_number(tx, source, seq), await seals.read_last(tx)
    if number is None or last is None:
        raise Refusal("not-found")
    row = (await proofs.read_rows(tx, number, 1))[0]
    if row.entry is None:
        raise Refusal("not-found")
    size = last.frontier.size
    path = [await _root(tx, span) for span in merkle.inclusion_spans(number, size)]
    line = entries.as_line(row.entry, number, row.salt, row.commitment, row.leaf)
    return Inclusion(line, number, tuple(path), last.signed, last.x)


async def continuation(tx: ReadTx, old: int, new: int) -> tuple[bytes, ...]:
    """Prove that the log of `new` events continues the one of `old`. Refused (`bad-query`) when it does not reach."""
    last = await seals.read_last(tx)
    if not 0 <= old <= new <= (last.frontier.size if last else 0):
        raise Refusal("bad-query", parameter="new")
    return tuple([await _root(tx, span) for span in merkle.consistency_spans(old, new)])


async def _root(tx: ReadTx, span: Span) -> bytes:
    """The root of a span, out of the nodes that are kept: at most 2**(TILE - 1) of them for each perfect part."""
    peaks = []
    for level, place in merkle.perfect_parts(span):
        kept = level - level % TILE
        count = 1 << (level - kept)
        nodes = await proofs.read_nodes(tx, kept, place * count, count)
        peaks.append(merkle.root_of_leaves(nodes))
    return merkle.fold_peaks(peaks)


async def latest_head(tx: ReadTx) -> SignedHead | None:
    """The newest signed head, None before the first."""
    last = await seals.read_last(tx)
    return last.signed if last else None


async def waiting(tx: ReadTx) -> Waiting:
    """How far sealing is behind."""
    return await proofs.read_waiting(tx)


async def erase(tx: Tx, subject_id: UUID) -> int:
    """Make the personal part of every sealed event of somebody unprovable for good; returns how many.

    The salts go, the leaves stay, and an event of the log names the numbers: a salt that is gone without one is found.
    """
    count = 0
    while numbers := await proofs.read_erasable(tx, subject_id, ERASED_AT_ONCE):
        await proofs.delete_salts(tx, numbers)
        await write(tx, ERASED, detail={"numbers": ",".join(map(str, numbers))})
        count += len(numbers)
    return count
