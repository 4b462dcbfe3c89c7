"""What the branch sends from its desk: as typed, and as the commands want it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from app.kernel.clock import SHANGHAI
from app.kernel.errors import Refusal
from app.kernel.money import ReadSum, Unit, parse_sum
from app.market import reasons
from app.market.orders.rules.cost import Fee, Repayment
from app.market.orders.service.decisions import Offered, Said
from app.web.body import CodeField, Form, NameField, text
from app.web.i18n import _

Typed = Annotated[str, text(30)]
FEN_MAX: Final = 10**12
PPM_PER_PERCENT: Final = 10_000
PATHLESS: Final = (reasons.Comparison.NO_RECORD, reasons.Comparison.NOT_COLLECTED)


class ActForm(Form):
    """A button that acts, without a field."""


class AcceptancesForm(Form):
    """The ticked rows of the inbox."""

    suborder_id: Annotated[list[UUID], Field(min_length=1, max_length=50)]


class ContactForm(Form):
    """`contacted_at` is Shanghai wall time, as the browser's field gives it."""

    contacted_at: datetime
    how: Literal["phone", "visit", "online"]
    whom: NameField

    def instant(self) -> datetime:
        at = self.contacted_at
        return at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at


class PapersForm(Form):
    """Papers ticked on the list's own materials, and others: one a line."""

    ticked: Annotated[list[Annotated[str, text(80)]], Field(max_length=100, default_factory=list)]
    items: Annotated[str, text(4000, 0)] = ""
    note: Annotated[str, text(500, 0)] = ""

    def names(self) -> tuple[str, ...]:
        """The papers asked for. Refuses `papers-refused` for too many or too long."""
        lines = (line.strip() for line in self.items.splitlines())
        found = tuple(dict.fromkeys([*self.ticked, *(line for line in lines if line)]))
        if not found:
            raise Refusal("papers-refused", "请至少写明一项材料。")
        if len(found) > 20 or any(len(name) > 80 for name in found):
            raise Refusal("papers-refused", "一次最多二十项材料，每项不超过八十个字。")
        return found


class OfferForm(Form):
    """An offer as typed: sums in 万元 (fees in 元), the rate in percent. Without `sure` it is only reckoned."""

    amount_wan: Typed
    rate_percent: Typed
    term_months: Annotated[int, Field(ge=1, le=360)]
    repayment: Repayment
    valid_workdays: Annotated[int, Field(ge=1, le=250)]
    fee_name: Annotated[str, text(60)] = ""
    fee_yuan: Annotated[str, text(30)] = ""
    sure: Literal["1"] | None = None


class RefusalForm(Form):
    code: Annotated[str, text(16, 0)] = ""
    words: Annotated[str, text(2000, 0)] = ""
    path: Annotated[str, text(120)] = ""
    comparison: Annotated[str, text(20)] = ""
    value: Annotated[str, text(60)] = ""
    unit: Annotated[str, text(20)] = ""


class SignatureForm(Form):
    contract_no: CodeField
    signed_on: date
    amount_wan: Typed
    draw_until_on: date


class DrawForm(Form):
    """`draw_id` was minted with the form, so that the same draw sent twice counts once."""

    draw_id: UUID
    amount_wan: Typed
    paid_on: date


def fen_of(typed: str, unit: Unit = Unit.WAN) -> int:
    """A sum as typed, in fen; `unit` is what a bare figure means. Refuses `malformed-field` in words."""
    read = parse_sum(typed, unit=unit)
    if not isinstance(read, ReadSum) or not 0 < read.fen <= FEN_MAX:
        raise Refusal("malformed-field", _("“{typed}”不是金额，请只填数字。").format(typed=typed))
    return int(read.fen)


def ppm_of(typed: str) -> int:
    """A rate in percent as typed, in ppm. Refuses `malformed-field`."""
    try:
        ppm = Decimal(typed.removesuffix("%").strip()) * PPM_PER_PERCENT
    except InvalidOperation:
        ppm = Decimal(-1)
    if not ppm.is_finite() or not 0 <= ppm <= 10**6 or ppm != int(ppm):
        raise Refusal(
            "malformed-field", _("“{typed}”不是利率，请填百分数，例如 4.35。").format(typed=typed), field="rate_percent"
        )
    return int(ppm)


def offered_of(form: OfferForm) -> Offered:
    """The offer as the command wants it. Refuses `malformed-field` in words."""
    fees: tuple[Fee, ...] = ()
    if form.fee_name or form.fee_yuan:
        if not (form.fee_name and form.fee_yuan):
            raise Refusal("malformed-field", "费用须同时写明名称和金额。", field="fee_name")
        fees = (Fee(form.fee_name, fen_of(form.fee_yuan, Unit.YUAN)),)
    return Offered(
        amount_fen=fen_of(form.amount_wan), rate_ppm=ppm_of(form.rate_percent), term_months=form.term_months,
        repayment=form.repayment, fees=fees, valid_workdays=form.valid_workdays,
    )  # fmt: skip


def said_of(form: RefusalForm) -> Said:
    """The refusal as the command wants it. A figure that cannot be read is no value, which the rule tells."""
    claim = None
    if form.path and form.comparison in set(reasons.Comparison):
        comparison = reasons.Comparison(form.comparison)
        value = None if comparison in PATHLESS else value_of(form.value, form.unit)
        claim = reasons.Claim(form.path, comparison, value)
    return Said(code=form.code, words=form.words, claim=claim)


def value_of(typed: str, unit: str) -> int | str | None:
    """A figure of evidence as typed in its unit, None when it cannot be read."""
    try:
        match unit:
            case "fen":
                return fen_of(typed)
            case "ppm":
                return ppm_of(typed)
            case "date":
                return int(date.fromisoformat(typed).strftime("%Y%m%d"))
            case "text":
                return typed or None
            case _:
                return int(typed)
    except (Refusal, ValueError):
        return None


def typed_of(form: Form) -> Mapping[str, Any]:
    """The fields as they were typed, to show them again."""
    return form.model_dump(mode="json")
