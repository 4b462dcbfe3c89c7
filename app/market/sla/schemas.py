"""The shape of a `clock` policy's body."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.market.orders.events import Clock
from app.market.sla.rules import ClockPolicy, Rung, Unit


class RungBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    share: int = Field(ge=1, le=1000)
    told: list[Literal["branch", "head_office", "customer_service", "supervisor", "firm"]]


class ClockBody(BaseModel):
    """`count` is 0 exactly where the act names the limit (an offer's validity, a contract's draw period)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    owner: Literal["bank", "firm", "platform"]
    unit: Literal["workdays", "minutes", "until"]
    count: int = Field(ge=0, le=2500)
    pause_cap: int = Field(ge=0, le=250)
    rungs: list[RungBody]


def read_policy(clock: Clock, body: Mapping[str, Any]) -> ClockPolicy:
    """A policy's body as the rules want it. Raises pydantic's ValidationError on a body of another shape."""
    read = ClockBody.model_validate(dict(body))
    rungs = tuple(Rung(rung.share, tuple(rung.told)) for rung in read.rungs)
    return ClockPolicy(clock, read.owner, Unit(read.unit), read.count, rungs, read.pause_cap)
