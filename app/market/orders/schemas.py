"""Shapes of orders: the ranking policy's body, and what people and machines send."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from app.market.orders.rules.facts import Bounds
from app.market.orders.rules.loans import Lending
from app.market.orders.rules.ranking import Factor, Weights
from app.web.body import Body, CodeField, FenField, InstantField, NameField, NoteField, PpmField, text

PLACES_EVER: Final = 20  # The table's own bound: no edition of the policy may ask for more.
BANKS_EVER: Final = 40
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


class BoundsBody(BaseModel):
    """An `order` policy's body: lists rise, what is offered and suggested lies within what is allowed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount_min_fen: PositiveInt
    amount_max_fen: PositiveInt
    term_months: Annotated[list[PositiveInt], Field(min_length=1, max_length=12)]
    term_months_max: Annotated[int, Field(ge=1, le=360)]
    until_days: Annotated[list[PositiveInt], Field(min_length=1, max_length=12)]
    until_days_suggested: PositiveInt
    until_days_max: Annotated[int, Field(ge=1, le=366)]
    places_max: Annotated[int, Field(ge=1, le=PLACES_EVER)]
    places_suggested: PositiveInt
    reserves_max: Annotated[int, Field(ge=0, le=BANKS_EVER - PLACES_EVER)]
    offer_workdays_min: PositiveInt
    offer_workdays_max: Annotated[int, Field(ge=1, le=250)]
    draw_days_max: Annotated[int, Field(ge=1, le=3660)]
    apr_max_ppm: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000_000

    @model_validator(mode="after")
    def fit(self) -> Self:
        """Raises ValueError, which pydantic tells as its ValidationError."""
        rising = all(one == sorted(set(one)) for one in (self.term_months, self.until_days))
        within = self.term_months[-1] <= self.term_months_max and self.until_days[-1] <= self.until_days_max
        ordered = self.amount_min_fen <= self.amount_max_fen and self.offer_workdays_min <= self.offer_workdays_max
        suggested = self.until_days_suggested in self.until_days and self.places_suggested <= self.places_max
        if not (rising and within and ordered and suggested):
            raise ValueError("the bounds contradict each other")
        return self


def read_bounds(body: Mapping[str, Any]) -> Bounds:
    """An `order` policy's body as the rules want it. Raises pydantic's ValidationError on another shape."""
    read = BoundsBody.model_validate(dict(body)).model_dump()
    return Bounds(**{**read, "term_months": tuple(read["term_months"]), "until_days": tuple(read["until_days"])})


class LendingBody(BaseModel):
    """A `lending` policy's body: what differs by type of loan, and how far one may be extended."""

    model_config = ConfigDict(extra="forbid")

    agri_kinds: frozenset[str]
    recommended_days: PositiveInt
    short_months: PositiveInt
    extension_short_percent: Annotated[int, Field(ge=0, le=100)]
    extension_long_percent: Annotated[int, Field(ge=0, le=100)]
    write_off_words_min: PositiveInt


def read_lending(body: Mapping[str, Any]) -> Lending:
    """A `lending` policy's body as the rules want it. Raises pydantic's ValidationError on another shape."""
    read = LendingBody.model_validate(dict(body))
    return Lending(**{name: getattr(read, name) for name in LendingBody.model_fields})


class TickBody(Body):
    """One bank that the firm ticks, and what it may see. `text_hash` is that of the letter that was shown."""

    branch_id: UUID
    product_id: UUID
    data_classes: Annotated[list[CodeField], Field(min_length=1, max_length=40)]
    text_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class OrderBody(Body):
    """A need with the banks that are asked. Posting signs one consent per bank.

    `order_id` is that of the draft when previews were made for it; left out, one is minted. `of_suborder_id`: the loan
    that a renewal or a deferral is about.
    """

    order_id: UUID | None = None
    amount_fen: FenField
    term_months: MonthsField
    purpose: WordField
    collateral: WordField
    district_code: CodeField | None = None
    until_on: date
    places: Annotated[int, Field(ge=1, le=PLACES_EVER)] = 2
    previous_order_id: UUID | None = None
    loan_type: Literal["new", "renewal", "deferral", "recommended", "agri"] = "new"
    of_suborder_id: UUID | None = None
    banks: Annotated[list[TickBody], Field(min_length=1, max_length=BANKS_EVER)]


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


class DenialBody(Body):
    """What the firm says against a contact that the bank told; may be nothing."""

    words: Annotated[str, text(500, 0)] = ""


class ContestBody(Body):
    """Why what the bank asks for is not needed."""

    words: Annotated[str, text(500, 6)]


class WordBody(Body):
    """The firm's own word to a bank, and what it adds to it."""

    word: Literal["gave_up", "served_elsewhere", "terms_declined"]
    words: Annotated[str, text(500, 0)] = ""


class WithdrawalBody(Body):
    """`asked` says that the firm was asked whether a bank had it leave; `caused_by` is that bank's suborder."""

    asked: bool = False
    caused_by: UUID | None = None
    words: Annotated[str, text(500, 0)] = ""


class AppealBody(Body):
    """What the firm holds against a refusal."""

    words: Annotated[str, text(2000, 10)]


class AppealAnswerBody(Body):
    """The second opinion, in words that the firm reads."""

    upheld: bool
    words: Annotated[str, text(2000, 10)]


class ReassignmentBody(Body):
    """Another branch of the same bank."""

    branch_id: UUID


class RetractionBody(Body):
    """Why an offer is taken back: a reason, and words that the firm reads."""

    reason: Literal["fraud", "changed_facts"]
    words: Annotated[str, text(500, 6)]


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


class LoanEntryBody(Body):
    """What the bank tells of a loan. `entry_id` is its own mark: sent twice it counts once.

    `on`: the day on which principal came back, the extension was agreed, the loan was due, or was settled.
    `amount_fen`: principal, not for a settlement. `until_on`: the new last day of an extension. `reason`: in words,
    where what is still owed is written off.
    """

    entry_id: UUID
    kind: Literal["repayment", "extension", "overdue", "settlement"]
    on: date
    amount_fen: FenField | None = None
    until_on: date | None = None
    reason: Annotated[str, text(500, 0)] = ""

    @model_validator(mode="after")
    def fit(self) -> Self:
        """Raises ValueError, which is told as `malformed-field`."""
        if (self.amount_fen is None) != (self.kind == "settlement"):
            raise ValueError("every kind but a settlement has an amount")
        if (self.until_on is None) != (self.kind != "extension"):
            raise ValueError("an extension, and only it, has until_on")
        return self


class AgreementBody(Body):
    """The written agreement of a deferral."""

    agreement_no: CodeField
    signed_on: date
