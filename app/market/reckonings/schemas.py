"""Shapes of reckonings: the policy, a question, an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

PROMISES: Final = ("ACCEPT", "CONTACT", "DECISION", "SIGN", "PAYOUT")
PromiseCode = Literal["ACCEPT", "CONTACT", "DECISION", "SIGN", "PAYOUT"]


class NightlyBody(BaseModel):
    """`hour` (Shanghai) from which on the nightly check runs; how long a stretch and how long a limit may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hour: int = Field(ge=0, le=23)
    days_max: int = Field(ge=1)
    limit_max: int = Field(ge=1, le=2_500)


DaysCounted = Literal["", "weekdays", "every_day"]


class WhatIfBody(BaseModel):
    """A promise with another limit and cap on pauses, both in workdays, for cases that began between two days; counted
    by other days than those of its calendar, if `days` says so: Monday to Friday, holidays or not, or every day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    promise: PromiseCode
    limit: int = Field(ge=1)
    pause_cap: int = Field(ge=0)
    from_on: date
    to_on: date
    days: DaysCounted = ""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A question and, once `state` is done, its answer (`app/replay/what_if.py` says what stands in it)."""

    reckoning_id: UUID
    kind: str
    body: Mapping[str, Any]
    asked_by: UUID | None
    asked_at: datetime
    state: str
    done: int
    whole: int
    ended_at: datetime | None
    result: Mapping[str, Any] | None

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def differences(self) -> int:
        return int(self.result["difference_count"]) if self.result is not None and self.kind == "check" else 0
