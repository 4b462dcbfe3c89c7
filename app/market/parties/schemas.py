"""Bodies of the changes that need two people, as they wait in a proposal."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

FEN_MAX = 10**15  # Ten trillion yuan: no bank sets aside more.
Amount = Annotated[int, Field(strict=True, gt=0, le=FEN_MAX)]
Rate = Annotated[int, Field(strict=True, gt=0, le=360_000)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[list[Word], Field(max_length=64)]
Why = Annotated[str, Field(min_length=2, max_length=500)]


class ChangeBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoolOpening(ChangeBody):
    """A pool for a quarter that has none yet."""

    branch_id: UUID
    product_id: UUID
    quarter: date
    cap_fen: Amount
    why: Why

    @model_validator(mode="after")
    def _first_day(self) -> Self:
        if (self.quarter.day, self.quarter.month % 3) != (1, 1):
            raise ValueError("a quarter is named by its first day")
        return self


class PoolAmount(ChangeBody):
    """By how much a pool is raised or lowered."""

    amount_fen: Amount
    why: Why


class PoolThaw(ChangeBody):
    why: Why


class ListBody(ChangeBody):
    """A new version of a branch's list for a product."""

    branch_id: UUID
    product_id: UUID
    amount_min_fen: Amount
    ceiling_fen: Amount
    approval_level_fen: Annotated[int, Field(strict=True, ge=0, le=FEN_MAX)]
    term_months_max: Annotated[int, Field(strict=True, ge=1, le=360)]
    rate_min_ppm: Rate
    rate_max_ppm: Rate
    purposes: Words = []
    collateral: Words = []
    districts: Words = []
    materials: Words = []
    two_person_reasons: Words = []
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.amount_min_fen > self.ceiling_fen or self.rate_min_ppm > self.rate_max_ppm:
            raise ValueError("a lower bound above its upper one")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("a list that ends before it begins")
        return self
