"""Which rung of which clock urges whom: dated policy, one key per clock."""

from datetime import date
from uuid import UUID

from app.infra.db import ReadTx, Tx
from app.market.oversight.rules.urges import About, Addressee
from app.market.oversight.schemas import UrgeBody
from app.market.oversight.service import urges
from app.market.oversight.service.urges import Rung, Subject
from app.office import policies


async def addressee_of(tx: ReadTx, clock: str, share: int, on: date) -> Addressee | None:
    """Who is urged at a rung, as of a day; None where nobody is."""
    for policy in await policies.all_in_force(tx, "urge", on):
        if policy.key == clock:
            body = UrgeBody.model_validate(policy.body)
            found = next((one.addressee for one in body.rungs if one.share == share), None)
            return None if found is None else Addressee(found)
    return None


async def urge_for(tx: Tx, subject: Subject, rung: Rung, on: date) -> UUID | None:
    """Issue what the policy says for this rung; None where it says nothing or it was issued already."""
    addressee = await addressee_of(tx, rung.clock, rung.share, on)
    if addressee is None:
        return None
    return await urges.issue_by_rung(tx, subject, addressee, rung, now=tx.now)


def subject_of_suborder(suborder_id: UUID, order_id: UUID, bank_id: UUID, branch_id: UUID) -> Subject:
    return Subject(About.SUBORDER, suborder_id, bank_id, branch_id, order_id)
