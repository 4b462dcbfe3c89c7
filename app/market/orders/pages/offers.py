"""Offers side by side: what each costs in all, and what is paid when, as figures, a table and a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.market.orders.pages.following import BankView
from app.market.orders.rules.cost import Fee, Repayment
from app.market.orders.rules.schedule import Instalment, schedule_of
from app.market.orders.rules.states import FROM_PICK_ON, State
from app.web import charts, formats, i18n
from app.web.charts import Series
from app.web.i18n import _


@dataclass(frozen=True, slots=True)
class Scale:
    """What the pictures of offers share, so that they can be compared: months from `first` to `last`, and a height."""

    first: int
    last: int
    highest_fen: int


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer with its schedule. `said` tells the course of its payments in one sentence; `apr_ppm` to 0.01 %."""

    bank: BankView
    amount_fen: int
    received_fen: int
    repaid_fen: int
    cost_fen: int
    interest_fen: int
    fees_fen: int
    apr_ppm: int
    fees: Sequence[Fee]
    repayment: Repayment
    rows: Sequence[Instalment]
    said: str
    chart: Markup
    is_cheapest: bool
    is_lowest_rate: bool


def offers_of(banks: Sequence[BankView]) -> list[OfferView]:
    """The offers of an order as the firm compares them, and after the choice the one that was taken.

    Equal ones are marked alike, a single one not at all.
    """
    made = [bank for bank in banks if bank.part is not None and bank.part.offer is not None]
    made = [bank for bank in made if bank.part and State(bank.part.suborder["state"]) in FROM_PICK_ON] or made
    schedules = [_schedule(bank) for bank in made]
    if not made:
        return []
    months = [row.month for rows in schedules for row in rows]
    scale = Scale(min(months), max(months), max(row.paid_fen for rows in schedules for row in rows))
    costs = [_row(bank)["total_cost_fen"] for bank in made]
    rates = [_row(bank)["apr_ppm"] for bank in made]
    return [
        _offer(bank, rows, scale, len(made) > 1 and cost == min(costs), len(made) > 1 and rate == min(rates))
        for bank, rows, cost, rate in zip(made, schedules, costs, rates, strict=True)
    ]


def _offer(bank: BankView, rows: Sequence[Instalment], scale: Scale, cheapest: bool, lowest: bool) -> OfferView:
    made, fees = _row(bank), _fees(bank)
    repayment = Repayment(made["repayment"])
    said = _course(repayment, rows, made["term_months"])
    kept_back = sum(fee.amount_fen for fee in fees if fee.months == 0)
    return OfferView(
        bank, made["amount_fen"], made["amount_fen"] - kept_back, made["amount_fen"] + made["total_cost_fen"],
        made["total_cost_fen"], made["interest_fen"], made["total_cost_fen"] - made["interest_fen"],
        (made["apr_ppm"] + 50) // 100 * 100, fees, repayment, rows, said,
        _chart(said, rows, scale), cheapest, lowest,
    )  # fmt: skip


def _row(bank: BankView) -> dict[str, Any]:
    assert bank.part is not None
    assert bank.part.offer is not None
    return dict(bank.part.offer)


def _fees(bank: BankView) -> list[Fee]:
    assert bank.part is not None
    assert bank.part.offer is not None
    return [Fee(one["name"], one["amount_fen"], one.get("months", 0)) for one in bank.part.offer["fees"]]


def _schedule(bank: BankView) -> tuple[Instalment, ...]:
    made = _row(bank)
    return schedule_of(
        made["amount_fen"], made["rate_ppm"], made["term_months"], Repayment(made["repayment"]), _fees(bank)
    )


def _course(repayment: Repayment, rows: Sequence[Instalment], months: int) -> str:
    """How the payments run, in one sentence with the sums."""
    monthly = [row for row in rows if row.month > 0]
    last = monthly[months - 1]
    match repayment:
        case Repayment.INSTALMENTS:
            paid = monthly[0].principal_fen + monthly[0].interest_fen
            return _("每月还 {paid}，{months} 个月还清").format(paid=_money(paid), months=months)
        case Repayment.INTEREST_FIRST:
            return _("每月付息 {interest}，第 {months} 个月还本金 {principal}").format(
                interest=_money(monthly[0].interest_fen), months=months, principal=_money(last.principal_fen)
            )
        case Repayment.BULLET:
            return _("平时不还，第 {months} 个月一次还 {paid}").format(
                months=months, paid=_money(last.principal_fen + last.interest_fen)
            )


def _chart(said: str, rows: Sequence[Instalment], scale: Scale) -> Markup:
    by_month = {row.month: row for row in rows}
    months = [by_month.get(month) for month in range(scale.first, scale.last + 1)]
    series = [
        Series(_("本金"), [row.principal_fen if row else 0 for row in months], "first"),
        Series(_("利息"), [row.interest_fen if row else 0 for row in months], "second"),
    ]
    if any(row.fees_fen for row in rows):
        series.append(Series(_("费用"), [row.fees_fen if row else 0 for row in months], "third"))
    return charts.stacked(
        said, _("横轴是放款后第几个月，纵轴是当月要付的钱。"),
        [str(month) for month in range(scale.first, scale.last + 1)], series, say=lambda fen: _money(int(fen)),
        at_least=scale.highest_fen, size=(400, 170),
    )  # fmt: skip


def _money(fen: int) -> str:
    return formats.money_text(fen, i18n.language())
