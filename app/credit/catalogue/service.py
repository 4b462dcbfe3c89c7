"""Reading the catalogue of a day."""

from datetime import date
from typing import Any, Final

from app.credit.catalogue.rules import Edition, read_edition
from app.infra.db import ReadTx
from app.office.policies import in_force

KEY = "public-credit"
KEPT: Final = "edition"


async def edition_on(tx: ReadTx, on: date) -> Edition:
    """The edition in force on a day; refused (`policy-missing`) when there is none."""
    policy = await in_force(tx, "catalogue", KEY, on)
    kept: Any = tx.shared.get(KEPT)
    if kept is None or kept[0] is not policy:  # Policies give the same object until their table has changed.
        edition = read_edition(policy.version, policy.valid_from, policy.valid_to, policy.body)
        kept = tx.shared[KEPT] = (policy, edition)
    found: Edition = kept[1]
    return found
