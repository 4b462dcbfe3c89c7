"""SQL of appeals. The caller holds the order's lock."""

from datetime import datetime
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx


async def read_appeal(tx: ReadTx, suborder_id: UUID) -> Record | None:
    """The appeal of a refused suborder."""
    return await tx.row("select * from appeals where suborder_id = $1", suborder_id)


async def read_open(tx: ReadTx) -> list[Record]:
    """Appeals without an answer that the caller's audience may see, the soonest deadline first."""
    return await tx.fetch(
        "select a.appeal_id, a.suborder_id, a.branch_id, a.words, a.made_at, c.due_on, c.due_at, c.state, s.subject_id,"
        " s.amount_fen from appeals a join suborders s using (suborder_id)"
        " left join clocks_v_clocks c on c.case_id = a.appeal_id and c.kind = 'APPEAL'"
        " where a.answered_at is null order by c.due_at, a.appeal_id limit 200"
    )


async def answer(
    tx: Tx, appeal_id: UUID, upheld: bool, words: str, by: UUID, reopened_id: UUID | None, at: datetime
) -> None:
    touched = await tx.execute(
        "update appeals set answered_at = $2, upheld = $3, answer = $4, answered_by = $5, reopened_id = $6"
        " where appeal_id = $1 and answered_at is null",
        appeal_id, at, upheld, words, by, reopened_id,
    )  # fmt: skip
    assert touched == 1, "an appeal is answered once"
