"""Files that a firm adds to its complaint: judged like papers for a bank, kept sealed, opened by its sides."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.access import audit
from app.access.seats import Seat, SeatRole
from app.infra import vault
from app.infra.db import ReadTx, Role, Tx
from app.infra.vault import Place
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.market.complaints import store
from app.market.complaints.rules import OPEN, State
from app.market.complaints.service import is_side
from app.market.papers import Checked, Limits


@dataclass(frozen=True, slots=True)
class File:
    """A kept file without its content."""

    paper_id: UUID
    complaint_id: UUID
    name: str
    kind: str
    size_bytes: int
    sha256: str
    added_at: datetime


async def add(tx: Tx, complaint_id: UUID, files: Sequence[Checked], limits: Limits, *, by: Seat, now: datetime) -> UUID:
    """Keep judged files with an open complaint. Refuses `not-found`, `wrong-state`, `bad-upload` for none, `too-large`
    for too many."""
    if tx.role is Role.ACT:
        await tx.narrow(case_id=complaint_id)
    row = await store.lock(tx, complaint_id)
    if row is None or by.role is not SeatRole.BUSINESS or not is_side(row, by):
        raise Refusal("not-found")
    if State(row["state"]) not in OPEN or row["subject_id"] is None:
        raise Refusal("wrong-state", "投诉已办结，不能再补充材料。")
    have = await store.read_files(tx, complaint_id)
    if not files:
        raise Refusal("bad-upload", "请选择文件。")
    if len(have) + len(files) > limits.count_max:
        raise Refusal("too-large", "一次上传的文件过多。", count_max=limits.count_max)
    own = {name: row[name] for name in ("complaint_id", "business_id", "subject_id", "bank_id", "branch_id")}
    for position, file in enumerate(files, len(have)):
        paper_id = new_id()
        sealed = await vault.seal(tx, _place(paper_id, complaint_id, row["subject_id"], file.name), file.content)
        await store.insert_file(tx, {
            **own, "paper_id": paper_id, "position": position, "name": file.name, "kind": file.kind.value,
            "size_bytes": file.size_bytes, "sha256": file.sha256, "sealed": sealed, "policy_version": limits.version,
            "added_by": by.person_id, "added_at": now,
        })  # fmt: skip
        detail = {"paper_id": str(paper_id), "sha256": file.sha256}
        await audit.write(tx, "complaint.paper-added", subject_id=row["subject_id"], detail=detail)
    return complaint_id


async def list_of(tx: ReadTx, complaint_id: UUID) -> Sequence[File]:
    """The files of a complaint that the caller may see, as they were added."""
    return [File(**dict(row)) for row in await store.read_files(tx, complaint_id)]


async def open_file(tx: Tx, complaint_id: UUID, paper_id: UUID, *, by: Seat) -> tuple[File, bytes]:
    """A file with its content, for a side of the complaint; every opening is in the audit. Refuses `not-found`."""
    await tx.narrow(case_id=complaint_id)
    complaint = await store.read(tx, complaint_id)
    row = await store.read_file(tx, complaint_id, paper_id)
    if complaint is None or row is None or not is_side(complaint, by):
        raise Refusal("not-found")
    place = _place(paper_id, complaint_id, row["subject_id"], row["name"])
    content = await vault.unseal(tx, place, row["sealed"])
    assert hashlib.sha256(content).hexdigest() == row["sha256"], "a file is what was added"
    detail = {"paper_id": str(paper_id), "sha256": row["sha256"]}
    await audit.write(tx, "complaint.paper-read", subject_id=row["subject_id"], detail=detail)
    return File(**{name: row[name] for name in File.__dataclass_fields__}), content


def _place(paper_id: UUID, complaint_id: UUID, subject_id: UUID, name: str) -> Place:
    """Sealed for this file of this complaint under this name: moved or renamed, it does not open."""
    called = hashlib.sha256(name.encode()).hexdigest()
    return Place("complaint_papers", f"sealed/{complaint_id}/{called}", paper_id, subject_id)
