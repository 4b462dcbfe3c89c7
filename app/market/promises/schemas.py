"""The form behind a change of a promise, and the body of its proposal."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from app.kernel.errors import Refusal
from app.market.promises.rules import Change, Rung
from app.web.body import Form, text

RUNGS_MAX: Final = 5
Share = Annotated[int, Field(ge=1, le=1000)]
Told = Annotated[
    tuple[Literal["branch", "head_office", "customer_service", "supervisor", "firm"], ...], Field(max_length=5)
]
KeyField = Annotated[str, text(60)]


class ChangeForm(Form):
    """A promise as it shall be. A rung without a share is none."""

    key: KeyField
    valid_from: date
    unit: Literal["workdays", "calendar_days", "months", "minutes", "working_minutes", "until"]
    count: Annotated[int, Field(ge=0, le=2500)]
    pause_cap: Annotated[int, Field(ge=0, le=250)] = 0
    why: Annotated[str, text(500, 4)]
    share_1: Share | None = None
    told_1: Told = ()
    share_2: Share | None = None
    told_2: Told = ()
    share_3: Share | None = None
    told_3: Told = ()
    share_4: Share | None = None
    told_4: Told = ()
    share_5: Share | None = None
    told_5: Told = ()

    def change(self) -> Change:
        """What is asked for; refused (`malformed-field`) where somebody is told without a share."""
        rungs = []
        for n in range(1, RUNGS_MAX + 1):
            share, told = getattr(self, f"share_{n}"), getattr(self, f"told_{n}")
            if share is None and told:
                raise Refusal("malformed-field", pointer=f"/share_{n}")
            if share is not None:
                rungs.append(Rung(share, told))
        return Change(self.valid_from, self.unit, self.count, self.pause_cap, tuple(rungs))


def as_body(key: str, change: Change, why: str) -> dict[str, Any]:
    """A change as a proposal keeps it."""
    return {
        "key": key, "valid_from": change.valid_from.isoformat(), "unit": change.unit, "count": change.count,
        "pause_cap": change.pause_cap, "rungs": [{"share": one.share, "told": list(one.told)} for one in change.rungs],
        "why": why,
    }  # fmt: skip


def read_change(body: Mapping[str, Any]) -> Change:
    """A proposal's body back as a change."""
    rungs = tuple(Rung(one["share"], tuple(one["told"])) for one in body["rungs"])
    return Change(date.fromisoformat(body["valid_from"]), body["unit"], body["count"], body["pause_cap"], rungs)
