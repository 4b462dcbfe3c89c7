"""Reading the catalogue of a day."""

from datetime import date

from app.credit.catalogue.rules import Edition, read_edition
from app.infra.db import ReadTx
from app.office.policies import in_force

KEY = "public-credit"


async def edition_on(tx: ReadTx, on: date) -> Edition:
    """The edition in force on a day; refused (`policy-missing`) when there is none."""
    policy = await in_force(tx, "catalogue", KEY, on)
    return read_edition(policy.version, policy.valid_from, policy.valid_to, policy.body)
