"""The log's heads and their proofs for machines: for witnesses, and whoever wants to hold us to what was published."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, get

from app.access.audit.service import showing
from app.access.audit.service.proving import continuation
from app.access.audit.service.showing import ShownHead
from app.infra.db import ReadTx, Role
from app.kernel.errors import Refusal
from app.web.deps import Given

PUBLIC: Final = {"roles": "public", "db": Role.PUBLIC}
SIZE_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class HeadsView:
    """The newest heads, the newest first."""

    heads: list[ShownHead]


@dataclass(frozen=True, slots=True)
class Continuation:
    """That the log of `new` events continues the one of `old`: hashes in hexadecimal (RFC 9162 section 2.1.4)."""

    old: int
    new: int
    path: list[str]


@get("/audit/heads.json", opt=PUBLIC)
async def list_heads(tx: Given[ReadTx]) -> HeadsView:
    """The newest signed heads of the log, with the platform's keys and the witnesses' signatures."""
    return HeadsView(await showing.newest_heads(tx))


@get("/audit/consistency.json", opt=PUBLIC)
async def show_consistency(request: Request[Any, Any, Any], tx: Given[ReadTx]) -> Continuation:
    """A proof that the log of `new` events continues the one of `old`."""
    old, new = _size(request, "old"), _size(request, "new")
    return Continuation(old, new, [step.hex() for step in await continuation(tx, old, new)])


def _size(request: Request[Any, Any, Any], name: str) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) <= SIZE_MAX):
        raise Refusal("bad-query", parameter=name)
    return int(text)
