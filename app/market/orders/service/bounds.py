"""How far an order may go: the dated policy `order`, in force on the day the order starts."""

from datetime import date
from typing import Final

from app.infra.db import ReadTx
from app.market.orders.rules.facts import Bounds
from app.market.orders.schemas import read_bounds
from app.office import policies

POLICY: Final = ("order", "bounds")


async def bounds_on(tx: ReadTx, on: date) -> Bounds:
    """The bounds for an order that is posted on a day; refused (`policy-missing`) when there are none.

    A version never changes, so what was read of it is kept beside the policies, for the process.
    """
    version = await policies.version_in_force(tx, *POLICY, on)
    kept: dict[int, Bounds] = tx.shared.setdefault("orders.bounds", {})
    if version not in kept:
        kept[version] = read_bounds((await policies.get_version(tx, *POLICY, version)).body)
    return kept[version]
