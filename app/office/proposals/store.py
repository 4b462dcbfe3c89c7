"""All SQL of two-person acts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.infra.db import ReadTx, Record, Tx
from app.office.proposals.rules import Proposal, ProposalState

INSERT = """
insert into proposals (proposal_id, kind, case_id, root_id, org_id, branch_id, body, made_by, made_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (kind, case_id) where state = 'open' do nothing
"""
CLOSE = """
update proposals set state = $2, closed_at = $3, said = $4
where proposal_id = $1 and state = 'open' and ($2 not in ('approved', 'rejected') or expires_at > $3)
"""
INSERT_APPROVAL = """
insert into approvals (proposal_id, org_id, root_id, maker_id, checker_id, verdict, at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
LIST = """
select * from proposals
where org_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or branch_id = $3)
order by made_at desc, proposal_id limit $4
"""
# What waits: the oldest first. What is over: the newest first. Each beyond a place (made_at, id).
PAGE = {
    oldest_first: f"""
select p.*, a.checker_id from proposals p left join approvals a using (proposal_id)
where p.org_id = $1 and p.state = any($2) and ($3::uuid is null or p.branch_id = $3)
  and ($4::uuid is null or p.made_by = $4)
  and ($5::timestamptz is null or (p.made_at, p.proposal_id) {beyond} ($5, $6))
order by p.made_at {way}, p.proposal_id {way} limit $7
"""  # noqa: S608 — the text is ours
    for oldest_first, beyond, way in ((True, ">", "asc"), (False, "<", "desc"))
}
COUNT = """
select count(*) from (
  select from proposals
  where org_id = $1 and ($2::uuid is null or branch_id = $2) and kind = any($3) and made_by <> $4 and state = 'open'
    and expires_at > $5
  limit $6) waiting
"""
OPEN_OF_CASE = "select * from proposals where case_id = $1 and state = 'open' order by proposal_id for no key update"
DUE = """
select * from proposals where state = 'open' and expires_at <= $1
order by expires_at, proposal_id limit $2 for no key update skip locked
"""


Place = tuple[datetime, UUID]  # When one was made, its id.


def _proposal(row: Record | Mapping[str, Any]) -> Proposal:
    return Proposal(**{**row, "state": ProposalState(row["state"])})


async def insert_proposal(tx: Tx, proposal: Proposal) -> bool:
    """Whether it went in: False while another of its kind is open on the case."""
    p = proposal
    rows = await tx.execute(
        INSERT, p.proposal_id, p.kind, p.case_id, p.root_id, p.org_id, p.branch_id, dict(p.body), p.made_by,
        p.made_at, p.expires_at,
    )  # fmt: skip
    return rows == 1


async def read_proposal(tx: ReadTx, proposal_id: UUID) -> Proposal | None:
    row = await tx.row("select * from proposals where proposal_id = $1", proposal_id)
    return None if row is None else _proposal(row)


async def close_proposal(tx: Tx, proposal_id: UUID, state: ProposalState, at: datetime, said: str | None) -> bool:
    """Whether this call closed it; of two that race the second finds it closed."""
    return await tx.execute(CLOSE, proposal_id, state.value, at, said) == 1


async def insert_approval(tx: Tx, proposal: Proposal, checker_id: UUID, verdict: ProposalState, at: datetime) -> None:
    p = proposal
    rows = await tx.execute(
        INSERT_APPROVAL, p.proposal_id, p.org_id, p.root_id, p.made_by, checker_id, verdict.value, at
    )
    assert rows == 1, "a verdict was not written"


async def list_proposals(
    tx: ReadTx, org_id: UUID, state: ProposalState | None, branch_id: UUID | None, limit: int
) -> tuple[Proposal, ...]:
    rows = await tx.fetch(LIST, org_id, state and state.value, branch_id, limit)
    return tuple(map(_proposal, rows))


async def read_page(
    tx: ReadTx, org_id: UUID, states: Sequence[ProposalState], branch_id: UUID | None, made_by: UUID | None,
    after: Place | None, limit: int,
) -> list[tuple[Proposal, UUID | None]]:  # fmt: skip
    """Proposals in these states beyond `after`, each with who answered it."""
    sql = PAGE[ProposalState.OPEN in states]
    rows = await tx.fetch(
        sql, org_id, [one.value for one in states], branch_id, made_by, *(after or (None, None)), limit
    )
    found = [dict(row) for row in rows]
    return [(_proposal(row), checker_id) for row in found for checker_id in [row.pop("checker_id")]]


async def count_waiting(
    tx: ReadTx, org_id: UUID, branch_id: UUID | None, kinds: Sequence[str], not_by: UUID, now: datetime, most: int
) -> int:
    return int(await tx.value(COUNT, org_id, branch_id, list(kinds), not_by, now, most))


async def read_open_of_case(tx: ReadTx, case_id: UUID) -> tuple[Proposal, ...]:
    return tuple(map(_proposal, await tx.fetch(OPEN_OF_CASE.removesuffix(" for no key update"), case_id)))


async def lock_open_of_case(tx: Tx, case_id: UUID) -> tuple[Proposal, ...]:
    return tuple(map(_proposal, await tx.fetch(OPEN_OF_CASE, case_id)))


async def lock_due(tx: Tx, now: datetime, limit: int) -> tuple[Proposal, ...]:
    return tuple(map(_proposal, await tx.fetch(DUE, now, limit)))
