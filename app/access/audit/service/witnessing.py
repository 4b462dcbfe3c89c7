"""Witnesses: somebody outside who signs a head after seeing that it continues the last one signed.

Two heads of one log that no proof connects are a fork: a witness refuses the second, and whoever holds the first can
show that both were signed.
"""

from collections.abc import Sequence

from app.access.audit.rules import heads, merkle
from app.access.audit.rules.heads import SignedHead
from app.access.audit.rules.known import Witnessed
from app.access.audit.store import proofs, seals
from app.infra.db import Tx


def judge_head(last: SignedHead | None, offered: SignedHead, x: bytes, path: Sequence[bytes]) -> str | None:
    """Why a witness must not sign the head that it is offered, or None. `path`: the proof from `last` on; `x`: the
    key that the platform says it signed with, which must be the one of `last`, if there is one."""
    head = offered.head
    if heads.thumbprint(x) != head.kid or not heads.head_holds(offered, x):
        return "the platform's signature does not hold"
    if last is None:
        return None
    before = last.head
    if head.log != before.log:
        return "it is the head of another log"
    if head.no < before.no or head.size < before.size or head.at < before.at:
        return "it is older than the head signed last"
    if head.no == before.no and head != before:
        return "it is another head of a number that was signed before: a fork"
    if not merkle.continues(before.size, bytes.fromhex(before.root), head.size, bytes.fromhex(head.root), path):
        return "it does not continue the head signed last: a fork"
    return None


async def keep_cosignatures(tx: Tx, found: Sequence[Witnessed], name: str) -> int | str:
    """Take in a witness's signatures and register the key under its name; returns how many were new, or the fault."""
    count = 0
    for one in found:
        rows = await seals.read_heads(tx, one.signed.head.no, 1)
        if not rows or seals.signed_of(rows[0]) != one.signed:
            return f"head {one.signed.head.no} of the witness is not the platform's: a fork"
        await proofs.insert_witness(tx, one.kid, name, one.x)
        count += await proofs.insert_cosignature(tx, one.signed.head.no, one.kid, one.signature)
    return count
