"""Keeping what a firm brings, sealed; and opening it for the two sides of a suborder, with a trace of every opening."""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.access import audit
from app.access.seats import Seat
from app.infra import vault
from app.infra.db import ReadTx, Record, Tx
from app.infra.vault import Place
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.papers import rules, store
from app.market.papers.model import SUBORDERS_OWN
from app.market.papers.rules import FAULT_WORDS, MEDIA, Checked, Fault, Limits, Upload
from app.market.papers.schemas import read_limits
from app.office import policies
from app.web import i18n

# Unpacking takes a core; a heap of uploads must not take them all.
JUDGES: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="papers")


@dataclass(frozen=True, slots=True)
class Case:
    """Whose papers: the request of the suborder that they answer."""

    order_id: UUID
    suborder_id: UUID
    request_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Paper:
    """A kept file without its content. `same_as` names an equal one that the suborder had before."""

    paper_id: UUID
    order_id: UUID
    suborder_id: UUID
    request_id: UUID
    business_id: UUID
    bank_id: UUID
    branch_id: UUID
    subject_id: UUID
    position: int
    name: str
    kind: str
    size_bytes: int
    sha256: str
    same_as: UUID | None
    policy_version: int
    brought_at: datetime

    @property
    def media(self) -> str:
        return MEDIA[rules.Kind(self.kind)]


@dataclass(frozen=True, slots=True)
class PaperReading:
    """Who at the bank opened which paper, and when."""

    read_id: UUID
    paper_id: UUID
    name: str
    suborder_id: UUID
    bank_id: UUID
    branch_id: UUID
    client_id: UUID | None
    person_id: UUID
    read_at: datetime
    order_id: UUID


async def limits_on(tx: ReadTx, now: datetime) -> Limits:
    """What may be brought today."""
    policy = await policies.in_force(tx, "papers", "upload", shanghai_date(now))
    return read_limits(policy.version, policy.body)


async def check(uploads: Sequence[Upload], limits: Limits) -> tuple[Checked, ...]:
    """Judge the files of one answer, outside any transaction. Refuses them together, each named with its fault.

    `too-large` when there are too many or one or all are too large, `bad-upload` for everything else.
    """
    if len(uploads) > limits.count_max:
        raise Refusal("too-large", "一次上传的文件过多。", count_max=limits.count_max)
    if sum(len(upload.content) for upload in uploads) > limits.total_max:
        raise Refusal("too-large", "一次上传的文件总共过大。", size_max=limits.total_max)
    loop = asyncio.get_running_loop()
    judged = [await loop.run_in_executor(JUDGES, rules.inspect, upload, limits) for upload in uploads]
    english = i18n.language() == "en"
    faults = [
        {"pointer": f"/files/{n}", "name": rules.clean_name(upload.name), "code": found.value,
         "detail": FAULT_WORDS[found][english]}
        for n, (upload, found) in enumerate(zip(uploads, judged, strict=True)) if isinstance(found, Fault)
    ]  # fmt: skip
    if faults:
        code = "too-large" if all(one["code"] == Fault.TOO_LARGE.value for one in faults) else "bad-upload"
        raise Refusal(code, errors=faults)
    return tuple(found for found in judged if isinstance(found, Checked))


async def keep(tx: Tx, case: Case, files: Sequence[Checked], limits: Limits, *, by: Seat, now: datetime) -> None:
    """Seal the files of an answer, in the transaction that answers: all of them, or none and no answer."""
    own = {name: getattr(case, name) for name in (*SUBORDERS_OWN, "request_id", "subject_id")}
    for position, file in enumerate(files):
        paper_id = new_id()
        same_as = await store.find_same(tx, case.suborder_id, file.sha256)
        sealed = await vault.seal(tx, _place(paper_id, case.suborder_id, case.subject_id, file.name), file.content)
        row = {
            **own, "paper_id": paper_id, "position": position, "name": file.name, "kind": file.kind.value,
            "size_bytes": file.size_bytes, "sha256": file.sha256, "same_as": same_as, "sealed": sealed,
            "policy_version": limits.version, "brought_by": by.person_id, "brought_at": now,
        }  # fmt: skip
        await store.insert_paper(tx, row)
        detail = {"paper_id": str(paper_id), "sha256": file.sha256}
        await audit.write(tx, "paper.brought", subject_id=case.subject_id, case_id=case.order_id, detail=detail)


async def list_of_order(tx: ReadTx, order_id: UUID) -> Sequence[Paper]:
    """The papers of an order that the audience may see, as they were brought."""
    return [Paper(**dict(row)) for row in await store.read_of_order(tx, order_id)]


async def list_of_suborder(tx: ReadTx, suborder_id: UUID, before: UUID | None = None) -> Sequence[Paper]:
    """The papers of one suborder that the audience may see, as they were brought; with those of the one `before` it,
    from which another branch took the case over."""
    ids = [suborder_id] if before is None else [before, suborder_id]
    return [Paper(**dict(row)) for row in await store.read_of_suborders(tx, ids)]


async def open_paper(
    tx: Tx, suborder_id: UUID, paper_id: UUID, *, by: Seat, before: UUID | None = None
) -> tuple[Paper, bytes]:
    """A paper with its content, for its firm or its branch; the bank's opening is kept for the firm to see.

    The caller has found the suborder alive where a bank asks, and names the one `before` it where another branch took
    the case over: its papers go along. Refuses `not-found` for everybody else's.
    """
    row = await store.read_paper(tx, [suborder_id] if before is None else [before, suborder_id], paper_id)
    if row is None or by.org_id not in (row["business_id"], row["bank_id"]):
        raise Refusal("not-found")
    carried = row["suborder_id"] == before
    if by.org_id == row["bank_id"] and not carried and by.branch_id not in (None, row["branch_id"]):
        raise Refusal("not-found")
    content = await _unsealed(tx, row)
    is_own = by.org_id == row["business_id"]
    if not is_own:
        await store.insert_read(tx, {
            "read_id": new_id(), "paper_id": paper_id, **{name: row[name] for name in SUBORDERS_OWN},
            "suborder_id": suborder_id, "branch_id": by.branch_id or row["branch_id"],
            "client_id": by.client_id, "person_id": by.person_id, "read_at": tx.now,
        })  # fmt: skip
    act = "paper.own-read" if is_own else "paper.read"
    detail = {"paper_id": str(paper_id), "sha256": row["sha256"]}
    await audit.write(tx, act, subject_id=row["subject_id"], case_id=row["order_id"], detail=detail)
    return Paper(**{name: value for name, value in dict(row).items() if name != "sealed"}), content


async def list_reads(tx: ReadTx, *order_ids: UUID) -> Sequence[PaperReading]:
    """Who opened the papers of these orders, oldest first; for the firm and the bank itself."""
    return [PaperReading(**dict(row)) for row in await store.read_reads(tx, order_ids)]


async def _unsealed(tx: ReadTx, row: Record) -> bytes:
    place = _place(row["paper_id"], row["suborder_id"], row["subject_id"], row["name"])
    content = await vault.unseal(tx, place, row["sealed"])
    assert hashlib.sha256(content).hexdigest() == row["sha256"], "a paper is what was brought"
    return content


def _place(paper_id: UUID, suborder_id: UUID, subject_id: UUID, name: str) -> Place:
    """Sealed for this paper of this suborder under this name: moved or renamed, it does not open."""
    called = hashlib.sha256(name.encode()).hexdigest()
    return Place("papers", f"sealed/{suborder_id}/{called}", paper_id, subject_id)
