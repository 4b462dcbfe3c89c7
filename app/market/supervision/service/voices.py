"""The complaints, ratings, call-backs and urges behind a figure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx
from app.market.supervision.schemas import CasesAsked
from app.market.supervision.store import voices as store

LISTED_MAX: Final = 500
PAGES: Final = {"complaint": "/complaints/", "urge": "/oversight/urges/", "satisfied": "/callbacks/"}


@dataclass(frozen=True, slots=True)
class VoiceFound:
    """One voice; `value` of `of` is what it adds, at `at`. About a bank as a whole there is no suborder."""

    figure: str
    voice_id: UUID
    suborder_id: UUID | None
    order_id: UUID | None
    bank_id: UUID
    branch_id: UUID | None
    product_id: UUID | None
    district_code: str | None
    at: datetime
    value: int
    of: int
    state: str
    amount_fen: int | None

    @property
    def url(self) -> str:
        """Where it is read: on a page of its own, a rating in the file of its case."""
        for start, page in PAGES.items():
            if self.figure.startswith(start):
                return f"{page}{self.voice_id}"
        return f"/supervision/cases/{self.suborder_id}?kind=rating"


async def find(tx: ReadTx, asked: CasesAsked, *, as_of: datetime) -> tuple[VoiceFound, ...]:
    """The newest voices behind a figure of a group."""
    group = (asked.by.value, asked.key)
    rows = await store.read_cases(tx, as_of, asked.figure, group, asked.counts, asked.within, LISTED_MAX)
    return tuple(VoiceFound(*row) for row in rows)
