"""What rooms above have to say beside an order: a complaint, a rating, an appeal. They register once, at import, and
the pages of an order ask: so a lower room shows what it does not know.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access.seats import Seat
from app.infra.db import ReadTx


@dataclass(frozen=True, slots=True)
class Mark:
    """One line. `words` are in the language of the page; `url` makes them a link, `is_act` a button of something to
    do. `tone` (good, warn, bad, still) puts its shape before them; `at` is when it became so."""

    words: str
    url: str = ""
    tone: str = ""
    at: datetime | None = None
    is_act: bool = False


# What stands beside each suborder of an order (or beside the order, under its own id), as this seat may see it.
Marker = Callable[[ReadTx, UUID, Seat], Awaitable[Mapping[UUID, Sequence[Mark]]]]
_MARKERS: Final[dict[str, Marker]] = {}


def mark_by(name: str, marker: Marker) -> None:
    """Let a room add its lines. Called once, by the room's pages."""
    assert name not in _MARKERS, f"{name} marks orders already"
    _MARKERS[name] = marker


async def marks_of(tx: ReadTx, order_id: UUID, by: Seat) -> Mapping[UUID, Sequence[Mark]]:
    """All lines beside an order and its suborders, by id, room by room in the order in which they registered."""
    found: dict[UUID, list[Mark]] = {}
    for marker in _MARKERS.values():
        for beside_id, marks in (await marker(tx, order_id, by)).items():
            found.setdefault(beside_id, []).extend(marks)
    return found
