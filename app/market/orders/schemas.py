"""Shapes of orders: the ranking policy's body, and what people and machines send."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.market.orders.rules.ranking import Factor, Weights
from app.web.body import Body, CodeField, FenField, InstantField, NameField, NoteField, PpmField, text

MonthsField = Annotated[int, Field(ge=1, le=360)]
WordField = Annotated[str, text(60)]


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


class TickBody(Body):
    """One bank that the firm ticks, and what it may see. `text_hash` is that of the letter that was shown."""

    branch_id: UUID
    product_id: UUID
    data_classes: Annotated[list[CodeField], Field(min_length=1, max_length=40)]
    text_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class OrderBody(Body):
    """A need with the banks that are asked. Posting signs one consent per bank.

    `order_id` is that of the draft when previews were made for it; left out, one is minted.
    """

    order_id: UUID | None = None
    amount_fen: FenField
    term_months: MonthsField
    purpose: WordField
    collateral: WordField
    district_code: CodeField | None = None
    until_on: date
    places: Annotated[int, Field(ge=1, le=3)] = 2
    previous_order_id: UUID | None = None
    banks: Annotated[list[TickBody], Field(min_length=1, max_length=5)]


class NothingBody(Body):
    """An act that needs no more than its address."""


class ContactBody(Body):
    contacted_at: InstantField
    how: Literal["phone", "visit", "online"]
    whom: NameField


class PapersBody(Body):
    """All items at once, by name: catalogue paths or the names of papers."""

    items: Annotated[list[Annotated[str, text(80)]], Field(min_length=1, max_length=20)]
    note: Annotated[str, text(500, 0)] = ""


class AnswerBody(Body):
    answer: NoteField


class ClaimBody(Body):
    """What the bank says of one item of evidence; no value for `no_record` and `not_collected`."""

    path: Annotated[str, text(120)]
    comparison: Literal["eq", "ne", "lt", "le", "gt", "ge", "no_record", "not_collected"]
    value: int | Annotated[str, text(120)] | None = None


class RefusalBody(Body):
    """Code and words may be missing here, so that their absence is told as `reason-required`."""

    reason_code: Annotated[str, text(16, 0)] = ""
    words: Annotated[str, text(2000, 0)] = ""
    claim: ClaimBody | None = None


class FeeBody(Body):
    name: WordField
    amount_fen: FenField
    months: Annotated[int, Field(ge=0, le=360)] = 0


class OfferBody(Body):
    amount_fen: FenField
    rate_ppm: PpmField
    term_months: MonthsField
    repayment: Literal["instalments", "interest_first", "bullet"]
    fees: Annotated[list[FeeBody], Field(max_length=10, default_factory=list)]
    valid_workdays: Annotated[int, Field(ge=1, le=250)]


class SignatureBody(Body):
    contract_no: CodeField
    signed_on: date
    amount_fen: FenField
    draw_until_on: date


class DrawBody(Body):
    """`draw_id` is the bank's own mark of this payment: sent twice it counts once."""

    draw_id: UUID
    amount_fen: FenField
    paid_on: date
