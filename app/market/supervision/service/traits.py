"""What an order notes of its firm when it is posted: its industry and its size, as they are known at that moment.

Noted once and for good, so that a figure by industry does not change when a firm changes trades.
"""

from collections.abc import Sequence
from typing import Final

from app.credit import records
from app.credit.records import CreditRecord
from app.infra.db import Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.orders.events import OrderPosted
from app.market.supervision.rules import traits
from app.market.supervision.rules.traits import BadLimits
from app.market.supervision.store import traits as store
from app.office import policies

REGISTER, REPORT = "registry.basic", "annual_report.filed"


async def note_traits(tx: Tx, event: OrderPosted) -> None:
    """Listener on OrderPosted, in its transaction."""
    found = [
        one for one in await records.records_of(tx, event.subject_id, (REGISTER, REPORT), as_of=event.at) if one.in_use
    ]
    code = str(_newest(found, REGISTER, "industry_code") or "")
    staff, revenue = _newest(found, REPORT, "staff_count"), _newest(found, REPORT, "revenue_fen")
    limits = traits.parse_limits((await policies.in_force(tx, "supervision", "sizes", shanghai_date(event.at))).body)
    if isinstance(limits, BadLimits):
        raise Refusal("policy-missing", limits.why, kind="supervision", key="sizes")
    size = traits.size_of(code, _whole(staff), _whole(revenue), limits)
    await store.note(tx, event.stream_id, traits.section_of(code), size)


PATHS: Final = {REGISTER: "registration", REPORT: "annual_report"}


def _newest(found: Sequence[CreditRecord], item: str, name: str) -> str | int | None:
    """The value of the newest record that has it, by its path or by its bare name."""
    ordered = sorted(
        (one for one in found if one.item_code == item),
        key=lambda one: (str(one.as_of_on or ""), one.first_reported_at),
    )
    values = [one.values.get(f"{PATHS[item]}.{name}", one.values.get(name)) for one in ordered]
    return next((value for value in reversed(values) if value is not None), None)


def _whole(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None
