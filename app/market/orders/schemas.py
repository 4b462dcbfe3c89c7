"""Shapes of orders: the ranking policy's body, and what people and machines send."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.market.orders.rules.ranking import Factor, Weights


class RankingBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weights: dict[Factor, int]
    rate_ppm_worst: int = Field(gt=0)
    workdays_worst: int = Field(gt=1)
    term_months_spare: int = Field(gt=0)


def read_weights(version: int, body: Mapping[str, Any]) -> Weights:
    """A `ranking` policy's body as the rules want it. Raises pydantic's ValidationError on another shape."""
    read = RankingBody.model_validate(dict(body))
    assert set(read.weights) == set(Factor), "every factor has a weight"
    return Weights(version, read.weights, read.rate_ppm_worst, read.workdays_worst, read.term_months_spare)
