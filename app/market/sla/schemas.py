"""The shape of a `clock` policy's body, as far as it says which event of an order moves the clock."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.market.orders import events as told
from app.market.orders.events import Clock
from app.market.sla.rules import Begin, ClockPolicy, Halt, Rung, Unit, When, Words

STRICT = ConfigDict(extra="forbid", strict=True)


class RungBody(BaseModel):
    model_config = STRICT

    share: int = Field(ge=1, le=1000)
    told: list[Literal["branch", "head_office", "customer_service", "supervisor", "firm"]]


class WhenBody(BaseModel):
    """An event of an order by its class name; `where`: fields with the values that they must have."""

    model_config = STRICT

    on: str
    where: dict[str, str | bool] = {}


class BeginBody(WhenBody):
    until: str = ""
    count: str = ""
    since: str = ""
    within: str = ""
    keeps: bool = False
    only_told: bool = False


class HaltBody(WhenBody):
    proof: str = "request_id"


class ClockBody(BaseModel):
    """`count` is 0 exactly where the act names the limit (an offer's validity, a contract's draw period).

    A body of the first version names no words; those of `rules.FIRST` hold for it.
    """

    model_config = STRICT

    owner: Literal["bank", "firm", "platform"]
    unit: Literal["workdays", "calendar_days", "months", "minutes", "working_minutes", "until"]
    count: int = Field(ge=0, le=2500)
    pause_cap: int = Field(ge=0, le=250)
    rungs: list[RungBody]
    calendar: str = "national"  # Read by the clocks themselves.
    starts: list[BeginBody] | None = None
    stops: list[WhenBody] = []
    pauses: list[HaltBody] = []
    resumes: list[WhenBody] = []
    reopens: list[WhenBody] = []
    voids: list[WhenBody] = []


def read_policy(clock: Clock, body: Mapping[str, Any]) -> ClockPolicy:
    """A policy's body as the rules want it. Raises pydantic's ValidationError on a body of another shape."""
    read = ClockBody.model_validate(dict(body))
    rungs = tuple(Rung(rung.share, tuple(rung.told)) for rung in read.rungs)
    return ClockPolicy(clock, read.owner, Unit(read.unit), read.count, rungs, read.pause_cap, _words(read))


def _words(read: ClockBody) -> Words | None:
    if read.starts is None:
        return None
    return Words(
        tuple(Begin(**_known(one)) for one in read.starts), tuple(When(**_known(one)) for one in read.stops),
        tuple(Halt(**_known(one)) for one in read.pauses), tuple(When(**_known(one)) for one in read.resumes),
        tuple(When(**_known(one)) for one in read.reopens), tuple(When(**_known(one)) for one in read.voids),
    )  # fmt: skip


def _known(one: WhenBody) -> dict[str, Any]:
    """The words about an event that there is, with fields that it has."""
    kind = getattr(told, one.on, None)
    named = {getattr(one, name, "") for name in ("until", "count", "since", "proof")} - {""} | set(one.where)
    if not (isinstance(kind, type) and issubclass(kind, told.OrderEvent)):
        raise ValueError(f"orders tell of no {one.on}")
    if unknown := named - set(kind.__dataclass_fields__):
        raise ValueError(f"{one.on} has no {', '.join(sorted(unknown))}")
    return one.model_dump()
