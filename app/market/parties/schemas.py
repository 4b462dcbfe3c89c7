"""Bodies of the changes that need two people, as they wait in a proposal."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.web.body import Body

FEN_MAX = 10**15  # Ten trillion yuan: no bank sets aside more.
ROWS_MAX = 500  # Lists changed at once: each is a version, an event and a line of the audit in one transaction.
Amount = Annotated[int, Field(strict=True, gt=0, le=FEN_MAX)]
Rate = Annotated[int, Field(strict=True, gt=0, le=360_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Words = Annotated[list[Word], Field(max_length=64, default_factory=list)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class ChangeBody(Body):
    """Base of what waits in a proposal."""


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


class PoolChange(PoolThaw):
    """What a person sends to change a pool: by how much, unless it is thawed."""

    kind: Literal["raise", "lower", "thaw"]
    amount_fen: Amount | None = None

    @model_validator(mode="after")
    def _amount_where_due(self) -> Self:
        if (self.kind == "thaw") != (self.amount_fen is None):
            raise ValueError("a raise or a lowering is by an amount, a thaw by none")
        return self


class FreezeBody(Body):
    why: Why


class PlacementBody(Body):
    """Whose outlet it is."""

    bank_id: UUID


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
    purposes: Words
    collateral: Words
    districts: Words
    materials: Words
    two_person_reasons: Words
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.amount_min_fen > self.ceiling_fen or self.rate_min_ppm > self.rate_max_ppm:
            raise ValueError("a lower bound above its upper one")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("a list that ends before it begins")
        return self


class ListsBody(ChangeBody):
    """New versions of many lists, published together or not at all."""

    rows: Annotated[list[ListBody], Field(min_length=1, max_length=ROWS_MAX)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({(one.branch_id, one.product_id) for one in self.rows}) < len(self.rows):
            raise ValueError("one branch and product twice")
        return self
