"""Documents: files made of figures, each with a number, kept byte for byte, and verified by anybody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from secrets import token_bytes
from typing import Final
from uuid import UUID, uuid5

from app.access import audit
from app.access.seats import Seat
from app.infra.db import ReadTx, Tx
from app.kernel.errors import Refusal
from app.market.supervision.rules import frozen
from app.market.supervision.store import documents as store

CASES: Final = UUID("3c1f5b52-90a7-5f3a-8c55-0d0b8f7a61d4")


@dataclass(frozen=True, slots=True)
class Document:
    """What anybody may know of a document. `kind`: month, card, or figures (a frozen month itself, no file).

    `sha256` is of the file's bytes; `figures_sha256` of the frozen figures that it tells, None where they still move.
    """

    number: str
    kind: str
    format: str
    language: str
    title: str
    month: date | None
    as_of: datetime
    frozen_at: datetime | None
    figures_sha256: str | None
    sha256: str
    size: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that is about to be made; `build` writes the file once its number is known."""

    kind: str
    format: str
    language: str
    title: str
    month: date | None
    as_of: datetime
    frozen_at: datetime | None
    figures_sha256: str | None
    build: Callable[[str], bytes]


def case_of(number: str) -> UUID:
    """The id under which a repeated request finds its document."""
    return uuid5(CASES, number)


async def make(tx: Tx, draft: Draft, *, by: Seat) -> str:
    """Write the file, keep it and its digest, and leave a trace; returns the document's number."""
    start = f"{draft.month or draft.as_of:%Y%m}"
    number = frozen.number_of(start, token_bytes(8))
    content = draft.build(number)
    digest = sha256(content).hexdigest()
    values = (
        number, draft.kind, draft.format, draft.language, draft.title, draft.month, draft.as_of, draft.frozen_at,
        draft.figures_sha256, digest, len(content), tx.now, by.person_id, by.org_id,
    )  # fmt: skip
    await store.add(tx, values, content)
    detail = {"number": number, "title": draft.title, "format": draft.format, "sha256": digest}
    await audit.write(tx, "document.made", detail=detail)
    return number


async def find(tx: ReadTx, number: str) -> Document | None:
    """A document, or a frozen month, by its number, as typed by a person: small letters and gaps are forgiven."""
    wanted = "".join(number.split()).upper()[:40]
    row = await store.read_one(tx, wanted)
    if row is not None:
        return Document(*row)
    month = await store.read_month_by_number(tx, wanted)
    if month is None:
        return None
    at, digest = month["frozen_at"], month["sha256"]
    return Document(wanted, "figures", "", "", "", month["month"], at, at, digest, digest, 0, at)


async def read_of_month(tx: ReadTx, month: date) -> tuple[Document, ...]:
    """The documents made of a month, the newest first."""
    return tuple(Document(*row) for row in await store.read_of_month(tx, month))


async def read_file(tx: Tx, number: str) -> tuple[str, bytes]:
    """(format, the bytes as they were made); refused (`not-found`). Taking it leaves a trace."""
    row = await store.read_content(tx, number)
    if row is None:
        raise Refusal("not-found")
    await audit.write(tx, "document.downloaded", detail={"number": number})
    return row["format"], row["content"]
