"""What a witness is offered: the platform's newest head with a proof, from its address or from its file of heads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.access.audit.rules import heads, merkle
from app.access.audit.rules.heads import SignedHead, read_head, read_json
from app.access.audit.rules.known import read_known

TIMEOUT_SECONDS = 20


class Unreadable(Exception):
    """The platform did not answer, or not with a head. The message is for the witness."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A head, the public key it names, and the path that proves it continues the head signed last."""

    signed: SignedHead
    x: bytes
    path: tuple[bytes, ...]


def read_offer(source: str, last: SignedHead | None) -> Offer:
    """The newest head at an address or in a file. Raises Unreadable."""
    return _from_address(source.rstrip("/"), last) if "://" in source else _from_file(Path(source), last)


def _from_address(address: str, last: SignedHead | None) -> Offer:
    found = _get(f"{address}/audit/heads.json", {})
    newest = found["heads"][0] if isinstance(found.get("heads"), list) and found["heads"] else {}
    signed = read_head(newest)
    if signed is None:
        raise Unreadable("The platform shows no head yet.")
    path: tuple[bytes, ...] = ()
    if last is not None and 0 < last.head.size < signed.head.size:
        shown = _get(f"{address}/audit/consistency.json", {"old": last.head.size, "new": signed.head.size})
        path = tuple(_hash(step) for step in shown.get("path", ()))
    return Offer(signed, heads.decode(str(newest.get("key", ""))), path)


def _from_file(file: Path, last: SignedHead | None) -> Offer:
    """The file holds every leaf, so the proof is made here."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from error
    found = read_known(lines)
    if isinstance(found, str) or not found:
        raise Unreadable(f"{file}: {found or 'no head yet'}")
    if any(one.leaves is None for one in found):
        raise Unreadable(f"{file} does not hold the leaves from the first head on.")
    leaves = b"".join(one.leaves or b"" for one in found)
    path = tuple(
        merkle.root_of_leaves(leaves[at * 32 : at * 32 + 32] for at in range(span.first, span.end))
        for span in _spans(last, found[-1].signed)
    )
    x = heads.decode(str((read_json(lines[-1]) or {}).get("key", "")))
    return Offer(found[-1].signed, x, path)


def _spans(last: SignedHead | None, newest: SignedHead) -> list[merkle.Span]:
    if last is None or last.head.size > newest.head.size:
        return []
    return merkle.consistency_spans(last.head.size, newest.head.size)


def _get(url: str, query: dict[str, int]) -> dict[str, Any]:
    try:
        answer = httpx.get(url, params=query, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unreadable(f"{url} gave no answer that can be read ({type(error).__name__}).") from error
    if not isinstance(found, dict):
        raise Unreadable(f"{url} gave no answer that can be read.")
    return found


def _hash(step: object) -> bytes:
    try:
        return bytes.fromhex(str(step))
    except ValueError:
        return b""
