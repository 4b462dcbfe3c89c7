"""Which rung of which clock urges whom: dated policy, one key per clock."""

from collections.abc import Sequence
from datetime import date

from app.infra.db import ReadTx
from app.market.oversight.rules.urges import Addressee
from app.market.oversight.schemas import UrgeBody
from app.office import policies


async def addressee_of(tx: ReadTx, keys: Sequence[str], share: int, on: date) -> Addressee | None:
    """Who is urged at a rung, as of a day, by the first of these keys that policy has; None where nobody is."""
    found = {one.key: one for one in await policies.all_in_force(tx, "urge", on)}
    policy = next((found[key] for key in keys if key in found), None)
    if policy is None:
        return None
    body = UrgeBody.model_validate(policy.body)
    return next((Addressee(one.addressee) for one in body.rungs if one.share == share), None)
