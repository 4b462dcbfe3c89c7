"""Finding cases by what a person has at hand: a number, a firm's name or code, a bank, a branch.

A name is found by any part of it in any spelling; when nothing has that part, with one letter wrong, missing or too
many. Whoever searches leaves a trace of how and how much was found, not of what was typed.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.access import audit
from app.infra.db import Record, Tx
from app.kernel.text import half_width, match_key
from app.market.supervision import store
from app.market.supervision.store import search as store_search

MOST: Final = 50
PARTIES_MOST: Final = 12
LEAST: Final = 2  # Letters of a name; fewer would find everybody.
FORGIVING: Final = 4  # From so many letters on, one may be wrong.
NUMBER: Final = re.compile(r"[0-9a-f]{6,32}")
CODE: Final = re.compile(r"[0-9A-Z]{6,18}")


class Way(StrEnum):
    """How something was looked for."""

    NOTHING = "nothing"  # Too short to look for.
    NUMBER = "number"
    CODE = "code"
    NAME = "name"
    ALMOST = "almost"  # By a name with one letter wrong.


@dataclass(frozen=True, slots=True)
class CaseHit:
    suborder_id: UUID
    order_id: UUID
    bank_id: UUID
    branch_id: UUID
    product_id: UUID
    state: str
    amount_fen: int
    pushed_at: datetime
    firm: str
    code: str


@dataclass(frozen=True, slots=True)
class PartyHit:
    """A bank, branch or product; `kind` says which."""

    kind: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """At most `MOST` cases, the newest first; `more` when there are others."""

    way: Way
    cases: tuple[CaseHit, ...] = ()
    parties: tuple[PartyHit, ...] = ()
    more: bool = False


async def find(tx: Tx, text: str) -> Found:
    """Look for `text` as a number, as a code and as a name, in this order; the first that finds cases is the answer."""
    compact = half_width(text).replace(" ", "")
    key = match_key(text)
    if len(key) < LEAST:
        return Found(Way.NOTHING)
    way, rows = await _cases(tx, compact, key)
    parties = await _parties(tx, key)
    detail = {"by": way.value, "cases": str(len(rows)), "parties": str(len(parties))}
    await audit.write(tx, "cases.searched", detail=detail)
    return Found(way, tuple(CaseHit(*row) for row in rows[:MOST]), parties, len(rows) > MOST)


async def _cases(tx: Tx, compact: str, key: str) -> tuple[Way, list[Record]]:
    digits = compact.lower().replace("-", "")
    if NUMBER.fullmatch(digits) and (rows := await store_search.by_number(tx, *bounds(digits), MOST + 1)):
        return Way.NUMBER, rows
    code = compact.upper().replace("-", "")
    if CODE.fullmatch(code) and (rows := await store_search.by_code(tx, code, MOST + 1)):
        return Way.CODE, rows
    rows = await store_search.by_name(tx, [f"%{escape(key)}%"], MOST + 1)
    if rows or len(key) < FORGIVING:
        return Way.NAME, rows
    return Way.ALMOST, await store_search.by_name(tx, almost(key), MOST + 1)


async def _parties(tx: Tx, key: str) -> tuple[PartyHit, ...]:
    found = [
        PartyHit(kind, one, name)
        for one, (kind, name) in (await store.read_names(tx)).items()
        if key in match_key(name)
    ]
    return tuple(sorted(found, key=lambda one: (one.kind, len(one.name), one.name)))[:PARTIES_MOST]


def bounds(digits: str) -> tuple[UUID, UUID]:
    """The first and the last number that begin with these digits.

    >>> bounds("0199")[0]
    UUID('01990000-0000-0000-0000-000000000000')
    """
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def escape(key: str) -> str:
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def almost(key: str) -> list[str]:
    """Patterns for a key in which one letter is wrong, missing, too many, or has changed places with the next.

    >>> almost("ab")
    ['%_b%', '%b%', '%_ab%', '%ba%', '%a_%', '%a%', '%a_b%']
    """
    found: list[str] = []
    for place in range(len(key)):
        before, letter, after = escape(key[:place]), escape(key[place]), escape(key[place + 1 :])
        found += [f"%{before}_{after}%", f"%{before}{after}%", f"%{before}_{letter}{after}%"]
        if place + 1 < len(key):
            found.append(f"%{before}{escape(key[place + 1])}{letter}{escape(key[place + 2 :])}%")
    return list(dict.fromkeys(found))
