"""A firm's own estimates; a bank's own word about its customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from litestar import Request, Response, get, post
from pydantic import Field, StringConstraints, model_validator

from app.access import orgs
from app.access.seats import Seat, SeatRole
from app.credit import subjects
from app.infra.db import ReadTx, Tx
from app.kernel.clock import shanghai_date
from app.kernel.errors import Refusal
from app.market.limits import service
from app.market.limits.service import Estimate
from app.web import idempotency
from app.web.body import Body, Sent, text
from app.web.deps import Given

BUSINESS: Final = {"roles": (SeatRole.BUSINESS,)}
BANK: Final = {"roles": (SeatRole.BANK_ADMIN, SeatRole.BANK_CLIENT)}


class BankInputBody(Body):
    """A bank's word about one subject: by its code, or by the bank's own customer number. A text or a whole number."""

    uscc: Annotated[str, text(18, 18)] | None = None
    customer_no: Annotated[str, text(64)] | None = None
    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
    value: Annotated[str, text(200)] | None = None
    number: Annotated[int, Field(ge=-(10**15), le=10**15)] | None = None
    as_of_on: date

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.uscc is None) == (self.customer_no is None) or (self.value is None) == (self.number is None):
            raise ValueError("one name of the subject and one value")
        return self


@dataclass(frozen=True, slots=True)
class EstimateView:
    """One card. `data_age_days` is the age of its oldest input today; `trace` explains the amount step by step."""

    estimate_id: UUID
    bank_id: UUID
    product_id: UUID
    amount_fen: int
    rate_ppm: int
    term_months: int
    why_zero: Mapping[str, str] | None
    model_key: str
    model_version: int
    inputs: tuple[Mapping[str, Any], ...]
    data_as_of_on: date | None
    data_age_days: int | None
    trace: tuple[Mapping[str, Any], ...]
    made_at: datetime
    expires_at: datetime
    is_binding: bool = False

    @classmethod
    def of(cls, card: Estimate, on: date) -> "EstimateView":
        return cls(
            card.estimate_id, card.bank_id, card.product_id, card.amount_fen, card.rate_ppm, card.term_months,
            card.why_zero, card.model_key, card.model_version, card.inputs, card.data_as_of_on,
            card.data_age_days(on), card.trace, card.made_at, card.expires_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    subject_id: UUID


@post("/estimates", opt=BUSINESS | {"rate": "estimate"})
async def make_estimates(
    tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[dict[str, list[EstimateView]]]:
    """Measure every product afresh from one's own data; indicative, and binding nobody."""

    async def measure() -> UUID:
        org = await orgs.get_org(tx, seat.org_id)
        if org.subject_id is None:
            raise Refusal("conflict", "账户尚未与信用主体关联，无法测算。")
        await service.cards(tx, org.subject_id, business_id=seat.org_id, now=tx.now)
        return seat.org_id

    await idempotency.once(request, tx, measure, location="/estimates")
    return idempotency.answer(request, await _latest(tx, seat))


@get("/estimates", opt=BUSINESS)
async def list_estimates(tx: Given[ReadTx], seat: Given[Seat]) -> dict[str, list[EstimateView]]:
    """The newest card of each product that has not expired."""
    return await _latest(tx, seat)


@post("/bank-inputs", opt=BANK)
async def record_bank_input(
    data: Sent[BankInputBody], tx: Given[Tx], seat: Given[Seat], request: Request[Any, Any, Any]
) -> Response[Recorded]:
    """Say something of one's own customer, such as `bank_rating`; the firm is shown it as the bank's statement."""
    if data.as_of_on > shanghai_date(tx.now):
        raise Refusal("bad-time", "日期不能晚于今天。")

    async def record() -> UUID:
        found = (
            await subjects.find_by_uscc(tx, data.uscc)
            if data.uscc is not None
            else await subjects.find_by_customer(tx, seat.org_id, data.customer_no or "")
        )
        if found is None:
            raise Refusal("not-found")
        value = data.number if data.value is None else data.value
        assert value is not None, "the shape holds one of the two"
        await service.record_input(
            tx, seat.org_id, found.subject_id, data.key, value, as_of_on=data.as_of_on, source="bank",
            by_id=seat.person_id, now=tx.now,
        )  # fmt: skip
        return found.subject_id

    return idempotency.answer(request, Recorded(await idempotency.once(request, tx, record)))


async def _latest(tx: ReadTx, seat: Seat) -> dict[str, list[EstimateView]]:
    on = shanghai_date(tx.now)
    return {"estimates": [EstimateView.of(card, on) for card in await service.latest(tx, seat.org_id, now=tx.now)]}
