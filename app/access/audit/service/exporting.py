"""The log as a file: events, heads, witnesses' signatures and public keys, checkable without a database."""

from collections.abc import AsyncIterator
from typing import Any, Final

from app.access.audit.rules import checking, heads
from app.access.audit.rules.checking import FORMAT, Wrong
from app.access.audit.rules.entries import SOURCES, as_line, in_order
from app.access.audit.store import proofs, seals
from app.infra.db import ReadTx

PIECE: Final = 5000
HEADS: Final = 500
STRAYS: Final = 100  # One is enough to find fault; a hundred show how it came.


async def export_lines(tx: ReadTx) -> AsyncIterator[bytes]:
    """The lines of an export, of one snapshot of the database, as far as heads reach."""
    last = await seals.read_last(tx)
    yield await _first_line(tx)
    number = covered = 0
    coming = _heads(tx)
    head = await anext(coming, None)
    async for line, position in _events(tx):
        while head is not None and head[0] <= position:
            for one in head[1]:
                yield one
            covered, head = covered + 1, await anext(coming, None)
        yield line
        number = position + 1
    while head is not None:
        for one in head[1]:
            yield one
        covered, head = covered + 1, await anext(coming, None)
    for source, seq in await proofs.read_strays(tx, last.window.base, STRAYS) if last else []:
        yield _line({"stray": {"source": source, "seq": seq}})
    yield _line({"end": {"events": number, "heads": covered}})


async def find_wrong(tx: ReadTx) -> Wrong | None:
    """Check the log as it stands in the database, like an export of it; None when all of it is as it was sealed."""
    state = checking.start()
    async for line in export_lines(tx):
        wrong = checking.step(state, line)
        if wrong is not None:
            return wrong
    return checking.finish(state).wrong


async def _first_line(tx: ReadTx) -> bytes:
    """Which log, the platform's keys that signed it, and the witnesses'."""
    log_id = await seals.read_log_id(tx)
    keys = {heads.thumbprint(x): heads.encode(x) for x in await seals.read_keys(tx)}
    witnesses = {row["kid"]: heads.encode(row["x"]) for row in await proofs.read_witnesses(tx)}
    return _line({"format": FORMAT, "log": str(log_id or ""), "keys": keys, "witnesses": witnesses})


async def _events(tx: ReadTx) -> AsyncIterator[tuple[bytes, int]]:
    first = 0
    while found := await proofs.read_rows(tx, first, PIECE):
        for row in found:
            assert row.number is not None, "a leaf has its number"
            if row.entry is None:
                gone = {"no": row.number, "source": SOURCES[row.source], "seq": row.seq}
                yield _line({"missing": gone}), row.number
            else:
                yield as_line(row.entry, row.number, row.salt, row.commitment, row.leaf), row.number
            first = row.number + 1


async def _heads(tx: ReadTx) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Each head, to stand behind the events it covers, and its witnesses behind it."""
    first = 0
    while found := await seals.read_heads(tx, first, HEADS):
        beside = await proofs.read_cosignatures(tx, found[0]["no"], found[-1]["no"] + 1)
        for row in found:
            lines = [_line(seals.signed_of(row).as_object())]
            lines += [
                _line({"witness": {"no": one["no"], "kid": one["kid"]}, "signature": one["signature"]})
                for one in beside
                if one["no"] == row["no"]
            ]
            yield row["size"], lines
        first = found[-1]["no"] + 1


def _line(found: dict[str, Any]) -> bytes:
    return in_order(found).encode() + b"\n"
