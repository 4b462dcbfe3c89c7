"""The newest heads, as the public sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.access.audit.rules import heads
from app.access.audit.store import proofs, seals
from app.infra.db import ReadTx

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ShownWitness:
    """A witness's signature; `key` is its public half in base64."""

    kid: str
    name: str
    key: str
    signature: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ShownHead:
    """A head as it was signed, the platform's public key in base64, and who co-signed it."""

    head: dict[str, Any]
    signature: str
    key: str
    witnesses: list[ShownWitness]
    sealed_at: datetime


async def newest_heads(tx: ReadTx) -> list[ShownHead]:
    """The newest heads, the newest first."""
    last = await seals.read_last(tx)
    if last is None:
        return []
    first = max(last.signed.head.no + 1 - SHOWN, 0)
    rows = await seals.read_heads(tx, first, SHOWN)
    beside = await proofs.read_cosignatures(tx, first, first + SHOWN)
    return [
        ShownHead(
            **seals.signed_of(row).as_object(), key=heads.encode(row["x"]), sealed_at=row["sealed_at"],
            witnesses=[
                ShownWitness(one["kid"], one["name"], heads.encode(one["x"]), one["signature"], one["recorded_at"])
                for one in beside
                if one["no"] == row["no"]
            ],
        )
        for row in reversed(rows)
    ]  # fmt: skip
