"""What supervision is told of refusals, and of attempts at one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.kernel.ids import new_id
from app.market.reasons import store
from app.market.reasons.rules import Tree, Why, most_alike


class FlagKind(StrEnum):
    CONTRADICTED = "contradicted"  # What was claimed is not so in the evidence.
    EMPTY = "empty"  # The words fit every refusal.
    LEAKS = "leaks"  # The words carry what is not to be told.
    NO_WORD = "no_word"  # The bank speaks for a firm that said nothing.
    COPIED = "copied"  # The words were used for another firm.


KIND_OF: Final[Mapping[Why, FlagKind]] = {
    Why.TEXT_EMPTY: FlagKind.EMPTY,
    Why.TEXT_LEAKS: FlagKind.LEAKS,
    Why.FIRM_WORD_MISSING: FlagKind.NO_WORD,
    Why.CLAIM_FALSE: FlagKind.CONTRADICTED,
}


@dataclass(frozen=True, slots=True)
class Whose:
    """The suborder that was, or was to be, refused."""

    order_id: UUID
    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID


@dataclass(frozen=True, slots=True)
class Flag:
    """`alike_ppm` and `like_suborder_id` for a copy: how alike, and to which refusal of the branch."""

    flag_id: UUID
    whose: Whose
    kind: FlagKind
    reason_code: str
    said: str
    like_suborder_id: UUID | None
    alike_ppm: int | None
    at: datetime


async def note_attempt(tx: Tx, whose: Whose, code: str, said: str, why: Why, *, by: UUID, now: datetime) -> bool:
    """Note a refusal that was sent and did not hold, where that is for supervision to know; whether it is."""
    kind = KIND_OF.get(why)
    if kind is None:
        return False
    words = "" if kind is FlagKind.LEAKS else said
    await store.insert_flag(tx, _columns(whose, kind, code, words, now) | {"why": why.value, "by_person": by})
    return True


async def note_copy(
    tx: Tx, whose: Whose, code: str, said: str, others: Sequence[tuple[UUID, str]], tree: Tree, *, now: datetime
) -> bool:
    """Note that a refusal says what the same branch said to another firm (`others`: suborder, words)."""
    found = most_alike(said, [words for _, words in others])
    if found is None or found[1] < tree.wording.alike_ppm:
        return False
    place, alike = found
    like = {"why": "", "like_suborder_id": others[place][0], "like_ppm": alike}
    await store.insert_flag(tx, _columns(whose, FlagKind.COPIED, code, said, now) | like)
    return True


def _columns(whose: Whose, kind: FlagKind, code: str, said: str, now: datetime) -> dict[str, object]:
    return {
        "flag_id": new_id(), "order_id": whose.order_id, "suborder_id": whose.suborder_id, "bank_id": whose.bank_id,
        "branch_id": whose.branch_id, "kind": kind.value, "reason_code": code, "said": said, "at": now,
    }  # fmt: skip


async def read(
    tx: ReadTx, *, kind: FlagKind | None = None, branch_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None, limit: int = 50,
) -> tuple[Flag, ...]:  # fmt: skip
    """Newest first; for supervision."""
    rows = await store.read_flags(tx, kind.value if kind else None, branch_id, before, limit)
    return tuple(_flag(row) for row in rows)


async def read_of(tx: ReadTx, suborder_id: UUID) -> tuple[Flag, ...]:
    """What was noted about one suborder, oldest first."""
    return tuple(_flag(row) for row in await store.read_of_suborder(tx, suborder_id))


async def count(tx: ReadTx, since: datetime) -> Mapping[tuple[UUID, UUID], Mapping[FlagKind, int]]:
    """How many of each kind, by bank and branch."""
    counts: dict[tuple[UUID, UUID], dict[FlagKind, int]] = {}
    for row in await store.count_flags(tx, since):
        counts.setdefault((row["bank_id"], row["branch_id"]), {})[FlagKind(row["kind"])] = row["flags"]
    return counts


def _flag(row: Record) -> Flag:
    return Flag(
        row["flag_id"], Whose(row["order_id"], row["suborder_id"], row["bank_id"], row["branch_id"]),
        FlagKind(row["kind"]), row["reason_code"], row["said"], row["like_suborder_id"], row["like_ppm"], row["at"],
    )  # fmt: skip
