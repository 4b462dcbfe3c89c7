"""Files of heads kept outside the database: the platform's own, and a witness's. Pure.

One JSON object a line: `head`, `signature`, and the platform's `key`; `leaves`, the batch's leaves in base64 (the
platform's file), so that an export that was forged whole still shows where; `witness`, who co-signed it with which key
(a witness's file).
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.access.audit.rules import merkle
from app.access.audit.rules.checking import Known
from app.access.audit.rules.entries import in_order
from app.access.audit.rules.heads import SignedHead, decode, encode, read_head, read_json, thumbprint, witness_holds


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head with a witness's signature under the public key `x`."""

    signed: SignedHead
    kid: str
    x: bytes
    signature: str


def head_line(signed: SignedHead, x: bytes, leaves: Sequence[bytes]) -> bytes:
    """A line of the platform's file; `x` is the public key that the head names."""
    packed = b64encode(b"".join(leaves)).decode()
    return in_order(signed.as_object() | {"key": encode(x), "leaves": packed}).encode() + b"\n"


def witness_line(one: Witnessed) -> bytes:
    """A line of a witness's file."""
    told = {"kid": one.kid, "x": encode(one.x), "signature": one.signature}
    return in_order(one.signed.as_object() | {"witness": told}).encode() + b"\n"


def read_known(lines: Iterable[bytes]) -> tuple[Known, ...] | str:
    """The heads of a file, or why it cannot be used. Leaves that do not give the head's root are no evidence."""
    found: list[Known] = []
    tree: merkle.Frontier | None = merkle.Frontier()
    for number, line in enumerate(lines, 1):
        record = read_json(line)
        signed = read_head(record)
        if signed is None:
            return f"line {number} holds no head"
        if found and signed.head.no <= found[-1].signed.head.no:
            return f"line {number}: heads do not follow each other"
        leaves = _unpacked(record.get("leaves"))
        if leaves is None and "leaves" in record:
            return f"line {number}: the leaves cannot be read"
        if (found and signed.head.no != found[-1].signed.head.no + 1) or (not found and signed.head.no):
            tree = None  # Heads were left out, as a witness does: its tree cannot be built.
        if leaves is not None and tree is not None:
            tree, _ = merkle.grow(tree, (leaves[at : at + 32] for at in range(0, len(leaves), 32)))
            if tree.size != signed.head.size or merkle.root_of(tree).hex() != signed.head.root:
                return f"line {number}: the leaves are not those of head {signed.head.no}"
        else:
            leaves, tree = None, None
        found.append(Known(signed, leaves))
    return tuple(found)


def read_witnessed(line: bytes) -> Witnessed | None:
    """A line of a witness's file whose signature holds under the key it names; None otherwise."""
    record = read_json(line)
    signed = read_head(record)
    told = record.get("witness") if signed is not None else None
    if signed is None or not isinstance(told, dict) or not all(isinstance(v, str) for v in told.values()):
        return None
    x = decode(told.get("x", ""))
    kid, signature = told.get("kid", ""), told.get("signature", "")
    if thumbprint(x) != kid or not witness_holds(signed.head, x, signature):
        return None
    return Witnessed(signed, kid, x, signature)


def _unpacked(text: Any) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if len(raw) % 32 == 0 and raw else None
