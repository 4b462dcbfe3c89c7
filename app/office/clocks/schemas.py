"""The shape of a `clock` policy's body: one key per clock, dated; a clock keeps the version it was started by."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class RungBody(BaseModel):
    """A share of the counted time, in percent, and who is told when it is used up."""

    model_config = ConfigDict(extra="forbid", strict=True)

    share: int = Field(ge=1, le=1000)
    told: list[Literal["branch", "head_office", "customer_service", "supervisor", "firm"]]


class ClockBody(BaseModel):
    """`count` is 0 exactly where the case names the limit (an offer's validity, a contract's draw period)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    owner: Literal["bank", "firm", "platform", "supervisor"]
    unit: Literal["workdays", "calendar_days", "months", "minutes", "working_minutes", "until"]
    count: int = Field(ge=0, le=2500)
    pause_cap: int = Field(ge=0, le=250)
    rungs: list[RungBody]
    # Whose days and hours count: the State Council's, those of the branch concerned while a document of its hours is in
    # force (else the State Council's), or the calendar of that key. A clock keeps what it was started by.
    calendar: str = Field(default="national", pattern=r"^[a-z0-9][a-z0-9/_-]{0,60}$")
    # Which events of the case's own room move the clock: read by that room.
    starts: list[dict[str, Any]] | None = None
    stops: list[dict[str, Any]] = []
    pauses: list[dict[str, Any]] = []
    resumes: list[dict[str, Any]] = []
    reopens: list[dict[str, Any]] = []
    voids: list[dict[str, Any]] = []
